// cli/truth_test.cc: which conditions say the same for every instance.

#include "cli/truth.h"

#include <gtest/gtest.h>

namespace weft::cli {

namespace {

Value schema() {
    return *parse_yaml_value(
        "type: object\n"
        "properties:\n"
        "  mode: {type: string, enum: [fast, slow]}\n"
        "  count: {type: integer, minimum: 1, maximum: 5}\n"
        "  free: {type: integer}\n");
}

std::string truth(const std::string& expression) {
    const std::optional<bool> value = constant_truth(expression, schema());
    return value ? (*value ? "always" : "never") : "depends";
}

TEST(Truth, KnowsLiteralsAndWhatTheyDecide) {
    EXPECT_EQ(truth("true"), "always");
    EXPECT_EQ(truth("!true"), "never");
    EXPECT_EQ(truth("schema.spec.free == 1 || true"), "always");
    EXPECT_EQ(truth("schema.spec.free == 1 && 1 == 2"), "never");
    EXPECT_EQ(truth("schema.spec.free == 1 ? true : true"), "always");
}

TEST(Truth, KnowsWhatTheSchemaAllows) {
    EXPECT_EQ(truth("schema.spec.mode == 'quick'"), "never");
    EXPECT_EQ(truth("'quick' != schema.spec.mode"), "always");
    EXPECT_EQ(truth("schema.spec.count > 0"), "always");
    EXPECT_EQ(truth("schema.spec.count > 5"), "never");
    EXPECT_EQ(truth("6 > schema.spec.count"), "always");
    EXPECT_EQ(truth("schema.spec.count <= 5"), "always");
}

TEST(Truth, SaysNothingWhereItDepends) {
    EXPECT_EQ(truth("schema.spec.mode == 'fast'"), "depends");
    EXPECT_EQ(truth("schema.spec.count > 1"), "depends");
    EXPECT_EQ(truth("schema.spec.free > 0"), "depends");
    EXPECT_EQ(truth("web.status.ready"), "depends");
    EXPECT_EQ(truth("web.status.x == web.status.x"), "always");
    EXPECT_EQ(truth("not an expression"), "depends");
}

}  // namespace

}  // namespace weft::cli
