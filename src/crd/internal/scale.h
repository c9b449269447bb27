// crd/internal/scale.h: the scale subresource: replicas and selector inside an object.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/registry/customresource
// (etcd.go, validator.go), apimachinery unstructured helpers.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crd/kind.h"
#include "object/value.h"
#include "schema/field_error.h"

namespace weft::crd::internal {

// The integer at ".spec.replicas", nothing if it is absent. internal_error, in Go's words, if it is
// none.
[[nodiscard]] Result<std::optional<int64_t>> nested_int(const Value& object, std::string_view path);
[[nodiscard]] Result<std::string> nested_text(const Value& object, std::string_view path);

void validate_scale_spec(const Value& object, const ScalePaths& paths, schema::FieldErrors& out);
void validate_scale_status(const Value& object, const ScalePaths& paths, schema::FieldErrors& out);

[[nodiscard]] Result<Value> make_scale(const Value& object, const ScalePaths& paths,
                                       bool needs_replicas);
[[nodiscard]] Result<Value> apply_scale(const Value& object, const Value& scale,
                                        const ScalePaths& paths);

}  // namespace weft::crd::internal
