// schema/strategy.cc: what happens to builtin objects on their way into the store.

#include "schema/strategy.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace weft::schema {

namespace {

bool is_resource(const BuiltinResource& resource, std::string_view group, std::string_view name) {
    return resource.group == group && resource.resource == name;
}

// ".spec.x" and "spec.x" alike; a key of labels or annotations is never part of these paths.
std::vector<std::string_view> strategy_path(std::string_view text) {
    return split(text.starts_with('.') ? text.substr(1) : text, '.');
}

const Value* find_path(const Value& value, std::string_view text) {
    const Value* at = &value;
    for (const std::string_view step : strategy_path(text)) {
        at = at == nullptr ? nullptr : at->find(step);
    }
    return at;
}

void copy_path(const Value& from, Value& to, std::string_view text) {
    const std::vector<std::string_view> steps = strategy_path(text);
    const Value* source = find_path(from, text);
    Value* target = &to;
    for (size_t i = 0; i + 1 < steps.size(); ++i) {
        target = &target->mutable_member(steps[i]);
    }
    if (source == nullptr) {
        if (target->is_map()) {
            target->erase(steps.back());
        }
    } else {
        target->set(steps.back(), *source);
    }
}

bool same_path(const Value& a, const Value& b, std::string_view text) {
    const Value* x = find_path(a, text);
    const Value* y = find_path(b, text);
    return x == nullptr || y == nullptr ? x == y : *x == *y;
}

bool is_absent(const Value* value) {
    return value == nullptr || value->is_null() ||
           ((value->is_string() || value->is_list() || value->is_map()) && value->empty());
}

Value first_status(const BuiltinResource& resource, const Value& object, Time now) {
    if (is_resource(resource, "", "pods")) {
        Value status = Value::map_of(
            {{"phase", Value("Pending")}, {"qosClass", Value(pod_qos_class(object))}});
        if (const Value* gates = object.find("spec", "schedulingGates");
            gates != nullptr && !gates->empty()) {
            status.set(
                "conditions",
                Value::list_of({Value::map_of(
                    {{"type", "PodScheduled"},
                     {"status", "False"},
                     {"lastProbeTime", Value()},
                     {"lastTransitionTime", format_rfc3339(now)},
                     {"reason", "SchedulingGated"},
                     {"message", "Scheduling is blocked due to non-empty scheduling gates"}})}));
        }
        return status;
    }
    if (is_resource(resource, "", "namespaces")) {
        return Value::map_of({{"phase", Value("Active")}});
    }
    if (is_resource(resource, "", "persistentvolumes")) {
        return Value::map_of(
            {{"phase", Value("Pending")}, {"lastPhaseTransitionTime", Value(format_rfc3339(now))}});
    }
    return Value::map();
}

void prepare_job(Value& job, std::string_view uid) {
    const Value* manual = job.find("spec", "manualSelector");
    if (manual != nullptr && manual->is_bool() && manual->as_bool()) {
        return;
    }
    Value& spec = job.mutable_member("spec");
    Value& labels =
        spec.mutable_member("template").mutable_member("metadata").mutable_member("labels");
    const std::string name(job.string_at("metadata", "name"));
    labels.set("batch.kubernetes.io/controller-uid", Value(uid));
    labels.set("batch.kubernetes.io/job-name", Value(name));
    labels.set("controller-uid", Value(uid));
    labels.set("job-name", Value(name));
    Value& selector = spec.mutable_member("selector");
    if (selector.is_null()) {
        selector = Value::map();
    }
    selector.mutable_member("matchLabels").set("batch.kubernetes.io/controller-uid", Value(uid));
}

void add_namespace_finalizer(Value& object) {
    Value& finalizers = object.mutable_member("spec").mutable_member("finalizers");
    for (const Value& item : finalizers.items()) {
        if (item == Value("kubernetes")) {
            return;
        }
    }
    finalizers.push_back(Value("kubernetes"));
}

constexpr std::string_view template_generation = "deprecated.daemonset.template.generation";

bool has_resources(const Value& container, bool& is_guaranteed) {
    bool any = false;
    for (const std::string_view name : {"cpu", "memory"}) {
        const Value* limit = container.find("resources", "limits", name);
        const Value* request = container.find("resources", "requests", name);
        any = any || limit != nullptr || request != nullptr;
        is_guaranteed =
            is_guaranteed && limit != nullptr && (request == nullptr || *request == *limit);
    }
    return any;
}

bool is_type(const Value& service, std::initializer_list<std::string_view> types) {
    return std::ranges::find(types, service.string_at("spec", "type")) != types.end();
}

// What was allocated stays where the update leaves it out.
void keep_allocated(const Value& old, Value& service) {
    const std::initializer_list<std::string_view> with_address{"ClusterIP", "NodePort",
                                                               "LoadBalancer"};
    const std::initializer_list<std::string_view> with_ports{"NodePort", "LoadBalancer"};
    if (is_type(old, with_address) && is_type(service, with_address)) {
        for (const std::string_view name : {"clusterIP", "clusterIPs"}) {
            const Value* kept = old.find("spec", name);
            if (is_absent(service.find("spec", name)) && kept != nullptr &&
                (name == "clusterIP" ||
                 old.string_at("spec", "clusterIP") == service.string_at("spec", "clusterIP"))) {
                service.mutable_member("spec").set(name, *kept);
            }
        }
    }
    const Value* old_ports = old.find("spec", "ports");
    Value* spec = service.find_mutable("spec");
    Value* ports = spec == nullptr ? nullptr : spec->find_mutable("ports");
    if (old_ports == nullptr || ports == nullptr || !is_type(old, with_ports) ||
        !is_type(service, with_ports)) {
        return;
    }
    for (size_t i = 0; i < ports->size(); ++i) {
        for (const Value& before : old_ports->items()) {
            const Value& port = ports->at(i);
            const int64_t node_port = before.int_at(0, "nodePort");
            if (port.int_at(0, "nodePort") == 0 && node_port != 0 &&
                port.int_at(0, "port") == before.int_at(0, "port") &&
                port.string_at("protocol") == before.string_at("protocol")) {
                ports->mutable_item(i).set("nodePort", Value(node_port));
            }
        }
    }
    const int64_t check_port = old.int_at(0, "spec", "healthCheckNodePort");
    if (check_port != 0 && service.int_at(0, "spec", "healthCheckNodePort") == 0 &&
        is_type(service, {"LoadBalancer"}) &&
        service.string_at("spec", "externalTrafficPolicy") == "Local") {
        spec->set("healthCheckNodePort", Value(check_port));
    }
}

}  // namespace

