// cel/library/kubernetes_lists.cc: Kubernetes' functions of lists.

#include "cel/library/kubernetes_lists.h"

namespace weft::cel {

namespace {

// An order that fails (NaN) is as if both were equal.
int64_t order_or_0(const Value& a, const Value& b, Arena& arena) {
    const Value order = compare(a, b, arena);
    return order.is_int() ? order.as_int() : 0;
}

Value is_sorted(Call& call, std::span<const Value> args) {
    for (size_t i = 1; i < args[0].size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        if (order_or_0(args[0].item(i - 1, call.arena()), args[0].item(i, call.arena()),
                       call.arena()) > 0) {
            return Value::boolean(false);
        }
    }
    return Value::boolean(true);
}

// The first item that is better than all before it.
Value best_item(Call& call, const Value& list, int64_t worse, std::string_view function) {
    if (list.size() == 0) {
        return call.error(ErrorCode::invalid_argument, function, " called on empty list");
    }
    Value best = list.item(0, call.arena());
    for (size_t i = 1; i < list.size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        const Value item = list.item(i, call.arena());
        if (order_or_0(best, item, call.arena()) == worse) {
            best = item;
        }
    }
    return best;
}
Value smallest_item(Call& call, std::span<const Value> args) {
    return best_item(call, args[0], 1, "min");
}
Value largest_item(Call& call, std::span<const Value> args) {
    return best_item(call, args[0], -1, "max");
}

Value add_item(Call& call, const Value& sum, const Value& item) {
    if (sum.kind() != item.kind()) {
        return call.no_such_overload();
    }
    switch (sum.kind()) {
        case Kind::number:
            return Value::number(sum.as_double() + item.as_double());
        case Kind::unsigned_integer: {
            uint64_t out = 0;
            return __builtin_add_overflow(sum.as_uint(), item.as_uint(), &out)
                       ? call.error(ErrorCode::overflow, "unsigned integer overflow")
                       : Value::unsigned_integer(out);
        }
        case Kind::duration: {
            int64_t out = 0;
            return __builtin_add_overflow(sum.as_duration(), item.as_duration(), &out)
                       ? call.error(ErrorCode::overflow, "duration overflow")
                       : Value::duration(out);
        }
        default: {
            int64_t out = 0;
            return __builtin_add_overflow(sum.as_int(), item.as_int(), &out)
                       ? call.error(ErrorCode::overflow, "integer overflow")
                       : Value::integer(out);
        }
    }
}

Value sum_from(Call& call, const Value& list, Value sum) {
    for (size_t i = 0; i < list.size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        sum = add_item(call, sum, list.item(i, call.arena()));
        if (sum.is_error()) {
            return sum;
        }
    }
    return sum;
}
Value sum_integers(Call& call, std::span<const Value> args) {
    // A list whose type is not known is summed as what its first item is.
    if (args[0].size() > 0) {
        const Value first = args[0].item(0, call.arena());
        const bool is_summable =
            first.is_int() || first.is_uint() || first.is_double() || first.is(Kind::duration);
        if (!is_summable) {
            return call.no_such_overload();
        }
        if (first.is_uint()) {
            return sum_from(call, args[0], Value::unsigned_integer(0));
        }
        if (first.is_double()) {
            return sum_from(call, args[0], Value::number(0));
        }
        if (first.is(Kind::duration)) {
            return sum_from(call, args[0], Value::duration(0));
        }
    }
    return sum_from(call, args[0], Value::integer(0));
}
Value sum_unsigned(Call& call, std::span<const Value> args) {
    return sum_from(call, args[0], Value::unsigned_integer(0));
}
Value sum_doubles(Call& call, std::span<const Value> args) {
    return sum_from(call, args[0], Value::number(0));
}
Value sum_durations(Call& call, std::span<const Value> args) {
    return sum_from(call, args[0], Value::duration(0));
}

Value index_of_item(Call& call, std::span<const Value> args) {
    for (size_t i = 0; i < args[0].size(); ++i) {
        if (call.should_stop()) {
            return call.interruption();
        }
        if (equals(args[0].item(i, call.arena()), args[1], call.arena()).is_true()) {
            return Value::integer(static_cast<int64_t>(i));
        }
    }
    return Value::integer(-1);
}
Value last_index_of_item(Call& call, std::span<const Value> args) {
    for (size_t i = args[0].size(); i-- > 0;) {
        if (call.should_stop()) {
            return call.interruption();
        }
        if (equals(args[0].item(i, call.arena()), args[1], call.arena()).is_true()) {
            return Value::integer(static_cast<int64_t>(i));
        }
    }
    return Value::integer(-1);
}
Value includes_item(Call& call, std::span<const Value> args) {
    if (!args[0].is_list()) {
        return Value::boolean(equals(args[0], args[1], call.arena()).is_true());
    }
    const Value found = index_of_item(call, args);
    return found.is_error() ? found : Value::boolean(found.as_int() >= 0);
}

constexpr Documentation kubernetes_lists_documentation[] = {
    {"isSorted", "Whether the items are in order.", "[1, 2, 2].isSorted()", "true"},
    {"min", "The least item; an error for an empty list.", "[3, 1, 2].min()", "1"},
    {"max", "The greatest item; an error for an empty list.", "['a', 'c', 'b'].max()", R"("c")"},
    {"sum", "The sum of the items.", "[1, 2, 3].sum()", "6"},
    {"indexOf", "Where an item stands first; -1 if it does not.", "['a', 'b', 'b'].indexOf('b')",
     "1"},
    {"lastIndexOf", "Where an item stands last; -1 if it does not.",
     "['a', 'b', 'b'].lastIndexOf('b')", "2"},
    {"includes", "Whether a list has an item; what is no list is compared as it is.",
     "['a', 'b'].includes('b')", "true"},
};

}  // namespace

Library kubernetes_lists_library(int version) {
    Library library("kubernetes.lists");
    constexpr std::string_view comparable[] = {"int",      "uint",      "double", "bool",
                                               "duration", "timestamp", "string", "bytes"};
    for (const std::string_view type : comparable) {
        const std::string_view to_item = library.intern(cat("list(", type, ").() -> ", type));
        library.function("isSorted",
                         {{.id = library.intern(cat("list_", type, "_is_sorted_bool")),
                           .signature = library.intern(cat("list(", type, ").() -> bool")),
                           .call = is_sorted}});
        library.function("min", {{.id = library.intern(cat("list_", type, "_min_", type)),
                                  .signature = to_item,
                                  .call = smallest_item}});
        library.function("max", {{.id = library.intern(cat("list_", type, "_max_", type)),
                                  .signature = to_item,
                                  .call = largest_item}});
    }
    const auto add_sum = [&](std::string_view type, Implementation call) {
        library.function("sum", {{.id = library.intern(cat("list_", type, "_sum_", type)),
                                  .signature = library.intern(cat("list(", type, ").() -> ", type)),
                                  .call = call}});
    };
    add_sum("int", sum_integers);
    add_sum("uint", sum_unsigned);
    add_sum("double", sum_doubles);
    add_sum("duration", sum_durations);
    library.function(
        "indexOf",
        {{.id = "list_a_index_of_int", .signature = "list(A).(A) -> int", .call = index_of_item}});
    library.function("lastIndexOf", {{.id = "list_a_last_index_of_int",
                                      .signature = "list(A).(A) -> int",
                                      .call = last_index_of_item}});
    if (version >= 1) {
        library.function("includes", {{.id = "list_includes_dyn_dyn",
                                       .signature = "dyn.(dyn) -> bool",
                                       .call = includes_item}});
    }
    library.document("Lists of Kubernetes", kubernetes_lists_documentation);
    return library;
}

}  // namespace weft::cel
