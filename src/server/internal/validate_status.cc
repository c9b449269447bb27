// server/internal/validate_status.cc: what the status of builtin kinds may say.

#include <algorithm>
#include <array>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr std::string_view above_replicas = "cannot be greater than status.replicas";

void check_counts(Checker& check, const Value& status, const Place& at, Checker::Names members) {
    for (const std::string_view member : members) {
        check.not_negative(status, member, at);
    }
}

// None of these may be more than another count.
void check_at_most(Checker& check, const Value& status, const Place& at, Checker::Names members,
                   std::string_view most, std::string_view text) {
    for (const std::string_view member : members) {
        if (status.int_at(0, member) > status.int_at(0, most)) {
            check.invalid(at.member(member), status.int_at(0, member), std::string(text));
        }
    }
}

void check_collisions(Checker& check, const Value& object, const Value& old, const Place& at) {
    const Value* before = given(map_of(old, "status"), "collisionCount");
    const int64_t now = map_of(object, "status").int_at(0, "collisionCount");
    if (before != nullptr && now < before->as_int()) {
        check.invalid(at.member("collisionCount"), now, "cannot be decremented");
    }
}

void check_deployment_status(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(object, "status");
    check_counts(
        check, status, at,
        {"observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
         "unavailableReplicas", "terminatingReplicas", "collisionCount"});
    check_at_most(check, status, at, {"updatedReplicas", "readyReplicas", "availableReplicas"},
                  "replicas", above_replicas);
    check_at_most(check, status, at, {"availableReplicas"}, "readyReplicas",
                  "cannot be greater than readyReplicas");
    check_collisions(check, object, *old, at);
}

void check_stateful_status(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(object, "status");
    check_counts(check, status, at,
                 {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas",
                  "availableReplicas", "observedGeneration", "collisionCount"});
    check_at_most(check, status, at,
                  {"readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"},
                  "replicas", above_replicas);
    check_at_most(check, status, at, {"availableReplicas"}, "readyReplicas",
                  "cannot be greater than status.readyReplicas");
    check_collisions(check, object, *old, at);
}

void check_replicas_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(object, "status");
    check_counts(check, status, at,
                 {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
                  "observedGeneration", "terminatingReplicas"});
    check_at_most(check, status, at, {"fullyLabeledReplicas", "readyReplicas", "availableReplicas"},
                  "replicas", above_replicas);
    check_at_most(check, status, at, {"availableReplicas"}, "readyReplicas",
                  "cannot be greater than readyReplicas");
}

void check_daemon_status(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place at = root.member("status");
    check_counts(check, map_of(object, "status"), at,
                 {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled",
                  "numberReady", "observedGeneration", "updatedNumberScheduled", "numberAvailable",
                  "numberUnavailable", "collisionCount"});
    check_collisions(check, object, *old, at);
}

// --- Jobs ---

bool holds(const Value& object, std::string_view type) {
    return std::ranges::any_of(
        items_of(map_of(object, "status"), "conditions"), [&](const Value& one) {
            return one.string_at("type") == type && one.string_at("status") == "True";
        });
}

bool has_uncounted(const Value& status) {
    const Value& pods = map_of(status, "uncountedTerminatedPods");
    return !items_of(pods, "succeeded").empty() || !items_of(pods, "failed").empty();
}

void check_uncounted(Checker& check, const Value& status, const Place& place) {
    const Value* pods = given(status, "uncountedTerminatedPods");
    if (pods == nullptr) {
        return;
    }
    const Place at = place.member("uncountedTerminatedPods");
    std::set<std::string_view> seen;
    for (const std::string_view member : {"succeeded", "failed"}) {
        const Place list = at.member(member);
        size_t index = 0;
        for (const Value& uid : items_of(*pods, member)) {
            const Place one = list.item(index++);
            if (uid.empty()) {
                check.invalid(one, uid, "must not be empty");
            } else if (!seen.insert(uid.as_string()).second) {
                check.duplicate(one, uid);
            }
        }
    }
}

