// graph/internal/schema_types.h: what CEL type a field of a schema has, and which types fit it.
//
// Source of the behaviour: kro §3.8, which follows Kubernetes' SchemaDeclType.

#pragma once

#include <string>
#include <string_view>

#include "cel/cel.h"
#include "object/object.h"
#include "schema/schema.h"

namespace weft::graph {

// The type of a schema node; null if it cannot be expressed (a Quantity, an array without items).
// `step` names object types by their place: "__type_web" at a root, then fields, "@idx", "@elem".
// The types live in the arena, which also takes a copy of `step`.
[[nodiscard]] const cel::Type* type_of_schema(const schema::Schema* schema, const cel::Type* parent,
                                              std::string_view step, cel::Arena& arena);

// A Quantity: in OpenAPI v3, which kro reads, it is a text or a number and has no type of its own.
[[nodiscard]] bool is_quantity(const schema::Schema& schema);

// The type that a value at `path` of an object of this schema must have; dyn where the path leads
// to nothing that has a type.
[[nodiscard]] const cel::Type* expected_type(const schema::Schema* root, const Path& path,
                                             std::string_view root_name, cel::Arena& arena);

// The schema at a path: properties, else additionalProperties, else those of an array's items.
// Null if the path leads to nothing.
[[nodiscard]] const schema::Schema* find_schema(const schema::Schema* root, const Path& path);

// Whether a value of type `output` may stand where `expected` is: duck typing, on top of what CEL
// says. invalid, with kro's text of what does not fit; a type that cannot be expressed (null) fits
// nothing.
Status check_compatible(const cel::Type* output, const cel::Type* expected, cel::Arena& arena);

// A whole object's schema for expressions: of a CRD's root, with the complete ObjectMeta and
// apiVersion and kind as texts, and without status if `without_status`. A cluster-scoped object's
// metadata has no namespace.
[[nodiscard]] schema::SchemaPtr with_object_meta(const schema::SchemaPtr& root, bool namespaced,
                                                 bool without_status);

}  // namespace weft::graph
