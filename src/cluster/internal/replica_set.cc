// cluster/internal/replica_set.cc: making, removing and counting pods.

#include "cluster/internal/replica_set.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

// What the template asks for, as far as it can be seen in the labels.
bool has_template_labels(const Value& pod_template, const Object& pod) {
    const Value* labels = pod_template.find("metadata", "labels");
    return labels == nullptr || labels->empty() || selects_plainly(labels, pod);
}

void change_pods(Kind kind, const Object& set, const Value& pod_template, int64_t wanted,
                 std::vector<const Object*> active, Outcome* outcome) {
    const auto has = static_cast<int64_t>(active.size());
    if (has < wanted) {
        const int64_t missing =
            std::min<int64_t>(wanted - has, static_cast<int64_t>(changes_at_once_max));
        Object pod = from_template(pod_template, kind, set);
        pod.metadata().set("generateName", cat(set.name(), "-"));
        for (int64_t i = 0; i < missing; ++i) {
            outcome->create(Kind::pod, pod);
        }
        return;
    }
    if (has == wanted) {
        return;
    }
    sort_for_removal(active);
    const auto extra = std::min<size_t>(static_cast<size_t>(has - wanted), changes_at_once_max);
    for (size_t i = 0; i < extra; ++i) {
        outcome->remove(Kind::pod, *active[i]);
    }
}

Value status_of(const Object& set, const Value& pod_template,
                const std::vector<const Object*>& active, const Moment& moment, Outcome* outcome) {
    const int64_t min_ready = set.value().int_at(0, "spec", "minReadySeconds");
    int64_t labeled = 0;
    int64_t ready = 0;
    int64_t available = 0;
    for (const Object* pod : active) {
        labeled += has_template_labels(pod_template, *pod) ? 1 : 0;
        ready += is_pod_ready(*pod) ? 1 : 0;
        available += is_pod_available(*pod, min_ready, moment, outcome) ? 1 : 0;
    }
    Value status = Value::map();
    status.set("replicas", static_cast<int64_t>(active.size()));
    set_count(status, "fullyLabeledReplicas", labeled);
    set_count(status, "readyReplicas", ready);
    set_count(status, "availableReplicas", available);
    status.set("observedGeneration", set.generation());
    if (set.value().int_at(1, "spec", "replicas") > pods_of_one_owner_max) {
        const Value* had = set.value().find("status");
        const Value* condition = had == nullptr ? nullptr : find_condition(*had, "ReplicaFailure");
        status.set(
            "conditions",
            Value::list_of({Value::map_of(
                {{"type", "ReplicaFailure"},
                 {"status", "True"},
                 {"lastTransitionTime",
                  condition == nullptr ? moment.text()
                                       : std::string(condition->string_at("lastTransitionTime"))},
                 {"reason", "FailedCreate"},
                 {"message", cat("the simulated cluster makes at most ", pods_of_one_owner_max,
                                 " pods of one owner")}})}));
    }
    return status;
}

}  // namespace

void sort_for_removal(std::vector<const Object*>& pods) {
    const auto rank = [](const Object& pod) {
        return (pod.value().string_at("spec", "nodeName").empty() ? 0 : 2) +
               (is_pod_ready(pod) ? 1 : 0);
    };
    std::ranges::sort(pods, [&](const Object* a, const Object* b) {
        if (rank(*a) != rank(*b)) {
            return rank(*a) < rank(*b);
        }
        const std::string_view made_a = a->value().string_at("metadata", "creationTimestamp");
        const std::string_view made_b = b->value().string_at("metadata", "creationTimestamp");
        return made_a != made_b ? made_a > made_b : a->name() < b->name();
    });
}

void adopt(Kind owner_kind, const Object& owner, Kind kind, const Object& orphan,
           Outcome* outcome) {
    Object adopted(orphan);
    adopted.metadata()
        .mutable_member("ownerReferences")
        .push_back(controller_reference(owner_kind, owner));
    outcome->update(kind, std::move(adopted));
}

Outcome reconcile_replica_set(Kind kind, const Object& set, const View& view,
                              const Moment& moment) {
    Outcome outcome;
    static const Value nothing = Value::map();
    const Value* pod_template = set.value().find("spec", "template");
    if (pod_template == nullptr) {
        pod_template = &nothing;
    }
    std::vector<const Object*> active = view.owned(Kind::pod, set.namespace_(), set.uid());
    std::erase_if(active, [](const Object* pod) { return !is_pod_active(*pod); });
    if (!set.is_deleting()) {
        for (const Object* orphan : view.owned(Kind::pod, set.namespace_(), "")) {
            const Value* selector = set.value().find("spec", "selector");
            const bool is_ours = kind == Kind::replica_set ? selects(selector, *orphan)
                                                           : selects_plainly(selector, *orphan);
            if (is_ours && is_pod_active(*orphan)) {
                adopt(kind, set, Kind::pod, *orphan, &outcome);
            }
        }
        if (!outcome.changes.empty()) {
            return outcome;  // Count again with them.
        }
        const int64_t wanted = std::clamp<int64_t>(set.value().int_at(1, "spec", "replicas"), 0,
                                                   pods_of_one_owner_max);
        change_pods(kind, set, *pod_template, wanted, active, &outcome);
    }
    outcome.set_status(kind, set, status_of(set, *pod_template, active, moment, &outcome));
    return outcome;
}

}  // namespace weft::cluster
