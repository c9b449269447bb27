// cel/internal/planner.cc: a tree becomes a program: what all kinds of nodes share.

#include "cel/internal/planner.h"

#include <algorithm>

namespace weft::cel {

const Step* Planner::constant(const Expr& expr, const Value& value, uint64_t cost) {
    auto* step =
        make<ConstantStep>(expr, either(run_constant, run_tracked_constant), StepKind::constant);
    step->value = value;
    step->cost = cost;
    return step;
}

const Step* Planner::fold(const Expr& expr, const Step* step) {
    if (!optimize_ || folded_turns_ == 0) {
        return step;
    }
    const Activation nothing;
    Frame frame{.arena = &out_.arena,
                .activation = &nothing,
                .program = &out_,
                .variables = nullptr,
                .locals = nullptr,
                .track = true,
                .turns_max = folded_turns_};
    const size_t before = out_.arena.used();
    out_.arena.set_limit(before + folded_memory_);
    const Value value = run(step, frame);
    const bool is_over = out_.arena.is_over_limit() || frame.stopped != nullptr;
    out_.arena.set_limit(SIZE_MAX);
    folded_memory_ -= std::min(folded_memory_, out_.arena.used() - before);
    folded_turns_ -=
        std::min(folded_turns_, frame.turns + interrupt_check_frequency - frame.turns_to_check);
    if (is_over) {
        return step;
    }
    if (!value.is_error()) {
        return constant(expr, value, frame.cost);
    }
    // An error must come when the program runs, if it comes at all; then it need not be made
    // again. The kinds that a run's own limits make are for the run to make.
    if (out_.track || value.as_error().code == ErrorCode::memory_limit) {
        return step;
    }
    auto* failure = make<ConstantStep>(expr, run_constant);
    failure->value = value;
    return failure;
}

const Step* Planner::plan(const Expr& expr) {
    // Whoever asked for a path without its first cost asked for this node only.
    const bool is_free = std::exchange(next_is_free_, false);
    switch (expr.kind) {
        case ExprKind::literal:
            return constant(expr, expr.literal);
        case ExprKind::identifier:
            return plan_path(expr, is_free);
        case ExprKind::select:
            return expr.test_only ? plan_test(expr) : plan_path(expr, is_free);
        case ExprKind::call:
            return plan_call(expr, is_free);
        case ExprKind::list:
            return plan_list(expr);
        case ExprKind::map:
            return plan_map(expr);
        case ExprKind::structure:
            return plan_structure(expr);
        case ExprKind::comprehension:
            return plan_comprehension(expr);
    }
    return nullptr;
}

const Step* Planner::plan_free(const Expr& expr) {
    next_is_free_ = true;
    const Step* step = plan(expr);
    next_is_free_ = false;
    return step;
}

Result<std::shared_ptr<const Program::Rep>> plan_program(
    const Ast& ast, std::shared_ptr<const Environment::Rep> environment,
    const ProgramOptions& options) {
    auto rep = std::make_shared<Program::Rep>();
    rep->ast = ast;
    rep->strict_presence = environment->strict_presence;
    rep->track = options.track_cost.value_or(environment->track_cost);
    // Before planning: what is computed early asks it for time zones.
    rep->environment = std::move(environment);
    Planner planner(ast, *rep->environment, *rep, options);
    rep->root = planner.plan_root();
    rep->all_slots = rep->slots;
    if (planner.error()) {
        return *planner.error();
    }
    return std::shared_ptr<const Program::Rep>(std::move(rep));
}

}  // namespace weft::cel
