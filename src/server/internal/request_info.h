// server/internal/request_info.h: what a URL asks for.

#pragma once

#include <string>
#include <vector>

#include "io/http.h"

namespace weft::server {

// The parts of a request as apimachinery's RequestInfo names them. A value.
struct RequestInfo {
    bool is_resource = false;
    std::string verb;  // "get", "list", "watch", "deletecollection", …; else the HTTP method
    std::string path;
    std::string prefix;  // "api" or "apis"
    std::string group;
    std::string version;
    std::string namespace_;
    std::string resource;
    std::string subresource;
    std::string name;
    std::vector<std::string> parts;  // from the resource on

    [[nodiscard]] bool is_watch() const { return verb == "watch"; }
};

// Never fails: what is no resource path is a non-resource request.
[[nodiscard]] RequestInfo request_info(const std::string& method, const io::http::Target& target);

// A query parameter as Go's conversion of booleans reads it: absent, "false", "0" are false.
[[nodiscard]] bool bool_parameter(const io::http::Target& target, std::string_view name);

}  // namespace weft::server
