// cel/internal/steps.cc: what the steps of programs do, loops apart.

#include "cel/internal/steps.h"

#include "cel/internal/arithmetic.h"
#include "cel/internal/input.h"

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

template <Value (*operation)(const Value&, const Value&, Frame&, uint32_t)>
Value run_arithmetic(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return first_failed(step, a, frame);
    }
    const Value b = run(step.b, frame);
    if (b.is_error()) {
        return second_failed(step, a, b, frame);
    }
    const Value result = operation(a, b, frame, step.id);
    charge_binary(step, a, b, result, frame);
    return result;
}

Value equal_values(const Value& a, const Value& b, Frame& frame) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::string:
                return Value::boolean(a.as_string() == b.as_string());
            case Kind::integer:
            case Kind::boolean:
                return Value::boolean(a.as_uint() == b.as_uint());
            default:
                break;
        }
    }
    return equals(a, b, *frame.arena);
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

// The document's map behind a value that is read as plain JSON; null for any other.
const weft::Value* plain_map(const Value& value) {
    return value.is_map() && value.input_schema() == nullptr ? value.borrowed() : nullptr;
}

// Takes back the cost of the fields from `first` on, which were not read: each is 1, and what is
// absent costs nothing where it may be.
void forgo(const PathStep& step, size_t first, Frame& frame) {
    frame.cost -= std::min<uint64_t>(step.cost, step.fields.size() - first);
}

Value path_base(const PathStep& step, Frame& frame) {
    switch (step.base) {
        case PathBase::variable:
            return load_variable(step.index, frame, step.id);
        case PathBase::local:
            return frame.locals[step.index];
        case PathBase::step:
            break;
    }
    return run(step.operand, frame);
}

}  // namespace

