// cel/library/bindings.cc: cel.bind(name, value, expression). Source: cel-go ext/bindings.go.

#include "cel/library/bindings.h"

namespace weft::cel {

namespace {

Expr* expand_bind(MacroContext& context, Expr* target, std::span<Expr*> args) {
    if (target->kind != ExprKind::identifier || target->name != "cel") {
        return context.decline();
    }
    if (args[0]->kind != ExprKind::identifier || args[0]->name.starts_with('.')) {
        return context.error(args[0], "cel.bind() variable names must be simple identifiers");
    }
    const std::string_view name = args[0]->name;
    return context.comprehension({.range = context.list({}),
                                  .variable = "#unused",
                                  .accumulator = name,
                                  .initial = args[1],
                                  .condition = context.literal(Value::boolean(false)),
                                  .step = context.identifier(name),
                                  .result = args[2]});
}

constexpr Documentation bindings_documentation[] = {
    {"bind", "The value of an expression in which a name stands for another value.",
     "cel.bind(x, 5, x * x)", "25", "cel.bind(x, value, expression)"},
};

}  // namespace

Library bindings_library() {
    Library library("cel.lib.ext.cel.bindings");
    library.macro({.name = "bind", .arity = 3, .is_member = true, .expand = expand_bind});
    library.document("Names for values", bindings_documentation);
    return library;
}

}  // namespace weft::cel
