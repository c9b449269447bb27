// graph/internal/evaluate.cc: running one expression, and sorting what may go wrong.

#include "graph/internal/omit.h"
#include "graph/node_kind.h"

namespace weft::graph {

Evaluated<Value> evaluate(const CompiledExpression& expression, const cel::Activation& variables,
                          cel::Arena& arena, uint64_t* cost_left) {
    // What earlier evaluations left there has been copied out.
    arena.reset();
    cel::Value value;
    if (cost_left == nullptr) {
        value = expression.program.evaluate(variables, arena);
    } else {
        const cel::Outcome outcome =
            expression.program.evaluate(variables, arena, {.cost_limit = *cost_left});
        if (outcome.cost > *cost_left) {
            *cost_left = 0;
            return std::unexpected(
                EvaluationError{false,
                                cat("expression ", quote(expression.source.user_text()),
                                    " exceeds what is left of the cost budget (--max-cost)"),
                                ""});
        }
        *cost_left -= outcome.cost;
        value = outcome.value;
    }
    if (value.is_error()) {
        const cel::ErrorRecord& error = value.as_error();
        return std::unexpected(
            EvaluationError{cel::is_pending(error), cel::error_text(error),
                            cel::failing_path(expression.program, value),
                            cat("eval ", quote(expression.source.user_text()), ": ")});
    }
    Result<Value> native =
        expression.uses_omit ? to_native_with_omit(value, arena) : cel::to_native(value);
    if (!native) {
        return std::unexpected(
            EvaluationError{false, native.error().message(), "",
                            cat("convert ", quote(expression.source.user_text()), ": ")});
    }
    return *std::move(native);
}

}  // namespace weft::graph
