// base/text.cc: joining, cutting and quoting text the way Go does.

#include "base/text.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace weft {

namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Decodes one code point; returns its length in bytes, 0 where the bytes are not UTF-8.
int decode(std::string_view text, size_t position, char32_t& code_point) {
    const auto lead = static_cast<unsigned char>(text[position]);
    if (lead < 0x80) {
        code_point = lead;
        return 1;
    }
    const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || position + static_cast<size_t>(length) > text.size()) {
        return 0;
    }
    char32_t value = lead & (0xFF >> (length + 1));
    for (int i = 1; i < length; ++i) {
        const char c = text[position + static_cast<size_t>(i)];
        if (!is_continuation(c)) {
            return 0;
        }
        value = value << 6 | (static_cast<unsigned char>(c) & 0x3F);
    }
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    code_point = value;
    return length;
}

// What Go's unicode.IsPrint leaves out, as far as ranges tell it: controls, separators other than
// the blank, private use, surrogates, non-characters and format characters.
bool is_printable(char32_t c) {
    if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) {
        return false;
    }
    if (c == 0x1680 || (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
        (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF) {
        return false;
    }
    return !((c >= 0xD800 && c <= 0xF8FF) || (c >= 0xFFF0 && c <= 0xFFFB) ||
             (c & 0xFFFE) == 0xFFFE || c >= 0xE0000);
}

}  // namespace

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (&part != parts.data()) {
            out += separator;
        }
        out += part;
    }
    return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (true) {
        const size_t end = text.find(separator);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(end + 1);
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\v\f";
    const size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return out;
}

std::string to_upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 'a' + 'A');
        }
    }
    return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
    std::string out;
    while (!from.empty()) {
        const size_t at = text.find(from);
        if (at == std::string_view::npos) {
            break;
        }
        append(out, text.substr(0, at), to);
        text.remove_prefix(at + from.size());
    }
    return out.append(text);
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    char buffer[16];
    for (size_t i = 0; i < text.size();) {
        char32_t c = 0;
        const int length = decode(text, i, c);
        if (length == 0) {
            std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<unsigned char>(text[i]));
            out += buffer;
            ++i;
            continue;
        }
        constexpr std::string_view plain = "\"\\\a\b\f\n\r\t\v";
        constexpr std::string_view escaped = "\"\\abfnrtv";
        const size_t special = c < 0x80 ? plain.find(static_cast<char>(c)) : std::string_view::npos;
        if (special != std::string_view::npos) {
            out += '\\';
            out += escaped[special];
        } else if (is_printable(c)) {
            out.append(text.substr(i, static_cast<size_t>(length)));
        } else {
            const char* format = c < ' ' || c == 0x7F ? "\\x%02x"
                                 : c < 0x10000        ? "\\u%04x"
                                                      : "\\U%08x";
            std::snprintf(buffer, sizeof buffer, format, static_cast<unsigned>(c));
            out += buffer;
        }
        i += static_cast<size_t>(length);
    }
    return out + "\"";
}

std::optional<int64_t> parse_int(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) {
            return std::nullopt;
        }
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return value;
}

std::optional<uint64_t> parse_uint(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return value;
}

std::string format_double(double value) {
    char buffer[32];
    const double magnitude = std::fabs(value);
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string out(buffer, end);
    const size_t mark = out.find('e');
    if (mark == std::string::npos) {
        return out;  // infinite or not a number
    }
    if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
        // encoding/json writes e-9, not e-09.
        if (out[mark + 1] == '-' && out[mark + 2] == '0') {
            out.erase(mark + 2, 1);
        }
        return out;
    }
    // The shortest digits, put around the point by hand: to_chars' fixed form writes the exact
    // value of large numbers, Go pads the shortest digits with zeros.
    int exponent = 0;
    std::from_chars(out.data() + mark + (out[mark + 1] == '+' ? 2 : 1), out.data() + out.size(),
                    exponent);
    const size_t sign = out.front() == '-' ? 1 : 0;
    std::string digits = out.substr(sign, 1);
    if (mark > sign + 2) {
        digits.append(out, sign + 2, mark - sign - 2);
    }
    out.resize(sign);
    if (exponent < 0) {
        return out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
    }
    const size_t whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) {
        return out.append(digits).append(whole - digits.size(), '0');
    }
    return out.append(digits, 0, whole).append(1, '.').append(digits, whole);
}

bool is_valid_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        // Eight ASCII bytes at a time: most of what we see.
        uint64_t word = 0;
        if (i + sizeof word <= text.size()) {
            std::memcpy(&word, text.data() + i, sizeof word);
            if ((word & 0x8080808080808080ULL) == 0) {
                i += sizeof word;
                continue;
            }
        }
        char32_t c = 0;
        const int length = decode(text, i, c);
        if (length == 0) {
            return false;
        }
        i += static_cast<size_t>(length);
    }
    return true;
}

char32_t next_code_point(std::string_view text, size_t& position) {
    char32_t c = replacement;
    const int length = decode(text, position, c);
    position += length == 0 ? 1 : static_cast<size_t>(length);
    return length == 0 ? replacement : c;
}

void append_utf8(std::string& out, char32_t c) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        c = replacement;
    }
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

}  // namespace weft
