// cli/connect.h: commands that talk to an API server by kubeconfig.

#pragma once

#include <functional>
#include <string>

#include "base/base.h"
#include "graph/graph.h"
#include "io/real_loop.h"
#include "kube/kube.h"

namespace weft::cli {

// Which server.
struct ServerChoice {
    std::string kubeconfig;  // "": as find_config of cli/live.h finds it
    std::string context;     // "": the current one
};

// What a command has at hand while it is connected.
struct Connection {
    io::RealLoop* loop = nullptr;
    kube::Client* client = nullptr;
    kube::RestMapper* mapper = nullptr;
    std::string namespace_;  // of the context
};

// Runs `body` with a connection until it ends or a signal comes; its exit code, or exit_failed with
// a message when there is no server to talk to.
[[nodiscard]] int run_connected(const ServerChoice& choice,
                                std::function<io::Task<Result<int>>(Connection)> body);

// The kind that a user named: "Web", "web", "webs", "webs.kro.run", of what graphs generate or of
// anything served. not_found names what there is.
[[nodiscard]] io::Task<Result<kube::Resource>> find_resource(Connection connection,
                                                             std::string name);

// A definition, compiled with the kinds that the server has, as its controller would. The graph is
// null if a diagnostic is an error. Fails only where the server does not answer.
[[nodiscard]] io::Task<Result<graph::Compiled>> compile_served(Connection connection,
                                                               Object definition,
                                                               graph::FeatureGates gates);

}  // namespace weft::cli
