// cel/internal/go_ip.h: addresses as Go's netip reads them.

#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "object/ip_address.h"

namespace weft::cel {

// netip.ParseAddr without zones. On failure nothing, and Go's text in `failure`: `ParseAddr("x"):
// unable to parse IP`. `has_zone` is set to whether a zone stood behind an address that is fine.
[[nodiscard]] std::optional<IpAddress> parse_go_ip(std::string_view text, std::string& failure,
                                                   bool& has_zone);

}  // namespace weft::cel
