// server/internal/validate_policy.cc: disruption budgets, autoscalers, priorities, RBAC, flow
// schemas, certificate requests, leases, runtime classes.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// --- policy ---

void check_budget(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const Value* minimum = given(spec, "minAvailable");
    const Value* maximum = given(spec, "maxUnavailable");
    if (minimum != nullptr && maximum != nullptr) {
        check.invalid(at, Checker::form("policy.v1.PodDisruptionBudgetSpec", spec),
                      "minAvailable and maxUnavailable cannot be both set");
    }
    for (const std::string_view member : {"minAvailable", "maxUnavailable"}) {
        if (const Value* value = given(spec, member)) {
            check_count_or_percent(check, at.member(member), *value);
            check_no_more_than_all(check, at.member(member), *value);
        }
    }
    check_label_selector(check, given(spec, "selector"), at.member("selector"));
    check.optional_one_of(spec, "unhealthyPodEvictionPolicy", at,
                          {"AlwaysAllow", "IfHealthyBudget"});
}

// --- autoscaling ---

void check_segment(Checker& check, const Value& in, std::string_view member, const Place& at) {
    if (check.required_text(in, member, at)) {
        check.name(at.member(member), in.string_at(member), check_path_segment_name);
    }
}

void check_target_ref(Checker& check, const Value& ref, const Place& at, bool needs_version) {
    check_segment(check, ref, "kind", at);
    check_segment(check, ref, "name", at);
    const std::string_view version = ref.string_at("apiVersion");
    if (version.empty() && !needs_version) {
        return;
    }
    const auto parsed =
        version.empty() ? Result<GroupVersion>(GroupVersion()) : parse_api_version(version);
    const bool is_core = version == "v1" && ref.string_at("kind") == "ReplicationController";
    if (!parsed) {
        check.invalid(at.member("apiVersion"), version, parsed.error().message());
    } else if (needs_version && !version.contains('/') && !is_core) {
        check.invalid(at.member("apiVersion"), version, "apiVersion must specify API group");
    }
}

bool is_positive(const Value* quantity) {
    return quantity != nullptr && compare_quantities(*quantity, Value("0")) > 0;
}

void check_metric_target(Checker& check, const Value& target, const Place& at) {
    const std::string_view type = target.string_at("type");
    if (type.empty()) {
        check.required(at.member("type"), "must specify a metric target type");
    }
    if (!is_one_of(type, {"Utilization", "Value", "AverageValue"})) {
        check.invalid(at.member("type"), type,
                      "must be either Utilization, Value, or AverageValue");
    }
    for (const std::string_view member : {"value", "averageValue"}) {
        const Value* value = given(target, member);
        if (value != nullptr && !is_positive(value)) {
            check.invalid(at.member(member), *value, "must be positive");
        }
    }
    const Value* utilization = given(target, "averageUtilization");
    if (utilization != nullptr && utilization->as_int() < 1) {
        check.invalid(at.member("averageUtilization"), *utilization, "must be greater than 0");
    }
}

void check_metric_name(Checker& check, const Value& source, const Place& at) {
    const Value& metric = map_of(source, "metric");
    const Place place = at.member("metric");
    const std::string_view name = metric.string_at("name");
    if (name.empty()) {
        check.required(place.member("name"), "must specify a metric name");
    } else {
        check.name(place.member("name"), name, check_path_segment_name);
    }
}

void check_resource_target(Checker& check, const Value& source, const Place& at) {
    const Value& target = map_of(source, "target");
    const Place place = at.member("target");
    check_metric_target(check, target, place);
    const bool has_utilization = given(target, "averageUtilization") != nullptr;
    const bool has_value = given(target, "averageValue") != nullptr;
    if (!has_utilization && !has_value) {
        check.required(place.member("averageUtilization"),
                       "must set either a target raw value or a target utilization");
    } else if (has_utilization && has_value) {
        check.forbidden(place.member("averageValue"),
                        "may not set both a target raw value and a target utilization");
    }
}

void check_resource_metric(Checker& check, const Value& source, const Place& at) {
    if (source.string_at("name").empty()) {
        check.required(at.member("name"), "must specify a resource name");
    }
    check_resource_target(check, source, at);
}

