// merge/strategic_merge_patch.h: Kubernetes' own patch, which merges lists by what the schema says.
//
// Source of the behaviour and the texts: apimachinery 0.36 pkg/util/strategicpatch, and apiserver's
// handlers/patch.go for the reasons of errors. The schema's patch_merge, patch_replace,
// patch_retain_keys and patch_merge_key say how each list and map merges. A null schema knows
// nothing: maps merge, lists are replaced.

#pragma once

#include "base/base.h"
#include "object/value.h"
#include "schema/schema.h"

namespace weft::merge {

// `document` changed by `patch`, both maps, with the directives $patch, $retainKeys,
// $deleteFromPrimitiveList/x and $setElementOrder/x. Parts that are not named are shared.
// Errors: bad_request for directives that make no sense, invalid for lists of lists, unknown
// (HTTP 500, as the real server) for the rest.
[[nodiscard]] Result<Value> apply_strategic_merge_patch(const Value& document, const Value& patch,
                                                        const schema::Schema* schema);

// The patch that makes `modified` of `original`.
[[nodiscard]] Result<Value> create_strategic_merge_patch(const Value& original,
                                                         const Value& modified,
                                                         const schema::Schema* schema);

// kubectl apply: the changes and additions from `current` to `modified`, and the deletions from
// `original` (the last applied) to `modified`. Without `overwrite` it is a conflict if `current`
// changed something else than the patch does.
[[nodiscard]] Result<Value> create_three_way_strategic_merge_patch(const Value& original,
                                                                   const Value& modified,
                                                                   const Value& current,
                                                                   const schema::Schema* schema,
                                                                   bool overwrite = true);

// The same object with its merging lists sorted by merge key, primitive ones also without
// duplicates, so that two such objects can be compared whatever the order of their lists.
[[nodiscard]] Result<Value> sort_merging_lists(const Value& value, const schema::Schema* schema);

}  // namespace weft::merge
