// cel/internal/checker.cc: types of a tree, and what its names refer to.

#include "cel/internal/checker.h"

#include <algorithm>
#include <utility>

#include "cel/internal/environment_rep.h"
#include "cel/internal/issues.h"
#include "cel/internal/parser.h"
#include "cel/internal/unifier.h"

namespace weft::cel {

namespace {

class Checker {
public:
    Checker(const Parsed& parsed, const Environment::Rep& environment, Checked& out, Issues& issues)
        : parsed_(parsed),
          environment_(environment),
          out_(out),
          issues_(issues),
          unifier_(out.arena) {
        out_.types.resize(parsed.offsets.size());
        out_.references.resize(parsed.offsets.size());
    }

    void run() {
        check(*parsed_.root);
        for (const Type*& type : out_.types) {
            if (type != nullptr) {
                type = unifier_.substitute(type, true);
            }
        }
    }

private:
    struct Local {
        std::string_view name;
        const Type* type;
    };

    // --- Notes ---

    void set_type(const Expr& expr, const Type* type) { out_.types[expr.id] = type; }
    [[nodiscard]] const Type* type_of(const Expr& expr) const {
        const Type* type = out_.types[expr.id];
        return type == nullptr ? &types::error : type;
    }
    Reference* refer(const Expr& expr, std::string_view name) {
        auto* reference = out_.arena.make<Reference>();
        reference->name = name;
        out_.references[expr.id] = reference;
        return reference;
    }
    void report(uint32_t id, std::string message) {
        issues_.add(parsed_.offsets[id], std::move(message));
    }
    void report_undeclared(const Expr& expr, std::string_view name) {
        report(expr.id, cat("undeclared reference to '", name, "' (in container '",
                            environment_.container, "')"));
    }
    void report_mismatch(const Expr& expr, const Type* expected, const Type* found) {
        report(expr.id, cat("expected type '", format_type(unifier_.substitute(expected, false)),
                            "' but found '", format_type(unifier_.substitute(found, false)), "'"));
    }

    // --- Names ---

    [[nodiscard]] const Local* find_local(std::string_view name) const {
        const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                        [&](const Local& local) { return local.name == name; });
        return found == locals_.rend() ? nullptr : &*found;
    }
    // Enough to know whether "a.b" may be a variable: some variable is called so.
    [[nodiscard]] const Variable* find_variable(std::string_view name) const {
        const Variable* found = nullptr;
        environment_.each_candidate(name, [&](std::string_view candidate) {
            found = environment_.find_variable(candidate);
            return found != nullptr;
        });
        return found;
    }
    [[nodiscard]] const FunctionDeclaration* find_function(std::string_view name) const {
        const FunctionDeclaration* found = nullptr;
        environment_.each_candidate(name, [&](std::string_view candidate) {
            found = environment_.find_function(candidate);
            return found != nullptr;
        });
        return found;
    }

    void use_variable(const Expr& expr, const Variable& variable) {
        set_type(expr, variable.type);
        Reference* reference = refer(expr, variable.name);
        reference->is_constant = variable.is_constant;
        reference->constant = variable.constant;
    }

    // --- Nodes ---

    void check(const Expr& expr) {
        switch (expr.kind) {
            case ExprKind::literal:
                set_type(expr, cel::type_of(expr.literal));
                return;
            case ExprKind::identifier:
                check_identifier(expr);
                return;
            case ExprKind::select:
                check_select(expr);
                return;
            case ExprKind::call:
                check_call(expr);
                return;
            case ExprKind::list:
                check_list(expr);
                return;
            case ExprKind::map:
                check_map(expr);
                return;
            case ExprKind::structure:
                check_structure(expr);
                return;
            case ExprKind::comprehension:
                check_comprehension(expr);
                return;
        }
    }

    void check_identifier(const Expr& expr) {
        if (const Local* local = find_local(expr.name)) {
            set_type(expr, local->type);
            return;
        }
        if (const Variable* variable = find_variable(expr.name)) {
            use_variable(expr, *variable);
            return;
        }
        set_type(expr, &types::error);
        report_undeclared(expr, expr.name);
    }

