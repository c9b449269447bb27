// merge/merge_patch.h: RFC 7386 as the API server and kubectl use it.
//
// Source of the behaviour: evanphx/json-patch v4's MergePatch and CreateMergePatch, apimachinery's
// jsonmergepatch.

#pragma once

#include "base/base.h"
#include "object/value.h"

namespace weft::merge {

// `document` changed by `patch`: members of null go, maps merge, everything else is replaced.
// Parts that the patch does not name are shared with `document`. bad_request "Invalid JSON Patch"
// if the patch is neither a map nor a list.
[[nodiscard]] Result<Value> apply_merge_patch(const Value& document, const Value& patch);

// The smallest patch that makes `modified` of `original`, both maps. A null inside `modified`
// cannot be said in a merge patch; it comes out as a removal, as it does upstream.
[[nodiscard]] Value create_merge_patch(const Value& original, const Value& modified);

// kubectl apply for kinds without a strategic schema: what `modified` adds to or changes in
// `current`, and what it no longer has that `original` (the last applied) had.
[[nodiscard]] Value create_three_way_merge_patch(const Value& original, const Value& modified,
                                                 const Value& current);

}  // namespace weft::merge
