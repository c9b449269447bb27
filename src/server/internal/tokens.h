// server/internal/tokens.h: tokens of service accounts, made and checked by this server.
//
// They are JSON web tokens signed by HMAC-SHA256: only this server checks them.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "object/object.h"
#include "server/auth.h"

namespace weft::server {

struct TokenRequest {
    std::string namespace_;
    std::string name;
    std::string uid;
    std::vector<std::string> audiences;
    int64_t seconds = 3600;
    Value bound_object;  // {kind, name, uid}; null without
};

class Tokens {
public:
    Tokens(io::Loop* loop, std::string key, std::string issuer);

    [[nodiscard]] std::string make(const TokenRequest& request) const;
    // The service account; nothing if the token is not ours or has ended.
    [[nodiscard]] std::optional<UserInfo> check(std::string_view token) const;
    // The audiences of a token that `check` accepted.
    [[nodiscard]] std::vector<std::string> audiences(std::string_view token) const;
    [[nodiscard]] const std::string& issuer() const { return issuer_; }

private:
    [[nodiscard]] std::string sign(std::string_view text) const;
    [[nodiscard]] std::optional<Value> claims(std::string_view token) const;

    io::Loop* loop_;
    std::string key_;
    std::string issuer_;
};

}  // namespace weft::server
