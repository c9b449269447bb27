// object/internal/yaml_scalar.cc: what a scalar of YAML 1.1 means to go-yaml v2.
//
// Behaviour: sigs.k8s.io/yaml v1.4, goyaml.v2 (resolve), and Go's strconv where that calls it.

#include "object/internal/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace weft::internal {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
}

// The words that are looked up before anything is parsed.
bool resolve_word(YamlScalar& out) {
    const std::string_view text = out.text;
    using Kind = YamlScalar::Kind;
    if (text.size() > 5) {
        return false;
    }
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) {
        out.kind = Kind::null;
        return true;
    }
    if (is_one_of(text,
                  {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
        out.kind = Kind::boolean;
        out.boolean = true;
        return true;
    }
    if (is_one_of(text,
                  {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
        out.kind = Kind::boolean;
        return true;
    }
    if (is_one_of(text, {".nan", ".NaN", ".NAN"})) {
        out.kind = Kind::number;
        out.number = std::numeric_limits<double>::quiet_NaN();
        return true;
    }
    const bool is_signed = text.starts_with('-') || text.starts_with('+');
    if (is_one_of(text.substr(is_signed ? 1 : 0), {".inf", ".Inf", ".INF"})) {
        out.kind = Kind::number;
        out.number = text.starts_with('-') ? -std::numeric_limits<double>::infinity()
                                           : std::numeric_limits<double>::infinity();
        return true;
    }
    return false;
}

// Go's ParseInt and ParseUint with base 0, of a text without underscores.
bool resolve_integer(std::string_view plain, YamlScalar& out) {
    const bool is_negative = plain.starts_with('-');
    const bool is_signed = is_negative || plain.starts_with('+');
    std::string_view digits = plain.substr(is_signed ? 1 : 0);
    int base = 10;
    if (digits.size() > 1 && digits[0] == '0') {
        switch (digits[1]) {
            case 'x':
            case 'X':
                base = 16;
                digits.remove_prefix(2);
                break;
            case 'o':
            case 'O':
                base = 8;
                digits.remove_prefix(2);
                break;
            case 'b':
            case 'B':
                base = 2;
                digits.remove_prefix(2);
                break;
            default:
                base = 8;
                digits.remove_prefix(1);
        }
    }
    uint64_t magnitude = 0;
    const auto result =
        std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
    if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size()) {
        return false;
    }
    constexpr uint64_t positive_max = std::numeric_limits<int64_t>::max();
    if (magnitude <= positive_max + (is_negative ? 1 : 0)) {
        out.kind = YamlScalar::Kind::integer;
        out.integer = static_cast<int64_t>(is_negative ? 0 - magnitude : magnitude);
        return true;
    }
    if (is_signed) {
        return false;
    }
    out.kind = YamlScalar::Kind::big;
    out.big = magnitude;
    return true;
}

// "0b-1": go-yaml hands what follows 0b to ParseInt, which takes a sign.
bool resolve_signed_binary(std::string_view plain, YamlScalar& out) {
    if (!plain.starts_with("0b") || plain.size() < 4 || (plain[2] != '-' && plain[2] != '+')) {
        return false;
    }
    const std::string turned = cat(plain.substr(2, 1), "0b", plain.substr(3));
    return plain[3] != '-' && plain[3] != '+' && resolve_integer(turned, out);
}

// Go's ParseFloat takes underscores between two digits.
std::string without_inner_underscores(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool is_inner = text[i] == '_' && i > 0 && i + 1 < text.size() &&
                              is_digit(text[i - 1]) && is_digit(text[i + 1]);
        if (!is_inner) {
            out += text[i];
        }
    }
    return out;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
    size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    const auto skip_digits = [&] {
        const size_t start = at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        return at - start;
    };
    const size_t whole = skip_digits();
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (skip_digits() == 0 && whole == 0) {
            return false;
        }
    } else if (whole == 0) {
        return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
            ++at;
        }
        if (skip_digits() == 0) {
            return false;
        }
    }
    return at == text.size();
}

bool resolve_float(std::string_view text, YamlScalar& out) {
    if (!looks_like_float(text)) {
        return false;
    }
    // The text is checked, so strtod reads all of it; over the range it stays a text, as in Go.
    const double number = std::strtod(std::string(text).c_str(), nullptr);
    if (!std::isfinite(number)) {
        return false;
    }
    out.kind = YamlScalar::Kind::number;
    out.number = number;
    return true;
}

// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
bool is_base60(std::string_view text) {
    size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    if (at >= text.size() || !is_digit(text[at])) {
        return false;
    }
    const auto skip = [&](bool underscores) {
        while (at < text.size() && (is_digit(text[at]) || (underscores && text[at] == '_'))) {
            ++at;
        }
    };
    skip(true);
    size_t groups = 0;
    while (at < text.size() && text[at] == ':') {
        const size_t start = ++at;
        skip(false);
        const size_t count = at - start;
        if (count == 0 || count > 2 || (count == 2 && text[start] > '5')) {
            return false;
        }
        ++groups;
    }
    if (at < text.size() && text[at] == '.') {
        ++at;
        skip(true);
    }
    return groups > 0 && at == text.size();
}