std::string_view pod_qos_class(const Value& pod) {
    bool any = false;
    bool is_guaranteed = true;
    const Value* spec = pod.find("spec");
    if (spec == nullptr) {
        return "BestEffort";
    }
    if (!is_absent(spec->find("resources"))) {
        any = has_resources(*spec, is_guaranteed);
    } else {
        for (const std::string_view list : {"containers", "initContainers"}) {
            if (const Value* containers = spec->find(list)) {
                for (const Value& container : containers->items()) {
                    any = has_resources(container, is_guaranteed) || any;
                }
            }
        }
    }
    return !any ? "BestEffort" : is_guaranteed ? "Guaranteed" : "Burstable";
}

void fold_string_data(Value& secret) {
    const Value* texts = secret.find("stringData");
    if (texts == nullptr) {
        return;
    }
    const Value source = *texts;
    secret.erase("stringData");
    if (!source.is_map() || source.empty()) {
        return;
    }
    Value& data = secret.mutable_member("data");
    if (data.is_null()) {
        data = Value::map();
    }
    for (const Member& member : source.members()) {
        if (member.value.is_string()) {
            data.set(member.name(), Value(base64_encode(member.value.as_string())));
        }
    }
    data.sort_members();
}

void prepare_for_create(const BuiltinResource& resource, Value& object, std::string_view uid,
                        Time now) {
    if (Value* metadata = object.find_mutable("metadata"); metadata != nullptr) {
        for (const std::string_view name :
             {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"}) {
            metadata->erase(name);
        }
        if (resource.generation_at_create) {
            metadata->set("generation", Value(*resource.generation_at_create));
        }
    }
    // Nodes report themselves and keep what they say.
    if (resource.find_subresource("status") != nullptr && !is_resource(resource, "", "nodes")) {
        object.set("status", first_status(resource, object, now));
    }
    if (resource.group.empty()) {
        if (resource.resource == "secrets") {
            fold_string_data(object);
        } else if (resource.resource == "namespaces") {
            add_namespace_finalizer(object);
        } else if (resource.resource == "pods") {
            if (const auto account = object.string_at("spec", "serviceAccountName");
                !account.empty()) {
                const Value name = Value(account);
                object.mutable_member("spec").set("serviceAccount", name);
            }
        }
    } else if (is_resource(resource, "batch", "jobs")) {
        prepare_job(object, uid);
    } else if (is_resource(resource, "apps", "daemonsets")) {
        object.mutable_member("metadata")
            .mutable_member("annotations")
            .set(template_generation, Value("1"));
        object.find_mutable("metadata")->find_mutable("annotations")->sort_members();
    } else if (is_resource(resource, "apps", "statefulsets")) {
        Value* spec = object.find_mutable("spec");
        Value* templates = spec == nullptr ? nullptr : spec->find_mutable("volumeClaimTemplates");
        for (size_t i = 0; templates != nullptr && i < templates->size(); ++i) {
            Value& item = templates->mutable_item(i);
            item.set("kind", Value("PersistentVolumeClaim"));
            item.set("apiVersion", Value("v1"));
        }
    } else if (is_resource(resource, "autoscaling", "horizontalpodautoscalers") &&
               resource.version == "v1") {
        if (is_absent(object.find("spec", "targetCPUUtilizationPercentage")) &&
            object.find("metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics") ==
                nullptr) {
            object.mutable_member("spec").set("targetCPUUtilizationPercentage", Value(80));
        }
    }
}

void prepare_for_update(const BuiltinResource& resource, std::string_view subresource,
                        const Value& old, Value& object) {
    const std::vector<ResetFields>* reset = &resource.reset_fields;
    if (!subresource.empty()) {
        const BuiltinSubresource* found = resource.find_subresource(subresource);
        reset = found == nullptr ? nullptr : &found->reset_fields;
    }
    const std::string api_version = resource.group.empty()
                                        ? std::string(resource.version)
                                        : cat(resource.group, "/", resource.version);
    for (size_t i = 0; reset != nullptr && i < reset->size(); ++i) {
        if ((*reset)[i].api_version == api_version) {
            for (const std::string_view path : (*reset)[i].paths) {
                // Metadata is reset but for what the server writes; conditions of certificate
                // requests are nobody's to own, yet may be written.
                if (path != ".metadata" && !(path == ".status.conditions" &&
                                             resource.resource == "certificatesigningrequests")) {
                    copy_path(old, object, path);
                }
            }
        }
    }
    if (is_resource(resource, "", "secrets")) {
        fold_string_data(object);
    }
    if (is_resource(resource, "", "namespaces") && subresource != "finalize") {
        copy_path(old, object, "spec.finalizers");
    }
    if (is_resource(resource, "", "services")) {
        keep_allocated(old, object);
    }
    if (is_resource(resource, "certificates.k8s.io", "certificatesigningrequests")) {
        copy_path(old, object, "spec");
    }
    Value& metadata = object.mutable_member("metadata");
    for (const std::string_view kept : {"creationTimestamp", "generation", "selfLink"}) {
        copy_path(old, object, cat("metadata.", kept));
    }
    if (!old.string_at("metadata", "deletionTimestamp").empty()) {
        copy_path(old, object, "metadata.deletionTimestamp");
    }
    if (is_absent(metadata.find("deletionGracePeriodSeconds"))) {
        copy_path(old, object, "metadata.deletionGracePeriodSeconds");
    }
    if (is_resource(resource, "apps", "daemonsets") && subresource.empty()) {
        const std::string_view before =
            old.string_at("metadata", "annotations", template_generation);
        const int64_t count = parse_int(before).value_or(0);
        const bool has_changed = !same_path(old, object, "spec.template");
        object.mutable_member("metadata")
            .mutable_member("annotations")
            .set(template_generation, Value(cat(count + (has_changed ? 1 : 0))));
        object.find_mutable("metadata")->find_mutable("annotations")->sort_members();
    }
    if (!subresource.empty() && subresource != "resize" && subresource != "ephemeralcontainers") {
        return;
    }
    bool grows = false;
    for (const std::string_view trigger : resource.generation_bumped_by) {
        if (trigger != "*") {
            grows = grows || !same_path(old, object, trigger);
            continue;
        }
        for (const Value* side : std::array{&old, static_cast<const Value*>(&object)}) {
            for (const Member& member : side->members()) {
                grows = grows ||
                        (member.name() != "metadata" && !same_path(old, object, member.name()));
            }
        }
    }
    if (grows) {
        object.mutable_member("metadata")
            .set("generation", Value(old.int_at(0, "metadata", "generation") + 1));
    }
}

}  // namespace weft::schema