    // A local variable under the fields hides namespaces of the same first name.
    [[nodiscard]] bool starts_with_local(const Expr& expr) const {
        const Expr* at = &expr;
        while (at->kind == ExprKind::select) {
            at = at->operand;
        }
        return at->kind == ExprKind::identifier && find_local(at->name) != nullptr;
    }

    void check_select(const Expr& expr) {
        std::string name;
        if (!expr.test_only && !starts_with_local(expr) && qualified_name(expr, name)) {
            if (const Variable* variable = find_variable(name)) {
                use_variable(expr, *variable);
                return;
            }
        }
        const Type* type = check_field(expr, *expr.operand, expr.name, false);
        set_type(expr, expr.test_only ? &types::boolean : unifier_.substitute(type, false));
    }

    const Type* check_field(const Expr& expr, const Expr& operand, std::string_view field,
                            bool is_optional) {
        check(operand);
        const Type* target = unifier_.substitute(type_of(operand), false);
        const bool was_optional = is_optional_type(target);
        if (was_optional) {
            target = target->parameters[0];
        }
        const Type* result = &types::error;
        switch (target->kind) {
            case TypeKind::map:
                result = target->parameters[1];
                break;
            case TypeKind::structure:
                if (const Type* found =
                        field_type(target, field, environment_.profile, out_.arena)) {
                    result = found;
                } else {
                    report(expr.id, cat("undefined field '", field, "'"));
                }
                break;
            case TypeKind::parameter:
                (void)unifier_.is_assignable(&types::dyn, target);
                result = &types::dyn;
                break;
            default:
                if (!is_dyn_or_error(target)) {
                    report(expr.id, cat("type '", format_type(target),
                                        "' does not support field selection"));
                }
                result = &types::dyn;
        }
        return was_optional || is_optional ? optional_type(out_.arena, result) : result;
    }

    void check_call(const Expr& call) {
        if (call.name == operators::optional_select && call.operand == nullptr) {
            const Type* type =
                check_field(call, *call.args[0], call.args[1]->literal.as_string(), true);
            set_type(*call.args[1], &types::string);
            set_type(call, unifier_.substitute(type, false));
            refer(call, call.name);
            return;
        }
        for (const Expr* argument : call.args) {
            // The values that a format takes may be of any types.
            format_values_ = call.name == "format" && call.operand != nullptr ? argument : nullptr;
            check(*argument);
        }
        if (call.operand == nullptr) {
            const FunctionDeclaration* function = find_function(call.name);
            if (function == nullptr) {
                set_type(call, &types::error);
                report_undeclared(call, call.name);
                return;
            }
            resolve(call, *function, nullptr);
            return;
        }
        std::string name;
        if (!starts_with_local(*call.operand) && qualified_name(*call.operand, name)) {
            append(name, ".", call.name);
            if (const FunctionDeclaration* function = find_function(name)) {
                resolve(call, *function, nullptr);
                if (out_.references[call.id] != nullptr) {
                    const_cast<Reference*>(out_.references[call.id])->drops_target = true;
                }
                return;
            }
        }
        check(*call.operand);
        const FunctionDeclaration* function = environment_.find_function(call.name);
        if (function == nullptr) {
            function = find_function(call.name);
        }
        if (function == nullptr) {
            set_type(call, &types::error);
            report_undeclared(call, call.name);
            return;
        }
        resolve(call, *function, call.operand);
    }

