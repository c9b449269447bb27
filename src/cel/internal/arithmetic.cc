// cel/internal/arithmetic.cc: the operators on values. Source: cel-go common/types, overflow.go.

#include "cel/internal/arithmetic.h"

#include <cmath>

#include "cel/internal/go_text.h"
#include "schema/schema.h"

namespace weft::cel {

namespace {

constexpr int64_t nanos_per_second = 1'000'000'000;

Value no_overload(std::string_view function, bool has_operator, Frame& frame, uint32_t id) {
    // cel-go: an operand that knows the operator says "no such overload"; if it does not, the call
    // says so and names the operator.
    return has_operator ? frame.error(id, ErrorCode::no_such_overload, "no such overload")
                        : frame.error(id, ErrorCode::no_such_overload,
                                      "no such overload: ", Value::string(function));
}

Value overflow(Frame& frame, uint32_t id) {
    return frame.error(id, ErrorCode::overflow, "integer overflow");
}
Value unsigned_overflow(Frame& frame, uint32_t id) {
    return frame.error(id, ErrorCode::overflow, "unsigned integer overflow");
}

Value add_to_time(const Value& time, int64_t nanos, Frame& frame, uint32_t id) {
    Time at = time.as_time();
    int64_t fraction = at.nanos + nanos % nanos_per_second;
    at.seconds += nanos / nanos_per_second;
    if (fraction < 0) {
        fraction += nanos_per_second;
        --at.seconds;
    } else if (fraction >= nanos_per_second) {
        fraction -= nanos_per_second;
        ++at.seconds;
    }
    at.nanos = static_cast<int32_t>(fraction);
    if (!is_timestamp_in_range(at)) {
        return frame.error(id, ErrorCode::overflow, "timestamp overflow");
    }
    return Value::timestamp(at, time.offset_minutes());
}

Value concatenate_texts(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    const std::string_view left = a.as_string();
    const std::string_view right = b.as_string();
    if (right.empty()) {
        return a;
    }
    if (left.empty()) {
        return b;
    }
    const size_t size = left.size() + right.size();
    if (!frame.arena->has_room(size)) {
        return frame.error(id, ErrorCode::memory_limit, "memory limit exceeded");
    }
    char* out = frame.arena->array<char>(size);
    std::memcpy(out, left.data(), left.size());
    std::memcpy(out + left.size(), right.data(), right.size());
    return a.is_string() ? Value::string({out, size}) : Value::bytes({out, size});
}

// The document that a value was read from or can be written as; nothing for what schemas convert.
std::optional<weft::Value> document_of(const Value& value) {
    if (value.borrowed() != nullptr) {
        return *value.borrowed();
    }
    switch (value.kind()) {
        case Kind::null:
        case Kind::boolean:
        case Kind::integer:
        case Kind::number:
        case Kind::string:
        case Kind::list:
        case Kind::map: {
            Result<weft::Value> native = to_native(value);
            return native ? std::optional(*std::move(native)) : std::nullopt;
        }
        default:
            return std::nullopt;
    }
}

// Lists of a schema's type `set` or `map` merge: what is on the left keeps its place.
Value merge_lists(const Value& a, const Value& b, const schema::Schema& schema, Frame& frame) {
    Arena& arena = *frame.arena;
    ListBuilder out(arena, a.size() + b.size());
    const size_t left = a.size();
    std::vector<Value> items;
    for (size_t i = 0; i < left; ++i) {
        items.push_back(a.item(i, arena));
    }
    const auto same = [&](const Value& x, const Value& y) {
        if (schema.list_type == schema::ListType::set || !x.is_map() || !y.is_map()) {
            return equals(x, y, arena).is_true();
        }
        for (const std::string& key : schema.list_map_keys) {
            const std::optional<Value> mine = x.find(key, arena);
            const std::optional<Value> theirs = y.find(key, arena);
            if (mine.has_value() != theirs.has_value() ||
                (mine && !equals(*mine, *theirs, arena).is_true())) {
                return false;
            }
        }
        return true;
    };
    for (size_t i = 0; i < b.size(); ++i) {
        const Value item = b.item(i, arena);
        bool found = false;
        for (Value& mine : items) {
            if (same(mine, item)) {
                mine = item;
                found = true;
                break;
            }
        }
        if (!found) {
            items.push_back(item);
        }
    }
    // What comes out is a list of the same kind, if its items can be items of a document.
    weft::Value document = weft::Value::list();
    for (const Value& item : items) {
        std::optional<weft::Value> plain = document_of(item);
        if (!plain) {
            for (const Value& kept : items) {
                out.add(kept);
            }
            return out.finish();
        }
        document.push_back(*std::move(plain));
    }
    return Value::borrow(*arena.make<weft::Value>(std::move(document)), &schema, arena);
}

Value concatenate_lists(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    const size_t size = a.size() + b.size();
    if (!frame.arena->has_room(size * sizeof(Value))) {
        return frame.error(id, ErrorCode::memory_limit, "memory limit exceeded");
    }
    if (const schema::Schema* schema = a.input_schema();
        schema != nullptr && (schema->list_type == schema::ListType::set ||
                              schema->list_type == schema::ListType::map)) {
        return merge_lists(a, b, *schema, frame);
    }
    Value* items = frame.arena->array<Value>(size);
    size_t at = 0;
    for (const Value& list : {a, b}) {
        const size_t count = list.size();
        for (size_t i = 0; i < count; ++i) {
            items[at++] = list.item(i, *frame.arena);
        }
    }
    return Value::list({items, size});
}

}  // namespace

bool is_comparable(Kind kind) {
    switch (kind) {
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

Value add(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::integer: {
                int64_t sum = 0;
                return __builtin_add_overflow(a.as_int(), b.as_int(), &sum) ? overflow(frame, id)
                                                                            : Value::integer(sum);
            }
            case Kind::unsigned_integer: {
                uint64_t sum = 0;
                return __builtin_add_overflow(a.as_uint(), b.as_uint(), &sum)
                           ? unsigned_overflow(frame, id)
                           : Value::unsigned_integer(sum);
            }
            case Kind::number:
                return Value::number(a.as_double() + b.as_double());
            case Kind::string:
            case Kind::bytes:
                return concatenate_texts(a, b, frame, id);
            case Kind::list:
                return concatenate_lists(a, b, frame, id);
            case Kind::duration: {
                int64_t sum = 0;
                return __builtin_add_overflow(a.as_duration(), b.as_duration(), &sum)
                           ? overflow(frame, id)
                           : Value::duration(sum);
            }
            default:
                break;
        }
    } else if (a.is(Kind::timestamp) && b.is(Kind::duration)) {
        return add_to_time(a, b.as_duration(), frame, id);
    } else if (a.is(Kind::duration) && b.is(Kind::timestamp)) {
        return add_to_time(b, a.as_duration(), frame, id);
    }
    const bool has_operator = (is_comparable(a.kind()) && a.kind() != Kind::boolean) || a.is_list();
    return no_overload("_+_", has_operator, frame, id);
}

Value subtract(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::integer: {
                int64_t out = 0;
                return __builtin_sub_overflow(a.as_int(), b.as_int(), &out) ? overflow(frame, id)
                                                                            : Value::integer(out);
            }
            case Kind::unsigned_integer: {
                uint64_t out = 0;
                return __builtin_sub_overflow(a.as_uint(), b.as_uint(), &out)
                           ? unsigned_overflow(frame, id)
                           : Value::unsigned_integer(out);
            }
            case Kind::number:
                return Value::number(a.as_double() - b.as_double());
            case Kind::duration: {
                int64_t out = 0;
                return __builtin_sub_overflow(a.as_duration(), b.as_duration(), &out)
                           ? overflow(frame, id)
                           : Value::duration(out);
            }
            case Kind::timestamp: {
                const __int128 nanos =
                    (static_cast<__int128>(a.as_time().seconds) - b.as_time().seconds) *
                        nanos_per_second +
                    (a.as_time().nanos - b.as_time().nanos);
                if (nanos > INT64_MAX || nanos < INT64_MIN) {
                    return overflow(frame, id);
                }
                return Value::duration(static_cast<int64_t>(nanos));
            }
            default:
                break;
        }
    } else if (a.is(Kind::timestamp) && b.is(Kind::duration)) {
        if (b.as_duration() == INT64_MIN) {
            return overflow(frame, id);
        }
        return add_to_time(a, -b.as_duration(), frame, id);
    }
    const bool has_operator = a.is_numeric() || a.is(Kind::duration) || a.is(Kind::timestamp);
    return no_overload("_-_", has_operator, frame, id);
}

