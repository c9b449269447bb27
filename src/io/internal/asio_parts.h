// io/internal/asio_parts.h: what the few files that include Asio share.

#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "io/real_loop.h"

namespace weft::io {

namespace internal {

// Threads that take work from one queue. Work that has not begun when it is destroyed is dropped.
// The queue is as long as there are tasks that wait for it; tasks are bounded where they are made.
class Threads {
public:
    explicit Threads(size_t count, std::string name);
    ~Threads();
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    void run(Callback work);

private:
    void work_until_stopped();

    std::string name_;
    size_t count_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::deque<Callback> queue_;
    std::vector<std::thread> threads_;
};

}  // namespace internal

struct RealLoop::Parts {
    explicit Parts(RealLoop* owner);

    // Runs a callback and counts how long it held the loop.
    template <typename Function>
    void timed(Function&& function) {
        const int64_t start = monotonic();
        function();
        count(monotonic() - start);
    }
    static int64_t monotonic();
    void count(int64_t nanos);

    void schedule_drain();
    void drain();
    void arm_timer();
    void run_due_timers();
    void compact_timers();
    void await_rest();

    struct Due {
        int64_t at;
        TimerId id;
        // A heap with the earliest at the front; ids go up, so equal times keep their order.
        bool operator<(const Due& other) const {
            return at != other.at ? at > other.at : id > other.id;
        }
    };

    RealLoop* loop;
    asio::io_context context{1};
    asio::steady_timer timer{context};
    bool stopped = false;
    HoldTimes hold_times;

    Callback at_rest;           // may be empty
    uint64_t callbacks = 0;     // that were posted and have run, since the start
    uint64_t rested_after = 0;  // so many, when `at_rest` was called last
    bool awaits_rest = false;   // a timer runs

    std::deque<Callback> posted;
    bool drain_scheduled = false;

    std::mutex foreign_mutex;
    std::vector<Callback> foreign;  // posted from other threads

    // Cancelled timers stay in the heap without an entry in the map until their time has come.
    std::vector<Due> heap;
    std::unordered_map<TimerId, Callback> timers;
    TimerId next_timer = 1;
    int64_t armed_for = 0;  // 0: not armed

    std::unique_ptr<internal::Threads> pool;
};

}  // namespace weft::io
