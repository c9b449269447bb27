// cel/library/ip.h: ip(), isIP() and cidr(), isCIDR(), with what may be asked of them.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// What an IPv6 address is that means one of IPv4, written in hexadecimal: "::ffff:c0a8:1".
enum class Mapped : uint8_t { refused, is_v4 };

// Source: apiserver pkg/cel/library/ip.go and cidr.go, Go netip; cel-go ext/network.go has the same
// functions, and isMask.
[[nodiscard]] Library ip_library(Mapped mapped = Mapped::refused);
[[nodiscard]] Library cidr_library(Mapped mapped = Mapped::refused);

}  // namespace weft::cel
