// schema/defaults.h: filling in the defaults that a custom resource's schema declares.
//
// Source of the behaviour: apiextensions-apiserver pkg/apiserver/schema/defaulting, 0.36. The
// defaults of builtin kinds are code in Kubernetes, not schema: see builtin_defaults.h.

#pragma once

#include "schema/schema.h"

namespace weft::schema {

// Sets every absent member that has a default, and replaces nulls that the schema does not allow by
// the default. New members stand behind those that are there, in the schema's order. A null schema
// does nothing; where nothing changes, nothing is copied.
void apply_defaults(Value& value, const Schema* schema);

// Drops the nulls that the schema does not allow and has no default for. Kubernetes does this
// before defaulting.
void prune_non_nullable_nulls(Value& value, const Schema* schema);

}  // namespace weft::schema
