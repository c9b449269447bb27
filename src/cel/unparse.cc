// cel/unparse.cc: a tree as text again. Source: cel-go parser/unparser.go, without its wrapping.

#include <algorithm>

#include "cel/ast.h"
#include "cel/internal/ast_rep.h"
#include "cel/internal/go_text.h"

namespace weft::cel {

namespace {

struct BinaryOperator {
    std::string_view name;
    std::string_view text;
    int precedence;  // lower binds tighter
};
constexpr BinaryOperator binary_operators[] = {
    {operators::logical_or, "||", 7}, {operators::logical_and, "&&", 6},
    {operators::equals, "==", 5},     {operators::not_equals, "!=", 5},
    {operators::less, "<", 5},        {operators::less_equals, "<=", 5},
    {operators::greater, ">", 5},     {operators::greater_equals, ">=", 5},
    {operators::in, "in", 5},         {operators::add, "+", 4},
    {operators::subtract, "-", 4},    {operators::multiply, "*", 3},
    {operators::divide, "/", 3},      {operators::modulo, "%", 3},
};
constexpr int conditional_precedence = 8;
constexpr int unary_precedence = 2;

const BinaryOperator* binary_operator(const Expr& expr) {
    if (expr.kind != ExprKind::call || expr.operand != nullptr || expr.args.size() != 2) {
        return nullptr;
    }
    for (const BinaryOperator& op : binary_operators) {
        if (op.name == expr.name) {
            return &op;
        }
    }
    return nullptr;
}

bool is_plain_field(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    if (name == "in" || name == "true" || name == "false" || name == "null") {
        return false;
    }
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

class Unparser {
public:
    explicit Unparser(const Ast& ast) : ast_(ast) {}

    std::string take(const Expr& expr) {
        write(expr);
        return std::move(out_);
    }

private:
    [[nodiscard]] const Expr& as_written(const Expr& expr) const {
        const std::span<const MacroCall> calls = ast_.macro_calls();
        const auto found = std::ranges::lower_bound(calls, expr.id, {}, &MacroCall::id);
        return found != calls.end() && found->id == expr.id ? *found->call : expr;
    }

    // How loosely a node binds; 0 for what needs no parentheses ever.
    [[nodiscard]] int precedence(const Expr& given) const {
        const Expr& expr = as_written(given);
        if (const BinaryOperator* op = binary_operator(expr)) {
            return op->precedence;
        }
        if (expr.kind == ExprKind::call && expr.operand == nullptr) {
            if (expr.name == operators::conditional) {
                return conditional_precedence;
            }
            if (expr.name == operators::logical_not || expr.name == operators::negate) {
                return unary_precedence;
            }
        }
        return 0;
    }

    // Whether the text of a node that needs no parentheses begins with a number.
    [[nodiscard]] bool begins_with_number(const Expr& given) const {
        const Expr* expr = &as_written(given);
        while (precedence(*expr) == 0) {
            const bool is_index =
                expr->kind == ExprKind::call && expr->operand == nullptr &&
                (expr->name == operators::index || expr->name == operators::optional_index ||
                 expr->name == operators::optional_select);
            if (expr->kind == ExprKind::literal) {
                return expr->literal.is_numeric();
            }
            if (expr->operand != nullptr && !expr->test_only) {
                expr = &as_written(*expr->operand);
            } else if (is_index) {
                expr = &as_written(*expr->args[0]);
            } else {
                return false;
            }
        }
        return false;
    }

    void write_nested(const Expr& expr, bool parentheses) {
        out_ += parentheses ? "(" : "";
        write(expr);
        out_ += parentheses ? ")" : "";
    }

    void write(const Expr& given) {
        const Expr& expr = as_written(given);
        switch (expr.kind) {
            case ExprKind::literal:
                write_literal(expr.literal);
                return;
            case ExprKind::identifier:
                out_ += expr.name;
                return;
            case ExprKind::select:
                out_ += expr.test_only ? "has(" : "";
                write_operand(*expr.operand);
                out_ += '.';
                write_field(expr.name);
                out_ += expr.test_only ? ")" : "";
                return;
            case ExprKind::call:
                write_call(expr);
                return;
            case ExprKind::list:
                write_list(expr);
                return;
            case ExprKind::map:
            case ExprKind::structure:
                write_entries(expr);
                return;
            case ExprKind::comprehension:
                // Only a comprehension that no macro made, which the language cannot say.
                out_ += "<comprehension>";
                return;
        }
    }

    void write_literal(const Value& value) {
        if (value.is_double()) {
            const std::string digits = format_double_g(value.as_double());
            append(out_, digits, digits.find_first_of(".e") == std::string::npos ? ".0" : "");
        } else if (value.is_bytes()) {
            out_ += "b\"";
            for (const char c : value.as_string()) {
                const auto byte = static_cast<unsigned char>(c);
                if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
                    out_ += c;
                } else {
                    const char octal[] = {'\\', static_cast<char>('0' + (byte >> 6U)),
                                          static_cast<char>('0' + (byte >> 3U & 7U)),
                                          static_cast<char>('0' + (byte & 7U))};
                    out_.append(octal, sizeof octal);
                }
            }
            out_ += '"';
        } else {
            out_ += to_text(value);
        }
    }

    void write_field(std::string_view name) {
        if (is_plain_field(name)) {
            out_ += name;
        } else {
            append(out_, "`", name, "`");
        }
    }

    // What a dot or bracket follows.
    void write_operand(const Expr& operand) {
        const Expr& written = as_written(operand);
        const bool is_signed = written.kind == ExprKind::literal && written.literal.is_numeric() &&
                               to_text(written.literal).starts_with('-');
        write_nested(operand, precedence(operand) > 0 || is_signed);
    }

    void write_call(const Expr& call) {
        if (const BinaryOperator* op = binary_operator(call)) {
            const int left = precedence(*call.args[0]);
            const int right = precedence(*call.args[1]);
            // `&&` and `||` are balanced trees of chains: either side may be of the same operator.
            const bool is_chain = op->precedence >= 6;
            write_nested(*call.args[0], left > op->precedence);
            append(out_, " ", op->text, " ");
            write_nested(*call.args[1],
                         right > op->precedence || (right == op->precedence && !is_chain));
            return;
        }
        if (call.operand == nullptr) {
            if (call.name == operators::conditional) {
                write_nested(*call.args[0], precedence(*call.args[0]) >= conditional_precedence);
                out_ += " ? ";
                write_nested(*call.args[1], precedence(*call.args[1]) >= conditional_precedence);
                out_ += " : ";
                write(*call.args[2]);
                return;
            }
            if (call.name == operators::logical_not || call.name == operators::negate) {
                out_ += call.name == operators::negate ? "-" : "!";
                // "-" before a number would become part of it, also where the number is only the
                // beginning: -(1.orValue(2)).
                const bool is_number =
                    call.name == operators::negate && begins_with_number(*call.args[0]);
                write_nested(*call.args[0], precedence(*call.args[0]) > 0 || is_number);
                return;
            }
            if (call.name == operators::index || call.name == operators::optional_index) {
                write_operand(*call.args[0]);
                out_ += call.name == operators::index ? "[" : "[?";
                write(*call.args[1]);
                out_ += ']';
                return;
            }
            if (call.name == operators::optional_select) {
                write_operand(*call.args[0]);
                out_ += ".?";
                write_field(call.args[1]->literal.as_string());
                return;
            }
        } else {
            write_operand(*call.operand);
            out_ += '.';
        }
        out_ += call.name;
        out_ += '(';
        for (size_t i = 0; i < call.args.size(); ++i) {
            out_ += i == 0 ? "" : ", ";
            write(*call.args[i]);
        }
        out_ += ')';
    }

    void write_list(const Expr& expr) {
        out_ += '[';
        for (size_t i = 0; i < expr.args.size(); ++i) {
            out_ += i == 0 ? "" : ", ";
            out_ += std::ranges::find(expr.optionals, i) != expr.optionals.end() ? "?" : "";
            write(*expr.args[i]);
        }
        out_ += ']';
    }

    void write_entries(const Expr& expr) {
        if (expr.kind == ExprKind::structure) {
            out_ += expr.name;
        }
        out_ += '{';
        bool first = true;
        for (const Entry& entry : expr.entries) {
            out_ += first ? "" : ", ";
            first = false;
            out_ += entry.optional ? "?" : "";
            if (entry.key != nullptr) {
                write(*entry.key);
            } else {
                write_field(entry.field);
            }
            out_ += ": ";
            write(*entry.value);
        }
        out_ += '}';
    }

    const Ast& ast_;
    std::string out_;
};

}  // namespace

std::string Ast::text() const {
    return text(root());
}

std::string Ast::text(const Expr& part) const {
    return Unparser(*this).take(part);
}

}  // namespace weft::cel
