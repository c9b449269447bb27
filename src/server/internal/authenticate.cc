// server/internal/authenticate.cc: tokens, certificates, anonymous.

#include "server/internal/authenticate.h"

#include <algorithm>

#include "server/internal/tokens.h"

namespace weft::server {

bool UserInfo::is_in_group(std::string_view group) const {
    return std::ranges::find(groups, group) != groups.end();
}

namespace {

void add_group(UserInfo& user, std::string_view group) {
    if (!user.is_in_group(group)) {
        user.groups.emplace_back(group);
    }
}

// Equal in time that depends on the lengths only.
bool equal_secrets(std::string_view a, std::string_view b) {
    unsigned different = a.size() == b.size() ? 0 : 1;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    }
    return different == 0;
}

// The token of an Authorization header; "" if it is none.
std::string_view bearer_token(std::string_view header) {
    header = trim(header);
    const size_t blank = header.find(' ');
    if (blank == std::string_view::npos || to_lower(header.substr(0, blank)) != "bearer") {
        return {};
    }
    const std::string_view rest = header.substr(blank + 1);
    return rest.substr(0, rest.find(' '));
}

}  // namespace

io::Task<Result<UserInfo>> authenticate(const Core* core_of_call,
                                        const io::http::Request* of_call) {
    const Core& core = *core_of_call;
    const io::http::Request& request = *of_call;
    const std::string_view token = bearer_token(request.headers.get("authorization"));
    if (!token.empty()) {
        for (const StaticToken& known : core.options.tokens) {
            if (equal_secrets(known.token, token)) {
                UserInfo user = known.user;
                add_group(user, "system:authenticated");
                co_return user;
            }
        }
        TokenVerdict verdict = co_await core.tokens->check(core_of_call, std::string(token), {});
        if (verdict.user) {
            co_return *std::move(verdict.user);
        }
        co_return make_error(Reason::unauthorized, "Unauthorized");
    }
    if (request.peer.has_certificate) {
        UserInfo user;
        user.name = request.peer.certificate_name;
        user.groups = request.peer.certificate_groups;
        add_group(user, "system:authenticated");
        co_return user;
    }
    // Whoever shows a certificate means to be somebody: not to be taken for nobody instead.
    if (request.peer.certificate_is_refused) {
        co_return make_error(Reason::unauthorized, "Unauthorized");
    }
    if (core.options.allow_anonymous) {
        UserInfo user;
        user.name = "system:anonymous";
        user.groups = {"system:unauthenticated"};
        co_return user;
    }
    co_return make_error(Reason::unauthorized, "Unauthorized");
}

}  // namespace weft::server
