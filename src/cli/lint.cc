// cli/lint.cc: `weft lint`: the rules of lint_rules.h over every definition of the files.

#include <algorithm>

#include "cli/commands.h"
#include "cli/lint_rules.h"
#include "cli/report.h"
#include "cli/sarif.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

std::vector<SarifRule> sarif_rules() {
    std::vector<SarifRule> out;
    for (const LintRule& rule : lint_rules()) {
        out.push_back({rule.id, rule.severity, rule.title, rule.why, rule.cure, ""});
    }
    return out;
}

std::string rules_text() {
    std::string out;
    for (const LintRule& rule : lint_rules()) {
        append(out, rule.id, "  ", severity_text(rule.severity), ": ", rule.title, "\n      ",
               rule.why, "\n      cure: ", rule.cure, "\n");
    }
    return out;
}

}  // namespace

int run_lint(const LintOptions& options) {
    for (const std::string& id : options.disabled) {
        if (find_lint_rule(id) == nullptr) {
            complain(cat("weft: --disable: there is no rule ", quote(id),
                         "\n  see `weft lint --rules`\n"));
            return exit_usage;
        }
    }
    if (options.lists_rules) {
        return print(rules_text()) ? exit_ok : exit_failed;
    }
    if (options.paths.empty()) {
        complain("weft: paths is required\n  see `weft lint --help`\n");
        return exit_usage;
    }
    const Workbench bench(options.paths, options.crds);
    if (!bench.complain_if_broken()) {
        return exit_failed;
    }
    Diagnostics all;
    for (const OfflineDefinition& definition : bench.definitions()) {
        Diagnostics unused;
        const graph::Definition parsed = graph::parse_definition(definition.file->object, &unused);
        Diagnostics found = lint(parsed, *definition.compiled.graph);
        std::erase_if(found, [&options](const Diagnostic& diagnostic) {
            return std::ranges::find(options.disabled, diagnostic.id) != options.disabled.end();
        });
        found = placed(*definition.file, found);
        all.insert(all.end(), found.begin(), found.end());
    }
    std::string out;
    if (options.format == ReportFormat::sarif) {
        out = to_json(to_sarif(all, sarif_rules()), {.indent = 2}) + "\n";
    } else if (options.format == ReportFormat::json) {
        Value list = Value::list();
        for (const Diagnostic& diagnostic : all) {
            list.push_back(to_value(diagnostic));
        }
        out = to_json(Value::map_of({{"definitions", bench.definitions().size()},
                                     {"diagnostics", std::move(list)}}),
                      {.indent = 2}) +
              "\n";
    } else {
        for (const Diagnostic& diagnostic : all) {
            out += to_text(diagnostic);
        }
        if (all.empty()) {
            out = "nothing found\n";
        }
    }
    const bool is_printed = print(out);
    const bool fails = std::ranges::any_of(all, [&options](const Diagnostic& diagnostic) {
        return options.strict || diagnostic.severity != Severity::note;
    });
    return is_printed && !fails ? exit_ok : exit_failed;
}

}  // namespace weft::cli
