// cel/value_test.cc: values borrow their input and compare as CEL says.

#include "cel/value.h"

#include <gtest/gtest.h>

#include "object/json.h"

namespace weft::cel {
namespace {

TEST(CelValue, ReadsADocumentInPlace) {
    const weft::Value document = *parse_json(R"({"a": {"b": [1, "two", 2.5, null]}})");
    Arena arena;

    const Value list = Value::borrow(document).find("a", arena)->find("b", arena).value();

    EXPECT_EQ(list.borrowed(), document.find("a", "b"));
    EXPECT_EQ(to_text(list), R"([1, "two", 2.5, null])");
}

TEST(CelValue, NumbersOfEqualValueAreEqualWhateverTheirKind) {
    Arena arena;
    const Value one = Value::integer(1);

    EXPECT_TRUE(equals(one, Value::number(1), arena).is_true());
    EXPECT_TRUE(equals(Value::unsigned_integer(1), one, arena).is_true());
    EXPECT_TRUE(equals(Value::integer(-1), Value::unsigned_integer(UINT64_MAX), arena).is_false());
    EXPECT_TRUE(equals(one, Value::string("1"), arena).is_false());
}

TEST(CelValue, FindsKeysOfLargeMapsByValue) {
    Arena arena;
    MapBuilder builder(arena);
    for (int i = 0; i < 1000; ++i) {
        builder.set(Value::integer(i), Value::integer(i * 2));
    }
    const Value map = builder.finish();

    EXPECT_EQ(map.size(), 1000U);
    EXPECT_EQ(map.find(Value::number(999), arena)->as_int(), 1998);
    EXPECT_FALSE(map.find(Value::number(0.5), arena));
}

TEST(CelValue, TimestampsKeepTheOffsetTheyWereReadWith) {
    const Value time = Value::timestamp({-5, 7}, -90);

    EXPECT_EQ(time.as_time(), (Time{-5, 7}));
    EXPECT_EQ(time.offset_minutes(), -90);
}

}  // namespace
}  // namespace weft::cel
