// cel/limits_test.cc: what is too deep, too large or too slow ends in an error.

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "cel/internal/frame.h"

namespace weft::cel {
namespace {

const Environment& kro_environment() {
    static const Environment environment = Environment::of(Profile::kro());
    return environment;
}

std::string repeat(std::string_view text, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

Program program_of(const std::string& text) {
    const Result<Ast> ast = kro_environment().compile(text);
    EXPECT_TRUE(ast) << text.substr(0, 200);
    return *kro_environment().program(*ast);
}

std::string refusal_of(const std::string& text) {
    const Result<Ast> ast = kro_environment().compile(text);
    return ast ? "" : std::string(ast.error().message());
}

std::string outcome_of(const Program& program, const EvaluateOptions& options = {},
                       size_t memory = evaluation_memory_max) {
    Arena arena(memory);
    return to_text(program.evaluate(Activation(), arena, options).value);
}

TEST(CelLimits, ConstantsThatGrowAreNotComputedEarly) {
    const std::string grow = repeat(".replace('a', 'aaaaaaaaaa')", 5);
    const std::string cases[] = {
        cat("'a'", grow, repeat(".replace('a', 'aaaaaaaaaa')", 5)),
        "lists.range(9000000)",
        cat("[", repeat("'aaaaaaaaaa', ", 1000), "''].join('", repeat("a", 60'000), "')"),
        "cel.bind(a, lists.range(100000), a + a + a + a + a + a + a + a)",
    };
    for (const std::string& text : cases) {
        const Program program = program_of(text);
        EXPECT_LE(program.rep().arena.used(), folded_memory_max + (size_t{256} << 10)) << text;
        EXPECT_EQ(outcome_of(program, {}, size_t{1} << 20), "memory limit exceeded") << text;
    }
}

TEST(CelLimits, ManySmallConstantsTogetherStayWithinTheLimitOfFolding) {
    std::string text = "size(";
    for (int i = 0; i < 60; ++i) {
        append(text, i == 0 ? "" : " + ", "'", repeat("x", 400), "'.replace('x', '",
               repeat("y", 500), "')");
    }
    text += ")";
    const Program program = program_of(text);
    EXPECT_LE(program.rep().arena.used(), folded_memory_max + (size_t{512} << 10));
    EXPECT_EQ(outcome_of(program), cat(60 * 400 * 500));
}

TEST(CelLimits, ConstantsThatTakeLongAreNotComputedEarly) {
    // A hundred million comparisons, if it were.
    const Program program = program_of("lists.range(20000).map(i, i).distinct().size()");
    const std::atomic<bool> stop{true};
    EXPECT_EQ(outcome_of(program, {.interrupt = &stop}), "operation interrupted");
}

TEST(CelLimits, TextsThatDoubleEndAtTheMemoryLimit) {
    std::string text = "'0123456789'";
    for (int i = 0; i < 30; ++i) {
        text = cat("cel.bind(x", i, ", ", text, ", x", i, " + x", i, ")");
    }
    EXPECT_EQ(outcome_of(program_of(text)), "memory limit exceeded");
}

TEST(CelLimits, LoopsInLoopsEndWhenTheyAreInterruptedOrCostTooMuch) {
    // Ten to the twelfth turns.
    std::string text = "true";
    for (int i = 0; i < 12; ++i) {
        text = cat("[1,2,3,4,5,6,7,8,9,0].all(x", i, ", ", text, ")");
    }
    const Program program = program_of(text);
    const std::atomic<bool> stop{true};
    EXPECT_EQ(outcome_of(program, {.interrupt = &stop}), "operation interrupted");

    const Program tracked = *kro_environment().program(program.ast(), {.track_cost = true});
    EXPECT_EQ(outcome_of(tracked, {.cost_limit = 1'000'000}),
              "operation cancelled: actual cost limit exceeded");
}

TEST(CelLimits, NativeLoopsAreInterrupted) {
    const std::atomic<bool> stop{true};
    for (const std::string text : {
             "cel.bind(n, 1000, lists.range(n))",
             "lists.range(90).map(i, lists.range(90)).flatten().distinct()",
             "lists.range(90).map(i, i % 2 == 0 ? lists.range(90) : [1]).flatten().map(x, x)",
             "lists.range(90).map(i, i).all(i, [1,2,3].exists(x, x > i))",
         }) {
        EXPECT_EQ(outcome_of(program_of(text), {.interrupt = &stop}), "operation interrupted")
            << text;
    }
}

TEST(CelLimits, DeepNestingIsRefused) {
    EXPECT_NE(refusal_of(cat(repeat("(", 300), "1", repeat(")", 300))), "");
    EXPECT_NE(refusal_of(cat(repeat("[", 300), "1", repeat("]", 300))), "");
    EXPECT_NE(refusal_of(cat(repeat("{'a': ", 300), "1", repeat("}", 300))), "");
    EXPECT_NE(refusal_of(cat("true", repeat(" ? true : false", 5000))), "");
    EXPECT_NE(refusal_of(cat("[1]", repeat(".map(x, [x", 300), repeat("])", 300))), "");
}

TEST(CelLimits, HugeLiteralsAreRefused) {
    EXPECT_NE(refusal_of(cat("'", repeat("a", code_points_max), "'")), "");
    EXPECT_NE(refusal_of(cat("[", repeat("1,", code_points_max / 2), "1]")), "");
    EXPECT_NE(refusal_of(repeat("9", 1000)), "");
}

TEST(CelLimits, MacrosThatMultiplyAreRefused) {
    std::string text = "optional.of(1)";
    for (int i = 0; i < 60; ++i) {
        text = cat(text, ".optMap(x, x)");
    }
    EXPECT_NE(refusal_of(text), "");
}

TEST(CelLimits, CostlyPatternsAreErrors) {
    EXPECT_EQ(outcome_of(program_of("'a'.matches('((((a{0,100}){0,100}){0,100}){0,100})')"))
                  .starts_with("error parsing regexp: "),
              true);
    // Linear time, whatever the pattern.
    EXPECT_EQ(outcome_of(program_of(cat("'", repeat("a", 20'000), "'.matches('^(a*)*b$')"))),
              "false");
}

}  // namespace
}  // namespace weft::cel
