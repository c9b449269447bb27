// cel/library/lists.cc: functions of lists. Source: cel-go ext/lists.go.

#include "cel/library/lists.h"

#include <algorithm>
#include <array>

#include "cel/cost.h"
#include "cel/library/macros.h"

namespace weft::cel {

namespace {

// --- Costs, from version 3 on ---

constexpr uint64_t call_and_list_cost = 1 + 10;

std::optional<uint64_t> cost_of_list(uint64_t size, double factor) {
    // A negative depth is an error of the call, and costs no more than one.
    const double scaled = std::max(static_cast<double>(size) * factor, 0.0);
    return saturating_add(scaled < 0x1p64 ? static_cast<uint64_t>(scaled) : UINT64_MAX,
                          call_and_list_cost);
}
std::optional<uint64_t> cost_of_result(std::span<const Value>, const Value& result) {
    return cost_of_list(cost_size_of(result), 1);
}
std::optional<uint64_t> cost_of_flatten(std::span<const Value> args, const Value&) {
    return cost_of_list(cost_size_of(args[0]),
                        args.size() == 2 ? static_cast<double>(args[1].as_int()) : 1);
}
// Each item is compared with each other one; sortBy compares its keys, which are the last argument.
std::optional<uint64_t> cost_of_comparing(std::span<const Value> args, const Value&) {
    const Value& list = args.back();
    const uint64_t size = list.size();
    double factor = 2;
    if (size > 0) {
        Arena arena;
        const Value first = list.item(0, arena);
        factor += first.is_string() || first.is_bytes() ? string_traversal_factor : 0;
    }
    return cost_of_list(saturating_multiply(size, size), factor);
}

CallEstimate estimate_list(const SizeEstimate& size, double factor) {
    return {scale_cost(size, factor) + CostEstimate{call_and_list_cost, call_and_list_cost}, size};
}
uint64_t literal_or(const Operand& operand, uint64_t other) {
    const Expr* expr = operand.expression;
    return expr != nullptr && expr->kind == ExprKind::literal && expr->literal.is_int() &&
                   expr->literal.as_int() >= 0
               ? expr->literal.as_uint()
               : other;
}
std::optional<CallEstimate> estimate_slice(std::span<const Operand> args) {
    const uint64_t start = literal_or(args[1], 0);
    const uint64_t end = literal_or(args[2], args[0].size_or_unknown().max);
    return estimate_list({end - start, end - start}, 1);
}
std::optional<CallEstimate> estimate_range(std::span<const Operand> args) {
    const uint64_t size = literal_or(args[0], UINT64_MAX);
    return estimate_list({size, size}, 1);
}
std::optional<CallEstimate> estimate_reverse(std::span<const Operand> args) {
    return estimate_list(args[0].size_or_unknown(), 1);
}
std::optional<CallEstimate> estimate_flatten(std::span<const Operand> args) {
    const uint64_t depth = args.size() == 2 ? literal_or(args[1], UINT64_MAX) : 1;
    return estimate_list(args[0].size_or_unknown(), static_cast<double>(depth));
}
template <bool is_text>
std::optional<CallEstimate> estimate_comparing(std::span<const Operand> args) {
    const SizeEstimate size = args.back().size_or_unknown();
    return estimate_list(
        {saturating_multiply(size.min, size.min), saturating_multiply(size.max, size.max)},
        2 + (is_text ? string_traversal_factor : 0));
}

// --- Functions ---

// cel-go's; an evaluation's memory ends before.
constexpr int64_t range_size_max = 10'000'000;

Value memory_exceeded(Call& call) {
    return call.error(ErrorCode::memory_limit, "memory limit exceeded");
}

Value range(Call& call, std::span<const Value> args) {
    const int64_t size = args[0].as_int();
    if (size > range_size_max) {
        return call.error(ErrorCode::invalid_argument, "lists.range: size ", size,
                          " exceeds maximum allowed (", range_size_max, ")");
    }
    const auto count = static_cast<size_t>(std::max<int64_t>(size, 0));
    if (!call.arena().has_room(count * sizeof(Value))) {
        return memory_exceeded(call);
    }
    ListBuilder out(call.arena(), count);
    for (int64_t i = 0; i < size; ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        out.add(Value::integer(i));
    }
    return out.finish();
}

Value reverse_list(Call& call, std::span<const Value> args) {
    const size_t size = args[0].size();
    if (!call.arena().has_room(size * sizeof(Value))) {
        return memory_exceeded(call);
    }
    ListBuilder out(call.arena(), size);
    for (size_t i = size; i > 0; --i) {
        out.add(args[0].item(i - 1, call.arena()));
    }
    return out.finish();
}

Value slice(Call& call, std::span<const Value> args) {
    const int64_t start = args[1].as_int();
    const int64_t end = args[2].as_int();
    const auto size = static_cast<int64_t>(args[0].size());
    const auto refuse = [&](const auto&... pieces) {
        return call.error(ErrorCode::invalid_argument, "cannot slice(", start, ", ", end, "), ",
                          pieces...);
    };
    if (start < 0 || end < 0) {
        return refuse("negative indexes not supported");
    }
    if (start > end) {
        return refuse("start index must be less than or equal to end index");
    }
    if (size < end) {
        return refuse("list is length ", size);
    }
    const auto from = static_cast<size_t>(start);
    const auto count = static_cast<size_t>(end - start);
    if (args[0].borrowed() == nullptr) {
        return Value::list(args[0].items(call.arena()).subspan(from, count));
    }
    ListBuilder out(call.arena(), count);
    for (size_t i = 0; i < count; ++i) {
        out.add(args[0].item(from + i, call.arena()));
    }
    return out.finish();
}

// Nothing, or the error that ended it.
std::optional<Value> flatten_into(Call& call, ListBuilder& out, const Value& list, int64_t depth,
                                  uint32_t level) {
    if (level > tree_depth_max) {
        return call.error(ErrorCode::invalid_argument, "list is nested too deeply");
    }
    for (size_t i = 0; i < list.size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        const Value item = list.item(i, call.arena());
        if (!item.is_list() || depth == 0) {
            out.add(item);
            continue;
        }
        if (auto failure = flatten_into(call, out, item, depth - 1, level + 1)) {
            return failure;
        }
    }
    return std::nullopt;
}

Value flatten(Call& call, std::span<const Value> args) {
    const int64_t depth = args.size() == 2 ? args[1].as_int() : 1;
    if (depth < 0) {
        return call.error(ErrorCode::invalid_argument, "level must be non-negative");
    }
    ListBuilder out(call.arena(), args[0].size());
    const std::optional<Value> failure = flatten_into(call, out, args[0], depth, 0);
    return failure ? *failure : out.finish();
}

bool is_comparable(const Value& value) {
    switch (value.kind()) {
        case Kind::boolean:
        case Kind::integer:
        case Kind::unsigned_integer:
        case Kind::number:
        case Kind::string:
        case Kind::bytes:
        case Kind::duration:
        case Kind::timestamp:
            return true;
        default:
            return false;
    }
}

// The items in the order of their keys. What cannot be ordered (NaN) stays where it is found.
Value sort_by_keys(Call& call, const Value& list, const Value& keys, std::string_view signature) {
    const size_t size = list.size();
    if (size != keys.size()) {
        return call.error(ErrorCode::invalid_argument,
                          "@sortByAssociatedKeys() expected a list of the same size as the "
                          "associated keys list, but got ",
                          size, " and ", keys.size(), " elements respectively");
    }
    if (size == 0) {
        return list;
    }
    if (!call.arena().has_room(4 * size * sizeof(Value))) {
        return memory_exceeded(call);
    }
    const std::span<const Value> key_values = keys.items(call.arena());
    if (!is_comparable(key_values[0])) {
        return key_values[0].is_error()
                   ? key_values[0]
                   : call.error(ErrorCode::no_such_overload, "no such overload: ", signature);
    }
    for (const Value& key : key_values) {
        if (key.is_error()) {
            return key;
        }
        if (key.kind() != key_values[0].kind()) {
            return call.error(ErrorCode::invalid_argument, "list elements must have the same type");
        }
    }
    const std::span<uint32_t> order(call.arena().array<uint32_t>(size), size);
    for (size_t i = 0; i < size; ++i) {
        order[i] = static_cast<uint32_t>(i);
    }
    std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) {
        const Value compared = compare(key_values[a], key_values[b], call.arena());
        return compared.is_int() && compared.as_int() < 0;
    });
    ListBuilder out(call.arena(), size);
    for (const uint32_t at : order) {
        out.add(list.item(at, call.arena()));
    }
    return out.finish();
}

