// cel/allocations_test.cc: evaluating asks the heap for nothing.

#include "base/allocations.h"

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"

namespace weft::cel {
namespace {

// How often the heap is asked in a hundred evaluations, once the arena has its first block.
uint64_t allocations_of(std::string_view text) {
    static const weft::Value document = *parse_json(
        R"({"name":"alpha-web","replicas":5,"ratio":0.75,"memory":"512Mi","tags":["a","nginx"],)"
        R"("labels":{"team":"blue"},"on":true,"availableReplicasOfAll":5,)"
        R"("conditions":[{"type":"Ready","status":"False"},{"type":"Available","status":"True"}]})");
    const Environment environment =
        Environment::of(Profile::kro()).extend().variable("o", &types::dyn).build();
    const Result<Ast> ast = environment.compile(text);
    EXPECT_TRUE(ast) << text;
    const Program program = *environment.program(*ast);
    Activation activation;
    activation.bind("o", document);
    Arena arena;
    const auto evaluate = [&] {
        const Value value = program.evaluate(activation, arena);
        arena.reset();
        return value.kind();
    };
    EXPECT_NE(evaluate(), Kind::error) << text;
    const uint64_t before = allocation_count();
    for (int i = 0; i < 100; ++i) {
        (void)evaluate();
    }
    return allocation_count() - before;
}

TEST(CelAllocations, ExpressionsThatBuildNothingAskTheHeapForNothing) {
    for (const std::string_view text : {
             "true",
             "o.name",
             "o.replicas > 3",
             "o.replicas >= 1 && o.replicas <= 10",
             "o.availableReplicasOfAll == o.replicas",
             "o.replicas > 3 ? 'ha' : 'single'",
             "o.name.startsWith('alpha') || o.name.endsWith('x') || o.name.contains('y')",
             "has(o.labels.team) && !has(o.none)",
             "o.?none.?max.orValue(3)",
             "o.?labels.team.orValue('none')",
             "o.labels['team'] == 'blue'",
             "'nginx' in o.tags && o.name in ['dev', 'alpha-web']",
             "o.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
             "o.conditions.all(c, has(c.type))",
             "o.conditions.exists_one(c, c.status == 'True')",
             "size(o.tags) + size(o.name)",
             "int(o.ratio * 100.0) % 7",
             "o.name.matches('^[a-z-]+$')",
             "quantity(o.memory).isLessThan(quantity('2Gi'))",
             "cel.bind(x, o.replicas, x * x)",
             "o.on && (o.none.nothing || true)",
         }) {
        EXPECT_EQ(allocations_of(text), 0U) << text;
    }
}

TEST(CelAllocations, WhatExpressionsBuildLiesInTheArena) {
    for (const std::string_view text : {
             "o.name + '-' + o.labels.team",
             "{'app': o.name, 'replicas': o.replicas}",
             "[o.name, o.replicas]",
             "o.conditions.map(c, c.type)",
             "o.conditions.filter(c, c.status == 'True').map(c, {'is': c.type})",
         }) {
        EXPECT_EQ(allocations_of(text), 0U) << text;
    }
}

}  // namespace
}  // namespace weft::cel
