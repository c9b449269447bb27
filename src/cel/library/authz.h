// cel/library/authz.h: asking an authorizer from a policy's expression.

#pragma once

#include <string>

#include "cel/library.h"

namespace weft::cel {

// What an expression asks: may somebody do `verb` with a path or a resource?
struct AuthorizationQuestion {
    std::string path;  // of something that is no resource; else ""
    std::string group;
    std::string resource;
    std::string subresource;
    std::string namespace_name;
    std::string name;
    std::string verb;
    std::string field_selector;
    std::string label_selector;
    // "namespace/name" of the service account that is asked about; "": whoever makes the request.
    std::string service_account;
};

struct AuthorizationAnswer {
    bool is_allowed = false;
    std::string reason;
    std::string error;  // "" if it could be decided
};

// Decides for a host that lets expressions ask. Outlives the evaluations that use it.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    [[nodiscard]] virtual AuthorizationAnswer decide(
        const AuthorizationQuestion& question) const = 0;
};

// The value that `authorizer` stands for. Its type is "kubernetes.authorization.Authorizer".
[[nodiscard]] Value authorizer_value(Arena& arena, const Authorizer& authorizer);

// The value of a check of a resource that is put together already, but for the verb: what policies
// call `authorizer.requestResource`.
[[nodiscard]] Value resource_check_value(Arena& arena, const Authorizer& authorizer,
                                         AuthorizationQuestion resource);

// Source: apiserver pkg/cel/library/authz.go. Selectors came with Kubernetes 1.31.
[[nodiscard]] Library authz_library(bool has_selectors);

}  // namespace weft::cel
