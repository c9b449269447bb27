// server/internal/selectors_test.cc: proves what a label selector's text means, how it is written
// back, and what is told of a text that means nothing.

#include "server/internal/selectors.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/base.h"

namespace weft::server::selector_tests {
namespace {

// The selector as Go prints it, else why it is none.
std::string read(std::string_view text) {
    const auto selector = LabelSelector::parse(text);
    return selector ? selector->text() : selector.error().text();
}

bool matches(std::string_view text, const Value& labels) {
    const auto selector = LabelSelector::parse(text);
    EXPECT_TRUE(selector.has_value()) << text;
    return selector && selector->matches(labels);
}

TEST(LabelSelector, IsWrittenBackInOneForm) {
    EXPECT_EQ(read("a = b , c != d"), "a=b,c!=d");
    EXPECT_EQ(read("a==b"), "a==b");
    EXPECT_EQ(read("a in (c, b)"), "a in (b,c)");
    EXPECT_EQ(read("a notin (b)"), "a notin (b)");
    EXPECT_EQ(read("a,!b"), "a,!b");
    EXPECT_EQ(read("a>1,b<2"), "a>1,b<2");
}

TEST(LabelSelector, AnEmptyPlaceInASetIsTheEmptyValue) {
    EXPECT_EQ(read("a in ()"), "a in ()");
    EXPECT_EQ(read("a in (,b)"), "a in (,b)");
    EXPECT_EQ(read("a in (b,)"), "a in (,b)");
    EXPECT_TRUE(matches("a in ()", Value::map_of({{"a", ""}})));
    EXPECT_FALSE(matches("a in ()", Value::map_of({{"a", "b"}})));
    EXPECT_TRUE(matches("a in (b,)", Value::map_of({{"a", ""}})));
}

TEST(LabelSelector, MatchesWhatAllOfItsPartsMatch) {
    const Value labels = Value::map_of({{"a", "b"}, {"n", "5"}});
    for (const std::string_view text :
         {"", "a", "a=b", "a==b", "a in (b)", "a in (b,c)", "a in (c,b)", "a notin (c)",
          "z notin (c)", "a!=c", "z!=c", "!z", "n>4", "n<6", "a=b,n>4"}) {
        EXPECT_TRUE(matches(text, labels)) << text;
    }
    for (const std::string_view text : {"z", "a=c", "a in (c,d)", "a notin (b)", "a notin (c,b)",
                                        "a!=b", "!a", "n>5", "n<5", "a>1", "a=b,n>5"}) {
        EXPECT_FALSE(matches(text, labels)) << text;
    }
}

TEST(LabelSelector, ATextThatMeansNothingIsToldWhere) {
    EXPECT_EQ(read("a in b"), "unable to parse requirement: found 'b' expected: '('");
    EXPECT_EQ(read("a in (b"), "unable to parse requirement: found '', expected: ',' or ')'");
    EXPECT_EQ(read("a in (="),
              "unable to parse requirement: found '=', expected: ',', ')' or identifier");
    EXPECT_EQ(read("a b"),
              "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
}

}  // namespace
}  // namespace weft::server::selector_tests
