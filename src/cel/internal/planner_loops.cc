// cel/internal/planner_loops.cc: comprehensions, and the shapes of macros among them.

#include <algorithm>

#include "cel/internal/planner.h"

namespace weft::cel {

uint32_t Planner::push_local(std::string_view name) {
    const auto index = static_cast<uint32_t>(locals_.size());
    locals_.push_back({name, index});
    out_.local_count = std::max(out_.local_count, index + 1);
    return index;
}

bool Planner::is_literal(const Expr* expr, const Value& value) {
    return expr->kind == ExprKind::literal && expr->literal.kind() == value.kind() &&
           expr->literal.as_uint() == value.as_uint();
}

const Step* Planner::plan_comprehension(const Expr& expr) {
    const Comprehension& loop = *expr.comprehension;
    if (optimize_ && loop.range->kind == ExprKind::list && loop.range->args.empty() &&
        is_literal(loop.condition, Value::boolean(false)) &&
        is_identifier(loop.step, loop.accumulator)) {
        return plan_bind(expr, loop);
    }
    auto* step = make<LoopStep>(expr, run_loop);
    step->range = plan(*loop.range);
    step->initial = plan(*loop.initial);
    const size_t outside = locals_.size();
    step->accumulator = push_local(loop.accumulator);
    const size_t inside = locals_.size();
    step->variable = push_local(loop.variable);
    step->has_second = !loop.second_variable.empty();
    if (step->has_second) {
        step->second = push_local(loop.second_variable);
    }
    if (!optimize_ || !recognise(loop, *step)) {
        step->condition = plan(*loop.condition);
        step->step = plan(*loop.step);
    }
    locals_.resize(inside);
    step->result = plan(*loop.result);
    locals_.resize(outside);
    return step;
}

const Step* Planner::plan_bind(const Expr& expr, const Comprehension& loop) {
    auto* step = make<BindStep>(expr, run_bind);
    step->value = plan(*loop.initial);
    const size_t outside = locals_.size();
    step->local = push_local(loop.accumulator);
    step->result = plan(*loop.result);
    locals_.resize(outside);
    return step;
}

bool Planner::recognise(const Comprehension& loop, LoopStep& step) {
    const std::string_view accu = loop.accumulator;
    const bool returns_accumulator = is_identifier(loop.result, accu);
    if (returns_accumulator && is_literal(loop.initial, Value::boolean(true)) &&
        is_call(loop.condition, operators::not_strictly_false, 1) &&
        is_identifier(loop.condition->args[0], accu) &&
        is_call(loop.step, operators::logical_and, 2) && is_identifier(loop.step->args[0], accu)) {
        step.run = run_all;
        step.predicate = plan(*loop.step->args[1]);
        return true;
    }
    if (returns_accumulator && is_literal(loop.initial, Value::boolean(false)) &&
        is_call(loop.condition, operators::not_strictly_false, 1) &&
        is_call(loop.condition->args[0], operators::logical_not, 1) &&
        is_identifier(loop.condition->args[0]->args[0], accu) &&
        is_call(loop.step, operators::logical_or, 2) && is_identifier(loop.step->args[0], accu)) {
        step.run = run_exists;
        step.predicate = plan(*loop.step->args[1]);
        return true;
    }
    if (!is_literal(loop.condition, Value::boolean(true))) {
        return false;
    }
    const Expr* body = loop.step;
    const Expr* predicate = nullptr;
    if (is_call(body, operators::conditional, 3) && is_identifier(body->args[2], accu)) {
        predicate = body->args[0];
        body = body->args[1];
    }
    if (is_call(body, operators::add, 2) && is_identifier(body->args[0], accu)) {
        const Expr* added = body->args[1];
        if (predicate != nullptr && is_literal(added, Value::integer(1)) &&
            is_literal(loop.initial, Value::integer(0)) &&
            is_call(loop.result, operators::equals, 2) &&
            is_identifier(loop.result->args[0], accu) &&
            is_literal(loop.result->args[1], Value::integer(1))) {
            step.run = run_exists_one;
            step.predicate = plan(*predicate);
            return true;
        }
        if (returns_accumulator && added->kind == ExprKind::list && added->args.size() == 1 &&
            added->optionals.empty() && loop.initial->kind == ExprKind::list &&
            loop.initial->args.empty()) {
            step.run = run_collect;
            step.predicate = predicate == nullptr ? nullptr : plan(*predicate);
            step.transform = plan(*added->args[0]);
            return true;
        }
    }
    if (returns_accumulator && is_call(body, "cel.@mapInsert", 3) &&
        is_identifier(body->args[0], accu) && loop.initial->kind == ExprKind::map &&
        loop.initial->entries.empty()) {
        step.run = run_collect_map;
        step.predicate = predicate == nullptr ? nullptr : plan(*predicate);
        step.transform_key = plan(*body->args[1]);
        step.transform = plan(*body->args[2]);
        return true;
    }
    return false;
}

}  // namespace weft::cel
