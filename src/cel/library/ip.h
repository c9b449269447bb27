// cel/library/ip.h: ip(), isIP() and cidr(), isCIDR(), with what may be asked of them.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/ip.go and cidr.go, Go netip.
[[nodiscard]] Library ip_library();
[[nodiscard]] Library cidr_library();

}  // namespace weft::cel
