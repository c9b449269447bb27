// merge/strategic_merge_patch_test.cc: proof of strategic_merge_patch.h.

#include "merge/strategic_merge_patch.h"

#include <gtest/gtest.h>

#include "object/json.h"
#include "schema/builtin.h"

namespace weft::merge {
namespace {

Value json(std::string_view text) {
    return parse_json(text).value();
}

schema::SchemaPtr pod() {
    return schema::Builtin::get().find_kind({.group = "", .version = "v1", .kind = "Pod"});
}

TEST(StrategicMergePatch, MergesContainersByName) {
    const Value document =
        json(R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"b"}]}})");
    const Value patch = json(R"({"spec":{"containers":[{"name":"b","image":"y"}]}})");

    const Result<Value> patched = apply_strategic_merge_patch(document, patch, pod().get());

    ASSERT_TRUE(patched);
    EXPECT_EQ(to_json(*patched),
              R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}})");
}

TEST(StrategicMergePatch, NamesTheItemWithoutMergeKey) {
    const Value document = json(R"({"spec":{"containers":[{"name":"a"}]}})");
    const Value patch = json(R"({"spec":{"containers":[{"image":"z"}]}})");

    const Result<Value> patched = apply_strategic_merge_patch(document, patch, pod().get());

    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.error().message(),
              "map: map[image:z] does not contain declared merge key: name");
}

TEST(StrategicMergePatch, WithoutASchemaListsAreReplaced) {
    const Result<Value> patched = apply_strategic_merge_patch(
        json(R"({"l":[1],"m":{"a":1}})"), json(R"({"l":[2],"m":{"b":2}})"), nullptr);

    ASSERT_TRUE(patched);
    EXPECT_EQ(to_json(*patched), R"({"l":[2],"m":{"a":1,"b":2}})");
}

TEST(StrategicMergePatch, TheCreatedPatchDeletesAnItemByDirective) {
    const Value original = json(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})");
    const Value modified = json(R"({"spec":{"containers":[{"name":"b"}]}})");

    const Result<Value> patch = create_strategic_merge_patch(original, modified, pod().get());

    ASSERT_TRUE(patch);
    EXPECT_EQ(*patch, json(R"({"spec":{"$setElementOrder/containers":[{"name":"b"}],
                               "containers":[{"name":"a","$patch":"delete"}]}})"));
    EXPECT_EQ(apply_strategic_merge_patch(original, *patch, pod().get()).value(), modified);
}

}  // namespace
}  // namespace weft::merge
