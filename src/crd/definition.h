// crd/definition.h: a CustomResourceDefinition (apiextensions.k8s.io/v1), defaulted and checked.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apis/apiextensions
// (v1/defaults.go, validation/), pkg/registry/customresourcedefinition, 0.36.

#pragma once

#include <string>
#include <vector>

#include "object/value.h"
#include "schema/field_error.h"

namespace weft::crd {

using schema::FieldErrors;

// The finalizer that a definition has while it is being deleted and has objects.
inline constexpr std::string_view cleanup_finalizer = "customresourcecleanup.apiextensions.k8s.io";

// All functions take the whole object as `/apis/apiextensions.k8s.io/v1` serves it, its types
// already checked by decoding (schema::decode); members of another type count as absent.

// Fills in what decoding fills in: names.singular and listKind, conversion, ports of webhooks.
void apply_defaults(Value& definition);

// What the strategy does before the object is stored: generation 1, status emptied and its
// storedVersions set; on update: status kept, generation moved on if spec changed.
void prepare_create(Value& definition);
void prepare_update(Value& definition, const Value& old_definition);
// Of the status subresource: only status is taken.
void prepare_status_update(Value& definition, const Value& old_definition);

// What is wrong with it, its metadata left out (the server checks that for all kinds).
// On update, what was already wrong before is let pass as upstream lets it.
[[nodiscard]] FieldErrors validate_create(const Value& definition);
[[nodiscard]] FieldErrors validate_update(const Value& definition, const Value& old_definition);
[[nodiscard]] FieldErrors validate_status_update(const Value& definition,
                                                 const Value& old_definition);

// Texts for the Warning headers of a create or update: formats nobody knows, but for those that the
// old definition, if there is one, has already.
[[nodiscard]] std::vector<std::string> warnings(const Value& definition,
                                                const Value* old_definition);

// Whether the group needs an approval annotation: "k8s.io", "x.kubernetes.io".
[[nodiscard]] bool is_protected_group(std::string_view group);

}  // namespace weft::crd
