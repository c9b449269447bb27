// object/yaml_order.cc: the order in which go-yaml writes keys.

#include <algorithm>
#include <vector>

#include "object/yaml.h"

namespace weft {

namespace {

// Letters beyond ASCII: everything that is not punctuation in Latin-1 or the general block.
bool is_letter_code(char32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == 0xAA || c == 0xB5 ||
           c == 0xBA || (c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x2BFF));
}

std::vector<char32_t> code_points(std::string_view text) {
    std::vector<char32_t> out;
    for (size_t i = 0; i < text.size();) {
        out.push_back(next_code_point(text, i));
    }
    return out;
}

// Over bytes where both are ASCII, else over code points.
template <typename Characters>
bool is_less(const Characters& x, const Characters& y) {
    const auto is_digit = [](auto c) { return c >= '0' && c <= '9'; };
    for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
        if (x[i] == y[i]) {
            continue;
        }
        const bool x_letter = is_letter_code(static_cast<char32_t>(x[i]));
        const bool y_letter = is_letter_code(static_cast<char32_t>(y[i]));
        if (x_letter && y_letter) {
            return x[i] < y[i];
        }
        if (x_letter || y_letter) {
            return y_letter;
        }
        // Numbers compare by value; zeros count only behind another digit.
        uint64_t m = 0;
        uint64_t n = 0;
        if (x[i] == '0' || y[i] == '0') {
            for (size_t j = i; j > 0 && is_digit(x[j - 1]); --j) {
                if (x[j - 1] != '0') {
                    m = 1;
                    n = 1;
                    break;
                }
            }
        }
        size_t k = i;
        for (; k < x.size() && is_digit(x[k]); ++k) {
            m = m * 10 + static_cast<uint64_t>(x[k] - '0');
        }
        size_t l = i;
        for (; l < y.size() && is_digit(y[l]); ++l) {
            n = n * 10 + static_cast<uint64_t>(y[l] - '0');
        }
        if (m != n) {
            // Go's numbers are signed and may wrap; so do ours.
            return static_cast<int64_t>(m) < static_cast<int64_t>(n);
        }
        if (k != l) {
            return k < l;
        }
        return x[i] < y[i];
    }
    return x.size() < y.size();
}

}  // namespace

bool is_yaml_key_less(std::string_view a, std::string_view b) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(a, is_ascii) && std::ranges::all_of(b, is_ascii)) {
        return is_less(a, b);
    }
    return is_less(code_points(a), code_points(b));
}

}  // namespace weft
