// server/internal/verbs/patched.h: what is said of patches that cannot be taken.

#pragma once

#include <optional>
#include <string_view>

#include "server/internal/core.h"

namespace weft::server {

// 415, if the request's media type is that of no patch of this kind.
[[nodiscard]] std::optional<Answer> refuse_patch_type(const Call& call);

// `content_type` is the patch's; `before` the object that it was applied to; `why` the decoder's
// text.
[[nodiscard]] Error undecodable_patch(std::string_view content_type, const Value& patched,
                                      const Value& before, const Value& patch,
                                      std::string_view why);

}  // namespace weft::server
