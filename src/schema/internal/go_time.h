// schema/internal/go_time.h: times and durations as Go's decoder reads them, with its errors.

#pragma once

#include <string_view>

#include "base/base.h"

namespace weft::schema::internal {

// time.Parse with RFC 3339; with `micro` exactly six digits of a fraction are wanted
// (metav1.MicroTime). bad_request with Go's text.
[[nodiscard]] Result<Time> parse_go_time(std::string_view text, bool micro);

// time.ParseDuration, in nanoseconds. bad_request with Go's text.
[[nodiscard]] Result<int64_t> parse_go_duration(std::string_view text);

}  // namespace weft::schema::internal
