// cel/cost_test.cc: costs are cel-go's, to the unit. The figures were measured with cel-go.

#include "cel/cost.h"

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"
#include "schema/open_api.h"

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
    const auto with_variables = [](Profile profile) {
        return Environment::of(profile)
            .extend()
            .variable("o", &types::dyn)
            .variable("s", &types::string)
            .variable("l", "list(int)")
            .variable("m", "map(string, string)")
            .build();
    };
    // The figures are those of Kubernetes' settings without its checks of literals.
    const Environment checker = with_variables(Profile::kro());
    const Environment environment = with_variables(Profile::kubernetes(36));
    Activation activation;
    activation.bind("o", o).bind("l", l).bind("m", m).bind("s", Value::string("0123456789ABCDE"));
    for (const CostCase& test : cost_cases) {
        const Result<Ast> ast = checker.compile(test.expression);
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

struct ActualCase {
    std::string_view expression;
    uint64_t cost;
};

void expect_costs(const Environment& environment, const Activation& activation,
                  std::span<const ActualCase> cases) {
    for (const ActualCase& test : cases) {
        const Result<Ast> ast = environment.compile(test.expression);
        ASSERT_TRUE(ast) << ast.error().message();
        Arena arena;
        EXPECT_EQ(environment.program(*ast)->evaluate(activation, arena, {}).cost, test.cost)
            << test.expression;
    }
}

TEST(CelCost, KubernetesChargesForTextsByTheirLength) {
    const Environment environment =
        Environment::of(Profile::kubernetes(36)).extend().variable("s", &types::string).build();
    constexpr ActualCase cases[] = {
        {"s.lowerAscii()", 3},
        {"s.trim()", 3},
        {"s.substring(3)", 3},
        {"s.replace('a', 'b')", 4},
        {"s.split('a')", 4},
        {"s.indexOf('A')", 2},
        {"[s, s].join('-')", 19},
        {"s.charAt(0)", 2},
        {"'%s'.format([s])", 12},
        {"strings.quote(s)", 3},
        {"quantity(s) == quantity(s)", 7},
        {"ip('::1') == ip('::1')", 3},
    };
    expect_costs(environment, Activation().bind("s", Value::string("0123456789ABCDE")), cases);
}

TEST(CelCost, EstimatesOfTextsGrowWithTheirBounds) {
    const weft::Value schema = *parse_json(
        R"({"type":"object","properties":{"s":{"type":"string","maxLength":5},)"
        R"("l":{"type":"array","maxItems":3,"items":{"type":"string","maxLength":5}}}})");
    const Environment environment = Environment::of(Profile::kubernetes(36))
                                        .extend()
                                        .object("self", *schema::from_open_api(schema), "selfType")
                                        .build();
    struct EstimateCase {
        std::string_view expression;
        CostEstimate estimate;
    };
    constexpr EstimateCase cases[] = {
        {"self.s.lowerAscii()", {2, 4}},
        {"self.s.lowerAscii().upperAscii()", {2, 6}},
        {"self.s.replace('a', 'bb')", {2, 6}},
        {"self.s.replace('a', 'bb').trim()", {2, 10}},
        {"self.s.replace('', 'b').trim()", {3, 11}},
        {"self.s.replace('aa', '').trim()", {2, 8}},
        {"self.s.split(',')", {2, 6}},
        {"self.s.split(',', 2).join('')", {2, 1844674407370955270}},
        {"self.l.join('-')", {2, 9}},
        {"self.l.isSorted()", {2, 11}},
        {"self.s.indexOf('a')", {2, 4}},
        {"isQuantity(self.s)", {2, 4}},
        {"ip.isCanonical(self.s)", {2, 6}},
        {"url(self.s) == url(self.s)", {5, 10}},
    };
    for (const EstimateCase& test : cases) {
        const Result<Ast> ast = environment.compile(test.expression);
        ASSERT_TRUE(ast) << ast.error().message();
        const CostEstimate estimate = estimate_cost(environment, *ast);
        EXPECT_EQ(estimate.min, test.estimate.min) << test.expression;
        EXPECT_EQ(estimate.max, test.estimate.max) << test.expression;
    }
}

TEST(CelCost, CallsWithAnErrorAreCountedAsFarAsTheyRan) {
    const weft::Value o = *parse_json(R"({"a":{"b":1}})");
    const Environment environment =
        Environment::of(Profile::kubernetes(36)).extend().variable("o", &types::dyn).build();
    constexpr ActualCase cases[] = {
        {"o.a.x == 1", 4},      // the path and the comparison
        {"o.x.b.c == 1", 3},    // nothing behind what is missing
        {"o.a.x == o.a.b", 7},  // the other operand, too
        {"o.a.x + 1 == 2", 5},  // each call that the error passes
        {"size(o.a.x)", 4},
        {"[o.a.x == 1].size()", 5},  // a list with an error is none
        {"o.?a.?b == optional.of(1)", 5},
        {"o.?x.?b == optional.none()", 3},  // what is absent is free
        {"o.a[?'x']", 2},
    };
    expect_costs(environment, Activation().bind("o", o), cases);
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
