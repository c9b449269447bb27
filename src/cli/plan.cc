// cli/plan.cc: `weft plan`: what would be done for an instance, without any server.

#include <variant>

#include "cli/commands.h"
#include "cli/offline.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

std::string object_text(const ObjectKey& key) {
    return cat(key.kind.kind, " ", key.name.text());
}

// The file's objects as the world: what the plan asks for and is not among them does not exist.
void observe(const graph::Plan& plan, const std::vector<FileObject>& world,
             graph::Observed* observed) {
    if (plan.needs_members) {
        std::vector<Object> members;
        for (const FileObject& file : world) {
            if (!file.object.label(graph::label_part_of).empty()) {
                members.push_back(file.object);
            }
        }
        observed->see_members(std::move(members));
    }
    for (const graph::Interest& interest : plan.unknown) {
        std::vector<Object> items;
        std::optional<Object> named;
        for (const FileObject& file : world) {
            if (file.object.group_version_kind() != interest.kind) {
                continue;
            }
            items.push_back(file.object);
            if (file.object.key() == interest.name) {
                named = file.object;
            }
        }
        if (interest.by_name) {
            observed->see({interest.kind, interest.name}, std::move(named));
        } else {
            observed->see_list(interest.node, std::move(items));
        }
    }
}

// As if the actions had been carried out and nobody else had done anything: what a server would add
// (a status, say) is not there, so what waits for it shows as waiting.
void pretend(const graph::Plan& plan, Object* instance, graph::Observed* observed) {
    for (const Action& action : plan.actions) {
        if (const Prune* prune = std::get_if<Prune>(&action.what)) {
            observed->see_pruned(prune->key);
            continue;
        }
        const Apply* apply = std::get_if<Apply>(&action.what);
        if (apply == nullptr) {
            continue;
        }
        if (!apply->node.empty()) {
            Object answer = apply->desired;
            answer.metadata().set("resourceVersion", "1");
            observed->see_applied({answer.group_version_kind(), answer.key()}, apply->desired,
                                  answer);
            continue;
        }
        for (const std::string_view map : {"labels", "annotations"}) {
            if (const Value* members = apply->desired.value().find("metadata", map)) {
                for (const Member& member : members->members()) {
                    instance->metadata().mutable_member(map).set(member.name(), member.value);
                }
            }
        }
        if (const Value* finalizers = apply->desired.value().find("metadata", "finalizers")) {
            instance->metadata().set("finalizers", *finalizers);
        }
    }
}

std::string action_line(const Action& action, bool why) {
    std::string out;
    if (const Apply* apply = std::get_if<Apply>(&action.what)) {
        out = cat("  apply ",
                  object_text({apply->desired.group_version_kind(), apply->desired.key()}),
                  apply->node.empty() ? "" : cat("  (", apply->node, ")"));
    } else if (const Prune* prune = std::get_if<Prune>(&action.what)) {
        out = cat("  delete ", object_text(prune->key));
    } else if (const Observe* look = std::get_if<Observe>(&action.what)) {
        out = cat("  read ", object_text(look->key));
    }
    return why && !action.why.empty() ? cat(out, "\n      because: ", action.why, "\n")
                                      : out + "\n";
}

Value action_value(const Action& action) {
    Value out = Value::map();
    if (const Apply* apply = std::get_if<Apply>(&action.what)) {
        out.set("apply", apply->desired.value());
        out.set("node", apply->node);
        out.set("fieldManager", apply->field_manager);
    } else if (const Prune* prune = std::get_if<Prune>(&action.what)) {
        out.set("delete", object_text(prune->key));
    }
    out.set("why", action.why);
    return out;
}

}  // namespace

