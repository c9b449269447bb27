// cel/cost_test.cc: costs are cel-go's, to the unit. The figures were measured with cel-go.

#include "cel/cost.h"

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"

namespace weft::cel {
namespace {

struct CostCase {
    std::string_view expression;
    uint64_t optimized;
    uint64_t plain;
    CostEstimate estimate;
};
constexpr uint64_t without_bound = UINT64_MAX;

// `o` is dyn, `s` a text of 15 characters, `l` a list of five, `m` a map of one.
constexpr CostCase cost_cases[] = {
    {"1", 0, 0, {0, 0}},
    {"1 + 2", 1, 1, {1, 1}},
    {"o.a.b", 3, 3, {1, 1}},
    {"has(o.a.b)", 2, 2, {1, 1}},
    {"o.a.b == 1", 4, 4, {2, 2}},
    {"s == 'x'", 2, 2, {2, 2}},
    {"s == s", 4, 4, {3, 1844674407370955266}},
    {"s + s", 5, 5, {2, 1844674407370955266}},
    {"s.startsWith('0123')", 3, 3, {2, 2}},
    {"s.contains('ABC')", 3, 3, {1, 1844674407370955265}},
    {"s.matches('^[0-9A-F]+$')", 7, 7, {4, 5534023222112865793}},
    {"[1, 2, 3]", 0, 10, {10, 10}},
    {"[o.a.b, 2]", 13, 13, {11, 11}},
    {"{'a': s}", 31, 31, {31, 31}},
    {"1 in [1,2,3]", 0, 13, {13, 13}},
    {"o.a.b in [1,2,3]", 3, 16, {14, 14}},
    {"l[0]", 2, 2, {2, 2}},
    {"l.all(x, x > 0)", 27, 27, {2, without_bound}},
    {"l.exists(x, x > 10)", 32, 32, {2, without_bound}},
    {"l.exists(x, x == 1)", 11, 11, {2, without_bound}},
    {"l.exists_one(x, x == 1)", 15, 15, {3, without_bound}},
    {"l.map(x, x * 2)", 72, 82, {12, without_bound}},
    {"l.filter(x, x > 2)", 51, 61, {12, without_bound}},
    {"l.all(i, v, v > i)", 32, 32, {2, without_bound}},
    {"o.a.b == 1 && o.a.b == 2", 8, 8, {2, 4}},
    {"!(o.a.b == 1)", 5, 5, {3, 3}},
    {"o.a.b == 1 ? 1 : 2", 4, 4, {2, 2}},
    {"int('1')", 0, 1, {1, 1}},
    {"o.?a.?b.orValue(1)", 3, 3, {4, 4}},
    {"type(s) == string", 3, 3, {4, 1844674407370955267}},
    {"timestamp('2020-01-01T00:00:00Z').getFullYear()", 1, 2, {2, 2}},
    {"o.l.map(x, o.l.map(y, x * y))", 183, 223, {12, without_bound}},
};

TEST(CelCost, IsWhatCelGoCounts) {
    const weft::Value o = *parse_json(R"({"a":{"b":1},"l":[1,2,3]})");
    const weft::Value l = *parse_json("[1,2,3,4,5]");
    const weft::Value m = *parse_json(R"({"k":"v"})");
    const Environment environment = Environment::of(Profile::kubernetes(36))
                                        .extend()
                                        .variable("o", &types::dyn)
                                        .variable("s", &types::string)
                                        .variable("l", "list(int)")
                                        .variable("m", "map(string, string)")
                                        .build();
    Activation activation;
    activation.bind("o", o).bind("l", l).bind("m", m).bind("s", Value::string("0123456789ABCDE"));
    for (const CostCase& test : cost_cases) {
        const Result<Ast> ast = environment.compile(test.expression);
        ASSERT_TRUE(ast) << ast.error().message();
        for (const bool optimize : {true, false}) {
            const Program program = *environment.program(*ast, {.optimize = optimize});
            Arena arena;
            EXPECT_EQ(program.evaluate(activation, arena, {}).cost,
                      optimize ? test.optimized : test.plain)
                << test.expression << (optimize ? "" : " (not optimised)");
        }
        const CostEstimate estimate = estimate_cost(environment, *ast);
        EXPECT_EQ(estimate.min, test.estimate.min) << test.expression;
        EXPECT_EQ(estimate.max, test.estimate.max) << test.expression;
    }
}

TEST(CelCost, TheLimitEndsAnEvaluation) {
    const Environment environment = Environment::of(Profile::kubernetes(36));
    const Program program =
        *environment.program(*environment.compile("[1,2,3].all(x, [1,2,3].all(y, x + y > 0))"));
    Arena arena;

    const Outcome outcome = program.evaluate({}, arena, {.cost_limit = 20});

    ASSERT_TRUE(outcome.value.is_error());
    EXPECT_EQ(outcome.value.as_error().code, ErrorCode::cost_limit);
    EXPECT_EQ(to_text(outcome.value), "operation cancelled: actual cost limit exceeded");
}

}  // namespace
}  // namespace weft::cel
