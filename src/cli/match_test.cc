// cli/match_test.cc: what a test's expectation takes, and what --bless makes of it.

#include "cli/match.h"

#include <gtest/gtest.h>

namespace weft::cli {

namespace {

Value yaml(std::string_view text) {
    return *parse_yaml_value(text);
}

std::string mismatches(std::string_view expected, std::string_view actual, bool exact = false) {
    std::vector<Mismatch> found;
    const Value value = yaml(actual);
    match(yaml(expected), &value, exact, Path(), &found);
    std::string out;
    for (const Mismatch& mismatch : found) {
        append(out, mismatch.path.text(), ": ", mismatch.message, "\n");
    }
    return out;
}

TEST(Match, AMapMayHoldMoreUnlessItMustBeExact) {
    EXPECT_EQ(mismatches("{a: 1}", "{a: 1, b: 2}"), "");
    EXPECT_EQ(mismatches("{a: 1}", "{a: 1, b: 2}", true), "b: expected nothing, got 2\n");
    EXPECT_EQ(mismatches("{a: 1}", "{a: 1.0}"), "");
}

TEST(Match, NullMeansAbsent) {
    EXPECT_EQ(mismatches("{a: null}", "{b: 1}"), "");
    EXPECT_EQ(mismatches("{a: null}", "{a: 1}"), "a: expected nothing, got 1\n");
    EXPECT_EQ(mismatches("{a: 1}", "{b: 1}"), "a: expected 1, got nothing\n");
}

TEST(Match, ListsAreComparedItemByItem) {
    EXPECT_EQ(mismatches("[{a: 1}]", "[{a: 1, b: 2}]"), "");
    EXPECT_EQ(mismatches("[{a: 1}]", "[]"), ": expected 1 items, got 0: []\n");
    EXPECT_EQ(mismatches("[1, 2]", "[1, 3]"), "[1]: expected 2, got 3\n");
}

TEST(Project, AsksForWhatWasAskedForBefore) {
    const Value actual = yaml("{a: {b: 1, c: 2}, d: [1, 2]}");
    EXPECT_EQ(project(yaml("{a: {b: 7}}"), &actual, false), yaml("{a: {b: 1}}"));
    EXPECT_EQ(project(yaml("{d: [1]}"), &actual, false), yaml("{d: [1, 2]}"));
    EXPECT_EQ(project(yaml("{x: 1}"), &actual, false), yaml("{x: null}"));
    EXPECT_EQ(project(yaml("{a: 1}"), &actual, true), actual);
    std::vector<Mismatch> found;
    match(project(yaml("{a: {b: 7}, x: 1}"), &actual, false), &actual, false, Path(), &found);
    EXPECT_TRUE(found.empty());
}

}  // namespace

}  // namespace weft::cli
