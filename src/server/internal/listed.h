// server/internal/listed.h: what a list came to, and its answer in the form the client wants.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/internal/core.h"

namespace weft::server {

// The entries that match, and where the next page begins.
struct Listed {
    std::vector<store::Entry> entries;
    store::Revision revision = 0;
    std::string continue_token;
    std::optional<int64_t> remaining;
    // Of an expired continue token: the token that goes on with the newest state.
    std::string inconsistent_token;
};

// 200 with the list: itself, a Table or a list of metadata, in the negotiated encoding.
[[nodiscard]] Answer respond_list(const Call& call, const Listed& listed);

}  // namespace weft::server
