// cel/internal/steps.cc: what the steps of programs do, loops apart.

#include "cel/internal/steps.h"

#include <algorithm>

#include "cel/internal/arithmetic.h"
#include "cel/internal/paths.h"

namespace weft::cel {

namespace {

template <typename T>
const T& as(const Step& step) {
    return static_cast<const T&>(step);
}

// Counts a binary operator's cost, which may depend on the operands.
void charge_binary(const BinaryStep& step, const Value& a, const Value& b, const Value& result,
                   Frame& frame) {
    if (!frame.track) {
        return;
    }
    uint64_t cost = 1;
    if (step.actual_cost != nullptr) {
        const Value args[] = {a, b};
        cost = step.actual_cost(args, result).value_or(1);
    }
    frame.charge(cost);
}

// The error of the first operand. cel-go runs both operands before it looks, and counts the call.
Value first_failed(const BinaryStep& step, const Value& error, Frame& frame) {
    if (frame.track) {
        charge_binary(step, error, run(step.b, frame), error, frame);
    }
    return error;
}
Value second_failed(const BinaryStep& step, const Value& a, const Value& error, Frame& frame) {
    charge_binary(step, a, error, error, frame);
    return error;
}

using Operation = Value (*)(const Value&, const Value&, Frame&, uint32_t);
// Of integers: false if the operation says something about them that is no integer.
using IntegerOperation = bool (*)(int64_t a, int64_t b, int64_t& result);

template <Operation operation, IntegerOperation of_integers = nullptr>
Value run_arithmetic(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = operand_of(step.a, frame);
    if (a.is_error()) [[unlikely]] {
        return first_failed(step, a, frame);
    }
    const Value b = operand_of(step.b, frame);
    if (b.is_error()) [[unlikely]] {
        return second_failed(step, a, b, frame);
    }
    if constexpr (of_integers != nullptr) {
        int64_t result = 0;
        if (a.is_int() && b.is_int() && !frame.track &&
            of_integers(a.as_int(), b.as_int(), result)) {
            return Value::integer(result);
        }
    }
    const Value result = operation(a, b, frame, step.id);
    charge_binary(step, a, b, result, frame);
    return result;
}

bool add_integers(int64_t a, int64_t b, int64_t& result) {
    return !__builtin_add_overflow(a, b, &result);
}
bool subtract_integers(int64_t a, int64_t b, int64_t& result) {
    return !__builtin_sub_overflow(a, b, &result);
}
bool multiply_integers(int64_t a, int64_t b, int64_t& result) {
    return !__builtin_mul_overflow(a, b, &result);
}
bool divide_integers(int64_t a, int64_t b, int64_t& result) {
    if (b <= 0) {
        return false;
    }
    result = a / b;
    return true;
}
bool modulo_integers(int64_t a, int64_t b, int64_t& result) {
    if (b <= 0) {
        return false;
    }
    result = a % b;
    return true;
}

template <bool wanted>
Value run_equality(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return first_failed(step, a, frame);
    }
    const Value b = run(step.b, frame);
    if (b.is_error()) {
        return second_failed(step, a, b, frame);
    }
    const Value result = equal_values(a, b, frame);
    charge_binary(step, a, b, result, frame);
    return result.is_error() ? result : Value::boolean(result.as_bool() == wanted);
}

template <typename Test>
Value run_order(const Step& base, Frame& frame, Test test) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return first_failed(step, a, frame);
    }
    const Value b = run(step.b, frame);
    if (b.is_error()) {
        return second_failed(step, a, b, frame);
    }
    if (a.is_int() && b.is_int() && !frame.track) {
        return Value::boolean(test(a.as_int() < b.as_int() ? -1 : int{a.as_int() > b.as_int()}));
    }
    const Value result = order(a, b, step.function, frame, step.id);
    charge_binary(step, a, b, result, frame);
    return result.is_error() ? result : Value::boolean(test(static_cast<int>(result.as_int())));
}

}  // namespace