void check_job_status(Checker& check, const Value& job, const Value* old) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(job, "status");
    const Value& old_status = map_of(*old, "status");
    const Place conditions = at.member("conditions");
    const auto wrong = [&](std::string text) {
        schema::FieldError error =
            schema::field_invalid(conditions.text(), Value(), std::move(text));
        error.omit_value = true;
        check.add(std::move(error));
    };
    const bool complete = holds(job, "Complete");
    const bool failed = holds(job, "Failed");
    const bool finished = complete || failed;
    // Only what a write changes is asked: statuses of older servers may stay as they are.
    const bool conditions_changed = differs(status, old_status, "conditions");
    const bool completion_changed =
        conditions_changed || differs(status, old_status, "completionTime");
    check_counts(check, status, at, {"active", "succeeded", "failed", "ready", "terminating"});
    check_uncounted(check, status, at);
    if (conditions_changed && complete && failed) {
        wrong("cannot set Complete=True and Failed=true conditions");
    }
    if (conditions_changed && complete && holds(job, "FailureTarget")) {
        wrong("cannot set Complete=True and FailureTarget=true conditions");
    }
    const Value* completion = given(status, "completionTime");
    if (completion_changed && completion != nullptr && !complete) {
        check.invalid(at.member("completionTime"), *completion,
                      "cannot set completionTime when there is no Complete=True condition");
    }
    if (completion_changed && completion == nullptr && complete) {
        check.required(at.member("completionTime"), "completionTime is required for Complete jobs");
    }
    const Value* start = given(status, "startTime");
    if (completion_changed && completion != nullptr && start != nullptr &&
        completion->as_string() < start->as_string()) {
        check.invalid(at.member("completionTime"), *completion,
                      "completionTime cannot be set before startTime");
    }
    if (conditions_changed && failed && !holds(job, "FailureTarget")) {
        wrong("cannot set Failed=True condition without the FailureTarget=true condition");
    }
    if (conditions_changed && complete && !holds(job, "SuccessCriteriaMet")) {
        wrong("cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
    }
    if (finished && status.int_at(0, "active") > 0 &&
        (conditions_changed || differs(status, old_status, "active"))) {
        check.invalid(at.member("active"), value_at(status, "active"),
                      "active>0 is invalid for finished job");
    }
    if (finished && start == nullptr &&
        (conditions_changed || differs(status, old_status, "startTime"))) {
        check.required(at.member("startTime"), "startTime is required for finished job");
    }
    if (finished && has_uncounted(status) &&
        (conditions_changed || differs(status, old_status, "uncountedTerminatedPods"))) {
        check.invalid(at.member("uncountedTerminatedPods"),
                      Checker::form("batch.v1.UncountedTerminatedPods",
                                    map_of(status, "uncountedTerminatedPods")),
                      "must be empty for finished job");
    }
    if (given(status, "ready") != nullptr &&
        status.int_at(0, "ready") > status.int_at(0, "active") &&
        (differs(status, old_status, "ready") || differs(status, old_status, "active"))) {
        check.invalid(at.member("ready"), value_at(status, "ready"),
                      "cannot set more ready pods than active");
    }
    for (const std::string_view type :
         {"Failed", "Complete", "FailureTarget", "SuccessCriteriaMet"}) {
        if (holds(*old, type) && !holds(job, type)) {
            wrong(cat("cannot disable the ", type, "=True condition"));
        }
    }
}

// --- The rest ---

void check_namespace_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place status = root.member("status");
    const std::string_view phase = map_of(object, "status").string_at("phase");
    const bool is_deleting = object.find("metadata", "deletionTimestamp") != nullptr;
    if (!is_deleting && phase != "Active") {
        check.invalid(status.member("Phase"), phase,
                      "may only be 'Active' if `deletionTimestamp` is empty");
    } else if (is_deleting && phase != "Terminating") {
        check.invalid(status.member("Phase"), phase,
                      "may only be 'Terminating' if `deletionTimestamp` is not empty");
    }
}

