// tests/sim/faults.h: what goes wrong between a client and the server, drawn from the seed.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "io/io.h"

namespace weft::sim {

// Chances out of 10,000, by request (cuts: by batch of a watch).
struct FaultRates {
    uint32_t dropped = 0;      // never reaches the server
    uint32_t lost_answer = 0;  // is carried out, and the answer is lost
    uint32_t delayed = 0;      // up to three seconds before it is carried out
    uint32_t slow_answer = 0;  // up to three seconds after it
    uint32_t conflict = 0;     // 409 to a write
    uint32_t expired = 0;      // 410 to a watch or list that names a version
    uint32_t throttled = 0;    // 429
    uint32_t broken = 0;       // 500
    uint32_t cut_watch = 0;
};

// How often each fault happened, by name.
using FaultCounts = std::map<std::string, uint64_t>;

// Hears of every request and its answer, in order; `status` is 0 when there was none.
using Trace = std::function<void(const std::string& client, const io::http::Request& request,
                                 int status, const std::string& body)>;

// One client's connection. It can be killed: from one request on, nothing reaches the server any
// more, as if the process had died between two effects.
class FaultyTransport : public io::http::Transport {
public:
    // Borrows all; `inner` sends to whatever server lives at the moment.
    FaultyTransport(io::Loop* loop, std::string client, io::http::Transport* inner,
                    const FaultRates* rates, FaultCounts* counts, Trace trace)
        : loop_(loop),
          client_(std::move(client)),
          inner_(inner),
          rates_(rates),
          counts_(counts),
          trace_(std::move(trace)) {}

    io::Task<Result<io::http::Response>> send(io::http::Request request) override;

    // The process dies after so many more requests; the last may be carried out or not.
    void kill_after(uint64_t requests) { left_ = requests; }
    [[nodiscard]] bool is_dead() const { return left_ == 0; }
    [[nodiscard]] uint64_t sent() const { return sent_; }

private:
    [[nodiscard]] bool happens(uint32_t chance, const char* name);
    [[nodiscard]] std::optional<io::http::Response> refuse(const io::http::Request& request);

    io::Loop* loop_;
    std::string client_;
    io::http::Transport* inner_;
    const FaultRates* rates_;
    FaultCounts* counts_;
    Trace trace_;
    uint64_t left_ = UINT64_MAX;
    uint64_t sent_ = 0;
};

}  // namespace weft::sim
