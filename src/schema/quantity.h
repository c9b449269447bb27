// schema/quantity.h: resource quantities ("500m", "1Gi") in their canonical form.
//
// Source of the behaviour: apimachinery pkg/api/resource, 0.36.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::schema {

// The text that Go writes for the quantity: "1000m" is "1", "0.5" is "500m", "1024Mi" is "1Gi".
// Nothing if it is no quantity. Values below a nano are rounded away from zero, those beyond 2^63
// are cut to it.
[[nodiscard]] std::optional<std::string> canonical_quantity(std::string_view text);

// What the API says about a text that is none.
inline constexpr std::string_view quantity_error =
    "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

}  // namespace weft::schema
