// graph/internal/evaluate.cc: running one expression, and sorting what may go wrong.

#include "graph/internal/omit.h"
#include "graph/node_kind.h"

namespace weft::graph {

Evaluated<Value> evaluate(const CompiledExpression& expression, const cel::Activation& variables,
                          cel::Arena& arena) {
    // What earlier evaluations left there has been copied out.
    arena.reset();
    const cel::Value value = expression.program.evaluate(variables, arena);
    if (value.is_error()) {
        const cel::ErrorRecord& error = value.as_error();
        return std::unexpected(EvaluationError{cel::is_pending(error), cel::error_text(error),
                                               cel::failing_path(expression.program, value)});
    }
    Result<Value> native =
        expression.uses_omit ? to_native_with_omit(value, arena) : cel::to_native(value);
    if (!native) {
        return std::unexpected(EvaluationError{false, native.error().message(), ""});
    }
    return *std::move(native);
}

}  // namespace weft::graph