Value run_constant(const Step& base, Frame&) {
    return as<ConstantStep>(base).value;
}
Value run_tracked_constant(const Step& base, Frame& frame) {
    frame.charge(as<ConstantStep>(base).cost);
    return as<ConstantStep>(base).value;
}

Value run_failure(const Step& base, Frame& frame) {
    const auto& step = as<FailureStep>(base);
    for (const Step* argument : step.args) {
        const Value value = run(argument, frame);
        if (value.is_error()) {
            return value;
        }
    }
    return frame.error(step.id, step.code, step.message);
}

Value run_index(const Step& base, Frame& frame) {
    const auto& step = as<IndexStep>(base);
    const Value value = run(step.operand, frame);
    if (value.is_error()) [[unlikely]] {
        return value;
    }
    const Value key = operand_of(step.key, frame);
    if (key.is_error()) [[unlikely]] {
        return key;
    }
    frame.charge(step.cost);
    // A negative index is a large one.
    if (value.is_list() && key.is_int() && key.as_uint() < value.size()) {
        return value.item(key.as_uint(), *frame.arena);
    }
    return index_value(value, key, frame, step.id);
}

Value run_optional_index(const Step& base, Frame& frame) {
    const auto& step = as<IndexStep>(base);
    const Value value = run(step.operand, frame);
    if (value.is_error()) {
        return value;
    }
    const Value key = run(step.key, frame);
    if (key.is_error()) {
        return key;
    }
    const Value found = optional_index_value(value, key, frame, step.id);
    // What is absent costs nothing.
    frame.charge(found.is(Kind::optional) && !found.has_value() ? step.cost - 1 : step.cost);
    return found;
}

// A decisive operand beats an error of the other; that is why both may have to run.
Value run_and(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_false()) {
        return a;
    }
    const Value b = run(step.b, frame);
    if (frame.stopped != nullptr) [[unlikely]] {
        return frame.stop_error();
    }
    if (b.is_false()) {
        return b;
    }
    if (a.is_bool() && b.is_bool()) {
        return b;
    }
    return a.is_error() ? a : (b.is_error() ? b : frame.no_overload(step.id));
}

Value run_or(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_true()) {
        return a;
    }
    const Value b = run(step.b, frame);
    if (frame.stopped != nullptr) [[unlikely]] {
        return frame.stop_error();
    }
    if (b.is_true()) {
        return b;
    }
    if (a.is_bool() && b.is_bool()) {
        return b;
    }
    return a.is_error() ? a : (b.is_error() ? b : frame.no_overload(step.id));
}

Value run_not(const Step& base, Frame& frame) {
    const auto& step = as<UnaryStep>(base);
    const Value a = run(step.a, frame);
    frame.charge(1);
    if (a.is_bool()) {
        return Value::boolean(!a.as_bool());
    }
    return a.is_error() ? a : frame.no_overload(step.id);
}

Value run_not_strictly_false(const Step& base, Frame& frame) {
    const Value a = run(as<UnaryStep>(base).a, frame);
    frame.charge(1);
    return Value::boolean(!a.is_false());
}

Value run_conditional(const Step& base, Frame& frame) {
    const auto& step = as<ConditionalStep>(base);
    const Value condition = run(step.condition, frame);
    if (condition.is_true()) {
        return operand_of(step.yes, frame);
    }
    if (condition.is_false()) {
        return operand_of(step.no, frame);
    }
    return condition.is_error() ? condition : frame.no_overload(step.id);
}

Value run_optional_or(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (!a.is(Kind::optional)) {
        return a.is_error() ? a : frame.no_overload(step.id);
    }
    if (a.has_value()) {
        return a;
    }
    const Value b = run(step.b, frame);
    return b.is(Kind::optional) || b.is_error() ? b : frame.no_overload(step.id);
}

Value run_optional_or_value(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (!a.is(Kind::optional)) {
        return a.is_error() ? a : frame.no_overload(step.id);
    }
    return a.has_value() ? a.optional_value() : run(step.b, frame);
}

