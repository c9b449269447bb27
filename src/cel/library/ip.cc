// cel/library/ip.cc: addresses and networks as values.

#include "cel/library/ip.h"

#include <algorithm>

#include "cel/cost.h"
#include "cel/internal/go_ip.h"
#include "cel/library/kubernetes_costs.h"

namespace weft::cel {

namespace {

constexpr Type ip_type{.kind = TypeKind::opaque, .name = "net.IP"};
constexpr Type cidr_type{.kind = TypeKind::opaque, .name = "net.CIDR"};

uint64_t byte_count(const IpAddress& address) {
    return address.is_v4 ? 4 : 16;
}
bool same_address(const IpAddress& a, const IpAddress& b) {
    return a.is_v4 == b.is_v4 && a.bytes == b.bytes;
}

class IpValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    explicit IpValue(const IpAddress& of) : address(of) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &ip_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* ip = other.as<IpValue>();
        return ip != nullptr ? Value::boolean(same_address(ip->address, address))
                             : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] uint64_t cost_size() const override { return byte_count(address); }
    [[nodiscard]] std::string text() const override { return address.text(); }

    const IpAddress address;
};

// An address, whose bits behind the prefix are kept, and the length of the prefix.
class CidrValue final : public Opaque {
public:
    static constexpr char class_id = 0;
    CidrValue(const IpAddress& of, uint32_t length) : address(of), bits(length) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &cidr_type; }
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override {
        const auto* cidr = other.as<CidrValue>();
        return cidr != nullptr
                   ? Value::boolean(cidr->bits == bits && same_address(cidr->address, address))
                   : make_error(arena, ErrorCode::no_such_overload, "no such overload");
    }
    [[nodiscard]] uint64_t cost_size() const override { return (bits + 7) / 8; }
    [[nodiscard]] std::string text() const override { return cat(address.text(), "/", bits); }

    // The address without the bits behind the prefix.
    [[nodiscard]] IpAddress masked(const IpAddress& of) const {
        IpAddress out = of;
        for (size_t bit = of.is_v4 ? 96 + bits : bits; bit < 128; ++bit) {
            out.bytes[bit / 8] = static_cast<uint8_t>(out.bytes[bit / 8] & ~(0x80U >> (bit % 8)));
        }
        return out;
    }
    [[nodiscard]] bool contains(const IpAddress& other) const {
        return other.is_v4 == address.is_v4 && same_address(masked(other), masked(address));
    }

    const IpAddress address;
    const uint32_t bits;
};

const IpAddress& address_of(const Value& value) {
    return value.as<IpValue>()->address;
}

// "::ffff:192.168.0.1" is refused everywhere. Written in hexadecimal it is the address of IPv4 for
// cel-spec, and refused by Kubernetes and cel-go.
bool is_refused(const IpAddress& address, std::string_view text, Mapped mapped) {
    return address.is_mapped_v4() && (mapped == Mapped::refused || text.contains('.'));
}

Result<IpAddress> read_ip(std::string_view text, Mapped mapped) {
    std::string failure;
    bool has_zone = false;
    const std::optional<IpAddress> address = parse_go_ip(text, failure, has_zone);
    if (!address) {
        return weft::make_error(Reason::invalid, "IP Address ", quote(text),
                                " parse error during conversion from string: ", failure);
    }
    if (has_zone) {
        return weft::make_error(Reason::invalid, "IP address ", quote(text),
                                " with zone value is not allowed");
    }
    if (is_refused(*address, text, mapped)) {
        return weft::make_error(Reason::invalid, "IPv4-mapped IPv6 address ", quote(text),
                                " is not allowed");
    }
    IpAddress out = *address;
    out.is_v4 = out.is_v4 || out.is_mapped_v4();
    return out;
}

struct Prefix {
    IpAddress address;
    uint32_t bits = 0;
};

