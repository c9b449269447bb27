// crd/internal/validate_conversion.h: spec.conversion in the neutral form.
//
// Source of the texts: apiextensions validation.go, apiserver pkg/util/webhook/validation.go.

#pragma once

#include <string>

#include "object/value.h"
#include "schema/field_error.h"

namespace weft::crd::internal {

struct ConversionOptions {
    bool require_recognized_version = true;
    bool allow_invalid_bundle = false;
};

[[nodiscard]] ConversionOptions conversion_options_for_update(const Value& old_spec,
                                                              bool is_established);
[[nodiscard]] schema::FieldErrors validate_conversion(const Value* conversion,
                                                      const ConversionOptions& options,
                                                      const std::string& path);

}  // namespace weft::crd::internal
