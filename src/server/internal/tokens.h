// server/internal/tokens.h: tokens of service accounts, made and checked by this server.
//
// JSON web tokens signed by RS256. The key lies in the store beside the objects, so that tokens
// outlive a restart and a restored backup; it is made when it is first needed, because that takes
// longer than everything else a start does. Source of the behaviour: pkg/serviceaccount of
// Kubernetes 1.36.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/rsa.h"
#include "io/io.h"
#include "object/object.h"
#include "server/auth.h"
#include "store/store.h"

namespace weft::server {

struct Core;

struct TokenClaims {
    std::string namespace_;
    std::string name;
    std::string uid;
    std::vector<std::string> audiences;
    int64_t seconds = 3600;
    std::string bound_kind;  // "pod", "secret", "node"; "" without
    std::string bound_name;
    std::string bound_uid;
};

// What a token is worth for a list of audiences.
struct TokenVerdict {
    std::optional<UserInfo> user;
    std::vector<std::string> audiences;  // those that both sides named
    std::string error;                   // of a token that is ours, but not good
};

class Tokens {
public:
    explicit Tokens(std::string issuer) : issuer_(std::move(issuer)) {}

    // Reads the key of an earlier run, if the store has one.
    [[nodiscard]] io::Task<Status> load(store::Store* store);
    // The key is there afterwards.
    [[nodiscard]] io::Task<Status> ensure_key(store::Store* store);

    // CHECKs that there is a key. `id` becomes the token's jti.
    [[nodiscard]] std::string make(const TokenClaims& claims, Time now,
                                   const std::string& id) const;
    // Whether the token is ours and good for one of the audiences (none: the issuer), and whether
    // the account and what it is bound to are still there.
    [[nodiscard]] io::Task<TokenVerdict> check(const Core* core, std::string token,
                                               std::vector<std::string> audiences) const;
    [[nodiscard]] const std::string& issuer() const { return issuer_; }
    // The document of /openid/v1/jwks; CHECKs that there is a key.
    [[nodiscard]] Value key_set() const;

private:
    // The claims, if the signature is ours. A client shows the same token with every request, and
    // its signature stays as good as it was: the tokens seen last are remembered by their hash.
    // (Expiry and what the token is bound to are looked at each time, where Kubernetes believes a
    // token for ten seconds.)
    [[nodiscard]] std::optional<Value> signed_claims(std::string_view token) const;
    [[nodiscard]] std::optional<Value> verified_claims(std::string_view token) const;
    void use(RsaKey key);

    std::string issuer_;
    std::optional<RsaKey> key_;
    std::string key_id_;
    mutable std::unordered_map<std::string, Value> known_;  // good tokens' claims, by hash
};

}  // namespace weft::server
