// cel/internal/go_text.h: numbers and times as Go's library prints and reads them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cel/value.h"

namespace weft::cel {

// strconv.FormatFloat(v, 'g', -1, 64): "1e+06", "0.1", "+Inf", "NaN".
[[nodiscard]] std::string format_double_g(double value);
// strconv.FormatFloat(v, 'f', -1, 64): never an exponent.
[[nodiscard]] std::string format_double_f(double value);
// strconv.ParseFloat(text, 64): hexadecimal, "inf", "nan" and underscore rules included; nothing
// on a syntax error or overflow.
[[nodiscard]] std::optional<double> parse_double(std::string_view text);
// strconv.ParseInt(text, 10, 64): a sign may stand in front.
[[nodiscard]] std::optional<int64_t> parse_go_int(std::string_view text);
[[nodiscard]] std::optional<uint64_t> parse_go_uint(std::string_view text);
// strconv.ParseBool.
[[nodiscard]] std::optional<bool> parse_go_bool(std::string_view text);

// string(timestamp): RFC 3339 with the offset that it was read with.
[[nodiscard]] std::string format_timestamp(const Value& timestamp);
// The other way; the value carries the offset. Strict, as Go's time.Parse with RFC3339 is.
[[nodiscard]] std::optional<Value> parse_timestamp(std::string_view text);
// string(duration): seconds through a double, "5400s".
[[nodiscard]] std::string format_duration_seconds(int64_t nanos);

// Years 1 to 9999, which timestamps may have.
[[nodiscard]] bool is_timestamp_in_range(Time time);

}  // namespace weft::cel
