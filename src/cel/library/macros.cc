// cel/library/macros.cc: has, all, exists, exists_one, map, filter. Source: cel-go parser/macro.go.

#include "cel/library/macros.h"

namespace weft::cel {

const std::string_view* loop_variable(MacroContext& context, const Expr* argument,
                                      std::string_view complaint) {
    if (argument->kind != ExprKind::identifier || argument->name.starts_with('.')) {
        context.error(argument, complaint);
        return nullptr;
    }
    if (argument->name == context.accumulator() || argument->name == "__result__") {
        context.error(argument, "iteration variable overwrites accumulator variable");
        return nullptr;
    }
    return &argument->name;
}

namespace {

constexpr std::string_view not_a_name = "argument must be a simple name";
constexpr std::string_view not_an_identifier = "argument is not an identifier";

Expr* expand_has(MacroContext& context, Expr*, std::span<Expr*> args) {
    if (args[0]->kind != ExprKind::select || args[0]->test_only) {
        return context.error(args[0], "invalid argument to has() macro");
    }
    return context.test(args[0]->operand, args[0]->name);
}

Expr* result(MacroContext& context) {
    return context.identifier(context.accumulator());
}

Expr* expand_all(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_a_name);
    if (variable == nullptr) {
        return nullptr;
    }
    return context.comprehension(
        {.range = target,
         .variable = *variable,
         .accumulator = context.accumulator(),
         .initial = context.literal(Value::boolean(true)),
         .condition = context.call(operators::not_strictly_false, {result(context)}),
         .step = context.call(operators::logical_and, {result(context), args[1]}),
         .result = result(context)});
}

Expr* expand_exists(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_a_name);
    if (variable == nullptr) {
        return nullptr;
    }
    return context.comprehension(
        {.range = target,
         .variable = *variable,
         .accumulator = context.accumulator(),
         .initial = context.literal(Value::boolean(false)),
         .condition = context.call(operators::not_strictly_false,
                                   {context.call(operators::logical_not, {result(context)})}),
         .step = context.call(operators::logical_or, {result(context), args[1]}),
         .result = result(context)});
}

Expr* expand_exists_one(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_a_name);
    if (variable == nullptr) {
        return nullptr;
    }
    const auto one = [&] { return context.literal(Value::integer(1)); };
    return context.comprehension(
        {.range = target,
         .variable = *variable,
         .accumulator = context.accumulator(),
         .initial = context.literal(Value::integer(0)),
         .condition = context.literal(Value::boolean(true)),
         .step = context.call(
             operators::conditional,
             {args[1], context.call(operators::add, {result(context), one()}), result(context)}),
         .result = context.call(operators::equals, {result(context), one()})});
}

// @result + [item], if the predicate (when there is one) holds.
Expr* collect(MacroContext& context, Expr* range, std::string_view variable, Expr* predicate,
              Expr* item) {
    Expr* step = context.call(operators::add, {result(context), context.list({item})});
    if (predicate != nullptr) {
        step = context.call(operators::conditional, {predicate, step, result(context)});
    }
    return context.comprehension({.range = range,
                                  .variable = variable,
                                  .accumulator = context.accumulator(),
                                  .initial = context.list({}),
                                  .condition = context.literal(Value::boolean(true)),
                                  .step = step,
                                  .result = result(context)});
}

Expr* expand_map(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_an_identifier);
    return variable == nullptr ? nullptr : collect(context, target, *variable, nullptr, args[1]);
}

Expr* expand_map_if(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_an_identifier);
    return variable == nullptr ? nullptr : collect(context, target, *variable, args[1], args[2]);
}

Expr* expand_filter(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::string_view* variable = loop_variable(context, args[0], not_an_identifier);
    return variable == nullptr
               ? nullptr
               : collect(context, target, *variable, args[1], context.identifier(*variable));
}

constexpr Documentation macros_documentation[] = {
    {"has", "Whether a field is there. What stands before the last dot must be.",
     "has({'a': {'b': 1}}.a.b)", "true", "has(value.field)"},
    {"all", "Whether a condition holds for all items of a list or keys of a map.",
     "[1, 2].all(x, x > 0)", "true", "list.all(x, condition)"},
    {"exists", "Whether a condition holds for an item or key.", "[1, 2].exists(x, x > 1)", "true",
     "list.exists(x, condition)"},
    {"exists_one", "Whether a condition holds for one item or key and no other.",
     "[1, 2, 2].exists_one(x, x == 2)", "false", "list.exists_one(x, condition)"},
    {"map",
     "The list of a value for each item or key; with three arguments only of those for which a "
     "condition holds.",
     "[1, 2, 3].map(x, x > 1, x * 10)", "[20, 30]",
     "list.map(x, value), list.map(x, condition, value)"},
    {"filter", "The items or keys for which a condition holds.", "[1, 2, 3].filter(x, x % 2 == 1)",
     "[1, 3]", "list.filter(x, condition)"},
};

}  // namespace

Library macros_library() {
    Library library("cel.lib.std.macros");
    library.macro({.name = "has", .arity = 1, .expand = expand_has})
        .macro({.name = "all", .arity = 2, .is_member = true, .expand = expand_all})
        .macro({.name = "exists", .arity = 2, .is_member = true, .expand = expand_exists})
        .macro({.name = "exists_one", .arity = 2, .is_member = true, .expand = expand_exists_one})
        .macro({.name = "map", .arity = 2, .is_member = true, .expand = expand_map})
        .macro({.name = "map", .arity = 3, .is_member = true, .expand = expand_map_if})
        .macro({.name = "filter", .arity = 2, .is_member = true, .expand = expand_filter});
    library.document("Macros", macros_documentation);
    return library;
}

}  // namespace weft::cel
