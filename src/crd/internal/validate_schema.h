// crd/internal/validate_schema.h: what a definition's schema must be besides structural.
//
// Source of the behaviour and of the texts: apiextensions-apiserver
// pkg/apis/apiextensions/validation (ValidateCustomResourceDefinitionOpenAPISchema),
// schema/defaulting (ValidateDefaults).

#pragma once

#include <string>
#include <string_view>

#include "object/value.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::crd::internal {

struct SchemaOptions {
    bool allow_defaults = true;
    bool require_structural = true;
    bool require_valid_type = true;
    bool require_pruned_defaults = true;
    bool require_atomic_set = true;
    bool require_map_keys = true;
    // The schema did not change: rules that were too dear before may stay.
    bool suppress_rule_cost = false;
};

// Of one `{openAPIV3Schema: …}`; null: nothing to say.
[[nodiscard]] schema::FieldErrors validate_validation(const Value* validation, bool has_status,
                                                      const SchemaOptions& options,
                                                      const std::string& path);

// That the defaults fit their own schema and are pruned. `is_root`: it is a whole object's schema.
// Needs a structural schema.
[[nodiscard]] schema::FieldErrors validate_defaults(const schema::SchemaPtr& schema, bool is_root,
                                                    bool require_pruned, const std::string& path);

// Takes what nobody knows out of the metadata of objects inside the defaults of a v1 definition:
// upstream's validation does that to what is stored.
void clean_defaults(Value& definition);

// x-kubernetes-list-map-keys and sets: items and keys that may not be null, and keys that are
// there. Upstream keeps it apart, since old definitions may break it.
[[nodiscard]] schema::FieldErrors validate_map_keys(const Value& schema, const std::string& path);
[[nodiscard]] bool has_non_atomic_set(const Value& schema);
[[nodiscard]] bool is_known_type(std::string_view type);

}  // namespace weft::crd::internal
