// server/internal/impersonate.cc: constrained impersonation, and the older way of the verb
// impersonate.
//
// Source of the behaviour and the texts: apiserver pkg/endpoints/filters/impersonation, 1.36. The
// mode for the node that a service account's pod runs on is not here: no pod runs.

#include "server/internal/impersonate.h"

#include <algorithm>

#include "object/names.h"
#include "server/internal/rbac.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view node_prefix = "system:node:";
constexpr std::string_view account_prefix = "system:serviceaccount:";

enum class Mode : uint8_t { arbitrary_node, service_account, user_info, legacy };
constexpr Mode modes[] = {Mode::arbitrary_node, Mode::service_account, Mode::user_info,
                          Mode::legacy};

std::string_view name_of(Mode mode) {
    switch (mode) {
        case Mode::arbitrary_node:
            return "arbitrary-node";
        case Mode::service_account:
            return "serviceaccount";
        case Mode::user_info:
            return "user-info";
        case Mode::legacy:
            break;
    }
    return "";
}

bool is_node(std::string_view name) {
    return name.starts_with(node_prefix) && name.size() > node_prefix.size();
}

// Namespace and name of a service account's user name.
std::optional<std::pair<std::string, std::string>> account_of(std::string_view name) {
    if (!name.starts_with(account_prefix)) {
        return std::nullopt;
    }
    const auto parts = split(name.substr(account_prefix.size()), ':');
    if (parts.size() != 2 || !check_dns1123_label(parts[0]).empty() ||
        !check_dns1123_subdomain(parts[1]).empty()) {
        return std::nullopt;
    }
    return std::pair(std::string(parts[0]), std::string(parts[1]));
}

// Go's %#v of a list of strings.
std::string go_list(const std::vector<std::string>& list) {
    if (list.empty()) {
        return "[]string(nil)";
    }
    std::string out;
    for (const std::string& text : list) {
        append(out, out.empty() ? "" : ", ", quote(text));
    }
    return cat("[]string{", out, "}");
}

// Go's %#v of a user.DefaultInfo.
std::string go_user(const UserInfo& user) {
    std::string extra;
    for (const auto& [key, values] : user.extra) {
        append(extra, extra.empty() ? "" : ", ", quote(key), ":", go_list(values));
    }
    return cat("&user.DefaultInfo{Name:", quote(user.name), ", UID:", quote(user.uid),
               ", Groups:", go_list(user.groups), ", Extra:",
               extra.empty() ? std::string("map[string][]string(nil)")
                             : cat("map[string][]string{", extra, "}"),
               "}");
}

UserInfo wanted_user(const io::http::Request& request) {
    UserInfo user;
    user.name = request.headers.get("impersonate-user");
    user.uid = request.headers.get("impersonate-uid");
    for (const std::string_view group : request.headers.all("impersonate-group")) {
        user.groups.emplace_back(group);
    }
    constexpr std::string_view extra_prefix = "impersonate-extra-";
    for (const auto& [header, value] : request.headers.fields()) {
        if (header.starts_with(extra_prefix)) {
            const std::string_view escaped = std::string_view(header).substr(extra_prefix.size());
            user.extra[path_unescape(escaped).value_or(std::string(escaped))].push_back(value);
        }
    }
    return user;
}

bool only_name_is_set(const UserInfo& user) {
    return user.uid.empty() && user.groups.empty() && user.extra.empty();
}

bool applies(Mode mode, const UserInfo& wanted) {
    switch (mode) {
        case Mode::arbitrary_node:
            return only_name_is_set(wanted) && is_node(wanted.name);
        case Mode::service_account:
            return only_name_is_set(wanted) && account_of(wanted.name).has_value();
        case Mode::user_info:
            return !is_node(wanted.name) && !account_of(wanted.name);
        case Mode::legacy:
            break;
    }
    return true;
}

io::Task<Status> check_right(Core* core, Attributes attributes) {
    const Decision decision = co_await authorize(core, attributes);
    if (decision.allowed) {
        co_return Status{};
    }
    std::string why = refusal_text(attributes);
    if (!decision.reason.empty()) {
        append(why, ": ", decision.reason);
    }
    co_return forbidden({attributes.group, attributes.resource}, attributes.name, why);
}

