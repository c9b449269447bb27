// cli/render.cc: `weft render`: the objects of an instance, in the order in which they are applied.

#include <algorithm>
#include <set>

#include "cli/commands.h"
#include "cli/rehearsal.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

bool is_rendered(const graph::NodePlan& node, const std::set<std::string>& done,
                 const graph::Graph& graph) {
    return node.state == graph::NodeState::skipped || node.state == graph::NodeState::synced ||
           !graph.find(node.id)->makes_objects() || done.contains(node.id);
}

// Tells why nodes have no objects yet. How many there are.
size_t tell_missing(const Rehearsal& rehearsal, const graph::Graph& graph) {
    std::set<std::string> done;
    for (const Change& change : rehearsal.changes()) {
        done.insert(change.node);
    }
    size_t missing = 0;
    for (const graph::NodePlan& node : rehearsal.plan().nodes) {
        const bool is_error = node.state == graph::NodeState::error;
        if (is_rendered(node, done, graph) && !is_error) {
            continue;
        }
        ++missing;
        complain(cat("weft: ", node.id,
                     is_error ? " fails: " : " cannot be rendered yet: ", node.why, "\n"));
    }
    return missing;
}

std::string documents_text(const std::vector<Value>& objects, Format format) {
    if (format == Format::json) {
        return to_json(Value::list(objects), {.indent = 2}) + "\n";
    }
    std::string out;
    for (const Value& object : objects) {
        append(out, "---\n", to_yaml(object));
    }
    return out;
}

}  // namespace

int run_render(const RenderOptions& options) {
    const Workbench bench({options.definition}, options.crds, {.cluster = options.cluster});
    if (!bench.complain_if_broken()) {
        return exit_failed;
    }
    std::vector<Value> objects;
    size_t missing = 0;
    const bool is_played = rehearse_all(
        bench, {options.definition, options.instance, options.observed}, {.applies_all = true},
        [&](const Rehearsal& rehearsal, const graph::Graph& graph) {
            for (const Change& change : rehearsal.changes()) {
                if (change.kind != Change::Kind::remove) {
                    objects.push_back(options.with_labels
                                          ? change.desired.value()
                                          : without_decoration(change.desired).value());
                }
            }
            missing += tell_missing(rehearsal, graph);
        });
    if (!is_played) {
        return exit_failed;
    }
    const bool is_printed = print(documents_text(objects, options.format));
    if (missing > 0 && !options.partial) {
        complain(
            "  cure: name objects that exist, with their status, by --observed; with "
            "--partial this is no failure\n");
        return exit_failed;
    }
    return is_printed ? exit_ok : exit_failed;
}

}  // namespace weft::cli
