// cli/explain_instance.cc: `weft explain instance`: why it is in its state, what it waits for,
// since when.

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/terminal.h"
#include "control/control.h"

namespace weft::cli {

namespace {

std::string age_text(Time now, const std::optional<Time>& since) {
    if (!since) {
        return "";
    }
    return cat(" for ", human_duration((now.seconds - since->seconds) * io::second));
}

void print_conditions(const Object& instance, Time now) {
    for (const graph::Condition& condition :
         graph::conditions_from(instance.value().find("status", "conditions"))) {
        print(cat("  ", condition.type, " ", condition.status,
                  age_text(now, condition.last_transition), "  ", condition.reason.value_or(""),
                  condition.message.value_or("").empty() ? "" : cat(": ", *condition.message),
                  "\n"));
    }
}

// What is so, as the newest revision of its definition plans it now.
void print_plan(const control::Preview& preview) {
    print("nodes\n");
    for (const graph::NodePlan& node : preview.plan.nodes) {
        print(cat("  ", node.id, "  ", graph::text(node.state), node.why.empty() ? "" : "  ",
                  node.why, "\n"));
        for (const ObjectKey& object : node.objects) {
            print(cat("      ", object.kind.kind, " ", object.name.text(), "\n"));
        }
    }
    if (preview.plan.has_actions()) {
        print("to be done\n");
    }
    for (const Action& action : preview.plan.actions) {
        if (const Apply* apply = std::get_if<Apply>(&action.what)) {
            print(cat("  apply ", apply->desired.kind(), " ", apply->desired.key().text(), "  ",
                      action.why, "\n"));
        } else if (const Prune* prune = std::get_if<Prune>(&action.what)) {
            print(cat("  delete ", prune->key.kind.kind, " ", prune->key.name.text(), "  ",
                      action.why, "\n"));
        }
    }
}

// The graph of the revision that the instance follows.
io::Task<Result<graph::SharedGraph>> served_graph(Connection connection, std::string definition,
                                                  const Object* instance, int64_t* number) {
    const kube::List revisions = CO_TRY(co_await connection.client->list_all(
        control::revision_resource(),
        {.label_selector = cat(graph::label_definition_name, "=", definition)}));
    const Object* newest = nullptr;
    for (const Object& revision : revisions.items) {
        const int64_t found = revision.value().int_at(0, "spec", "revision");
        if (found > *number) {
            *number = found;
            newest = &revision;
        }
    }
    if (newest == nullptr) {
        co_return make_error(Reason::not_found, "definition ", definition, " has no revision");
    }
    const Object owner =
        CO_TRY(co_await connection.client->get(control::definition_resource(), {"", definition}));
    const Value* spec = owner.value().find("spec");
    const auto rollout = graph::RolloutState::from(owner.value().find("status"));
    const auto steps = spec == nullptr ? std::nullopt : graph::rollout_of(*spec);
    if (rollout && steps && rollout->revision == *number && !rollout->lets_in(*steps, *instance)) {
        for (const Object& revision : revisions.items) {
            if (revision.value().int_at(0, "spec", "revision") == rollout->stable) {
                *number = rollout->stable;
                newest = &revision;
            }
        }
    }
    const Object snapshot(
        Value::map_of({{"apiVersion", "kro.run/v1alpha1"},
                       {"kind", "ResourceGraphDefinition"},
                       {"metadata", *owner.value().find("metadata")},
                       {"spec", *newest->value().find("spec", "snapshot", "spec")}}));
    // It was accepted, whatever the gates were.
    const graph::Compiled compiled =
        CO_TRY(co_await compile_served(connection, snapshot, {.cel_omit_function = true}));
    if (compiled.graph == nullptr) {
        co_return make_error(Reason::invalid, "revision ", *number,
                             " does not compile: ", graph::first_error_text(compiled.diagnostics));
    }
    co_return compiled.graph;
}

std::string finalizers_of(const Object& object) {
    const Value* found = object.value().find("metadata", "finalizers");
    return found == nullptr || found->size() == 0 ? "" : to_json(*found);
}

// What it still waits for: the children that are there, and what keeps those that were deleted.
io::Task<Status> print_deletion(Connection connection, const Object* instance, Time now) {
    const std::optional<Time> since =
        parse_rfc3339(instance->value().string_at("metadata", "deletionTimestamp"));
    print(cat("it is being deleted", age_text(now, since),
              "; finalizers: ", finalizers_of(*instance), "\n"));
    size_t left = 0;
    for (const graph::GroupKind& kind : graph::recorded_scope(*instance).group_kinds) {
        const auto resource = co_await connection.mapper->for_group_kind(kind.group, kind.kind);
        if (!resource) {
            print(cat("  ", kind.text(), "  is not served: ", resource.error().message(), "\n"));
            continue;
        }
        const kube::List children = CO_TRY(co_await connection.client->list_all(
            *resource,
            {.label_selector = cat(graph::label_part_of, "=", graph::apply_set_id(*instance))}));
        for (const Object& child : children.items) {
            ++left;
            const std::string finalizers = finalizers_of(child);
            print(cat("  ", kind.kind, " ", child.key().text(), "  ",
                      !child.is_deleting() ? "is there"
                      : finalizers.empty() ? "is being deleted"
                                           : "is being deleted, held by finalizers ",
                      child.is_deleting() ? finalizers : "", "\n"));
        }
    }
    if (left == 0) {
        print("  no children are left\n");
    }
    co_return Status{};
}

io::Task<Result<int>> explain(Connection connection, const ExplainInstanceOptions* options) {
    const kube::Resource resource = CO_TRY(co_await find_resource(connection, options->kind));
    std::string namespace_;
    if (resource.namespaced) {
        namespace_ = options->namespace_.empty() ? connection.namespace_ : options->namespace_;
    }
    const Object instance =
        CO_TRY(co_await connection.client->get(resource, {namespace_, options->name}));
    const Time now = connection.loop->now();
    const std::string_view state = instance.value().string_at("status", "state");
    const std::string definition(instance.label(graph::label_definition_name));
    print(cat(instance.kind(), " ", instance.key().text(), "  ",
              state.empty() ? std::string_view("(no state yet)") : state, "\n"));
    print_conditions(instance, now);
    if (graph::is_suspended(instance)) {
        print("it is suspended by the annotation kro.run/reconcile\n");
    }
    if (instance.is_deleting()) {
        CO_TRY(co_await print_deletion(connection, &instance, now));
        co_return exit_ok;
    }
    if (definition.empty()) {
        print("no controller has taken it up yet: it has no label of a definition\n");
        co_return exit_ok;
    }
    int64_t number = 0;
    const auto graph = co_await served_graph(connection, definition, &instance, &number);
    if (!graph) {
        print(cat("its definition ", definition, ": ", graph.error().message(), "\n"));
        co_return exit_ok;
    }
    print(cat("definition ", definition, ", revision ", number, "\n"));
    graph::PlanOptions plan;
    plan.version = std::string(instance.label(graph::label_version));
    print_plan(CO_TRY(co_await control::preview(connection.loop, connection.client,
                                                connection.mapper, *graph, instance, plan, true)));
    co_return exit_ok;
}

}  // namespace

int run_explain_instance(const ExplainInstanceOptions& options) {
    return run_connected({options.kubeconfig, options.context},
                         [&](Connection connection) { return explain(connection, &options); });
}

}  // namespace weft::cli
