// server/internal/validate_pod.cc: the specs of pods and of their templates.

#include <array>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// --- What env variables and volumes may ask of the pod ---

bool takes_subscript(std::string_view path) {
    return path == "metadata.annotations" || path == "metadata.labels";
}

struct Subscripted {
    std::string_view path;
    std::string_view key;
    bool has_key = false;
};
// "metadata.labels['a']" in its parts.
Subscripted split_subscript(std::string_view text) {
    const size_t open = text.find("['");
    if (open == std::string_view::npos || !text.ends_with("']")) {
        return {text, {}, false};
    }
    return {text.substr(0, open), text.substr(open + 2, text.size() - open - 4), true};
}

}  // namespace

void check_field_selector(Checker& check, const Value& selector, const Place& at, bool in_volume) {
    const std::string_view version = selector.string_at("apiVersion");
    const std::string_view given_path = selector.string_at("fieldPath");
    if (!check.required_text(selector, "apiVersion", at) ||
        !check.required_text(selector, "fieldPath", at)) {
        return;
    }
    const Place place = at.member("fieldPath");
    if (version != "v1") {
        check.invalid(place, given_path,
                      cat("error converting fieldPath: unsupported pod version: ", version));
        return;
    }
    const Subscripted parts = split_subscript(given_path);
    const std::string_view path = given_path == "spec.host" ? "spec.nodeName" : parts.path;
    const bool is_known =
        is_one_of(path,
                  {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
                   "metadata.uid", "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName",
                   "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs",
                   "status.podIP", "status.podIPs"}) &&
        (!parts.has_key || takes_subscript(path));
    if (!is_known) {
        check.invalid(place, given_path,
                      cat("error converting fieldPath: field label not supported: ", given_path));
        return;
    }
    if (parts.has_key) {
        const std::string key =
            path == "metadata.annotations" ? to_lower(parts.key) : std::string(parts.key);
        for (std::string& problem : check_qualified_name(key)) {
            check.invalid(at, parts.key, std::move(problem));
        }
        return;
    }
    static constexpr Checker::Names in_volumes = {"metadata.annotations", "metadata.labels",
                                                  "metadata.name", "metadata.namespace",
                                                  "metadata.uid"};
    static constexpr Checker::Names in_env = {"metadata.name",
                                              "metadata.namespace",
                                              "metadata.uid",
                                              "spec.nodeName",
                                              "spec.serviceAccountName",
                                              "status.hostIP",
                                              "status.hostIPs",
                                              "status.podIP",
                                              "status.podIPs"};
    if (!is_one_of(path, in_volume ? in_volumes : in_env)) {
        check.unsupported(place, path, in_volume ? in_volumes : in_env);
    }
}

void check_resource_selector(Checker& check, const Value& selector, const Place& at,
                             bool in_volume) {
    const std::string_view resource = selector.string_at("resource");
    if (in_volume && selector.string_at("containerName").empty()) {
        check.required(at.member("containerName"));
        return;
    }
    if (!check.required_text(selector, "resource", at)) {
        return;
    }
    static constexpr Checker::Names names = {
        "limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
        "requests.cpu", "requests.ephemeral-storage", "requests.memory"};
    if (!is_one_of(resource, names) && !resource.starts_with("limits.hugepages-") &&
        !resource.starts_with("requests.hugepages-")) {
        check.unsupported(at.member("resource"), resource, names);
    }
    const std::string_view divisor = selector.string_at("divisor");
    if (divisor.empty() || divisor == "0") {
        return;
    }
    if (resource.ends_with(".cpu")) {
        if (!is_one_of(divisor, {"1m", "1"})) {
            check.invalid(at.member("divisor"), resource,
                          "only divisor's values 1m and 1 are supported with the cpu resource");
        }
        return;
    }
    if (!is_one_of(divisor, {"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti",
                             "1Pi", "1Ei"})) {
        const std::string_view what = resource.contains("hugepages") ? "hugepages"
                                      : resource.ends_with("ephemeral-storage")
                                          ? "local ephemeral storage"
                                          : "memory";
        check.invalid(at.member("divisor"), resource,
                      cat("only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, "
                          "1Pi, 1Ei are supported with the ",
                          what, " resource"));
    }
}

