// cli/graph.cc: `weft graph`: what a definition is made of, and what reads what.

#include "cli/commands.h"
#include "cli/graph_drawing.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

int run_graph(const GraphOptions& options) {
    const Workbench bench(options.paths, options.crds);
    if (!bench.complain_if_broken()) {
        return exit_failed;
    }
    std::string out;
    if (options.format == Picturing::json) {
        Value list = Value::list();
        for (const OfflineDefinition& definition : bench.definitions()) {
            list.push_back(graph_value(*definition.compiled.graph));
        }
        return print(to_json(list, {.indent = 2}) + "\n") ? exit_ok : exit_failed;
    }
    // The others are one picture a page.
    if (options.format != Picturing::text && bench.only_definition() == nullptr) {
        return exit_failed;
    }
    for (const OfflineDefinition& definition : bench.definitions()) {
        const graph::Graph& graph = *definition.compiled.graph;
        switch (options.format) {
            case Picturing::text:
                out += tree_drawing(graph, is_coloured());
                break;
            case Picturing::mermaid:
                out += mermaid_drawing(graph);
                break;
            case Picturing::dot:
                out += dot_drawing(graph);
                break;
            case Picturing::svg:
                out += svg_drawing(graph);
                break;
            case Picturing::json:
                break;
        }
    }
    return print(out) ? exit_ok : exit_failed;
}

}  // namespace weft::cli
