// object/ip_address.h: IP addresses and ranges as the API takes them.
//
// Source of the behaviour and the texts: apimachinery 0.36 pkg/util/validation/ip.go, with Go's
// old "sloppy" parsers (leading zeros) to say what is wrong.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

// IPv4 addresses as ::ffff:a.b.c.d.
struct IpAddress {
    std::array<uint8_t, 16> bytes{};
    bool is_v4 = false;          // written as IPv4
    bool has_leading_0 = false;  // which Go's newer parsers refuse

    [[nodiscard]] bool is_mapped_v4() const;  // an IPv4 address written as IPv6
    [[nodiscard]] std::string text() const;   // canonical, RFC 5952
};
[[nodiscard]] std::optional<IpAddress> parse_ip_address(std::string_view text);

// Each says what is wrong with the text; nothing if it is fine.
[[nodiscard]] std::vector<std::string> check_ip_address(std::string_view text);
[[nodiscard]] std::vector<std::string> check_cidr(std::string_view text);
// An address with the length of its network: "10.0.0.3/24".
[[nodiscard]] std::vector<std::string> check_interface_address(std::string_view text);

}  // namespace weft