Value run_equals(const Step& step, Frame& frame) {
    return run_equality<true>(step, frame);
}
Value run_not_equals(const Step& step, Frame& frame) {
    return run_equality<false>(step, frame);
}
Value run_less(const Step& step, Frame& frame) {
    return run_order(step, frame, [](int order) { return order < 0; });
}
Value run_less_equals(const Step& step, Frame& frame) {
    return run_order(step, frame, [](int order) { return order <= 0; });
}
Value run_greater(const Step& step, Frame& frame) {
    return run_order(step, frame, [](int order) { return order > 0; });
}
Value run_greater_equals(const Step& step, Frame& frame) {
    return run_order(step, frame, [](int order) { return order >= 0; });
}
Value run_add(const Step& step, Frame& frame) {
    return run_arithmetic<add, add_integers>(step, frame);
}
namespace {

// Adds what has been evaluated, pair by pair, and goes on with the operands after it.
[[gnu::noinline]] Value sum_slowly(const SumStep& step, std::span<const Value> values,
                                   Frame& frame) {
    Value sum = values[0];
    for (size_t i = 1; i < step.operands.size(); ++i) {
        if (sum.is_error()) {
            return sum;
        }
        const Value next = i < values.size() ? values[i] : run(step.operands[i], frame);
        if (next.is_error()) {
            return next;
        }
        sum = add(sum, next, frame, step.ids[i - 1]);
    }
    return sum;
}

}  // namespace

// Texts are put together at once.
Value run_sum(const Step& base, Frame& frame) {
    const auto& step = as<SumStep>(base);
    constexpr size_t few = 8;
    alignas(Value) std::byte few_values[few * sizeof(Value)];  // not initialised
    const size_t count = step.operands.size();
    Value* values =
        count <= few ? reinterpret_cast<Value*>(few_values) : frame.arena->array<Value>(count);
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
        values[i] = operand_of(step.operands[i], frame);
        if (!values[i].is_string()) [[unlikely]] {
            return i == 0 && values[0].is_error() ? values[0]
                                                  : sum_slowly(step, {values, i + 1}, frame);
        }
        size += values[i].as_string().size();
    }
    if (!frame.arena->has_room(size)) [[unlikely]] {
        return frame.error(step.id, ErrorCode::memory_limit, "memory limit exceeded");
    }
    TextBuilder out(*frame.arena, size);
    for (size_t i = 0; i < count; ++i) {
        out.add(values[i].as_string());
    }
    return out.finish();
}

Value run_subtract(const Step& step, Frame& frame) {
    return run_arithmetic<subtract, subtract_integers>(step, frame);
}
Value run_multiply(const Step& step, Frame& frame) {
    return run_arithmetic<multiply, multiply_integers>(step, frame);
}
Value run_divide(const Step& step, Frame& frame) {
    return run_arithmetic<divide, divide_integers>(step, frame);
}
Value run_modulo(const Step& step, Frame& frame) {
    return run_arithmetic<modulo, modulo_integers>(step, frame);
}
namespace {

// A text in a list of plain JSON, which no item can fail to be compared with.
bool contains_text(std::span<const weft::Value> items, std::string_view text) {
    return std::ranges::any_of(items, [text](const weft::Value& item) {
        return item.is_string() && is_same_text(item.as_string(), text);
    });
}

Value contains_any(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.is_string() && b.is_list() && b.borrowed() != nullptr && b.input_schema() == nullptr) {
        return Value::boolean(contains_text(b.borrowed()->items(), a.as_string()));
    }
    return contains(a, b, frame, id);
}

}  // namespace

Value run_in(const Step& step, Frame& frame) {
    return run_arithmetic<contains_any>(step, frame);
}

Value run_in_constants(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return a;
    }
    const Value& constants = as<ConstantStep>(*step.b).value;
    if (const MapNode& set = constants.map_node(); a.is_string() && set.index == nullptr) {
        for (uint32_t i = 0; i < set.size; ++i) {
            if (set.key(i).is_string() && is_same_text(set.key(i).as_string(), a.as_string())) {
                return Value::boolean(true);
            }
        }
        return Value::boolean(false);
    }
    return Value::boolean(constants.find(a, *frame.arena).has_value());
}

