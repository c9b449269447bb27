// server/internal/strategy.cc: what a kind does to its objects, by schema's tables or by its CRD.

#include "server/internal/strategy.h"

#include <algorithm>

#include "crd/crd.h"
#include "schema/builtin.h"
#include "schema/strategy.h"
#include "server/internal/custom_kind.h"
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

bool is_definition(const Resource& resource) {
    return resource.is_builtin() && resource.kind == "CustomResourceDefinition";
}

}  // namespace

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
    const Value* given = object.find("metadata", "generation");
    const Value generation = given == nullptr ? Value() : *given;
    schema::prepare_for_create(*resource.builtin, object, uid, core.loop->now());
    if (!resource.builtin->generation_at_create && !generation.is_null()) {
        // Kinds that do not count generations keep what the client says.
        set_metadata(object.mutable_member("metadata"), "generation", generation);
    }
}

void prepare_update(const Core& /*core*/, const Resource& resource, const Subresource* subresource,
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
    schema::prepare_for_update(*resource.builtin, name, old_object, object);
    if (resets_metadata(*resource.builtin, name)) {
        Value kept = *old_object.find("metadata");
        const Value* fields = object.find("metadata", "managedFields");
        if (fields == nullptr) {
            kept.erase("managedFields");
        } else {
            set_metadata(kept, "managedFields", *fields);
        }
        object.set("metadata", std::move(kept));
    }
}

FieldErrors validate_create(const Core& /*core*/, const Resource& resource, const Value& object) {
    if (resource.custom != nullptr) {
        return resource.custom->validate(resource, "", object, nullptr);
    }
    if (is_definition(resource)) {
        return crd::validate_create(object);
    }
    return validate_builtin(resource, object);
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
    FieldErrors errors;
    if (name.empty()) {
        errors = validate_builtin(resource, object);
    }
    const FieldErrors more = schema::validate_immutable(schema::Builtin::get(), *resource.builtin,
                                                        name, old_object, object);
    errors.insert(errors.end(), more.begin(), more.end());
    return errors;
}

}  // namespace weft::server
