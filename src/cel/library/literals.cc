// cel/library/literals.cc: Kubernetes' checks of literals before an expression runs.

#include "cel/library/literals.h"

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

}  // namespace

Library literals_library() {
    Library library("cel.validators.literals");
    library.validator({.function = "duration", .validate = validate_duration})
        .validator({.function = "timestamp", .validate = validate_timestamp})
        .validator({.function = "matches", .validate = validate_pattern});
    return library;
}

}  // namespace weft::cel
