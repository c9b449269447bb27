// cel/internal/go_ip.cc: addresses as Go's netip reads them. Source: Go net/netip, 1.24.

#include "cel/internal/go_ip.h"

#include <algorithm>

namespace weft::cel {

namespace {

class GoIpParser {
public:
    explicit GoIpParser(std::string_view text) : text_(text) {}

    std::optional<IpAddress> parse(bool& has_zone) {
        for (const char c : text_) {
            if (c == '.') {
                return parse_v4();
            }
            if (c == ':') {
                return parse_v6(has_zone);
            }
            if (c == '%') {
                return fail("missing IPv6 address");
            }
        }
        return fail("unable to parse IP");
    }
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    std::nullopt_t fail(std::string_view message, std::string_view at = "") {
        failure_ = cat("ParseAddr(", quote(text_), "): ", message);
        if (!at.empty()) {
            append(failure_, " (at ", quote(at), ")");
        }
        return std::nullopt;
    }

    // Four bytes at `out`.
    bool parse_fields(std::string_view text, uint8_t* out) {
        uint32_t value = 0;
        size_t digits = 0;
        size_t fields = 0;
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c >= '0' && c <= '9') {
                if (digits == 1 && value == 0) {
                    fail("IPv4 field has octet with leading zero");
                    return false;
                }
                value = value * 10 + static_cast<uint32_t>(c - '0');
                ++digits;
                if (value > 255) {
                    fail("IPv4 field has value >255");
                    return false;
                }
            } else if (c == '.') {
                if (i == 0 || i == text.size() - 1 || text[i - 1] == '.') {
                    fail("IPv4 field must have at least one digit", text.substr(i));
                    return false;
                }
                if (fields == 3) {
                    fail("IPv4 address too long");
                    return false;
                }
                out[fields++] = static_cast<uint8_t>(value);
                value = 0;
                digits = 0;
            } else {
                fail("unexpected character", text.substr(i));
                return false;
            }
        }
        if (fields < 3) {
            fail("IPv4 address too short");
            return false;
        }
        out[3] = static_cast<uint8_t>(value);
        return true;
    }

    std::optional<IpAddress> parse_v4() {
        IpAddress out;
        out.is_v4 = true;
        out.bytes[10] = out.bytes[11] = 0xFF;
        return parse_fields(text_, out.bytes.data() + 12) ? std::optional(out) : std::nullopt;
    }

    std::optional<IpAddress> parse_v6(bool& has_zone) {
        std::string_view rest = text_;
        if (const size_t percent = rest.find('%'); percent != std::string_view::npos) {
            if (percent + 1 == rest.size()) {
                return fail("zone must be a non-empty string");
            }
            has_zone = true;
            rest = rest.substr(0, percent);
        }
        constexpr size_t no_gap = 17;
        size_t gap = no_gap;
        size_t at = 0;
        IpAddress out;
        if (rest.starts_with("::")) {
            gap = 0;
            rest.remove_prefix(2);
            if (rest.empty()) {
                return out;
            }
        }
        while (at < 16) {
            uint32_t group = 0;
            size_t length = 0;
            for (; length < rest.size(); ++length) {
                const std::optional<uint32_t> digit = hex_digit(rest[length]);
                if (!digit) {
                    break;
                }
                if (length > 3) {
                    return fail("each group must have 4 or less digits", rest);
                }
                group = group << 4U | *digit;
            }
            if (length == 0) {
                return fail("each colon-separated field must have at least one digit", rest);
            }
            if (length < rest.size() && rest[length] == '.') {
                if (gap == no_gap && at != 12) {
                    return fail(
                        "embedded IPv4 address must replace the final 2 fields of the address",
                        rest);
                }
                if (at + 4 > 16) {
                    return fail(
                        "too many hex fields to fit an embedded IPv4 at the end of the address",
                        rest);
                }
                if (!parse_fields(rest, out.bytes.data() + at)) {
                    return std::nullopt;
                }
                rest = {};
                at += 4;
                break;
            }
            out.bytes[at++] = static_cast<uint8_t>(group >> 8U);
            out.bytes[at++] = static_cast<uint8_t>(group & 0xFFU);
            rest.remove_prefix(length);
            if (rest.empty()) {
                break;
            }
            if (rest[0] != ':') {
                return fail("unexpected character, want colon", rest);
            }
            if (rest.size() == 1) {
                return fail("colon must be followed by more characters", rest);
            }
            rest.remove_prefix(1);
            if (rest[0] == ':') {
                if (gap != no_gap) {
                    return fail("multiple :: in address", rest);
                }
                gap = at;
                rest.remove_prefix(1);
                if (rest.empty()) {
                    break;
                }
            }
        }
        if (!rest.empty()) {
            return fail("trailing garbage after address", rest);
        }
        if (at == 16) {
            return gap == no_gap ? std::optional(out)
                                 : fail("the :: must expand to at least one field of zeros");
        }
        if (gap == no_gap) {
            return fail("address string too short");
        }
        std::rotate(out.bytes.begin() + static_cast<std::ptrdiff_t>(gap),
                    out.bytes.begin() + static_cast<std::ptrdiff_t>(at), out.bytes.end());
        return out;
    }

    static std::optional<uint32_t> hex_digit(char c) {
        if (c >= '0' && c <= '9') {
            return static_cast<uint32_t>(c - '0');
        }
        const char lower = static_cast<char>(c | 0x20);
        return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<uint32_t>(lower - 'a' + 10))
                                            : std::nullopt;
    }

    std::string_view text_;
    std::string failure_;
};

}  // namespace

std::optional<IpAddress> parse_go_ip(std::string_view text, std::string& failure, bool& has_zone) {
    GoIpParser parser(text);
    has_zone = false;
    std::optional<IpAddress> out = parser.parse(has_zone);
    failure = parser.failure();
    return out;
}

}  // namespace weft::cel