    void resolve(const Expr& call, const FunctionDeclaration& function, const Expr* target) {
        const Type** args = out_.arena.array<const Type*>(call.args.size() + 1);
        size_t count = 0;
        if (target != nullptr) {
            args[count++] = type_of(*target);
        }
        for (const Expr* argument : call.args) {
            args[count++] = type_of(*argument);
        }
        const std::span<const Type* const> given(args, count);
        if (target == nullptr &&
            (function.name == operators::logical_and || function.name == operators::logical_or)) {
            resolve_logical(call, function, given);
            return;
        }
        std::string_view* ids = nullptr;
        size_t id_count = 0;
        const Type* result = nullptr;
        for (const Declaration& overload : function.overloads) {
            if (overload.is_member != (target != nullptr) || overload.parameters.size() != count ||
                is_disabled(overload)) {
                continue;
            }
            const Type* overload_result = overload.result;
            std::span<const Type* const> expected = overload.parameters;
            if (overload.is_generic) {
                Unifier::Fresh fresh;
                const Type** instances = out_.arena.array<const Type*>(count);
                for (size_t i = 0; i < count; ++i) {
                    instances[i] = unifier_.instantiate(expected[i], fresh);
                }
                overload_result = unifier_.instantiate(overload.result, fresh);
                expected = {instances, count};
            }
            // cel-go asks whether the argument takes the parameter, in this direction.
            if (!unifier_.is_assignable(given, expected)) {
                continue;
            }
            if (ids == nullptr) {
                ids = out_.arena.array<std::string_view>(function.overloads.size());
            }
            ids[id_count++] = overload.id;
            const Type* type = unifier_.substitute(overload_result, false);
            if (result == nullptr) {
                result = type;
            } else if (result->kind != TypeKind::dyn && !is_same(type, result)) {
                result = &types::dyn;
            }
        }
        if (result == nullptr) {
            report_no_overload(call, function, given, target != nullptr);
            set_type(call, &types::error);
            return;
        }
        set_type(call, result);
        refer(call, function.name)->overloads = {ids, id_count};
    }

    // cel-go judges the sides of `&&` and `||` each by itself: the wrong one is named.
    void resolve_logical(const Expr& call, const FunctionDeclaration& function,
                         std::span<const Type* const> given) {
        bool fits = true;
        for (size_t i = 0; i < given.size(); ++i) {
            if (!unifier_.is_assignable(given[i], &types::boolean)) {
                report_mismatch(*call.args[i], &types::boolean, given[i]);
                fits = false;
            }
        }
        set_type(call, fits ? &types::boolean : &types::error);
        if (fits) {
            std::string_view* id = out_.arena.array<std::string_view>(1);
            *id = function.overloads[0].id;
            refer(call, function.name)->overloads = {id, 1};
        }
    }

    // The comparisons of numbers of different types are declared, but only some languages use them.
    [[nodiscard]] bool is_disabled(const Declaration& overload) const {
        return !environment_.cross_type_comparisons && overload.parameters.size() == 2 &&
               overload.function.size() <= 4 &&
               (overload.function.starts_with("_<") || overload.function.starts_with("_>")) &&
               overload.parameters[0]->kind != overload.parameters[1]->kind;
    }

    void report_no_overload(const Expr& call, const FunctionDeclaration& function,
                            std::span<const Type* const> given, bool is_member) {
        std::string signature;
        size_t first = 0;
        if (is_member) {
            append(signature, format_type(unifier_.substitute(given[0], true)), ".");
            first = 1;
        }
        signature += '(';
        for (size_t i = first; i < given.size(); ++i) {
            signature += i == first ? "" : ", ";
            signature += format_type(unifier_.substitute(given[i], true));
        }
        signature += ')';
        report(call.id, cat("found no matching overload for '", function.name, "' applied to '",
                            signature, "'"));
    }

    const Type* join(const Expr& expr, const Type* previous, const Type* current,
                     bool is_exempt = false) {
        if (previous == nullptr) {
            return current;
        }
        if (unifier_.is_assignable(previous, current)) {
            if (environment_.profile.kind == Profile::Kind::spec &&
                (previous->kind == TypeKind::null || current->kind == TypeKind::null)) {
                // cel-spec: what null fits is the more general; cel-go takes the later one.
                return previous->kind == TypeKind::null ? current : previous;
            }
            if (environment_.profile.kind == Profile::Kind::spec && previous->nullable &&
                previous->kind == current->kind) {
                return previous;
            }
            return most_general(previous, current);
        }
        if (environment_.homogeneous_literals && !is_exempt) {
            report_mismatch(expr, previous, current);
        }
        return &types::dyn;
    }

