// merge/merge_patch_test.cc: proof of merge_patch.h.

#include "merge/merge_patch.h"

#include <gtest/gtest.h>

namespace weft::merge {
namespace {

TEST(MergePatch, SharesWhatThePatchDoesNotName) {
    const Value kept = Value::map_of({{"x", 1}});
    const Value document = Value::map_of({{"kept", kept}, {"gone", 2}});

    const Result<Value> patched = apply_merge_patch(
        document, Value::map_of({{"gone", Value()}, {"new", Value::map_of({{"y", Value()}})}}));

    ASSERT_TRUE(patched);
    EXPECT_EQ(*patched, Value::map_of({{"kept", kept}, {"new", Value::map()}}));
    EXPECT_TRUE(patched->find("kept")->is_same(kept));
}

TEST(MergePatch, TheCreatedPatchLeadsFromTheOriginalToTheModified) {
    const Value original = Value::map_of(
        {{"a", 1}, {"b", Value::map_of({{"c", 1}, {"d", 2}})}, {"l", Value::list_of({1, 2})}});
    const Value modified =
        Value::map_of({{"b", Value::map_of({{"c", 1}, {"e", 3}})}, {"l", Value::list_of({2})}});

    const Value patch = create_merge_patch(original, modified);

    EXPECT_EQ(patch, Value::map_of({{"b", Value::map_of({{"e", 3}, {"d", Value()}})},
                                    {"l", Value::list_of({2})},
                                    {"a", Value()}}));
    EXPECT_EQ(apply_merge_patch(original, patch).value(), modified);
}

TEST(MergePatch, TheThreeWayPatchRemovesOnlyWhatWasAppliedBefore) {
    const Value original = Value::map_of({{"a", 1}, {"b", 1}});
    const Value modified = Value::map_of({{"b", 2}});
    const Value current = Value::map_of({{"a", 1}, {"b", 1}, {"other", 1}});

    EXPECT_EQ(create_three_way_merge_patch(original, modified, current),
              Value::map_of({{"a", Value()}, {"b", 2}}));
}

}  // namespace
}  // namespace weft::merge
