// io/sim/virtual_loop.cc: virtual time.

#include "io/sim/virtual_loop.h"

namespace weft::io::sim {

namespace {

class VirtualWorker : public Worker {
public:
    explicit VirtualWorker(VirtualLoop* loop) : loop_(loop) {}
    void run(Callback work, Callback done) override {
        loop_->run_on_pool(std::move(work), std::move(done));
    }

private:
    VirtualLoop* loop_;
};

}  // namespace

VirtualLoop::VirtualLoop(uint64_t seed, Time start) : start_(start), random_state_(seed) {}

VirtualLoop::~VirtualLoop() = default;

Time VirtualLoop::now() const {
    const int64_t nanos = monotonic_ + wall_offset_ + start_.nanos;
    Time out{start_.seconds + nanos / second, static_cast<int32_t>(nanos % second)};
    if (out.nanos < 0) {
        out.nanos += static_cast<int32_t>(second);
        --out.seconds;
    }
    return out;
}

void VirtualLoop::fill_random(std::span<unsigned char> bytes) {
    for (unsigned char& byte : bytes) {
        // SplitMix64: one step a byte is plenty for what is drawn here.
        random_state_ += 0x9E3779B97F4A7C15ULL;
        uint64_t z = random_state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        byte = static_cast<unsigned char>(z ^ (z >> 31));
    }
}

void VirtualLoop::post(Callback callback) {
    queue_.push_back(std::move(callback));
}

Loop::TimerId VirtualLoop::start_timer(int64_t after, Callback callback) {
    const TimerId id = next_timer_++;
    const auto at =
        timers_.emplace(monotonic_ + std::max<int64_t>(after, 0), Timer{id, std::move(callback)});
    timer_by_id_.emplace(id, at);
    return id;
}

bool VirtualLoop::cancel_timer(TimerId id) {
    const auto found = timer_by_id_.find(id);
    if (found == timer_by_id_.end()) {
        return false;
    }
    timers_.erase(found->second);
    timer_by_id_.erase(found);
    return true;
}

std::unique_ptr<Worker> VirtualLoop::make_worker(std::string_view /*name*/) {
    return std::make_unique<VirtualWorker>(this);
}

void VirtualLoop::run_on_pool(Callback work, Callback done) {
    post([this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        post(std::move(done));
    });
}

void VirtualLoop::run() {
    stopped_ = false;
    while (!stopped_) {
        if (!queue_.empty()) {
            Callback callback = std::move(queue_.front());
            queue_.pop_front();
            callback();
        } else if (!timers_.empty()) {
            const auto first = timers_.begin();
            monotonic_ = std::max(monotonic_, first->first);
            Callback callback = std::move(first->second.callback);
            timer_by_id_.erase(first->second.id);
            timers_.erase(first);
            callback();
        } else {
            return;
        }
    }
}

}  // namespace weft::io::sim