void check_container_metric(Checker& check, const Value& source, const Place& at) {
    // The name of the resource first, if there is one.
    if (const std::string_view name = source.string_at("name"); name.empty()) {
        check.required(at.member("name"), "must specify a resource name");
    } else {
        check_container_resource_name(check, at.member("name"), name);
    }
    if (const std::string_view container = source.string_at("container"); container.empty()) {
        check.required(at.member("container"), "must specify a container");
    } else {
        check.name(at.member("container"), container, check_dns1123_label);
    }
    check_resource_target(check, source, at);
}

void check_pods_metric(Checker& check, const Value& source, const Place& at) {
    check_metric_name(check, source, at);
    const Value& target = map_of(source, "target");
    const Place place = at.member("target");
    check_metric_target(check, target, place);
    if (!is_positive(given(target, "averageValue"))) {
        check.required(place.member("averageValue"), "must specify a positive target averageValue");
    }
}

void check_object_metric(Checker& check, const Value& source, const Place& at) {
    check_target_ref(check, map_of(source, "describedObject"), at.member("describedObject"), false);
    check_metric_name(check, source, at);
    const Value& target = map_of(source, "target");
    const Place place = at.member("target");
    check_metric_target(check, target, place);
    if (given(target, "value") == nullptr && given(target, "averageValue") == nullptr) {
        check.required(place.member("averageValue"),
                       "must set either a target value or averageValue");
    }
}

void check_external_metric(Checker& check, const Value& source, const Place& at) {
    check_metric_name(check, source, at);
    const Value& target = map_of(source, "target");
    const Place place = at.member("target");
    check_metric_target(check, target, place);
    const bool has_value = given(target, "value") != nullptr;
    const bool has_average = given(target, "averageValue") != nullptr;
    if (!has_value && !has_average) {
        check.required(place.member("averageValue"),
                       "must set either a target value for metric or a per-pod target");
    } else if (has_value && has_average) {
        check.forbidden(place.member("value"),
                        "may not set both a target value for metric and a per-pod target");
    }
}

struct MetricRule {
    std::string_view type;
    std::string_view member;
    void (*check)(Checker& check, const Value& source, const Place& at);
};
constexpr std::array<MetricRule, 5> metric_rules{
    {{"Object", "object", check_object_metric},
     {"External", "external", check_external_metric},
     {"Pods", "pods", check_pods_metric},
     {"Resource", "resource", check_resource_metric},
     {"ContainerResource", "containerResource", check_container_metric}}};

void check_metric(Checker& check, const Value& metric, const Place& at) {
    static constexpr Checker::Names types = {"ContainerResource", "External", "Object", "Pods",
                                             "Resource"};
    const std::string_view type = metric.string_at("type");
    if (type.empty()) {
        check.required(at.member("type"), "must specify a metric source type");
    }
    if (!is_one_of(type, types)) {
        check.unsupported(at.member("type"), type, types);
    }
    const MetricRule* expected = nullptr;
    int present = 0;
    for (const MetricRule& rule : metric_rules) {
        const Value* source = given(metric, rule.member);
        if (source != nullptr && ++present == 1) {
            rule.check(check, *source, at.member(rule.member));
        }
        expected = rule.type == type ? &rule : expected;
    }
    if (expected == nullptr) {
        check.unsupported(at.member("type"), type, types);
    } else if (given(metric, expected->member) == nullptr) {
        check.required(at.member(expected->member),
                       "must populate information for the given metric source");
    }
    if (present < 2) {
        return;
    }
    for (const MetricRule& rule : metric_rules) {
        if (given(metric, rule.member) != nullptr && &rule != expected) {
            check.forbidden(at.member(rule.member), "must populate the given metric source only");
        }
    }
}

void check_above(Checker& check, const Value& in, std::string_view member, const Place& at,
                 int64_t most) {
    const int64_t value = in.int_at(0, member);
    if (value <= 0) {
        check.invalid(at.member(member), value, "must be greater than zero");
    } else if (value > most) {
        check.invalid(at.member(member), value, cat("must be less than or equal to ", most));
    }
}

