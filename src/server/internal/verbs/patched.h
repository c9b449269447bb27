// server/internal/verbs/patched.h: what is said of a patched object that no longer decodes.

#pragma once

#include <string_view>

#include "server/internal/core.h"

namespace weft::server {

// `content_type` is the patch's; `before` the object that it was applied to; `why` the decoder's
// text.
[[nodiscard]] Error undecodable_patch(std::string_view content_type, const Value& patched,
                                      const Value& before, const Value& patch,
                                      std::string_view why);

}  // namespace weft::server
