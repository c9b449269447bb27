// schema/schema.cc: looking things up in a node, and composing nodes.

#include "schema/schema.h"

#include <algorithm>
#include <numeric>

namespace weft::schema {

namespace {
// Below this a walk in order beats a binary search.
constexpr size_t indexed_from = 12;
}  // namespace

const Schema* Schema::find_property(std::string_view name) const {
    if (property_order.size() == properties.size()) {
        const auto at = std::ranges::lower_bound(
            property_order, name, {},
            [this](uint32_t position) -> std::string_view { return properties[position].name; });
        return at != property_order.end() && properties[*at].name == name ? properties[*at].schema
                                                                          : nullptr;
    }
    for (const Property& property : properties) {
        if (property.name == name) {
            return property.schema;
        }
    }
    return nullptr;
}

const Schema* Schema::find_member(std::string_view name) const {
    const Schema* property = find_property(name);
    return property != nullptr ? property : additional_properties;
}

bool Schema::is_required(std::string_view name) const {
    return std::ranges::find(required, name) != required.end();
}

void Schema::index_properties() {
    property_order.clear();
    if (properties.size() < indexed_from) {
        return;
    }
    property_order.resize(properties.size());
    std::iota(property_order.begin(), property_order.end(), 0U);
    std::ranges::sort(property_order, {}, [this](uint32_t position) -> std::string_view {
        return properties[position].name;
    });
}

void Schema::inherit(const Schema& target) {
    type = target.type;
    list_type = list_type == ListType::unset ? target.list_type : list_type;
    map_type = map_type == MapType::unset ? target.map_type : map_type;
    nullable = nullable || target.nullable;
    preserve_unknown_fields = preserve_unknown_fields || target.preserve_unknown_fields;
    embedded_resource = embedded_resource || target.embedded_resource;
    int_or_string = target.int_or_string;
    additional_properties_allowed = target.additional_properties_allowed;
    additional_properties_denied = target.additional_properties_denied;
    format = target.format;
    definition = target.definition;
    properties = target.properties;
    property_order = target.property_order;
    required = target.required;
    items = target.items;
    additional_properties = target.additional_properties;
    if (list_map_keys.empty()) {
        list_map_keys = target.list_map_keys;
    }
    if (!default_value) {
        default_value = target.default_value;
    }
    if (target.constraints != nullptr) {
        Constraints merged = *target.constraints;
        if (constraints != nullptr && !constraints->description.empty()) {
            merged.description = constraints->description;
        }
        constraints = std::make_unique<const Constraints>(std::move(merged));
    }
}

}  // namespace weft::schema
