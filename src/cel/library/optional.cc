// cel/library/optional.cc: optional values. Source: cel-go cel/library.go, optionalLib version 2.

#include "cel/library/optional.h"

namespace weft::cel {

namespace {

Value none(Call&, std::span<const Value>) {
    return Value::optional(nullptr);
}

Value of(Call& call, std::span<const Value> args) {
    return call.some(args[0]);
}

Value of_non_zero(Call& call, std::span<const Value> args) {
    return is_zero_value(args[0]) ? Value::optional(nullptr) : call.some(args[0]);
}

Value has_value(Call&, std::span<const Value> args) {
    return Value::boolean(args[0].has_value());
}

Value value(Call& call, std::span<const Value> args) {
    return args[0].has_value()
               ? args[0].optional_value()
               : call.error(ErrorCode::invalid_argument, "optional.none() dereference");
}

// `or` and `orValue` evaluate their argument only when it is needed: the planner makes steps of
// their own of them. These run where it could not.
Value or_else(Call&, std::span<const Value> args) {
    return args[0].has_value() ? args[0] : args[1];
}
Value or_value(Call&, std::span<const Value> args) {
    return args[0].has_value() ? args[0].optional_value() : args[1];
}

Value first(Call& call, std::span<const Value> args) {
    return args[0].size() == 0 ? Value::optional(nullptr)
                               : call.some(args[0].item(0, call.arena()));
}
Value last(Call& call, std::span<const Value> args) {
    const size_t size = args[0].size();
    return size == 0 ? Value::optional(nullptr) : call.some(args[0].item(size - 1, call.arena()));
}

Value unwrap(Call& call, std::span<const Value> args) {
    ListBuilder out(call.arena(), args[0].size());
    for (size_t i = 0; i < args[0].size(); ++i) {
        const Value item = args[0].item(i, call.arena());
        if (!item.is(Kind::optional)) {
            return call.error(ErrorCode::invalid_argument, "value ", to_text(item),
                              " is not optional");
        }
        if (item.has_value()) {
            out.add(item.optional_value());
        }
    }
    return out.finish();
}

// target.hasValue() ? wrap(bind(name, target.value(), expression)) : optional.none()
Expr* expand_optional(MacroContext& context, Expr* target, std::span<Expr*> args, bool is_flat) {
    if (args[0]->kind != ExprKind::identifier || args[0]->name.starts_with('.')) {
        return context.error(args[0], is_flat
                                          ? "optFlatMap() variable name must be a simple identifier"
                                          : "optMap() variable name must be a simple identifier");
    }
    const std::string_view name = args[0]->name;
    Expr* mapped =
        context.comprehension({.range = context.list({}),
                               .variable = "#unused",
                               .accumulator = name,
                               .initial = context.member_call("value", context.copy(target), {}),
                               .condition = context.literal(Value::boolean(false)),
                               .step = context.identifier(name),
                               .result = args[1]});
    if (!is_flat) {
        mapped = context.call("optional.of", {mapped});
    }
    return context.call(operators::conditional, {context.member_call("hasValue", target, {}),
                                                 mapped, context.call("optional.none", {})});
}

Expr* expand_opt_map(MacroContext& context, Expr* target, std::span<Expr*> args) {
    return expand_optional(context, target, args, false);
}
Expr* expand_opt_flat_map(MacroContext& context, Expr* target, std::span<Expr*> args) {
    return expand_optional(context, target, args, true);
}

constexpr Documentation optional_documentation[] = {
    {"optional.of", "An optional that has a value.", "optional.of(1)", "optional.of(1)"},
    {"optional.ofNonZeroValue",
     "An optional of a value; none if it is the zero of its type: 0, '', [], {}, null.",
     "optional.ofNonZeroValue('')", "optional.none()"},
    {"optional.none", "An optional without a value.", "optional.none()", "optional.none()"},
    {"value", "The value of an optional; an error if it has none.", "optional.of(1).value()", "1"},
    {"hasValue", "Whether an optional has a value.", "{'a': 1}.?b.hasValue()", "false"},
    {"or", "The first optional if it has a value, else the second.",
     "optional.none().or(optional.of(2))", "optional.of(2)"},
    {"orValue", "The value of an optional, or another one.", "{'a': 1}.?b.orValue(0)", "0"},
    {"optMap", "The optional of what an expression makes of the value.",
     "optional.of(2).optMap(x, x * 2)", "optional.of(4)", "optional.optMap(x, value)"},
    {"optFlatMap", "The optional that an expression makes of the value.",
     "optional.of({'a': 1}).optFlatMap(x, x[?'a'])", "optional.of(1)",
     "optional.optFlatMap(x, optional)"},
    {"first", "The first item of a list as an optional.", "[1, 2].first()", "optional.of(1)"},
    {"last", "The last item of a list as an optional.", "[1, 2].last()", "optional.of(2)"},
    {"optional.unwrap", "The values of a list of optionals, without those that have none.",
     "optional.unwrap([optional.of(1), optional.none()])", "[1]"},
    {"unwrapOpt", "The same as a method.", "[optional.of(1), optional.none()].unwrapOpt()", "[1]"},
    {"_[?_]",
     "The item or value of an index or key as an optional; none if it is not there. `value.?field` "
     "does so with fields.",
     "[1, 2][?5]", "optional.none()"},
    {"_[_]", "A part of the value of an optional, as an optional.", "optional.of([1, 2])[0]",
     "optional.of(1)"},
};

}  // namespace

Library optional_library(int version) {
    Library library("cel.lib.optional");
    library.macro({.name = "optMap", .arity = 2, .is_member = true, .expand = expand_opt_map});
    library.macro(
        {.name = "optFlatMap", .arity = 2, .is_member = true, .expand = expand_opt_flat_map});
    library.function("optional.of",
                     {{.id = "optional_of", .signature = "(V) -> optional_type(V)", .call = of}});
    library.function("optional.ofNonZeroValue", {{.id = "optional_ofNonZeroValue",
                                                  .signature = "(V) -> optional_type(V)",
                                                  .call = of_non_zero}});
    library.function(
        "optional.none",
        {{.id = "optional_none", .signature = "() -> optional_type(V)", .call = none}});
    library.function(
        "value",
        {{.id = "optional_value", .signature = "optional_type(V).() -> V", .call = value}});
    library.function("hasValue", {{.id = "optional_hasValue",
                                   .signature = "optional_type(V).() -> bool",
                                   .call = has_value}});
    library.function("or", {{.id = "optional_or_optional",
                             .signature = "optional_type(V).(optional_type(V)) -> optional_type(V)",
                             .call = or_else}});
    library.function("orValue", {{.id = "optional_orValue_value",
                                  .signature = "optional_type(V).(V) -> V",
                                  .call = or_value}});
    if (version >= 2) {
        library.function(
            "first",
            {{.id = "list_first", .signature = "list(V).() -> optional_type(V)", .call = first}});
        library.function(
            "last",
            {{.id = "list_last", .signature = "list(V).() -> optional_type(V)", .call = last}});
        library.function("optional.unwrap", {{.id = "optional_unwrap",
                                              .signature = "(list(optional_type(V))) -> list(V)",
                                              .call = unwrap}});
        library.function("unwrapOpt", {{.id = "optional_unwrapOpt",
                                        .signature = "list(optional_type(V)).() -> list(V)",
                                        .call = unwrap}});
    }
    // The checker knows `?.` by itself; `[?]` is a function of several types.
    library.function(
        operators::optional_index,
        {{.id = "list_optindex_optional_int", .signature = "(list(V), int) -> optional_type(V)"},
         {.id = "optional_list_optindex_optional_int",
          .signature = "(optional_type(list(V)), int) -> optional_type(V)"},
         {.id = "map_optindex_optional_value", .signature = "(map(K, V), K) -> optional_type(V)"},
         {.id = "optional_map_optindex_optional_value",
          .signature = "(optional_type(map(K, V)), K) -> optional_type(V)"}});
    library.function(operators::index,
                     {{.id = "optional_list_index_int",
                       .signature = "(optional_type(list(V)), int) -> optional_type(V)"},
                      {.id = "optional_map_index_value",
                       .signature = "(optional_type(map(K, V)), K) -> optional_type(V)"}});
    library.constant("optional_type", "type(optional_type(V))",
                     Value::type(&types::optional_of_dyn));
    library.document("Optional values", optional_documentation);
    return library;
}

}  // namespace weft::cel
