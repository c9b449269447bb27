// io/tls.h: making certificates: an authority of one's own, and what it vouches for.
//
// Keys are ECDSA P-256: made in well under a millisecond, and what Go and OpenSSL both like.
// Pure but for OpenSSL's random generator; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::io::tls {

// Both in PEM; the key as PKCS #8.
struct KeyPair {
    std::string certificate_pem = {};
    std::string key_pem = {};
};

// A self-signed authority, valid for ten years from an hour before `now`.
[[nodiscard]] Result<KeyPair> make_ca(std::string_view name, Time now);

enum class Usage : uint8_t { client, server };

// Who a certificate is for. Kubernetes reads the common name as the user and the organisations as
// the user's groups.
struct Subject {
    std::string common_name = {};
    std::vector<std::string> organisations = {};
    std::vector<std::string> dns_names = {};
    std::vector<std::string> ips = {};  // "127.0.0.1", "::1"
    Usage usage = Usage::server;
};

// Valid from an hour before `now` (clocks differ) for `validity` nanoseconds after it. Refuses a
// CA that cannot be read and an IP that is none.
[[nodiscard]] Result<KeyPair> make_certificate(const KeyPair& ca, const Subject& subject,
                                               int64_t validity, Time now);

// When a PEM certificate ends; an error if it is none. To know when to make a new one.
[[nodiscard]] Result<Time> certificate_end(std::string_view certificate_pem);

}  // namespace weft::io::tls
