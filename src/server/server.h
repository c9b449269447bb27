// server/server.h: the front door of server: an API server that clients cannot tell from
// Kubernetes.
//
// It is an http::Handler: hand it to io::http::listen for the network, or to io::http::in_process
// for the same process (`weft up`, control, tests). Everything it keeps is in the store; several
// servers may not share one store. Source of the behaviour: Kubernetes 1.36. Loop thread only.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/http.h"
#include "object/object.h"
#include "server/auth.h"  // IWYU pragma: export
#include "store/store.h"

namespace weft::server {

struct Core;

struct Options {
    io::Loop* loop = nullptr;
    store::Store* store = nullptr;  // must outlive the server

    // Bearer tokens that are known from the start. A client certificate gives name and groups
    // itself (http::Peer). Without either a request is anonymous, or 401 if that is off.
    std::vector<StaticToken> tokens;
    bool allow_anonymous = true;
    // Who may do what besides system:masters (everything) and the public paths. Borrowed; null:
    // RBAC by the objects in the store.
    Authorizer* authorizer = nullptr;
    // Borrowed, asked in order after the server's own rules.
    std::vector<Admission*> admission;

    // Checks the expressions of policies against the kinds they judge and writes what it finds into
    // their status, as a cluster's controller does.
    bool checks_policy_types = false;
    // Hears in words of what failed in the server itself (a disk that is full), not more often than
    // every ten seconds; clients get it as a Status. May be empty.
    std::function<void(const std::string&)> on_failure;
    // How webhooks are reached; null: over the network. For tests.
    std::function<Result<std::unique_ptr<io::http::Transport>>(io::http::ClientOptions)>
        webhook_transport;

    // Every version of every group is served, alpha and beta too (--runtime-config=api/all=true).
    bool all_versions = false;
    std::string version = "v1.36.3+weft";
    // The address clients reach us at, for the Service default/kubernetes and its endpoints.
    std::string advertise_address = "127.0.0.1";
    uint16_t advertise_port = 6443;
    // Of Services. An IPv4 network.
    std::string service_cidr = "10.96.0.0/16";
    int node_port_min = 30000;
    int node_port_max = 32767;
    // Of service account tokens. Their key lies in the store.
    std::string token_issuer = "https://kubernetes.default.svc";
};

class ApiServer : public io::http::Handler {
public:
    // Reads what is stored (CRDs), and makes what every cluster has: the namespaces default,
    // kube-system, kube-public and kube-node-lease, the Service default/kubernetes and the
    // bootstrap roles.
    [[nodiscard]] static io::Task<Result<std::unique_ptr<ApiServer>>> start(Options options);
    ~ApiServer() override;

    io::Task<io::http::Response> handle(io::http::Request request) override;

    // Ends all watches and waits for what runs. To be called before destruction.
    io::Task<void> close();

private:
    explicit ApiServer(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace weft::server
