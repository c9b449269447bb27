// server/internal/continue_token.h: where the next page of a list begins.
//
// Source of the form: apiserver's storage/continue.go: base64url of {"v","rv","start"}.

#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "store/store.h"

namespace weft::server {

struct ContinueToken {
    store::Revision revision = 0;  // -1: the newest, for a list whose snapshot is gone
    std::string start;             // key behind the list's prefix, the first one wanted
};

[[nodiscard]] std::string encode_continue(const ContinueToken& token);
// bad_request "continue key is not valid: …".
[[nodiscard]] Result<ContinueToken> decode_continue(std::string_view text);

}  // namespace weft::server
