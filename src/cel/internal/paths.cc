// cel/internal/paths.cc: paths, whether they lead anywhere, and comparing what they read.

#include "cel/internal/paths.h"

#include <algorithm>

#include "cel/internal/arithmetic.h"
#include "cel/internal/input.h"

namespace weft::cel {

namespace {

const PathStep& path_of(const Step& step) {
    return static_cast<const PathStep&>(step);
}

Value path_base(const PathStep& path, Frame& frame) {
    switch (path.base) {
        case PathBase::variable:
            return load_variable(path.index, frame, path.id);
        case PathBase::local:
            return frame.locals[path.index];
        case PathBase::step:
            break;
    }
    return run(path.operand, frame);
}

// Takes back the cost of the fields from `first` on, which were not read: each is 1, and what is
// absent costs nothing where it may be.
void forgo(const PathStep& path, size_t first, Frame& frame) {
    frame.cost -= std::min<uint64_t>(path.cost, path.fields.size() - first);
}

// The property behind a value that is read by the schema that the checker knew; null if it is read
// in another way, or the property is absent.
const weft::Value* find_property(const Value& value, const Field& field) {
    if (field.owner == nullptr || !value.is_map() || value.input_schema() != field.owner) {
        return nullptr;
    }
    const weft::Value* found = find_field(*value.borrowed(), field);
    return found == nullptr || found->is_null() ? nullptr : found;
}

}  // namespace

[[clang::preserve_most]] const weft::Value* find_field_slowly(const weft::Value& map,
                                                              const Field& field) {
    const weft::Value* found = map.find_hashed(*field.key, field.hash);
    if (found != nullptr) {
        std::atomic_ref(field.place).store(map.position_of(*found), std::memory_order_relaxed);
    }
    return found;
}

Value miss_field(Frame& frame, const weft::Value& node, const Field& field) {
    if (node.is_map()) {
        return frame.error(field.id, ErrorCode::no_such_key,
                           "no such key: ", Value::string(field.name));
    }
    return select_field(Value::borrow(node), field.name, frame, field.id);
}

namespace {

template <bool counts_cost>
Value read_slowly(const PathStep& path, Frame& frame) {
    Value value = path_base(path, frame);
    if constexpr (counts_cost) {
        frame.charge(path.cost);
    }
    for (size_t i = 0; i < path.fields.size(); ++i) {
        const Field& field = path.fields[i];
        const weft::Value* map = value.plain_map();
        if (const weft::Value* found = map == nullptr ? nullptr : find_field(*map, field)) {
            value = Value::borrow(*found);
        } else if (const weft::Value* property = find_property(value, field)) {
            value = read_input(*property, field.schema, *frame.arena);
        } else if (value.is_error()) {
            if constexpr (counts_cost) {
                forgo(path, i, frame);
            }
            return value;
        } else {
            value = select_field(value, field.name, frame, field.id);
        }
    }
    return value;
}

}  // namespace

Value read_path_slowly(const PathStep& path, Frame& frame) {
    return read_slowly<false>(path, frame);
}

Value run_path(const Step& step, Frame& frame) {
    return read_path(path_of(step), frame);
}
Value run_tracked_path(const Step& step, Frame& frame) {
    const PathStep& path = path_of(step);
    if (const weft::Value* found = find_plain(path, frame)) [[likely]] {
        frame.charge(path.cost);
        return Value::borrow(*found);
    }
    return read_slowly<true>(path, frame);
}

Value run_variable(const Step& step, Frame& frame) {
    const PathStep& path = path_of(step);
    return load_variable(path.index, frame, path.id);
}
Value run_tracked_variable(const Step& step, Frame& frame) {
    frame.charge(path_of(step).cost);
    return run_variable(step, frame);
}

Value run_local(const Step& step, Frame& frame) {
    return frame.locals[path_of(step).index];
}
Value run_tracked_local(const Step& step, Frame& frame) {
    frame.charge(path_of(step).cost);
    return run_local(step, frame);
}

Value run_optional_path(const Step& step, Frame& frame) {
    const PathStep& path = path_of(step);
    Value value = path_base(path, frame);
    frame.charge(path.cost);
    for (size_t i = 0; i < path.fields.size(); ++i) {
        const Field& field = path.fields[i];
        const bool is_optional = i >= path.optional_from;
        if (const weft::Value* map = value.plain_map()) [[likely]] {
            if (const weft::Value* found = find_field(*map, field)) {
                value = Value::borrow(*found);
                continue;
            }
            if (is_optional) {
                forgo(path, i, frame);
                return Value::optional(nullptr);
            }
        }
        if (value.is_error()) {
            forgo(path, i, frame);
            return value;
        }
        if (!is_optional) {
            value = select_field(value, field.name, frame, field.id);
            continue;
        }
        const Value found = optional_index_value(value, Value::string(field.name), frame, field.id);
        if (found.is_error() || !found.has_value()) {
            forgo(path, found.is_error() ? i + 1 : i, frame);
            return found;
        }
        value = found.optional_value();
    }
    return value.is_error() ? value : make_optional(*frame.arena, value);
}

// `a.?b.orValue(c)` where the path leads through plain JSON makes no optional.
Value run_optional_path_or_value(const Step& base, Frame& frame) {
    const auto& step = static_cast<const BinaryStep&>(base);
    const PathStep& path = path_of(*step.a);
    const weft::Value* at =
        path.base == PathBase::step
            ? nullptr
            : (path.base == PathBase::local ? frame.locals[path.index]
                                            : load_variable(path.index, frame, path.id))
                  .plain_map();
    for (size_t i = 0; at != nullptr && i < path.fields.size(); ++i) {
        const Field& field = path.fields[i];
        const weft::Value* found =
            i >= path.optional_from ? find_optional_field(*at, field) : find_field(*at, field);
        if (found == nullptr && at->is_map() && i >= path.optional_from) {
            return operand_of(step.b, frame);
        }
        at = found;
    }
    return at != nullptr ? Value::borrow(*at) : run_optional_or_value(base, frame);
}

namespace {

[[gnu::noinline]] Value test_slowly(const TestStep& step, const Value& value, Frame& frame) {
    if (step.field->owner != nullptr && value.is_map() &&
        value.input_schema() == step.field->owner) {
        const weft::Value* property = find_property(value, *step.field);
        if (property == nullptr) {
            return Value::boolean(false);
        }
        // What is there must be what the schema says.
        const Value read = read_input(*property, step.field->schema, *frame.arena);
        return read.is_error() ? read : Value::boolean(true);
    }
    return test_field(value, step.field->name, frame, step.id);
}

}  // namespace

Value run_test(const Step& base, Frame& frame) {
    const auto& step = static_cast<const TestStep&>(base);
    const Value value = run(step.operand, frame);
    frame.charge(step.cost);
    if (const weft::Value* map = value.plain_map()) [[likely]] {
        return Value::boolean(find_optional_field(*map, *step.field) != nullptr);
    }
    return test_slowly(step, value, frame);
}

Value run_test_path(const Step& base, Frame& frame) {
    const auto& step = static_cast<const TestStep&>(base);
    const PathStep& path = path_of(*step.operand);
    if (const weft::Value* at = find_plain(path, frame); at != nullptr && at->is_map()) [[likely]] {
        return Value::boolean(find_optional_field(*at, *step.field) != nullptr);
    }
    return test_slowly(step, read_path_slowly(path, frame), frame);
}

// --- Comparisons with a constant. Costs are not counted ---

namespace {

template <bool wanted>
Value equality_with(const CompareStep& step, const Value& a, Frame& frame) {
    if (a.is_error()) [[unlikely]] {
        return a;
    }
    const Value result = equal_values(a, step.b, frame);
    return result.is_error() ? result : Value::boolean(result.as_bool() == wanted);
}

[[gnu::noinline]] Value order_slowly(const CompareStep& step, const Value& a, Frame& frame) {
    return a.is_error() ? a : order(a, step.b, step.function, frame, step.id);
}

// `below`, `same`, `above`: what the comparison says of each order.
template <bool below, bool same, bool above>
Value order_with(const CompareStep& step, const Value& a, Frame& frame) {
    if (a.is_int() && step.b.is_int()) [[likely]] {
        const int64_t left = a.as_int();
        const int64_t right = step.b.as_int();
        return Value::boolean(left < right ? below : (left == right ? same : above));
    }
    const Value result = order_slowly(step, a, frame);
    if (result.is_error()) {
        return result;
    }
    return Value::boolean(result.as_int() < 0 ? below : (result.as_int() == 0 ? same : above));
}

template <Value (*compare_with)(const CompareStep&, const Value&, Frame&)>
Value run_compare(const Step& base, Frame& frame) {
    const auto& step = static_cast<const CompareStep&>(base);
    return compare_with(step, run(step.a, frame), frame);
}
template <Value (*compare_with)(const CompareStep&, const Value&, Frame&)>
Value run_compare_path(const Step& base, Frame& frame) {
    const auto& step = static_cast<const CompareStep&>(base);
    return compare_with(step, read_path(path_of(*step.a), frame), frame);
}

template <Value (*compare_with)(const CompareStep&, const Value&, Frame&)>
Runner comparison(bool of_path) {
    return of_path ? run_compare_path<compare_with> : run_compare<compare_with>;
}

}  // namespace

Runner comparison_with_constant(Runner run, bool of_path) {
    if (run == run_equals) {
        return comparison<equality_with<true>>(of_path);
    }
    if (run == run_not_equals) {
        return comparison<equality_with<false>>(of_path);
    }
    if (run == run_less) {
        return comparison<order_with<true, false, false>>(of_path);
    }
    if (run == run_less_equals) {
        return comparison<order_with<true, true, false>>(of_path);
    }
    if (run == run_greater) {
        return comparison<order_with<false, false, true>>(of_path);
    }
    return run == run_greater_equals ? comparison<order_with<false, true, true>>(of_path) : nullptr;
}

}  // namespace weft::cel
