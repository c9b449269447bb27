// io/sim/virtual_loop.h: a Loop on virtual time: a whole world in one thread, the same every run.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string_view>

#include "io/loop.h"

namespace weft::io::sim {

// Time stands still while there is something to run and jumps to the next timer when there is
// not. Chance comes from the seed. Workers and the pool run on the same thread, between two turns.
class VirtualLoop : public Loop {
public:
    explicit VirtualLoop(uint64_t seed, Time start = {1'700'000'000, 0});
    ~VirtualLoop() override;

    [[nodiscard]] Time now() const override;
    [[nodiscard]] int64_t monotonic() const override { return monotonic_; }
    void fill_random(std::span<unsigned char> bytes) override;
    void post(Callback callback) override;
    void post_from_anywhere(Callback callback) override { post(std::move(callback)); }
    TimerId start_timer(int64_t after, Callback callback) override;
    bool cancel_timer(TimerId id) override;
    [[nodiscard]] std::unique_ptr<Worker> make_worker(std::string_view name) override;
    void run_on_pool(Callback work, Callback done) override;
    // Returns when `stop` was called or nothing is queued and no timer runs.
    void run() override;
    void stop() override { stopped_ = true; }

    // Lets the wall clock jump; timers do not feel it.
    void jump_wall_clock(int64_t nanos) { wall_offset_ += nanos; }

private:
    struct Timer {
        TimerId id;
        Callback callback;
    };
    Time start_;
    uint64_t random_state_;
    int64_t monotonic_ = 0;
    int64_t wall_offset_ = 0;
    bool stopped_ = false;
    std::deque<Callback> queue_;
    std::multimap<int64_t, Timer> timers_;
    std::map<TimerId, std::multimap<int64_t, Timer>::iterator> timer_by_id_;
    TimerId next_timer_ = 1;
};

}  // namespace weft::io::sim
