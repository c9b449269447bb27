// schema/prune.h: dropping the members of a custom resource that its schema does not know.
//
// Source of the behaviour: apiextensions-apiserver pkg/apiserver/schema/pruning, 0.36.

#pragma once

#include <string>
#include <vector>

#include "schema/schema.h"

namespace weft::schema {

struct PruneOptions {
    // The value is a whole object: apiVersion, kind and metadata stay at the root. In embedded
    // resources they always stay.
    bool is_resource_root = true;
    // Paths of what was dropped ("spec.foo", "spec.list[1].b"), sorted; may be null. What goes with
    // a dropped member is not listed. Beyond field_errors_max no more are added.
    std::vector<std::string>* dropped = nullptr;
};

// Drops unknown members. A null schema knows nothing. Where nothing is dropped, nothing is copied.
void prune(Value& value, const Schema* schema, const PruneOptions& options = {});

}  // namespace weft::schema
