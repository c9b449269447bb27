// server/internal/tokens.cc: signs and checks tokens.

#include "server/internal/tokens.h"

#include <algorithm>

#include "server/internal/core.h"
#include "server/internal/texts.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view key_in_store = "/weft/service-account-key";

std::string url_base64(std::string_view bytes) {
    return base64_encode(bytes, Base64::url_no_padding);
}

// ["a" "b"], as Go prints a list of texts by %q.
std::vector<std::string> text_items(const Value* list) {
    std::vector<std::string> out;
    for (const Value& item : list == nullptr ? std::span<const Value>() : list->items()) {
        if (item.is_string()) {
            out.emplace_back(item.as_string());
        }
    }
    return out;
}

}  // namespace

void Tokens::use(RsaKey key) {
    key_id_ = url_base64(sha256(key.public_der()));
    key_ = std::move(key);
    known_.clear();
}

io::Task<Status> Tokens::load(store::Store* store) {
    const auto entry = CO_TRY(co_await store->get(std::string(key_in_store), {}));
    if (entry) {
        use(CO_TRY(RsaKey::from_pem(*entry->value).context("the key of service account tokens")));
    }
    co_return Status{};
}

io::Task<Status> Tokens::ensure_key(store::Store* store) {
    if (key_) {
        co_return Status{};
    }
    RsaKey made = CO_TRY(RsaKey::generate());
    std::vector<store::Write> writes;
    writes.push_back(
        {std::string(key_in_store), std::make_shared<const std::string>(made.to_pem()), 0});
    const auto done = co_await store->commit(std::move(writes));
    if (!done && done.error().reason() == Reason::conflict) {
        co_return co_await load(store);  // another request was faster
    }
    CO_TRY(done);
    use(std::move(made));
    co_return Status{};
}

std::string Tokens::make(const TokenClaims& claims, Time now, const std::string& id) const {
    CHECK(key_.has_value());
    Value kubernetes = Value::map_of({{"namespace", claims.namespace_}});
    if (!claims.bound_kind.empty()) {
        kubernetes.set(claims.bound_kind,
                       Value::map_of({{"name", claims.bound_name}, {"uid", claims.bound_uid}}));
    }
    kubernetes.set("serviceaccount", Value::map_of({{"name", claims.name}, {"uid", claims.uid}}));
    Value audiences = Value::list();
    for (const std::string& audience : claims.audiences) {
        audiences.push_back(Value(audience));
    }
    const Value body = Value::map_of(
        {{"aud", std::move(audiences)},
         {"exp", now.seconds + claims.seconds},
         {"iat", now.seconds},
         {"iss", issuer_},
         {"jti", id},
         {"kubernetes.io", std::move(kubernetes)},
         {"nbf", now.seconds},
         {"sub", cat("system:serviceaccount:", claims.namespace_, ":", claims.name)}});
    const Value header = Value::map_of({{"alg", "RS256"}, {"kid", key_id_}});
    const std::string text = cat(url_base64(to_json(header)), ".", url_base64(to_json(body)));
    return cat(text, ".", url_base64(key_->sign(text)));
}

Value Tokens::key_set() const {
    CHECK(key_.has_value());
    return Value::map_of(
        {{"keys",
          Value::list_of({Value::map_of({{"use", "sig"},
                                         {"kty", "RSA"},
                                         {"kid", key_id_},
                                         {"alg", "RS256"},
                                         {"n", url_base64(key_->modulus())},
                                         {"e", url_base64(std::string("\x01\x00\x01", 3))}})})}});
}

std::optional<Value> Tokens::signed_claims(std::string_view token) const {
    std::string hash = sha256(token);
    if (const auto found = known_.find(hash); found != known_.end()) {
        return found->second;
    }
    std::optional<Value> claims = verified_claims(token);
    if (claims) {
        if (known_.size() >= limits::known_tokens_max) {
            known_.clear();
        }
        known_.emplace(std::move(hash), *claims);
    }
    return claims;
}

