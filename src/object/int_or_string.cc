// object/int_or_string.cc: reads numbers and shares.

#include "object/int_or_string.h"

#include <cmath>
#include <limits>
#include <optional>

namespace weft {

Value parse_int_or_string(std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') {
        digits.remove_prefix(1);
    }
    const std::optional<int64_t> number = parse_int(digits);
    if (number && *number >= std::numeric_limits<int32_t>::min() &&
        *number <= std::numeric_limits<int32_t>::max()) {
        return Value(*number);
    }
    return Value(text);
}

Result<int64_t> scaled_int_or_percent(const Value& value, int64_t total, bool round_up) {
    constexpr std::string_view context = "invalid value for IntOrString: ";
    if (value.is_int()) {
        return value.as_int();
    }
    const std::string_view text = value.is_string() ? value.as_string() : std::string_view();
    if (!text.ends_with('%')) {
        return make_error(Reason::bad_request, context, "invalid type: string is not a percentage");
    }
    const std::string_view digits = text.substr(0, text.size() - 1);
    const Value percent = parse_int_or_string(digits);
    if (!percent.is_int()) {
        return make_error(Reason::bad_request, context, "invalid value ", quote(text),
                          ": strconv.Atoi: parsing ", quote(digits), ": invalid syntax");
    }
    const double share = static_cast<double>(percent.as_int()) * static_cast<double>(total) / 100;
    return static_cast<int64_t>(round_up ? std::ceil(share) : std::floor(share));
}

}  // namespace weft
