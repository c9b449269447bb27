// cel/internal/planner_calls.cc: operators and functions, folded where their operands are known.

#include <algorithm>

#include "cel/internal/planner.h"
#include "cel/internal/regex.h"

namespace weft::cel {

namespace {

struct Operator {
    std::string_view name;
    Runner run;
};

}  // namespace

const Step* Planner::plan_binary(const Expr& call, Runner run, std::string_view function,
                                 bool can_fold) {
    auto* step = make<BinaryStep>(call, run);
    step->a = plan(*call.args[0]);
    step->b = plan(*call.args[1]);
    step->function = function;
    if (const FunctionDeclaration* declared = environment_.find_function(function)) {
        step->actual_cost =
            declared->overloads.empty() ? nullptr : declared->overloads[0].actual_cost;
    }
    if (can_fold && is_constant(step->a) && is_constant(step->b)) {
        return fold(call, step);
    }
    const Runner comparison = comparison_with_constant(run, step->a->kind == StepKind::path);
    if (optimize_ && !out_.track && is_constant(step->b) && comparison != nullptr) {
        auto* compare = make<CompareStep>(call, comparison);
        compare->a = step->a;
        compare->b = constant_value(step->b);
        compare->function = function;
        return compare;
    }
    return step;
}

const Step* Planner::plan_sum(const Expr& call) {
    std::vector<const Expr*> additions;
    for (const Expr* at = &call; is_addition(*at); at = at->args[0]) {
        additions.push_back(at);
    }
    if (additions.size() < 2) {
        return plan_binary(call, run_add, operators::add);
    }
    std::ranges::reverse(additions);
    std::vector<const Step*> operands{plan(*additions[0]->args[0])};
    std::vector<uint32_t> ids;
    for (const Expr* addition : additions) {
        const Step* next = plan(*addition->args[1]);
        if (operands.size() == 1 && is_constant(operands[0]) && is_constant(next)) {
            auto* pair = make<BinaryStep>(*addition, run_add);
            pair->a = operands[0];
            pair->b = next;
            pair->function = operators::add;
            operands[0] = fold(*addition, pair);
            continue;
        }
        operands.push_back(next);
        ids.push_back(addition->id);
    }
    if (operands.size() == 1) {
        return operands[0];
    }
    auto* step = make<SumStep>(call, run_sum);
    step->operands = keep(operands);
    step->ids = keep(ids);
    return step;
}

const Step* Planner::plan_index(const Expr& call, bool is_optional, bool is_free) {
    const bool is_attribute = can_be_attribute(*call.args[0]);
    const Expr& key = *call.args[1];
    if (optimize_ && !out_.track && call.name == operators::index &&
        key.kind == ExprKind::literal && key.literal.is_string()) {
        // `a["b"]` reads what `a.b` reads, names of schemas apart.
        const Step* operand =
            is_free && is_attribute ? plan_free(*call.args[0]) : plan(*call.args[0]);
        if (operand->kind >= StepKind::variable) {
            return extend_path(call, operand, is_attribute ? 1 : (is_free ? 1 : 2),
                               Field(key.literal.as_string(), out_.arena), false);
        }
        return plan_index_of(call, operand, is_optional, is_free);
    }
    if (optimize_ && call.name == operators::optional_select) {
        const Step* operand =
            is_free && is_attribute ? plan_free(*call.args[0]) : plan(*call.args[0]);
        return extend_path(call, operand, is_attribute ? 1 : (is_free ? 1 : 2),
                           field_of(*call.args[0], call.args[1]->literal.as_string()), true);
    }
    return plan_index_of(call,
                         is_free && is_attribute ? plan_free(*call.args[0]) : plan(*call.args[0]),
                         is_optional, is_free);
}

const Step* Planner::plan_index_of(const Expr& call, const Step* operand, bool is_optional,
                                   bool is_free) {
    auto* step = make<IndexStep>(call, is_optional ? run_optional_index : run_index);
    step->operand = operand;
    // A key that is an attribute itself is a qualifier; only its own fields cost.
    step->key = can_be_attribute(*call.args[1]) ? plan_free(*call.args[1]) : plan(*call.args[1]);
    step->cost = can_be_attribute(*call.args[0]) || is_free ? 1 : 2;
    if (!is_optional && is_constant(step->operand) && is_constant(step->key)) {
        return fold(call, step);
    }
    return step;
}

const Step* Planner::plan_conditional(const Expr& call) {
    auto* step = make<ConditionalStep>(call, run_conditional);
    step->condition = plan(*call.args[0]);
    step->yes = can_be_attribute(*call.args[1]) ? plan_free(*call.args[1]) : plan(*call.args[1]);
    step->no = can_be_attribute(*call.args[2]) ? plan_free(*call.args[2]) : plan(*call.args[2]);
    if (optimize_ && !out_.track && is_constant(step->condition)) {
        const Value& condition = constant_value(step->condition);
        if (condition.is_bool()) {
            return condition.as_bool() ? step->yes : step->no;
        }
    }
    return step;
}

const Step* Planner::plan_in(const Expr& call) {
    const Step* list = plan(*call.args[1]);
    if (optimize_ && is_constant(list) && constant_value(list).is_list()) {
        Arena& arena = out_.arena;
        const Value& items = constant_value(list);
        bool are_scalars = true;
        MapBuilder set(arena, items.size());
        for (size_t i = 0; i < items.size(); ++i) {
            const Value item = items.item(i, arena);
            are_scalars = are_scalars && (item.is_bool() || item.is_numeric() || item.is_string() ||
                                          item.is_bytes());
            set.set(item, Value::boolean(true));
        }
        if (are_scalars) {
            auto* step = make<BinaryStep>(call, run_in_constants);
            step->a = plan(*call.args[0]);
            step->b = constant(*call.args[1], set.finish());
            return is_constant(step->a) ? fold(call, step) : step;
        }
    }
    return plan_binary(call, run_in, operators::in);
}

const Step* Planner::plan_call(const Expr& call, bool is_free) {
    static constexpr Operator binary[] = {
        {operators::equals, run_equals},     {operators::not_equals, run_not_equals},
        {operators::less, run_less},         {operators::less_equals, run_less_equals},
        {operators::greater, run_greater},   {operators::greater_equals, run_greater_equals},
        {operators::add, run_add},           {operators::subtract, run_subtract},
        {operators::multiply, run_multiply}, {operators::divide, run_divide},
        {operators::modulo, run_modulo},
    };
    if (call.operand == nullptr && (call.name.starts_with('_') || call.name.starts_with('@') ||
                                    call.name.starts_with('!') || call.name.starts_with('-'))) {
        if (optimize_ && !out_.track && call.name == operators::add) {
            return plan_sum(call);
        }
        for (const Operator& op : binary) {
            if (op.name == call.name) {
                return plan_binary(call, op.run, op.name);
            }
        }
        if (call.name == operators::logical_and || call.name == operators::logical_or) {
            return plan_logic(call, call.name == operators::logical_or);
        }
        if (call.name == operators::conditional) {
            return plan_conditional(call);
        }
        if (call.name == operators::index) {
            return plan_index(call, false, is_free);
        }
        if (call.name == operators::optional_index || call.name == operators::optional_select) {
            return plan_index(call, true, is_free);
        }
        if (call.name == operators::in) {
            return plan_in(call);
        }
        if (call.name == operators::logical_not) {
            return plan_unary(call, run_not);
        }
        if (call.name == operators::negate) {
            return plan_unary(call, run_negate);
        }
        if (call.name == operators::not_strictly_false) {
            return plan_unary(call, run_not_strictly_false);
        }
    }
    return plan_function(call);
}

const Step* Planner::plan_unary(const Expr& call, Runner run) {
    auto* step = make<UnaryStep>(call, run);
    step->a = plan(*call.args[0]);
    return is_constant(step->a) ? fold(call, step) : step;
}

const Step* Planner::plan_logic(const Expr& call, bool is_or) {
    auto* step = make<BinaryStep>(call, is_or ? run_or : run_and);
    step->a = plan(*call.args[0]);
    step->b = plan(*call.args[1]);
    return is_constant(step->a) && is_constant(step->b) ? fold(call, step) : step;
}

const FunctionDeclaration* Planner::resolve(const Expr& call, bool& drops_target) {
    if (const Reference* reference = ast_.reference_of(call.id)) {
        drops_target = reference->drops_target;
        return environment_.find_function(reference->name);
    }
    std::string name(call.name);
    drops_target = false;
    const FunctionDeclaration* found = nullptr;
    const auto look = [&](std::string_view candidate) {
        found = environment_.find_function(candidate);
        return found != nullptr;
    };
    if (call.operand != nullptr) {
        std::string target;
        if (!starts_with_local(*call.operand) && qualified_name(*call.operand, target) &&
            environment_.each_candidate(cat(target, ".", name), look)) {
            drops_target = true;
            return found;
        }
    }
    environment_.each_candidate(name, look);
    return found;
}

const Step* Planner::plan_function(const Expr& call) {
    bool drops_target = false;
    const FunctionDeclaration* function = resolve(call, drops_target);
    std::vector<const Step*> args;
    if (call.operand != nullptr && !drops_target) {
        args.push_back(plan(*call.operand));
    }
    if (call.operand != nullptr && args.size() == 1 && call.args.size() == 1 &&
        function != nullptr && function->overloads.size() == 1 &&
        (function->overloads[0].id == "optional_or_optional" ||
         function->overloads[0].id == "optional_orValue_value")) {
        auto* step = make<BinaryStep>(call, function->overloads[0].id == "optional_or_optional"
                                                ? run_optional_or
                                                : run_optional_or_value);
        step->a = args[0];
        step->b = plan(*call.args[0]);
        if (!out_.track && step->run == run_optional_or_value &&
            step->a->kind == StepKind::optional_path) {
            step->run = run_optional_path_or_value;
        }
        return step;
    }
    for (const Expr* argument : call.args) {
        args.push_back(plan(*argument));
    }
    const std::span<const Step*> kept = keep(args);
    if (function == nullptr) {
        return fail(call, cat("no such overload: ", call.name), kept);
    }
    std::vector<const Declaration*> overloads;
    const Reference* reference = ast_.reference_of(call.id);
    bool is_pure = true;
    bool is_conversion = false;
    for (const Declaration& overload : function->overloads) {
        if (overload.parameters.size() != args.size() || overload.call == nullptr) {
            continue;
        }
        if (reference != nullptr &&
            std::ranges::find(reference->overloads, overload.id) == reference->overloads.end()) {
            continue;
        }
        CHECK(overloads.size() < UINT8_MAX);
        overloads.push_back(&overload);
        is_pure = is_pure && overload.is_pure;
        is_conversion = is_conversion || (args.size() == 1 && overload.is_conversion);
    }
    auto* step = make<CallStep>(call, run_call);
    step->function = function->name;
    step->overloads = keep(overloads);
    step->args = kept;
    for (size_t kind = 0; kind < kind_count; ++kind) {
        const auto takes = [&](const Declaration* overload) {
            return overload->kinds.empty() || (overload->kinds[0] & 1U << kind) != 0;
        };
        step->first_by_kind[kind] =
            static_cast<uint8_t>(std::ranges::find_if(overloads, takes) - overloads.begin());
    }
    if (optimize_ && !out_.track) {
        simplify_call(*step);
        if (step->function == "size" && args.size() == 1) {
            step->run = run_size;
        }
    }
    const bool has_pattern = remember_pattern(*step);
    if (has_pattern && !out_.track) {
        return step;  // Compiling the pattern is the dear part, and waits for the first run.
    }
    if (!is_pure || overloads.empty() ||
        !std::ranges::all_of(args, [](const Step* arg) { return is_constant(arg); })) {
        return step;
    }
    const Step* folded = fold(call, step);
    if (is_conversion && optimize_) {
        if (is_constant(folded)) {
            // cel-go's optimizer folds conversions and charges nothing for them.
            const_cast<ConstantStep*>(static_cast<const ConstantStep*>(folded))->cost = 0;
        } else if (environment_.track_cost && !error_) {
            fail_plan(step);
        }
    }
    return folded;
}

void Planner::fail_plan(const CallStep* step) {
    const Activation nothing;
    Frame frame{.arena = &out_.arena,
                .activation = &nothing,
                .program = &out_,
                .variables = nullptr,
                .locals = nullptr};
    const Value value = run(step, frame);
    if (value.is_error()) {
        error_ = make_error(Reason::invalid, error_text(value.as_error()));
    }
}

bool Planner::remember_pattern(const CallStep& step) {
    if (step.args.size() < 2 || !is_constant(step.args[1]) ||
        !constant_value(step.args[1]).is_string()) {
        return false;
    }
    const std::string_view name = step.function;
    if (name != "matches" && name != "find" && name != "findAll" && !name.starts_with("regex.")) {
        return false;
    }
    out_.patterns.push_back(
        std::make_unique<ProgramRegex>(constant_value(step.args[1]).as_string()));
    if ((name == "find" || name == "findAll") && !error_) {
        // Kubernetes' library compiles its patterns early in every profile.
        const ProgramRegex::Compiled& compiled = out_.patterns.back()->get();
        if (compiled.regex == nullptr) {
            error_ = make_error(Reason::invalid, compiled.failure);
        }
    }
    return true;
}

}  // namespace weft::cel
