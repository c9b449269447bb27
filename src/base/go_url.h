// base/go_url.h: URLs as Go's net/url reads them.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"

namespace weft {

// url.URL, as far as it is asked for.
struct GoUrl {
    std::string scheme;
    std::string opaque;
    std::string user;  // as it was written, without the "@"
    bool has_user = false;
    std::string host;
    std::string escaped_path;
    bool has_query = false;  // a "?" stood there
    std::string raw_query;
    std::string fragment;

    bool operator==(const GoUrl&) const = default;
    [[nodiscard]] std::string hostname() const;
    [[nodiscard]] std::string port() const;
    // Keys and values by turns of appearance; malformed ones are left out.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> query() const;
};

// url.ParseRequestURI: an absolute URL or an absolute path. invalid with Go's text: `parse "x":
// invalid URI for request`.
[[nodiscard]] Result<GoUrl> parse_request_uri(std::string_view text);
// url.Parse, which knows fragments and relative paths.
[[nodiscard]] Result<GoUrl> parse_go_url(std::string_view text);

}  // namespace weft
