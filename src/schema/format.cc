// schema/format.cc: the string formats that CRDs may ask for.
//
// Source of the behaviour: kube-openapi pkg/validation/strfmt and the list of supported formats of
// apiextensions-apiserver, 0.36.

#include <algorithm>
#include <array>
#include <re2/re2.h>
#include <string>
#include <string_view>

#include "base/base.h"
#include "schema/validate.h"

namespace weft::schema {

namespace {

using Check = bool (*)(std::string_view);

bool matches(const re2::RE2& pattern, std::string_view text) {
    return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_anything(std::string_view) {
    return true;
}

bool is_object_id(std::string_view text) {
    return text.size() == 24 && std::ranges::all_of(text, is_hex);
}

bool is_uri(std::string_view text) {
    // net/url.ParseRequestURI: an absolute path, or a scheme with something behind it.
    if (text.empty() || std::ranges::any_of(text, [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        })) {
        return false;
    }
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' &&
            !(at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]))) {
            return false;
        }
    }
    static const re2::RE2 pattern(R"((/.*|[A-Za-z][A-Za-z0-9+.-]*:.+))");
    if (!matches(pattern, text)) {
        return false;
    }
    const size_t host = text.find("://");
    return host == std::string_view::npos ||
           text.substr(host + 3).substr(0, text.substr(host + 3).find('/')).find(' ') ==
               std::string_view::npos;
}

bool is_email(std::string_view text) {
    static const re2::RE2 pattern(
        R"((?:[^<>]*<)?(?:[^\s@<>"(),:;\[\]\\]+|"[^"]*")@[^\s@<>"(),:;\\]+>?)");
    return matches(pattern, text);
}

// Letters and symbols beyond ASCII count as letters.
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_letter_or_digit(char c) {
    return is_letter(c) || is_digit(c);
}

bool is_hostname(std::string_view text) {
    const auto labels = split(text, '.');
    for (const std::string_view label : labels) {
        if (label.empty() || label.size() > 63 || !is_letter_or_digit(label.front()) ||
            !is_letter_or_digit(label.back()) ||
            !std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; })) {
            return false;
        }
    }
    if (labels.size() == 1) {  // A hyphen is allowed as the second character only.
        return labels[0].find('-', std::min<size_t>(2, labels[0].size())) == std::string_view::npos;
    }
    return labels.back().size() >= 2 && std::ranges::all_of(labels.back(), is_letter);
}

// As Go's parser was before 1.17, which Kubernetes keeps: leading zeros mean nothing.
bool is_ipv4(std::string_view text) {
    const auto parts = split(text, '.');
    return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
               return !part.empty() && part.size() <= 3 && std::ranges::all_of(part, is_digit) &&
                      *parse_int(part) <= 255;
           });
}

bool is_ipv6(std::string_view text) {
    size_t groups = 0;
    bool has_gap = false;
    size_t at = 0;
    if (text.starts_with("::")) {
        has_gap = true;
        at = 2;
    }
    while (at < text.size()) {
        const size_t end = std::min(text.find(':', at), text.size());
        const std::string_view group = text.substr(at, end - at);
        if (end == text.size() && group.find('.') != std::string_view::npos) {
            if (!is_ipv4(group)) {
                return false;
            }
            groups += 2;
            break;
        }
        if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) {
            return false;
        }
        ++groups;
        if (end == text.size()) {
            break;
        }
        at = end + 1;
        if (at < text.size() && text[at] == ':') {
            if (has_gap) {
                return false;
            }
            has_gap = true;
            ++at;
        } else if (at == text.size()) {
            return false;
        }
    }
    return has_gap ? groups < 8 : groups == 8;
}

bool is_cidr(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return false;
    }
    const std::string_view address = text.substr(0, slash);
    const std::string_view bits = text.substr(slash + 1);
    const bool is_v4 = is_ipv4(address);
    if (!is_v4 && !is_ipv6(address)) {
        return false;
    }
    return !bits.empty() && bits.size() <= 3 && std::ranges::all_of(bits, is_digit) &&
           *parse_int(bits) <= (is_v4 ? 32 : 128);
}

bool is_mac(std::string_view text) {
    static const re2::RE2 pattern(
        R"((?i)([0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{2}(:[0-9a-f]{2}){7}|)"
        R"([0-9a-f]{2}(:[0-9a-f]{2}){19}|[0-9a-f]{2}(-[0-9a-f]{2}){5}|)"
        R"([0-9a-f]{2}(-[0-9a-f]{2}){7}|[0-9a-f]{2}(-[0-9a-f]{2}){19}|)"
        R"([0-9a-f]{4}(\.[0-9a-f]{4}){2}|[0-9a-f]{4}(\.[0-9a-f]{4}){3}|)"
        R"([0-9a-f]{4}(\.[0-9a-f]{4}){9}))");
    return matches(pattern, text);
}

bool is_uuid(std::string_view text) {
    static const re2::RE2 pattern(
        "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
    return matches(pattern, text);
}
bool is_uuid3(std::string_view text) {
    static const re2::RE2 pattern(
        "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}");
    return matches(pattern, text);
}
bool is_uuid4(std::string_view text) {
    static const re2::RE2 pattern(
        "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
    return matches(pattern, text);
}
bool is_uuid5(std::string_view text) {
    static const re2::RE2 pattern(
        "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}");
    return matches(pattern, text);
}

std::string without_separators(std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out),
                         [](char c) { return c != ' ' && c != '-'; });
    return out;
}

