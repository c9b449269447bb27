// server/internal/validate_workload.cc: Deployments, ReplicaSets, StatefulSets, DaemonSets,
// ReplicationControllers, ControllerRevisions.

#include <array>
#include <set>

#include "object/int_or_string.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr std::string_view no_match = "`selector` does not match template `labels`";

bool is_empty_selector(const Value& selector) {
    return map_of(selector, "matchLabels").empty() &&
           items_of(selector, "matchExpressions").empty();
}

const Value* template_labels(const Value& spec) {
    const Value* labels = spec.find("template", "metadata", "labels");
    return labels == nullptr || labels->empty() ? nullptr : labels;
}

// The selector must be there and select something. `kind` is the word of upstream's text. False if
// it cannot be understood, so that nothing can be said of what it selects.
bool check_selector(Checker& check, const Value& spec, const Place& at, std::string_view kind) {
    const Value* selector = given(spec, "selector");
    const Place place = at.member("selector");
    if (selector == nullptr) {
        check.required(place);
        return true;
    }
    const size_t before = check.errors().size();
    check_label_selector(check, selector, place);
    if (check.errors().size() != before) {
        return false;
    }
    if (is_empty_selector(*selector)) {
        check.invalid(place, *selector, cat("empty selector is invalid for ", kind));
    }
    return true;
}

// Pods that run for ever cannot be told to end. `kind` as in "ReplicaSet".
void check_endless_pod(Checker& check, const Value& spec, const Place& at, std::string_view kind) {
    const Place place = at.member("template");
    const Value& pod = map_of(map_of(spec, "template"), "spec");
    const Place pod_place = place.member("spec");
    if (const std::string_view policy = pod.string_at("restartPolicy"); policy != "Always") {
        check.unsupported(pod_place.member("restartPolicy"), policy, {"Always"});
    }
    if (given(pod, "activeDeadlineSeconds") != nullptr) {
        check.forbidden(pod_place.member("activeDeadlineSeconds"),
                        cat("activeDeadlineSeconds in ", kind, " is not Supported"));
    }
}

void check_running_template(Checker& check, const Value& spec, const Place& at,
                            std::string_view kind) {
    check_pod_template(check, map_of(spec, "template"), at.member("template"));
    check_endless_pod(check, spec, at, kind);
}

// The template of a StatefulSet, whose volumes are those of its claims first, then those of its own
// that no claim replaces. Host names and subdomains come from the set, whatever it says.
Value with_claimed_volumes(const Value& spec) {
    Value pod_template = map_of(spec, "template");
    const Value& pod = map_of(pod_template, "spec");
    std::set<std::string_view> names;
    Value volumes = Value::list();
    for (const Value& claim : items_of(spec, "volumeClaimTemplates")) {
        const std::string_view name = claim.string_at("metadata", "name");
        if (names.insert(name).second) {
            volumes.push_back(Value::map_of(
                {{"name", name}, {"persistentVolumeClaim", Value::map_of({{"claimName", name}})}}));
        }
    }
    for (const Value& volume : items_of(pod, "volumes")) {
        if (!names.contains(volume.string_at("name"))) {
            volumes.push_back(volume);
        }
    }
    Value changed = pod;
    changed.set("volumes", std::move(volumes));
    changed.erase("subdomain");
    changed.erase("hostname");
    pod_template.set("spec", std::move(changed));
    return pod_template;
}

// A selector that is missing matches nothing; one that is empty is not asked.
void check_template_labels(Checker& check, const Value& spec, const Place& at) {
    const Value* selector = given(spec, "selector");
    if (selector != nullptr && is_empty_selector(*selector)) {
        return;
    }
    const Value* labels = template_labels(spec);
    if (selector == nullptr || !selects(selector, labels)) {
        const Place place = at.member("template");
        const Place metadata = place.member("metadata");
        check.invalid(metadata.member("labels"), labels == nullptr ? Value() : *labels,
                      std::string(no_match));
    }
}

// Selector and template of what makes ReplicaSets or is one.
void check_replicated_template(Checker& check, const Value& spec, const Place& at) {
    if (!check_selector(check, spec, at, "deployment")) {
        check.invalid(at.member("selector"), value_at(spec, "selector"), "invalid label selector");
        return;
    }
    check_template_labels(check, spec, at);
    check_running_template(check, spec, at, "ReplicaSet");
}

int64_t share_of(const Value& in, std::string_view member) {
    const Value* value = given(in, member);
    if (value == nullptr) {
        return 0;
    }
    if (value->is_int()) {
        return value->as_int();
    }
    const std::string_view text = value->as_string();
    return check_percent(text).empty() ? parse_int(text.substr(0, text.size() - 1)).value_or(0) : 0;
}

