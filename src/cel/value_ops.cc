// cel/value_ops.cc: comparing values, their types, and showing them to people.

#include <algorithm>
#include <cmath>

#include "cel/internal/go_text.h"
#include "cel/value.h"
#include "schema/schema.h"

namespace weft::cel {

namespace {

int sign_of(auto a, auto b) {
    return a < b ? -1 : (a > b ? 1 : 0);
}

int compare_int_uint(int64_t a, uint64_t b) {
    return a < 0 ? -1 : sign_of(static_cast<uint64_t>(a), b);
}

// As cel-go: through a double, so 9007199254740993 equals 9007199254740992.0. Not for NaN.
int compare_double_int(double a, int64_t b) {
    if (a < -0x1p63) {
        return -1;
    }
    if (a >= 0x1p63) {
        return a > 0x1p63 ? 1 : sign_of(a, static_cast<double>(b));
    }
    return sign_of(a, static_cast<double>(b));
}

int compare_double_uint(double a, uint64_t b) {
    return a < 0 ? -1 : sign_of(a, static_cast<double>(b));
}

bool is_nan(const Value& value) {
    return value.is_double() && std::isnan(value.as_double());
}

// Both numeric, neither NaN.
int compare_numbers(const Value& a, const Value& b) {
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::integer:
                return sign_of(a.as_int(), b.as_int());
            case Kind::unsigned_integer:
                return sign_of(a.as_uint(), b.as_uint());
            default:
                return sign_of(a.as_double(), b.as_double());
        }
    }
    if (a.is_double()) {
        return b.is_int() ? compare_double_int(a.as_double(), b.as_int())
                          : compare_double_uint(a.as_double(), b.as_uint());
    }
    if (b.is_double()) {
        return a.is_int() ? -compare_double_int(b.as_double(), a.as_int())
                          : -compare_double_uint(b.as_double(), a.as_uint());
    }
    return a.is_int() ? compare_int_uint(a.as_int(), b.as_uint())
                      : -compare_int_uint(b.as_int(), a.as_uint());
}

Value equal_sets(const Value& a, const Value& b, Arena& arena) {
    const size_t count = b.size();
    std::vector<bool> used(count);
    for (size_t i = 0; i < a.size(); ++i) {
        const Value item = a.item(i, arena);
        bool found = false;
        for (size_t j = 0; j < count && !found; ++j) {
            if (used[j]) {
                continue;
            }
            const Value same = equals(item, b.item(j, arena), arena);
            if (same.is_error()) {
                return same;
            }
            if (same.as_bool()) {
                used[j] = found = true;
            }
        }
        if (!found) {
            return Value::boolean(false);
        }
    }
    return Value::boolean(true);
}

Value equal_lists(const Value& a, const Value& b, Arena& arena) {
    if (a.size() != b.size()) {
        return Value::boolean(false);
    }
    // The left list's schema alone says whether order counts, as in Kubernetes. Items of a list of
    // type map have distinct keys, so comparing them as a set is comparing them by key.
    if (const schema::Schema* schema = a.input_schema();
        schema != nullptr && (schema->list_type == schema::ListType::set ||
                              schema->list_type == schema::ListType::map)) {
        return equal_sets(a, b, arena);
    }
    for (size_t i = 0; i < a.size(); ++i) {
        const Value same = equals(a.item(i, arena), b.item(i, arena), arena);
        if (!same.is_true()) {
            return same;
        }
    }
    return Value::boolean(true);
}

Value equal_maps(const Value& a, const Value& b, Arena& arena) {
    if (a.size() != b.size()) {
        return Value::boolean(false);
    }
    if (a.borrowed() != nullptr && a.borrowed() == b.borrowed() &&
        a.input_schema() == b.input_schema() && a.input_schema() == nullptr) {
        return Value::boolean(true);
    }
    const auto entry_equals = [&](const Value& key, const Value& value) {
        const std::optional<Value> other = b.find(key, arena);
        return other ? equals(value, *other, arena) : Value::boolean(false);
    };
    if (const weft::Value* input = a.borrowed()) {
        for (const Member& member : input->members()) {
            const Value key = Value::string(member.name());
            const std::optional<Value> value = a.find(key, arena);
            if (!value) {
                continue;  // A property that is null.
            }
            const Value same = entry_equals(key, *value);
            if (!same.is_true()) {
                return same;
            }
        }
        return Value::boolean(true);
    }
    const MapNode& map = a.map_node();
    for (uint32_t i = 0; i < map.size; ++i) {
        const Value same = entry_equals(map.key(i), map.value(i));
        if (!same.is_true()) {
            return same;
        }
    }
    return Value::boolean(true);
}

