// cli/diff.cc: `weft diff`: two versions of definitions, and what breaks.

#include <algorithm>
#include <map>

#include "cli/commands.h"
#include "cli/definition_diff.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

struct Pair {
    const OfflineDefinition* before = nullptr;
    const OfflineDefinition* after = nullptr;

    [[nodiscard]] std::string name() const {
        return std::string((after == nullptr ? before : after)->file->object.name());
    }
};

// Definitions of one name belong together; if there is one on each side, these do.
std::vector<Pair> pair_up(const std::vector<OfflineDefinition>& before,
                          const std::vector<OfflineDefinition>& after) {
    if (before.size() == 1 && after.size() == 1) {
        return {{before.data(), after.data()}};
    }
    std::map<std::string, Pair> by_name;
    for (const OfflineDefinition& definition : before) {
        by_name[std::string(definition.file->object.name())].before = &definition;
    }
    for (const OfflineDefinition& definition : after) {
        by_name[std::string(definition.file->object.name())].after = &definition;
    }
    std::vector<Pair> out;
    for (const auto& [unused, pair] : by_name) {
        out.push_back(pair);
    }
    return out;
}

std::vector<DefinitionChange> changes_of(const Pair& pair) {
    if (pair.before == nullptr) {
        return {{Level::safe, "api", "", "the definition is new"}};
    }
    if (pair.after == nullptr) {
        return {{Level::breaking, "api", "",
                 "the definition is gone: its instances are not looked after any more"}};
    }
    Diagnostics unused;
    const graph::Definition before = graph::parse_definition(pair.before->file->object, &unused);
    const graph::Definition after = graph::parse_definition(pair.after->file->object, &unused);
    return compare_definitions({&before, pair.before->compiled.graph.get()},
                               {&after, pair.after->compiled.graph.get()});
}

size_t count(const std::vector<DefinitionChange>& changes, Level level) {
    return static_cast<size_t>(std::ranges::count(changes, level, &DefinitionChange::level));
}

std::string changes_text(const std::string& name, const std::vector<DefinitionChange>& changes,
                         bool coloured) {
    if (changes.empty()) {
        return cat(paint(name, Colour::bold, coloured), ": no change\n");
    }
    std::string out = cat(
        paint(name, Colour::bold, coloured), ": ", count(changes, Level::breaking), " breaking, ",
        count(changes, Level::risky), " risky, ", count(changes, Level::safe), " safe\n");
    for (const DefinitionChange& change : changes) {
        Colour colour = Colour::dim;
        if (change.level == Level::breaking) {
            colour = Colour::red;
        } else if (change.level == Level::risky) {
            colour = Colour::yellow;
        }
        std::string word(text(change.level));
        word.resize(8, ' ');
        append(out, "  ", paint(word, colour, coloured), "  ", change.path,
               change.path.empty() ? "" : ": ", change.message, "\n");
    }
    return out;
}

Value changes_value(const std::string& name, const std::vector<DefinitionChange>& changes) {
    Value list = Value::list();
    for (const DefinitionChange& change : changes) {
        list.push_back(Value::map_of({{"level", text(change.level)},
                                      {"category", change.category},
                                      {"path", change.path},
                                      {"message", change.message}}));
    }
    return Value::map_of({{"definition", name},
                          {"breaking", count(changes, Level::breaking)},
                          {"risky", count(changes, Level::risky)},
                          {"safe", count(changes, Level::safe)},
                          {"changes", std::move(list)}});
}

}  // namespace

int run_diff(const DiffOptions& options) {
    if (options.from_cluster) {
        return run_cluster_diff(options);
    }
    if (options.after.empty()) {
        complain(
            "weft diff: the second version is missing (or --from-cluster)\n  see `weft diff "
            "--help`\n");
        return exit_usage;
    }
    if (options.before == "-" && options.after == "-") {
        complain(
            "weft diff: standard input can be read once, so only one version can be -\n  see "
            "`weft diff --help`\n");
        return exit_usage;
    }
    const Workbench before({options.before}, options.crds);
    const Workbench after({options.after}, options.crds);
    if (!before.complain_if_broken() || !after.complain_if_broken()) {
        return exit_failed;
    }
    std::string out;
    Value list = Value::list();
    size_t breaking = 0;
    for (const Pair& pair : pair_up(before.definitions(), after.definitions())) {
        const std::vector<DefinitionChange> changes = changes_of(pair);
        breaking += count(changes, Level::breaking);
        out += changes_text(pair.name(), changes, is_coloured());
        list.push_back(changes_value(pair.name(), changes));
    }
    if (options.format != Format::text) {
        out = options.format == Format::json ? to_json(list, {.indent = 2}) + "\n" : to_yaml(list);
    }
    return print(out) && breaking == 0 ? exit_ok : exit_failed;
}

}  // namespace weft::cli
