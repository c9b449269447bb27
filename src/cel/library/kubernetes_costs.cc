// cel/library/kubernetes_costs.cc: what Kubernetes charges for calls.
//
// Estimates decide which rules a CustomResourceDefinition may have, so they are upstream's to the
// unit, its oddities included.

#include "cel/library/kubernetes_costs.h"

#include <cmath>

#include "cel/cost.h"

namespace weft::cel {

namespace {

using Args = std::span<const Value>;
using Operands = std::span<const Operand>;

// --- What a call did cost ---

// A byte of text costs a tenth, everything else 1.
uint64_t cost_of_tree(const Value& value, Arena& arena) {
    if (value.is_string() || value.is_bytes()) {
        return value.as_string().size() / 10;
    }
    if (!value.is_list() && !value.is_map()) {
        return 1;
    }
    uint64_t sum = 0;
    for (const Value& part : value.is_list() ? value.items(arena) : value.sorted_entries(arena)) {
        sum += cost_of_tree(part, arena);
    }
    return sum;
}

std::optional<uint64_t> cost_of_walk(Args args, const Value&) {
    Arena arena;
    return cost_of_tree(args[0], arena);
}
// Walking a text and making another one.
std::optional<uint64_t> cost_of_rebuilding(Args args, const Value&) {
    return scale_cost(cost_size_of(args[0]), 2 * string_traversal_factor);
}
std::optional<uint64_t> cost_of_joining(Args, const Value& result) {
    return scale_cost(cost_size_of(result), 2 * string_traversal_factor);
}

// --- What it may cost ---

SizeEstimate times(const SizeEstimate& a, const SizeEstimate& b) {
    return {saturating_multiply(a.min, b.min), saturating_multiply(a.max, b.max)};
}
uint64_t divide_up(uint64_t a, uint64_t b) {
    return scale_cost(a, 1 / static_cast<double>(b));
}

// Lists cost 1 an item, and a tenth of each item's length if the items are texts; a text costs a
// tenth of its length.
std::optional<CallEstimate> estimate_walk(Operands args) {
    const SizeEstimate size = args[0].size_or_unknown();
    const Type* type = args[0].type;
    if (type == nullptr || type->parameters.empty()) {
        return CallEstimate{scale_cost(size, string_traversal_factor), std::nullopt};
    }
    CostEstimate item{1, 1};
    const TypeKind kind = type->parameters[0]->kind;
    if (kind == TypeKind::string || kind == TypeKind::bytes) {
        item =
            item + scale_cost(args[0].item_size.value_or(SizeEstimate{}), string_traversal_factor);
    }
    return CallEstimate{CostEstimate{size.min, size.max} * item, std::nullopt};
}

// The longest and the shortest text that replacing can make.
SizeEstimate size_of_replaced(const SizeEstimate& text, const SizeEstimate& from,
                              const SizeEstimate& to) {
    SizeEstimate count{0, 0};
    SizeEstimate kept{0, 0};
    if (from.min == 0) {
        // Nothing is found around every character.
        count.max = saturating_add(text.max, 1);
        kept.max = text.max;
    } else if (to.max <= from.min) {
        kept.max = text.max;
    } else {
        count.max = divide_up(text.max, from.min);
    }
    if (from.max == 0) {
        count.min = saturating_add(text.min, 1);
        kept.min = text.min;
    } else if (from.max <= to.min) {
        kept.min = text.min;
    } else {
        count.min = divide_up(text.min, from.max);
    }
    return times(count, to) + kept;
}
std::optional<CallEstimate> estimate_replacing(Operands args) {
    const SizeEstimate text = args[0].size_or_unknown();
    return CallEstimate{
        scale_cost(text, 2 * string_traversal_factor),
        size_of_replaced(text, args[1].size_or_unknown(), args[2].size_or_unknown())};
}

// Splitting at nothing makes every character an item; a literal limit bounds it.
std::optional<CallEstimate> estimate_splitting(Operands args) {
    const SizeEstimate text = args[0].size_or_unknown();
    uint64_t most = text.max;
    if (args.size() > 2) {
        const Expr* limit = args[2].expression;
        if (limit != nullptr && limit->kind == ExprKind::literal && limit->literal.is_int()) {
            most = limit->literal.as_uint();
        }
    }
    return CallEstimate{scale_cost(text, 2 * string_traversal_factor), SizeEstimate{0, most}};
}

std::optional<CallEstimate> estimate_joining(Operands args) {
    const SizeEstimate count = args[0].size_or_unknown();
    SizeEstimate size = times(count, args[0].item_size.value_or(SizeEstimate{}));
    if (args.size() > 1) {
        const auto one_less = [](uint64_t value) { return value > 0 ? value - 1 : 0; };
        size = size + times(args[1].size_or_unknown(), {one_less(count.min), one_less(count.max)});
    }
    return CallEstimate{scale_cost(size, string_traversal_factor), size};
}

}  // namespace

std::optional<uint64_t> cost_of_parsing(Args args, const Value&) {
    return scale_cost(cost_size_of(args[0]), string_traversal_factor);
}
std::optional<CallEstimate> estimate_parsing(Operands args) {
    const SizeEstimate size = args[0].size_or_unknown();
    return CallEstimate{scale_cost(size, string_traversal_factor), size};
}
std::optional<CallEstimate> estimate_traversal(Operands args) {
    return CallEstimate{scale_cost(args[0].size_or_unknown(), string_traversal_factor),
                        std::nullopt};
}

Library kubernetes_costs_library() {
    Library library("kubernetes.costs");
    for (const std::string_view name :
         {"isSorted", "sum", "min", "max", "indexOf", "lastIndexOf", "includes"}) {
        library.cost(name, cost_of_walk, estimate_walk);
    }
    for (const std::string_view name : {"lowerAscii", "upperAscii", "substring", "trim"}) {
        library.cost(name, cost_of_parsing, estimate_parsing);
    }
    library.cost("replace", cost_of_rebuilding, estimate_replacing);
    library.cost("split", cost_of_rebuilding, estimate_splitting);
    library.cost("join", cost_of_joining, estimate_joining);
    return library;
}

}  // namespace weft::cel
