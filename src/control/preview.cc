// control/preview.cc: the instance controller's turn, with reads for caches and dry runs for
// writes.

#include "control/preview.h"

#include <algorithm>
#include <set>

#include "control/limits.h"
#include "control/selector.h"

namespace weft::control {

namespace {

struct Turn {
    kube::Client* client;
    kube::RestMapper* mapper;
    graph::SharedGraph graph;
    Object instance;
    graph::Observed observed;
    Preview out;
};

io::Task<Status> read_members(Turn* turn) {
    std::set<graph::GroupKind> kinds;
    for (const graph::GroupKind& kind : graph::recorded_scope(turn->instance).group_kinds) {
        kinds.insert(kind);
    }
    for (const graph::Node& node : turn->graph->nodes) {
        if (node.makes_objects()) {
            kinds.insert({node.kind.group, node.kind.kind});
        }
    }
    std::vector<Object> members;
    for (const graph::GroupKind& kind : kinds) {
        const Result<kube::Resource> resource =
            co_await turn->mapper->for_group_kind(kind.group, kind.kind);
        if (!resource) {
            if (resource.error().reason() == Reason::not_found) {
                continue;  // A kind that is gone has no members.
            }
            co_return Error(resource.error());
        }
        kube::List list = CO_TRY(co_await turn->client->list_all(
            *resource,
            {.label_selector = cat(graph::label_part_of, "=", graph::apply_set_id(turn->instance)),
             .metadata_only = true}));
        for (Object& member : list.items) {
            member.mutable_value().set("apiVersion", resource->gvr.api_version());
            member.mutable_value().set("kind", resource->kind);
            members.push_back(std::move(member));
        }
    }
    turn->observed.see_members(std::move(members));
    co_return Status{};
}

io::Task<Status> read_interest(Turn* turn, graph::Interest interest) {
    const kube::Resource resource = resource_of(interest);
    if (interest.by_name) {
        Result<Object> found = co_await turn->client->get(resource, interest.name);
        if (!found && found.error().reason() != Reason::not_found) {
            co_return Error(found.error());
        }
        turn->observed.see({interest.kind, interest.name},
                           found ? std::optional<Object>(*std::move(found)) : std::nullopt);
        co_return Status{};
    }
    const InformerKey key = external_key(interest);
    kube::List list = CO_TRY(co_await turn->client->list_all(
        resource, {.namespace_ = key.namespace_, .label_selector = key.label_selector}));
    turn->observed.see_list(interest.node, std::move(list.items));
    co_return Status{};
}

io::Task<Status> try_prune(Turn* turn, Action action) {
    const Prune& prune = std::get<Prune>(action.what);
    PreviewedChange change{.action = action, .before = {}, .after = {}, .refusal = {}};
    const kube::Resource resource = CO_TRY(co_await turn->mapper->for_kind(prune.key.kind));
    Result<Object> before = co_await turn->client->get(resource, prune.key.name);
    if (before) {
        change.before = *std::move(before);
    }
    turn->observed.see_pruned(prune.key);
    turn->out.changes.push_back(std::move(change));
    co_return Status{};
}

io::Task<Status> try_apply(Turn* turn, Action action) {
    const Apply& apply = std::get<Apply>(action.what);
    const ObjectKey key{apply.desired.group_version_kind(), apply.desired.key()};
    PreviewedChange change{.action = action, .before = {}, .after = {}, .refusal = {}};
    const bool is_instance = apply.node.empty();
    const kube::Resource resource = CO_TRY(co_await turn->mapper->for_kind(key.kind));
    Result<Object> before = co_await turn->client->get(resource, key.name);
    if (before) {
        change.before = *std::move(before);
    } else if (before.error().reason() != Reason::not_found) {
        co_return Error(before.error());
    }
    const Result<Object> answer = co_await turn->client->apply(
        resource, apply.desired,
        {.field_manager = apply.field_manager, .force = true, .dry_run = true});
    if (!answer) {
        change.refusal = answer.error().message();
        turn->observed.see_failed(key, answer.error());
    } else {
        change.after = *answer;
        if (is_instance) {
            turn->instance = *answer;
        } else {
            turn->observed.see_applied(key, apply.desired, *answer);
        }
    }
    turn->out.changes.push_back(std::move(change));
    co_return Status{};
}

}  // namespace

io::Task<Result<Preview>> preview(io::Loop* loop, kube::Client* client, kube::RestMapper* mapper,
                                  graph::SharedGraph graph, Object instance,
                                  graph::PlanOptions options, bool only_looks) {
    Turn turn{client, mapper, std::move(graph), std::move(instance), {}, {}};
    options.now = loop->now();
    for (int turns = 0; turns < turns_max; ++turns) {
        turn.out.plan = graph::plan(*turn.graph, turn.instance, turn.observed, options);
        const graph::Plan plan = turn.out.plan;
        if (plan.needs_observation()) {
            if (plan.needs_members) {
                CO_TRY(co_await read_members(&turn));
            }
            for (const graph::Interest& interest : plan.unknown) {
                CO_TRY(co_await read_interest(&turn, interest));
            }
            continue;
        }
        if (!plan.has_actions() || only_looks) {
            break;
        }
        for (const Action& action : plan.actions) {
            if (std::holds_alternative<Apply>(action.what)) {
                CO_TRY(co_await try_apply(&turn, action));
            } else if (std::holds_alternative<Prune>(action.what)) {
                CO_TRY(co_await try_prune(&turn, action));
            }
        }
    }
    co_return std::move(turn.out);
}

}  // namespace weft::control