void write_text(std::string& out, const Value& value, Arena& arena) {
    switch (value.kind()) {
        case Kind::error:
            out += error_text(value.as_error());
            return;
        case Kind::null:
            out += "null";
            return;
        case Kind::boolean:
            out += value.as_bool() ? "true" : "false";
            return;
        case Kind::integer:
            append(out, value.as_int());
            return;
        case Kind::unsigned_integer:
            append(out, value.as_uint(), "u");
            return;
        case Kind::number: {
            const double number = value.as_double();
            if (!std::isfinite(number)) {
                const std::string_view name = std::isnan(number) ? "NaN" : "Infinity";
                append(out, "double(\"", number < 0 ? "-" : "", name, "\")");
                return;
            }
            const std::string digits = format_double_f(number);
            out += digits;
            if (!digits.contains('.')) {
                out += ".0";
            }
            return;
        }
        case Kind::string:
            out += quote(value.as_string());
            return;
        case Kind::bytes:
            out += "b\"";
            for (const char c : value.as_string()) {
                const auto byte = static_cast<unsigned char>(c);
                const char octal[] = {'\\', static_cast<char>('0' + (byte >> 6U)),
                                      static_cast<char>('0' + (byte >> 3U & 7U)),
                                      static_cast<char>('0' + (byte & 7U))};
                out.append(octal, sizeof octal);
            }
            out += '"';
            return;
        case Kind::duration:
            append(out, "duration(\"", format_duration_seconds(value.as_duration()), "\")");
            return;
        case Kind::timestamp:
            append(out, "timestamp(\"", format_rfc3339_nano(value.as_time()), "\")");
            return;
        case Kind::list: {
            out += '[';
            const size_t count = value.size();
            for (size_t i = 0; i < count; ++i) {
                out += i == 0 ? "" : ", ";
                write_text(out, value.item(i, arena), arena);
            }
            out += ']';
            return;
        }
        case Kind::map: {
            out += '{';
            const std::span<const Value> entries = value.sorted_entries(arena);
            for (size_t i = 0; i < entries.size(); i += 2) {
                out += i == 0 ? "" : ", ";
                write_text(out, entries[i], arena);
                out += ": ";
                write_text(out, entries[i + 1], arena);
            }
            out += '}';
            return;
        }
        case Kind::type:
            out += type_name(value.as_type());
            return;
        case Kind::optional:
            if (!value.has_value()) {
                out += "optional.none()";
                return;
            }
            out += "optional.of(";
            write_text(out, value.optional_value(), arena);
            out += ')';
            return;
        case Kind::opaque:
            out += value.as_opaque()->text();
            return;
    }
}

}  // namespace

Value equals(const Value& a, const Value& b, Arena& arena) {
    if (a.is_numeric() && b.is_numeric()) {
        return Value::boolean(!is_nan(a) && !is_nan(b) && compare_numbers(a, b) == 0);
    }
    if (a.kind() != b.kind()) {
        if (a.is_error() || b.is_error()) {
            return a.is_error() ? a : b;
        }
        if (a.is(Kind::opaque)) {
            return a.as_opaque()->equals(b, arena);
        }
        return b.is(Kind::opaque) ? b.as_opaque()->equals(a, arena) : Value::boolean(false);
    }
    switch (a.kind()) {
        case Kind::error:
            return a;
        case Kind::null:
            return Value::boolean(true);
        case Kind::boolean:
            return Value::boolean(a.as_bool() == b.as_bool());
        case Kind::string:
        case Kind::bytes:
            return Value::boolean(a.as_string() == b.as_string());
        case Kind::duration:
            return Value::boolean(a.as_duration() == b.as_duration());
        case Kind::timestamp:
            return Value::boolean(a.as_time() == b.as_time());
        case Kind::list:
            return equal_lists(a, b, arena);
        case Kind::map:
            return equal_maps(a, b, arena);
        case Kind::type:
            return Value::boolean(type_name(a.as_type()) == type_name(b.as_type()));
        case Kind::optional:
            if (!a.has_value() || !b.has_value()) {
                return Value::boolean(a.has_value() == b.has_value());
            }
            return equals(a.optional_value(), b.optional_value(), arena);
        case Kind::opaque:
            return a.as_opaque()->equals(b, arena);
        default:
            return Value::boolean(false);
    }
}

