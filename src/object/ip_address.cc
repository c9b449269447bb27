// object/ip_address.cc: reads addresses the old way and says what the new way refuses.

#include "object/ip_address.h"

#include <algorithm>

#include "base/base.h"

namespace weft {
namespace {

constexpr std::array<uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool has_leading_0(std::string_view digits) {
    return digits.size() > 1 && digits[0] == '0';
}

std::optional<uint32_t> decimal(std::string_view digits, uint32_t max) {
    if (digits.empty() || digits.size() > 8 ||
        digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<int64_t> number = parse_int(digits);
    if (!number || *number > max) {
        return std::nullopt;
    }
    return static_cast<uint32_t>(*number);
}

// Four bytes at `out`.
bool parse_v4(std::string_view text, uint8_t* out, bool& leading_0) {
    const std::vector<std::string_view> parts = split(text, '.');
    if (parts.size() != 4) {
        return false;
    }
    for (size_t i = 0; i < 4; ++i) {
        const std::optional<uint32_t> byte = decimal(parts[i], 255);
        if (!byte) {
            return false;
        }
        leading_0 = leading_0 || has_leading_0(parts[i]);
        out[i] = static_cast<uint8_t>(*byte);
    }
    return true;
}

std::optional<uint16_t> hex_group(std::string_view text) {
    if (text.empty() || text.size() > 4) {
        return std::nullopt;
    }
    uint16_t group = 0;
    for (const char c : text) {
        const size_t digit = std::string_view("0123456789abcdef")
                                 .find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        group = static_cast<uint16_t>(static_cast<size_t>(group) << 4 | digit);
    }
    return group;
}

// The groups of one side of "::", the last of which may be an IPv4 address.
bool parse_groups(std::string_view text, bool may_end_in_v4, std::vector<uint8_t>& out,
                  bool& leading_0) {
    if (text.empty()) {
        return true;
    }
    const std::vector<std::string_view> parts = split(text, ':');
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i + 1 == parts.size() && may_end_in_v4 &&
            parts[i].find('.') != std::string_view::npos) {
            uint8_t bytes[4];
            if (!parse_v4(parts[i], bytes, leading_0)) {
                return false;
            }
            out.insert(out.end(), bytes, bytes + 4);
            continue;
        }
        const std::optional<uint16_t> group = hex_group(parts[i]);
        if (!group) {
            return false;
        }
        out.push_back(static_cast<uint8_t>(*group >> 8));
        out.push_back(static_cast<uint8_t>(*group & 0xFF));
    }
    return true;
}

struct Network {
    IpAddress address;
    uint32_t length = 0;
    bool has_leading_0 = false;

    [[nodiscard]] bool has_bits_beyond() const {
        const uint32_t bits = address.is_v4 ? 96 + length : length;
        for (uint32_t bit = bits; bit < 128; ++bit) {
            if ((address.bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) {
                return true;
            }
        }
        return false;
    }
};

std::optional<Network> parse_network(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<IpAddress> address = parse_ip_address(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    const std::optional<uint32_t> length =
        address ? decimal(digits, address->is_v4 ? 32 : 128) : std::nullopt;
    if (!length) {
        return std::nullopt;
    }
    return Network{*address, *length, address->has_leading_0 || has_leading_0(digits)};
}

std::string not_canonical(std::string_view wanted) {
    return cat("must be in canonical form (", quote(wanted), ")");
}

}  // namespace

bool IpAddress::is_mapped_v4() const {
    return !is_v4 && std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

std::string IpAddress::text() const {
    std::string out;
    const auto append_v4 = [&] {
        append(out, uint32_t{bytes[12]}, ".", uint32_t{bytes[13]}, ".", uint32_t{bytes[14]}, ".",
               uint32_t{bytes[15]});
    };
    if (is_v4) {
        append_v4();
        return out;
    }
    if (is_mapped_v4()) {
        out = "::ffff:";
        append_v4();
        return out;
    }
    std::array<uint16_t, 8> groups{};
    for (size_t i = 0; i < 8; ++i) {
        groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    // The longest run of at least two zero groups, the first of equals, becomes "::".
    size_t best = 8;
    size_t best_length = 1;
    for (size_t i = 0; i < 8; ++i) {
        size_t length = 0;
        while (i + length < 8 && groups[i + length] == 0) {
            ++length;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    for (size_t i = 0; i < 8; ++i) {
        if (i == best) {
            out += "::";
            i += best_length - 1;
            continue;
        }
        if (!out.empty() && out.back() != ':') {
            out += ':';
        }
        const std::string hex = hex_encode(
            std::string{static_cast<char>(groups[i] >> 8), static_cast<char>(groups[i] & 0xFF)});
        out += hex.substr(std::min<size_t>(hex.find_first_not_of('0'), 3));
    }
    return out;
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
    IpAddress address;
    if (text.find(':') == std::string_view::npos) {
        std::ranges::copy(mapped_prefix, address.bytes.begin());
        address.is_v4 = true;
        if (!parse_v4(text, address.bytes.data() + 12, address.has_leading_0)) {
            return std::nullopt;
        }
        return address;
    }
    std::vector<uint8_t> left;
    std::vector<uint8_t> right;
    const size_t gap = text.find("::");
    const bool has_gap = gap != std::string_view::npos;
    if (!parse_groups(text.substr(0, gap), !has_gap, left, address.has_leading_0) ||
        (has_gap && !parse_groups(text.substr(gap + 2), true, right, address.has_leading_0))) {
        return std::nullopt;
    }
    const size_t given = left.size() + right.size();
    if (has_gap ? given > 14 : given != 16) {
        return std::nullopt;
    }
    std::ranges::copy(left, address.bytes.begin());
    std::ranges::copy(right, address.bytes.end() - static_cast<std::ptrdiff_t>(right.size()));
    return address;
}

std::vector<std::string> check_ip_address(std::string_view text) {
    const std::optional<IpAddress> address = parse_ip_address(text);
    if (!address) {
        return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
    }
    if (address->has_leading_0) {
        return {"must not have leading 0s"};
    }
    if (address->is_mapped_v4()) {
        return {"must not be an IPv4-mapped IPv6 address"};
    }
    const std::string canonical = address->text();
    return canonical == text ? std::vector<std::string>()
                             : std::vector<std::string>{not_canonical(canonical)};
}

std::vector<std::string> check_cidr(std::string_view text) {
    const std::optional<Network> network = parse_network(text);
    if (!network) {
        return {"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"};
    }
    if (network->has_leading_0) {
        return {"must not have leading 0s in IP or prefix length"};
    }
    if (network->address.is_mapped_v4()) {
        return {"must not have an IPv4-mapped IPv6 address"};
    }
    if (network->has_bits_beyond()) {
        return {"must not have bits set beyond the prefix length"};
    }
    const std::string canonical = cat(network->address.text(), "/", network->length);
    return canonical == text ? std::vector<std::string>()
                             : std::vector<std::string>{not_canonical(canonical)};
}

std::vector<std::string> check_interface_address(std::string_view text) {
    const std::optional<Network> network = parse_network(text);
    if (!network) {
        return {"must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)"};
    }
    IpAddress address = network->address;
    uint32_t length = network->length;
    if (address.is_mapped_v4()) {
        address.is_v4 = true;
        length = length >= 96 ? length - 96 : length;
    }
    const std::string canonical = cat(address.text(), "/", length);
    return canonical == text ? std::vector<std::string>()
                             : std::vector<std::string>{not_canonical(canonical)};
}

}  // namespace weft
