// io/real_loop.cc: posting, timers, clocks and threads of the real loop.

#include "io/real_loop.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <pthread.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "io/internal/asio_parts.h"
#include "io/limits.h"

namespace weft::io {

namespace {

int64_t read_clock(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return int64_t{now.tv_sec} * second + now.tv_nsec;
}

class ThreadWorker : public Worker {
public:
    ThreadWorker(RealLoop* loop, std::string name)
        : loop_(loop), thread_(1, std::move(name)), alive_(std::make_shared<bool>(true)) {}
    ~ThreadWorker() override { *alive_ = false; }

    void run(Callback work, Callback done) override {
        thread_.run([loop = loop_, alive = alive_, work = std::move(work),
                     done = std::move(done)]() mutable {
            work();
            // Everything the work captured dies on the loop thread, with `done`.
            loop->post_from_anywhere([alive = std::move(alive), work = std::move(work),
                                      done = std::move(done)]() mutable {
                if (*alive) {
                    done();
                }
            });
        });
    }

private:
    RealLoop* loop_;
    internal::Threads thread_;
    std::shared_ptr<bool> alive_;  // read and written on the loop thread only
};

}  // namespace

namespace internal {

Threads::Threads(size_t count, std::string name) : name_(std::move(name)), count_(count) {}

Threads::~Threads() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Threads::run(Callback work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    if (threads_.size() < count_) {  // Threads begin when they are first needed.
        threads_.emplace_back([this] { work_until_stopped(); });
        pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
    }
}

void Threads::work_until_stopped() {
    while (true) {
        Callback work;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) {
                return;
            }
            work = std::move(queue_.front());
            queue_.pop_front();
        }
        work();
    }
}

}  // namespace internal

RealLoop::Parts::Parts(RealLoop* owner) : loop(owner) {}

int64_t RealLoop::Parts::monotonic() {
    return read_clock(CLOCK_MONOTONIC);
}

void RealLoop::Parts::count(int64_t nanos) {
    const auto bucket = std::ranges::upper_bound(HoldTimes::bounds, nanos);
    ++hold_times.counts[static_cast<size_t>(bucket - HoldTimes::bounds.begin())];
    hold_times.max = std::max(hold_times.max, nanos);
}

void RealLoop::Parts::schedule_drain() {
    if (!drain_scheduled) {
        drain_scheduled = true;
        asio::post(context, [this] { drain(); });
    }
}

void RealLoop::Parts::drain() {
    drain_scheduled = false;
    {
        const std::lock_guard lock(foreign_mutex);
        for (Callback& callback : foreign) {
            posted.push_back(std::move(callback));
        }
        foreign.clear();
    }
    int64_t start = monotonic();
    for (size_t i = 0; i < limits::posted_per_turn && !posted.empty() && !stopped; ++i) {
        {
            Callback callback = std::move(posted.front());
            posted.pop_front();
            callback();
        }
        const int64_t end = monotonic();
        count(end - start);
        start = end;
        ++callbacks;
    }
    if (!posted.empty()) {
        schedule_drain();
    }
    if (at_rest && callbacks - rested_after > limits::callbacks_before_rest) {
        await_rest();
    }
}

void RealLoop::Parts::await_rest() {
    if (!std::exchange(awaits_rest, true)) {
        loop->start_timer(second, [this, before = callbacks] {
            awaits_rest = false;
            if (callbacks - before > limits::callbacks_at_rest) {
                await_rest();
                return;
            }
            rested_after = callbacks;
            at_rest();
        });
    }
}

void RealLoop::Parts::arm_timer() {
    while (!heap.empty() && !timers.contains(heap.front().id)) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
    }
    if (heap.empty()) {
        return;  // A wait that is armed still wakes once for nothing.
    }
    const int64_t at = heap.front().at;
    if (armed_for != 0 && armed_for <= at) {
        return;
    }
    armed_for = at;
    timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at)));
    timer.async_wait([this](const asio::error_code& error) {
        if (!error) {
            run_due_timers();
        }
    });
}

