// cluster/internal/view.cc: kinds, selectors, conditions, hashes.

#include "cluster/internal/view.h"

#include <algorithm>
#include <array>

#include "object/json.h"

namespace weft::cluster {

namespace {

kube::Resource resource(std::string group, std::string version, std::string plural,
                        std::string kind, bool namespaced, bool has_status) {
    return {{std::move(group), std::move(version), std::move(plural)},
            std::move(kind),
            namespaced,
            has_status};
}

const std::array<kube::Resource, kind_count>& all_resources() {
    static const std::array<kube::Resource, kind_count> table = {
        resource("", "v1", "pods", "Pod", true, true),
        resource("", "v1", "nodes", "Node", false, true),
        resource("", "v1", "services", "Service", true, true),
        resource("", "v1", "endpoints", "Endpoints", true, false),
        resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, false),
        resource("apps", "v1", "replicasets", "ReplicaSet", true, true),
        resource("", "v1", "replicationcontrollers", "ReplicationController", true, true),
        resource("apps", "v1", "deployments", "Deployment", true, true),
        resource("apps", "v1", "statefulsets", "StatefulSet", true, true),
        resource("apps", "v1", "daemonsets", "DaemonSet", true, true),
        resource("apps", "v1", "controllerrevisions", "ControllerRevision", true, false),
        resource("batch", "v1", "jobs", "Job", true, true),
        resource("batch", "v1", "cronjobs", "CronJob", true, true),
        resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, true),
        resource("", "v1", "persistentvolumes", "PersistentVolume", false, true),
        resource("networking.k8s.io", "v1", "ingresses", "Ingress", true, true),
        resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true,
                 true),
        resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, true),
        resource("", "v1", "namespaces", "Namespace", false, true),
        resource("", "v1", "serviceaccounts", "ServiceAccount", true, false),
        resource("", "v1", "configmaps", "ConfigMap", true, false),
        resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, false),
        resource("", "v1", "resourcequotas", "ResourceQuota", true, true),
    };
    return table;
}

bool has_text(const Value* list, std::string_view text) {
    return list != nullptr && std::ranges::any_of(list->items(), [&](const Value& item) {
               return item.is_string() && item.as_string() == text;
           });
}

bool matches_expression(const Value& expression, const Value* labels) {
    const Value* label = labels == nullptr ? nullptr : labels->find(expression.string_at("key"));
    const std::string_view operation = expression.string_at("operator");
    const bool is_in = label != nullptr && label->is_string() &&
                       has_text(expression.find("values"), label->as_string());
    if (operation == "In") {
        return is_in;
    }
    if (operation == "NotIn") {
        return !is_in;
    }
    if (operation == "Exists") {
        return label != nullptr;
    }
    return operation == "DoesNotExist" && label == nullptr;
}

bool has_labels(const Value& wanted, const Value* labels) {
    return std::ranges::all_of(wanted.members(), [&](const Member& member) {
        const Value* label = labels == nullptr ? nullptr : labels->find(member.name());
        return label != nullptr && *label == member.value;
    });
}

// Members sorted at every level: the same text for the same content.
Value sorted(Value value) {
    if (value.is_map()) {
        Value out = Value::map_with_capacity(value.size());
        for (const Member& member : value.members()) {
            out.append_new(member.name(), sorted(member.value));
        }
        out.sort_members();
        return out;
    }
    if (value.is_list()) {
        Value out = Value::list();
        for (const Value& item : value.items()) {
            out.push_back(sorted(item));
        }
        return out;
    }
    return value;
}

}  // namespace

const kube::Resource& resource_of(Kind kind) {
    return all_resources()[static_cast<size_t>(kind)];
}

std::optional<Kind> kind_of(std::string_view api_version, std::string_view kind) {
    for (size_t i = 0; i < kind_count; ++i) {
        const kube::Resource& candidate = all_resources()[i];
        if (candidate.kind == kind && candidate.gvr.api_version() == api_version) {
            return static_cast<Kind>(i);
        }
    }
    return std::nullopt;
}

void Outcome::set_status(Kind kind, const Object& object, Value status) {
    const Value* has = object.value().find("status");
    if (has != nullptr && *has == status) {
        return;
    }
    Object with(object);
    with.mutable_value().set("status", std::move(status));
    changes.push_back({Change::Verb::update_status, kind, std::move(with)});
}

int64_t Delays::of(std::string_view uid, std::string_view step, int64_t min, int64_t max) const {
    if (!is_on_) {
        return 0;
    }
    uint64_t hash = fnv64a(cat(seed_, " ", uid, " ", step));
    hash ^= hash >> 32;
    return min + static_cast<int64_t>(hash % static_cast<uint64_t>(max - min + 1));
}

int64_t nanos_until(std::string_view text, int64_t nanos, Time now) {
    const std::optional<Time> from = parse_rfc3339(text);
    if (!from.has_value()) {
        return 0;
    }
    const int64_t passed = nanos_of(now.seconds - from->seconds) + now.nanos - from->nanos;
    return std::max<int64_t>(nanos - passed, 0);
}

