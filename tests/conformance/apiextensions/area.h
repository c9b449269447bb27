// tests/conformance/apiextensions/area.h: how an area of the apiextensions cases registers its
// tests.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "schema/field_error.h"
#include "schema/open_api.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {

// Runs one row (`in`, `expect`); "" if it holds, "skip: why", or what is wrong.
using RowTest = std::string (*)(const Value& row);

// A static of this type registers the test of one table: the name of its file without ".json".
struct Area {
    Area(std::string table, RowTest test);
};

// The schema that the JSON describes; null for null and for what cannot be read.
[[nodiscard]] schema::SchemaPtr schema_of(const Value* json);
// The document inside a text member of `in` or `expect`.
[[nodiscard]] Value json_at(const Value& row, std::string_view side, std::string_view name);
// "" if the errors have these paths and types (`[{path, errorType}]`), in any order.
[[nodiscard]] std::string compare_errors(const Value* want, const schema::FieldErrors& got);

}  // namespace weft::conformance
