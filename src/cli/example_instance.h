// cli/example_instance.h: an instance to begin with, written from a generated CRD.

#pragma once

#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::cli {

// A YAML document: every field with a comment that says what it is; required fields with a value
// that the schema takes where one can be told from it, fields with a default with that, and the
// others commented out.
[[nodiscard]] std::string example_instance(const Value& crd, std::string_view name);

// The JSON schema (draft-07) of an instance: apiVersion, kind, metadata and spec. Members that the
// CRD does not know are refused, as an API server drops them without a word.
[[nodiscard]] Value instance_json_schema(const Value& crd);

}  // namespace weft::cli
