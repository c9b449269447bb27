// base/nearest.h: which of the names that exist was probably meant.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

// The candidate with the fewest changed characters (case counts half); "" if none is near enough
// that it is worth saying.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       std::span<const std::string_view> candidates);

// `did you mean "x"? ` to put in front of a cure; "" if nothing is near.
[[nodiscard]] std::string suggestion(std::string_view name,
                                     std::span<const std::string_view> candidates);

}  // namespace weft
