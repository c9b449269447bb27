// graph/internal/status_schema.h: the OpenAPI schema of a status whose fields are expressions.

#pragma once

#include <vector>

#include "cel/cel.h"
#include "object/object.h"

namespace weft::graph {

// OpenAPI for values of a CEL type, as far as it can say (§3.9).
[[nodiscard]] Value schema_of_type(const cel::Type* type, cel::Arena& arena);

// OpenAPI for the value of a def: constants by what they are, a `fields` entry (paths into the
// value) by its schema. Items of a list that differ, and null, may be anything.
[[nodiscard]] Value schema_of_value(const Value& value, const Path& path,
                                    const std::vector<std::pair<Path, Value>>& fields);

// A field and the schema of its value.
struct TypedField {
    Path path;  // below status
    Value schema;
};
// An object with all the fields. Items of one list share one schema: of scalars the last counts, of
// objects the properties come together.
[[nodiscard]] Value status_schema(const std::vector<TypedField>& fields);

}  // namespace weft::graph