void check_share(Checker& check, const Value& in, std::string_view member, const Place& at) {
    if (const Value* value = given(in, member)) {
        check_count_or_percent(check, at.member(member), *value);
    }
}

void check_share_max(Checker& check, const Value& in, std::string_view member, const Place& at) {
    if (const Value* value = given(in, member)) {
        check_no_more_than_all(check, at.member(member), *value);
    }
}

void check_strategy(Checker& check, const Value& spec, const Place& place) {
    const Value& strategy = map_of(spec, "strategy");
    const Place at = place.member("strategy");
    const Place rolling_place = at.member("rollingUpdate");
    const Value* rolling = given(strategy, "rollingUpdate");
    const std::string_view type = strategy.string_at("type");
    if (type == "Recreate") {
        if (rolling != nullptr) {
            check.forbidden(rolling_place,
                            "may not be specified when strategy `type` is 'Recreate'");
        }
    } else if (type == "RollingUpdate") {
        if (rolling == nullptr) {
            check.required(rolling_place, "this should be defaulted and never be nil");
            return;
        }
        check_share(check, *rolling, "maxUnavailable", rolling_place);
        check_share(check, *rolling, "maxSurge", rolling_place);
        if (share_of(*rolling, "maxUnavailable") == 0 && share_of(*rolling, "maxSurge") == 0) {
            check.invalid(rolling_place.member("maxUnavailable"),
                          value_at(*rolling, "maxUnavailable"),
                          "may not be 0 when `maxSurge` is 0");
        }
        check_share_max(check, *rolling, "maxUnavailable", rolling_place);
    } else {
        check.unsupported(at, Checker::form("apps.v1.DeploymentStrategy", strategy),
                          {"Recreate", "RollingUpdate"});
    }
}

void check_deployment(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check.not_negative(spec, "replicas", at);
    check_replicated_template(check, spec, at);
    check_strategy(check, spec, at);
    check.not_negative(spec, "minReadySeconds", at);
    check.not_negative(spec, "revisionHistoryLimit", at);
    check.not_negative(spec, "progressDeadlineSeconds", at);
    const Value* deadline = given(spec, "progressDeadlineSeconds");
    if (deadline != nullptr && deadline->as_int() <= spec.int_at(0, "minReadySeconds")) {
        check.invalid(at.member("progressDeadlineSeconds"), *deadline,
                      "must be greater than minReadySeconds");
    }
}

void check_replica_set(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check.not_negative(spec, "replicas", at);
    check.not_negative(spec, "minReadySeconds", at);
    check_replicated_template(check, spec, at);
}

void check_stateful_strategy(Checker& check, const Value& spec, const Place& place) {
    const Value& strategy = map_of(spec, "updateStrategy");
    const Place at = place.member("updateStrategy");
    const Place rolling_place = at.member("rollingUpdate");
    const Value* rolling = given(strategy, "rollingUpdate");
    const std::string_view type = strategy.string_at("type");
    if (type.empty()) {
        check.required(at);
    } else if (type == "OnDelete") {
        if (rolling != nullptr) {
            check.invalid(rolling_place,
                          Checker::form("apps.v1.RollingUpdateStatefulSetStrategy", *rolling),
                          "only allowed for updateStrategy 'RollingUpdate'");
        }
    } else if (type == "RollingUpdate") {
        if (rolling != nullptr) {
            check.not_negative(*rolling, "partition", rolling_place);
            check_share(check, *rolling, "maxUnavailable", rolling_place);
            if (given(*rolling, "maxUnavailable") != nullptr &&
                share_of(*rolling, "maxUnavailable") == 0) {
                check.invalid(rolling_place.member("maxUnavailable"),
                              value_at(*rolling, "maxUnavailable"), "cannot be 0");
            }
            check_share_max(check, *rolling, "maxUnavailable", rolling_place);
        }
    } else {
        check.invalid(at, Checker::form("apps.v1.StatefulSetUpdateStrategy", strategy),
                      "must be 'RollingUpdate' or 'OnDelete'");
    }
}

