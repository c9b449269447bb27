// cel/library/comprehensions.cc: macros over two variables.
//
// Source: cel-go ext/comprehensions.go, TwoVarComprehensions.

#include "cel/library/comprehensions.h"

#include "cel/library/macros.h"

namespace weft::cel {

namespace {

constexpr std::string_view map_insert = "cel.@mapInsert";

struct Variables {
    std::string_view first;
    std::string_view second;
};

std::optional<Variables> variables_of(MacroContext& context, std::span<Expr*> args) {
    constexpr std::string_view complaint = "argument must be a simple name";
    const std::string_view* first = loop_variable(context, args[0], complaint);
    if (first == nullptr) {
        return std::nullopt;
    }
    const std::string_view* second = loop_variable(context, args[1], complaint);
    if (second == nullptr) {
        return std::nullopt;
    }
    if (*first == *second) {
        context.error(args[1], cat("duplicate variable name: ", *first));
        return std::nullopt;
    }
    return Variables{*first, *second};
}

Expr* collected(MacroContext& context) {
    return context.identifier(context.accumulator());
}

Expr* pair_loop(MacroContext& context, Expr* range, const Variables& variables, Expr* initial,
                Expr* condition, Expr* step, Expr* finish) {
    return context.comprehension({.range = range,
                                  .variable = variables.first,
                                  .second_variable = variables.second,
                                  .accumulator = context.accumulator(),
                                  .initial = initial,
                                  .condition = condition,
                                  .step = step,
                                  .result = finish});
}

Expr* expand_all_pairs(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    return pair_loop(context, target, *variables, context.literal(Value::boolean(true)),
                     context.call(operators::not_strictly_false, {collected(context)}),
                     context.call(operators::logical_and, {collected(context), args[2]}),
                     collected(context));
}

Expr* expand_exists_pairs(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    return pair_loop(context, target, *variables, context.literal(Value::boolean(false)),
                     context.call(operators::not_strictly_false,
                                  {context.call(operators::logical_not, {collected(context)})}),
                     context.call(operators::logical_or, {collected(context), args[2]}),
                     collected(context));
}

Expr* expand_exists_one_pairs(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    const auto one = [&] { return context.literal(Value::integer(1)); };
    return pair_loop(
        context, target, *variables, context.literal(Value::integer(0)),
        context.literal(Value::boolean(true)),
        context.call(operators::conditional,
                     {args[2], context.call(operators::add, {collected(context), one()}),
                      collected(context)}),
        context.call(operators::equals, {collected(context), one()}));
}

// The loop that collects by `step`, if the predicate (when there is one) holds.
Expr* transform(MacroContext& context, Expr* range, const Variables& variables, Expr* initial,
                Expr* predicate, Expr* step) {
    if (predicate != nullptr) {
        step = context.call(operators::conditional, {predicate, step, collected(context)});
    }
    return pair_loop(context, range, variables, initial, context.literal(Value::boolean(true)),
                     step, collected(context));
}

Expr* expand_transform_list(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    Expr* step = context.call(operators::add, {collected(context), context.list({args.back()})});
    return transform(context, target, *variables, context.list({}),
                     args.size() == 4 ? args[2] : nullptr, step);
}

Expr* expand_transform_map(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    Expr* step = context.call(
        map_insert, {collected(context), context.identifier(variables->first), args.back()});
    return transform(context, target, *variables, context.map({}),
                     args.size() == 4 ? args[2] : nullptr, step);
}

Expr* expand_transform_map_entry(MacroContext& context, Expr* target, std::span<Expr*> args) {
    const std::optional<Variables> variables = variables_of(context, args);
    if (!variables) {
        return nullptr;
    }
    Expr* step = context.call(map_insert, {collected(context), args.back()});
    return transform(context, target, *variables, context.map({}),
                     args.size() == 4 ? args[2] : nullptr, step);
}

Value insert_all(Call& call, MapBuilder& builder, const Value& map, bool check) {
    const std::span<const Value> entries = map.sorted_entries(call.arena());
    for (size_t i = 0; i < entries.size(); i += 2) {
        if (!check) {
            builder.set(entries[i], entries[i + 1]);
        } else if (!builder.add(entries[i], entries[i + 1])) {
            return call.error(ErrorCode::duplicate_key, "insert failed: key ", to_text(entries[i]),
                              " already exists");
        }
    }
    return Value::null();
}

Value insert_entry(Call& call, std::span<const Value> args) {
    MapBuilder builder(call.arena(), args[0].size() + 1);
    (void)insert_all(call, builder, args[0], false);
    if (!builder.add(args[1], args[2])) {
        return call.error(ErrorCode::duplicate_key, "insert failed: key ", to_text(args[1]),
                          " already exists");
    }
    return builder.finish();
}

Value insert_map(Call& call, std::span<const Value> args) {
    MapBuilder builder(call.arena(), args[0].size() + args[1].size());
    (void)insert_all(call, builder, args[0], false);
    const Value failure = insert_all(call, builder, args[1], true);
    return failure.is_error() ? failure : builder.finish();
}

constexpr Documentation comprehensions_documentation[] = {
    {"all",
     "As with one variable; the variables are index and item of a list, or key and value of a map.",
     "{'a': 1}.all(k, v, v > 0)", "true", "list.all(i, x, condition)"},
    {"exists", "The same for exists.", "[5, 6].exists(i, x, i == 1 && x == 6)", "true",
     "list.exists(i, x, condition)"},
    {"existsOne", "The same for exists_one.", "[5, 5].existsOne(i, x, x == 5)", "false",
     "list.existsOne(i, x, condition)"},
    {"exists_one", "The same under its older name.", "[5, 6].exists_one(i, x, x == 5)", "true",
     "list.exists_one(i, x, condition)"},
    {"transformList",
     "The list of a value for each entry, or of those for which a condition holds.",
     "[10, 20].transformList(i, x, x + i)", "[10, 21]",
     "list.transformList(i, x, value), list.transformList(i, x, condition, value)"},
    {"transformMap", "The map with the same keys and other values.",
     "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", R"({"b": 20})",
     "map.transformMap(k, v, value), map.transformMap(k, v, condition, value)"},
    {"transformMapEntry", "The map of the entries that a map literal makes of each.",
     "{'a': 'x'}.transformMapEntry(k, v, {v: k})", R"({"x": "a"})",
     "map.transformMapEntry(k, v, map), map.transformMapEntry(k, v, condition, map)"},
};

}  // namespace

Library comprehensions_library() {
    Library library("cel.lib.ext.comprehensions");
    const auto member = [&](std::string_view name, int arity,
                            Expr* (*expand)(MacroContext&, Expr*, std::span<Expr*>)) {
        library.macro({.name = name, .arity = arity, .is_member = true, .expand = expand});
    };
    member("all", 3, expand_all_pairs);
    member("exists", 3, expand_exists_pairs);
    member("existsOne", 3, expand_exists_one_pairs);
    member("exists_one", 3, expand_exists_one_pairs);
    member("transformList", 3, expand_transform_list);
    member("transformList", 4, expand_transform_list);
    member("transformMap", 3, expand_transform_map);
    member("transformMap", 4, expand_transform_map);
    member("transformMapEntry", 3, expand_transform_map_entry);
    member("transformMapEntry", 4, expand_transform_map_entry);
    library.function(map_insert, {{.id = "@mapInsert_map_map",
                                   .signature = "(map(K, V), map(K, V)) -> map(K, V)",
                                   .call = insert_map},
                                  {.id = "@mapInsert_map_key_value",
                                   .signature = "(map(K, V), K, V) -> map(K, V)",
                                   .call = insert_entry}});
    library.document("Macros with two variables", comprehensions_documentation);
    return library;
}

}  // namespace weft::cel
