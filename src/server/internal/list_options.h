// server/internal/list_options.h: what a list or a watch asks for, checked.

#pragma once

#include <optional>
#include <string>

#include "server/internal/core.h"
#include "server/internal/selectors.h"
#include "server/internal/watch_hub.h"

namespace weft::server {

enum class VersionMatch : uint8_t { unset, exact, not_older_than };

struct ListOptions {
    WatchFilter filter;
    int64_t limit = 0;
    std::string continue_token;
    std::string resource_version;  // as sent
    store::Revision revision = 0;  // its number
    VersionMatch match = VersionMatch::unset;
    std::optional<bool> send_initial_events;
    bool allow_bookmarks = false;
    std::optional<int64_t> timeout_seconds;
};

// Of the query. bad_request for what does not parse, invalid for combinations that are refused.
[[nodiscard]] Result<ListOptions> read_list_options(const Call& call, bool is_watch);

// Waits (for a moment) until the store has reached the revision; timeout "Too large resource
// version" if it does not.
[[nodiscard]] io::Task<Status> wait_for_revision(Core* core, store::Revision revision);

}  // namespace weft::server
