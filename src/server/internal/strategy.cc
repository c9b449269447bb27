// server/internal/strategy.cc: what a kind does to its objects, by schema's tables or by its CRD.

#include "server/internal/strategy.h"

#include <algorithm>

#include "crd/crd.h"
#include "schema/builtin.h"
#include "schema/strategy.h"
#include "server/internal/admission/validate.h"
#include "server/internal/custom_kind.h"
#include "server/internal/disabled_fields.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"

namespace weft::server {

bool apply_defaults(const Core& core, std::string_view definition, Value& object) {
    return core.defaults.apply(definition, object, core.loop->now());
}

namespace {

// Whether an endpoint leaves metadata (but for managedFields) alone.
bool resets_metadata(const schema::BuiltinResource& row, std::string_view subresource) {
    const schema::BuiltinSubresource* found = row.find_subresource(subresource);
    return found != nullptr &&
           std::ranges::any_of(found->reset_fields, [](const schema::ResetFields& reset) {
               return std::ranges::find(reset.paths, ".metadata") != reset.paths.end();
           });
}

// A claim's source by either of its two members. Sources that old servers did not know are only
// in the newer one.
void settle_data_source(Value& claim, const Value* old_claim) {
    const Value* source = claim.find("spec", "dataSource");
    const Value* ref = claim.find("spec", "dataSourceRef");
    const auto is_known = [](const Value& ref) {
        const std::string_view kind = ref.string_at("kind");
        const std::string_view group = ref.string_at("apiGroup");
        return (kind == "PersistentVolumeClaim" && group.empty()) ||
               (kind == "VolumeSnapshot" && group == "snapshot.storage.k8s.io");
    };
    const bool was_used =
        old_claim != nullptr && (old_claim->find("spec", "dataSource") != nullptr ||
                                 old_claim->find("spec", "dataSourceRef") != nullptr);
    if (source != nullptr && ref == nullptr && !was_used && !is_known(*source)) {
        claim.mutable_member("spec").erase("dataSource");
        source = nullptr;
    }
    if (source != nullptr && ref == nullptr) {
        const Value copy = *source;
        claim.mutable_member("spec").set("dataSourceRef", copy);
    } else if (ref != nullptr && source == nullptr && ref->string_at("namespace").empty()) {
        Value copy = *ref;
        copy.erase("namespace");
        claim.mutable_member("spec").set("dataSource", std::move(copy));
    }
}

bool is_claim(const Resource& resource) {
    return resource.kind == "PersistentVolumeClaim" && resource.gvr.group.empty();
}

bool is_service_account(const Resource& resource) {
    return resource.kind == "ServiceAccount" && resource.gvr.group.empty();
}

// An account's secrets are known by their names alone.
void keep_names_of_secrets(Value& account) {
    const Value* secrets = account.find("secrets");
    if (secrets == nullptr || !secrets->is_list()) {
        return;
    }
    Value named = Value::list();
    for (const Value& secret : secrets->items()) {
        Value one = Value::map();
        if (const Value* name = secret.find("name")) {
            one.append_new("name", *name);
        }
        named.push_back(std::move(one));
    }
    account.set("secrets", std::move(named));
}

// A resize is about what containers ask for; whatever else a pod says there is not heard.
void keep_but_resources(Value& pod, const Value& old_pod) {
    const Value wanted = pod.find("spec") != nullptr ? *pod.find("spec") : Value::map();
    Value spec = old_pod.find("spec") != nullptr ? *old_pod.find("spec") : Value::map();
    for (const std::string_view list : {"containers", "initContainers"}) {
        Value* containers = spec.find_mutable(list);
        const Value* others = wanted.find(list);
        for (size_t i = 0; containers != nullptr && others != nullptr &&
                           i < std::min(containers->size(), others->size());
             ++i) {
            const Value& other = others->at(i);
            if (containers->at(i).string_at("name") != other.string_at("name")) {
                continue;
            }
            Value& container = containers->mutable_item(i);
            for (const std::string_view member : {"resources", "resizePolicy"}) {
                if (const Value* value = other.find(member)) {
                    container.set(member, *value);
                } else {
                    container.erase(member);
                }
            }
        }
    }
    pod.set("spec", std::move(spec));
}

// Of a pod's ephemeral containers only they are heard.
void keep_but_ephemeral(Value& pod, const Value& old_pod) {
    Value spec = old_pod.find("spec") != nullptr ? *old_pod.find("spec") : Value::map();
    if (const Value* wanted = pod.find("spec", "ephemeralContainers")) {
        spec.set("ephemeralContainers", *wanted);
    } else {
        spec.erase("ephemeralContainers");
    }
    pod.set("spec", std::move(spec));
}

void keep_status(Value& object, const Value& old_object) {
    if (const Value* status = old_object.find("status")) {
        object.set("status", *status);
    } else {
        object.erase("status");
    }
}

// Who writes a request's status does not decide on it: its decisions stay as they are.
void keep_decisions(Value& request, const Value& old_request) {
    const Value* conditions = request.find("status", "conditions");
    const Value* before = old_request.find("status", "conditions");
    if (conditions == nullptr || before == nullptr) {
        return;
    }
    Value kept = *conditions;
    for (size_t i = 0; i < kept.size(); ++i) {
        const std::string type(kept.at(i).string_at("type"));
        if (type != "Approved" && type != "Denied") {
            continue;
        }
        for (size_t j = 0; j < before->size(); ++j) {
            if (before->at(j).string_at("type") == type) {
                kept.mutable_item(i) = before->at(j);
                break;
            }
        }
    }
    request.mutable_member("status").set("conditions", std::move(kept));
}

// Conditions of certificate requests have their times from the server.
void fill_condition_times(Value& request, const Value& old_request, Time now) {
    const Value* conditions = request.find("status", "conditions");
    if (conditions == nullptr) {
        return;
    }
    const Value* before = old_request.find("status", "conditions");
    const auto is_unset = [](const Value& in, std::string_view member) {
        const Value* found = in.find(member);
        return found == nullptr || found->is_null();
    };
    Value filled = *conditions;
    for (size_t i = 0; i < filled.size(); ++i) {
        Value& condition = filled.mutable_item(i);
        if (is_unset(condition, "lastUpdateTime")) {
            condition.set("lastUpdateTime", format_rfc3339(now));
        }
        if (!is_unset(condition, "lastTransitionTime")) {
            continue;
        }
        condition.set("lastTransitionTime", format_rfc3339(now));
        for (size_t j = 0; before != nullptr && j < before->size(); ++j) {
            const Value& old = before->at(j);
            if (old.string_at("type") == condition.string_at("type") &&
                old.string_at("status") == condition.string_at("status") &&
                !is_unset(old, "lastTransitionTime")) {
                condition.set("lastTransitionTime", *old.find("lastTransitionTime"));
            }
        }
    }
    request.mutable_member("status").set("conditions", std::move(filled));
}

bool is_definition(const Resource& resource) {
    return resource.is_builtin() && resource.kind == "CustomResourceDefinition";
}

}  // namespace

Value status_of_local_api_service(Time now) {
    return Value::map_of(
        {{"conditions", Value::list_of({Value::map_of(
                            {{"type", "Available"},
                             {"status", "True"},
                             {"lastTransitionTime", format_rfc3339(now)},
                             {"reason", "Local"},
                             {"message", "Local APIServices are always available"}})})}});
}

void prepare_create(const Core& core, const Resource& resource, Value& object,
                    std::string_view uid) {
    if (resource.custom != nullptr) {
        resource.custom->prepare_create(resource, object);
        return;
    }
    if (is_definition(resource)) {
        crd::prepare_create(object);
        return;
    }
    if (is_claim(resource)) {
        settle_data_source(object, nullptr);
    }
    drop_disabled_fields(resource, object);
    if (is_service_account(resource)) {
        keep_names_of_secrets(object);
    }
    const Value* given = object.find("metadata", "generation");
    const Value generation = given == nullptr ? Value() : *given;
    schema::prepare_for_create(*resource.builtin, object, uid, core.loop->now());
    if (resource.kind == "APIService" && resource.gvr.group == "apiregistration.k8s.io" &&
        object.find("spec", "service") == nullptr) {
        object.set("status", status_of_local_api_service(core.loop->now()));
    }
    if (!resource.builtin->generation_at_create && !generation.is_null()) {
        // Kinds that do not count generations keep what the client says.
        set_metadata(object.mutable_member("metadata"), "generation", generation);
    }
}

void prepare_update(const Core& core, const Resource& resource, const Subresource* subresource,
                    Value& object, const Value& old_object) {
    const std::string_view name = subresource == nullptr ? std::string_view() : subresource->name;
    if (resource.custom != nullptr) {
        resource.custom->prepare_update(resource, name, object, old_object);
        return;
    }
    if (is_definition(resource)) {
        if (name == "status") {
            crd::prepare_status_update(object, old_object);
        } else {
            crd::prepare_update(object, old_object);
        }
        return;
    }
    drop_disabled_fields(resource, object);
    if (is_service_account(resource)) {
        keep_names_of_secrets(object);
    }
    // What the client says of the generation does not count.
    Value& metadata = object.mutable_member("metadata");
    if (const Value* generation = old_object.find("metadata", "generation")) {
        set_metadata(metadata, "generation", *generation);
    } else {
        metadata.erase("generation");
    }
    if (name == "status" && resource.kind == "Pod" &&
        object.string_at("status", "qosClass").empty()) {
        // A kubelet need not know the class that was computed at creation.
        const std::string quality(old_object.string_at("status", "qosClass"));
        if (!quality.empty()) {
            object.mutable_member("status").set("qosClass", quality);
        }
    }
    if (is_claim(resource) && name.empty()) {
        settle_data_source(object, &old_object);
    }
    const bool is_ephemeral = name == "ephemeralcontainers";
    const bool is_resize = name == "resize";
    if (is_resize) {
        keep_but_resources(object, old_object);
    } else if (is_ephemeral) {
        keep_but_ephemeral(object, old_object);
    }
    if (is_resize || is_ephemeral) {
        keep_status(object, old_object);
    }
    schema::prepare_for_update(*resource.builtin, name, old_object, object);
    if (resource.kind == "Service" && name.empty() &&
        old_object.string_at("spec", "type") == "LoadBalancer" &&
        object.string_at("spec", "type") != "LoadBalancer") {
        Value status =
            old_object.find("status") != nullptr ? *old_object.find("status") : Value::map();
        status.set("loadBalancer", Value::map());
        object.set("status", std::move(status));
    }
    if (resource.kind == "CertificateSigningRequest" && !name.empty()) {
        if (name == "status") {
            keep_decisions(object, old_object);
        }
        fill_condition_times(object, old_object, core.loop->now());
    }
    const bool is_status_of_api_service = name == "status" && resource.kind == "APIService";
    if (is_resize || is_ephemeral || is_status_of_api_service ||
        resets_metadata(*resource.builtin, name)) {
        Value kept = *old_object.find("metadata");
        if (const Value* generation = object.find("metadata", "generation")) {
            set_metadata(kept, "generation", *generation);
        }
        const Value* fields = object.find("metadata", "managedFields");
        if (fields == nullptr) {
            kept.erase("managedFields");
        } else {
            set_metadata(kept, "managedFields", *fields);
        }
        object.set("metadata", std::move(kept));
    }
}

namespace {

bool is_admission(const Resource& resource) {
    return resource.gvr.group == "admissionregistration.k8s.io";
}

}  // namespace

FieldErrors validate_create(const Core& /*core*/, const Resource& resource, const Value& object) {
    if (resource.custom != nullptr) {
        return resource.custom->validate(resource, "", object, nullptr);
    }
    if (is_definition(resource)) {
        return crd::validate_create(object);
    }
    return is_admission(resource) ? validate_admission(resource, object)
                                  : validate_builtin(resource, object);
}

FieldErrors validate_update(const Core& /*core*/, const Resource& resource,
                            const Subresource* subresource, const Value& object,
                            const Value& old_object) {
    const std::string_view name = subresource == nullptr ? std::string_view() : subresource->name;
    if (resource.custom != nullptr) {
        return resource.custom->validate(resource, name, object, &old_object);
    }
    if (is_definition(resource)) {
        return name == "status" ? crd::validate_status_update(object, old_object)
                                : crd::validate_update(object, old_object);
    }
    if (is_admission(resource)) {
        FieldErrors errors = name.empty() ? validate_admission(resource, object) : FieldErrors{};
        const FieldErrors more = schema::validate_immutable(
            schema::Builtin::get(), *resource.builtin, name, old_object, object);
        errors.insert(errors.end(), more.begin(), more.end());
        return errors;
    }
    return validate_builtin_update(resource, name, object, old_object);
}

}  // namespace weft::server
