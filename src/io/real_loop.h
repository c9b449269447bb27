// io/real_loop.h: the Loop of a real process: sockets and clocks by Asio, threads for workers.

#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "io/loop.h"

namespace weft::io {

// How long callbacks held the loop, since the start or the last reset. Loop thread only.
struct HoldTimes {
    // Bucket i counts callbacks that took less than bounds[i] nanoseconds and not less than the
    // bound before; the last bucket counts all longer ones.
    static constexpr std::array<int64_t, 6> bounds = {10'000,     100'000,     1'000'000,
                                                      10'000'000, 100'000'000, 1'000'000'000};
    std::array<uint64_t, bounds.size() + 1> counts{};
    int64_t max = 0;  // nanoseconds

    [[nodiscard]] uint64_t over_one_millisecond() const {
        return counts[3] + counts[4] + counts[5] + counts[6];
    }
};

// Everything but post_from_anywhere is called on the thread that calls `run`, or before it. Makes
// the process ignore SIGPIPE (a broken connection is an error of a write) and lets it open as many
// files as it may (the soft limit becomes the hard one, as Go's runtime does). What is still posted
// when the loop is destroyed is dropped. Workers are destroyed before their loop.
class RealLoop : public Loop {
public:
    RealLoop();
    ~RealLoop() override;
    RealLoop(const RealLoop&) = delete;
    RealLoop& operator=(const RealLoop&) = delete;

    [[nodiscard]] Time now() const override;
    [[nodiscard]] int64_t monotonic() const override;
    void fill_random(std::span<unsigned char> bytes) override;
    void post(Callback callback) override;
    void post_from_anywhere(Callback callback) override;
    TimerId start_timer(int64_t after, Callback callback) override;
    bool cancel_timer(TimerId id) override;
    [[nodiscard]] std::unique_ptr<Worker> make_worker(std::string_view name) override;
    void run_on_pool(Callback work, Callback done) override;
    void run() override;
    void stop() override;
    [[nodiscard]] RealLoop* real_loop() override { return this; }

    // Calls it whenever the process comes to rest: a second without more than some callbacks, after
    // the start and after each time of much work. It may take a millisecond.
    void when_at_rest(Callback callback);

    [[nodiscard]] const HoldTimes& hold_times() const;
    void reset_hold_times();

    // The Asio half, for io's own files (io/internal/asio_parts.h).
    struct Parts;
    [[nodiscard]] Parts* parts() { return parts_.get(); }

private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace weft::io
