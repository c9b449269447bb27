// crd/internal/structural.h: whether a schema is structural: every value's type and place is said
// outside of conditions.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apiserver/schema
// (validation.go, complete.go, convert.go). Works on the JSON, since the model of schema has no
// place for what is forbidden.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "object/value.h"
#include "schema/field_error.h"

namespace weft::crd::internal {

struct StructuralOptions {
    bool allow_nested_additional_properties = false;
    bool allow_nested_rules = false;
    bool allow_properties_with_additional_properties = false;
};

// Why the JSON cannot be read as a structural schema at all; nothing if it can.
[[nodiscard]] std::optional<std::string> conversion_error(const Value& schema);

// Sorted by their texts, as upstream's are.
[[nodiscard]] schema::FieldErrors validate_structural(const Value& schema, std::string_view path,
                                                      const StructuralOptions& options = {});
// Only that what conditions name exists outside of them.
[[nodiscard]] schema::FieldErrors validate_completeness(const Value& schema, std::string_view path,
                                                        const StructuralOptions& options = {});

// Of all schemas of a definition in the neutral form: what the condition NonStructuralSchema says.
[[nodiscard]] schema::FieldErrors structural_errors(const Value& definition);

// Whether the schema or one below satisfies the predicate.
template <typename Predicate>
bool any_schema(const Value& schema, const Predicate& predicate, size_t depth = 0);

// Go's words for a regular expression that RE2 refuses; nothing if it compiles.
[[nodiscard]] std::optional<std::string> regexp_problem(std::string_view pattern);

// --- implementation ---

void for_each_child(const Value& schema, void (*visit)(void*, const Value&), void* context);

template <typename Predicate>
bool any_schema(const Value& schema, const Predicate& predicate, size_t depth) {
    constexpr size_t depth_max = 256;
    if (!schema.is_map() || depth > depth_max) {
        return false;
    }
    if (predicate(schema)) {
        return true;
    }
    struct Search {
        const Predicate& predicate;
        size_t depth;
        bool found;
    } search{predicate, depth, false};
    for_each_child(
        schema,
        [](void* context, const Value& child) {
            auto& state = *static_cast<Search*>(context);
            state.found = state.found || any_schema(child, state.predicate, state.depth + 1);
        },
        &search);
    return search.found;
}

}  // namespace weft::crd::internal