Result<Prefix> read_cidr(std::string_view text) {
    const auto refuse = [&](const auto&... pieces) {
        return weft::make_error(Reason::invalid,
                                "network address parse error during conversion from string: "
                                "netip.ParsePrefix(",
                                quote(text), "): ", pieces...);
    };
    const size_t slash = text.rfind('/');
    if (slash == std::string_view::npos) {
        return refuse("no '/'");
    }
    std::string failure;
    bool has_zone = false;
    const std::optional<IpAddress> address = parse_go_ip(text.substr(0, slash), failure, has_zone);
    if (!address) {
        return refuse(failure);
    }
    if (has_zone) {
        return refuse("IPv6 zones cannot be present in a prefix");
    }
    const std::string_view digits = text.substr(slash + 1);
    const bool has_odd_start = digits.size() > 1 && (digits[0] < '1' || digits[0] > '9');
    const std::optional<int64_t> bits = has_odd_start ? std::nullopt : parse_int(digits);
    if (!bits) {
        return refuse("bad bits after slash: ", quote(digits));
    }
    if (*bits < 0 || *bits > (address->is_v4 ? 32 : 128)) {
        return refuse("prefix length out of range");
    }
    if (address->is_mapped_v4()) {
        return weft::make_error(Reason::invalid, "IPv4-mapped IPv6 address ", quote(text),
                                " is not allowed");
    }
    return Prefix{*address, static_cast<uint32_t>(*bits)};
}

// --- Addresses ---

template <Mapped mapped>
Value make_ip(Call& call, std::span<const Value> args) {
    const Result<IpAddress> address = read_ip(args[0].as_string(), mapped);
    return address ? call.object<IpValue>(*address)
                   : call.error(ErrorCode::invalid_argument, address.error().message());
}
template <Mapped mapped>
Value is_ip(Call&, std::span<const Value> args) {
    return Value::boolean(read_ip(args[0].as_string(), mapped).has_value());
}
template <Mapped mapped>
Value is_canonical_ip(Call& call, std::span<const Value> args) {
    const Result<IpAddress> address = read_ip(args[0].as_string(), mapped);
    return address ? Value::boolean(address->text() == args[0].as_string())
                   : call.error(ErrorCode::invalid_argument, address.error().message());
}
Value object_text(Call& call, std::span<const Value> args) {
    return call.string(args[0].as_opaque()->text());
}
Value ip_family(Call&, std::span<const Value> args) {
    return Value::integer(address_of(args[0]).is_v4 ? 4 : 6);
}

// The bytes that count: of an IPv4 address the last four.
std::span<const uint8_t> bytes_of(const IpAddress& address) {
    return std::span(address.bytes).subspan(address.is_v4 ? 12 : 0);
}
bool is_all_zero(const IpAddress& address) {
    return std::ranges::all_of(bytes_of(address), [](uint8_t byte) { return byte == 0; });
}
bool is_loopback_address(const IpAddress& address) {
    const auto bytes = bytes_of(address);
    return address.is_v4 ? bytes[0] == 127
                         : bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1,
                                                         [](uint8_t byte) { return byte == 0; });
}
bool is_link_local_unicast_address(const IpAddress& address) {
    const auto bytes = bytes_of(address);
    return address.is_v4 ? bytes[0] == 169 && bytes[1] == 254
                         : bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80;
}
bool is_multicast_address(const IpAddress& address) {
    const auto bytes = bytes_of(address);
    return address.is_v4 ? (bytes[0] & 0xF0U) == 0xE0 : bytes[0] == 0xFF;
}
bool is_broadcast_address(const IpAddress& address) {
    return address.is_v4 &&
           std::ranges::all_of(bytes_of(address), [](uint8_t byte) { return byte == 255; });
}

Value is_unspecified_ip(Call&, std::span<const Value> args) {
    return Value::boolean(is_all_zero(address_of(args[0])));
}
Value is_loopback_ip(Call&, std::span<const Value> args) {
    return Value::boolean(is_loopback_address(address_of(args[0])));
}
Value is_link_local_multicast_ip(Call&, std::span<const Value> args) {
    const IpAddress& address = address_of(args[0]);
    const auto bytes = bytes_of(address);
    return Value::boolean(address.is_v4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
                                        : bytes[0] == 0xFF && (bytes[1] & 0x0FU) == 0x02);
}
Value is_link_local_unicast_ip(Call&, std::span<const Value> args) {
    return Value::boolean(is_link_local_unicast_address(address_of(args[0])));
}
Value is_global_unicast_ip(Call&, std::span<const Value> args) {
    const IpAddress& address = address_of(args[0]);
    return Value::boolean(!is_all_zero(address) && !is_broadcast_address(address) &&
                          !is_loopback_address(address) && !is_multicast_address(address) &&
                          !is_link_local_unicast_address(address));
}