bool is_isbn10(std::string_view text) {
    const std::string digits = without_separators(text);
    static const re2::RE2 pattern("[0-9]{9}[0-9X]");
    if (!matches(pattern, digits)) {
        return false;
    }
    int sum = 0;
    for (int i = 0; i < 10; ++i) {
        const char c = digits[static_cast<size_t>(i)];
        sum += (i + 1) * (c == 'X' ? 10 : c - '0');
    }
    return sum % 11 == 0;
}

bool is_isbn13(std::string_view text) {
    const std::string digits = without_separators(text);
    if (digits.size() != 13 || !std::ranges::all_of(digits, is_digit)) {
        return false;
    }
    int sum = 0;
    for (size_t i = 0; i < 12; ++i) {
        sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
    }
    return (10 - sum % 10) % 10 == digits[12] - '0';
}

bool is_isbn(std::string_view text) {
    return is_isbn10(text) || is_isbn13(text);
}

bool is_credit_card(std::string_view text) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
    static const re2::RE2 pattern(
        "(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-"
        "9]|"
        "2720)[0-9]{12}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
        "|"
        "(?:2131|1800|35\\d{3})\\d{11}|6[27][0-9]{14})");
    if (!matches(pattern, digits)) {
        return false;
    }
    int sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
        int digit = digits[digits.size() - 1 - i] - '0';
        digit = i % 2 == 1 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

bool is_ssn(std::string_view text) {
    static const re2::RE2 pattern(R"(\d{3}[- ]?\d{2}[- ]?\d{4})");
    return matches(pattern, text);
}
bool is_hex_color(std::string_view text) {
    static const re2::RE2 pattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");
    return matches(pattern, text);
}
bool is_rgb_color(std::string_view text) {
    static const re2::RE2 pattern(
        R"(rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,)"
        R"(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\))");
    return matches(pattern, text);
}
bool is_byte(std::string_view text) {
    static const re2::RE2 pattern(
        "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})");
    return matches(pattern, text);
}

bool is_date(std::string_view text) {
    static const re2::RE2 pattern(R"([0-9]{4}-[0-9]{2}-[0-9]{2})");
    return matches(pattern, text) && parse_rfc3339(cat(text, "T00:00:00Z")).has_value();
}

bool is_date_time(std::string_view text) {
    const std::string lower = to_lower(text);
    const auto parts = split(lower, 't');
    if (parts.size() < 2 || !is_date(parts[0])) {
        return false;
    }
    static const re2::RE2 pattern(
        R"(([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2})))");
    const std::string_view time = parts[1];
    return matches(pattern, time) && time.substr(0, 2) <= "23" && time.substr(3, 2) <= "59" &&
           time.substr(6, 2) <= "59";
}

bool is_duration(std::string_view text) {
    if (parse_duration(text)) {
        return true;
    }
    static const re2::RE2 pattern(R"((\d+)\s*([A-Za-zµ]+))");
    re2::StringPiece rest(text.data(), text.size());
    re2::StringPiece digits;
    re2::StringPiece unit;
    while (re2::RE2::FindAndConsume(&rest, pattern, &digits, &unit)) {
        const std::string name = to_lower(std::string_view(unit.data(), unit.size()));
        for (const std::string_view known :
             {"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"}) {
            if (name == known) {
                return true;
            }
        }
        for (const std::string_view known :
             {"nano", "micro", "milli", "sec", "min", "hour", "day", "week"}) {
            if (name.starts_with(known)) {
                return true;
            }
        }
    }
    return false;
}

bool is_short_name(std::string_view text) {
    static const re2::RE2 pattern("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    return text.size() <= 63 && matches(pattern, text);
}
bool is_long_name(std::string_view text) {
    static const re2::RE2 pattern(
        R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)");
    return text.size() <= 253 && matches(pattern, text);
}

struct Format {
    std::string_view name;
    Check check;
};
constexpr std::array<Format, 26> formats{{
    {"bsonobjectid", is_object_id},
    {"uri", is_uri},
    {"email", is_email},
    {"hostname", is_hostname},
    {"ipv4", is_ipv4},
    {"ipv6", is_ipv6},
    {"cidr", is_cidr},
    {"mac", is_mac},
    {"uuid", is_uuid},
    {"uuid3", is_uuid3},
    {"uuid4", is_uuid4},
    {"uuid5", is_uuid5},
    {"isbn", is_isbn},
    {"isbn10", is_isbn10},
    {"isbn13", is_isbn13},
    {"creditcard", is_credit_card},
    {"ssn", is_ssn},
    {"hexcolor", is_hex_color},
    {"rgbcolor", is_rgb_color},
    {"byte", is_byte},
    {"password", is_anything},
    {"date", is_date},
    {"duration", is_duration},
    {"datetime", is_date_time},
    {"k8sshortname", is_short_name},
    {"k8slongname", is_long_name},
}};

// Hyphens do not count in their names.
const Format* find_format(std::string_view name) {
    std::string bare(name);
    std::erase(bare, '-');
    const auto* found = std::ranges::find(formats, bare, &Format::name);
    return found == formats.end() ? nullptr : found;
}

}  // namespace

bool is_known_format(std::string_view type, std::string_view format) {
    if (type == "integer") {
        return format == "int32" || format == "int64";
    }
    if (type == "number") {
        return format == "float" || format == "double";
    }
    return (type.empty() || type == "string") && find_format(format) != nullptr;
}

bool has_format(std::string_view format, std::string_view text) {
    const Format* known = find_format(format);
    return known == nullptr || known->check(text);
}

}  // namespace weft::schema
