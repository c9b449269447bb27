// cel/internal/calls.cc: calls of functions of libraries: which overload, and what it costs.

#include <algorithm>

#include "cel/internal/paths.h"

namespace weft::cel {

namespace {

bool is_of_type(const Value& object, const Type* declared) {
    const Type* type = object.as_opaque()->type();
    if (type == declared) {
        return true;
    }
    return type->parent == nullptr && declared->parent == nullptr
               ? type->name == declared->name
               : type_name(type) == type_name(declared);
}

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
            (declared->kind == TypeKind::opaque || declared->kind == TypeKind::structure) &&
            !is_of_type(args[i], declared)) {
            return false;
        }
    }
    return true;
}

[[gnu::noinline]] Value no_matching_overload(const CallStep& step, std::span<const Value> args,
                                             Frame& frame) {
    std::string text = cat("no such overload: ", step.function, "(");
    for (size_t i = 0; i < args.size(); ++i) {
        append(text, i == 0 ? "" : ", ", type_name_of(args[i]));
    }
    text += ')';
    return frame.error(step.id, ErrorCode::no_such_overload, frame.arena->copy(text));
}

[[gnu::noinline]] Value charge_call(const CallStep& step, const Declaration& overload,
                                    std::span<const Value> args, const Value& result,
                                    Frame& frame) {
    frame.charge(overload.actual_cost == nullptr ? 1
                                                 : overload.actual_cost(args, result).value_or(1));
    if (frame.over_limit()) {
        return frame.stop(ErrorCode::cost_limit, "operation cancelled: actual cost limit exceeded");
    }
    return result.is_error() ? with_place(result, step.id, frame) : result;
}

Value call_with(const CallStep& step, std::span<const Value> args, Frame& frame) {
    // Overloads before the first that takes the first argument need not be asked.
    const size_t first = args.empty() ? 0 : step.first_by_kind[static_cast<size_t>(args[0].kind())];
    for (size_t i = first; i < step.overloads.size(); ++i) {
        const Declaration& overload = *step.overloads[i];
        if (!admits(overload, args)) {
            continue;
        }
        Call call(frame, *frame.arena, step.id);
        const Value result = overload.call(call, args);
        if (frame.track) {
            return charge_call(step, overload, args, result, frame);
        }
        return result.is_error() ? with_place(result, step.id, frame) : result;
    }
    return no_matching_overload(step, args, frame);
}

}  // namespace

// The record of an error that a library made does not know where it happened.
Value with_place(const Value& value, uint32_t id, Frame& frame) {
    if (value.as_error().expression != 0 || is_unread(value)) {
        return value;
    }
    auto* record = frame.arena->make<ErrorRecord>(value.as_error());
    record->expression = id;
    return Value::error(record);
}

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
    const auto& step = static_cast<const CallStep&>(base);
    constexpr size_t few = 6;
    alignas(Value) std::byte few_values[few * sizeof(Value)];  // not initialised
    Value* values = step.args.size() <= few ? reinterpret_cast<Value*>(few_values)
                                            : frame.arena->array<Value>(step.args.size());
    for (size_t i = 0; i < step.args.size(); ++i) {
        values[i] = run(step.args[i], frame);
        if (values[i].is_error()) [[unlikely]] {
            if (frame.track) {
                charge_failed_call(step, {values, step.args.size()}, i, frame);
            }
            return values[i];
        }
    }
    return call_with(step, {values, step.args.size()}, frame);
}

// A function of one argument, whose kind says which overload it is. No cost.
static Value run_call_by_kind(const Step& base, Frame& frame) {
    const auto& step = static_cast<const CallStep&>(base);
    const Value value = operand_of(step.args[0], frame);
    if (value.is_error()) [[unlikely]] {
        return value;
    }
    const size_t at = step.first_by_kind[static_cast<size_t>(value.kind())];
    if (at == step.overloads.size()) [[unlikely]] {
        return no_matching_overload(step, {&value, 1}, frame);
    }
    Call call(frame, *frame.arena, step.id);
    const Value result = step.overloads[at]->call(call, {&value, 1});
    return result.is_error() ? with_place(result, step.id, frame) : result;
}

// A function of one overload that takes no objects: the kinds say it all. No cost.
template <size_t count>
static Value run_simple_call(const Step& base, Frame& frame) {
    const auto& step = static_cast<const CallStep&>(base);
    alignas(Value) std::byte storage[count * sizeof(Value)];  // not initialised
    auto* values = reinterpret_cast<Value*>(storage);
    bool is_admitted = true;
    for (size_t i = 0; i < count; ++i) {
        values[i] = operand_of(step.args[i], frame);
        if (values[i].is_error()) [[unlikely]] {
            return values[i];
        }
        is_admitted = is_admitted &&
                      (step.simple_kinds[i] & 1U << static_cast<unsigned>(values[i].kind())) != 0;
    }
    if (!is_admitted) [[unlikely]] {
        return no_matching_overload(step, {values, count}, frame);
    }
    Call call(frame, *frame.arena, step.id);
    const Value result = step.overloads[0]->call(call, {values, count});
    return result.is_error() ? with_place(result, step.id, frame) : result;
}

void simplify_call(CallStep& step) {
    const auto takes_objects = [&step](const Declaration* overload) {
        return overload->kinds.size() != step.args.size() ||
               std::ranges::any_of(overload->parameters, [](const Type* declared) {
                   return declared->kind == TypeKind::opaque ||
                          declared->kind == TypeKind::structure;
               });
    };
    if (step.overloads.empty() || std::ranges::any_of(step.overloads, takes_objects)) {
        return;
    }
    if (step.args.size() == 1) {
        step.run = run_call_by_kind;
    } else if (step.overloads.size() == 1 && step.args.size() > 1 &&
               step.args.size() <= step.simple_kinds.size()) {
        std::ranges::copy(step.overloads[0]->kinds, step.simple_kinds.begin());
        step.run = step.args.size() == 2 ? run_simple_call<2> : run_simple_call<3>;
    }
}

namespace {

// Code points of a text.
int64_t count_characters(std::string_view text) {
    int64_t count = 0;
    for (const char c : text) {
        count += static_cast<signed char>(c) >= -0x40 ? 1 : 0;
    }
    return count;
}

}  // namespace

// size() of what it is asked of most.
Value run_size(const Step& base, Frame& frame) {
    const auto& step = static_cast<const CallStep&>(base);
    const Value value = run(step.args[0], frame);
    if (step.first_by_kind[static_cast<size_t>(value.kind())] == step.overloads.size()) {
        return value.is_error() ? value : no_matching_overload(step, {&value, 1}, frame);
    }
    switch (value.kind()) {
        case Kind::list:
            return Value::integer(static_cast<int64_t>(value.size()));
        case Kind::string:
            return Value::integer(count_characters(value.as_string()));
        default:
            return call_with(step, {&value, 1}, frame);
    }
}

}  // namespace weft::cel