// --- Networks ---

const CidrValue& network_of(const Value& value) {
    return *value.as<CidrValue>();
}

Value cidr_failure(Call& call, const Error& error) {
    return call.error(
        ErrorCode::invalid_argument,
        "network address parse error during conversion from string: ", error.message());
}
Value make_cidr(Call& call, std::span<const Value> args) {
    const Result<Prefix> prefix = read_cidr(args[0].as_string());
    return prefix ? call.object<CidrValue>(prefix->address, prefix->bits)
                  : cidr_failure(call, prefix.error());
}
Value is_cidr(Call&, std::span<const Value> args) {
    return Value::boolean(read_cidr(args[0].as_string()).has_value());
}
template <Mapped mapped>
Value contains_ip(Call& call, std::span<const Value> args) {
    if (!args[1].is_string()) {
        return Value::boolean(network_of(args[0]).contains(address_of(args[1])));
    }
    const Result<IpAddress> address = read_ip(args[1].as_string(), mapped);
    return address ? Value::boolean(network_of(args[0]).contains(*address))
                   : call.error(ErrorCode::invalid_argument, address.error().message());
}
bool contains_network(const CidrValue& network, const IpAddress& address, uint32_t bits) {
    return network.bits <= bits && network.contains(address);
}
Value contains_cidr(Call& call, std::span<const Value> args) {
    const CidrValue& network = network_of(args[0]);
    if (const auto* other = args[1].as<CidrValue>()) {
        return Value::boolean(contains_network(network, other->address, other->bits));
    }
    const Result<Prefix> prefix = read_cidr(args[1].as_string());
    return prefix ? Value::boolean(contains_network(network, prefix->address, prefix->bits))
                  : cidr_failure(call, prefix.error());
}
Value cidr_ip(Call& call, std::span<const Value> args) {
    return call.object<IpValue>(network_of(args[0]).address);
}
Value prefix_length(Call&, std::span<const Value> args) {
    return Value::integer(network_of(args[0]).bits);
}
Value masked_cidr(Call& call, std::span<const Value> args) {
    const CidrValue& network = network_of(args[0]);
    return call.object<CidrValue>(network.masked(network.address), network.bits);
}

Value is_mask(Call&, std::span<const Value> args) {
    const CidrValue& network = network_of(args[0]);
    return Value::boolean(same_address(network.masked(network.address), network.address));
}

// --- Costs ---

std::optional<uint64_t> cost_of_canonical(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[0]), 2 * string_traversal_factor);
}
std::optional<CallEstimate> estimate_canonical(std::span<const Operand> args) {
    return CallEstimate{scale_cost(args[0].size_or_unknown(), 2 * string_traversal_factor),
                        std::nullopt};
}
uint64_t cost_of_text(const Value& value) {
    return value.is_string() ? scale_cost(cost_size_of(value), string_traversal_factor) : 0;
}
std::optional<uint64_t> cost_of_contains_ip(std::span<const Value> args, const Value&) {
    return scale_cost(2 * cost_size_of(args[0]), string_traversal_factor) + cost_of_text(args[1]);
}
std::optional<uint64_t> cost_of_contains_cidr(std::span<const Value> args, const Value&) {
    const uint64_t size = cost_size_of(args[0]);
    return scale_cost(2 * size, string_traversal_factor) +
           scale_cost(size, string_traversal_factor) + 1 + cost_of_text(args[1]);
}
constexpr SizeEstimate address_size{4, 16};
CostEstimate estimate_text(const Operand& operand) {
    return operand.type != nullptr && operand.type->kind == TypeKind::string
               ? scale_cost(operand.size_or_unknown(), string_traversal_factor)
               : CostEstimate{};
}
std::optional<CallEstimate> estimate_contains_ip(std::span<const Operand> args) {
    return CallEstimate{
        scale_cost(address_size + address_size, string_traversal_factor) + estimate_text(args[1]),
        std::nullopt};
}
std::optional<CallEstimate> estimate_contains_cidr(std::span<const Operand> args) {
    return CallEstimate{scale_cost(address_size + address_size, string_traversal_factor) +
                            scale_cost(address_size, string_traversal_factor) + CostEstimate{1, 1} +
                            estimate_text(args[1]),
                        std::nullopt};
}

