// cel/internal/go_text.cc: numbers and times as Go's library prints and reads them.

#include "cel/internal/go_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace weft::cel {

namespace {

// The shortest digits that read back as the same number: value = 0.d1d2d3… * 10^point.
struct Digits {
    std::string digits;
    int point = 0;
    bool negative = false;
};

Digits shortest_digits(double value) {
    char buffer[32];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string_view text(buffer, static_cast<size_t>(end - buffer));
    Digits out;
    if (text.starts_with('-')) {
        out.negative = true;
        text.remove_prefix(1);
    }
    const size_t e = text.find('e');
    for (const char c : text.substr(0, e)) {
        if (c != '.') {
            out.digits += c;
        }
    }
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) {
        exponent.remove_prefix(1);
    }
    out.point = static_cast<int>(parse_int(exponent).value_or(0)) + 1;
    if (out.digits == "0") {
        out.point = 1;
    }
    return out;
}

std::string positional(const Digits& number) {
    std::string out = number.negative ? "-" : "";
    const int count = static_cast<int>(number.digits.size());
    if (number.point <= 0) {
        out += "0.";
        out.append(static_cast<size_t>(-number.point), '0');
        return out + number.digits;
    }
    if (count <= number.point) {
        out += number.digits;
        out.append(static_cast<size_t>(number.point - count), '0');
        return out;
    }
    const auto point = static_cast<size_t>(number.point);
    return out + number.digits.substr(0, point) + "." + number.digits.substr(point);
}

std::optional<std::string> special(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return std::nullopt;
}

}  // namespace

std::string format_double_g(double value) {
    if (auto text = special(value)) {
        return *text;
    }
    const Digits number = shortest_digits(value);
    const int exponent = number.point - 1;
    if (exponent >= -4 && exponent < 6) {
        return positional(number);
    }
    std::string out = number.negative ? "-" : "";
    out += number.digits[0];
    if (number.digits.size() > 1) {
        out += '.';
        out += number.digits.substr(1);
    }
    out += exponent < 0 ? "e-" : "e+";
    const int magnitude = std::abs(exponent);
    if (magnitude < 10) {
        out += '0';
    }
    append(out, magnitude);
    return out;
}

std::string format_double_f(double value) {
    if (auto text = special(value)) {
        return *text;
    }
    return positional(shortest_digits(value));
}

std::optional<double> parse_double(std::string_view text) {
    std::string_view rest = text;
    bool negative = false;
    if (rest.starts_with('+') || rest.starts_with('-')) {
        negative = rest[0] == '-';
        rest.remove_prefix(1);
    }
    const std::string lower = to_lower(rest);
    if (lower == "inf" || lower == "infinity") {
        return negative ? -HUGE_VAL : HUGE_VAL;
    }
    if (lower == "nan") {
        return std::nan("");
    }
    double value = 0;
    std::from_chars_result result{};
    if (lower.starts_with("0x")) {
        // Go demands the binary exponent.
        if (lower.find('p') == std::string::npos) {
            return std::nullopt;
        }
        result = std::from_chars(lower.data() + 2, lower.data() + lower.size(), value,
                                 std::chars_format::hex);
    } else {
        if (lower.empty() || (lower[0] != '.' && (lower[0] < '0' || lower[0] > '9'))) {
            return std::nullopt;
        }
        result = std::from_chars(lower.data(), lower.data() + lower.size(), value);
    }
    if (result.ptr != lower.data() + lower.size()) {
        return std::nullopt;
    }
    if (result.ec == std::errc::result_out_of_range) {
        // from_chars does not say whether it was too large or too small; strtod does.
        value = std::strtod(lower.c_str(), nullptr);
        if (std::isinf(value)) {
            return std::nullopt;
        }
    } else if (result.ec != std::errc{}) {
        return std::nullopt;
    }
    return negative ? -value : value;
}

std::optional<int64_t> parse_go_int(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-') || text.starts_with('+')) {
            return std::nullopt;
        }
    }
    int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<uint64_t> parse_go_uint(std::string_view text) {
    uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> parse_go_bool(std::string_view text) {
    for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
        if (text == word) {
            return true;
        }
    }
    for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
        if (text == word) {
            return false;
        }
    }
    return std::nullopt;
}

std::string format_timestamp(const Value& timestamp) {
    const int offset = timestamp.offset_minutes();
    Time time = timestamp.as_time();
    if (offset == 0) {
        return format_rfc3339_nano(time);
    }
    time.seconds += int64_t{offset} * 60;
    std::string out = format_rfc3339_nano(time);
    out.pop_back();  // the Z
    out += offset < 0 ? '-' : '+';
    const int magnitude = std::abs(offset);
    const auto two = [&out](int number) {
        out += static_cast<char>('0' + number / 10);
        out += static_cast<char>('0' + number % 10);
    };
    two(magnitude / 60);
    out += ':';
    two(magnitude % 60);
    return out;
}

std::optional<Value> parse_timestamp(std::string_view text) {
    // base's reader takes the same grammar; what it drops is the offset, which stands at the end.
    if (text.size() < 20 || text[10] != 'T') {
        return std::nullopt;
    }
    const std::optional<Time> time = parse_rfc3339(text);
    if (!time) {
        return std::nullopt;
    }
    int offset = 0;
    if (text.back() != 'Z') {
        const std::string_view zone = text.substr(text.size() - 6);
        const int64_t hours = parse_int(zone.substr(1, 2)).value_or(0);
        const int64_t minutes = parse_int(zone.substr(4, 2)).value_or(0);
        offset = static_cast<int>(hours * 60 + minutes) * (zone[0] == '-' ? -1 : 1);
    }
    return Value::timestamp(*time, offset);
}

std::string format_duration_seconds(int64_t nanos) {
    const double seconds = static_cast<double>(nanos / 1'000'000'000) +
                           static_cast<double>(nanos % 1'000'000'000) / 1e9;
    return format_double_f(seconds) + "s";
}

bool is_timestamp_in_range(Time time) {
    constexpr int64_t first = -62'135'596'800;  // 0001-01-01T00:00:00Z
    constexpr int64_t last = 253'402'300'799;   // 9999-12-31T23:59:59Z
    return time.seconds >= first && time.seconds <= last;
}

}  // namespace weft::cel