void check_node_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(object, "status");
    for (const std::string_view member : {"capacity", "allocatable"}) {
        const Place list = at.member(member);
        for (const Member& amount : members_of(status, member)) {
            check_quantity_of(check, list.member(amount.name()), amount.name(), amount.value);
        }
    }
    const Place list = at.member("addresses");
    const auto addresses = items_of(status, "addresses");
    for (size_t i = 0; i < addresses.size(); ++i) {
        const auto before = addresses.first(i);
        if (std::ranges::find(before, addresses[i]) != before.end()) {
            check.duplicate(list.item(i), Checker::form("core.v1.NodeAddress", addresses[i]));
        }
    }
}

void check_ingress_status(Checker& check, const Value& object, bool has_mode) {
    const Place root;
    const Place status = root.member("status");
    const Place balancer = status.member("loadBalancer");
    for_items(map_of(map_of(object, "status"), "loadBalancer"), "ingress", balancer,
              [&](const Value& one, const Place& at) {
                  const std::string_view ip = one.string_at("ip");
                  if (!ip.empty()) {
                      check_ip(check, at.member("ip"), ip);
                  }
                  if (has_mode && given(one, "ipMode") != nullptr) {
                      if (ip.empty()) {
                          check.forbidden(at.member("ipMode"),
                                          "may not be specified when `ip` is not set");
                      } else {
                          check.one_of(one, "ipMode", at, {"Proxy", "VIP"});
                      }
                  }
                  if (const std::string_view name = one.string_at("hostname"); !name.empty()) {
                      check.name(at.member("hostname"), name, check_dns1123_subdomain);
                      if (parse_ip_address(name)) {
                          check.invalid(at.member("hostname"), name,
                                        "must be a DNS name, not an IP address");
                      }
                  }
              });
}

void check_service_status(Checker& check, const Value& object, const Value* /*old*/) {
    check_ingress_status(check, object, true);
}
void check_ingress_object_status(Checker& check, const Value& object, const Value* /*old*/) {
    check_ingress_status(check, object, false);
}

void check_autoscaler_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    check_counts(check, map_of(object, "status"), at, {"currentReplicas", "desiredReplicas"});
}

void check_budget_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    check_counts(check, map_of(object, "status"), at,
                 {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"});
}

void check_pod_status(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("status");
    const Value& status = map_of(object, "status");
    if (const std::string_view node = status.string_at("nominatedNodeName"); !node.empty()) {
        check.name(at.member("nominatedNodeName"), node, check_dns1123_subdomain);
    }
    if (const int64_t generation = status.int_at(0, "observedGeneration"); generation < 0) {
        check.invalid(at.member("observedGeneration"), generation,
                      "must be a non-negative integer");
    }
    for (const std::string_view member : {"podIPs", "hostIPs"}) {
        const Place list = at.member(member);
        size_t index = 0;
        for (const Value& one : items_of(status, member)) {
            check_ip(check, list.item(index++), one.string_at("ip"));
        }
    }
}

constexpr std::array<KindRules, 13> status_table{
    {{"apps", "Deployment", "status", check_deployment_status},
     {"apps", "StatefulSet", "status", check_stateful_status},
     {"apps", "ReplicaSet", "status", check_replicas_status},
     {"apps", "DaemonSet", "status", check_daemon_status},
     {"", "ReplicationController", "status", check_replicas_status},
     {"batch", "Job", "status", check_job_status},
     {"", "Namespace", "status", check_namespace_status},
     {"", "Node", "status", check_node_status},
     {"", "Service", "status", check_service_status},
     {"networking.k8s.io", "Ingress", "status", check_ingress_object_status},
     {"autoscaling", "HorizontalPodAutoscaler", "status", check_autoscaler_status},
     {"policy", "PodDisruptionBudget", "status", check_budget_status},
     {"", "Pod", "status", check_pod_status}}};

}  // namespace

std::span<const KindRules> status_rules() {
    return status_table;
}

}  // namespace weft::server