// One number of one or two digits; nothing if there is none.
std::optional<int> take_number(std::string_view& text) {
    if (text.empty() || !is_digit(text[0])) {
        return std::nullopt;
    }
    int number = text[0] - '0';
    text.remove_prefix(1);
    if (!text.empty() && is_digit(text[0])) {
        number = number * 10 + (text[0] - '0');
        text.remove_prefix(1);
    }
    return number;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

bool take_time(std::string_view& text) {
    const std::optional<int> hour = take_number(text);
    if (!hour || *hour > 23 || !take(text, ':')) {
        return false;
    }
    const std::optional<int> minute = take_number(text);
    if (!minute || *minute > 59 || !take(text, ':')) {
        return false;
    }
    const std::optional<int> second = take_number(text);
    if (!second || *second > 59) {
        return false;
    }
    if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
        text.remove_prefix(1);
        while (!text.empty() && is_digit(text[0])) {
            text.remove_prefix(1);
        }
    }
    return true;
}

bool take_zone(std::string_view& text) {
    if (take(text, 'Z')) {
        return true;
    }
    if (text.size() < 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return false;
    }
    const auto two = [&](size_t at) {
        return is_digit(text[at]) && is_digit(text[at + 1])
                   ? (text[at] - '0') * 10 + (text[at + 1] - '0')
                   : 100;
    };
    if (two(1) > 24 || two(4) > 60) {
        return false;
    }
    text.remove_prefix(6);
    return true;
}

// The four forms that go-yaml tries with time.Parse.
bool is_timestamp(std::string_view text) {
    if (text.size() < 8 || text[4] != '-' || !std::ranges::all_of(text.substr(0, 4), is_digit)) {
        return false;
    }
    const int year =
        (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    text.remove_prefix(5);
    const std::optional<int> month = take_number(text);
    if (!month || *month < 1 || *month > 12 || !take(text, '-')) {
        return false;
    }
    const std::optional<int> day = take_number(text);
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int last = days[*month - 1] + (*month == 2 && is_leap ? 1 : 0);
    if (!day || *day < 1 || *day > last) {
        return false;
    }
    if (text.empty()) {
        return true;
    }
    if (take(text, 'T') || take(text, 't')) {
        return take_time(text) && take_zone(text) && text.empty();
    }
    if (!take(text, ' ')) {
        return false;
    }
    while (take(text, ' ')) {
    }
    return take_time(text) && text.empty();
}

}  // namespace

std::string_view YamlScalar::tag() const {
    switch (kind) {
        case Kind::null:
            return "!!null";
        case Kind::boolean:
            return "!!bool";
        case Kind::integer:
        case Kind::big:
            return "!!int";
        case Kind::number:
            return "!!float";
        case Kind::string:
            break;
    }
    return "!!str";
}

bool YamlScalar::is_finite() const {
    return kind != Kind::number || std::isfinite(number);
}

Value YamlScalar::to_value() const {
    switch (kind) {
        case Kind::null:
            return {};
        case Kind::boolean:
            return Value(boolean);
        case Kind::integer:
            return Value(integer);
        case Kind::big:
            return Value(static_cast<double>(big));
        case Kind::number: {
            const std::string json = format_double(number);
            if (json == "-0") {
                return Value(0);
            }
            const std::optional<int64_t> whole = parse_int(json);
            return whole ? Value(*whole) : Value(number);
        }
        case Kind::string:
            break;
    }
    return Value(text);
}

std::string YamlScalar::to_key() const {
    switch (kind) {
        case Kind::null:
        case Kind::string:
            break;
        case Kind::boolean:
            return boolean ? "true" : "false";
        case Kind::integer:
            return cat(integer);
        case Kind::big:
            return cat(big);
        case Kind::number:
            return format_double_g(number, 32);
    }
    return std::string(text);
}

YamlScalar resolve_yaml_scalar(std::string_view text) {
    YamlScalar out;
    out.text = text;
    if (resolve_word(out)) {
        return out;
    }
    const char c = text[0];
    if (c == '.') {
        if (resolve_float(without_inner_underscores(text), out)) {
            return out;
        }
    } else if (is_digit(c) || c == '-' || c == '+') {
        std::string without;
        std::string_view plain = text;
        if (text.contains('_')) {
            without = replace_all(text, "_", "");
            plain = without;
        }
        if (resolve_integer(plain, out) || resolve_float(plain, out) ||
            resolve_signed_binary(plain, out)) {
            return out;
        }
    }
    out.kind = YamlScalar::Kind::string;
    return out;
}

bool needs_yaml_quotes(std::string_view text) {
    return resolve_yaml_scalar(text).kind != YamlScalar::Kind::string || is_timestamp(text) ||
           is_base60(text);
}

std::string format_double_g(double value, int bits) {
    if (std::isnan(value)) {
        return ".nan";
    }
    const auto narrow = static_cast<float>(value);
    if (std::isinf(value) || (bits == 32 && std::isinf(narrow))) {
        return value < 0 ? "-.inf" : ".inf";
    }
    char buffer[64];
    const auto write = [&](std::chars_format format) {
        char* const limit = buffer + sizeof buffer;
        const auto end = bits == 32 ? std::to_chars(buffer, limit, narrow, format).ptr
                                    : std::to_chars(buffer, limit, value, format).ptr;
        return std::string(buffer, end);
    };
    std::string out = write(std::chars_format::scientific);
    const size_t mark = out.find('e');
    const int exponent = std::atoi(out.c_str() + mark + 1);
    // Go decides with a precision of 6, whatever the number of digits.
    constexpr int exponent_min = -4;
    constexpr int exponent_end = 6;
    if (exponent < exponent_min || exponent >= exponent_end) {
        return out;
    }
    return write(std::chars_format::fixed);
}

}  // namespace weft::internal
