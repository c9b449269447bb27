// server/internal/plugins.cc: DefaultTolerationSeconds, Priority, StorageObjectInUseProtection,
// TaintNodesByCondition, DefaultStorageClass, DefaultIngressClass, and the like.

#include "server/internal/plugins.h"

#include <algorithm>
#include <map>
#include <set>

#include "crd/crd.h"
#include "server/internal/metadata.h"
#include "server/internal/warner.h"

namespace weft::server {

namespace {

constexpr std::string_view not_ready = "node.kubernetes.io/not-ready";
constexpr std::string_view unreachable = "node.kubernetes.io/unreachable";

bool tolerates(const Value& tolerations, std::string_view key) {
    return std::ranges::any_of(tolerations.items(), [&](const Value& toleration) {
        const std::string_view effect = toleration.string_at("effect");
        const std::string_view own = toleration.string_at("key");
        return (own == key || own.empty()) && (effect == "NoExecute" || effect.empty());
    });
}

void add_tolerations(Value& spec) {
    Value tolerations =
        spec.find("tolerations") != nullptr ? *spec.find("tolerations") : Value::list();
    for (const std::string_view key : {not_ready, unreachable}) {
        if (!tolerates(tolerations, key)) {
            tolerations.push_back(Value::map_of({{"key", key},
                                                 {"operator", "Exists"},
                                                 {"effect", "NoExecute"},
                                                 {"tolerationSeconds", 300}}));
        }
    }
    spec.set("tolerations", std::move(tolerations));
}

// All objects of a small cluster-wide kind.
io::Task<Result<std::vector<Value>>> all_of(Core* core, std::string group, std::string resource) {
    const ResourcePtr kind = core->registry.find(group, "v1", resource);
    store::ListRequest request;
    request.prefix = kind->key_prefix;
    const store::Page page = CO_TRY(co_await core->store->list(request));
    std::vector<Value> out;
    for (const store::Entry& entry : page.entries) {
        out.push_back(CO_TRY(StoredView(*entry.value).to_value(entry.modified)));
    }
    co_return out;
}

// An update that does not speak of the priority keeps what creation made of it.
void keep_priority(Value& spec, const Value& old_pod) {
    for (const std::string_view member : {"priority", "preemptionPolicy"}) {
        const Value* old = old_pod.find("spec", member);
        if (old != nullptr && spec.find(member) == nullptr) {
            spec.set(member, *old);
        }
    }
}

io::Task<Status> set_priority(Call* call, Value* spec, std::string name) {
    const std::string wanted(spec->string_at("priorityClassName"));
    int64_t priority = 0;
    std::string preemption = "PreemptLowerPriority";
    std::string default_name;
    if (wanted == "system-cluster-critical") {
        priority = 2'000'000'000;
    } else if (wanted == "system-node-critical") {
        priority = 2'000'001'000;
    } else {
        const std::vector<Value> classes =
            CO_TRY(co_await all_of(call->core, "scheduling.k8s.io", "priorityclasses"));
        const Value* found = nullptr;
        for (const Value& one : classes) {
            const Value* is_default = one.find("globalDefault");
            const bool fits = wanted.empty() ? is_default != nullptr && *is_default == Value(true)
                                             : one.string_at("metadata", "name") == wanted;
            // Of several defaults the one with the lowest value counts.
            if (fits && (found == nullptr || one.int_at(0, "value") < found->int_at(0, "value"))) {
                found = &one;
            }
        }
        if (found == nullptr && !wanted.empty()) {
            co_return forbidden({"", "pods"}, name,
                                cat("no PriorityClass with name ", wanted, " was found"));
        }
        if (found != nullptr) {
            priority = found->int_at(0, "value");
            if (!found->string_at("preemptionPolicy").empty()) {
                preemption = found->string_at("preemptionPolicy");
            }
            default_name = found->string_at("metadata", "name");
        }
    }
    const Value* given = spec->find("priority");
    if (given != nullptr && given->is_int() && given->as_int() != priority) {
        co_return forbidden(
            {"", "pods"}, name,
            cat("the integer value of priority (", given->as_int(),
                ") must not be provided in pod spec; priority admission controller computed ",
                priority, " from the given PriorityClass name"));
    }
    if (const std::string_view own = spec->string_at("preemptionPolicy");
        !own.empty() && own != preemption) {
        co_return forbidden(
            {"", "pods"}, name,
            cat("the string value of PreemptionPolicy (", own,
                ") must not be provided in pod spec; priority admission controller computed ",
                preemption, " from the given PriorityClass name"));
    }
    if (wanted.empty() && !default_name.empty()) {
        spec->set("priorityClassName", default_name);
    }
    spec->set("priority", priority);
    const std::string_view given_preemption = spec->string_at("preemptionPolicy");
    if (!given_preemption.empty() && given_preemption != preemption) {
        co_return forbidden(
            {"", "pods"}, name,
            cat("the string value of PreemptionPolicy (", given_preemption,
                ") must not be provided in pod spec; priority admission controller computed ",
                preemption, " from the given PriorityClass name"));
    }
    spec->set("preemptionPolicy", preemption);
    co_return Status{};
}

// The field that an AppArmor annotation stands for; null if it is none.
Value app_armor_field(std::string_view annotation) {
    constexpr std::string_view local = "localhost/";
    if (annotation == "unconfined") {
        return Value::map_of({{"type", "Unconfined"}});
    }
    if (annotation == "runtime/default") {
        return Value::map_of({{"type", "RuntimeDefault"}});
    }
    if (annotation.starts_with(local) && annotation.size() > local.size()) {
        return Value::map_of(
            {{"type", "Localhost"}, {"localhostProfile", annotation.substr(local.size())}});
    }
    return {};
}

// Annotations of old become fields of their containers, unless the pod says the same for all.
void take_app_armor(Call& call, const Value& pod, Value& spec) {
    if (spec.string_at("os", "name") == "windows") {
        return;
    }
    const Value* of_pod = spec.find("securityContext", "appArmorProfile");
    for (const std::string_view kind : {"initContainers", "containers"}) {
        Value* list = spec.find_mutable(kind);
        for (size_t i = 0; list != nullptr && list->is_list() && i < list->size(); ++i) {
            const Value& container = list->items()[i];
            const std::string key = cat(app_armor_annotation, container.string_at("name"));
            const Value* annotation = pod.find("metadata", "annotations", key);
            if (annotation == nullptr || !annotation->is_string() ||
                container.find("securityContext", "appArmorProfile") != nullptr) {
                continue;
            }
            const Value field = app_armor_field(annotation->as_string());
            if (!field.is_null() && (of_pod == nullptr || *of_pod != field)) {
                list->mutable_item(i)
                    .mutable_member("securityContext")
                    .set("appArmorProfile", field);
            }
            call.warn(cat("metadata.annotations[", key, "]: ", use_app_armor_field));
        }
    }
}

// What a pod takes over of its runtime class: overhead, and where it may run.
io::Task<Status> set_runtime_class(Call* call, Value* spec, std::string name) {
    const auto refuse = [&name](std::string_view why) {
        return forbidden({"", "pods"}, name, why);
    };
    const auto reject = [&refuse](std::string_view why) {
        return refuse(cat("pod rejected: ", why));
    };
    const std::string wanted(spec->string_at("runtimeClassName"));
    const Value* own = spec->find("overhead");
    const bool has_own = own != nullptr && !own->empty();
    Value found;
    if (!wanted.empty()) {
        const ResourcePtr kind = call->core->registry.find("node.k8s.io", "v1", "runtimeclasses");
        const auto entry = CO_TRY(co_await call->core->store->get(kind->key("", wanted), {}));
        if (!entry) {
            co_return reject(cat("RuntimeClass ", quote(wanted), " not found"));
        }
        found = CO_TRY(StoredView(*entry->value).to_value(entry->modified));
    }
    const Value* fixed = found.find("overhead", "podFixed");
    if (fixed == nullptr || fixed->is_null()) {
        if (has_own) {
            co_return reject(
                "Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }
    } else if (has_own && *own != *fixed) {
        co_return reject("Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    } else {
        spec->set("overhead", *fixed);
    }
    if (const Value* selector = found.find("scheduling", "nodeSelector")) {
        Value merged =
            spec->find("nodeSelector") != nullptr ? *spec->find("nodeSelector") : Value::map();
        for (const Member& term : selector->members()) {
            const Value* there = merged.find(term.name());
            if (there != nullptr && *there != term.value) {
                co_return refuse(cat("conflict: runtimeClass.scheduling.nodeSelector[", term.name(),
                                     "] = ", term.value.as_string(), "; pod.spec.nodeSelector[",
                                     term.name(), "] = ", there->as_string()));
            }
            merged.set(term.name(), term.value);
        }
        merged.sort_members();
        spec->set("nodeSelector", std::move(merged));
    }
    if (const Value* more = found.find("scheduling", "tolerations")) {
        Value merged =
            spec->find("tolerations") != nullptr ? *spec->find("tolerations") : Value::list();
        for (const Value& toleration : more->items()) {
            if (std::ranges::find(merged.items(), toleration) == merged.items().end()) {
                merged.push_back(toleration);
            }
        }
        spec->set("tolerations", std::move(merged));
    }
    co_return Status{};
}

// A pod can be resized only where its node can be looked at.
io::Task<Status> check_node(Call* call, const Value* pod) {
    const std::string node(pod->string_at("spec", "nodeName"));
    if (node.empty()) {
        co_return Status{};
    }
    const ResourcePtr kind = call->core->registry.find("", "v1", "nodes");
    if (!CO_TRY(co_await call->core->store->get(kind->key("", node), {}))) {
        co_return forbidden({"", "pods"}, call->info.name, cat("node ", quote(node), " not found"));
    }
    co_return Status{};
}

io::Task<Status> admit_pod(Call* call, Value* object) {
    Value spec = object->find("spec") != nullptr ? *object->find("spec") : Value::map();
    const std::string name(object->string_at("metadata", "name"));
    if (spec.int_at(0, "terminationGracePeriodSeconds") < 0) {
        spec.set("terminationGracePeriodSeconds", 1);
    }
    take_app_armor(*call, *object, spec);
    CO_TRY(co_await set_priority(call, &spec, name));
    add_tolerations(spec);
    CO_TRY(co_await set_runtime_class(call, &spec, name));
    object->set("spec", std::move(spec));
    co_return Status{};
}

void add_finalizer(Value& object, std::string_view finalizer) {
    Value& metadata = object.mutable_member("metadata");
    Value list =
        metadata.find("finalizers") != nullptr ? *metadata.find("finalizers") : Value::list();
    if (std::ranges::find(list.items(), Value(finalizer)) == list.items().end()) {
        list.push_back(Value(finalizer));
        set_metadata(metadata, "finalizers", std::move(list));
    }
}

// The newest object with an annotation that says it is the default of its kind.
io::Task<Result<std::string>> default_class(Core* core, std::string group, std::string resource,
                                            std::string annotation) {
    const std::vector<Value> all =
        CO_TRY(co_await all_of(core, std::move(group), std::move(resource)));
    const Value* found = nullptr;
    for (const Value& one : all) {
        if (one.string_at("metadata", "annotations", annotation) != "true") {
            continue;
        }
        if (found == nullptr || one.string_at("metadata", "creationTimestamp") >
                                    found->string_at("metadata", "creationTimestamp")) {
            found = &one;
        }
    }
    co_return found == nullptr ? std::string() : std::string(found->string_at("metadata", "name"));
}

io::Task<Status> admit_claim(Call* call, Value* object) {
    add_finalizer(*object, "kubernetes.io/pvc-protection");
    if (object->find("spec", "storageClassName") == nullptr) {
        const std::string name =
            CO_TRY(co_await default_class(call->core, "storage.k8s.io", "storageclasses",
                                          "storageclass.kubernetes.io/is-default-class"));
        if (!name.empty()) {
            object->mutable_member("spec").set("storageClassName", name);
        }
    }
    co_return Status{};
}

io::Task<Status> admit_ingress(Call* call, Value* object) {
    if (object->find("spec", "ingressClassName") == nullptr &&
        object->find("metadata", "annotations", "kubernetes.io/ingress.class") == nullptr) {
        const std::string name =
            CO_TRY(co_await default_class(call->core, "networking.k8s.io", "ingressclasses",
                                          "ingressclass.kubernetes.io/is-default-class"));
        if (!name.empty()) {
            object->mutable_member("spec").set("ingressClassName", name);
        }
    }
    co_return Status{};
}

void admit_node(Value& object) {
    Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    Value taints = spec.find("taints") != nullptr ? *spec.find("taints") : Value::list();
    const bool has = std::ranges::any_of(
        taints.items(), [](const Value& taint) { return taint.string_at("key") == not_ready; });
    if (!has) {
        taints.push_back(Value::map_of({{"key", not_ready}, {"effect", "NoSchedule"}}));
        spec.set("taints", std::move(taints));
        object.set("spec", std::move(spec));
    }
}

// Who asks for a certificate is not for the request to say.
constexpr std::string_view client_signer = "kubernetes.io/kube-apiserver-client";
constexpr std::string_view masters = "system:masters";

// Whether a certificate request names system:masters as an organization: in its DER, the attribute
// 2.5.4.10 with this text, whichever of ASN.1's types of text it has.
bool asks_for_masters(std::string_view request) {
    constexpr std::string_view dashes = "-----";
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE REQUEST-----";
    constexpr std::string_view organization("\x06\x03\x55\x04\x0a", 5);
    const auto pem = base64_decode(request);
    const size_t start = pem ? pem->find(begin) : std::string::npos;
    if (start == std::string::npos) {
        return false;
    }
    const std::string_view body = std::string_view(*pem).substr(start + begin.size());
    std::string packed;
    for (const char c : body.substr(0, body.find(dashes))) {
        if (c != '\n' && c != '\r' && c != ' ') {
            packed += c;
        }
    }
    const std::string der = base64_decode(packed).value_or(std::string());
    for (size_t at = der.find(organization); at != std::string::npos;
         at = der.find(organization, at + 1)) {
        // The type of the text and its length stand before it.
        const std::string_view text = std::string_view(der).substr(at + organization.size());
        if (text.size() > 2 && static_cast<size_t>(text[1]) == masters.size() &&
            text.substr(2).starts_with(masters)) {
            return true;
        }
    }
    return false;
}

void admit_certificate_request(const UserInfo& user, Value& object) {
    Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    spec.set("username", user.name);
    if (user.uid.empty()) {
        spec.erase("uid");
    } else {
        spec.set("uid", user.uid);
    }
    Value groups = Value::list();
    for (const std::string& group : user.groups) {
        groups.push_back(Value(group));
    }
    spec.set("groups", std::move(groups));
    spec.erase("extra");
    if (!user.extra.empty()) {
        Value extra = Value::map();
        for (const auto& [key, values] : user.extra) {
            Value list = Value::list();
            for (const std::string& value : values) {
                list.push_back(Value(value));
            }
            extra.set(key, std::move(list));
        }
        spec.set("extra", std::move(extra));
    }
    object.set("spec", std::move(spec));
}

}  // namespace

io::Task<Status> run_plugins(Call* call, Value* object, const Value* old_object) {
    const Resource& resource = *call->resource;
    if (call->subresource != nullptr && call->subresource->name == "resize") {
        co_return co_await check_node(call, object);
    }
    if (resource.custom != nullptr || call->subresource != nullptr) {
        co_return Status{};
    }
    if (old_object != nullptr) {
        if (resource.kind == "Pod" && resource.gvr.group.empty()) {
            if (Value* spec = object->find_mutable("spec"); spec != nullptr && spec->is_map()) {
                add_tolerations(*spec);
                keep_priority(*spec, *old_object);
            }
        }
        co_return Status{};
    }
    const std::string& kind = resource.kind;
    if (resource.gvr.group.empty()) {
        if (kind == "Pod") {
            co_return co_await admit_pod(call, object);
        }
        if (kind == "Node") {
            admit_node(*object);
        } else if (kind == "PersistentVolume") {
            add_finalizer(*object, "kubernetes.io/pv-protection");
        } else if (kind == "PersistentVolumeClaim") {
            co_return co_await admit_claim(call, object);
        }
    } else if (kind == "VolumeAttributesClass") {
        add_finalizer(*object, "kubernetes.io/vac-protection");
    } else if (kind == "PodGroup") {
        add_finalizer(*object, "scheduling.k8s.io/podgroup-protection");
    } else if (kind == "Ingress") {
        co_return co_await admit_ingress(call, object);
    } else if (kind == "CertificateSigningRequest") {
        admit_certificate_request(call->user, *object);
        if (object->string_at("spec", "signerName") == client_signer &&
            asks_for_masters(object->string_at("spec", "request"))) {
            co_return forbidden(
                resource.group_resource(), object->string_at("metadata", "name"),
                cat("use of ", client_signer, " signer with ", masters, " group is not allowed"));
        }
    }
    co_return Status{};
}

std::string deprecation_of(const GroupVersionKind& kind) {
    // Source: the APILifecycle methods of k8s.io/api 0.36, as their warnings read.
    static const std::map<std::string, std::string, std::less<>> texts = {
        {"v1 Endpoints", "v1.33+; use discovery.k8s.io/v1 EndpointSlice"},
        {"v1 ComponentStatus", "v1.19+"},
        {"resource.k8s.io/v1beta2 ResourceClaim", "v1.36+, unavailable in v1.39+"},
        {"resource.k8s.io/v1beta2 ResourceClaimTemplate", "v1.36+, unavailable in v1.39+"},
        {"resource.k8s.io/v1beta2 DeviceClass", "v1.36+, unavailable in v1.39+"},
        {"resource.k8s.io/v1beta2 ResourceSlice", "v1.36+, unavailable in v1.39+"},
        {"resource.k8s.io/v1beta1 ResourceClaim", "v1.35+, unavailable in v1.38+"},
        {"resource.k8s.io/v1beta1 ResourceClaimTemplate", "v1.35+, unavailable in v1.38+"},
        {"resource.k8s.io/v1beta1 DeviceClass", "v1.35+, unavailable in v1.38+"},
        {"resource.k8s.io/v1beta1 ResourceSlice", "v1.35+, unavailable in v1.38+"},
        {"resource.k8s.io/v1alpha3 DeviceTaintRule", "v1.36+, unavailable in v1.39+"},
        {"networking.k8s.io/v1beta1 ServiceCIDR", "v1.34+, unavailable in v1.37+"},
        {"networking.k8s.io/v1beta1 IPAddress", "v1.34+, unavailable in v1.37+"},
        {"storage.k8s.io/v1beta1 VolumeAttributesClass",
         "v1.34+, unavailable in v1.37+; use storage.k8s.io/v1 VolumeAttributesClass"},
        {"coordination.k8s.io/v1beta1 LeaseCandidate", "v1.36+, unavailable in v1.39+"},
        {"coordination.k8s.io/v1alpha2 LeaseCandidate", "v1.35+, unavailable in v1.38+"},
        {"certificates.k8s.io/v1alpha1 ClusterTrustBundle", "v1.34+, unavailable in v1.37+"},
        {"admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy",
         "v1.35+, unavailable in v1.38+"},
        {"admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicyBinding",
         "v1.35+, unavailable in v1.38+"},
    };
    const std::string name = cat(kind.api_version(), " ", kind.kind);
    const auto found = texts.find(name);
    return found == texts.end() ? std::string() : cat(name, " is deprecated in ", found->second);
}

}  // namespace weft::server
