// schema/defaults.cc: filling in what a schema declares.

#include "schema/defaults.h"

#include <optional>
#include <utility>

#include "schema/limits.h"

namespace weft::schema {

namespace {

bool is_refused_null(const Value& value, const Schema* schema) {
    return value.is_null() && schema != nullptr && !schema->nullable;
}

// Both walks give the changed value, or nothing if it is as it should be.
std::optional<Value> defaulted(const Value& value, const Schema* schema, size_t depth);

// A member or an item below `schema`: its default in place of a refused null, then its own walk.
std::optional<Value> defaulted_child(const Value& value, const Schema* schema, size_t depth) {
    if (schema == nullptr) {
        return std::nullopt;
    }
    if (is_refused_null(value, schema) && schema->default_value) {
        std::optional<Value> inner = defaulted(*schema->default_value, schema, depth + 1);
        return inner ? std::move(inner) : schema->default_value;
    }
    return defaulted(value, schema, depth + 1);
}

std::optional<Value> defaulted(const Value& value, const Schema* schema, size_t depth) {
    if (schema == nullptr || depth > object_depth_max) {
        return std::nullopt;
    }
    std::optional<Value> out;
    const auto changed = [&]() -> Value& {
        if (!out) {
            out = value;
        }
        return *out;
    };
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            if (auto child =
                    defaulted_child(member.value, schema->find_member(member.name()), depth)) {
                changed().set(member.name(), std::move(*child));
            }
        }
        for (const Property& property : schema->properties) {
            if (property.schema->default_value && !value.contains(property.name)) {
                std::optional<Value> inner =
                    defaulted(*property.schema->default_value, property.schema, depth + 1);
                changed().append_new(property.name,
                                     inner ? std::move(*inner) : *property.schema->default_value);
            }
        }
    } else if (value.is_list() && schema->items != nullptr) {
        for (size_t i = 0; i < value.size(); ++i) {
            if (auto child = defaulted_child(value.at(i), schema->items, depth)) {
                changed().mutable_item(i) = std::move(*child);
            }
        }
    }
    return out;
}

std::optional<Value> without_nulls(const Value& value, const Schema* schema, size_t depth) {
    if (schema == nullptr || depth > object_depth_max) {
        return std::nullopt;
    }
    std::optional<Value> out;
    const auto changed = [&]() -> Value& {
        if (!out) {
            out = value;
        }
        return *out;
    };
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            const Schema* next = schema->find_member(member.name());
            if (is_refused_null(member.value, next) && !next->default_value) {
                changed().erase(member.name());
            } else if (auto child = without_nulls(member.value, next, depth + 1)) {
                changed().set(member.name(), std::move(*child));
            }
        }
    } else if (value.is_list()) {
        for (size_t i = 0; i < value.size(); ++i) {
            if (auto child = without_nulls(value.at(i), schema->items, depth + 1)) {
                changed().mutable_item(i) = std::move(*child);
            }
        }
    }
    return out;
}

}  // namespace

void apply_defaults(Value& value, const Schema* schema) {
    if (auto changed = defaulted(value, schema, 0)) {
        value = std::move(*changed);
    }
}

void prune_non_nullable_nulls(Value& value, const Schema* schema) {
    if (auto changed = without_nulls(value, schema, 0)) {
        value = std::move(*changed);
    }
}

}  // namespace weft::schema
