// cli/reference.cc: pages of docs/reference/, made from the tables in the code.

#include "cli/line.h"
#include "cli/lint_rules.h"
#include "cli/report.h"
#include "graph/schema_words.h"

namespace weft::cli {

namespace {

constexpr std::string_view made =
    "<!-- Made by the program: python3 tests/docs/run.py --bless. Change the table in the code, "
    "not this page. -->\n";

// Of a table: the bar would end the cell.
std::string cell(std::string_view text) {
    return replace_all(text, "|", "\\|");
}

std::string code(std::string_view text) {
    return text.empty() ? "" : cat("`", cell(text), "`");
}

void add_options(const CLI::App& app, std::string* out) {
    std::string rows;
    std::string ignored;
    for (const CLI::Option* option : app.get_options()) {
        std::string name = option->get_name(false, true);
        for (size_t at = 0; (at = name.find('{')) != std::string::npos;) {
            name.erase(at, name.find('}', at) - at + 1);  // what a flag without a value means
        }
        if (name == "--help,-h" || name == "-h,--help" || name == "--help-all") {
            continue;
        }
        // The ones that are taken for kro's sake are named, no more.
        if (option->get_group() != "Options" && option->get_group() != "Positionals" &&
            !option->get_positional() && option->get_group().starts_with("Taken")) {
            append(ignored, ignored.empty() ? "" : ", ", code(name));
            continue;
        }
        std::string shown = option->get_positional() ? to_upper(option->get_name(true)) : name;
        const std::string type = option->get_type_name();
        const bool takes_value = option->get_items_expected_max() > 0;
        if (takes_value && !option->get_positional() && !type.empty()) {
            append(shown, " ", type);
        }
        append(rows, "| ", code(shown), " | ", cell(option->get_description()),
               option->get_required() ? " (required)" : "", " |\n");
    }
    if (!rows.empty()) {
        append(*out, "| argument | means |\n|---|---|\n", rows, "\n");
    }
    if (!ignored.empty()) {
        append(*out, "Taken for kro's sake; they change nothing: ", ignored, ".\n\n");
    }
}

void add_command(const CLI::App& app, const std::string& name, std::string* out) {
    append(*out, "## weft ", name, "\n\n");
    std::string about = app.get_description();
    if (!about.empty()) {
        about[0] = to_upper(about.substr(0, 1))[0];
    }
    append(*out, about, ".\n\n");
    add_options(app, out);
    const std::string footer = app.get_footer();
    if (!footer.empty()) {
        append(*out, "```text\n", footer, "\n```\n\n");
    }
    for (const CLI::App* sub : app.get_subcommands(nullptr)) {
        add_command(*sub, cat(name, " ", sub->get_name()), out);
    }
}

}  // namespace

std::string commands_page(const CLI::App& app) {
    std::string out = cat("# Commands\n\n", made,
                          "\nWhat a command ends with is in [exit codes](exit-codes.md). `weft "
                          "COMMAND --help` says the "
                          "same as this page. A path may be a file, a folder (all YAML and JSON "
                          "below it), or `-` for "
                          "standard input.\n\n");
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        if (!command->get_name().starts_with("__")) {
            add_command(*command, command->get_name(), &out);
        }
    }
    while (out.ends_with("\n\n")) {
        out.pop_back();
    }
    return out;
}

std::string simple_schema_page() {
    std::string out = cat(
        "# SimpleSchema\n\n", made,
        "\nThe short way to write a schema, as kro has it. A field is a type, then markers behind "
        "a "
        "bar:\n\n    replicas: integer | default=2 minimum=1\n\nA map instead of a text is an "
        "object with fields of its own. Values with blanks or commas stand in double quotes. In "
        "YAML a type that begins with `[` must be quoted as a whole.\n\n"
        "## Types\n\n| type | becomes | means | example |\n|---|---|---|---|\n");
    for (const graph::TypeWord& word : graph::type_words()) {
        append(out, "| ", code(word.text), " | ", code(word.open_api), " | ", cell(word.meaning),
               " | ", code(word.example), " |\n");
    }
    out += "\n## Markers\n\n| marker | value | at | means | example |\n|---|---|---|---|---|\n";
    for (const graph::MarkerWord& word : graph::marker_words()) {
        append(out, "| ", code(word.name), " | ", cell(word.value), " | ",
               word.types.empty() ? "any type" : cell(word.types), " | ", cell(word.meaning), " | ",
               code(word.example), " |\n");
    }
    out +=
        "\nA map without required fields gets `default: {}` if one of its fields has a default, so "
        "that defaults are filled in also where the map itself is missing.\n";
    return out;
}

std::string lint_rules_page() {
    std::string out = cat(
        "# Lint rules\n\n", made,
        "\n`weft lint` finds what is valid but most likely not meant. `--disable L005` leaves a "
        "rule out; notes fail only with `--strict`.\n\n");
    for (const LintRule& rule : lint_rules()) {
        append(out, "## ", rule.id, ": ", rule.title, "\n\n", rule.why, "\n\nCure: ", rule.cure,
               ". Severity: ", severity_text(rule.severity), ".\n\n");
    }
    out.pop_back();
    return out;
}

}  // namespace weft::cli
