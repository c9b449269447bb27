// cli/truth.cc: three-valued logic over a parsed expression.

#include "cli/truth.h"

#include <algorithm>

#include "cel/cel.h"

namespace weft::cli {

namespace {

using cel::Ast;
using cel::Expr;
using cel::ExprKind;
namespace operators = cel::operators;

std::optional<bool> negated(std::optional<bool> value) {
    return value ? std::optional(!*value) : std::nullopt;
}

std::optional<bool> literal_bool(const Expr& expr) {
    if (expr.kind != ExprKind::literal) {
        return std::nullopt;
    }
    const Result<Value> value = cel::to_native(expr.literal);
    return value && value->is_bool() ? std::optional(value->as_bool()) : std::nullopt;
}

// A literal of a kind that fields have.
std::optional<Value> literal_value(const Expr& expr) {
    if (expr.kind == ExprKind::call && expr.name == operators::negate && expr.args.size() == 1) {
        std::optional<Value> inner = literal_value(*expr.args[0]);
        if (inner && inner->is_number()) {
            return inner->is_int() ? Value(-inner->as_int()) : Value(-inner->as_double());
        }
        return std::nullopt;
    }
    if (expr.kind != ExprKind::literal) {
        return std::nullopt;
    }
    Result<Value> value = cel::to_native(expr.literal);
    return value ? std::optional(*std::move(value)) : std::nullopt;
}

class Truth {
public:
    Truth(const Ast& ast, const Value& spec_schema) : ast_(ast), spec_schema_(spec_schema) {}

    // Depth is bounded by the parser.
    [[nodiscard]] std::optional<bool> of(const Expr& expr) const {
        if (const std::optional<bool> literal = literal_bool(expr)) {
            return literal;
        }
        if (expr.kind != ExprKind::call) {
            return std::nullopt;
        }
        if (expr.name == operators::logical_not) {
            return negated(of(*expr.args[0]));
        }
        if (expr.name == operators::conditional) {
            const std::optional<bool> condition = of(*expr.args[0]);
            const std::optional<bool> yes = of(*expr.args[1]);
            const std::optional<bool> no = of(*expr.args[2]);
            return condition ? (*condition ? yes : no) : (yes == no ? yes : std::nullopt);
        }
        if (expr.name == operators::logical_and || expr.name == operators::logical_or) {
            const bool decides = expr.name == operators::logical_or;
            bool is_open = false;
            for (const Expr* arg : expr.args) {
                const std::optional<bool> value = of(*arg);
                if (value && *value == decides) {
                    return decides;
                }
                is_open = is_open || !value;
            }
            return is_open ? std::nullopt : std::optional(!decides);
        }
        return expr.args.size() == 2 ? of_comparison(expr) : std::nullopt;
    }

private:
    [[nodiscard]] std::optional<bool> of_comparison(const Expr& expr) const {
        const Expr& left = *expr.args[0];
        const Expr& right = *expr.args[1];
        std::string_view name = expr.name;
        if (name == operators::not_equals) {
            return negated(of_equality(left, right));
        }
        if (name == operators::equals) {
            return of_equality(left, right);
        }
        std::optional<Value> bound = literal_value(right);
        const Expr* field = &left;
        if (!bound) {
            bound = literal_value(left);
            field = &right;
            name = mirrored(name);
        }
        const Value* schema = bound && bound->is_number() ? schema_of(*field) : nullptr;
        return schema == nullptr ? std::nullopt : of_bounds(name, *schema, bound->to_double());
    }

    static std::string_view mirrored(std::string_view name) {
        if (name == operators::less) {
            return operators::greater;
        }
        if (name == operators::less_equals) {
            return operators::greater_equals;
        }
        if (name == operators::greater) {
            return operators::less;
        }
        return name == operators::greater_equals ? operators::less_equals : name;
    }

    static std::optional<bool> of_bounds(std::string_view name, const Value& schema, double bound) {
        const Value* least = schema.find("minimum");
        const Value* most = schema.find("maximum");
        const bool has_least = least != nullptr && least->is_number();
        const bool has_most = most != nullptr && most->is_number();
        const auto says = [](bool always, bool never) -> std::optional<bool> {
            return always ? std::optional(true) : (never ? std::optional(false) : std::nullopt);
        };
        if (name == operators::greater) {
            return says(has_least && least->to_double() > bound,
                        has_most && most->to_double() <= bound);
        }
        if (name == operators::greater_equals) {
            return says(has_least && least->to_double() >= bound,
                        has_most && most->to_double() < bound);
        }
        if (name == operators::less) {
            return says(has_most && most->to_double() < bound,
                        has_least && least->to_double() >= bound);
        }
        if (name == operators::less_equals) {
            return says(has_most && most->to_double() <= bound,
                        has_least && least->to_double() > bound);
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<bool> of_equality(const Expr& left, const Expr& right) const {
        const std::optional<Value> a = literal_value(left);
        const std::optional<Value> b = literal_value(right);
        if (a && b) {
            return *a == *b;
        }
        if (!a && !b) {
            return ast_.text(left) == ast_.text(right) ? std::optional(true) : std::nullopt;
        }
        const Value* schema = schema_of(a ? right : left);
        const Value* choices = schema == nullptr ? nullptr : schema->find("enum");
        if (choices == nullptr || choices->empty()) {
            return std::nullopt;
        }
        const Value& wanted = a ? *a : *b;
        const bool can_be = std::ranges::find(choices->items(), wanted) != choices->items().end();
        if (!can_be) {
            return false;
        }
        return choices->size() == 1 ? std::optional(true) : std::nullopt;
    }

    // The schema of `schema.spec.a.b`; null for everything else.
    [[nodiscard]] const Value* schema_of(const Expr& expr) const {
        std::vector<std::string_view> names;
        const Expr* at = &expr;
        while (at->kind == ExprKind::select && !at->test_only) {
            names.push_back(at->name);
            at = at->operand;
        }
        if (at->kind != ExprKind::identifier || at->name != "schema" || names.empty() ||
            names.back() != "spec") {
            return nullptr;
        }
        const Value* schema = &spec_schema_;
        for (size_t i = names.size() - 1; i-- > 0 && schema != nullptr;) {
            schema = schema->find("properties", names[i]);
        }
        return schema;
    }

    const Ast& ast_;
    const Value& spec_schema_;
};

}  // namespace

std::optional<bool> constant_truth(const std::string& expression, const Value& spec_schema) {
    static const cel::Environment environment = cel::Environment::of(cel::Profile::kro());
    const Result<Ast> ast = environment.parse(expression);
    return ast ? Truth(*ast, spec_schema).of(ast->root()) : std::nullopt;
}

}  // namespace weft::cli
