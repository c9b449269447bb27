// object/value_test.cc: the promises of Value and Path.

#include <gtest/gtest.h>

#include "object/object.h"

namespace weft {
namespace {

TEST(Value, ACopyDoesNotSeeLaterChanges) {
    Value a = Value::map_of({{"x", Value::map_of({{"y", 1}})}});
    Value b = a;
    b.mutable_member("x").set("y", 2);
    EXPECT_EQ(a.int_at(0, "x", "y"), 1);
    EXPECT_EQ(b.int_at(0, "x", "y"), 2);
}

TEST(Value, KeepsInsertionOrderAndFindsKeysInLargeMaps) {
    Value map = Value::map();
    for (int i = 999; i >= 0; --i) {
        map.set(cat("key", i), i);
    }
    EXPECT_EQ(map.members().front().name(), "key999");
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(map.int_at(-1, cat("key", i)), i);
    }
    EXPECT_EQ(map.erase_if([](std::string_view, const Value& v) { return v.as_int() % 2 == 0; }),
              500U);
    EXPECT_EQ(map.find("key500"), nullptr);
    EXPECT_EQ(map.int_at(-1, "key501"), 501);
    map.sort_members();
    EXPECT_EQ(map.members().front().name(), "key1");
    EXPECT_EQ(map.int_at(-1, "key501"), 501);
}

TEST(Value, TextsOfEveryLengthComeBack) {
    for (size_t size = 0; size < 40; ++size) {
        const std::string text(size, 'x');
        Value value(text);
        const Value copy = value;
        value = Value(1);
        EXPECT_EQ(copy.as_string(), text);
    }
}

TEST(Value, EqualityIgnoresOrderAndTellsIntegersFromNumbers) {
    EXPECT_EQ(Value::map_of({{"a", 1}, {"b", 2}}), Value::map_of({{"b", 2}, {"a", 1}}));
    EXPECT_FALSE(Value(1) == Value(1.0));
    EXPECT_EQ(Value::list_of({1, "a", true, Value()}), Value::list_of({1, "a", true, Value()}));
    EXPECT_FALSE(Value::list_of({1}) == Value::list_of({1, 2}));
}

TEST(Value, ListsInsertAndErase) {
    Value list = Value::list_of({1, 2, 4});
    const Value before = list;
    list.insert(2, 3);
    list.erase_at(0);
    EXPECT_EQ(list, Value::list_of({2, 3, 4}));
    EXPECT_EQ(before, Value::list_of({1, 2, 4}));
}

TEST(Path, TextComesBack) {
    const Path path{"metadata", "annotations", "a.b/c", size_t{3}, "x"};
    EXPECT_EQ(path.text(), "metadata.annotations[\"a.b/c\"][3].x");
    EXPECT_EQ(*Path::parse(path.text()), path);
    EXPECT_FALSE(Path::parse("a[x]"));
    EXPECT_FALSE(Path::parse("a[\"x"));
    EXPECT_FALSE(Path::parse("a..b"));
}

TEST(Path, SetMakesWhatIsMissing) {
    Value root;
    ASSERT_TRUE((Path{"a", "b", size_t{0}, "c"}.set_in(root, 7)));
    EXPECT_EQ((Path{"a", "b", size_t{0}, "c"}.find_in(root))->as_int(), 7);
    EXPECT_FALSE((Path{"a", "b", size_t{5}}.set_in(root, 7)));
}

}  // namespace
}  // namespace weft