    // The type that an element written `?x` contributes.
    const Type* unwrap(const Expr& expr) {
        const Type* type = unifier_.substitute(type_of(expr), false);
        if (is_optional_type(type)) {
            return type->parameters[0];
        }
        if (!is_dyn_or_error(type)) {
            report_mismatch(expr, optional_type(out_.arena, type), type);
        }
        return type;
    }

    void check_list(const Expr& expr) {
        const bool is_exempt = std::exchange(format_values_, nullptr) == &expr;
        const Type* element = nullptr;
        size_t next_optional = 0;
        for (size_t i = 0; i < expr.args.size(); ++i) {
            check(*expr.args[i]);
            const bool is_optional =
                next_optional < expr.optionals.size() && expr.optionals[next_optional] == i;
            next_optional += is_optional ? 1 : 0;
            element = join(*expr.args[i], element,
                           is_optional ? unwrap(*expr.args[i]) : type_of(*expr.args[i]), is_exempt);
        }
        set_type(expr,
                 list_type(out_.arena, element == nullptr ? unifier_.new_variable() : element));
    }

    void check_map(const Expr& expr) {
        const Type* key = nullptr;
        const Type* value = nullptr;
        for (const Entry& entry : expr.entries) {
            check(*entry.key);
            key = join(*entry.key, key, type_of(*entry.key));
            check(*entry.value);
            value = join(*entry.value, value,
                         entry.optional ? unwrap(*entry.value) : type_of(*entry.value));
        }
        if (key == nullptr) {
            key = unifier_.new_variable();
            value = unifier_.new_variable();
        }
        set_type(expr, map_type(out_.arena, key, value));
    }

    void check_structure(const Expr& expr) {
        const Variable* variable = find_variable(expr.name);
        if (variable == nullptr) {
            report_undeclared(expr, expr.name);
            set_type(expr, &types::error);
            check_entries(expr);
            return;
        }
        const Type* type = &types::error;
        if (variable->type->kind != TypeKind::type || variable->type->parameters.empty()) {
            report(expr.id, cat("'", format_type(variable->type), "' is not a type"));
        } else {
            type = variable->type->parameters[0];
        }
        const StructType* structure = environment_.find_structure(variable->name);
        if (type->kind != TypeKind::error && structure == nullptr) {
            report(expr.id, cat("'", variable->name, "' is not a message type"));
            type = &types::error;
        }
        refer(expr, variable->name);
        set_type(expr, type);
        check_entries(expr);
        if (structure == nullptr) {
            return;
        }
        for (const Entry& entry : expr.entries) {
            const Type* expected = structure->field_type(entry.field, out_.arena);
            if (expected == nullptr) {
                report(entry.id, cat("undefined field '", entry.field, "'"));
                continue;
            }
            const Type* given = entry.optional ? unwrap(*entry.value) : type_of(*entry.value);
            if (!unifier_.is_assignable(expected, given)) {
                report(entry.id, cat("expected type of field '", entry.field, "' is '",
                                     format_type(unifier_.substitute(expected, false)),
                                     "' but provided type is '",
                                     format_type(unifier_.substitute(given, false)), "'"));
            }
        }
    }
    void check_entries(const Expr& expr) {
        for (const Entry& entry : expr.entries) {
            check(*entry.value);
        }
    }

    void assert_type(const Expr& expr, const Type* expected) {
        if (!unifier_.is_assignable(expected, type_of(expr))) {
            report_mismatch(expr, expected, type_of(expr));
        }
    }

