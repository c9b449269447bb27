// base/rsa.h: RSA keys that sign and check tokens (RS256).

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weft {

// A private key of 2048 bits with the exponent 65537. A value: copies share the key.
class RsaKey {
public:
    // Takes some 50 to 300 ms of one core.
    [[nodiscard]] static Result<RsaKey> generate();
    // A private key in PEM; invalid for anything else.
    [[nodiscard]] static Result<RsaKey> from_pem(std::string_view pem);

    [[nodiscard]] std::string to_pem() const;  // PKCS #8
    // PKCS #1 v1.5 with SHA-256.
    [[nodiscard]] std::string sign(std::string_view text) const;
    [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;
    // The modulus, big endian without leading zeros, and the public key as DER.
    [[nodiscard]] std::string modulus() const;
    [[nodiscard]] std::string public_der() const;

private:
    explicit RsaKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
    std::shared_ptr<void> key_;  // an EVP_PKEY
};

}  // namespace weft