std::optional<Value> Tokens::verified_claims(std::string_view token) const {
    const size_t last = token.rfind('.');
    const size_t first = token.find('.');
    if (!key_ || first == std::string_view::npos || first == last) {
        return std::nullopt;
    }
    const auto header = base64_decode(token.substr(0, first), Base64::url_no_padding);
    const auto signature = base64_decode(token.substr(last + 1), Base64::url_no_padding);
    const auto body =
        base64_decode(token.substr(first + 1, last - first - 1), Base64::url_no_padding);
    if (!header || !signature || !body) {
        return std::nullopt;
    }
    const auto parsed_header = parse_json(*header);
    if (!parsed_header || parsed_header->string_at("alg") != "RS256" ||
        !key_->verify(token.substr(0, last), *signature)) {
        return std::nullopt;
    }
    auto claims = parse_json(*body);
    if (!claims || claims->string_at("iss") != issuer_) {
        return std::nullopt;
    }
    return std::move(*claims);
}

namespace {

// Whether an object is there under its uid and not on its way out for good.
io::Task<bool> is_alive(const Core* core, std::string resource, std::string namespace_,
                        std::string name, std::string uid) {
    const ResourcePtr found = core->registry.find("", "v1", resource);
    const auto entry =
        co_await core->store->get(found->key(found->namespaced ? namespace_ : "", name), {});
    if (!entry || !*entry) {
        co_return false;
    }
    co_return StoredView(*(*entry)->value).uid() == uid;
}

}  // namespace

namespace {

// Whether a token says that it is ours, whoever signed it.
bool is_of_issuer(std::string_view token, std::string_view issuer) {
    const auto parts = split(token, '.');
    if (parts.size() != 3) {
        return false;
    }
    const auto body = base64_decode(parts[1], Base64::url_no_padding);
    const auto claims = body ? parse_json(*body) : Result<Value>(Value());
    return claims && claims->string_at("iss") == issuer;
}

}  // namespace

io::Task<TokenVerdict> Tokens::check(const Core* core, std::string token,
                                     std::vector<std::string> audiences) const {
    TokenVerdict verdict;
    const auto claims = signed_claims(token);
    if (!claims) {
        if (is_of_issuer(token, issuer_)) {
            verdict.error = "go-jose/go-jose: error in cryptographic primitive";
        }
        co_return verdict;
    }
    if (audiences.empty()) {
        audiences.push_back(issuer_);
    }
    const std::vector<std::string> own = text_items(claims->find("aud"));
    for (const std::string& audience : audiences) {
        if (std::ranges::find(own, audience) != own.end()) {
            verdict.audiences.push_back(audience);
        }
    }
    if (verdict.audiences.empty()) {
        verdict.error = cat("token audiences ", quoted_list(own),
                            " is invalid for the target audiences ", quoted_list(audiences));
        co_return verdict;
    }
    const int64_t now = core->loop->now().seconds;
    if (claims->int_at(0, "exp") <= now) {
        verdict.error = "service account token has expired";
        co_return verdict;
    }
    const Value* kubernetes = claims->find("kubernetes.io");
    if (kubernetes == nullptr || claims->int_at(0, "nbf") > now) {
        verdict.error = "service account token is not valid yet";
        co_return verdict;
    }
    const std::string namespace_(kubernetes->string_at("namespace"));
    const std::string uid(kubernetes->string_at("serviceaccount", "uid"));
    bool alive =
        co_await is_alive(core, "serviceaccounts", namespace_,
                          std::string(kubernetes->string_at("serviceaccount", "name")), uid);
    UserInfo user;
    user.name = claims->string_at("sub");
    user.uid = uid;
    user.groups = {"system:serviceaccounts", cat("system:serviceaccounts:", namespace_),
                   "system:authenticated"};
    user.extra["authentication.kubernetes.io/credential-id"] = {
        cat("JTI=", claims->string_at("jti"))};
    for (const std::string_view kind : {"pod", "secret", "node"}) {
        const Value* bound = kubernetes->find(kind);
        if (bound == nullptr) {
            continue;
        }
        const std::string name(bound->string_at("name"));
        const std::string bound_uid(bound->string_at("uid"));
        alive = alive && co_await is_alive(core, cat(kind, "s"), namespace_, name, bound_uid);
        if (kind != "secret") {
            user.extra[cat("authentication.kubernetes.io/", kind, "-name")] = {name};
            user.extra[cat("authentication.kubernetes.io/", kind, "-uid")] = {bound_uid};
        }
    }
    if (alive) {
        verdict.user = std::move(user);
    } else {
        verdict.error = "service account token has been invalidated";
    }
    co_return verdict;
}

}  // namespace weft::server