// --- Declarations ---

template <Mapped mapped>
void declare_ip(Library& library) {
    library.function("ip", {{.id = "string_to_ip",
                             .signature = "(string) -> net.IP",
                             .call = make_ip<mapped>,
                             .actual_cost = cost_of_parsing,
                             .estimated_cost = estimate_traversal}});
    library.function("isIP", {{.id = "is_ip",
                               .signature = "(string) -> bool",
                               .call = is_ip<mapped>,
                               .actual_cost = cost_of_parsing,
                               .estimated_cost = estimate_traversal}});
    library.function("ip.isCanonical", {{.id = "ip_is_canonical",
                                         .signature = "(string) -> bool",
                                         .call = is_canonical_ip<mapped>,
                                         .actual_cost = cost_of_canonical,
                                         .estimated_cost = estimate_canonical}});
}

template <Mapped mapped>
void declare_contains_ip(Library& library) {
    library.function("containsIP", {{.id = "cidr_contains_ip_string",
                                     .signature = "net.CIDR.(string) -> bool",
                                     .call = contains_ip<mapped>,
                                     .actual_cost = cost_of_contains_ip,
                                     .estimated_cost = estimate_contains_ip},
                                    {.id = "cidr_contains_ip_ip",
                                     .signature = "net.CIDR.(net.IP) -> bool",
                                     .call = contains_ip<mapped>,
                                     .actual_cost = cost_of_contains_ip,
                                     .estimated_cost = estimate_contains_ip}});
}

constexpr Documentation ip_documentation[] = {
    {"ip", "The address that a text is, of IPv4 or IPv6.", "ip('192.168.0.1')", "192.168.0.1"},
    {"isIP", "Whether a text is an address.", "isIP('192.168.0.256')", "false"},
    {"ip.isCanonical", "Whether an address is written as RFC 5952 wants it.",
     "ip.isCanonical('2001:DB8::1')", "false"},
    {"string", "An address as text.", "string(ip('2001:db8:0::1'))", R"("2001:db8::1")"},
    {"family", "4 or 6.", "ip('::1').family()", "6"},
    {"isUnspecified", "Whether it is 0.0.0.0 or ::.", "ip('0.0.0.0').isUnspecified()", "true"},
    {"isLoopback", "Whether it means the host itself.", "ip('127.0.0.1').isLoopback()", "true"},
    {"isLinkLocalMulticast", "Whether it is a multicast address of the link.",
     "ip('224.0.0.1').isLinkLocalMulticast()", "true"},
    {"isLinkLocalUnicast", "Whether it is an address of the link.",
     "ip('fe80::1').isLinkLocalUnicast()", "true"},
    {"isGlobalUnicast", "Whether it is an address of one host, private ones included.",
     "ip('10.0.0.1').isGlobalUnicast()", "true"},
};

constexpr Documentation cidr_documentation[] = {
    {"cidr", "The network that a text is.", "cidr('192.168.0.0/24')", "192.168.0.0/24"},
    {"isCIDR", "Whether a text is a network.", "isCIDR('192.168.0.0/33')", "false"},
    {"string", "A network as text.", "string(cidr('10.0.0.0/8'))", R"("10.0.0.0/8")"},
    {"containsIP", "Whether an address lies in the network.",
     "cidr('192.168.0.0/24').containsIP('192.168.0.7')", "true"},
    {"containsCIDR", "Whether another network lies in the network.",
     "cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25')", "true"},
    {"ip", "The address of a network as it was written.", "cidr('192.168.0.7/24').ip()",
     "192.168.0.7"},
    {"prefixLength", "The number of bits that all addresses share.",
     "cidr('192.168.0.0/24').prefixLength()", "24"},
    {"masked", "The network without the bits behind its prefix.", "cidr('192.168.0.7/24').masked()",
     "192.168.0.0/24"},
    {"isMask", "Whether no bit behind the prefix is set.", "cidr('192.168.0.7/24').isMask()",
     "false"},
};

}  // namespace

