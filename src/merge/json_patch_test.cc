// merge/json_patch_test.cc: proof of json_patch.h.

#include "merge/json_patch.h"

#include <gtest/gtest.h>

#include "merge/limits.h"

namespace weft::merge {
namespace {

Value operation(std::string_view op, std::string_view path, Value value = Value()) {
    return Value::map_of({{"op", op}, {"path", path}, {"value", std::move(value)}});
}

TEST(JsonPatch, AddsBeforeAnIndexAndAtTheEnd) {
    const Value document = Value::map_of({{"a", Value::list_of({1, 2})}});
    const Value patch = Value::list_of({operation("add", "/a/1", 9), operation("add", "/a/-", 8)});

    const Result<Value> patched = apply_json_patch(document, patch);

    ASSERT_TRUE(patched);
    EXPECT_EQ(*patched, Value::map_of({{"a", Value::list_of({1, 9, 2, 8})}}));
    EXPECT_EQ(document, Value::map_of({{"a", Value::list_of({1, 2})}}));
}

TEST(JsonPatch, NamesThePathOfAFailedTest) {
    const Value document = Value::map_of({{"a", 1}});

    const Result<Value> patched =
        apply_json_patch(document, Value::list_of({operation("test", "/a", 2)}));

    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.error().reason(), Reason::invalid);
    EXPECT_EQ(patched.error().message(), "testing value /a failed: test failed");
    EXPECT_EQ(json_patch_client_error(patched.error()).message(),
              "the server rejected our request due to an error in our request");
}

TEST(JsonPatch, RefusesMoreOperationsThanTheServerTakes) {
    const std::vector<Value> many(json_patch_operations_max + 1, operation("add", "/a", 1));

    const Result<Value> patched = apply_json_patch(Value::map(), Value::list(many));

    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.error().reason(), Reason::request_entity_too_large);
    EXPECT_EQ(patched.error().message(),
              "Request entity too large: The allowed maximum operations in a JSON patch is 10000, "
              "got 10001");
}

TEST(JsonPatch, StopsCopiesThatGrowWithoutEnd) {
    Value document = Value::map_of({{"a", Value::list_of({std::string(1000, 'x')})}});
    std::vector<Value> patch;
    for (int i = 0; i < 40; ++i) {
        patch.push_back(Value::map_of({{"op", "copy"}, {"from", "/a"}, {"path", "/a/-"}}));
    }

    const Result<Value> patched = apply_json_patch(document, Value::list(patch));

    ASSERT_FALSE(patched);
    EXPECT_NE(patched.error().message().find("exceeding the limit 3145728"), std::string::npos);
}

}  // namespace
}  // namespace weft::merge
