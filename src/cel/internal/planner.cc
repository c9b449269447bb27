// cel/internal/planner.cc: a tree becomes a program.
//
// Names are resolved here, paths fused, loops recognised, constant parts computed. What is computed
// early keeps the cost that it would have had.

#include <algorithm>

#include "cel/internal/ast_rep.h"
#include "cel/internal/input.h"
#include "cel/internal/regex.h"
#include "cel/internal/steps.h"

namespace weft::cel {

namespace {

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

    const Step* constant(const Expr& expr, const Value& value, uint64_t cost = 0) {
        auto* step = make<ConstantStep>(expr, either(run_constant, run_tracked_constant),
                                        StepKind::constant);
        step->value = value;
        step->cost = cost;
        return step;
    }
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
    const Step* fold(const Expr& expr, const Step* step) {
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

    const Step* plan(const Expr& expr) {
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
    const Step* plan_free(const Expr& expr) {
        next_is_free_ = true;
        const Step* step = plan(expr);
        next_is_free_ = false;
        return step;
    }

    // --- Names and paths ---

    [[nodiscard]] const Local* find_local(std::string_view name) const {
        const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                        [&](const Local& local) { return local.name == name; });
        return found == locals_.rend() ? nullptr : &*found;
    }
    [[nodiscard]] const Variable* find_variable(std::string_view name) const {
        const Variable* found = nullptr;
        environment_.each_candidate(name, [&](std::string_view candidate) {
            found = environment_.find_variable(candidate);
            return found != nullptr;
        });
        return found;
    }

    uint32_t slot_of(const std::vector<std::string>& names, const schema::Schema* schema) {
        for (uint32_t i = 0; i < out_.slots.size(); ++i) {
            if (std::ranges::equal(out_.slots[i].names, names, {}, &VariableName::text)) {
                return i;
            }
        }
        std::vector<VariableName> kept;
        for (const std::string& name : names) {
            kept.emplace_back(out_.arena.copy(name));
        }
        out_.slots.push_back({.names = keep(kept), .name = kept[0], .schema = schema});
        return static_cast<uint32_t>(out_.slots.size() - 1);
    }

    // The variable or constant that a whole chain of names stands for; null if it stands for none.
    const Step* plan_qualified(const Expr& expr, bool is_free) {
        const Variable* variable = nullptr;
        if (const Reference* reference = ast_.reference_of(expr.id)) {
            if (reference->is_constant) {
                return constant(expr, reference->constant);
            }
            variable = environment_.find_variable(reference->name);
            if (variable == nullptr) {
                return nullptr;
            }
        } else {
            std::string name;
            if (ast_.is_checked() || !qualified_name(expr, name) || starts_with_local(expr)) {
                return nullptr;
            }
            variable = find_variable(name);
            if (variable == nullptr) {
                return nullptr;
            }
            if (variable->is_constant) {
                return constant(expr, variable->constant);
            }
        }
        auto* step =
            make<PathStep>(expr, either(run_variable, run_tracked_variable), StepKind::variable);
        step->index = slot_of({std::string(variable->name)}, variable->schema);
        step->cost = is_free ? 0 : 1;
        return step;
    }

    [[nodiscard]] bool starts_with_local(const Expr& expr) const {
        const Expr* at = &expr;
        while (at->kind == ExprKind::select) {
            at = at->operand;
        }
        return at->kind == ExprKind::identifier && find_local(at->name) != nullptr;
    }

    const Step* plan_identifier(const Expr& expr, bool is_free) {
        if (const Local* local = find_local(expr.name)) {
            auto* step =
                make<PathStep>(expr, either(run_local, run_tracked_local), StepKind::local);
            step->base = PathBase::local;
            step->index = local->index;
            step->cost = is_free ? 0 : 1;
            return step;
        }
        if (const Step* step = plan_qualified(expr, is_free)) {
            return step;
        }
        // Not declared: an unchecked expression finds out when it runs.
        std::vector<std::string> names;
        environment_.each_candidate(expr.name, [&](std::string_view candidate) {
            names.emplace_back(candidate);
            return false;
        });
        auto* step =
            make<PathStep>(expr, either(run_variable, run_tracked_variable), StepKind::variable);
        step->index = slot_of(names, nullptr);
        step->cost = is_free ? 0 : 1;
        return step;
    }

    const Step* plan_path(const Expr& expr, bool is_free) {
        if (expr.kind == ExprKind::identifier) {
            return plan_identifier(expr, is_free);
        }
        if (const Step* step = plan_qualified(expr, is_free)) {
            return step;
        }
        const bool is_attribute = can_be_attribute(*expr.operand);
        const Step* operand =
            is_free && is_attribute ? plan_free(*expr.operand) : plan(*expr.operand);
        const uint32_t cost = is_attribute ? 1 : (is_free ? 1 : 2);
        return extend_path(expr, operand, cost);
    }

    // The field that a select reads, with its schema where the checker knows it.
    Field field_of(const Expr& operand, std::string_view field_name) {
        Field field(field_name, out_.arena);
        const Type* object = ast_.type_of(operand.id);
        if (is_optional_type(object)) {
            object = object->parameters[0];
        }
        if (object->kind != TypeKind::structure || object->schema == nullptr) {
            return field;
        }
        std::string name(field_name);
        const schema::Schema* property = object->schema->find_property(name);
        if (property == nullptr && name.find("__") != std::string::npos) {
            name = unescape_property(name);
            property = object->schema->find_property(name);
        }
        if (property != nullptr) {
            if (name != field_name) {
                const Field plain(name, out_.arena);
                field.key = plain.key;
                field.hash = plain.hash;
            }
            field.owner = object->schema;
            field.schema = property;
        }
        return field;
    }

    // `operand.field` in one step, together with the fields before it.
    const Step* extend_path(const Expr& expr, const Step* operand, uint32_t cost) {
        return extend_path(expr, operand, cost, field_of(*expr.operand, expr.name), false);
    }
    const Step* extend_path(const Expr& expr, const Step* operand, uint32_t cost,
                            const Field& field, bool is_optional) {
        auto* step = make<PathStep>(expr, either(run_path, run_tracked_path), StepKind::path);
        std::vector<Field> fields;
        if (optimize_ && operand->kind == StepKind::optional_path) {
            const auto& before = static_cast<const PathStep&>(*operand);
            *step = before;
            step->id = expr.id;
            fields.assign(before.fields.begin(), before.fields.end());
            cost += before.cost;
        } else if (optimize_ && operand->kind >= StepKind::variable) {
            const auto& before = static_cast<const PathStep&>(*operand);
            step->base = before.base;
            step->index = before.index;
            step->operand = before.operand;
            fields.assign(before.fields.begin(), before.fields.end());
            cost += before.cost;
        } else {
            step->base = PathBase::step;
            step->operand = operand;
        }
        if (is_optional && step->kind != StepKind::optional_path) {
            step->run = run_optional_path;
            step->kind = StepKind::optional_path;
            step->optional_from = static_cast<uint32_t>(fields.size());
        }
        fields.push_back(field);
        fields.back().id = expr.id;
        step->fields = keep(fields);
        step->cost = cost;
        return step;
    }

    // What cel-go evaluates as an attribute: it costs 1 where it begins and 1 for each qualifier.
    [[nodiscard]] bool can_be_attribute(const Expr& expr) const {
        switch (expr.kind) {
            case ExprKind::identifier: {
                const Reference* reference = ast_.reference_of(expr.id);
                return reference == nullptr || !reference->is_constant;
            }
            case ExprKind::select:
                return !expr.test_only;
            case ExprKind::call:
                return expr.operand == nullptr &&
                       (expr.name == operators::index || expr.name == operators::optional_index ||
                        expr.name == operators::optional_select ||
                        expr.name == operators::conditional);
            default:
                return false;
        }
    }

    const Step* plan_test(const Expr& expr) {
        auto* step = make<TestStep>(expr, run_test);
        step->operand = plan(*expr.operand);
        step->field = out_.arena.make<Field>(field_of(*expr.operand, expr.name));
        step->cost = (environment_.presence_test_is_free ? 0 : 1) +
                     (can_be_attribute(*expr.operand) ? 0 : 1);
        if (!out_.track && step->operand->kind == StepKind::path) {
            step->run = run_test_path;
        }
        return step;
    }

    // --- Calls ---

    const Step* plan_binary(const Expr& call, Runner run, std::string_view function,
                            bool can_fold = true) {
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

    static bool is_addition(const Expr& expr) {
        return expr.kind == ExprKind::call && expr.name == operators::add &&
               expr.operand == nullptr && expr.args.size() == 2;
    }

    // A chain of additions in one step, so that texts are not copied once for each.
    const Step* plan_sum(const Expr& call) {
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

    const Step* plan_index(const Expr& call, bool is_optional, bool is_free) {
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
        return plan_index_of(
            call, is_free && is_attribute ? plan_free(*call.args[0]) : plan(*call.args[0]),
            is_optional, is_free);
    }

    const Step* plan_index_of(const Expr& call, const Step* operand, bool is_optional,
                              bool is_free) {
        auto* step = make<IndexStep>(call, is_optional ? run_optional_index : run_index);
        step->operand = operand;
        // A key that is an attribute itself is a qualifier; only its own fields cost.
        step->key =
            can_be_attribute(*call.args[1]) ? plan_free(*call.args[1]) : plan(*call.args[1]);
        step->cost = can_be_attribute(*call.args[0]) || is_free ? 1 : 2;
        if (!is_optional && is_constant(step->operand) && is_constant(step->key)) {
            return fold(call, step);
        }
        return step;
    }

    const Step* plan_conditional(const Expr& call) {
        auto* step = make<ConditionalStep>(call, run_conditional);
        step->condition = plan(*call.args[0]);
        step->yes =
            can_be_attribute(*call.args[1]) ? plan_free(*call.args[1]) : plan(*call.args[1]);
        step->no = can_be_attribute(*call.args[2]) ? plan_free(*call.args[2]) : plan(*call.args[2]);
        if (optimize_ && !out_.track && is_constant(step->condition)) {
            const Value& condition = constant_value(step->condition);
            if (condition.is_bool()) {
                return condition.as_bool() ? step->yes : step->no;
            }
        }
        return step;
    }

    const Step* plan_in(const Expr& call) {
        const Step* list = plan(*call.args[1]);
        if (optimize_ && is_constant(list) && constant_value(list).is_list()) {
            Arena& arena = out_.arena;
            const Value& items = constant_value(list);
            bool are_scalars = true;
            MapBuilder set(arena, items.size());
            for (size_t i = 0; i < items.size(); ++i) {
                const Value item = items.item(i, arena);
                are_scalars = are_scalars && (item.is_bool() || item.is_numeric() ||
                                              item.is_string() || item.is_bytes());
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

    struct Operator {
        std::string_view name;
        Runner run;
    };

    const Step* plan_call(const Expr& call, bool is_free) {
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

    const Step* plan_unary(const Expr& call, Runner run) {
        auto* step = make<UnaryStep>(call, run);
        step->a = plan(*call.args[0]);
        return is_constant(step->a) ? fold(call, step) : step;
    }

    const Step* plan_logic(const Expr& call, bool is_or) {
        auto* step = make<BinaryStep>(call, is_or ? run_or : run_and);
        step->a = plan(*call.args[0]);
        step->b = plan(*call.args[1]);
        return is_constant(step->a) && is_constant(step->b) ? fold(call, step) : step;
    }

    // The function that a call means, and whether its target is part of the name.
    const FunctionDeclaration* resolve(const Expr& call, bool& drops_target) {
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

    const Step* plan_function(const Expr& call) {
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
            if (reference != nullptr && std::ranges::find(reference->overloads, overload.id) ==
                                            reference->overloads.end()) {
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

    // Kubernetes refuses a program with a constant conversion that fails.
    void fail_plan(const CallStep* step) {
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

    // Patterns that are known now are compiled once for all evaluations.
    bool remember_pattern(const CallStep& step) {
        if (step.args.size() < 2 || !is_constant(step.args[1]) ||
            !constant_value(step.args[1]).is_string()) {
            return false;
        }
        const std::string_view name = step.function;
        if (name != "matches" && name != "find" && name != "findAll" &&
            !name.starts_with("regex.")) {
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

    // --- Literals ---

    const Step* plan_list(const Expr& expr) {
        auto* step = make<ListStep>(expr, run_list);
        std::vector<const Step*> elements;
        for (const Expr* element : expr.args) {
            elements.push_back(plan(*element));
        }
        step->elements = keep(elements);
        if (!expr.optionals.empty()) {
            bool* optionals = out_.arena.array<bool>(elements.size());
            std::fill_n(optionals, elements.size(), false);
            for (const uint32_t at : expr.optionals) {
                optionals[at] = true;
            }
            step->optionals = {optionals, elements.size()};
            return step;
        }
        return without_cost(
            std::ranges::all_of(elements, [](const Step* item) { return is_constant(item); })
                ? fold(expr, step)
                : step);
    }

    // cel-go makes constant list and map literals when it plans, and charges nothing.
    const Step* without_cost(const Step* step) {
        if (is_constant(step)) {
            const_cast<ConstantStep*>(static_cast<const ConstantStep*>(step))->cost = 0;
        }
        return step;
    }

    static bool has_distinct_keys(const std::vector<MapStep::Item>& items) {
        std::vector<std::string_view> keys;
        for (const MapStep::Item& item : items) {
            if (!is_constant(item.key) || !constant_value(item.key).is_string()) {
                return false;
            }
            keys.push_back(constant_value(item.key).as_string());
        }
        std::ranges::sort(keys);
        return std::ranges::adjacent_find(keys) == keys.end();
    }

    const Step* plan_map(const Expr& expr) {
        auto* step = make<MapStep>(expr, run_map);
        step->strict = environment_.profile.kind == Profile::Kind::spec;
        std::vector<MapStep::Item> items;
        bool are_constant = true;
        for (const Entry& entry : expr.entries) {
            items.push_back({plan(*entry.key), plan(*entry.value), entry.optional});
            are_constant = are_constant && !entry.optional && is_constant(items.back().key) &&
                           is_constant(items.back().value);
        }
        step->items = keep(items);
        step->distinct = optimize_ && has_distinct_keys(items);
        if (step->distinct && !out_.track && items.size() <= record_entries_max &&
            std::ranges::none_of(items, &MapStep::Item::optional)) {
            step->run = run_record;
        }
        return are_constant ? without_cost(fold(expr, step)) : step;
    }

    const Step* plan_structure(const Expr& expr) {
        auto* step = make<StructureStep>(expr, run_structure);
        if (const Reference* reference = ast_.reference_of(expr.id)) {
            step->type = environment_.find_structure(reference->name);
        } else {
            environment_.each_candidate(expr.name, [&](std::string_view candidate) {
                step->type = environment_.find_structure(candidate);
                return step->type != nullptr;
            });
        }
        std::vector<StructureStep::Item> items;
        for (const Entry& entry : expr.entries) {
            items.push_back({entry.field, plan(*entry.value), entry.optional});
        }
        if (step->type == nullptr) {
            return fail(expr, cat("unknown type: ", expr.name), {}, ErrorCode::invalid_argument);
        }
        step->items = keep(items);
        return step;
    }

    // --- Loops ---

    uint32_t push_local(std::string_view name) {
        const auto index = static_cast<uint32_t>(locals_.size());
        locals_.push_back({name, index});
        out_.local_count = std::max(out_.local_count, index + 1);
        return index;
    }

    static bool is_identifier(const Expr* expr, std::string_view name) {
        return expr->kind == ExprKind::identifier && expr->name == name;
    }
    static bool is_call(const Expr* expr, std::string_view name, size_t arity) {
        return expr->kind == ExprKind::call && expr->name == name && expr->args.size() == arity &&
               expr->operand == nullptr;
    }
    static bool is_literal(const Expr* expr, const Value& value) {
        return expr->kind == ExprKind::literal && expr->literal.kind() == value.kind() &&
               expr->literal.as_uint() == value.as_uint();
    }

    const Step* plan_comprehension(const Expr& expr) {
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

    const Step* plan_bind(const Expr& expr, const Comprehension& loop) {
        auto* step = make<BindStep>(expr, run_bind);
        step->value = plan(*loop.initial);
        const size_t outside = locals_.size();
        step->local = push_local(loop.accumulator);
        step->result = plan(*loop.result);
        locals_.resize(outside);
        return step;
    }

    // The shapes that the macros expand to.
    bool recognise(const Comprehension& loop, LoopStep& step) {
        const std::string_view accu = loop.accumulator;
        const bool returns_accumulator = is_identifier(loop.result, accu);
        if (returns_accumulator && is_literal(loop.initial, Value::boolean(true)) &&
            is_call(loop.condition, operators::not_strictly_false, 1) &&
            is_identifier(loop.condition->args[0], accu) &&
            is_call(loop.step, operators::logical_and, 2) &&
            is_identifier(loop.step->args[0], accu)) {
            step.run = run_all;
            step.predicate = plan(*loop.step->args[1]);
            return true;
        }
        if (returns_accumulator && is_literal(loop.initial, Value::boolean(false)) &&
            is_call(loop.condition, operators::not_strictly_false, 1) &&
            is_call(loop.condition->args[0], operators::logical_not, 1) &&
            is_identifier(loop.condition->args[0]->args[0], accu) &&
            is_call(loop.step, operators::logical_or, 2) &&
            is_identifier(loop.step->args[0], accu)) {
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

}  // namespace

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