Value sort(Call& call, std::span<const Value> args) {
    return sort_by_keys(call, args[0], args[0], "sort(list)");
}
Value sort_by(Call& call, std::span<const Value> args) {
    return sort_by_keys(call, args[0], args[1], "@sortByAssociatedKeys(list, list)");
}

// Keeps the first of equal items. Texts, numbers and booleans are found by hash, so that only
// lists, maps and the like are compared with each other one by one.
Value distinct(Call& call, std::span<const Value> args) {
    ListBuilder out(call.arena());
    MapBuilder seen(call.arena());
    std::vector<Value> others;
    for (size_t i = 0; i < args[0].size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        const Value item = args[0].item(i, call.arena());
        if (item.is_error()) {
            return item;
        }
        if (item.is_string() || item.is_bool() || item.is_numeric()) {
            const bool is_nan = item.is_double() && item.as_double() != item.as_double();
            if (is_nan || seen.add(item, Value::null())) {
                out.add(item);
            }
            continue;
        }
        bool is_new = true;
        for (const Value& other : others) {
            if (call.should_stop()) {
                return call.interruption();
            }
            if (equals(item, other, call.arena()).is_true()) {
                is_new = false;
                break;
            }
        }
        if (is_new) {
            others.push_back(item);
            out.add(item);
        }
    }
    return out.finish();
}

