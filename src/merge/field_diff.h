// merge/field_diff.h: how two objects differ, for people: `weft plan`, and why something was done.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::merge {

// One place where two values differ.
struct FieldDifference {
    // `spec.template.spec.containers[name="web"].image`; names that are no plain words stand in
    // brackets: `metadata.annotations["a.b/c"]`. "" is the whole value.
    std::string path;
    std::optional<Value> before;  // nothing: the field is new
    std::optional<Value> after;   // nothing: the field is gone

    bool operator==(const FieldDifference&) const = default;
};

struct FieldDiffOptions {
    // Of both values; null: lists of maps whose items all have different names are matched by name,
    // other lists by place.
    const schema::Schema* schema = nullptr;
    // Leaves out what the server keeps for itself: metadata.managedFields, resourceVersion,
    // generation, uid, creationTimestamp, selfLink.
    bool without_bookkeeping = true;
};

// The differences in the order of `before`, then what is new; a field or item that only one side
// has is one difference, however much is in it. Atomic lists of scalars are one difference as a
// whole. 1 and 1.0 are the same. At most differences_max.
[[nodiscard]] std::vector<FieldDifference> field_diff(const Value& before, const Value& after,
                                                      const FieldDiffOptions& options = {});

// "spec.replicas: 2 → 3", "spec.paused: set to true", "metadata.labels.team: removed (was \"x\")".
// Values longer than a line are cut.
[[nodiscard]] std::string to_text(const FieldDifference& difference);

}  // namespace weft::merge
