// cel/internal/loops.cc: comprehensions: the general one, and the macros' shapes as native loops.
//
// The native loops do what the general loop would do, errors and costs included. Where costs are
// counted, the comment names what the expanded macro would have evaluated.

#include "cel/internal/arithmetic.h"
#include "cel/internal/steps.h"

namespace weft::cel {

namespace {

const LoopStep& loop_of(const Step& step) {
    return static_cast<const LoopStep&>(step);
}

// What a loop runs over: items of a list, or keys of a map in order.
struct Range {
    Value over;
    const weft::Value* documents = nullptr;  // of a list of plain JSON
    std::span<const Value> keys;             // of a map
    size_t count = 0;
};

// What Go's %T says of cel-go's value.
std::string go_type_of(const Value& value) {
    switch (value.kind()) {
        case Kind::null:
            return "types.Null";
        case Kind::boolean:
            return "types.Bool";
        case Kind::integer:
            return "types.Int";
        case Kind::unsigned_integer:
            return "types.Uint";
        case Kind::number:
            return "types.Double";
        case Kind::string:
            return "types.String";
        case Kind::bytes:
            return "types.Bytes";
        case Kind::duration:
            return "types.Duration";
        case Kind::timestamp:
            return "types.Timestamp";
        case Kind::type:
            return "*types.Type";
        case Kind::optional:
            return "*types.Optional";
        default:
            return type_name_of(value);
    }
}

// False, and the error in `failure`, if it is nothing to loop over.
bool open_range(const LoopStep& loop, Frame& frame, Range& range, Value& failure) {
    range.over = run(loop.range, frame);
    if (range.over.is_list()) {
        range.count = range.over.size();
        if (const weft::Value* list = range.over.borrowed();
            list != nullptr && range.over.input_schema() == nullptr) {
            range.documents = list->items().data();
        }
        return true;
    }
    if (range.over.is_map()) {
        range.keys = range.over.sorted_keys(*frame.arena);
        range.count = range.keys.size();
        return true;
    }
    failure = range.over.is_error()
                  ? range.over
                  : frame.error(loop.id, ErrorCode::invalid_argument,
                                frame.arena->copy(cat("got '", go_type_of(range.over),
                                                      "', expected iterable type")));
    return false;
}

void set_variables_slowly(const LoopStep& loop, const Range& range, size_t at, Frame& frame) {
    Value* locals = frame.locals;
    if (range.over.is_list()) {
        if (loop.has_second) {
            locals[loop.variable] = Value::integer(static_cast<int64_t>(at));
            locals[loop.second] = range.over.item(at, *frame.arena);
        } else {
            locals[loop.variable] = range.over.item(at, *frame.arena);
        }
        return;
    }
    locals[loop.variable] = range.keys[at];
    if (loop.has_second) {
        locals[loop.second] = range.over.find(range.keys[at], *frame.arena).value_or(Value::null());
    }
}

inline void set_variables(const LoopStep& loop, const Range& range, size_t at, Frame& frame) {
    if (range.documents != nullptr && !loop.has_second) [[likely]] {
        frame.locals[loop.variable] = Value::borrow(range.documents[at]);
        return;
    }
    set_variables_slowly(loop, range, at, frame);
}

}  // namespace

Value run_loop(const Step& base, Frame& frame) {
    const LoopStep& loop = loop_of(base);
    Range range;
    Value failure;
    if (!open_range(loop, frame, range, failure)) {
        return failure;
    }
    frame.locals[loop.accumulator] = run(loop.initial, frame);
    for (size_t at = 0; at < range.count; ++at) {
        if (frame.should_stop()) {
            return frame.stop_error();
        }
        set_variables(loop, range, at, frame);
        if (run(loop.condition, frame).is_false()) {
            break;
        }
        frame.locals[loop.accumulator] = run(loop.step, frame);
    }
    return frame.stopped != nullptr ? frame.stop_error() : run(loop.result, frame);
}

// @not_strictly_false(@result), then @result && predicate; for exists with a `!` before.
template <bool decisive>
static Value run_quantifier(const Step& base, Frame& frame) {
    constexpr uint64_t condition_cost = decisive ? 3 : 2;
    const LoopStep& loop = loop_of(base);
    Range range;
    Value failure;
    if (!open_range(loop, frame, range, failure)) {
        return failure;
    }
    Value result = Value::boolean(!decisive);
    for (size_t at = 0; at < range.count; ++at) {
        if (frame.should_stop()) {
            return frame.stop_error();
        }
        frame.charge(condition_cost + 1);
        set_variables(loop, range, at, frame);
        const Value found = run(loop.predicate, frame);
        if (found.is_bool()) {
            if (found.as_bool() == decisive) {
                // The condition is looked at once more before the next turn.
                frame.charge(at + 1 < range.count ? condition_cost + 1 : 1);
                return found;
            }
        } else if (!result.is_error()) {
            result = found.is_error() ? found : frame.no_overload(loop.id);
        }
    }
    frame.charge(1);
    return frame.stopped != nullptr ? frame.stop_error() : result;
}

Value run_all(const Step& step, Frame& frame) {
    return run_quantifier<false>(step, frame);
}
Value run_exists(const Step& step, Frame& frame) {
    return run_quantifier<true>(step, frame);
}

// predicate ? @result + 1 : @result, then @result == 1. A later error replaces an earlier one.
Value run_exists_one(const Step& base, Frame& frame) {
    const LoopStep& loop = loop_of(base);
    Range range;
    Value failure;
    if (!open_range(loop, frame, range, failure)) {
        return failure;
    }
    int64_t count = 0;
    Value error = Value::null();
    for (size_t at = 0; at < range.count; ++at) {
        if (frame.should_stop()) {
            return frame.stop_error();
        }
        set_variables(loop, range, at, frame);
        const Value found = run(loop.predicate, frame);
        if (found.is_true()) {
            ++count;
            frame.charge(2);
        } else if (!found.is_bool()) {
            error = found.is_error() ? found : frame.no_overload(loop.id);
        }
    }
    frame.charge(2);
    if (frame.stopped != nullptr) {
        return frame.stop_error();
    }
    return error.is_error() ? error : Value::boolean(count == 1);
}

// map, filter, transformList: predicate ? @result + [transform] : @result.
Value run_collect(const Step& base, Frame& frame) {
    const LoopStep& loop = loop_of(base);
    Range range;
    Value failure;
    if (!open_range(loop, frame, range, failure)) {
        return failure;
    }
    if (!frame.arena->has_room(range.count * sizeof(Value))) {
        return frame.error(loop.id, ErrorCode::memory_limit, "memory limit exceeded");
    }
    Value* items = frame.arena->array<Value>(range.count);
    size_t count = 0;
    Value error = Value::null();
    for (size_t at = 0; at < range.count; ++at) {
        if (frame.should_stop()) {
            return frame.stop_error();
        }
        set_variables(loop, range, at, frame);
        if (loop.predicate != nullptr) {
            const Value wanted = run(loop.predicate, frame);
            if (wanted.is_false()) {
                continue;
            }
            if (!wanted.is_true()) {
                error = wanted.is_error() ? wanted : frame.no_overload(loop.id);
                continue;
            }
        }
        if (error.is_error()) {
            continue;
        }
        const Value item = run(loop.transform, frame);
        frame.charge(12);  // @result, a list of one, and `+`
        if (item.is_error()) {
            error = item;
            if (loop.predicate == nullptr) {
                break;
            }
            continue;
        }
        items[count++] = item;
    }
    frame.charge(1);
    if (frame.stopped != nullptr) {
        return frame.stop_error();
    }
    return error.is_error() ? error : Value::list({items, count});
}

// transformMap and transformMapEntry: cel.@mapInsert(@result, key, value).
Value run_collect_map(const Step& base, Frame& frame) {
    const LoopStep& loop = loop_of(base);
    Range range;
    Value failure;
    if (!open_range(loop, frame, range, failure)) {
        return failure;
    }
    if (!frame.arena->has_room(range.count * 2 * sizeof(Value))) {
        return frame.error(loop.id, ErrorCode::memory_limit, "memory limit exceeded");
    }
    MapBuilder builder(*frame.arena, range.count);
    for (size_t at = 0; at < range.count; ++at) {
        if (frame.should_stop()) {
            return frame.stop_error();
        }
        set_variables(loop, range, at, frame);
        if (loop.predicate != nullptr) {
            const Value wanted = run(loop.predicate, frame);
            if (wanted.is_false()) {
                continue;
            }
            if (!wanted.is_true()) {
                return wanted.is_error() ? wanted : frame.no_overload(loop.id);
            }
        }
        const Value key = loop.transform_key == nullptr ? frame.locals[loop.variable]
                                                        : run(loop.transform_key, frame);
        if (key.is_error()) {
            return key;
        }
        const Value value = run(loop.transform, frame);
        if (value.is_error()) {
            return value;
        }
        frame.charge(2);
        if (!builder.add(key, value)) {
            return frame.error(
                loop.id, ErrorCode::duplicate_key,
                frame.arena->copy(cat("insert failed: key ", to_text(key), " already exists")));
        }
    }
    frame.charge(1);
    return frame.stopped != nullptr ? frame.stop_error() : builder.finish();
}

Value run_bind(const Step& base, Frame& frame) {
    const auto& step = static_cast<const BindStep&>(base);
    // An error in the value is seen where the value is used, as in the expansion.
    frame.locals[step.local] = run(step.value, frame);
    frame.charge(step.cost);
    return run(step.result, frame);
}

}  // namespace weft::cel
