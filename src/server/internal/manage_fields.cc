// server/internal/manage_fields.cc: calls merge with what this server knows of versions and resets.

#include "server/internal/manage_fields.h"

#include "merge/managed_fields.h"
#include "schema/builtin.h"
#include "server/internal/body.h"
#include "server/internal/convert.h"
#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"

namespace weft::server {

namespace {

schema::SchemaPtr schema_of(const Resource& resource) {
    if (resource.custom != nullptr) {
        return resource.custom->of(resource).schema();
    }
    return schema::Builtin::get().find_kind(resource.gvk());
}

// Objects of one version as another, for owners that wrote in that one.
class ResourceConverter : public merge::VersionConverter {
public:
    ResourceConverter(const Core* core, ResourcePtr resource)
        : core_(core), resource_(std::move(resource)) {}

    [[nodiscard]] Result<merge::TypedObject> convert(const merge::TypedObject& object,
                                                     std::string_view api_version) const override {
        const GroupVersion wanted = TRY(parse_api_version(api_version));
        ResourcePtr resource =
            core_->registry.find(wanted.group, wanted.version, resource_->gvr.resource);
        if (resource == nullptr) {
            return make_error(Reason::not_found, api_version, " is not served");
        }
        merge::TypedObject converted;
        if (resource->custom != nullptr) {
            converted.value = object.value;
            converted.value.set("apiVersion", std::string(api_version));
        } else {
            converted.value = convert_object(*resource, object.value, std::string(api_version));
        }
        const schema::SchemaPtr schema = schema_of(*resource);
        converted.type = merge::TypeRef::of(schema.get(), true);
        converted.api_version = api_version;
        // Nothing converts custom objects, so they may hold what that version does not know.
        if (resource->custom != nullptr) {
            TRY(merge::validate(converted.value, converted.type, merge::Duplicates::allowed));
        }
        return converted;
    }

private:
    const Core* core_;
    ResourcePtr resource_;
};

// What this endpoint resets, by version.
merge::FiltersByVersion filters_of(const Resource& resource, const Subresource* subresource) {
    merge::FiltersByVersion filters;
    const std::string_view name = subresource == nullptr ? std::string_view() : subresource->name;
    if (resource.custom != nullptr) {
        if (resource.has_status()) {
            static constexpr std::string_view status[] = {".status"};
            static constexpr std::string_view others[] = {".metadata", ".spec"};
            if (name == "status") {
                filters.emplace(resource.api_version(), merge::reset_filter(others));
            } else {
                filters.emplace(resource.api_version(), merge::reset_filter(status));
            }
        }
        return filters;
    }
    const std::vector<schema::ResetFields>* resets = &resource.builtin->reset_fields;
    if (subresource != nullptr) {
        const schema::BuiltinSubresource* found = resource.builtin->find_subresource(name);
        if (found == nullptr) {
            return filters;
        }
        resets = &found->reset_fields;
    }
    if (name == "status" && resets->empty()) {
        // Of definitions and APIServices the tables know the group's own paths only.
        static constexpr std::string_view spec[] = {".spec"};
        filters.emplace(resource.api_version(), merge::reset_filter(spec));
    }
    for (const schema::ResetFields& reset : *resets) {
        filters.emplace(std::string(reset.api_version), merge::reset_filter(reset.paths));
    }
    return filters;
}

// Everything merge wants to know of a write, kept together while it runs.
struct WriteContext {
    WriteContext(const Core& core, const ResourcePtr& resource, const Subresource* subresource,
                 std::string manager, merge::WriteOptions* options)
        : converter(&core, resource), filters(filters_of(*resource, subresource)) {
        options->manager = std::move(manager);
        options->subresource = subresource == nullptr ? "" : subresource->name;
        options->api_version = resource->api_version();
        options->now = core.loop->now();
        options->schema = schema_of(*resource);
        options->converter = &converter;
        options->reset_fields = &filters;
    }
    WriteContext(const Call& call, merge::WriteOptions* options)
        : WriteContext(*call.core, call.resource, call.subresource, field_manager_of(call),
                       options) {
        if (call.resource->is_builtin() && options->schema != nullptr) {
            options->zero = zero_object(*call.core, options->schema->definition);
        }
    }

    WriteContext(const WriteContext&) = delete;
    WriteContext& operator=(const WriteContext&) = delete;

    ResourceConverter converter;
    merge::FiltersByVersion filters;
};

}  // namespace

Status manage_update(Call* call, const Value* old_object, Value& object) {
    merge::WriteOptions options;
    const WriteContext context(*call, &options);
    std::optional<Object> live;
    if (old_object != nullptr) {
        live.emplace(*old_object);
    }
    const Object changed(object);
    object = merge::update(live ? &*live : nullptr, changed, options).value();
    return {};
}

void manage_answer(Call* call, Value& object) {
    merge::WriteOptions options;
    options.manager = field_manager_of(*call);
    options.subresource = call->subresource->name;
    options.api_version = call->subresource->kind.api_version();
    options.now = call->core->loop->now();
    options.schema = schema::Builtin::get().find_kind(call->subresource->kind);
    if (options.schema != nullptr) {
        options.zero = zero_object(*call->core, options.schema->definition);
    }
    const Object changed(object);
    object = merge::update(nullptr, changed, options).value();
}

Value manage_controller_update(const Core& core, ResourcePtr resource, const Value& old_object,
                               Value object) {
    merge::WriteOptions options;
    const WriteContext context(core, resource, resource->find_subresource("status"),
                               "kube-apiserver", &options);
    const Object live(old_object);
    const Object changed(std::move(object));
    return merge::update(&live, changed, options).value();
}

Result<Value> apply_controller_status(const Core& core, ResourcePtr resource, const Value& live,
                                      const Value& config, std::string manager) {
    merge::ApplyOptions options;
    const WriteContext context(core, resource, resource->find_subresource("status"),
                               std::move(manager), &options);
    options.force = true;
    const Object before(live);
    auto applied = merge::apply(&before, Object(config), options);
    if (!applied) {
        return applied.error();
    }
    return applied->object.value();
}

Result<Value> apply_config(Call* call, const Value* live_object, const Value& config, bool force) {
    merge::ApplyOptions options;
    const WriteContext context(*call, &options);
    options.force = force;
    std::optional<Object> live;
    if (live_object != nullptr) {
        live.emplace(*live_object);
    }
    const Object applied(config);
    auto result = merge::apply(live ? &*live : nullptr, applied, options);
    if (!result) {
        return result.error();
    }
    return result->object.value();
}

}  // namespace weft::server
