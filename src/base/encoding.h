// base/encoding.h: base64, hexadecimal, percent-encoding.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft {

enum class Base64 : unsigned char { standard, standard_no_padding, url, url_no_padding };

[[nodiscard]] std::string base64_encode(std::string_view bytes, Base64 variant = Base64::standard);
// Nothing if the text is not of that variant. Line ends inside are skipped, as Go does.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text,
                                                       Base64 variant = Base64::standard);

[[nodiscard]] std::string hex_encode(std::string_view bytes);  // lower case
[[nodiscard]] std::string hex_encode_upper(std::string_view bytes);

// Go's url.QueryEscape and QueryUnescape ('+' is a blank). Nothing for a broken %-sequence.
[[nodiscard]] std::string query_escape(std::string_view text);
[[nodiscard]] std::optional<std::string> query_unescape(std::string_view text);
// Go's url.PathEscape and PathUnescape.
[[nodiscard]] std::string path_escape(std::string_view text);
[[nodiscard]] std::optional<std::string> path_unescape(std::string_view text);

}  // namespace weft
