// schema/quota_usage.cc: pods, services, claims, and everything else by the piece.

#include "schema/quota_usage.h"

#include <algorithm>
#include <set>

namespace weft::schema {

namespace {

// Core resources that have a name of their own besides "count/…".
constexpr std::string_view named_resources[] = {"configmaps",     "persistentvolumeclaims",
                                                "pods",           "replicationcontrollers",
                                                "resourcequotas", "secrets",
                                                "services"};

constexpr std::string_view request_prefix = "requests.";
constexpr std::string_view limit_prefix = "limits.";
constexpr std::string_view class_infix = ".storageclass.storage.k8s.io/";

std::string count_name(std::string_view group, std::string_view resource) {
    return group.empty() ? cat("count/", resource) : cat("count/", resource, ".", group);
}

bool is_named(std::string_view group, std::string_view resource) {
    return group.empty() &&
           std::ranges::find(named_resources, resource) != std::end(named_resources);
}

void add_amount(QuotaAmounts& into, std::string_view name, const Quantity& amount) {
    const auto [at, is_new] = into.emplace(name, amount);
    if (!is_new) {
        at->second = at->second.plus(amount);
    }
}

void add_amounts(QuotaAmounts& into, const QuotaAmounts& amounts) {
    for (const auto& [name, amount] : amounts) {
        add_amount(into, name, amount);
    }
}

void take_larger_amounts(QuotaAmounts& into, const QuotaAmounts& amounts) {
    for (const auto& [name, amount] : amounts) {
        const auto [at, is_new] = into.emplace(name, amount);
        if (!is_new && at->second < amount) {
            at->second = amount;
        }
    }
}

bool is_sidecar(const Value& container) {
    return container.string_at("restartPolicy") == "Always";
}

// The requests (or limits) of a whole pod: containers side by side, init containers one after the
// other with the sidecars that run already, and the overhead.
QuotaAmounts pod_amounts(const Value& spec, std::string_view member) {
    QuotaAmounts total;
    if (const Value* containers = spec.find("containers")) {
        for (const Value& container : containers->items()) {
            add_amounts(total, parse_amounts(container.find("resources", member)));
        }
    }
    if (const Value* containers = spec.find("initContainers")) {
        QuotaAmounts sidecars;
        QuotaAmounts largest;
        for (const Value& container : containers->items()) {
            QuotaAmounts own = parse_amounts(container.find("resources", member));
            if (is_sidecar(container)) {
                add_amounts(total, own);
                add_amounts(sidecars, own);
                own = sidecars;
            } else {
                add_amounts(own, sidecars);
            }
            take_larger_amounts(largest, own);
        }
        take_larger_amounts(total, largest);
    }
    if (const Value* own = spec.find("resources", member); own != nullptr && own->is_map()) {
        for (const auto& [name, amount] : parse_amounts(own)) {
            total[name] = amount;
        }
    }
    add_amounts(total, parse_amounts(spec.find("overhead")));
    return total;
}

bool is_plain_resource(std::string_view name) {
    return name == "cpu" || name == "memory" || name == "ephemeral-storage" ||
           name.starts_with("hugepages-");
}

// The names that a quota has for the requests and limits of something.
QuotaAmounts compute_names(const QuotaAmounts& requests, const QuotaAmounts& limits) {
    QuotaAmounts out;
    for (const auto& [name, amount] : requests) {
        if (is_plain_resource(name)) {
            out.emplace(name, amount);
        }
        if (is_plain_resource(name) || name.find('/') != std::string::npos) {
            out.emplace(cat(request_prefix, name), amount);
        }
    }
    for (const auto& [name, amount] : limits) {
        if (name == "cpu" || name == "memory" || name == "ephemeral-storage") {
            out.emplace(cat(limit_prefix, name), amount);
        }
    }
    return out;
}

void count_pod(const Value& pod, QuotaAmounts& out) {
    const std::string_view phase = pod.string_at("status", "phase");
    if (phase == "Failed" || phase == "Succeeded") {
        return;
    }
    out.emplace("pods", Quantity::of_units(1));
    const Value* spec = pod.find("spec");
    const Value empty = Value::map();
    add_amounts(out, compute_names(pod_amounts(spec == nullptr ? empty : *spec, "requests"),
                                   pod_amounts(spec == nullptr ? empty : *spec, "limits")));
}

void count_service(const Value& service, QuotaAmounts& out) {
    const std::string_view type = service.string_at("spec", "type");
    const Value* ports = service.find("spec", "ports");
    const auto count = static_cast<int64_t>(ports == nullptr ? 0 : ports->size());
    out.emplace("services", Quantity::of_units(1));
    const Value* allocates = service.find("spec", "allocateLoadBalancerNodePorts");
    const bool is_balanced = type == "LoadBalancer";
    const bool has_ports =
        type == "NodePort" ||
        (is_balanced && (allocates == nullptr || !allocates->is_bool() || allocates->as_bool()));
    out.emplace("services.nodeports", Quantity::of_units(has_ports ? count : 0));
    out.emplace("services.loadbalancers", Quantity::of_units(is_balanced ? 1 : 0));
}

void count_claim(const Value& claim, QuotaAmounts& out) {
    const std::string_view class_name = claim.string_at("spec", "storageClassName");
    out.emplace("persistentvolumeclaims", Quantity::of_units(1));
    if (!class_name.empty()) {
        out.emplace(cat(class_name, class_infix, "persistentvolumeclaims"), Quantity::of_units(1));
    }
    const QuotaAmounts requests = parse_amounts(claim.find("spec", "resources", "requests"));
    if (const auto found = requests.find("storage"); found != requests.end()) {
        out.emplace("requests.storage", found->second);
        if (!class_name.empty()) {
            out.emplace(cat(class_name, class_infix, "requests.storage"), found->second);
        }
    }
}

bool is_best_effort(const Value& pod) {
    for (const std::string_view member : {"containers", "initContainers"}) {
        const Value* containers = pod.find("spec", member);
        for (size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
            for (const std::string_view amounts : {"requests", "limits"}) {
                const Value* list = containers->at(i).find("resources", amounts);
                if (list != nullptr && (list->contains("cpu") || list->contains("memory"))) {
                    return false;
                }
            }
        }
    }
    return true;
}

bool has_foreign_affinity(const Value& pod) {
    const auto is_foreign = [](const Value& term) {
        const Value* namespaces = term.find("namespaces");
        return (namespaces != nullptr && !namespaces->empty()) ||
               term.find("namespaceSelector") != nullptr;
    };
    for (const std::string_view kind : {"podAffinity", "podAntiAffinity"}) {
        const Value* affinity = pod.find("spec", "affinity", kind);
        if (affinity == nullptr) {
            continue;
        }
        if (const Value* terms = affinity->find("requiredDuringSchedulingIgnoredDuringExecution")) {
            if (std::ranges::any_of(terms->items(), is_foreign)) {
                return true;
            }
        }
        if (const Value* terms =
                affinity->find("preferredDuringSchedulingIgnoredDuringExecution")) {
            for (const Value& weighted : terms->items()) {
                const Value* term = weighted.find("podAffinityTerm");
                if (term != nullptr && is_foreign(*term)) {
                    return true;
                }
            }
        }
    }
    return false;
}

// In, NotIn, Exists, DoesNotExist over one value; no value is "".
bool selects_value(std::string_view op, const Value* values, std::string_view value) {
    const bool is_listed = values != nullptr && std::ranges::find(values->items(), Value(value)) !=
                                                    values->items().end();
    if (op == "In") {
        return is_listed;
    }
    if (op == "NotIn") {
        return !is_listed;
    }
    return op == "DoesNotExist" ? value.empty() : !value.empty();
}

bool scope_matches(std::string_view scope, std::string_view op, const Value* values,
                   std::string_view group, std::string_view resource, const Value& object) {
    if (group.empty() && resource == "persistentvolumeclaims" && scope == "VolumeAttributesClass") {
        return selects_value(op, values, object.string_at("spec", "volumeAttributesClassName"));
    }
    if (!group.empty() || resource != "pods") {
        return false;  // scopes are about pods
    }
    const Value* deadline = object.find("spec", "activeDeadlineSeconds");
    const bool terminates = deadline != nullptr && deadline->is_int() && deadline->as_int() >= 0;
    if (scope == "Terminating") {
        return terminates;
    }
    if (scope == "NotTerminating") {
        return !terminates;
    }
    if (scope == "BestEffort") {
        return is_best_effort(object);
    }
    if (scope == "NotBestEffort") {
        return !is_best_effort(object);
    }
    if (scope == "PriorityClass") {
        return selects_value(op, values, object.string_at("spec", "priorityClassName"));
    }
    return scope == "CrossNamespacePodAffinity" && has_foreign_affinity(object);
}

}  // namespace

QuotaAmounts parse_amounts(const Value* list) {
    QuotaAmounts out;
    if (list != nullptr) {
        for (const Member& entry : list->members()) {
            std::optional<Result<Quantity>> amount;
            if (entry.value.is_string()) {
                amount = Quantity::parse(entry.value.as_string());
            } else if (entry.value.is_int()) {
                amount = Quantity::of_units(entry.value.as_int());
            }
            if (amount && *amount) {
                out.emplace(entry.name(), **amount);
            }
        }
    }
    return out;
}

Value amounts_value(const QuotaAmounts& amounts) {
    Value out = Value::map();
    for (const auto& [name, amount] : amounts) {
        out.append_new(name, amount.text());
    }
    return out;
}

std::string amounts_text(const QuotaAmounts& amounts) {
    std::string out;
    for (const auto& [name, amount] : amounts) {
        append(out, out.empty() ? "" : ",", name, "=", amount.text());
    }
    return out;
}

QuotaAmounts quota_usage(std::string_view group, std::string_view resource, const Value& object) {
    QuotaAmounts out;
    out.emplace(count_name(group, resource), Quantity::of_units(1));
    if (!is_named(group, resource)) {
        return out;
    }
    if (resource == "pods") {
        count_pod(object, out);
    } else if (resource == "services") {
        count_service(object, out);
    } else if (resource == "persistentvolumeclaims") {
        count_claim(object, out);
    } else {
        out.emplace(resource, Quantity::of_units(1));
    }
    return out;
}

bool counts_for(std::string_view group, std::string_view resource, std::string_view name) {
    if (name == count_name(group, resource)) {
        return true;
    }
    if (!is_named(group, resource)) {
        return false;
    }
    if (name == resource) {
        return true;
    }
    if (resource == "services") {
        return name == "services.nodeports" || name == "services.loadbalancers";
    }
    if (resource == "persistentvolumeclaims") {
        return name == "requests.storage" || name.find(class_infix) != std::string_view::npos;
    }
    if (resource != "pods") {
        return false;
    }
    if (name.starts_with(request_prefix)) {
        const std::string_view rest = name.substr(request_prefix.size());
        return is_plain_resource(rest) || (rest.find('/') != std::string_view::npos);
    }
    if (name.starts_with(limit_prefix)) {
        return is_plain_resource(name.substr(limit_prefix.size()));
    }
    return is_plain_resource(name);
}

bool counts_on_update(std::string_view group, std::string_view resource) {
    return group.empty() &&
           (resource == "pods" || resource == "services" || resource == "persistentvolumeclaims");
}

bool scopes_match(const Value& quota, std::string_view group, std::string_view resource,
                  const Value& object) {
    if (const Value* scopes = quota.find("spec", "scopes")) {
        for (const Value& scope : scopes->items()) {
            if (scope.is_string() &&
                !scope_matches(scope.as_string(), "Exists", nullptr, group, resource, object)) {
                return false;
            }
        }
    }
    if (const Value* terms = quota.find("spec", "scopeSelector", "matchExpressions")) {
        for (const Value& term : terms->items()) {
            if (!scope_matches(term.string_at("scopeName"), term.string_at("operator"),
                               term.find("values"), group, resource, object)) {
                return false;
            }
        }
    }
    return true;
}

std::string quota_constraint(std::string_view group, std::string_view resource, const Value& object,
                             const std::vector<std::string>& names) {
    static constexpr std::string_view explicit_names[] = {
        "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};
    if (!group.empty() || resource != "pods") {
        return {};
    }
    std::map<std::string, std::set<std::string>> missing;
    for (const std::string_view member : {"containers", "initContainers"}) {
        const Value* containers = object.find("spec", member);
        for (size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
            const Value& container = containers->at(i);
            const QuotaAmounts said =
                compute_names(parse_amounts(container.find("resources", "requests")),
                              parse_amounts(container.find("resources", "limits")));
            for (const std::string& name : names) {
                const bool is_wanted =
                    std::ranges::find(explicit_names, name) != std::end(explicit_names);
                if (is_wanted && !said.contains(name)) {
                    missing[name].emplace(container.string_at("name"));
                }
            }
        }
    }
    std::vector<std::string> parts;
    for (const auto& [name, containers] : missing) {
        parts.push_back(cat(
            name,
            " for: ", join(std::vector<std::string>(containers.begin(), containers.end()), ",")));
    }
    return parts.empty() ? std::string() : cat("must specify ", join(parts, "; "));
}

}  // namespace weft::schema