bool selects(const Value* label_selector, const Object& object) {
    if (label_selector == nullptr || label_selector->empty()) {
        return false;
    }
    const Value* labels = object.value().find("metadata", "labels");
    const Value* wanted = label_selector->find("matchLabels");
    const Value* expressions = label_selector->find("matchExpressions");
    return (wanted == nullptr || has_labels(*wanted, labels)) &&
           (expressions == nullptr ||
            std::ranges::all_of(expressions->items(), [&](const Value& expression) {
                return matches_expression(expression, labels);
            }));
}

bool selects_plainly(const Value* labels, const Object& object) {
    return labels != nullptr && !labels->empty() &&
           has_labels(*labels, object.value().find("metadata", "labels"));
}

const Value* controller_of(const Object& object) {
    const Value* references = object.value().find("metadata", "ownerReferences");
    if (references == nullptr) {
        return nullptr;
    }
    for (const Value& reference : references->items()) {
        const Value* controller = reference.find("controller");
        if (controller != nullptr && controller->is_bool() && controller->as_bool()) {
            return &reference;
        }
    }
    return nullptr;
}

Value controller_reference(Kind kind, const Object& owner) {
    const kube::Resource& owner_resource = resource_of(kind);
    return Value::map_of({{"apiVersion", owner_resource.gvr.api_version()},
                          {"kind", owner_resource.kind},
                          {"name", owner.name()},
                          {"uid", owner.uid()},
                          {"controller", true},
                          {"blockOwnerDeletion", true}});
}

const Value* find_condition(const Value& status, std::string_view type) {
    const Value* conditions = status.find("conditions");
    if (conditions == nullptr) {
        return nullptr;
    }
    for (const Value& condition : conditions->items()) {
        if (condition.string_at("type") == type) {
            return &condition;
        }
    }
    return nullptr;
}

bool is_condition_true(const Object& object, std::string_view type) {
    const Value* status = object.value().find("status");
    const Value* condition = status == nullptr ? nullptr : find_condition(*status, type);
    return condition != nullptr && condition->string_at("status") == "True";
}

std::string safe_hash(const Value& value, int64_t collisions) {
    constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
    std::string hashed = to_json(sorted(value));
    if (collisions > 0) {
        append(hashed, collisions);
    }
    std::string out = cat(fnv32a(hashed));
    for (char& c : out) {
        c = letters[static_cast<unsigned char>(c) % letters.size()];
    }
    return out;
}

int64_t scaled(const Value* number_or_percent, int64_t otherwise, int64_t total, bool round_up) {
    if (number_or_percent == nullptr) {
        return otherwise;
    }
    if (number_or_percent->is_int()) {
        return number_or_percent->as_int();
    }
    if (!number_or_percent->is_string() || !number_or_percent->as_string().ends_with('%')) {
        return otherwise;
    }
    std::string_view digits = number_or_percent->as_string();
    digits.remove_suffix(1);
    const int64_t percent = std::clamp<int64_t>(parse_int(digits).value_or(0), 0, 1000);
    return (total * percent + (round_up ? 99 : 0)) / 100;
}

Object from_template(const Value& pod_template, Kind owner_kind, const Object& owner) {
    Object object;
    Value& value = object.mutable_value();
    value.set("apiVersion", "v1");
    value.set("kind", "Pod");
    Value metadata = Value::map();
    metadata.set("namespace", owner.namespace_());
    for (const std::string_view member : {"labels", "annotations", "finalizers"}) {
        if (const Value* given = pod_template.find("metadata", member)) {
            metadata.set(member, *given);
        }
    }
    metadata.set("ownerReferences", Value::list_of({controller_reference(owner_kind, owner)}));
    value.set("metadata", std::move(metadata));
    const Value* spec = pod_template.find("spec");
    value.set("spec", spec == nullptr ? Value::map() : *spec);
    return object;
}

bool is_pod_active(const Object& pod) {
    const std::string_view phase = pod.value().string_at("status", "phase");
    return phase != "Succeeded" && phase != "Failed" && !pod.is_deleting();
}

bool is_pod_ready(const Object& pod) {
    return is_condition_true(pod, "Ready");
}

bool is_pod_available(const Object& pod, int64_t min_ready_seconds, const Moment& moment,
                      Outcome* again) {
    if (!is_pod_ready(pod)) {
        return false;
    }
    if (min_ready_seconds == 0) {
        return true;
    }
    const Value* ready = find_condition(*pod.value().find("status"), "Ready");
    const int64_t wait = nanos_until(ready->string_at("lastTransitionTime"),
                                     nanos_of(min_ready_seconds), moment.now);
    if (wait > 0) {
        again->look_again(wait);
    }
    return wait == 0;
}

void set_count(Value& status, std::string_view name, int64_t count) {
    if (count != 0) {
        status.set(name, count);
    }
}

}  // namespace weft::cluster
