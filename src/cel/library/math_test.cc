// cel/library/math_test.cc: functions of numbers.

#include "cel/library/math.h"

#include <gtest/gtest.h>

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(Math, FollowsCelGo) {
    constexpr LibraryCase cases[] = {
        {"math.greatest(1, 2.0, 3u)", "3u"},
        {"math.least([1, 2])", "1"},
        {"math.least(5, -2)", "-2"},
        {"math.greatest(7)", "7"},
        {"math.greatest()", "CHECK: math.greatest() requires at least one argument"},
        {"math.greatest('a')", "CHECK: math.greatest() invalid single argument value"},
        {"math.greatest(1, 'a')",
         "CHECK: math.greatest() simple literal arguments must be numeric"},
        {"math.greatest(dyn([]))", "ERR: math.@max(list) argument must not be empty"},
        {"math.least(dyn(['a', 1]))", "ERR: no such overload: math.@min"},
        {"math.abs(-9223372036854775808)", "ERR: integer overflow"},
        {"math.sign(-3)", "-1"},
        {"math.sign(0u)", "0u"},
        {"math.round(-1.5)", "-2.0"},
        {"math.sqrt(81)", "9.0"},
        {"math.isNaN(0.0/0.0)", "true"},
        {"math.bitNot(1)", "-2"},
        {"math.bitShiftLeft(1, 64)", "0"},
        {"math.bitShiftRight(-1024, 3)", "2305843009213693824"},
        {"math.bitShiftRight(1u, -1)", "ERR: math.bitShiftRight() negative offset: -1"},
    };
    expect_library(Profile::spec(), cases);
}

TEST(Math, BelongsToTheSpecificationOnly) {
    EXPECT_FALSE(Environment::of(Profile::kro()).has_function("math.abs"));
    EXPECT_FALSE(Environment::of(Profile::kubernetes(34)).has_function("math.abs"));
}

}  // namespace
}  // namespace weft::cel