void check_scaling(Checker& check, const Value& rules, const Place& at) {
    constexpr int64_t window_max = 3600;
    constexpr int64_t period_max = 1800;
    if (const Value* window = given(rules, "stabilizationWindowSeconds")) {
        if (window->as_int() < 0) {
            check.invalid(at.member("stabilizationWindowSeconds"), *window,
                          "must be greater than or equal to zero");
        } else if (window->as_int() > window_max) {
            check.invalid(at.member("stabilizationWindowSeconds"), *window,
                          cat("must be less than or equal to ", window_max));
        }
    }
    check.optional_one_of(rules, "selectPolicy", at, {"Disabled", "Max", "Min"});
    const Place list = at.member("policies");
    const auto policies = items_of(rules, "policies");
    if (policies.empty()) {
        check.required(list, "must specify at least one Policy");
    }
    for (size_t i = 0; i < policies.size(); ++i) {
        const Place place = list.item(i);
        check.one_of(policies[i], "type", place, {"Percent", "Pods"});
        check_above(check, policies[i], "value", place, INT32_MAX);
        check_above(check, policies[i], "periodSeconds", place, period_max);
    }
}

void check_autoscaler(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const Value* minimum = given(spec, "minReplicas");
    const int64_t maximum = spec.int_at(0, "maxReplicas");
    if (minimum != nullptr && minimum->as_int() < 1) {
        check.invalid(at.member("minReplicas"), *minimum, "must be greater than or equal to 1");
    }
    if (maximum == 0) {
        check.required(at.member("maxReplicas"), "must be set and greater than 0");
    } else if (maximum < 0) {
        check.invalid(at.member("maxReplicas"), maximum, "must be greater than or equal to 1");
    }
    if (minimum != nullptr && maximum < minimum->as_int()) {
        check.invalid(at.member("maxReplicas"), maximum,
                      "must be greater than or equal to `minReplicas`");
    }
    check_target_ref(check, map_of(spec, "scaleTargetRef"), at.member("scaleTargetRef"), true);
    const Place metrics = at.member("metrics");
    bool scales_to_zero = false;
    size_t index = 0;
    // The first version has one target of its own, which is a metric like others behind it.
    if (const Value* share = given(spec, "targetCPUUtilizationPercentage");
        share != nullptr && share->as_int() < 1) {
        const Place first = metrics.item(0);
        const Place resource = first.member("resource");
        const Place target = resource.member("target");
        check.invalid(target.member("averageUtilization"), *share, "must be greater than 0");
    }
    for (const Value& metric : items_of(spec, "metrics")) {
        const Place place = metrics.item(index++);
        check_metric(check, metric, place);
        scales_to_zero =
            scales_to_zero || is_one_of(metric.string_at("type"), {"Object", "External"});
    }
    if (minimum != nullptr && minimum->as_int() == 0 && !scales_to_zero) {
        check.forbidden(metrics,
                        "must specify at least one Object or External metric to support scaling "
                        "to zero replicas");
    }
    if (const Value* behavior = given(spec, "behavior")) {
        const Place place = at.member("behavior");
        for (const std::string_view direction : {"scaleUp", "scaleDown"}) {
            if (const Value* rules = given(*behavior, direction)) {
                check_scaling(check, *rules, place.member(direction));
            }
        }
    }
}

// --- scheduling ---

struct SystemClass {
    std::string_view name;
    int64_t value;
};
constexpr std::array<SystemClass, 2> system_classes{
    {{"system-node-critical", 2'000'001'000}, {"system-cluster-critical", 2'000'000'000}}};

std::string system_class_problem(const Value& object, std::string_view name) {
    for (const SystemClass& known : system_classes) {
        if (known.name != name) {
            continue;
        }
        if (object.int_at(0, "value") != known.value) {
            return cat("value of ", name, " PriorityClass must be ", known.value);
        }
        return is_true(object, "globalDefault")
                   ? cat("globalDefault of ", name, " PriorityClass must be false")
                   : std::string();
    }
    return cat(name, " is not a known system priority class");
}

void check_priority_class(Checker& check, const Value& object, const Value* old) {
    const Place root;
    constexpr int64_t value_max = 1'000'000'000;
    const std::string_view name = object.string_at("metadata", "name");
    if (old == nullptr) {
        if (name.starts_with("system-")) {
            if (const std::string problem = system_class_problem(object, name); !problem.empty()) {
                const Place metadata = root.member("metadata");
                check.forbidden(metadata.member("name"),
                                cat("priority class names with 'system-' prefix are reserved for "
                                    "system use only. error: ",
                                    problem));
            }
        } else if (object.int_at(0, "value") > value_max) {
            check.forbidden(root.member("value"),
                            cat("maximum allowed value of a user defined priority is ", value_max));
        }
        check.optional_one_of(object, "preemptionPolicy", root, {"PreemptLowerPriority", "Never"});
    }
}

