// cel/limits.h: the bounds of everything that foreign input can make long, deep or costly.

#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::cel {

// cel-go's parser limits; expressions that it refuses must be refused here, and no others.
inline constexpr int recursion_max = 250;
inline constexpr size_t code_points_max = 100'000;
// cel-go's limits bound how deep its parser is, not how deep a tree becomes: chains of operators
// inside chains of operators add up, and Go's stack grows. Ours does not. Walking a tree of this
// depth takes less than 4 MiB of stack without optimisation.
inline constexpr uint32_t tree_depth_max = 2'000;
// Macros copy parts of what is written (`a.optMap(…)` has `a` twice), so a short text can mean a
// tree of any size. A text of the longest length without macros has fewer nodes than this.
inline constexpr size_t nodes_max = 500'000;
// cel-go reports at most so many errors of one expression.
inline constexpr size_t issues_max = 100;

// cel-go has no memory limit: `x + x` repeated in a chain of binds doubles a text each time. One
// evaluation of a sane expression stays far below this.
inline constexpr size_t evaluation_memory_max = size_t{64} << 20;
// The first block of an arena: enough for the results of ordinary expressions.
inline constexpr size_t arena_block_min = size_t{4} << 10;
inline constexpr size_t arena_block_max = size_t{1} << 20;

// What a program may compute early, all of its constant parts together: more would make a program
// large and slow to make that may never run. What does not fit is computed when the program runs,
// under the limits of its evaluation.
inline constexpr size_t folded_memory_max = size_t{1} << 20;
inline constexpr uint32_t folded_turns_max = 100'000;

// A loop asks whether it should stop every so many turns, as Kubernetes' CEL does.
inline constexpr uint32_t interrupt_check_frequency = 100;

// Turns of all loops of one evaluation. Kubernetes bounds loops by their cost; kro bounds nothing,
// so that four nested loops over a hundred items hold it up for minutes. This is a second or two.
inline constexpr uint32_t evaluation_turns_max = 100'000'000;

// RE2 refuses programs that need more; Go has no such limit, so it is generous.
inline constexpr int64_t regex_memory_max = int64_t{8} << 20;
// Patterns known only at run time are compiled once per evaluation; more distinct ones than this
// are compiled each time.
inline constexpr size_t dynamic_regexes_max = 16;

// Kubernetes' budgets (apiserver pkg/apis/cel).
inline constexpr uint64_t per_call_cost_limit = 1'000'000;
inline constexpr uint64_t runtime_cost_budget = 10'000'000;
inline constexpr uint64_t match_conditions_cost_budget = 2'500'000;

}  // namespace weft::cel
