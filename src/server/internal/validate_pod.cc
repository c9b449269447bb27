// server/internal/validate_pod.cc: pods and the templates of pods, at creation and when they
// change.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "schema/internal_form.h"
#include "schema/strategy.h"
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

// A sysctl of a namespace that the pod shares with its host is the host's.
std::string_view shared_with_host(const Value& spec, std::string_view sysctl) {
    const bool is_ipc = sysctl == "kernel.sem" || sysctl.starts_with("kernel.shm") ||
                        sysctl.starts_with("kernel.msg") || sysctl.starts_with("fs.mqueue.");
    const std::string_view member = is_ipc                       ? "hostIPC"
                                    : sysctl.starts_with("net.") ? "hostNetwork"
                                                                 : "";
    return is_true(spec, member) ? member : std::string_view();
}

void check_sysctls(Checker& check, const Value& spec, const Value& context, const Place& at) {
    std::set<std::string_view> names;
    const Place list = at.member("sysctls");
    size_t index = 0;
    for (const Value& sysctl : items_of(context, "sysctls")) {
        const Place place = list.item(index++);
        const std::string_view name = sysctl.string_at("name");
        if (name.empty()) {
            check.required(place.member("name"));
        } else if (name.size() > 253 || !std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                              c == '_' || c == '.' || c == '/';
                   })) {
            check.invalid(
                place.member("name"), name,
                "must have at most 253 characters and match regex "
                "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
        } else if (!names.insert(name).second) {
            check.duplicate(place.member("name"), name);
        }
        if (const std::string_view host = shared_with_host(spec, name); !host.empty()) {
            check.invalid(place.member("name"), name,
                          cat("may not be specified when '", host, "' is true"));
        }
    }
}

// Every container, in the order in which errors come.
template <typename CheckContainer>
void for_containers(const Value& spec, const Place& at, const CheckContainer& check_container) {
    for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
        for_items(spec, list, at, check_container);
    }
}