Value compare(const Value& a, const Value& b, Arena& arena) {
    if (a.is_numeric() && b.is_numeric()) {
        if (is_nan(a) || is_nan(b)) {
            return make_error(arena, ErrorCode::invalid_argument, "NaN values cannot be ordered");
        }
        return Value::integer(compare_numbers(a, b));
    }
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::boolean:
                return Value::integer(int{a.as_bool()} - int{b.as_bool()});
            case Kind::string:
            case Kind::bytes:
                return Value::integer(sign_of(a.as_string().compare(b.as_string()), 0));
            case Kind::duration:
                return Value::integer(sign_of(a.as_duration(), b.as_duration()));
            case Kind::timestamp:
                return Value::integer(sign_of(a.as_time(), b.as_time()));
            default:
                break;
        }
    }
    return make_error(arena, ErrorCode::no_such_overload, "no such overload");
}

const Type* type_of(const Value& value) {
    switch (value.kind()) {
        case Kind::error:
            return &types::error;
        case Kind::null:
            return &types::null;
        case Kind::boolean:
            return &types::boolean;
        case Kind::integer:
            return &types::integer;
        case Kind::unsigned_integer:
            return &types::unsigned_integer;
        case Kind::number:
            return &types::number;
        case Kind::string:
            return &types::string;
        case Kind::bytes:
            return &types::bytes;
        case Kind::duration:
            return &types::duration;
        case Kind::timestamp:
            return &types::timestamp;
        case Kind::list:
            return &types::list_of_dyn;
        case Kind::map:
            return &types::map_of_dyn;
        case Kind::type:
            return &types::type;
        case Kind::optional:
            return &types::optional_of_dyn;
        case Kind::opaque:
            return value.as_opaque()->type();
    }
    return &types::dyn;
}

std::string type_name_of(const Value& value) {
    return type_name(type_of(value));
}

bool is_zero_value(const Value& value) {
    switch (value.kind()) {
        case Kind::null:
            return true;
        case Kind::boolean:
        case Kind::integer:
        case Kind::unsigned_integer:
        case Kind::duration:
            return value.as_uint() == 0;
        case Kind::number:
            return value.as_double() == 0;
        case Kind::string:
        case Kind::bytes:
        case Kind::list:
        case Kind::map:
            return value.size() == 0;
        case Kind::timestamp:
            // Go's zero time.
            return value.as_time() == Time{-62'135'596'800, 0};
        case Kind::optional:
            return !value.has_value();
        case Kind::opaque:
            return value.as_opaque()->is_zero();
        case Kind::error:
        case Kind::type:
            return false;
    }
    return false;
}

uint64_t cost_size_of(const Value& value) {
    switch (value.kind()) {
        case Kind::string:
            return static_cast<uint64_t>(std::ranges::count_if(
                value.as_string(), [](char c) { return (c & 0xC0) != 0x80; }));
        case Kind::bytes:
        case Kind::list:
        case Kind::map:
            return value.size();
        case Kind::optional:
            return value.has_value() ? cost_size_of(value.optional_value()) : 1;
        case Kind::opaque:
            return value.as_opaque()->cost_size();
        default:
            return 1;
    }
}

std::string to_text(const Value& value) {
    Arena arena;
    std::string out;
    write_text(out, value, arena);
    return out;
}

}  // namespace weft::cel
