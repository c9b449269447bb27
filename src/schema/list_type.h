// schema/list_type.h: sets without duplicates, maps with distinct keys.
//
// Source of the behaviour: apiextensions-apiserver pkg/apiserver/schema/listtype, 0.36.

#pragma once

#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::schema {

// A FieldValueDuplicate at the second and every later item that equals an earlier one, in every
// list of x-kubernetes-list-type set (by value) or map (by its keys, defaults taken for absent
// ones). `path` stands before every place.
[[nodiscard]] FieldErrors validate_list_types(const Value& value, const Schema* schema,
                                              std::string_view path = {});

}  // namespace weft::schema