void check_pod_security(Checker& check, const Value& spec, const Place& place) {
    const Value* context = given(spec, "securityContext");
    if (context == nullptr) {
        return;
    }
    if (is_true(spec, "hostNetwork")) {
        for_items(
            spec, "containers", place, [&](const Value& container, const Place& at_container) {
                const Place ports = at_container.member("ports");
                size_t number = 0;
                for (const Value& port : items_of(container, "ports")) {
                    const Place at_port = ports.item(number++);
                    const int64_t own = port.int_at(0, "containerPort");
                    // Templates of workloads have no host port yet; pods got theirs by default.
                    if (const int64_t host = port.int_at(0, "hostPort"); host != 0 && host != own) {
                        check.invalid(at_port.member("hostPort"), host,
                                      "must match `containerPort` when `hostNetwork` is true");
                    }
                }
            });
    }
    const Place at = place.member("securityContext");
    for (const std::string_view member : {"fsGroup", "runAsUser", "runAsGroup"}) {
        check_user_id(check, *context, member, at);
    }
    for_items(*context, "supplementalGroups", at, [&](const Value& group, const Place& at_group) {
        if (group.is_int() && (group.as_int() < 0 || group.as_int() > 2147483647)) {
            check.invalid(at_group, group, range_text(0, 2147483647));
        }
    });
    check.optional_one_of(*context, "supplementalGroupsPolicy", at, {"Merge", "Strict"});
    if (is_true(spec, "hostPID") && is_true(spec, "shareProcessNamespace")) {
        check.invalid(at.member("shareProcessNamespace"), true,
                      "ShareProcessNamespace and HostPID cannot both be enabled");
    }
    check_sysctls(check, spec, *context, at);
    check.optional_one_of(*context, "fsGroupChangePolicy", at, {"Always", "OnRootMismatch"});
    check_seccomp(check, given(*context, "seccompProfile"), at.member("seccompProfile"));
    check_app_armor(check, given(*context, "appArmorProfile"), at.member("appArmorProfile"));
    check.optional_one_of(*context, "seLinuxChangePolicy", at, {"MountOption", "Recursive"});
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

void check_host_users(Checker& check, const Value& spec, const Place& at) {
    if (!is_false(spec, "hostUsers")) {
        return;
    }
    constexpr std::string_view text = "when `hostUsers` is false";
    if (is_true(spec, "hostNetwork")) {
        check.forbidden(at.member("hostNetwork"), std::string(text));
    }
    if (is_true(spec, "hostPID")) {
        check.forbidden(at.member("HostPID"), std::string(text));
    }
    if (is_true(spec, "hostIPC")) {
        check.forbidden(at.member("HostIPC"), std::string(text));
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

// Whether containers are processes of their Windows host must be said of all or of none.
void check_host_processes(Checker& check, const Value& spec, const Place& at) {
    const auto wish_of = [](const Value& in) {
        return given(map_of(map_of(in, "securityContext"), "windowsOptions"), "hostProcess");
    };
    const Value* of_pod = wish_of(spec);
    size_t count = 0;
    size_t host_processes = 0;
    for_containers(spec, at, [&](const Value& container, const Place& place) {
        ++count;
        const Value* own = wish_of(container);
        if (of_pod != nullptr && own != nullptr && *own != *of_pod) {
            const Place context = place.member("securityContext");
            const Place options = context.member("windowsOptions");
            check.invalid(options.member("hostProcess"), *own,
                          cat("pod hostProcess value must be identical if both are specified, was ",
                              to_json(*of_pod)));
        }
        const Value* meant = own != nullptr ? own : of_pod;
        host_processes += meant != nullptr && *meant == Value(true) ? 1 : 0;
    });
    if (host_processes == 0) {
        return;
    }
    if (host_processes != count) {
        check.invalid(at, "",
                      "If pod contains any hostProcess containers then all containers must be "
                      "HostProcess containers");
    }
    if (!is_true(spec, "hostNetwork")) {
        check.invalid(at.member("hostNetwork"), false,
                      "hostNetwork must be true if pod contains any hostProcess containers");
    }
}

// What only Linux has, in the order in which a pod for Windows is told of it.
void check_windows(Checker& check, const Value& spec, const Place& at) {
    constexpr std::string_view text = "cannot be set for a windows pod";
    const auto forbid = [&](const Value& in, const Place& place,
                            std::initializer_list<std::string_view> members) {
        for (const std::string_view member : members) {
            const Value* found = given(in, member);
            const bool is_flag = member == "hostPID" || member == "hostIPC";
            const bool is_said = found != nullptr && (is_flag            ? *found == Value(true)
                                                      : found->is_list() ? !found->empty()
                                                                         : true);
            if (is_said) {
                check.forbidden(place.member(member), std::string(text));
            }
        }
    };
    const Value& context = map_of(spec, "securityContext");
    const Place place = at.member("securityContext");
    forbid(context, place, {"appArmorProfile", "seLinuxOptions"});
    forbid(spec, at, {"hostUsers", "hostPID", "hostIPC"});
    forbid(context, place, {"seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"});
    forbid(spec, at, {"shareProcessNamespace"});
    forbid(context, place,
           {"runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy"});
    for_containers(spec, at, [&](const Value& container, const Place& at_container) {
        forbid(map_of(container, "securityContext"), at_container.member("securityContext"),
               {"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities",
                "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount",
                "runAsUser", "runAsGroup"});
    });
}

void check_linux(Checker& check, const Value& spec, const Place& at) {
    const auto forbid = [&check](const Value& in, const Place& place) {
        if (given(map_of(in, "securityContext"), "windowsOptions") != nullptr) {
            const Place context = place.member("securityContext");
            check.forbidden(context.member("windowsOptions"),
                            "windows options cannot be set for a linux pod");
        }
    };
    forbid(spec, at);
    for_containers(spec, at, forbid);
}

void check_os(Checker& check, const Value& spec, const Place& place) {
    const Value* os = given(spec, "os");
    if (os == nullptr) {
        return;
    }
    const Place at = place.member("os");
    const std::string_view name = os->string_at("name");
    if (name.empty()) {
        check.required(at.member("name"), "cannot be empty");
    } else if (name == "linux") {
        check_linux(check, spec, place);
    } else if (name == "windows") {
        check_windows(check, spec, place);
    } else {
        check.unsupported(at, name, {"linux", "windows"});
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

namespace {

// What pods must fulfil, but not their templates.
void check_only_pods(Checker& check, const Value& spec, const Place& at) {
    if (spec.string_at("serviceAccountName").empty()) {
        const Place list = at.member("volumes");
        size_t index = 0;
        for (const Value& volume : items_of(spec, "volumes")) {
            const Place place = list.item(index++);
            const Place projected = place.member("projected");
            const Place sources = projected.member("sources");
            size_t number = 0;
            for (const Value& source : items_of(map_of(volume, "projected"), "sources")) {
                const Place at_source = sources.item(number++);
                if (given(source, "serviceAccountToken") != nullptr) {
                    check.forbidden(at_source.member("serviceAccountToken"),
                                    "must not be specified when serviceAccountName is not set");
                }
            }
        }
    }
    for (const std::string_view kind : {"containers", "initContainers", "ephemeralContainers"}) {
        const Place list = at.member(kind);
        size_t index = 0;
        for (const Value& container : items_of(spec, kind)) {
            const Place place = list.item(index++);
            const std::string_view image = container.string_at("image");
            if (trim(image) != image) {
                check.invalid(place.member("image"), image,
                              "must not have leading or trailing whitespace");
            }
        }
    }
}

void check_new_pod(Checker& check, const Value& pod, const Place& at) {
    const Value& spec = map_of(pod, "spec");
    if (!items_of(spec, "ephemeralContainers").empty()) {
        check.forbidden(at.member("ephemeralContainers"), "cannot be set on create");
    }
    if (!items_of(spec, "schedulingGates").empty() && !spec.string_at("nodeName").empty()) {
        check.forbidden(at.member("nodeName"),
                        "cannot be set until all schedulingGates have been cleared");
    }
}

// The same number of containers, each with an image; false: nothing else is worth a word (that the
// number changed says schema, whose rules know what may not change).
bool check_container_update(Checker& check, const Value& spec, const Value& old_spec,
                            std::string_view list, const Place& at) {
    const auto now = items_of(spec, list);
    const Place place = at.member(list);
    if (now.size() != items_of(old_spec, list).size()) {
        return false;
    }
    for (size_t i = 0; i < now.size(); ++i) {
        if (trim(now[i].string_at("image")).empty()) {
            const Place container = place.item(i);
            check.required(container.member("image"));
        }
    }
    return true;
}

// False if the deadline changed as it must not.
bool check_deadline_update(Checker& check, const Value& spec, const Value& old_spec,
                           const Place& at) {
    constexpr std::string_view member = "activeDeadlineSeconds";
    const Value* now = given(spec, member);
    const Value* before = given(old_spec, member);
    if (now != nullptr) {
        if (now->as_int() < 0 || now->as_int() > 2147483647) {
            check.invalid(at.member(member), *now, range_text(0, 2147483647));
            return false;
        }
        if (before != nullptr && before->as_int() < now->as_int()) {
            check.invalid(at.member(member), *now, "must be less than or equal to previous value");
            return false;
        }
    } else if (before != nullptr) {
        check.invalid(at.member(member), Value(),
                      "must not update from a positive integer to nil value");
    }
    return true;
}

void check_toleration_update(Checker& check, const Value& spec, const Value& old_spec,
                             const Place& at) {
    const auto now = items_of(spec, "tolerations");
    for (const Value& before : items_of(old_spec, "tolerations")) {
        Value same = before;
        same.erase("tolerationSeconds");
        const bool is_there = std::ranges::any_of(now, [&](const Value& one) {
            Value other = one;
            other.erase("tolerationSeconds");
            return other == same;
        });
        if (!is_there) {
            check.forbidden(at.member("tolerations"),
                            "existing toleration can not be modified except its tolerationSeconds");
            return;
        }
    }
}

void check_gate_update(Checker& check, const Value& spec, const Value& old_spec, const Place& at) {
    if (items_of(old_spec, "schedulingGates").empty()) {
        return;
    }
    // Where a gated pod may run can be narrowed, not changed.
    const Value& selector = map_of(spec, "nodeSelector");
    for (const Member& term : members_of(old_spec, "nodeSelector")) {
        const Value* now = selector.find(term.name());
        if (now == nullptr || *now != term.value) {
            check.invalid(at.member("nodeSelector"), selector,
                          "only additions are allowed (no deletions or mutations)");
            return;
        }
    }
}

void check_pod_update(Checker& check, const Value& pod, const Value& old_pod, const Place& at) {
    const Value& spec = map_of(pod, "spec");
    const Value& old_spec = map_of(old_pod, "spec");
    if (!check_container_update(check, spec, old_spec, "containers", at) ||
        !check_container_update(check, spec, old_spec, "initContainers", at) ||
        !check_deadline_update(check, spec, old_spec, at)) {
        return;
    }
    check_toleration_update(check, spec, old_spec, at);
    check_gate_update(check, spec, old_spec, at);
}

void check_pod(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    check_pod_spec(check, spec, at);
    check_only_pods(check, spec, at);
    if (old == nullptr) {
        check_new_pod(check, pod, at);
    } else {
        check_pod_update(check, pod, *old, at);
    }
}

void check_pod_ephemeral(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    check_pod_spec(check, spec, at);
    check_only_pods(check, spec, at);
    const Place list = at.member("ephemeralContainers");
    const auto now = items_of(spec, "ephemeralContainers");
    const auto before = items_of(map_of(*old, "spec"), "ephemeralContainers");
    const auto named = [](std::span<const Value> all, std::string_view name) -> const Value* {
        const auto found = std::ranges::find_if(
            all, [&](const Value& one) { return one.string_at("name") == name; });
        return found == all.end() ? nullptr : &*found;
    };
    for (size_t i = 0; i < now.size(); ++i) {
        const std::string_view name = now[i].string_at("name");
        const Value* was = named(before, name);
        if (was != nullptr && *was != now[i]) {
            check.forbidden(
                list,
                cat("existing ephemeral containers ", quote(name), " may not be changed\n",
                    schema::internal_diff(schema::Builtin::get(),
                                          "io.k8s.api.core.v1.EphemeralContainer", *was, now[i])));
        }
    }
    for (const Value& was : before) {
        if (named(now, was.string_at("name")) == nullptr) {
            check.forbidden(list, cat("existing ephemeral containers ",
                                      quote(was.string_at("name")), " may not be removed\n"));
        }
    }
}

// What was asked for must stay asked for.
void check_kept_resources(Checker& check, const Value& container, const Value& before,
                          const Place& at) {
    const Place place = at.member("resources");
    for (const std::string_view member : {"requests", "limits"}) {
        const Value& now = map_of(map_of(container, "resources"), member);
        for (const Member& amount : members_of(map_of(before, "resources"), member)) {
            if (!now.contains(amount.name())) {
                check.forbidden(place.member(member),
                                cat("resource ", member, " cannot be removed"));
                break;
            }
        }
    }
}

// Containers with what a resize may change taken from the old ones.
Value without_resize(const Value& spec, const Value& old_spec) {
    Value out = spec;
    for (const std::string_view list : {"containers", "initContainers"}) {
        Value* containers = out.find_mutable(list);
        const auto before = items_of(old_spec, list);
        for (size_t i = 0; containers != nullptr && i < std::min(containers->size(), before.size());
             ++i) {
            Value resources = map_of(containers->at(i), "resources");
            const Value& old_resources = map_of(before[i], "resources");
            for (const std::string_view member : {"requests", "limits"}) {
                Value amounts = map_of(resources, member);
                for (const std::string_view name : {"cpu", "memory"}) {
                    amounts.erase(name);
                    if (const Value* amount = old_resources.find(member, name)) {
                        amounts.set(name, *amount);
                    }
                }
                if (amounts.empty()) {
                    resources.erase(member);
                } else {
                    amounts.sort_members();
                    resources.set(member, std::move(amounts));
                }
            }
            containers->mutable_item(i).set("resources", std::move(resources));
        }
    }
    return out;
}

void check_pod_resize(Checker& check, const Value& pod, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(pod, "spec");
    const Value& old_spec = map_of(*old, "spec");
    check_pod_spec(check, spec, at);
    check_only_pods(check, spec, at);
    const std::string_view quality = old->string_at("status", "qosClass");
    if (!quality.empty() && schema::pod_qos_class(pod) != quality) {
        check.invalid(at, quality, "Pod QOS Class may not change as a result of resizing");
        return;
    }
    for (const std::string_view list : {"containers", "initContainers"}) {
        const auto containers = items_of(spec, list);
        const auto before = items_of(old_spec, list);
        const Place place = at.member(list);
        for (size_t i = 0; i < std::min(containers.size(), before.size()); ++i) {
            const Place container = place.item(i);
            check_kept_resources(check, containers[i], before[i], container);
        }
    }
    if (check.errors().empty() && without_resize(spec, old_spec) != old_spec) {
        check.forbidden(at, "only cpu and memory resources are mutable");
    }
}

void check_template_object(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    check_pod_template(check, map_of(object, "template"), root.member("template"));
}

constexpr std::array<KindRules, 4> pod_table{
    {{"", "Pod", "", check_pod},
     {"", "Pod", "ephemeralcontainers", check_pod_ephemeral},
     {"", "Pod", "resize", check_pod_resize},
     {"", "PodTemplate", "", check_template_object}}};

}  // namespace

std::span<const KindRules> pod_rules() {
    return pod_table;
}

}  // namespace weft::server
