// crd/internal/object_meta.h: what metadata of objects inside objects may be.
//
// Source of the behaviour and of the texts: apimachinery api/validation ValidateObjectMeta, as
// apiextensions-apiserver pkg/apiserver/schema/objectmeta calls it.

#pragma once

#include <string>

#include "object/value.h"
#include "schema/field_error.h"
#include "schema/go_json.h"
#include "schema/schema.h"

namespace weft::crd::internal {

// The types of the program's builtin kinds, of which metadata is one.
[[nodiscard]] const schema::GoTypes& go_types();

// What is wrong with the embedded objects (and the value itself if `is_root`).
[[nodiscard]] schema::FieldErrors validate_embedded(const Value& value,
                                                    const schema::Schema* schema, bool is_root);

// Of canonical metadata. `path` is its place.
[[nodiscard]] schema::FieldErrors validate_meta(const Value& meta, const std::string& path);

}  // namespace weft::crd::internal
