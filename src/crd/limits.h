// crd/limits.h: how much of a foreign definition or object this folder is willing to look at.

#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::crd {

// Nesting of a schema document while it is checked. The walks recurse once a level; the schema's
// own parser refuses what is deeper.
inline constexpr size_t schema_depth_max = 256;

// Nesting of an object that is walked for embedded objects and rules.
inline constexpr size_t object_depth_max = 1'000;

// Errors of one definition or object. More would only drown the first.
inline constexpr size_t errors_max = 1'000;

// Kubernetes: CEL rules of a definition (apiextensions validation.go).
inline constexpr uint64_t rule_cost_max = 10'000'000;
inline constexpr uint64_t definition_cost_max = 100'000'000;
// Expressions named when a definition costs too much.
inline constexpr size_t expensive_rules_max = 4;

// Kubernetes: an evaluated messageExpression (apiserver pkg/apis/cel).
inline constexpr size_t message_bytes_max = 5 * 1024;

// Kubernetes: selectableFields of a version.
inline constexpr size_t selectable_fields_max = 8;

// Kubernetes: the bytes of a deprecationWarning.
inline constexpr size_t deprecation_warning_bytes_max = 256;

}  // namespace weft::crd
