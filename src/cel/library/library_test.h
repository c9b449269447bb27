// cel/library/library_test.h: expressions and what they should give, for the libraries' tests.

#pragma once

#include <gtest/gtest.h>

#include "cel/cel.h"

namespace weft::cel {

struct LibraryCase {
    std::string_view expression;
    std::string_view expected;
};

// The value as text; "ERR: …" of an error while running, "CHECK: …" the first one before.
inline std::string evaluate_text(const Environment& environment, std::string_view text,
                                 bool optimize) {
    const Result<Ast> ast = environment.compile(text);
    if (!ast) {
        return cat("CHECK: ", ast.error().details().causes.empty()
                                  ? ast.error().message()
                                  : ast.error().details().causes[0].message);
    }
    const Result<Program> program = environment.program(*ast, {.optimize = optimize});
    if (!program) {
        return cat("PLAN: ", program.error().message());
    }
    Arena arena;
    const Value value = program->evaluate(Activation(), arena);
    return value.is_error() ? cat("ERR: ", to_text(value)) : to_text(value);
}

inline void expect_library(Profile profile, std::span<const LibraryCase> cases) {
    const Environment environment = Environment::of(profile);
    for (const LibraryCase& test : cases) {
        EXPECT_EQ(evaluate_text(environment, test.expression, true), test.expected)
            << test.expression;
        EXPECT_EQ(evaluate_text(environment, test.expression, false), test.expected)
            << test.expression << " (not optimised)";
    }
}

}  // namespace weft::cel