// list.sortBy(x, key(x)) is bind(input, list, input.@sortByAssociatedKeys(input.map(x, key(x)))).
Expr* expand_sort_by(MacroContext& context, Expr* target, std::span<Expr*> args) {
    constexpr std::string_view input = "@__sortBy_input__";
    switch (target->kind) {
        case ExprKind::list:
        case ExprKind::select:
        case ExprKind::identifier:
        case ExprKind::comprehension:
        case ExprKind::call:
            break;
        default:
            return context.error(target,
                                 "sortBy can only be applied to a list, identifier, comprehension, "
                                 "call or select expression");
    }
    const std::string_view* variable =
        loop_variable(context, args[0], "argument is not an identifier");
    if (variable == nullptr) {
        return nullptr;
    }
    const auto result = [&] { return context.identifier(context.accumulator()); };
    Expr* keys = context.comprehension(
        {.range = context.identifier(input),
         .variable = *variable,
         .accumulator = context.accumulator(),
         .initial = context.list({}),
         .condition = context.literal(Value::boolean(true)),
         .step = context.call(operators::add, {result(), context.list({args[1]})}),
         .result = result()});
    Expr* sorted = context.member_call("@sortByAssociatedKeys", context.identifier(input), {keys});
    return context.comprehension({.range = context.list({}),
                                  .variable = "#unused",
                                  .accumulator = input,
                                  .initial = target,
                                  .condition = context.literal(Value::boolean(false)),
                                  .step = context.identifier(input),
                                  .result = sorted});
}