Value multiply(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::integer: {
                int64_t out = 0;
                return __builtin_mul_overflow(a.as_int(), b.as_int(), &out) ? overflow(frame, id)
                                                                            : Value::integer(out);
            }
            case Kind::unsigned_integer: {
                uint64_t out = 0;
                return __builtin_mul_overflow(a.as_uint(), b.as_uint(), &out)
                           ? unsigned_overflow(frame, id)
                           : Value::unsigned_integer(out);
            }
            case Kind::number:
                return Value::number(a.as_double() * b.as_double());
            default:
                break;
        }
    }
    return no_overload("_*_", a.is_numeric(), frame, id);
}

Value divide(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::integer:
                if (b.as_int() == 0) {
                    return frame.error(id, ErrorCode::division_by_zero, "division by zero");
                }
                if (b.as_int() == -1 && a.as_int() == INT64_MIN) {
                    return overflow(frame, id);
                }
                return Value::integer(a.as_int() / b.as_int());
            case Kind::unsigned_integer:
                if (b.as_uint() == 0) {
                    return frame.error(id, ErrorCode::division_by_zero, "division by zero");
                }
                return Value::unsigned_integer(a.as_uint() / b.as_uint());
            case Kind::number:
                return Value::number(a.as_double() / b.as_double());
            default:
                break;
        }
    }
    return no_overload("_/_", a.is_numeric(), frame, id);
}

