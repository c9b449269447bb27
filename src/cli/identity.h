// cli/identity.h: the keys and certificates of an embedded server, and the kubeconfig for it.

#pragma once

#include <string>

#include "base/base.h"
#include "io/tls.h"

namespace weft::cli {

struct Identity {
    io::tls::KeyPair ca;
    io::tls::KeyPair server;
    io::tls::KeyPair admin;  // CN kubernetes-admin, O system:masters
};

// Made anew, for a server that keeps nothing.
[[nodiscard]] Result<Identity> make_identity(const std::string& address, Time now);

// Read from `folder`/pki, or made and written there (0600), so that a kubeconfig survives a
// restart. Certificates that end within 30 days are made anew under the same CA.
[[nodiscard]] Result<Identity> keep_identity(const std::string& folder, const std::string& address,
                                             Time now);

}  // namespace weft::cli
