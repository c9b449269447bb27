// kube/leader_election.h: one of several processes leads, by a Lease (client-go's protocol).

#pragma once

#include <functional>
#include <string>

#include "kube/client.h"

namespace weft::kube {

struct LeaderElectionOptions {
    std::string namespace_;
    std::string name;                          // "controller.kro.run"
    std::string identity;                      // unique: host and a random part
    int64_t lease_duration = 15 * io::second;  // others wait so long after the last renewal seen
    int64_t renew_deadline = 10 * io::second;  // the leader gives up after failing for so long
    int64_t retry_period = 2 * io::second;
};

// What others' clocks say is not trusted: a lease is old when its record has not changed for
// lease_duration of our own monotonic time. Loop thread only.
class LeaderElector {
public:
    LeaderElector(io::Loop* loop, Client* client, LeaderElectionOptions options)
        : loop_(loop), client_(client), options_(std::move(options)) {}

    // Waits until we lead. cancelled if the scope is.
    io::Task<Status> acquire();
    // Renews until the lease is lost (timeout) or the scope is cancelled (cancelled).
    io::Task<Status> hold();
    // Gives the lease up, so that the next need not wait. For the end of the process.
    io::Task<Status> release();

    // Hears why the lease could not be asked for, each reason once until it changes; may be empty.
    std::function<void(const Error&)> on_error;

    [[nodiscard]] const std::string& holder() const { return holder_; }

private:
    // True if the lease is ours now.
    io::Task<Result<bool>> try_acquire_or_renew();

    io::Loop* loop_;
    Client* client_;
    LeaderElectionOptions options_;
    std::string holder_;
    std::string told_;  // the last error that was told
    Value observed_spec_;
    int64_t observed_at_ = 0;
};

}  // namespace weft::kube
