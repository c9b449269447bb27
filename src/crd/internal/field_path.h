// crd/internal/field_path.h: paths of a rule's fieldPath and of selectableFields, checked against a
// schema.
//
// Source of the behaviour and of the texts: apiextensions-apiserver schema/cel ValidFieldPath.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::crd::internal {

template <typename Node>
struct FieldPath {
    std::string text;            // as a field.Path prints it: "a.b", "a[key]"
    std::string first;           // its first step
    const Node* node = nullptr;  // the field's schema, borrowed from the root's
};

// Refuses (invalid) with upstream's text. `allow_brackets`: ['name'] may be used. Of a schema as
// JSON, …
[[nodiscard]] Result<FieldPath<Value>> find_field_path(std::string_view path, const Value& schema,
                                                       bool allow_brackets = true);
// … and as a tree.
[[nodiscard]] Result<FieldPath<schema::Schema>> find_field_path(std::string_view path,
                                                                const schema::Schema& schema,
                                                                bool allow_brackets = true);

}  // namespace weft::crd::internal
