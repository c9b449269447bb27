// base/encoding.cc: base64, hexadecimal, percent-encoding, with Go's acceptance.

#include "base/encoding.h"

#include <array>
#include <cstdint>

namespace weft {

namespace {

constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool is_url(Base64 variant) {
    return variant == Base64::url || variant == Base64::url_no_padding;
}

bool is_padded(Base64 variant) {
    return variant == Base64::standard || variant == Base64::url;
}

constexpr std::array<int8_t, 256> reverse_of(std::string_view alphabet) {
    std::array<int8_t, 256> out{};
    out.fill(-1);
    for (size_t i = 0; i < alphabet.size(); ++i) {
        out[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
    }
    return out;
}
constexpr auto standard_reverse = reverse_of(standard_alphabet);
constexpr auto url_reverse = reverse_of(url_alphabet);

std::string hex_with(std::string_view bytes, std::string_view digits) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string escape(std::string_view text, std::string_view kept, bool plus_for_blank) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_alphanumeric(c) || kept.find(c) != std::string_view::npos) {
            out += c;
        } else if (c == ' ' && plus_for_blank) {
            out += '+';
        } else {
            out += '%';
            out += hex_encode_upper(std::string_view(&c, 1));
        }
    }
    return out;
}

std::optional<std::string> unescape(std::string_view text, bool plus_for_blank) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) {
                return std::nullopt;
            }
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else if (text[i] == '+' && plus_for_blank) {
            out += ' ';
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::string base64_encode(std::string_view bytes, Base64 variant) {
    const std::string_view alphabet = is_url(variant) ? url_alphabet : standard_alphabet;
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    size_t i = 0;
    const auto at = [&](size_t index) -> uint32_t {
        return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
    };
    for (; i < bytes.size(); i += 3) {
        const uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        const size_t present = bytes.size() - i;
        out += alphabet[group >> 18 & 63];
        out += alphabet[group >> 12 & 63];
        if (present > 1) {
            out += alphabet[group >> 6 & 63];
        } else if (is_padded(variant)) {
            out += '=';
        }
        if (present > 2) {
            out += alphabet[group & 63];
        } else if (is_padded(variant)) {
            out += '=';
        }
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text, Base64 variant) {
    const auto& reverse = is_url(variant) ? url_reverse : standard_reverse;
    std::string out;
    out.reserve(text.size() / 4 * 3 + 3);
    uint32_t group = 0;
    int digits = 0;
    int padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            continue;
        }
        if (c == '=' && is_padded(variant)) {
            ++padding;
            continue;
        }
        const int value = reverse[static_cast<unsigned char>(c)];
        if (value < 0 || padding > 0) {
            return std::nullopt;
        }
        group = group << 6 | static_cast<uint32_t>(value);
        if (++digits == 4) {
            out += static_cast<char>(group >> 16 & 255);
            out += static_cast<char>(group >> 8 & 255);
            out += static_cast<char>(group & 255);
            group = 0;
            digits = 0;
        }
    }
    if (digits == 1 || (is_padded(variant) && (digits + padding) % 4 != 0) || padding > 2 ||
        (digits == 0 && padding > 0)) {
        return std::nullopt;
    }
    if (digits == 2) {
        out += static_cast<char>(group >> 4 & 255);
    } else if (digits == 3) {
        out += static_cast<char>(group >> 10 & 255);
        out += static_cast<char>(group >> 2 & 255);
    }
    return out;
}

std::string hex_encode(std::string_view bytes) {
    return hex_with(bytes, "0123456789abcdef");
}

std::string hex_encode_upper(std::string_view bytes) {
    return hex_with(bytes, "0123456789ABCDEF");
}

std::string query_escape(std::string_view text) {
    return escape(text, "-_.~", true);
}

std::optional<std::string> query_unescape(std::string_view text) {
    return unescape(text, true);
}

std::string path_escape(std::string_view text) {
    return escape(text, "-_.~$&+:=@", false);
}

std::optional<std::string> path_unescape(std::string_view text) {
    return unescape(text, false);
}

}  // namespace weft
