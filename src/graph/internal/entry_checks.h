// graph/internal/entry_checks.h: what a template must be before its expressions are looked at.

#pragma once

#include <string_view>

#include "graph/definition.h"

namespace weft::graph {

// apiVersion and kind are texts, metadata a map. invalid: "apiVersion field not found", ….
Status check_object_structure(const Value& object);

// Exactly one of template, externalRef and def; no externalRef with forEach.
Status check_combination(std::string_view id, bool has_template, bool has_external_ref,
                         size_t dimensions, bool has_def = false);

// A namespace where the kind has none, or none where it must have one.
Status check_namespace(std::string_view id, bool by_selector, const Value& object, bool namespaced,
                       bool instance_namespaced);

// Labels and annotations with kro's prefixes.
Status check_reserved_labels(std::string_view id, const Value& object);
Status check_reserved_annotations(std::string_view id, const Value& object);

}  // namespace weft::graph
