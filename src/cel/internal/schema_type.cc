// cel/internal/schema_type.cc: the types that a schema's nodes have in expressions.

#include "cel/internal/environment_rep.h"
#include "cel/internal/input.h"

namespace weft::cel {

const Type* type_of_schema(const schema::Schema& schema, const Type* parent,
                           std::string_view segment, Profile profile, Arena& arena) {
    const bool is_kro = profile.kind != Profile::Kind::kubernetes;
    if (schema.int_or_string || schema.format == "int-or-string") {
        return &types::dyn;
    }
    // OpenAPI v3 says "a text or a number" of a quantity, and so kro knows no type for it.
    if (is_kro && schema.definition == "io.k8s.apimachinery.pkg.api.resource.Quantity") {
        return nullptr;
    }
    const auto child = [&](const schema::Schema& node, std::string_view step) -> const Type* {
        const Type* here =
            arena.make<Type>(Type{.kind = TypeKind::structure, .name = segment, .parent = parent});
        return type_of_schema(node, here, step, profile, arena);
    };
    switch (schema.type) {
        case schema::Type::array: {
            const Type* item = schema.items == nullptr ? nullptr : child(*schema.items, "@idx");
            return item == nullptr ? nullptr : list_type(arena, item);
        }
        case schema::Type::object: {
            if (schema.additional_properties != nullptr && schema.properties.empty()) {
                const Type* value = child(*schema.additional_properties, "@elem");
                if (value == nullptr) {
                    return is_kro ? &types::map_of_string_to_dyn : nullptr;
                }
                return map_type(arena, &types::string, value);
            }
            if (is_kro && schema.properties.empty() && schema.additional_properties_allowed) {
                return &types::map_of_string_to_dyn;
            }
            return arena.make<Type>(Type{
                .kind = TypeKind::structure, .name = segment, .schema = &schema, .parent = parent});
        }
        case schema::Type::string:
            if (schema.format == "byte") {
                return &types::bytes;
            }
            if (schema.format == "duration") {
                return &types::duration;
            }
            if (schema.format == "date" || schema.format == "date-time") {
                return &types::timestamp;
            }
            return &types::string;
        case schema::Type::boolean:
            return &types::boolean;
        case schema::Type::number:
            return &types::number;
        case schema::Type::integer:
            return &types::integer;
        case schema::Type::unset:
            break;
    }
    return is_kro && schema.preserve_unknown_fields ? &types::dyn : nullptr;
}

namespace {

// What every embedded resource has, whatever its schema says.
const schema::Schema* resource_property(std::string_view name) {
    static const schema::Schema text = [] {
        schema::Schema out;
        out.type = schema::Type::string;
        return out;
    }();
    static const schema::Schema metadata = [] {
        schema::Schema out;
        out.type = schema::Type::object;
        out.properties = {{"name", &text}, {"generateName", &text}};
        return out;
    }();
    if (name == "metadata") {
        return &metadata;
    }
    return name == "apiVersion" || name == "kind" ? &text : nullptr;
}

// Whether a property's name may stand in an expression as it is: if escaping does not change it, or
// it is a reserved word, which kro takes and Kubernetes since 1.31.
bool may_be_written(std::string_view name, Profile profile) {
    const std::optional<std::string> escaped = escape_property(name);
    if (!escaped) {
        return false;
    }
    const bool is_reserved = *escaped == cat("__", name, "__");
    return is_reserved ? profile.kind != Profile::Kind::kubernetes || profile.minor >= 31
                       : *escaped == name;
}

}  // namespace

const Type* field_type(const Type* object, std::string_view field, Profile profile, Arena& arena) {
    if (object->structure != nullptr) {
        return object->structure->field_type(field, arena);
    }
    if (object->schema == nullptr) {
        return nullptr;
    }
    const schema::Schema& schema = *object->schema;
    const schema::Schema* property =
        may_be_written(field, profile) ? schema.find_property(field) : nullptr;
    if (property == nullptr && field.find("__") != std::string_view::npos) {
        property = schema.find_property(unescape_property(field));
    }
    if (schema.embedded_resource &&
        (property == nullptr || (field == "metadata" && property->properties.empty()))) {
        property = resource_property(field) != nullptr ? resource_property(field) : property;
    }
    if (property != nullptr) {
        return type_of_schema(*property, object, field, profile, arena);
    }
    if (schema.preserve_unknown_fields && profile.kind != Profile::Kind::kubernetes) {
        return &types::dyn;
    }
    return nullptr;
}

}  // namespace weft::cel