// The rights to each thing that the wanted user has; makes `actual` of it.
io::Task<Status> check_identity_rights(Core* core, Mode mode, UserInfo requestor, UserInfo wanted,
                                       UserInfo* actual) {
    constexpr std::string_view authentication = "authentication.k8s.io";
    const bool is_legacy = mode == Mode::legacy;
    Attributes base;
    base.user = std::move(requestor);
    base.verb = is_legacy ? std::string("impersonate") : cat("impersonate:", name_of(mode));
    base.is_resource = true;
    base.version = "v1";
    Attributes name = base;
    name.group = is_legacy ? std::string_view() : authentication;
    name.resource = "users";
    name.name = wanted.name;
    *actual = wanted;
    if (mode == Mode::arbitrary_node) {
        name.resource = "nodes";
        name.name = wanted.name.substr(node_prefix.size());
        actual->groups = {"system:nodes"};
    }
    if (const auto account = account_of(wanted.name)) {
        name.resource = "serviceaccounts";
        name.namespace_ = account->first;
        name.name = account->second;
        if (wanted.groups.empty()) {
            actual->groups = {"system:serviceaccounts",
                              cat("system:serviceaccounts:", account->first)};
        }
    }
    const std::string group_of_groups = name.group;
    CO_TRY(co_await check_right(core, std::move(name)));
    if (!wanted.uid.empty()) {
        Attributes uid = base;
        uid.group = authentication;
        uid.resource = "uids";
        uid.name = wanted.uid;
        CO_TRY(co_await check_right(core, std::move(uid)));
    }
    const bool is_masters = !is_legacy && wanted.is_in_group("system:masters");
    if (is_masters || (!is_legacy && wanted.is_in_group(""))) {
        co_return forbidden({group_of_groups, "groups"}, is_masters ? "system:masters" : "",
                            is_masters ? "impersonating the system:masters group is not allowed"
                                       : "impersonating the empty string group is not allowed");
    }
    for (const std::string& group : wanted.groups) {
        Attributes one = base;
        one.group = group_of_groups;
        one.resource = "groups";
        one.name = group;
        CO_TRY(co_await check_right(core, std::move(one)));
    }
    for (const auto& [key, values] : wanted.extra) {
        for (const std::string& value : values) {
            Attributes one = base;
            one.group = authentication;
            one.resource = "userextras";
            one.subresource = key;
            one.name = value;
            CO_TRY(co_await check_right(core, std::move(one)));
        }
    }
    const auto add_group = [&](std::string_view group) {
        if (!actual->is_in_group(group)) {
            actual->groups.emplace_back(group);
        }
    };
    if (actual->name == "system:anonymous") {
        add_group("system:unauthenticated");
    } else if (!actual->is_in_group("system:unauthenticated")) {
        add_group("system:authenticated");
    }
    co_return Status{};
}

// Nothing: this mode is not for such a user.
io::Task<Result<std::optional<UserInfo>>> try_mode(Core* core, Mode mode, UserInfo wanted,
                                                   Attributes attributes) {
    if (!applies(mode, wanted)) {
        co_return std::nullopt;
    }
    UserInfo requestor = attributes.user;
    if (mode != Mode::legacy) {
        attributes.verb = cat("impersonate-on:", name_of(mode), ":", attributes.verb);
        CO_TRY(co_await check_right(core, std::move(attributes)));
    }
    UserInfo actual;
    CO_TRY(co_await check_identity_rights(core, mode, std::move(requestor), std::move(wanted),
                                          &actual));
    co_return std::optional(std::move(actual));
}

}  // namespace

io::Task<Status> impersonate(Call* call, Attributes attributes) {
    bool has_headers = false;
    for (const auto& [header, value] : call->request.headers.fields()) {
        has_headers = has_headers || header.starts_with("impersonate-");
    }
    if (!has_headers) {
        co_return Status{};
    }
    const UserInfo wanted = wanted_user(call->request);
    if (wanted.name.empty()) {
        if (only_name_is_set(wanted)) {
            co_return Status{};
        }
        co_return bad_request(
            cat("requested ", go_user(wanted), " without impersonating a user name"));
    }
    // The way that worked last is tried first, and its refusal is the one that is told.
    auto& last = call->core->last_impersonation;
    std::vector<Mode> order;
    if (const auto found = last.find(call->user.name); found != last.end()) {
        order.push_back(modes[found->second]);
    }
    for (const Mode mode : modes) {
        if (order.empty() || order.front() != mode) {
            order.push_back(mode);
        }
    }
    std::optional<Error> first;
    for (const Mode mode : order) {
        auto user = co_await try_mode(call->core, mode, wanted, attributes);
        if (!user) {
            first = first ? *first : user.error();
            continue;
        }
        if (!*user) {
            continue;
        }
        if (last.size() >= limits::impersonators_remembered_max) {
            last.clear();
        }
        last[call->user.name] = static_cast<size_t>(std::ranges::find(modes, mode) - modes);
        call->user = std::move(**user);
        co_return Status{};
    }
    co_return first ? *first : internal_error("all impersonation modes failed");
}

}  // namespace weft::server