// sort and the function behind sortBy have an overload for each type that has an order.
void declare_sorts(Library& library, bool has_costs) {
    struct Comparable {
        std::string_view signature;
        std::string_view name;
        bool is_text = false;
    };
    static constexpr Comparable comparables[] = {
        {"int", "int"},
        {"uint", "uint"},
        {"double", "double"},
        {"bool", "bool"},
        {"duration", "google.protobuf.Duration"},
        {"timestamp", "google.protobuf.Timestamp"},
        {"string", "string", true},
        {"bytes", "bytes", true},
    };
    for (const auto& [signature, name, is_text] : comparables) {
        const ActualCost actual = has_costs ? cost_of_comparing : nullptr;
        const EstimatedCost estimated = !has_costs ? nullptr
                                        : is_text  ? estimate_comparing<true>
                                                   : estimate_comparing<false>;
        library.function(
            "sort",
            {{.id = library.intern(cat("list_", name, "_sort")),
              .signature = library.intern(cat("list(", signature, ").() -> list(", signature, ")")),
              .call = sort,
              .actual_cost = actual,
              .estimated_cost = estimated}});
        library.function(
            "@sortByAssociatedKeys",
            {{.id = library.intern(cat("list_", name, "_sortByAssociatedKeys")),
              .signature = library.intern(cat("list(T).(list(", signature, ")) -> list(T)")),
              .call = sort_by,
              .actual_cost = actual,
              .estimated_cost = estimated}});
    }
}

constexpr Documentation lists_documentation[] = {
    {"slice", "The items from one index up to another.", "[1, 2, 3, 4].slice(1, 3)", "[2, 3]"},
    {"flatten", "The list with the items of lists in it in their place, so many levels deep (1).",
     "[[1, 2], [3]].flatten()", "[1, 2, 3]"},
    {"sort", "The items in order.", "[3, 1, 2].sort()", "[1, 2, 3]"},
    {"sortBy", "The items in the order of a key of each.", "['ccc', 'a', 'bb'].sortBy(x, size(x))",
     R"(["a", "bb", "ccc"])", "list.sortBy(x, key)"},
    {"lists.range", "The whole numbers from 0 up to one.", "lists.range(3)", "[0, 1, 2]"},
    {"reverse", "The items backwards.", "[1, 2, 3].reverse()", "[3, 2, 1]"},
    {"distinct", "The items, each value once.", "[1, 2, 2, 1].distinct()", "[1, 2]"},
};

}  // namespace

Library lists_library(int version) {
    Library library("cel.lib.ext.lists");
    const bool has_costs = version >= 3;
    const auto add = [&](std::string_view name, Overload overload, ActualCost actual,
                         EstimatedCost estimated) {
        overload.actual_cost = has_costs ? actual : nullptr;
        overload.estimated_cost = has_costs ? estimated : nullptr;
        library.function(name, {overload});
    };
    add("slice", {.id = "list_slice", .signature = "list(T).(int, int) -> list(T)", .call = slice},
        cost_of_result, estimate_slice);
    if (version >= 1) {
        add("flatten",
            {.id = "list_flatten", .signature = "list(list(T)).() -> list(T)", .call = flatten},
            cost_of_flatten, estimate_flatten);
        add("flatten",
            {.id = "list_flatten_int",
             .signature = "list(dyn).(int) -> list(dyn)",
             .call = flatten},
            cost_of_flatten, estimate_flatten);
    }
    if (version >= 2) {
        declare_sorts(library, has_costs);
        library.macro({.name = "sortBy", .arity = 2, .is_member = true, .expand = expand_sort_by});
        add("lists.range", {.id = "lists_range", .signature = "(int) -> list(int)", .call = range},
            cost_of_result, estimate_range);
        add("reverse",
            {.id = "list_reverse", .signature = "list(T).() -> list(T)", .call = reverse_list},
            cost_of_result, estimate_reverse);
        add("distinct",
            {.id = "list_distinct", .signature = "list(T).() -> list(T)", .call = distinct},
            cost_of_comparing, estimate_comparing<false>);
    }
    library.document("Lists", lists_documentation);
    return library;
}

}  // namespace weft::cel