Value run_negate(const Step& base, Frame& frame) {
    const auto& step = as<UnaryStep>(base);
    const Value a = run(step.a, frame);
    frame.charge(1);
    return a.is_error() ? a : negate(a, frame, step.id);
}

namespace {

// The content of an element written `?x`; false if there is none and it is left out.
bool take_optional(Value& value, Frame& frame, uint32_t id) {
    if (value.is(Kind::optional)) {
        if (!value.has_value()) {
            return false;
        }
        value = value.optional_value();
        return true;
    }
    value = frame.error(id, ErrorCode::invalid_argument,
                        frame.arena->copy(cat("cannot initialize optional entry from non-optional "
                                              "value ",
                                              to_text(value))));
    return true;
}

}  // namespace

Value run_list(const Step& base, Frame& frame) {
    const auto& step = as<ListStep>(base);
    Value* items = frame.arena->array<Value>(step.elements.size());
    size_t count = 0;
    for (size_t i = 0; i < step.elements.size(); ++i) {
        Value value = run(step.elements[i], frame);
        if (value.is_error()) {
            return value;
        }
        if (!step.optionals.empty() && step.optionals[i]) {
            if (!take_optional(value, frame, step.id)) {
                continue;
            }
            if (value.is_error()) {
                return value;
            }
        }
        items[count++] = value;
    }
    frame.charge(10);
    return Value::list({items, count});
}

Value run_map(const Step& base, Frame& frame) {
    const auto& step = as<MapStep>(base);
    MapBuilder builder(*frame.arena, step.items.size());
    for (const MapStep::Item& item : step.items) {
        const Value key = run(item.key, frame);
        if (key.is_error()) {
            return key;
        }
        Value value = run(item.value, frame);
        if (value.is_error()) {
            return value;
        }
        if (item.optional) {
            if (!take_optional(value, frame, step.id)) {
                continue;
            }
            if (value.is_error()) {
                return value;
            }
        }
        if (step.distinct) {
            builder.add_new(key, value);
            continue;
        }
        if (!step.strict) {
            builder.set(key, value);
            continue;
        }
        if (!key.is_string() && !key.is_int() && !key.is_uint() && !key.is_bool()) {
            return frame.error(step.id, ErrorCode::invalid_argument,
                               "unsupported key type: ", Value::type(type_of(key)));
        }
        if (!builder.add(key, value)) {
            return frame.error(step.id, ErrorCode::duplicate_key,
                               "Failed with repeated key: ", key);
        }
    }
    frame.charge(30);
    return builder.finish();
}

Value run_record(const Step& base, Frame& frame) {
    const auto& step = as<MapStep>(base);
    const size_t count = step.items.size();
    auto* map =
        frame.arena->make<MapNode>(MapNode{.size = static_cast<uint32_t>(count),
                                           .capacity = static_cast<uint32_t>(count),
                                           .entries = frame.arena->array<Value>(count * 2)});
    for (size_t i = 0; i < count; ++i) {
        const Value value = run(step.items[i].value, frame);
        if (value.is_error()) [[unlikely]] {
            return value;
        }
        map->entries[2 * i] = as<ConstantStep>(*step.items[i].key).value;
        map->entries[2 * i + 1] = value;
    }
    return Value::map(map);
}

Value run_structure(const Step& base, Frame& frame) {
    const auto& step = as<StructureStep>(base);
    std::vector<std::pair<std::string_view, Value>> fields;
    fields.reserve(step.items.size());
    for (const StructureStep::Item& item : step.items) {
        Value value = run(item.value, frame);
        if (value.is_error()) {
            return value;
        }
        if (item.optional) {
            if (!take_optional(value, frame, step.id)) {
                continue;
            }
            if (value.is_error()) {
                return value;
            }
        }
        fields.emplace_back(item.field, value);
    }
    frame.charge(40);
    const Value result = step.type->make(*frame.arena, fields);
    return result.is_error() ? with_place(result, step.id, frame) : result;
}

}  // namespace weft::cel