Value modulo(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (a.kind() == b.kind()) {
        if (a.is_int()) {
            if (b.as_int() == 0) {
                return frame.error(id, ErrorCode::division_by_zero, "modulus by zero");
            }
            if (b.as_int() == -1 && a.as_int() == INT64_MIN) {
                return overflow(frame, id);
            }
            return Value::integer(a.as_int() % b.as_int());
        }
        if (a.is_uint()) {
            if (b.as_uint() == 0) {
                return frame.error(id, ErrorCode::division_by_zero, "modulus by zero");
            }
            return Value::unsigned_integer(a.as_uint() % b.as_uint());
        }
    }
    return no_overload("_%_", a.is_int() || a.is_uint(), frame, id);
}

Value negate(const Value& a, Frame& frame, uint32_t id) {
    switch (a.kind()) {
        case Kind::integer:
            return a.as_int() == INT64_MIN ? overflow(frame, id) : Value::integer(-a.as_int());
        case Kind::number:
            return Value::number(-a.as_double());
        case Kind::duration:
            return a.as_duration() == INT64_MIN ? overflow(frame, id)
                                                : Value::duration(-a.as_duration());
        default:
            return no_overload("-_", a.is_uint(), frame, id);
    }
}

Value contains(const Value& a, const Value& b, Frame& frame, uint32_t id) {
    if (b.is_map()) {
        return Value::boolean(b.find(a, *frame.arena).has_value());
    }
    if (!b.is_list()) {
        return no_overload("@in", false, frame, id);
    }
    const size_t count = b.size();
    Value failure = Value::boolean(false);
    for (size_t i = 0; i < count; ++i) {
        const Value same = equals(b.item(i, *frame.arena), a, *frame.arena);
        if (same.is_true()) {
            return same;
        }
        if (same.is_error()) {
            failure = same;
        }
    }
    return failure;
}

Value order(const Value& a, const Value& b, std::string_view function, Frame& frame, uint32_t id) {
    if (!is_comparable(a.kind())) {
        return no_overload(function, false, frame, id);
    }
    const Value result = compare(a, b, *frame.arena);
    return result.is_error() ? frame.error(id, result.as_error().code, result.as_error().message)
                             : result;
}

}  // namespace weft::cel
