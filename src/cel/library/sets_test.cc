// cel/library/sets_test.cc: lists as sets.

#include "cel/library/sets.h"

#include <gtest/gtest.h>

#include "cel/library/library_test.h"

namespace weft::cel {
namespace {

TEST(Sets, CompareByValue) {
    constexpr LibraryCase cases[] = {
        {"sets.contains([1, 1.0], [1u])", "true"}, {"sets.contains([1], [1, 2])", "false"},
        {"sets.contains([], [])", "true"},         {"sets.equivalent([1, 1], [1])", "true"},
        {"sets.equivalent([1], [2])", "false"},    {"sets.intersects([1, 2], [2, 3])", "true"},
        {"sets.intersects([], [1])", "false"},
    };
    expect_library(Profile::spec(), cases);
}

TEST(Sets, BelongToKubernetesAndNotToKro) {
    EXPECT_TRUE(Environment::of(Profile::kubernetes(30)).has_function("sets.contains"));
    EXPECT_FALSE(Environment::of(Profile::kro()).has_function("sets.contains"));
}

}  // namespace
}  // namespace weft::cel
