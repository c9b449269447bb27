// cli/generate.cc: `weft generate crd|instance|schema`.

#include "cli/commands.h"
#include "cli/example_instance.h"
#include "cli/terminal.h"
#include "cli/workbench.h"
#include "control/options.h"

namespace weft::cli {

int run_generate(const GenerateOptions& options) {
    const Workbench bench(options.paths, options.crds);
    if (!bench.complain_if_broken()) {
        return exit_failed;
    }
    if (options.product == Product::schema && bench.only_definition() == nullptr) {
        return exit_failed;  // one schema is one document
    }
    std::string out;
    Value list = Value::list();
    for (const OfflineDefinition& definition : bench.definitions()) {
        const graph::Graph& graph = *definition.compiled.graph;
        switch (options.product) {
            case Product::crd: {
                Value crd = graph.crd;
                graph::set_crd_ownership(crd, control::ControlOptions().version,
                                         graph.definition_uid, graph.definition_name);
                // A file has no uid: the controller sets the label when it adopts the CRD.
                if (graph.definition_uid.empty()) {
                    static_cast<void>(crd.mutable_member("metadata")
                                          .mutable_member("labels")
                                          .erase(graph::label_definition_id));
                }
                append(out, bench.definitions().size() > 1 ? "---\n" : "", to_yaml(crd));
                list.push_back(std::move(crd));
                break;
            }
            case Product::instance:
                append(
                    out, bench.definitions().size() > 1 ? "---\n" : "",
                    example_instance(graph.crd, options.name.empty() ? "example" : options.name));
                break;
            case Product::schema:
                list.push_back(instance_json_schema(graph.crd));
                out = to_yaml(list.at(0));
                break;
        }
    }
    if (options.format == Format::json && options.product != Product::instance) {
        out = to_json(list.size() == 1 ? list.at(0) : list, {.indent = 2}) + "\n";
    }
    return print(out) ? exit_ok : exit_failed;
}

}  // namespace weft::cli
