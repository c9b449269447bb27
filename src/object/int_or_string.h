// object/int_or_string.h: numbers that may be given as a share: 3, "25%".
//
// Source of the behaviour and the texts: apimachinery 0.36 pkg/util/intstr.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/base.h"
#include "object/value.h"

namespace weft {

// The integer that the text is, if it fits 32 bits; else the text.
[[nodiscard]] Value parse_int_or_string(std::string_view text);

// An integer as it is; a text like "25%" as that share of `total`. Errors (bad_request):
// "invalid value for IntOrString: …".
[[nodiscard]] Result<int64_t> scaled_int_or_percent(const Value& value, int64_t total,
                                                    bool round_up);

}  // namespace weft
