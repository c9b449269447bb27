// merge/field_set_test.cc: proof of field_set.h.

#include "merge/field_set.h"

#include <gtest/gtest.h>

namespace weft::merge {
namespace {

FieldSet set_of(std::string_view json) {
    return FieldSet::parse(json).value();
}

TEST(FieldSet, WritesElementsInTheOrderOfFieldsV1) {
    const FieldSet set = set_of(
        R"({"i:1":{},"v:2":{},"v:\"a\"":{},"k:{\"b\":1,\"a\":2}":{},"f:z":{".":{},"f:y":{}},"f:a":{}})");

    EXPECT_EQ(
        set.serialized(),
        R"({"f:a":{},"f:z":{".":{},"f:y":{}},"k:{\"a\":2,\"b\":1}":{},"v:2":{},"v:\"a\"":{},"i:1":{}})");
}

TEST(FieldSet, DifferenceKeepsWhatLiesBelowAndRecursiveDifferenceDoesNot) {
    const FieldSet set = set_of(R"({"f:a":{".":{},"f:b":{}},"f:c":{}})");
    const FieldSet removed = set_of(R"({"f:a":{}})");

    EXPECT_EQ(set.difference(removed).serialized(), R"({"f:a":{"f:b":{}},"f:c":{}})");
    EXPECT_EQ(set.recursive_difference(removed).serialized(), R"({"f:c":{}})");
}

TEST(FieldSet, OperationsThatChangeNothingShareTheSet) {
    const FieldSet set = set_of(R"({"f:a":{"f:b":{}},"f:c":{}})");

    EXPECT_TRUE(set.union_with(set_of(R"({"f:c":{}})")).is_same(set));
    EXPECT_TRUE(set.difference(set_of(R"({"f:d":{}})")).is_same(set));
    EXPECT_TRUE(set.leaves().is_same(set));
}

TEST(FieldSet, PassesOverKindsOfElementsThatItDoesNotKnow) {
    EXPECT_EQ(set_of(R"({"f:a":{"x:later":{}}})").serialized(), R"({"f:a":{}})");
    EXPECT_FALSE(FieldSet::parse(R"({"f":{}})"));
    EXPECT_FALSE(FieldSet::parse(R"({"f:a":1})"));
}

TEST(FieldSet, SaysPathsAsConflictsDo) {
    const FieldPath path = {PathElement::field("spec"), PathElement::field("containers"),
                            PathElement::key(Value::map_of({{"name", "a"}})),
                            PathElement::field("image")};

    EXPECT_EQ(to_text(path), R"(.spec.containers[name="a"].image)");
    EXPECT_TRUE(FieldSet::of({path}).has(path));
}

}  // namespace
}  // namespace weft::merge
