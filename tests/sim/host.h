// tests/sim/host.h: the machine that the API server runs on: it can lose its power and come back.

#pragma once

#include <memory>
#include <set>
#include <string>

#include "io/io.h"
#include "server/server.h"
#include "sim/faults.h"
#include "store/faulty_vfs.h"
#include "store/store.h"

namespace weft::sim {

// A store on a disk that makes errors, and a server over it. `send` reaches the server that lives
// at the moment. Life: `start`, any number of `crash` and `restart`, `stop`.
class Host : public io::http::Transport {
public:
    Host(io::Loop* loop, uint64_t seed, FaultCounts* counts)
        : loop_(loop), vfs_({.seed = seed}), counts_(counts) {}

    io::Task<Status> start();
    // The power goes: what was not synced may be lost or torn. It comes back after so many
    // nanoseconds.
    io::Task<Status> crash(int64_t down_for);
    // The process ends in order and starts again.
    io::Task<Status> restart();
    io::Task<void> stop();

    io::Task<Result<io::http::Response>> send(io::http::Request request) override;

    // The power goes instead of one of the next effects on the disk.
    void cut_power_in(uint64_t effects) { vfs_.cut_power_at(vfs_.effects() + effects); }
    void keep_power() { vfs_.cut_power_at(UINT64_MAX); }
    [[nodiscard]] bool has_lost_power() const { return vfs_.is_down(); }
    void set_disk_faults(store::FaultyOptions options) { vfs_.set_faults(options); }
    [[nodiscard]] bool is_up() const { return server_ != nullptr && !is_closing_; }

private:
    // Starts on what the disk holds, again where the power goes meanwhile.
    io::Task<Status> revive();
    class Source;
    io::Task<void> shut_down();

    io::Loop* loop_;
    store::FaultyVfs vfs_;
    FaultCounts* counts_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<server::ApiServer> server_;
    bool is_closing_ = false;
    size_t in_flight_ = 0;  // requests and reads of streams inside the server
    std::set<Source*> sources_;
};

}  // namespace weft::sim