    void check_comprehension(const Expr& expr) {
        const Comprehension& loop = *expr.comprehension;
        check(*loop.range);
        check(*loop.initial);
        const Type* range = unifier_.substitute(type_of(*loop.range), false);
        const Type* accumulated = type_of(*loop.initial);
        const bool has_two = !loop.second_variable.empty();
        const Type* first = &types::dyn;
        const Type* second = &types::dyn;
        switch (range->kind) {
            case TypeKind::list:
                first = has_two ? &types::integer : range->parameters[0];
                second = range->parameters[0];
                break;
            case TypeKind::map:
                first = range->parameters[0];
                second = range->parameters[1];
                break;
            case TypeKind::dyn:
            case TypeKind::any:
            case TypeKind::error:
            case TypeKind::parameter:
                (void)unifier_.is_assignable(&types::dyn, range);
                break;
            default:
                report(loop.range->id,
                       cat("expression of type '", format_type(range),
                           "' cannot be range of a comprehension (must be list, map, or dynamic)"));
                first = second = &types::error;
        }
        const size_t outside = locals_.size();
        locals_.push_back({loop.accumulator, accumulated});
        const size_t inside = locals_.size();
        locals_.push_back({loop.variable, first});
        if (has_two) {
            locals_.push_back({loop.second_variable, second});
        }
        check(*loop.condition);
        assert_type(*loop.condition, &types::boolean);
        check(*loop.step);
        assert_type(*loop.step, accumulated);
        locals_.resize(inside);
        check(*loop.result);
        locals_.resize(outside);
        set_type(expr, unifier_.substitute(type_of(*loop.result), false));
    }

    const Parsed& parsed_;
    const Environment::Rep& environment_;
    Checked& out_;
    Issues& issues_;
    Unifier unifier_;
    std::vector<Local> locals_;
    const Expr* format_values_ = nullptr;
};

}  // namespace

Result<std::shared_ptr<const Checked>> check_expression(
    const Parsed& parsed, std::shared_ptr<const Environment::Rep> environment) {
    auto checked = std::make_shared<Checked>();
    Issues issues;
    Checker(parsed, *environment, *checked, issues).run();
    if (!issues.empty()) {
        return issues.to_error(parsed.source);
    }
    checked->environment = std::move(environment);
    return std::shared_ptr<const Checked>(std::move(checked));
}

namespace {

using Report = std::function<void(const Expr&, std::string)>;

// Shows each call to the validators of its function.
void validate_whole(const Ast& ast, const Environment::Rep& environment, const Report& report) {
    environment.each_validator([&](const Validator& validator) {
        if (validator.function.empty()) {
            validator.validate(ast, ast.root(), report);
        }
    });
}

void validate_calls(const Ast& ast, const Expr& expr, const Environment::Rep& environment,
                    const Report& report) {
    if (expr.kind == ExprKind::call) {
        const Reference* reference = ast.reference_of(expr.id);
        const std::string_view name = reference == nullptr ? expr.name : reference->name;
        environment.each_validator([&](const Validator& validator) {
            if (validator.function == name) {
                validator.validate(ast, expr, report);
            }
        });
    }
    const auto visit = [&](const Expr* part) {
        if (part != nullptr) {
            validate_calls(ast, *part, environment, report);
        }
    };
    visit(expr.operand);
    for (const Expr* argument : expr.args) {
        visit(argument);
    }
    for (const Entry& entry : expr.entries) {
        visit(entry.key);
        visit(entry.value);
    }
    if (expr.comprehension != nullptr) {
        const Comprehension& loop = *expr.comprehension;
        for (const Expr* part :
             {loop.range, loop.initial, loop.condition, loop.step, loop.result}) {
            visit(part);
        }
    }
}

}  // namespace

Result<Ast> Environment::parse(std::string_view text) const {
    auto rep = std::make_shared<Ast::Rep>();
    rep->parsed = TRY(parse_expression(text, *rep_));
    return Ast(std::move(rep));
}

Result<Ast> Environment::check(const Ast& ast) const {
    auto rep = std::make_shared<Ast::Rep>();
    rep->parsed = ast.rep().parsed;
    rep->checked = TRY(check_expression(*rep->parsed, rep_));
    Ast out{std::move(rep)};
    Issues issues;
    const std::function<void(const Expr&, std::string)> report = [&](const Expr& at,
                                                                     std::string message) {
        issues.add(out.offset_of(at.id), std::move(message));
    };
    validate_calls(out, out.root(), *rep_, report);
    validate_whole(out, *rep_, report);
    if (!issues.empty()) {
        return issues.to_error(out.source());
    }
    return out;
}

}  // namespace weft::cel
