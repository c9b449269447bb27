// cel/library/literals.cc: Kubernetes' checks of literals before an expression runs.

#include "cel/library/literals.h"

#include <algorithm>

#include "cel/internal/go_text.h"
#include "cel/internal/regex.h"

namespace weft::cel {

namespace {

using Report = std::function<void(const Expr&, std::string)>;

// The literal text that a call has as its last argument; null for anything else.
const Expr* literal_argument(const Expr& call) {
    return !call.args.empty() && call.args.back()->kind == ExprKind::literal &&
                   call.args.back()->literal.is_string()
               ? call.args.back()
               : nullptr;
}

void validate_duration(const Ast&, const Expr& call, const Report& report) {
    const Expr* argument = literal_argument(call);
    if (argument != nullptr && !parse_duration(argument->literal.as_string())) {
        report(*argument, "invalid duration argument");
    }
}

void validate_timestamp(const Ast&, const Expr& call, const Report& report) {
    if (!call.args.empty() && call.args[0]->kind == ExprKind::literal &&
        call.args[0]->literal.is_int()) {
        if (!is_timestamp_in_range({call.args[0]->literal.as_int(), 0})) {
            report(*call.args[0], "invalid timestamp argument");
        }
        return;
    }
    const Expr* argument = literal_argument(call);
    if (argument == nullptr) {
        return;
    }
    const std::optional<Value> time = parse_timestamp(argument->literal.as_string());
    if (!time || !is_timestamp_in_range(time->as_time())) {
        report(*argument, "invalid timestamp argument");
    }
}

void validate_pattern(const Ast&, const Expr& call, const Report& report) {
    const Expr* argument = literal_argument(call);
    std::string failure;
    if (argument != nullptr && compile_regex(argument->literal.as_string(), failure) == nullptr) {
        report(*argument, "invalid matches argument");
    }
}

// Every item must be of the type of the first one, dyn included; the values of a format are free.
void validate_items(const Ast& ast, const Expr& expr, const Report& report, bool is_free) {
    const auto visit = [&](const Expr* part, bool is_part_free) {
        if (part != nullptr) {
            validate_items(ast, *part, report, is_part_free);
        }
    };
    const auto compare = [&](const Expr& item, bool is_optional, const Type*& first) {
        const Type* type = ast.type_of(item.id);
        if (is_optional && !type->parameters.empty()) {
            type = type->parameters[0];
        }
        if (first == nullptr) {
            first = type;
        }
        if (is_same(first, type)) {
            return true;
        }
        report(item,
               cat("expected type '", format_type(first), "' but found '", format_type(type), "'"));
        return false;
    };
    const bool is_literal = expr.kind == ExprKind::list || expr.kind == ExprKind::map;
    if (expr.kind == ExprKind::list && !is_free) {
        const Type* first = nullptr;
        for (size_t i = 0; i < expr.args.size(); ++i) {
            const bool is_optional =
                std::ranges::find(expr.optionals, static_cast<uint32_t>(i)) != expr.optionals.end();
            if (!compare(*expr.args[i], is_optional, first)) {
                break;
            }
        }
    }
    if (expr.kind == ExprKind::map && !is_free) {
        const Type* first_key = nullptr;
        const Type* first_value = nullptr;
        for (const Entry& entry : expr.entries) {
            (void)compare(*entry.key, false, first_key);
            (void)compare(*entry.value, entry.optional, first_value);
        }
    }
    const bool are_free =
        is_literal ? is_free : expr.kind == ExprKind::call && expr.name == "format";
    visit(expr.operand, are_free);
    for (const Expr* argument : expr.args) {
        visit(argument, are_free);
    }
    for (const Entry& entry : expr.entries) {
        visit(entry.key, are_free);
        visit(entry.value, are_free);
    }
    if (const Comprehension* loop = expr.comprehension) {
        for (const Expr* part :
             {loop->range, loop->initial, loop->condition, loop->step, loop->result}) {
            visit(part, false);
        }
    }
}
void validate_homogeneity(const Ast& ast, const Expr& root, const Report& report) {
    validate_items(ast, root, report, false);
}

}  // namespace

Library literals_library() {
    Library library("cel.validators.literals");
    library.validator({.function = "duration", .validate = validate_duration})
        .validator({.function = "timestamp", .validate = validate_timestamp})
        .validator({.function = "matches", .validate = validate_pattern})
        .validator({.validate = validate_homogeneity});
    return library;
}

}  // namespace weft::cel
