// server/internal/request_info.cc: cuts a path as apiserver's RequestInfoFactory does.

#include "server/internal/request_info.h"

#include <algorithm>

namespace weft::server {

namespace {

std::vector<std::string> path_parts(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
    }
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    if (path.empty()) {
        return parts;
    }
    for (const std::string_view part : split(path, '/')) {
        parts.emplace_back(part);
    }
    return parts;
}

std::string verb_of(const std::string& method) {
    if (method == "POST") {
        return "create";
    }
    if (method == "GET" || method == "HEAD") {
        return "get";
    }
    if (method == "PUT") {
        return "update";
    }
    if (method == "PATCH") {
        return "patch";
    }
    return method == "DELETE" ? "delete" : "";
}

// `metadata.name=x` of a field selector makes the name of a list or watch (for RBAC).
std::string name_of_selector(std::string_view selector) {
    for (const std::string_view term : split(selector, ',')) {
        constexpr std::string_view field = "metadata.name=";
        if (term.starts_with(field)) {
            std::string_view name = term.substr(field.size());
            if (name.starts_with('=')) {
                name.remove_prefix(1);
            }
            return std::string(name);
        }
    }
    return {};
}

}  // namespace

bool bool_parameter(const io::http::Target& target, std::string_view name) {
    const auto value = target.parameter(name);
    if (!value) {
        return false;
    }
    const std::string lower = to_lower(*value);
    return lower != "false" && lower != "0";
}

RequestInfo request_info(const std::string& method, const io::http::Target& target) {
    RequestInfo info;
    info.path = target.path;
    info.verb = to_lower(method);
    std::vector<std::string> parts = path_parts(target.path);
    if (parts.size() < 3 || (parts[0] != "api" && parts[0] != "apis")) {
        return info;
    }
    info.prefix = parts[0];
    size_t at = 1;
    if (info.prefix == "apis") {
        if (parts.size() < 4) {
            return info;
        }
        info.group = parts[at++];
    }
    info.is_resource = true;
    info.version = parts[at++];
    info.verb = verb_of(method);
    bool forced_watch = false;
    if (at + 1 < parts.size() && parts[at] == "watch") {
        forced_watch = true;
        ++at;
    }
    if (parts[at] == "namespaces") {
        if (at + 1 < parts.size()) {
            info.namespace_ = parts[at + 1];
            if (at + 2 < parts.size() && parts[at + 2] != "status" && parts[at + 2] != "finalize") {
                at += 2;
            }
        }
    }
    info.parts.assign(parts.begin() + static_cast<ptrdiff_t>(at), parts.end());
    if (info.parts.size() >= 3) {
        info.subresource = info.parts[2];
    }
    if (info.parts.size() >= 2) {
        info.name = info.parts[1];
    }
    if (!info.parts.empty()) {
        info.resource = info.parts[0];
    }
    if (info.name.empty() && info.verb == "get") {
        info.verb = bool_parameter(target, "watch") ? "watch" : "list";
        if (const auto selector = target.parameter("fieldSelector")) {
            info.name = name_of_selector(*selector);
        }
    } else if (info.name.empty() && info.verb == "delete") {
        info.verb = "deletecollection";
    }
    if (forced_watch) {
        info.verb = "watch";
    }
    return info;
}

}  // namespace weft::server
