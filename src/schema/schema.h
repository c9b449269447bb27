// schema/schema.h: the front door of schema: what shape a value may have.
//
// One model for all sources: a CRD's openAPIV3Schema, an OpenAPI document, and the builtin kinds'
// packed tables. Source of the behaviour: Kubernetes 1.36, apiextensions-apiserver's structural
// schemas.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::schema {

// `unset` is the "" of OpenAPI: any type, or what int_or_string and preserve_unknown_fields say.
enum class Type : uint8_t { unset, object, array, string, integer, number, boolean };
enum class ListType : uint8_t { unset, atomic, set, map };  // x-kubernetes-list-type
enum class MapType : uint8_t { unset, granular, atomic };   // x-kubernetes-map-type

struct Schema;

struct Property {
    std::string name;
    const Schema* schema = nullptr;  // never null; owned by the tree the property is in
};

// One rule of x-kubernetes-validations.
struct ValidationRule {
    std::string rule;
    std::string message;
    std::string message_expression;
    std::string reason;  // "" means FieldValueInvalid
    std::string field_path;
    std::optional<bool> optional_old_self;
};

// What only some schemas say; kept apart because most nodes have none of it.
struct Constraints {
    std::optional<double> minimum;
    std::optional<double> maximum;
    bool exclusive_minimum = false;
    bool exclusive_maximum = false;
    std::optional<double> multiple_of;
    std::optional<int64_t> min_length;
    std::optional<int64_t> max_length;
    std::string pattern;
    std::optional<int64_t> min_items;
    std::optional<int64_t> max_items;
    bool unique_items = false;
    std::optional<int64_t> min_properties;
    std::optional<int64_t> max_properties;
    std::vector<Value> enum_values;
    std::vector<const Schema*> all_of;
    std::vector<const Schema*> any_of;
    std::vector<const Schema*> one_of;
    const Schema* not_ = nullptr;
    std::vector<ValidationRule> rules;
    std::optional<Value> unions;  // x-kubernetes-unions of builtin kinds, as it stands
    std::string title;
    std::string description;
};

// One node. Trees (builtin kinds: graphs, since definitions refer to each other and to themselves)
// are immutable and owned as a whole by a SchemaPtr; pointers inside are borrowed from that owner.
struct Schema {
    Type type = Type::unset;
    ListType list_type = ListType::unset;
    MapType map_type = MapType::unset;
    bool nullable = false;
    bool preserve_unknown_fields = false;
    bool embedded_resource = false;
    bool int_or_string = false;
    // additionalProperties: true, or a schema (then `additional_properties` is set).
    bool additional_properties_allowed = false;
    bool additional_properties_denied = false;  // additionalProperties: false
    // Builtin kinds: x-kubernetes-patch-strategy holds "merge", "replace", "retainKeys".
    bool patch_merge = false;
    bool patch_replace = false;
    bool patch_retain_keys = false;

    std::string format;                // "int64", "date-time", "byte", "int-or-string", …
    std::string definition;            // "io.k8s.api.core.v1.PodSpec"; "" for a node without a name
    std::vector<Property> properties;  // in the source's order
    std::vector<std::string> required;  // in the source's order
    const Schema* items = nullptr;
    const Schema* additional_properties = nullptr;
    std::vector<std::string> list_map_keys;
    std::string patch_merge_key;
    std::optional<Value> default_value;
    std::unique_ptr<const Constraints> constraints;  // null: none
    // Positions of `properties` sorted by name, made by index_properties(); empty: search in order.
    std::vector<uint32_t> property_order;

    // The schema of a property; null if it is not declared (look at additional_properties then).
    [[nodiscard]] const Schema* find_property(std::string_view name) const;
    // Of a property, else additional_properties, else null.
    [[nodiscard]] const Schema* find_member(std::string_view name) const;
    [[nodiscard]] bool is_required(std::string_view name) const;

    // For whoever builds a node: makes finding properties of a wide node fast. Call it when
    // `properties` is complete; a node without it is searched in order.
    void index_properties();
    // For whoever builds a node: everything `target` says, but not over what this node says itself
    // (default_value, map_type, patch marks, nullable). What `$ref` with siblings means.
    void inherit(const Schema& target);
};

// Keeps alive the node it points to and everything that node leads to. May be shared by threads.
using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace weft::schema
