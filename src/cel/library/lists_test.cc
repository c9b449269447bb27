// cel/library/lists_test.cc: functions of lists.

#include "cel/library/lists.h"

#include <gtest/gtest.h>

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(Lists, FollowCelGo) {
    constexpr LibraryCase cases[] = {
        {"[3,1,2].sort()", "[1, 2, 3]"},
        {"[3,1,2].sortBy(i, -i)", "[3, 2, 1]"},
        {"['b',1].sort()", "ERR: list elements must have the same type"},
        {"dyn([['b']]).sort()", "ERR: no such overload: sort(list)"},
        {"[['b']].sort()",
         "CHECK: found no matching overload for 'sort' applied to 'list(list(string)).()'"},
        {"[].sort()", "[]"},
        {"[3.0,1.0].sort()", "[1.0, 3.0]"},
        {"[0.0/0.0, 1.0].sort()", "[double(\"NaN\"), 1.0]"},
        {"['b','a'].sortBy(x, x)", "[\"a\", \"b\"]"},
        {"[{'n': 2}, {'n': 1}].sortBy(x, x.n)", "[{\"n\": 1}, {\"n\": 2}]"},
        {"'abc'.sortBy(x, x)",
         "CHECK: sortBy can only be applied to a list, identifier, comprehension, call or select "
         "expression"},
        {"[1].sortBy(x.y, 1)", "CHECK: argument is not an identifier"},
        {"[[1,[2]],[3]].flatten()", "[1, [2], 3]"},
        {"[[[1]]].flatten(2)", "[1]"},
        {"[[1]].flatten(-1)", "ERR: level must be non-negative"},
        {"[1].flatten()",
         "CHECK: found no matching overload for 'flatten' applied to 'list(int).()'"},
        {"[1,2,3,4].slice(1,3)", "[2, 3]"},
        {"[1,2,3].slice(0,4)", "ERR: cannot slice(0, 4), list is length 3"},
        {"[1,2,3].slice(-1,2)", "ERR: cannot slice(-1, 2), negative indexes not supported"},
        {"[1,2,3].slice(2,1)",
         "ERR: cannot slice(2, 1), start index must be less than or equal to end index"},
        {"[1,1.0,1u,2].distinct()", "[1, 2]"},
        {"[1.0, 1].distinct()", "[1.0]"},
        {"['a','b','a'].distinct()", "[\"a\", \"b\"]"},
        {"[[1],[2],[1.0]].distinct()", "[[1], [2]]"},
        {"[0.0/0.0, 0.0/0.0].distinct().size()", "2"},
        {"lists.range(3)", "[0, 1, 2]"},
        {"lists.range(0)", "[]"},
        {"lists.range(-1)", "[]"},
        {"lists.range(10000001)",
         "ERR: lists.range: size 10000001 exceeds maximum allowed (10000000)"},
        {"lists.range(9000000)", "ERR: memory limit exceeded"},
        {"['a','b'].reverse()", "[\"b\", \"a\"]"},
        {"'ab'.reverse()", "\"ba\""},
    };
    expect_library(Profile::kro(), cases);
}

TEST(Lists, KubernetesHasThemSince34) {
    EXPECT_FALSE(Environment::of(Profile::kubernetes(33)).has_function("slice"));
    EXPECT_TRUE(Environment::of(Profile::kubernetes(34)).has_function("slice"));
}

TEST(Lists, CostWhatCelGoSays) {
    const Environment environment = Environment::of(Profile::kubernetes(34));
    const auto cost = [&](std::string_view text) {
        const Program program = *environment.program(*environment.compile(text));
        Arena arena;
        return program.evaluate(Activation(), arena, {}).cost;
    };
    // A list that an expression makes costs 10 by itself unless it is constant.
    EXPECT_EQ(cost("lists.range(5)"), 16U);
    EXPECT_EQ(cost("lists.range(5).reverse()"), 16U + 16U);
    EXPECT_EQ(cost("lists.range(5).distinct()"), 16U + 11U + 50U);
    EXPECT_EQ(cost("lists.range(5).sort()"), 16U + 11U + 50U);
}

}  // namespace
}  // namespace weft::cel