Value run_constant(const Step& base, Frame& frame) {
    const auto& step = as<ConstantStep>(base);
    frame.charge(step.cost);
    return step.value;
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

Value run_path(const Step& base, Frame& frame) {
    const auto& step = as<PathStep>(base);
    Value value = path_base(step, frame);
    frame.charge(step.cost);
    for (size_t i = 0; i < step.fields.size(); ++i) {
        const Field& field = step.fields[i];
        if (const weft::Value* map = plain_map(value)) [[likely]] {
            if (const weft::Value* found = map->find_hashed(*field.key, field.hash)) [[likely]] {
                value = Value::borrow(*found);
                continue;
            }
        }
        if (field.owner != nullptr && value.is_map() && value.input_schema() == field.owner) {
            const weft::Value* found = value.borrowed()->find_hashed(*field.key, field.hash);
            if (found != nullptr && !found->is_null()) [[likely]] {
                value = read_input(*found, field.schema, *frame.arena);
                continue;
            }
        }
        if (value.is_error()) {
            forgo(step, i, frame);
            return value;
        }
        value = select_field(value, field.name, frame, field.id);
    }
    return value;
}

Value run_optional_path(const Step& base, Frame& frame) {
    const auto& step = as<PathStep>(base);
    Value value = path_base(step, frame);
    frame.charge(step.cost);
    for (size_t i = 0; i < step.fields.size(); ++i) {
        const Field& field = step.fields[i];
        const bool is_optional = i >= step.optional_from;
        if (const weft::Value* map = plain_map(value)) [[likely]] {
            if (const weft::Value* found = map->find_hashed(*field.key, field.hash)) {
                value = Value::borrow(*found);
                continue;
            }
            if (is_optional) {
                forgo(step, i, frame);
                return Value::optional(nullptr);
            }
        }
        if (value.is_error()) {
            forgo(step, i, frame);
            return value;
        }
        if (!is_optional) {
            value = select_field(value, field.name, frame, field.id);
            continue;
        }
        const Value found = optional_index_value(value, Value::string(field.name), frame, field.id);
        if (found.is_error() || !found.has_value()) {
            forgo(step, found.is_error() ? i + 1 : i, frame);
            return found;
        }
        value = found.optional_value();
    }
    return value.is_error() ? value : make_optional(*frame.arena, value);
}

Value run_variable(const Step& base, Frame& frame) {
    const auto& step = as<PathStep>(base);
    frame.charge(step.cost);
    return load_variable(step.index, frame, step.id);
}

Value run_local(const Step& base, Frame& frame) {
    const auto& step = as<PathStep>(base);
    frame.charge(step.cost);
    return frame.locals[step.index];
}

Value run_test(const Step& base, Frame& frame) {
    const auto& step = as<TestStep>(base);
    const Value value = run(step.operand, frame);
    frame.charge(step.cost);
    if (const weft::Value* map = plain_map(value)) [[likely]] {
        return Value::boolean(map->find_hashed(*step.field->key, step.field->hash) != nullptr);
    }
    if (step.field->owner != nullptr && value.is_map() &&
        value.input_schema() == step.field->owner) {
        const weft::Value* found =
            value.borrowed()->find_hashed(*step.field->key, step.field->hash);
        if (found == nullptr || found->is_null()) {
            return Value::boolean(false);
        }
        // What is there must be what the schema says.
        const Value read = read_input(*found, step.field->schema, *frame.arena);
        return read.is_error() ? read : Value::boolean(true);
    }
    return test_field(value, step.field->name, frame, step.id);
}

Value run_index(const Step& base, Frame& frame) {
    const auto& step = as<IndexStep>(base);
    const Value value = run(step.operand, frame);
    if (value.is_error()) {
        return value;
    }
    const Value key = run(step.key, frame);
    if (key.is_error()) {
        return key;
    }
    frame.charge(step.cost);
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
        return run(step.yes, frame);
    }
    if (condition.is_false()) {
        return run(step.no, frame);
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
namespace {

template <bool wanted>
Value run_equality_with(const Step& base, Frame& frame) {
    const auto& step = as<CompareStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return a;
    }
    const Value result = equal_values(a, step.b, frame);
    return result.is_error() ? result : Value::boolean(result.as_bool() == wanted);
}

// `below`, `same`, `above`: what the comparison says of each order.
template <bool below, bool same, bool above>
Value run_order_with(const Step& base, Frame& frame) {
    const auto& step = as<CompareStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_int() && step.b.is_int()) [[likely]] {
        const int64_t left = a.as_int();
        const int64_t right = step.b.as_int();
        return Value::boolean(left < right ? below : (left == right ? same : above));
    }
    if (a.is_error()) {
        return a;
    }
    const Value result = order(a, step.b, step.function, frame, step.id);
    if (result.is_error()) {
        return result;
    }
    return Value::boolean(result.as_int() < 0 ? below : (result.as_int() == 0 ? same : above));
}

}  // namespace

Value (*run_with_constant(Value (*run)(const Step&, Frame&)))(const Step&, Frame&) {
    if (run == run_equals) {
        return run_equality_with<true>;
    }
    if (run == run_not_equals) {
        return run_equality_with<false>;
    }
    if (run == run_less) {
        return run_order_with<true, false, false>;
    }
    if (run == run_less_equals) {
        return run_order_with<true, true, false>;
    }
    if (run == run_greater) {
        return run_order_with<false, false, true>;
    }
    return run == run_greater_equals ? run_order_with<false, true, true> : nullptr;
}

Value run_add(const Step& step, Frame& frame) {
    return run_arithmetic<add>(step, frame);
}
Value run_subtract(const Step& step, Frame& frame) {
    return run_arithmetic<subtract>(step, frame);
}
Value run_multiply(const Step& step, Frame& frame) {
    return run_arithmetic<multiply>(step, frame);
}
Value run_divide(const Step& step, Frame& frame) {
    return run_arithmetic<divide>(step, frame);
}
Value run_modulo(const Step& step, Frame& frame) {
    return run_arithmetic<modulo>(step, frame);
}
Value run_in(const Step& step, Frame& frame) {
    return run_arithmetic<contains>(step, frame);
}

Value run_in_constants(const Step& base, Frame& frame) {
    const auto& step = as<BinaryStep>(base);
    const Value a = run(step.a, frame);
    if (a.is_error()) {
        return a;
    }
    const Value& constants = as<ConstantStep>(*step.b).value;
    return Value::boolean(constants.find(a, *frame.arena).has_value());
}

