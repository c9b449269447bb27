// base/text.h: joining, cutting and quoting text the way Go does.

#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace weft {

namespace internal {
template <typename T>
void append_piece(std::string& out, const T& piece) {
    if constexpr (std::same_as<T, bool>) {
        out += piece ? "true" : "false";
    } else if constexpr (std::same_as<T, char>) {
        out += piece;
    } else if constexpr (std::integral<T>) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, piece).ptr;
        out.append(digits, end);
    } else {
        out += std::string_view(piece);
    }
}
}  // namespace internal

// The pieces one after the other: text, characters, integers and booleans.
template <typename... Pieces>
[[nodiscard]] std::string cat(const Pieces&... pieces) {
    std::string out;
    (internal::append_piece(out, pieces), ...);
    return out;
}
template <typename... Pieces>
void append(std::string& out, const Pieces&... pieces) {
    (internal::append_piece(out, pieces), ...);
}

[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Every part between separators, empty ones too: "a,,b" has three. "" has one, the empty part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// Without white space (blank, tab, CR, LF, VT, FF) at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string to_lower(std::string_view text);  // ASCII only
[[nodiscard]] std::string to_upper(std::string_view text);  // ASCII only
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view from,
                                      std::string_view to);

// Go's strconv.Quote ("%q"): double quotes, printable UTF-8 kept, the rest as \n, \x.., \u.....
[[nodiscard]] std::string quote(std::string_view text);

// The whole text as a decimal integer; nothing if it is anything else or does not fit.
[[nodiscard]] std::optional<int64_t> parse_int(std::string_view text);
[[nodiscard]] std::optional<uint64_t> parse_uint(std::string_view text);

// Go's strconv.FormatFloat(v, 'g'-like as encoding/json does): "3", "0.1", "1e+21", "1e-07".
[[nodiscard]] std::string format_double(double value);

[[nodiscard]] bool is_valid_utf8(std::string_view text);
// Decodes the code point at `position` and moves past it; U+FFFD (one byte) where it is invalid.
char32_t next_code_point(std::string_view text, size_t& position);
void append_utf8(std::string& out, char32_t code_point);

}  // namespace weft
