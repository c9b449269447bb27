// server/internal/rbac.h: who may do what, by the Roles and bindings in the store.

#pragma once

#include <string>

#include "server/auth.h"
#include "server/internal/core.h"

namespace weft::server {

class Rbac : public Authorizer {
public:
    explicit Rbac(Core* core) : core_(core) {}
    io::Task<Decision> authorize(Attributes attributes) override;

private:
    io::Task<Value> role_of(Value binding, std::string namespace_);

    Core* core_;
};

// system:masters and public paths, then the configured authorizer, then RBAC.
[[nodiscard]] io::Task<Decision> authorize(Core* core, Attributes attributes);
// `User "u" cannot get resource "r" in API group "g" in the namespace "n"`.
[[nodiscard]] std::string refusal_text(const Attributes& attributes);

}  // namespace weft::server
