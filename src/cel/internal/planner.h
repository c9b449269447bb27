// cel/internal/planner.h: what turns a tree into a program.
//
// One planner makes one program. Names are resolved here, paths fused, loops recognised, constant
// parts computed; what is computed early keeps the cost that it would have had.
#pragma once

#include "cel/internal/ast_rep.h"
#include "cel/internal/input.h"
#include "cel/internal/steps.h"

namespace weft::cel {

class Planner {
public:
    Planner(const Ast& ast, const Environment::Rep& environment, Program::Rep& out,
            const ProgramOptions& options)
        : ast_(ast), environment_(environment), out_(out), optimize_(options.optimize) {}
    const Step* plan_root() { return plan(ast_.root()); }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    struct Local {
        std::string_view name;
        uint32_t index;
    };
    template <typename T>
    T* make(const Expr& expr, Runner run, StepKind kind = StepKind::other) {
        T* step = out_.arena.make<T>();
        step->run = run;
        step->id = expr.id;
        step->kind = kind;
        return step;
    }
    // Where costs are counted, other functions run.
    [[nodiscard]] Runner either(Runner plain, Runner tracked) const {
        return out_.track ? tracked : plain;
    }
    template <typename T>
    std::span<T> keep(const std::vector<T>& items) {
        return out_.arena.copy(std::span<const T>(items));
    }
    const Step* constant(const Expr& expr, const Value& value, uint64_t cost = 0);
    [[nodiscard]] static bool is_constant(const Step* step) {
        return step->kind == StepKind::constant;
    }
    [[nodiscard]] static const Value& constant_value(const Step* step) {
        return static_cast<const ConstantStep*>(step)->value;
    }
    const Step* fail(const Expr& expr, std::string_view message,
                     std::span<const Step* const> args = {},
                     ErrorCode code = ErrorCode::no_such_overload) {
        auto* step = make<FailureStep>(expr, run_failure);
        step->code = code;
        step->message = out_.arena.copy(message);
        step->args = args;
        return step;
    }
    // Runs a step whose operands are all constant, if it may be run now and its result is small.
    const Step* fold(const Expr& expr, const Step* step);
    const Step* plan(const Expr& expr);
    const Step* plan_free(const Expr& expr);

    // Names and paths: planner_paths.cc
    [[nodiscard]] const Local* find_local(std::string_view name) const;
    [[nodiscard]] const Variable* find_variable(std::string_view name) const;
    uint32_t slot_of(const std::vector<std::string>& names, const schema::Schema* schema);
    // The variable or constant that a whole chain of names stands for; null if it stands for none.
    const Step* plan_qualified(const Expr& expr, bool is_free);
    [[nodiscard]] bool starts_with_local(const Expr& expr) const;
    const Step* plan_identifier(const Expr& expr, bool is_free);
    const Step* plan_path(const Expr& expr, bool is_free);
    // The field that a select reads, with its schema where the checker knows it.
    Field field_of(const Expr& operand, std::string_view field_name);
    // `operand.field` in one step, together with the fields before it.
    const Step* extend_path(const Expr& expr, const Step* operand, uint32_t cost);
    const Step* extend_path(const Expr& expr, const Step* operand, uint32_t cost,
                            const Field& field, bool is_optional);
    // What cel-go evaluates as an attribute: it costs 1 where it begins and 1 for each qualifier.
    [[nodiscard]] bool can_be_attribute(const Expr& expr) const;
    const Step* plan_test(const Expr& expr);

    // Calls: planner_calls.cc
    const Step* plan_binary(const Expr& call, Runner run, std::string_view function,
                            bool can_fold = true);
    static bool is_addition(const Expr& expr) {
        return expr.kind == ExprKind::call && expr.name == operators::add &&
               expr.operand == nullptr && expr.args.size() == 2;
    }
    // A chain of additions in one step, so that texts are not copied once for each.
    const Step* plan_sum(const Expr& call);
    const Step* plan_index(const Expr& call, bool is_optional, bool is_free);
    const Step* plan_index_of(const Expr& call, const Step* operand, bool is_optional,
                              bool is_free);
    const Step* plan_conditional(const Expr& call);
    const Step* plan_in(const Expr& call);
    const Step* plan_call(const Expr& call, bool is_free);
    const Step* plan_unary(const Expr& call, Runner run);
    const Step* plan_logic(const Expr& call, bool is_or);
    // The function that a call means, and whether its target is part of the name.
    const FunctionDeclaration* resolve(const Expr& call, bool& drops_target);
    const Step* plan_function(const Expr& call);
    // Kubernetes refuses a program with a constant conversion that fails.
    void fail_plan(const CallStep* step);
    // Patterns that are known now are compiled once for all evaluations.
    bool remember_pattern(const CallStep& step);

    // Literals: planner_literals.cc
    const Step* plan_list(const Expr& expr);
    // cel-go makes constant list and map literals when it plans, and charges nothing.
    const Step* without_cost(const Step* step);
    static bool has_distinct_keys(const std::vector<MapStep::Item>& items);
    const Step* plan_map(const Expr& expr);
    const Step* plan_structure(const Expr& expr);

    // Loops: planner_loops.cc
    uint32_t push_local(std::string_view name);
    static bool is_identifier(const Expr* expr, std::string_view name) {
        return expr->kind == ExprKind::identifier && expr->name == name;
    }
    static bool is_call(const Expr* expr, std::string_view name, size_t arity) {
        return expr->kind == ExprKind::call && expr->name == name && expr->args.size() == arity &&
               expr->operand == nullptr;
    }
    static bool is_literal(const Expr* expr, const Value& value);
    const Step* plan_comprehension(const Expr& expr);
    const Step* plan_bind(const Expr& expr, const Comprehension& loop);
    // The shapes that the macros expand to.
    bool recognise(const Comprehension& loop, LoopStep& step);

    const Ast& ast_;
    const Environment::Rep& environment_;
    Program::Rep& out_;
    bool optimize_;
    bool next_is_free_ = false;
    size_t folded_memory_ = folded_memory_max;
    uint32_t folded_turns_ = folded_turns_max;
    std::vector<Local> locals_;
    std::optional<Error> error_;
};

}  // namespace weft::cel