void RealLoop::Parts::run_due_timers() {
    armed_for = 0;
    const int64_t now = monotonic();
    // Timers that start meanwhile with no delay wait for the next round: their ids are new.
    const TimerId end = next_timer;
    while (!heap.empty() && heap.front().at <= now && heap.front().id < end && !stopped) {
        const auto found = timers.find(heap.front().id);
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
        if (found != timers.end()) {
            Callback callback = std::move(found->second);
            timers.erase(found);
            timed(callback);
        }
    }
    arm_timer();
}

void RealLoop::Parts::compact_timers() {
    if (heap.size() > 2 * timers.size() + 1024) {
        std::erase_if(heap, [this](const Due& due) { return !timers.contains(due.id); });
        std::make_heap(heap.begin(), heap.end());
    }
}

RealLoop::RealLoop() : parts_(std::make_unique<Parts>(this)) {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

RealLoop::~RealLoop() {
    parts_->pool.reset();  // Its work posts here when it is done.
    // What is dropped may post, start or cancel timers while it goes.
    parts_->stopped = true;
    while (!parts_->posted.empty() || !parts_->timers.empty() || !parts_->foreign.empty()) {
        const auto posted = std::exchange(parts_->posted, {});
        const auto foreign = std::exchange(parts_->foreign, {});
        const auto timers = std::exchange(parts_->timers, {});
    }
}

Time RealLoop::now() const {
    const int64_t nanos = read_clock(CLOCK_REALTIME);
    return {nanos / second, static_cast<int32_t>(nanos % second)};
}

int64_t RealLoop::monotonic() const {
    return Parts::monotonic();
}

void RealLoop::fill_random(std::span<unsigned char> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
        CHECK(got > 0 || errno == EINTR);
        bytes = bytes.subspan(got > 0 ? static_cast<size_t>(got) : 0);
    }
}

void RealLoop::post(Callback callback) {
    parts_->posted.push_back(std::move(callback));
    parts_->schedule_drain();
}

void RealLoop::post_from_anywhere(Callback callback) {
    bool is_first = false;
    {
        const std::lock_guard lock(parts_->foreign_mutex);
        is_first = parts_->foreign.empty();
        parts_->foreign.push_back(std::move(callback));
    }
    if (is_first) {
        asio::post(parts_->context, [parts = parts_.get()] { parts->schedule_drain(); });
    }
}

Loop::TimerId RealLoop::start_timer(int64_t after, Callback callback) {
    const TimerId id = parts_->next_timer++;
    const int64_t start = monotonic();
    const int64_t room = std::numeric_limits<int64_t>::max() - start;
    parts_->timers.emplace(id, std::move(callback));
    parts_->heap.push_back({start + std::clamp<int64_t>(after, 0, room), id});
    std::push_heap(parts_->heap.begin(), parts_->heap.end());
    parts_->arm_timer();
    return id;
}

bool RealLoop::cancel_timer(TimerId id) {
    const bool was_waiting = parts_->timers.erase(id) != 0;
    parts_->compact_timers();
    return was_waiting;
}

std::unique_ptr<Worker> RealLoop::make_worker(std::string_view name) {
    return std::make_unique<ThreadWorker>(this, std::string(name));
}

void RealLoop::run_on_pool(Callback work, Callback done) {
    if (parts_->pool == nullptr) {
        parts_->pool = std::make_unique<internal::Threads>(limits::pool_threads, "pool");
    }
    parts_->pool->run([this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        post_from_anywhere([work = std::move(work), done = std::move(done)]() mutable { done(); });
    });
}

void RealLoop::run() {
    parts_->stopped = false;
    parts_->context.restart();
    const auto guard = asio::make_work_guard(parts_->context);
    if (!parts_->posted.empty()) {
        parts_->schedule_drain();
    }
    parts_->arm_timer();
    parts_->context.run();
}

void RealLoop::stop() {
    parts_->stopped = true;
    parts_->context.stop();
}

void RealLoop::when_at_rest(Callback callback) {
    parts_->at_rest = std::move(callback);
    parts_->await_rest();
}

const HoldTimes& RealLoop::hold_times() const {
    return parts_->hold_times;
}

void RealLoop::reset_hold_times() {
    parts_->hold_times = {};
}

}  // namespace weft::io
