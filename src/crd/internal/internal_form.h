// crd/internal/internal_form.h: a definition in the version-neutral form that upstream checks.
//
// Errors name fields of that form: what all versions have in common stands at the top
// ("spec.validation.openAPIV3Schema"), and a conversion webhook is flat.
// Source of the behaviour: apiextensions-apiserver pkg/apis/apiextensions/v1/conversion.go.

#pragma once

#include <string_view>

#include "base/base.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::crd::internal {

// Of an apiextensions.k8s.io/v1 object. Parts are shared, not copied.
[[nodiscard]] Value to_internal(const Value& definition);

// The value of a member; a null counts as absent.
[[nodiscard]] inline const Value* get(const Value& from, std::string_view name) {
    const Value* found = from.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}
[[nodiscard]] inline bool is_set(const Value& from, std::string_view name) {
    const Value* found = from.find(name);
    return found != nullptr && found->is_bool() && found->as_bool();
}
// The items of a list member; none if it is absent.
[[nodiscard]] inline std::span<const Value> items_of(const Value& from, std::string_view name) {
    const Value* found = from.find(name);
    return found == nullptr ? std::span<const Value>() : found->items();
}
[[nodiscard]] inline std::span<const Member> members_of(const Value& from, std::string_view name) {
    const Value* found = from.find(name);
    return found == nullptr ? std::span<const Member>() : found->members();
}

// The JSON of a schema as a tree. Types that nobody knows, which old definitions may have, count as
// none. Descriptions are left out: they are for documents, which are made of the definition.
[[nodiscard]] Result<schema::SchemaPtr> read_schema(const Value& json);

// spec.versions as Go prints the internal type in an error.
[[nodiscard]] Value versions_as_go(const Value& spec);
// A schema, likewise.
[[nodiscard]] Value schema_as_go(const Value& schema);
// A rule of x-kubernetes-validations, likewise.
[[nodiscard]] Value rule_as_go(const Value& rule);

// The subresources, schema or other per-version member that counts for a version.
[[nodiscard]] const Value* schema_of_version(const Value& spec, std::string_view version);

}  // namespace weft::crd::internal