Value run_negate(const Step& base, Frame& frame) {
    const auto& step = as<UnaryStep>(base);
    const Value a = run(step.a, frame);
    frame.charge(1);
    return a.is_error() ? a : negate(a, frame, step.id);
}

namespace {

// Whether the arguments are of the kinds that an overload declares.
bool admits(const Declaration& overload, std::span<const Value> args) {
    if (overload.kinds.size() != args.size()) {
        return false;
    }
    for (size_t i = 0; i < args.size(); ++i) {
        if ((overload.kinds[i] & 1U << static_cast<unsigned>(args[i].kind())) == 0) {
            return false;
        }
        const Type* declared = overload.parameters[i];
        if (args[i].is(Kind::opaque) &&
            (declared->kind == TypeKind::opaque || declared->kind == TypeKind::structure)) {
            if (type_name_of(args[i]) != type_name(declared)) {
                return false;
            }
        }
    }
    return true;
}

// The record of an error that a library made does not know where it happened.
Value with_place(const Value& value, uint32_t id, Frame& frame) {
    if (value.as_error().expression != 0 || is_unread(value)) {
        return value;
    }
    auto* record = frame.arena->make<ErrorRecord>(value.as_error());
    record->expression = id;
    return Value::error(record);
}

Value no_matching_overload(const CallStep& step, std::span<const Value> args, Frame& frame) {
    std::string text = cat("no such overload: ", step.function, "(");
    for (size_t i = 0; i < args.size(); ++i) {
        append(text, i == 0 ? "" : ", ", type_name_of(args[i]));
    }
    text += ')';
    return frame.error(step.id, ErrorCode::no_such_overload, frame.arena->copy(text));
}

}  // namespace

namespace {

// The cost of a call with an argument that failed. cel-go evaluates up to two arguments before it
// looks at them, and of more stops at the first error: then the call is counted only if that was
// the last one. An error counts as something of size 1.
void charge_failed_call(const CallStep& step, std::span<Value> values, size_t failed,
                        Frame& frame) {
    const size_t count = step.args.size();
    if (count > 2 && failed + 1 < count) {
        return;
    }
    for (size_t i = failed + 1; i < count; ++i) {
        values[i] = run(step.args[i], frame);
    }
    const Declaration* overload = step.overloads.empty() ? nullptr : step.overloads[0];
    if (overload == nullptr || overload->actual_cost == nullptr) {
        frame.charge(1);
        return;
    }
    const Value error = values[failed];
    for (Value& value : values.first(count)) {
        if (value.is_error()) {
            value = Value::string("x");
        }
    }
    const bool fits = admits(*overload, values.first(count));
    frame.charge(fits ? overload->actual_cost(values.first(count), error).value_or(1) : 1);
    values[failed] = error;
}

}  // namespace

Value run_call(const Step& base, Frame& frame) {
    const auto& step = as<CallStep>(base);
    constexpr size_t few = 6;
    Value few_values[few];
    Value* values =
        step.args.size() <= few ? few_values : frame.arena->array<Value>(step.args.size());
    for (size_t i = 0; i < step.args.size(); ++i) {
        values[i] = run(step.args[i], frame);
        if (values[i].is_error()) {
            if (frame.track) [[unlikely]] {
                charge_failed_call(step, {values, step.args.size()}, i, frame);
            }
            return values[i];
        }
    }
    const std::span<const Value> args(values, step.args.size());
    for (const Declaration* overload : step.overloads) {
        if (!admits(*overload, args)) {
            continue;
        }
        Call call(frame, *frame.arena, step.id);
        const Value result = overload->call(call, args);
        if (frame.track) {
            frame.charge(overload->actual_cost == nullptr
                             ? 1
                             : overload->actual_cost(args, result).value_or(1));
            if (frame.over_limit()) {
                return frame.stop(ErrorCode::cost_limit,
                                  "operation cancelled: actual cost limit exceeded");
            }
        }
        return result.is_error() ? with_place(result, step.id, frame) : result;
    }
    return no_matching_overload(step, args, frame);
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
