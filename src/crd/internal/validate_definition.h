// crd/internal/validate_definition.h: upstream's validation of a definition in the neutral form.
//
// Source of the behaviour and of the texts: apiextensions-apiserver
// pkg/apis/apiextensions/validation/validation.go, 0.36. metadata's common rules are left out.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/value.h"
#include "schema/field_error.h"

namespace weft::crd::internal {

// `definition` and `old_definition` as to_internal() makes them.
[[nodiscard]] schema::FieldErrors validate_definition(const Value& definition);
[[nodiscard]] schema::FieldErrors validate_definition_update(const Value& definition,
                                                             const Value& old_definition);
[[nodiscard]] schema::FieldErrors validate_definition_status(const Value& definition);

[[nodiscard]] schema::FieldErrors validate_stored_versions(const Value* stored_versions,
                                                           const Value& spec);
[[nodiscard]] std::vector<std::string> check_deprecation_warning(bool is_deprecated,
                                                                 const Value* warning);

}  // namespace weft::crd::internal
