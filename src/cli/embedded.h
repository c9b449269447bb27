// cli/embedded.h: a whole cluster's control plane in this process: store, API server, what a
// cluster does around it, and the graph controllers.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cluster/cluster.h"
#include "control/control.h"
#include "io/real_loop.h"
#include "server/server.h"
#include "store/store.h"

namespace weft::cli {

class Embedded {
public:
    // Returns when `/readyz` answers and the kubeconfig is in place. What was started before a
    // failure is stopped again.
    [[nodiscard]] static io::Task<Result<std::unique_ptr<Embedded>>> start(
        io::RealLoop* loop, ServerFlags flags, control::ControlOptions control);
    ~Embedded();

    // Ends watches, controllers and the server, lets commits end, releases the data dir.
    io::Task<void> stop();

    // As the administrator, in this process.
    [[nodiscard]] io::http::Transport* transport() { return admin_.get(); }
    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] const std::string& kubeconfig() const { return kubeconfig_; }
    [[nodiscard]] control::Manager* manager() { return manager_.get(); }

private:
    explicit Embedded(io::RealLoop* loop) : loop_(loop) {}
    io::Task<Status> start_parts(ServerFlags flags, control::ControlOptions control);

    io::RealLoop* loop_;
    std::string url_;
    std::string kubeconfig_;
    bool kubeconfig_is_temporary_ = false;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<server::ApiServer> api_;
    std::unique_ptr<io::http::Transport> admin_;
    std::unique_ptr<io::http::Server> listener_;
    std::unique_ptr<cluster::Cluster> cluster_;
    std::unique_ptr<control::Manager> manager_;
};

}  // namespace weft::cli