void check_stateful_set(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const std::string_view management = spec.string_at("podManagementPolicy");
    if (management.empty()) {
        check.required(at.member("podManagementPolicy"));
    } else if (!is_one_of(management, {"OrderedReady", "Parallel"})) {
        check.invalid(at.member("podManagementPolicy"), management,
                      "must be 'OrderedReady' or 'Parallel'");
    }
    check_stateful_strategy(check, spec, at);
    if (const Value* retention = given(spec, "persistentVolumeClaimRetentionPolicy")) {
        const Place place = at.member("persistentVolumeClaimRetentionPolicy");
        check.one_of(*retention, "whenDeleted", place, {"Retain", "Delete"});
        check.one_of(*retention, "whenScaled", place, {"Retain", "Delete"});
    }
    const Place claims = at.member("volumeClaimTemplates");
    size_t index = 0;
    // Those of a set that exists do not change.
    for (const Value& claim :
         old == nullptr ? items_of(spec, "volumeClaimTemplates") : std::span<const Value>()) {
        const Place place = claims.item(index++);
        check_claim_spec(check, map_of(claim, "spec"), place.member("spec"));
    }
    check.not_negative(spec, "replicas", at);
    check.not_negative(spec, "minReadySeconds", at);
    if (const Value* ordinals = given(spec, "ordinals")) {
        const Place place = at.member("ordinals");
        check.not_negative(*ordinals, "start", place);
    }
    if (const std::string_view service = spec.string_at("serviceName"); !service.empty()) {
        check.name(at.member("serviceName"), service, check_dns1123_label);
    }
    if (!check_selector(check, spec, at, "statefulset")) {
        check.invalid(at.member("selector"), value_at(spec, "selector"), "");
        return;
    }
    check_template_labels(check, spec, at);
    check_pod_template(check, with_claimed_volumes(spec), at.member("template"));
    check_endless_pod(check, spec, at, "StatefulSet");
}

void check_daemon_strategy(Checker& check, const Value& spec, const Place& place) {
    const Value& strategy = map_of(spec, "updateStrategy");
    const Place at = place.member("updateStrategy");
    const std::string_view type = strategy.string_at("type");
    if (type == "OnDelete") {
        return;
    }
    if (type != "RollingUpdate") {
        check.unsupported(at, Checker::form("apps.v1.DaemonSetUpdateStrategy", strategy),
                          {"RollingUpdate", "OnDelete"});
        return;
    }
    const Value* rolling = given(strategy, "rollingUpdate");
    const Place rolling_place = at.member("rollingUpdate");
    if (rolling == nullptr) {
        check.required(rolling_place);
        return;
    }
    check_share(check, *rolling, "maxUnavailable", rolling_place);
    check_share(check, *rolling, "maxSurge", rolling_place);
    check_share_max(check, *rolling, "maxUnavailable", rolling_place);
    check_share_max(check, *rolling, "maxSurge", rolling_place);
    const bool has_unavailable = share_of(*rolling, "maxUnavailable") != 0;
    const bool has_surge = share_of(*rolling, "maxSurge") != 0;
    if (has_unavailable && has_surge) {
        check.invalid(rolling_place.member("maxSurge"), value_at(*rolling, "maxSurge"),
                      "may not be set when maxUnavailable is non-zero");
    } else if (!has_unavailable && !has_surge) {
        check.required(rolling_place.member("maxUnavailable"), "cannot be 0 when maxSurge is 0");
    }
}

void check_daemon_set(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    if (check_selector(check, spec, at, "daemonset")) {
        check_template_labels(check, spec, at);
    }
    check_running_template(check, spec, at, "DaemonSet");
    check.not_negative(spec, "minReadySeconds", at);
    check_daemon_strategy(check, spec, at);
    check.not_negative(spec, "revisionHistoryLimit", at);
}

void check_replication_controller(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check.not_negative(spec, "minReadySeconds", at);
    const Value& selector = map_of(spec, "selector");
    if (selector.empty()) {
        check.required(at.member("selector"));
    }
    check.not_negative(spec, "replicas", at);
    const Place place = at.member("template");
    if (given(spec, "template") == nullptr) {
        check.required(place);
        return;
    }
    const Value* labels = template_labels(spec);
    if (!selector.empty()) {
        const Value wanted = Value::map_of({{"matchLabels", selector}});
        if (!selects(&wanted, labels)) {
            const Place metadata = place.member("metadata");
            check.invalid(metadata.member("labels"), labels == nullptr ? Value() : *labels,
                          std::string(no_match));
        }
    }
    check_running_template(check, spec, at, "ReplicationController");
}

void check_revision(Checker& check, const Value& object, const Value* old) {
    const Place root;
    check.not_negative(object, "revision", root);
    const Value* data = given(object, "data");
    if (data == nullptr) {
        check.required(root.member("data"), "data is mandatory");
    } else if (old == nullptr && !data->is_map()) {
        check.required(root.member("data"), "data must be a valid JSON object");
    }
}

constexpr std::array<KindRules, 6> workload_table{
    {{"apps", "Deployment", "", check_deployment},
     {"apps", "ReplicaSet", "", check_replica_set},
     {"apps", "StatefulSet", "", check_stateful_set},
     {"apps", "DaemonSet", "", check_daemon_set},
     {"apps", "ControllerRevision", "", check_revision},
     {"", "ReplicationController", "", check_replication_controller}}};

}  // namespace

std::span<const KindRules> workload_rules() {
    return workload_table;
}

}  // namespace weft::server
