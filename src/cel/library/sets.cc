// cel/library/sets.cc: lists as sets. Source: cel-go ext/sets.go.

#include "cel/library/sets.h"

#include "cel/cost.h"

namespace weft::cel {

namespace {

// Each item of one list is looked for in the other; sets.equivalent does it both ways.
template <uint64_t ways>
std::optional<uint64_t> cost_of_sets(std::span<const Value> args, const Value&) {
    return saturating_add(
        saturating_multiply(ways, saturating_multiply(args[0].size(), args[1].size())), 1);
}
template <uint64_t ways>
std::optional<CallEstimate> estimate_sets(std::span<const Operand> args) {
    const SizeEstimate a = args[0].size_or_unknown();
    const SizeEstimate b = args[1].size_or_unknown();
    const CostEstimate product{saturating_multiply(ways, saturating_multiply(a.min, b.min)),
                               saturating_multiply(ways, saturating_multiply(a.max, b.max))};
    return CallEstimate{product + CostEstimate{1, 1}, std::nullopt};
}

// Whether a list has an item; `call.interruption()` if time is up.
Value has_item(Call& call, std::span<const Value> items, const Value& wanted) {
    for (const Value& item : items) {
        if (call.should_stop()) {
            return call.interruption();
        }
        if (equals(item, wanted, call.arena()).is_true()) {
            return Value::boolean(true);
        }
    }
    return Value::boolean(false);
}

Value has_all(Call& call, std::span<const Value> items, std::span<const Value> wanted) {
    for (const Value& item : wanted) {
        const Value found = has_item(call, items, item);
        if (!found.is_true()) {
            return found;
        }
    }
    return Value::boolean(true);
}

Value sets_contains(Call& call, std::span<const Value> args) {
    return has_all(call, args[0].items(call.arena()), args[1].items(call.arena()));
}

Value sets_equivalent(Call& call, std::span<const Value> args) {
    const std::span<const Value> a = args[0].items(call.arena());
    const std::span<const Value> b = args[1].items(call.arena());
    const Value contains = has_all(call, a, b);
    return contains.is_true() ? has_all(call, b, a) : contains;
}

Value sets_intersects(Call& call, std::span<const Value> args) {
    const std::span<const Value> items = args[1].items(call.arena());
    for (const Value& item : args[0].items(call.arena())) {
        const Value found = has_item(call, items, item);
        if (!found.is_false()) {
            return found;
        }
    }
    return Value::boolean(false);
}

constexpr Documentation sets_documentation[] = {
    {"sets.contains", "Whether the first list has every item of the second.",
     "sets.contains([1, 2, 3], [3, 1])", "true"},
    {"sets.equivalent", "Whether each list has every item of the other.",
     "sets.equivalent([1, 2, 2], [2, 1])", "true"},
    {"sets.intersects", "Whether the lists have an item in common.",
     "sets.intersects([1, 2], [2, 3])", "true"},
};

}  // namespace

Library sets_library() {
    Library library("cel.lib.ext.sets");
    library.function("sets.contains", {{.id = "list_sets_contains_list",
                                        .signature = "(list(T), list(T)) -> bool",
                                        .call = sets_contains,
                                        .actual_cost = cost_of_sets<1>,
                                        .estimated_cost = estimate_sets<1>}});
    library.function("sets.equivalent", {{.id = "list_sets_equivalent_list",
                                          .signature = "(list(T), list(T)) -> bool",
                                          .call = sets_equivalent,
                                          .actual_cost = cost_of_sets<2>,
                                          .estimated_cost = estimate_sets<2>}});
    library.function("sets.intersects", {{.id = "list_sets_intersects_list",
                                          .signature = "(list(T), list(T)) -> bool",
                                          .call = sets_intersects,
                                          .actual_cost = cost_of_sets<1>,
                                          .estimated_cost = estimate_sets<1>}});
    library.document("Sets", sets_documentation);
    return library;
}

}  // namespace weft::cel