// --- RBAC ---

constexpr std::string_view roles_group = "rbac.authorization.k8s.io";

void check_policy_rule(Checker& check, const Value& rule, const Place& at, bool namespaced) {
    if (items_of(rule, "verbs").empty()) {
        check.required(at.member("verbs"), "verbs must contain at least one value");
    }
    const bool has_groups = !items_of(rule, "apiGroups").empty();
    const bool has_resources = !items_of(rule, "resources").empty();
    if (!items_of(rule, "nonResourceURLs").empty()) {
        const Place place = at.member("nonResourceURLs");
        const Value urls = value_at(rule, "nonResourceURLs");
        if (namespaced) {
            check.invalid(place, urls, "namespaced rules cannot apply to non-resource URLs");
        }
        if (has_groups || has_resources || !items_of(rule, "resourceNames").empty()) {
            check.invalid(place, urls,
                          "rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if (!has_groups) {
        check.required(at.member("apiGroups"), "resource rules must supply at least one api group");
    }
    if (!has_resources) {
        check.required(at.member("resources"), "resource rules must supply at least one resource");
    }
}

void check_role_rules(Checker& check, const Value& object, const Place& root, bool namespaced) {
    for_items(object, "rules", root, [&](const Value& rule, const Place& place) {
        check_policy_rule(check, rule, place, namespaced);
    });
}

void check_role(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_role_rules(check, object, root, true);
}

void check_cluster_role(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_role_rules(check, object, root, false);
    const Value* aggregation = given(object, "aggregationRule");
    if (aggregation == nullptr) {
        return;
    }
    const Place at = root.member("aggregationRule");
    const Place list = at.member("clusterRoleSelectors");
    const auto selectors = items_of(*aggregation, "clusterRoleSelectors");
    if (selectors.empty()) {
        check.required(list,
                       "at least one clusterRoleSelector required if aggregationRule is non-nil");
    }
    for (size_t i = 0; i < selectors.size(); ++i) {
        const Place place = list.item(i);
        const size_t faults = check.errors().size();
        check_label_selector(check, &selectors[i], place);
        if (check.errors().size() > faults) {
            check.invalid(place, Value(), "invalid label selector.");
        }
    }
}

void check_subject(Checker& check, const Value& subject, const Place& at, bool namespaced) {
    const std::string_view name = subject.string_at("name");
    const std::string_view kind = subject.string_at("kind");
    const std::string_view group = subject.string_at("apiGroup");
    check.required_text(subject, "name", at);
    if (kind == "ServiceAccount") {
        if (!name.empty()) {
            check.name(at.member("name"), name, check_dns1123_subdomain);
        }
        if (!group.empty()) {
            check.unsupported(at.member("apiGroup"), group, {""});
        }
        if (subject.string_at("namespace").empty() && !namespaced) {
            check.required(at.member("namespace"));
        }
    } else if (kind == "User" || kind == "Group") {
        if (group != roles_group) {
            check.unsupported(at.member("apiGroup"), group, {roles_group});
        }
    } else {
        check.unsupported(at.member("kind"), kind, {"ServiceAccount", "User", "Group"});
    }
}

void check_any_binding(Checker& check, const Value& object, bool namespaced) {
    const Place root;
    const Value& ref = map_of(object, "roleRef");
    const Place at = root.member("roleRef");
    if (const std::string_view group = ref.string_at("apiGroup"); group != roles_group) {
        check.unsupported(at.member("apiGroup"), group, {roles_group});
    }
    if (namespaced) {
        check.one_of(ref, "kind", at, {"Role", "ClusterRole"});
    } else {
        check.one_of(ref, "kind", at, {"ClusterRole"});
    }
    if (check.required_text(ref, "name", at)) {
        check.name(at.member("name"), ref.string_at("name"), check_path_segment_name);
    }
    for_items(object, "subjects", root, [&](const Value& subject, const Place& place) {
        check_subject(check, subject, place, namespaced);
    });
}

void check_binding(Checker& check, const Value& object, const Value* /*old*/) {
    check_any_binding(check, object, true);
}
void check_cluster_binding(Checker& check, const Value& object, const Value* /*old*/) {
    check_any_binding(check, object, false);
}

// --- flow control ---

// "*" covers everything and stands alone.
void check_wildcard(Checker& check, const Value& rule, std::string_view member, const Place& at,
                    std::string_view missing, std::string_view what) {
    const auto values = items_of(rule, member);
    if (values.empty()) {
        check.required(at.member(member), std::string(missing));
    } else if (values.size() > 1 && std::ranges::find(values, Value("*")) != values.end()) {
        check.invalid(at.member(member), value_at(rule, member),
                      cat("if '*' is present, must not specify other ", what));
    }
}

void check_flow_rule(Checker& check, const Value& rule, const Place& at) {
    const Place subjects = at.member("subjects");
    if (items_of(rule, "subjects").empty()) {
        check.required(subjects, "subjects must contain at least one value");
    }
    size_t index = 0;
    for (const Value& subject : items_of(rule, "subjects")) {
        const Place place = subjects.item(index++);
        check.one_of(subject, "kind", place, {"Group", "ServiceAccount", "User"});
    }
    const auto resources = items_of(rule, "resourceRules");
    const auto others = items_of(rule, "nonResourceRules");
    if (resources.empty() && others.empty()) {
        check.required(at,
                       "at least one of resourceRules and nonResourceRules has to be non-empty");
    }
    const Place resource_list = at.member("resourceRules");
    for (size_t i = 0; i < resources.size(); ++i) {
        const Place place = resource_list.item(i);
        check_wildcard(check, resources[i], "verbs", place, "verbs must contain at least one value",
                       "verbs");
        check_wildcard(check, resources[i], "apiGroups", place,
                       "resource rules must supply at least one api group", "api groups");
        check_wildcard(check, resources[i], "resources", place,
                       "resource rules must supply at least one resource", "resources");
        if (items_of(resources[i], "namespaces").empty()) {
            if (!is_true(resources[i], "clusterScope")) {
                check.required(place.member("namespaces"),
                               "resource rules that are not cluster scoped must supply at least "
                               "one namespace");
            }
        } else {
            check_wildcard(check, resources[i], "namespaces", place, "", "namespaces");
        }
    }
    const Place other_list = at.member("nonResourceRules");
    for (size_t i = 0; i < others.size(); ++i) {
        const Place place = other_list.item(i);
        check_wildcard(check, others[i], "verbs", place, "verbs must contain at least one value",
                       "verbs");
        check_wildcard(check, others[i], "nonResourceURLs", place,
                       "nonResourceURLs must contain at least one value", "non-resource URLs");
    }
}

void check_flow_schema(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    constexpr int64_t precedence_max = 10000;
    const int64_t precedence = spec.int_at(0, "matchingPrecedence");
    if (precedence == 1 && object.string_at("metadata", "name") != "exempt") {
        check.invalid(at.member("matchingPrecedence"), precedence,
                      "only the schema named 'exempt' may have matchingPrecedence 1");
    }
    if (precedence <= 0) {
        check.invalid(at.member("matchingPrecedence"), precedence, "must be a positive value");
    } else if (precedence > precedence_max) {
        check.invalid(at.member("matchingPrecedence"), precedence,
                      cat("must not be greater than ", precedence_max));
    }
    if (const Value* method = given(spec, "distinguisherMethod")) {
        const Place place = at.member("distinguisherMethod");
        if (!is_one_of(method->string_at("type"), {"ByNamespace", "ByUser"})) {
            check.unsupported(place.member("type"),
                              Checker::form("flowcontrol.v1.FlowDistinguisherMethod", *method),
                              {"ByNamespace", "ByUser"});
        }
    }
    const std::string_view level = map_of(spec, "priorityLevelConfiguration").string_at("name");
    const Place level_place = at.member("priorityLevelConfiguration");
    if (level.empty()) {
        check.required(level_place.member("name"), "must reference a priority level");
    } else {
        check.name(level_place.member("name"), level, check_dns1123_subdomain);
    }
    for_items(spec, "rules", at,
              [&](const Value& rule, const Place& place) { check_flow_rule(check, rule, place); });
}

void check_queues(Checker& check, const Value& queuing, const Place& at) {
    constexpr int64_t queues_max = 10'000'000;
    constexpr int64_t entropy_bits_max = 60;
    const auto is_positive_count = [&](std::string_view member) {
        const int64_t value = queuing.int_at(0, member);
        if (value <= 0) {
            check.invalid(at.member(member), value, "must be positive");
        }
        return value > 0;
    };
    is_positive_count("queueLengthLimit");
    const int64_t queues = queuing.int_at(0, "queues");
    if (is_positive_count("queues") && queues > queues_max) {
        check.invalid(at.member("queues"), queues, cat("must not be greater than ", queues_max));
    }
    const int64_t hand = queuing.int_at(0, "handSize");
    if (!is_positive_count("handSize")) {
        return;
    }
    if (hand > queues) {
        check.invalid(at.member("handSize"), hand,
                      cat("should not be greater than queues (", queues, ")"));
        return;
    }
    // How much a hash must tell to deal such a hand: the choices left at each card, multiplied.
    double choices = 1;
    for (int64_t card = 0; card < hand && choices <= 0x1p62; ++card) {
        choices *= static_cast<double>(queues - card);
    }
    if (std::ceil(std::log2(choices)) > static_cast<double>(entropy_bits_max)) {
        check.invalid(at.member("handSize"), hand,
                      cat("required entropy bits of deckSize ", queues, " and handSize ", hand,
                          " should not be greater than ", entropy_bits_max));
    }
}

void check_shares(Checker& check, const Value& level, const Place& at) {
    if (const int64_t shares = level.int_at(0, "nominalConcurrencyShares"); shares < 0) {
        check.invalid(at.member("nominalConcurrencyShares"), shares,
                      "must be a non-negative integer");
    }
}

void check_limited_level(Checker& check, const Value& limited, const Place& at) {
    check_shares(check, limited, at);
    const Value& response = map_of(limited, "limitResponse");
    const Place place = at.member("limitResponse");
    const std::string_view type = response.string_at("type");
    const Value* queuing = given(response, "queuing");
    const Place queue_place = place.member("queuing");
    if (type.empty()) {
        check.required(place.member("type"));
    } else if (type == "Reject") {
        if (queuing != nullptr) {
            check.forbidden(queue_place,
                            "must be nil if limited.limitResponse.type is not Limited");
        }
    } else if (type != "Queue") {
        check.unsupported(place.member("type"), type, {"Queue", "Reject"});
    } else if (queuing == nullptr) {
        check.required(queue_place, "must not be empty if limited.limitResponse.type is Limited");
    } else {
        check_queues(check, *queuing, queue_place);
    }
    check.in_range(limited, "lendablePercent", at, 0, 100);
    const Value* borrowed = given(limited, "borrowingLimitPercent");
    if (borrowed != nullptr && borrowed->as_int() < 0) {
        check.invalid(at.member("borrowingLimitPercent"), *borrowed,
                      "if specified, must be a non-negative integer");
    }
}

void check_priority_level(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const std::string_view type = spec.string_at("type");
    const bool is_exempt = object.string_at("metadata", "name") == "exempt";
    if (is_one_of(type, {"Exempt", "Limited"}) && is_exempt != (type == "Exempt")) {
        check.invalid(at.member("type"), type,
                      "must be 'Exempt' if and only if `name` is 'exempt'");
    }
    const Value* limited = given(spec, "limited");
    const Value* exempt = given(spec, "exempt");
    if (type == "Exempt") {
        const Place exempt_place = at.member("exempt");
        if (limited != nullptr) {
            check.forbidden(at.member("limited"), "must be nil if the type is not Limited");
        } else if (exempt != nullptr) {
            check_shares(check, *exempt, exempt_place);
            check.in_range(*exempt, "lendablePercent", exempt_place, 0, 100);
        }
    } else if (type == "Limited") {
        if (exempt != nullptr) {
            check.forbidden(at.member("exempt"), "must be nil if the type is Limited");
        }
        if (limited == nullptr) {
            check.required(at.member("limited"), "must not be empty when type is Limited");
        } else {
            check_limited_level(check, *limited, at.member("limited"));
        }
    } else if (type.empty()) {
        check.required(at.member("type"));
    } else {
        check.unsupported(at.member("type"), type, {"Exempt", "Limited"});
    }
}

// --- certificates, coordination, node ---

constexpr Checker::Names key_usages = {"any",
                                       "cert sign",
                                       "client auth",
                                       "code signing",
                                       "content commitment",
                                       "crl sign",
                                       "data encipherment",
                                       "decipher only",
                                       "digital signature",
                                       "email protection",
                                       "encipher only",
                                       "ipsec end system",
                                       "ipsec tunnel",
                                       "ipsec user",
                                       "key agreement",
                                       "key encipherment",
                                       "microsoft sgc",
                                       "netscape sgc",
                                       "ocsp signing",
                                       "s/mime",
                                       "server auth",
                                       "signing",
                                       "timestamping"};

}  // namespace

void check_signer_name(Checker& check, const Place& at, std::string_view name) {
    const auto segments = split(name, '/');
    if (segments.size() != 2) {
        check.invalid(at, name,
                      "must be a fully qualified domain and path of the form "
                      "'example.com/signer-name'");
        return;
    }
    constexpr size_t domain_max = 253;
    if (segments[0].size() > domain_max) {
        check.too_long(at, static_cast<int64_t>(domain_max));
    }
    // The first label with a mistake tells all that is wrong with it.
    const auto check_labels_of = [&](std::string_view segment, Checker::NameCheck label_check) {
        for (const std::string_view label : split(segment, '.')) {
            const auto problems = label_check(label);
            for (const std::string& problem : problems) {
                check.invalid(at, segment, cat("validating label ", quote(label), ": ", problem));
            }
            if (!problems.empty()) {
                return;
            }
        }
    };
    check_labels_of(segments[0], check_dns1123_label);
    if (!segments[0].contains('.')) {
        check.invalid(at, segments[0],
                      "should be a domain with at least two segments separated by dots");
    }
    check_labels_of(segments[1], check_dns1123_subdomain);
}

namespace {

void check_certificate_request(Checker& check, const Value& object, const Value* old) {
    if (old != nullptr) {
        return;
    }
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const auto request = base64_decode(spec.string_at("request"));
    if (!request || !request->contains("-----BEGIN CERTIFICATE REQUEST-----")) {
        check.invalid(at.member("request"), value_at(spec, "request"),
                      "PEM block type must be CERTIFICATE REQUEST");
    }
    const Place list = at.member("usages");
    const auto usages = items_of(spec, "usages");
    if (usages.empty()) {
        check.required(list);
    }
    std::set<std::string_view> seen;
    for (size_t i = 0; i < usages.size(); ++i) {
        const std::string_view usage = usages[i].as_string();
        const Place place = list.item(i);
        if (!is_one_of(usage, key_usages)) {
            check.unsupported(place, usage, key_usages);
        }
        if (!seen.insert(usage).second) {
            check.duplicate(place, usage);
        }
    }
    const std::string_view signer = spec.string_at("signerName");
    const Place signer_place = at.member("signerName");
    if (signer.empty()) {
        check.required(signer_place);
    } else if (signer == "kubernetes.io/legacy-unknown") {
        check.invalid(signer_place, signer,
                      "the legacy signerName is not allowed via this API version");
    } else {
        check_signer_name(check, signer_place, signer);
    }
    constexpr int64_t seconds_min = 600;
    const Value* seconds = given(spec, "expirationSeconds");
    if (seconds != nullptr && seconds->as_int() < seconds_min) {
        check.invalid(at.member("expirationSeconds"), *seconds,
                      "may not specify a duration less than 600 seconds (10 minutes)");
    }
}

// What each endpoint of a request may do to its conditions.
enum class RequestEndpoint : uint8_t { approval, status };

const Value* condition_of(const Value& object, std::string_view type) {
    const Value* list = object.find("status", "conditions");
    for (const Value& one : list == nullptr ? std::span<const Value>() : list->items()) {
        if (one.string_at("type") == type) {
            return &one;
        }
    }
    return nullptr;
}

void check_request_update(Checker& check, const Value& object, const Value& old,
                          RequestEndpoint endpoint) {
    const Place root;
    const Place at = root.member("status");
    const Place list = at.member("conditions");
    const Value& status = map_of(object, "status");
    const auto conditions = items_of(status, "conditions");
    std::set<std::string_view> types;
    for (size_t i = 0; i < conditions.size(); ++i) {
        const Place place = list.item(i);
        const std::string_view type = conditions[i].string_at("type");
        check.required_text(conditions[i], "type", place);
        const std::string_view value = conditions[i].string_at("status");
        if (value.empty()) {
            check.required(place.member("status"));
        } else if (is_one_of(type, {"Approved", "Denied", "Failed"})) {
            if (value != "True") {
                check.unsupported(place.member("status"), value, {"True"});
            }
        } else {
            check.one_of(conditions[i], "status", place, {"False", "True", "Unknown"});
        }
        if (!types.insert(type).second) {
            check.duplicate(place.member("type"), type);
        }
    }
    if (types.contains("Approved") && types.contains("Denied")) {
        check.invalid(list, conditions.back().string_at("type"),
                      "Approved and Denied conditions are mutually exclusive");
    }
    const Place place = at.member("certificate");
    const std::string_view before = map_of(old, "status").string_at("certificate");
    const std::string_view now = status.string_at("certificate");
    const bool has_new = endpoint == RequestEndpoint::status && before != now;
    if (has_new && !now.empty()) {
        const auto text = base64_decode(now);
        if (!text || !text->contains("-----BEGIN CERTIFICATE-----")) {
            check.invalid(place, "<certificate data>",
                          "must contain at least one CERTIFICATE PEM block");
        }
    }
    for (const std::string_view type : {"Approved", "Denied", "Failed"}) {
        const bool is_there = condition_of(object, type) != nullptr;
        const bool was_there = condition_of(old, type) != nullptr;
        const bool may_add = endpoint == RequestEndpoint::approval || type == "Failed";
        if (!is_there && was_there) {
            check.forbidden(list, cat("updates may not remove a condition of type ", quote(type)));
        } else if (is_there && !was_there && !may_add) {
            check.forbidden(list, cat("updates may not add a condition of type ", quote(type)));
        }
    }
    if (has_new && !before.empty()) {
        check.forbidden(place, "updates may not modify existing certificate content");
    }
}

void check_approval(Checker& check, const Value& object, const Value* old) {
    check_request_update(check, object, *old, RequestEndpoint::approval);
}
void check_request_status(Checker& check, const Value& object, const Value* old) {
    check_request_update(check, object, *old, RequestEndpoint::status);
}

void check_lease(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const Value* seconds = given(spec, "leaseDurationSeconds");
    if (seconds != nullptr && seconds->as_int() <= 0) {
        check.invalid(at.member("leaseDurationSeconds"), *seconds, "must be greater than 0");
    }
    check.not_negative(spec, "leaseTransitions", at);
}

void check_runtime_class(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check.required_name(root.member("handler"), object.string_at("handler"), check_dns1123_label);
    if (const Value* overhead = given(object, "overhead")) {
        const Place at = root.member("overhead");
        // It is looked at as if it were the limits of a container.
        check_resources(check, Value::map_of({{"limits", map_of(*overhead, "podFixed")}}), nullptr,
                        at);
    }
    if (const Value* scheduling = given(object, "scheduling")) {
        const Place at = root.member("scheduling");
        check_labels(check, scheduling->find("nodeSelector"), at.member("nodeSelector"));
        check_tolerations(check, *scheduling, at);
        std::set<std::string> seen;
        for_items(*scheduling, "tolerations", at, [&](const Value& toleration, const Place& place) {
            std::string key;
            for (const std::string_view member : {"key", "operator", "value", "effect"}) {
                append(key, toleration.string_at(member), "\n");
            }
            if (!seen.insert(std::move(key)).second) {
                check.duplicate(place, Checker::form("core.v1.Toleration", toleration));
            }
        });
    }
}

constexpr std::array<KindRules, 14> policy_table{
    {{"policy", "PodDisruptionBudget", "", check_budget},
     {"autoscaling", "HorizontalPodAutoscaler", "", check_autoscaler},
     {"scheduling.k8s.io", "PriorityClass", "", check_priority_class},
     {roles_group, "Role", "", check_role},
     {roles_group, "ClusterRole", "", check_cluster_role},
     {roles_group, "RoleBinding", "", check_binding},
     {roles_group, "ClusterRoleBinding", "", check_cluster_binding},
     {"flowcontrol.apiserver.k8s.io", "FlowSchema", "", check_flow_schema},
     {"certificates.k8s.io", "CertificateSigningRequest", "", check_certificate_request},
     {"certificates.k8s.io", "CertificateSigningRequest", "approval", check_approval},
     {"certificates.k8s.io", "CertificateSigningRequest", "status", check_request_status},
     {"coordination.k8s.io", "Lease", "", check_lease},
     {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "", check_priority_level},
     {"node.k8s.io", "RuntimeClass", "", check_runtime_class}}};

}  // namespace

std::span<const KindRules> policy_rules() {
    return policy_table;
}

}  // namespace weft::server