Library ip_library(Mapped mapped) {
    Library library("kubernetes.net.ip");
    library.constant("net.IP", "type(net.IP)", Value::type(&ip_type));
    mapped == Mapped::is_v4 ? declare_ip<Mapped::is_v4>(library)
                            : declare_ip<Mapped::refused>(library);
    library.function(
        "string", {{.id = "ip_to_string", .signature = "(net.IP) -> string", .call = object_text}});
    library.function("family",
                     {{.id = "ip_family", .signature = "net.IP.() -> int", .call = ip_family}});
    const auto probe = [&](std::string_view name, std::string_view id, Implementation call) {
        library.function(name, {{.id = id, .signature = "net.IP.() -> bool", .call = call}});
    };
    probe("isUnspecified", "ip_is_unspecified", is_unspecified_ip);
    probe("isLoopback", "ip_is_loopback", is_loopback_ip);
    probe("isLinkLocalMulticast", "ip_is_link_local_multicast", is_link_local_multicast_ip);
    probe("isLinkLocalUnicast", "ip_is_link_local_unicast", is_link_local_unicast_ip);
    probe("isGlobalUnicast", "ip_is_global_unicast", is_global_unicast_ip);
    library.document("Addresses", ip_documentation);
    return library;
}

Library cidr_library(Mapped mapped) {
    Library library("net.cidr");
    library.constant("net.CIDR", "type(net.CIDR)", Value::type(&cidr_type));
    library.function("cidr", {{.id = "string_to_cidr",
                               .signature = "(string) -> net.CIDR",
                               .call = make_cidr,
                               .actual_cost = cost_of_parsing,
                               .estimated_cost = estimate_traversal}});
    library.function("isCIDR", {{.id = "is_cidr",
                                 .signature = "(string) -> bool",
                                 .call = is_cidr,
                                 .actual_cost = cost_of_parsing,
                                 .estimated_cost = estimate_traversal}});
    library.function(
        "string",
        {{.id = "cidr_to_string", .signature = "(net.CIDR) -> string", .call = object_text}});
    mapped == Mapped::is_v4 ? declare_contains_ip<Mapped::is_v4>(library)
                            : declare_contains_ip<Mapped::refused>(library);
    library.function("containsCIDR", {{.id = "cidr_contains_cidr_string",
                                       .signature = "net.CIDR.(string) -> bool",
                                       .call = contains_cidr,
                                       .actual_cost = cost_of_contains_cidr,
                                       .estimated_cost = estimate_contains_cidr},
                                      {.id = "cidr_contains_cidr",
                                       .signature = "net.CIDR.(net.CIDR) -> bool",
                                       .call = contains_cidr,
                                       .actual_cost = cost_of_contains_cidr,
                                       .estimated_cost = estimate_contains_cidr}});
    library.function("ip",
                     {{.id = "cidr_ip", .signature = "net.CIDR.() -> net.IP", .call = cidr_ip}});
    library.function(
        "prefixLength",
        {{.id = "cidr_prefix_length", .signature = "net.CIDR.() -> int", .call = prefix_length}});
    library.function(
        "masked",
        {{.id = "cidr_masked", .signature = "net.CIDR.() -> net.CIDR", .call = masked_cidr}});
    if (mapped == Mapped::is_v4) {
        library.function(
            "isMask",
            {{.id = "cidr_is_mask", .signature = "net.CIDR.() -> bool", .call = is_mask}});
    }
    library.document("Networks", cidr_documentation);
    return library;
}

}  // namespace weft::cel
