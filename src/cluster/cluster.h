// cluster/cluster.h: the front door of cluster: what a cluster does around its API server.
//
// Garbage collection, namespaces and their service accounts always work; workloads are simulated
// as the mode says. It talks to the API server through the given transport and nothing else.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/stage.h"
#include "io/io.h"

namespace weft::cluster {

// How Deployments, Jobs, Services and the rest become what they ask for.
enum class WorkloadMode : uint8_t {
    instant,  // at once
    delayed,  // after delays drawn from the seed, as a small cluster would
    off,      // not at all: somebody else does it
};

struct Options {
    WorkloadMode workloads = WorkloadMode::instant;
    uint64_t seed = 1;
    // Make objects of custom kinds ready; not with `off`.
    std::vector<Stage> stages = {};
    std::string ca_pem;  // goes into the ConfigMap kube-root-ca.crt of every namespace
    // Hears of what failed and is tried again; may be empty.
    std::function<void(const std::string&)> on_error = {};
};

// Life: `start`, then `stop` before it is destroyed. Loop thread only.
class Cluster {
public:
    // Borrows loop and transport, which must outlive it.
    Cluster(io::Loop* loop, io::http::Transport* transport, Options options);
    ~Cluster();

    // Returns when every namespace that exists has been looked at and watches run.
    io::Task<Status> start();
    io::Task<void> stop();

    // Nothing is queued, worked on, or waits for its time.
    [[nodiscard]] bool is_idle() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace weft::cluster