namespace {

// --- The members of a pod spec ---

void check_claims(Checker& check, const Value& spec, const Place& at) {
    std::set<std::string_view> names;
    for_items(spec, "resourceClaims", at, [&](const Value& claim, const Place& place) {
        const std::string_view name = claim.string_at("name");
        if (name.empty()) {
            check.required(place.member("name"));
        } else if (!names.insert(name).second) {
            check.duplicate(place.member("name"), name);
        } else {
            check.name(place.member("name"), name, check_dns1123_label);
        }
        const bool by_name = given(claim, "resourceClaimName") != nullptr;
        const bool by_template = given(claim, "resourceClaimTemplateName") != nullptr;
        if (by_name && by_template) {
            check.invalid(place, Checker::form("core.v1.PodResourceClaim", claim),
                          "at most one of `resourceClaimName` or `resourceClaimTemplateName` may "
                          "be specified");
        }
        if (!by_name && !by_template) {
            check.invalid(place, Checker::form("core.v1.PodResourceClaim", claim),
                          "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
        }
        for (const std::string_view member : {"resourceClaimName", "resourceClaimTemplateName"}) {
            if (const Value* value = given(claim, member)) {
                check.name(place.member(member), value->as_string(), check_dns1123_subdomain);
            }
        }
    });
}

void check_pod_resources(Checker& check, const Value& spec, const Place& at) {
    if (const Value* resources = given(spec, "resources")) {
        check_resources(check, *resources, given(spec, "resourceClaims"), at.member("resources"));
    }
}

void check_restart_policy(Checker& check, const Value& spec, const Place& at) {
    check.required_one_of(spec, "restartPolicy", at, {"Always", "OnFailure", "Never"});
}
void check_dns_policy(Checker& check, const Value& spec, const Place& at) {
    check.required_one_of(spec, "dnsPolicy", at,
                          {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"});
}

void check_affinity_term(Checker& check, const Value& term, const Place& at) {
    check_label_selector(check, given(term, "labelSelector"), at.member("labelSelector"));
    check_label_selector(check, given(term, "namespaceSelector"), at.member("namespaceSelector"));
    for (const Value& space : items_of(term, "namespaces")) {
        check.name(at.member("namespace"), space.as_string(), check_dns1123_label);
    }
    for (const std::string_view member : {"matchLabelKeys", "mismatchLabelKeys"}) {
        const auto keys = items_of(term, member);
        const Place list = at.member(member);
        if (!keys.empty() && given(term, "labelSelector") == nullptr) {
            check.forbidden(list, "must not be specified when labelSelector is not set");
        }
        for (size_t i = 0; i < keys.size(); ++i) {
            check_label_name(check, list.item(i), keys[i].as_string());
        }
    }
    const std::string_view key = term.string_at("topologyKey");
    if (key.empty()) {
        check.required(at.member("topologyKey"), "can not be empty");
    }
    check_label_name(check, at.member("topologyKey"), key);
}

void check_weight(Checker& check, const Value& term, const Place& at) {
    const int64_t weight = term.int_at(0, "weight");
    if (weight < 1 || weight > 100) {
        check.invalid(at.member("weight"), weight, "must be in the range 1-100");
    }
}

constexpr std::string_view required_terms = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view preferred_terms = "preferredDuringSchedulingIgnoredDuringExecution";

void check_affinity(Checker& check, const Value& spec, const Place& place) {
    const Value* affinity = given(spec, "affinity");
    if (affinity == nullptr) {
        return;
    }
    const Place at = place.member("affinity");
    if (const Value* nodes = given(*affinity, "nodeAffinity")) {
        const Place at_nodes = at.member("nodeAffinity");
        if (const Value* selector = given(*nodes, required_terms)) {
            check_node_selector(check, *selector, at_nodes.member(required_terms));
        }
        const Place list = at_nodes.member(preferred_terms);
        size_t index = 0;
        for (const Value& term : items_of(*nodes, preferred_terms)) {
            const Place at_term = list.item(index++);
            check_weight(check, term, at_term);
            check_node_selector_term(check, map_of(term, "preference"),
                                     at_term.member("preference"));
        }
    }
    for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
        const Value* pods = given(*affinity, kind);
        if (pods == nullptr) {
            continue;
        }
        const Place at_pods = at.member(kind);
        const Place required = at_pods.member(required_terms);
        size_t index = 0;
        for (const Value& term : items_of(*pods, required_terms)) {
            const Place at_term = required.item(index++);
            check_affinity_term(check, term, at_term);
        }
        const Place preferred = at_pods.member(preferred_terms);
        index = 0;
        for (const Value& term : items_of(*pods, preferred_terms)) {
            const Place at_term = preferred.item(index++);
            check_weight(check, term, at_term);
            check_affinity_term(check, map_of(term, "podAffinityTerm"),
                                at_term.member("podAffinityTerm"));
        }
    }
}

void check_dns_config(Checker& check, const Value& spec, const Place& place) {
    const Value* config = given(spec, "dnsConfig");
    const Place at = place.member("dnsConfig");
    if (spec.string_at("dnsPolicy") == "None") {
        if (config == nullptr) {
            check.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if (items_of(*config, "nameservers").empty()) {
            check.required(at.member("nameservers"),
                           "must provide at least one DNS nameserver when `dnsPolicy` is None");
            return;
        }
    }
    if (config == nullptr) {
        return;
    }
    constexpr size_t servers_max = 3;
    constexpr size_t searches_max = 32;
    const auto servers = items_of(*config, "nameservers");
    const Place server_list = at.member("nameservers");
    if (servers.size() > servers_max) {
        check.invalid(server_list, value_at(*config, "nameservers"),
                      cat("must not have more than ", servers_max, " nameservers"));
    }
    for (size_t i = 0; i < servers.size(); ++i) {
        check_ip(check, server_list.item(i), servers[i].as_string());
    }
    const auto searches = items_of(*config, "searches");
    const Place search_list = at.member("searches");
    if (searches.size() > searches_max) {
        check.invalid(search_list, value_at(*config, "searches"),
                      cat("must not have more than ", searches_max, " search paths"));
    }
    for (size_t i = 0; i < searches.size(); ++i) {
        std::string_view search = searches[i].as_string();
        if (search.ends_with('.') && search != ".") {
            search.remove_suffix(1);
        }
        if (search != ".") {
            check.name(search_list.item(i), search, check_dns1123_subdomain_with_underscore);
        }
    }
    for_items(*config, "options", at, [&](const Value& option, const Place& at_option) {
        if (option.string_at("name").empty()) {
            check.required(at_option, "must not be empty");
        }
    });
}

void check_gates(Checker& check, const Value& spec, const Place& at) {
    for_items(spec, "readinessGates", at, [&](const Value& gate, const Place& place) {
        check_label_name(check, place.member("conditionType"), gate.string_at("conditionType"));
    });
    std::set<std::string_view> names;
    for_items(spec, "schedulingGates", at, [&](const Value& gate, const Place& place) {
        const std::string_view name = gate.string_at("name");
        check_label_name(check, place, name);
        if (!names.insert(name).second) {
            check.duplicate(place, name);
        }
    });
}

void check_spread(Checker& check, const Value& spec, const Place& at) {
    const auto constraints = items_of(spec, "topologySpreadConstraints");
    const Place list = at.member("topologySpreadConstraints");
    for (size_t i = 0; i < constraints.size(); ++i) {
        const Value& constraint = constraints[i];
        const Place place = list.item(i);
        const int64_t skew = constraint.int_at(0, "maxSkew");
        const std::string_view key = constraint.string_at("topologyKey");
        const std::string_view action = constraint.string_at("whenUnsatisfiable");
        if (skew <= 0) {
            check.invalid(place.member("maxSkew"), skew, "must be greater than zero");
        }
        if (key.empty()) {
            check.required(place.member("topologyKey"), "can not be empty");
        } else {
            check_label_name(check, place.member("topologyKey"), key);
        }
        check.one_of(constraint, "whenUnsatisfiable", place, {"DoNotSchedule", "ScheduleAnyway"});
        for (size_t j = i + 1; j < constraints.size(); ++j) {
            if (constraints[j].string_at("topologyKey") == key &&
                constraints[j].string_at("whenUnsatisfiable") == action) {
                check.duplicate(place.member("{topologyKey, whenUnsatisfiable}"),
                                cat("{", key, ", ", action, "}"));
                break;
            }
        }
        if (const Value* domains = given(constraint, "minDomains")) {
            if (domains->is_int() && domains->as_int() <= 0) {
                check.invalid(place.member("minDomains"), *domains, "must be greater than zero");
            } else if (action != "DoNotSchedule") {
                check.invalid(place.member("minDomains"), *domains,
                              cat("can only use minDomains if "
                                  "whenUnsatisfiable=DoNotSchedule, not ",
                                  action));
            }
        }
        check.optional_one_of(constraint, "nodeAffinityPolicy", place, {"Honor", "Ignore"});
        check.optional_one_of(constraint, "nodeTaintsPolicy", place, {"Honor", "Ignore"});
        const Place keys = place.member("matchLabelKeys");
        const auto label_keys = items_of(constraint, "matchLabelKeys");
        if (!label_keys.empty() && given(constraint, "labelSelector") == nullptr) {
            check.forbidden(keys, "must not be specified when labelSelector is not set");
        }
        for (size_t j = 0; j < label_keys.size(); ++j) {
            check_label_name(check, keys.item(j), label_keys[j].as_string());
        }
        check_label_selector(check, given(constraint, "labelSelector"),
                             place.member("labelSelector"));
    }
}

}  // namespace

void check_tolerations(Checker& check, const Value& spec, const Place& at) {
    for_items(spec, "tolerations", at, [&](const Value& toleration, const Place& place) {
        const std::string_view key = toleration.string_at("key");
        const std::string_view op = toleration.string_at("operator");
        const std::string_view effect = toleration.string_at("effect");
        const std::string_view value = toleration.string_at("value");
        if (!key.empty()) {
            check_label_name(check, place.member("key"), key);
        }
        if (key.empty() && op != "Exists") {
            check.invalid(place.member("operator"), op,
                          "operator must be Exists when `key` is empty, which means \"match all "
                          "values and all keys\"");
        }
        if (given(toleration, "tolerationSeconds") != nullptr && effect != "NoExecute") {
            check.invalid(place.member("effect"), effect,
                          "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        if (op.empty() || op == "Equal") {
            if (const auto problems = check_label_value(value); !problems.empty()) {
                check.invalid(place.member("operator"), value, join(problems, ";"));
            }
        } else if (op == "Exists") {
            if (!value.empty()) {
                check.invalid(place.member("operator"), value,
                              "value must be empty when `operator` is 'Exists'");
            }
        } else {
            check.unsupported(place.member("operator"), op, {"Equal", "Exists"});
        }
        if (!effect.empty()) {
            check.one_of(toleration, "effect", place,
                         {"NoSchedule", "PreferNoSchedule", "NoExecute"});
        }
    });
}

namespace {

void check_host_aliases(Checker& check, const Value& spec, const Place& at) {
    for_items(spec, "hostAliases", at, [&](const Value& alias, const Place& place) {
        check_ip(check, place.member("ip"), alias.string_at("ip"));
        const Place names = place.member("hostnames");
        size_t index = 0;
        for (const Value& name : items_of(alias, "hostnames")) {
            check.name(names.item(index++), name.as_string(), check_dns1123_subdomain);
        }
    });
}

// A text that may be empty but must be a name if it is not.
struct NameRule {
    std::string_view member;
    Checker::NameCheck check;
};
constexpr std::array<NameRule, 2> early_names{
    {{"serviceAccountName", check_dns1123_subdomain}, {"nodeName", check_dns1123_subdomain}}};
constexpr std::array<NameRule, 3> host_names{{{"hostname", check_dns1123_label},
                                              {"subdomain", check_dns1123_label},
                                              {"hostnameOverride", check_dns1123_subdomain}}};
constexpr std::array<NameRule, 2> class_names{{{"priorityClassName", check_dns1123_subdomain},
                                               {"runtimeClassName", check_dns1123_subdomain}}};

void check_names(Checker& check, const Value& spec, const Place& at,
                 std::span<const NameRule> rules) {
    for (const NameRule& rule : rules) {
        if (const std::string_view text = spec.string_at(rule.member); !text.empty()) {
            check.name(at.member(rule.member), text, rule.check);
        }
    }
}

}  // namespace

void check_pod_spec(Checker& check, const Value& spec, const Place& at) {
    PodContext pod;
    pod.spec = &spec;
    pod.grace_period = spec.int_at(0, "terminationGracePeriodSeconds");
    pod.host_users = !is_false(spec, "hostUsers");
    const VolumeMap volumes = check_volumes(check, spec, at);
    pod.volumes = &volumes;
    check_claims(check, spec, at);
    check_containers(check, pod, at);
    check_init_containers(check, pod, at);
    check_ephemeral_containers(check, pod, at);
    check_pod_resources(check, spec, at);
    check_restart_policy(check, spec, at);
    check_dns_policy(check, spec, at);
    check_labels(check, spec.find("nodeSelector"), at.member("nodeSelector"));
    check_pod_security(check, spec, at);
    check_affinity(check, spec, at);
    check_dns_config(check, spec, at);
    check_gates(check, spec, at);
    check_spread(check, spec, at);
    check_host_processes(check, spec, at);
    check_host_users(check, spec, at);
    check_names(check, spec, at, early_names);
    check.in_range(spec, "activeDeadlineSeconds", at, 1, 2147483647);
    check_names(check, spec, at, host_names);
    check_tolerations(check, spec, at);
    check_host_aliases(check, spec, at);
    check_names(check, spec, at, class_names);
    check.optional_one_of(spec, "preemptionPolicy", at, {"PreemptLowerPriority", "Never"});
    check_os(check, spec, at);
}

void check_pod_template(Checker& check, const Value& pod_template, const Place& at) {
    const Value& metadata = map_of(pod_template, "metadata");
    check_labels(check, metadata.find("labels"), at.member("labels"));
    check_annotations(check, metadata.find("annotations"), at.member("annotations"));
    const Place spec = at.member("spec");
    check_pod_spec(check, map_of(pod_template, "spec"), spec);
    if (!items_of(map_of(pod_template, "spec"), "ephemeralContainers").empty()) {
        check.forbidden(spec.member("ephemeralContainers"),
                        "ephemeral containers not allowed in pod template");
    }
}

}  // namespace weft::server
