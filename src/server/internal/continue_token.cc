// server/internal/continue_token.cc: writes and reads continue tokens.

#include "server/internal/continue_token.h"

#include "object/object.h"

namespace weft::server {

std::string encode_continue(const ContinueToken& token) {
    return base64_encode(
        to_json(Value::map_of(
            {{"v", "meta.k8s.io/v1"}, {"rv", token.revision}, {"start", token.start}})),
        Base64::url_no_padding);
}

Result<ContinueToken> decode_continue(std::string_view text) {
    constexpr std::string_view not_valid = "continue key is not valid: ";
    const auto bytes = base64_decode(text, Base64::url_no_padding);
    if (!bytes) {
        return make_error(Reason::bad_request, not_valid, "illegal base64 data at input byte 0");
    }
    auto parsed = parse_json(*bytes);
    if (!parsed) {
        return make_error(Reason::bad_request, not_valid, parsed.error().message());
    }
    const std::string_view version = parsed->string_at("v");
    if (version != "meta.k8s.io/v1") {
        return make_error(Reason::bad_request, not_valid,
                          "server does not recognize this encoded version ", version);
    }
    ContinueToken token;
    token.revision = parsed->int_at(0, "rv");
    if (token.revision == 0) {
        return make_error(Reason::bad_request, not_valid,
                          "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
    }
    token.start = std::string(parsed->string_at("start"));
    if (token.start.empty()) {
        return make_error(Reason::bad_request, not_valid,
                          "encoded start key empty (version meta.k8s.io/v1)");
    }
    for (const std::string_view part : split(token.start, '/')) {
        if (part == ".." || part == ".") {
            return make_error(Reason::bad_request, not_valid, token.start);
        }
    }
    return token;
}

}  // namespace weft::server