int run_plan(const PlanOptions& options) {
    Diagnostics diagnostics;
    const std::vector<FileObject> crds = read_objects(options.crds, &diagnostics);
    const std::vector<FileObject> definitions = read_objects({options.definition}, &diagnostics);
    const std::vector<FileObject> instances = read_objects({options.instance}, &diagnostics);
    const std::vector<FileObject> world = options.observed.empty()
                                              ? std::vector<FileObject>{}
                                              : read_objects({options.observed}, &diagnostics);
    const std::vector<OfflineDefinition> compiled = compile_offline(definitions, crds);
    for (const OfflineDefinition& definition : compiled) {
        const Diagnostics found = placed(*definition.file, definition.compiled.diagnostics);
        diagnostics.insert(diagnostics.end(), found.begin(), found.end());
    }
    for (const Diagnostic& diagnostic : diagnostics) {
        complain(to_text(diagnostic));
    }
    if (has_errors(diagnostics)) {
        return exit_failed;
    }
    bool planned = false;
    Value documents = Value::list();
    for (const FileObject& file : instances) {
        graph::SharedGraph graph;
        for (const OfflineDefinition& definition : compiled) {
            if (definition.compiled.graph->instance_kind == file.object.group_version_kind()) {
                graph = definition.compiled.graph;
            }
        }
        if (graph == nullptr) {
            continue;
        }
        planned = true;
        Object instance = file.object;
        if (graph->namespaced && instance.namespace_().empty()) {
            instance.metadata().set("namespace", "default");
        }
        graph::Observed observed;
        const graph::PlanOptions plan_options;
        graph::Plan plan = graph::plan(*graph, instance, observed, plan_options);
        std::vector<Action> all;
        // Each round answers what the last one asked or pretends that it was done; a graph of n
        // nodes takes at most a few rounds a node.
        for (size_t i = 0;
             (plan.needs_observation() || plan.has_actions()) && i <= 4 * graph->nodes.size() + 8;
             ++i) {
            if (plan.needs_observation()) {
                observe(plan, world, &observed);
            } else {
                all.insert(all.end(), plan.actions.begin(), plan.actions.end());
                pretend(plan, &instance, &observed);
            }
            plan = graph::plan(*graph, instance, observed, plan_options);
        }
        if (options.format != Format::text) {
            Value actions = Value::list();
            for (const Action& action : all) {
                actions.push_back(action_value(action));
            }
            Value nodes = Value::list();
            for (const graph::NodePlan& node : plan.nodes) {
                nodes.push_back(Value::map_of({{"id", node.id},
                                               {"state", graph::text(node.state)},
                                               {"why", node.why},
                                               {"waitsFor", node.waits_for}}));
            }
            documents.push_back(
                Value::map_of({{"instance", cat(instance.kind(), " ", instance.key().text())},
                               {"actions", std::move(actions)},
                               {"nodes", std::move(nodes)},
                               {"status", plan.status.value}}));
            continue;
        }
        print(cat(instance.kind(), " ", instance.key().text(), "\n"));
        for (const Action& action : all) {
            print(action_line(action, options.why));
        }
        for (const graph::NodePlan& node : plan.nodes) {
            if (node.state != graph::NodeState::synced && !node.why.empty()) {
                print(cat("  ", node.id, ": ", node.why, "\n"));
            }
        }
    }
    if (!planned) {
        std::string kinds;
        for (const OfflineDefinition& definition : compiled) {
            append(kinds, kinds.empty() ? "" : ", ", definition.compiled.graph->instance_kind.kind,
                   " (", definition.compiled.graph->instance_kind.api_version(), ")");
        }
        complain(kinds.empty()
                     ? cat("weft: no ResourceGraphDefinition in ", options.definition,
                           "\n  cure: name the definition with -f\n")
                     : cat("weft: no instance of ", options.definition, " in ", options.instance,
                           "\n  cure: write an object of ", kinds, " there\n"));
        return exit_failed;
    }
    if (options.format == Format::json) {
        print(to_json(documents, {.indent = 2}) + "\n");
    } else if (options.format == Format::yaml) {
        print(to_yaml(documents));
    }
    return exit_ok;
}

}  // namespace weft::cli
