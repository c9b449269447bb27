// server/internal/tokens.cc: signs and checks tokens.

#include "server/internal/tokens.h"

#include <array>

namespace weft::server {

namespace {

std::string hmac_sha256(std::string_view key, std::string_view text) {
    constexpr size_t block = 64;
    std::string padded = key.size() > block ? sha256(key) : std::string(key);
    padded.resize(block, '\0');
    std::string inner;
    std::string outer;
    for (const char c : padded) {
        inner += static_cast<char>(static_cast<unsigned char>(c) ^ 0x36U);
        outer += static_cast<char>(static_cast<unsigned char>(c) ^ 0x5CU);
    }
    inner += text;
    return sha256(outer + sha256(inner));
}

}  // namespace

Tokens::Tokens(io::Loop* loop, std::string key, std::string issuer)
    : loop_(loop), key_(std::move(key)), issuer_(std::move(issuer)) {
    if (key_.empty()) {
        std::array<unsigned char, 32> bytes{};
        loop_->fill_random(bytes);
        key_.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
}

std::string Tokens::sign(std::string_view text) const {
    return base64_encode(hmac_sha256(key_, text), Base64::url_no_padding);
}

std::string Tokens::make(const TokenRequest& request) const {
    const int64_t now = loop_->now().seconds;
    Value account = Value::map_of({{"name", request.name}, {"uid", request.uid}});
    Value kubernetes =
        Value::map_of({{"namespace", request.namespace_}, {"serviceaccount", std::move(account)}});
    if (!request.bound_object.is_null()) {
        kubernetes.set(to_lower(request.bound_object.string_at("kind")),
                       Value::map_of({{"name", request.bound_object.string_at("name")},
                                      {"uid", request.bound_object.string_at("uid")}}));
    }
    Value audiences = Value::list();
    for (const std::string& audience : request.audiences) {
        audiences.push_back(Value(audience));
    }
    const Value claims = Value::map_of(
        {{"aud", std::move(audiences)},
         {"exp", now + request.seconds},
         {"iat", now},
         {"iss", issuer_},
         {"kubernetes.io", std::move(kubernetes)},
         {"nbf", now},
         {"sub", cat("system:serviceaccount:", request.namespace_, ":", request.name)}});
    const std::string text =
        cat(base64_encode(R"({"alg":"HS256","typ":"JWT"})", Base64::url_no_padding), ".",
            base64_encode(to_json(claims), Base64::url_no_padding));
    return cat(text, ".", sign(text));
}

std::optional<Value> Tokens::claims(std::string_view token) const {
    const size_t last = token.rfind('.');
    const size_t first = token.find('.');
    if (first == std::string_view::npos || first == last) {
        return std::nullopt;
    }
    if (sign(token.substr(0, last)) != token.substr(last + 1)) {
        return std::nullopt;
    }
    const auto json =
        base64_decode(token.substr(first + 1, last - first - 1), Base64::url_no_padding);
    if (!json) {
        return std::nullopt;
    }
    auto parsed = parse_json(*json);
    if (!parsed || parsed->int_at(0, "exp") <= loop_->now().seconds) {
        return std::nullopt;
    }
    return std::move(*parsed);
}

std::optional<UserInfo> Tokens::check(std::string_view token) const {
    const auto found = claims(token);
    if (!found) {
        return std::nullopt;
    }
    const std::string_view namespace_ = found->string_at("kubernetes.io", "namespace");
    UserInfo user;
    user.name = found->string_at("sub");
    user.uid = found->string_at("kubernetes.io", "serviceaccount", "uid");
    user.groups = {"system:serviceaccounts", cat("system:serviceaccounts:", namespace_)};
    return user;
}

std::vector<std::string> Tokens::audiences(std::string_view token) const {
    std::vector<std::string> out;
    if (const auto found = claims(token)) {
        if (const Value* list = found->find("aud")) {
            for (const Value& audience : list->items()) {
                out.emplace_back(audience.as_string());
            }
        }
    }
    return out;
}

}  // namespace weft::server
