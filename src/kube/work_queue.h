// kube/work_queue.h: what has to be looked at: each key once, never by two workers at a time.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "io/io.h"

namespace weft::kube {

struct BackoffOptions {
    int64_t min = 5 * io::millisecond;
    int64_t max = 1000 * io::second;
};

// Where a queue's figures go, in client-go's terms; null ones are not kept.
struct QueueInstruments {
    io::Counter* adds = nullptr;
    io::Counter* retries = nullptr;
    io::Histogram* queue_seconds = nullptr;  // from add to get
    io::Histogram* work_seconds = nullptr;   // from get to done
};

// client-go's work queue: a key that is added while it waits is there once; one that is added
// while it is worked on comes again when that is done. Loop thread only.
template <typename Key>
class WorkQueue {
public:
    explicit WorkQueue(io::Loop* loop, BackoffOptions backoff = {})
        : loop_(loop), backoff_(backoff), changed_(loop) {}
    ~WorkQueue() {
        for (const auto& [key, timer] : timers_) {
            loop_->cancel_timer(timer.id);
        }
    }
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    void instrument(QueueInstruments instruments) { instruments_ = instruments; }

    // Hands out nothing any more: `get` fails, `add` does nothing.
    void shut_down() {
        is_shut_down_ = true;
        queue_.clear();
        dirty_.clear();
        changed_.notify_all();
    }

    void add(const Key& key) {
        if (is_shut_down_) {
            return;
        }
        if (!dirty_.emplace(key, loop_->monotonic()).second) {
            return;
        }
        if (instruments_.adds != nullptr) {
            instruments_.adds->add();
        }
        if (working_.contains(key)) {
            return;
        }
        queue_.push_back(key);
        changed_.notify_one();
    }
    // After so many nanoseconds; the earliest of several wins.
    void add_after(const Key& key, int64_t nanos) {
        const int64_t at = loop_->monotonic() + nanos;
        const auto found = timers_.find(key);
        if (found != timers_.end()) {
            if (found->second.at <= at) {
                return;
            }
            loop_->cancel_timer(found->second.id);
            timers_.erase(found);
        }
        const auto id = loop_->start_timer(nanos, [this, key] {
            timers_.erase(key);
            add(key);
        });
        timers_.emplace(key, Timer{at, id});
    }
    // After a failure: the wait doubles with each until `forget`.
    void add_backed_off(const Key& key) {
        int64_t& wait = waits_[key];
        wait = wait == 0 ? backoff_.min : std::min(wait * 2, backoff_.max);
        if (instruments_.retries != nullptr) {
            instruments_.retries->add();
        }
        add_after(key, wait);
    }
    void forget(const Key& key) { waits_.erase(key); }
    // Failures in a row, told by how long the key waits next; 0 if there was none.
    [[nodiscard]] int64_t current_wait(const Key& key) const {
        const auto found = waits_.find(key);
        return found == waits_.end() ? 0 : found->second;
    }

    // The next key; it is this caller's until `done`. Cancelled callers get none, however many
    // wait: a worker whose queue is never empty must end too.
    [[nodiscard]] io::Task<Result<Key>> get() {
        CO_TRY(co_await io::check_cancelled());
        while (queue_.empty()) {
            if (is_shut_down_) {
                co_return make_error(Reason::cancelled, "the queue is shut down");
            }
            CO_TRY(co_await changed_.wait());
        }
        Key key = queue_.front();
        queue_.pop_front();
        const auto waiting = dirty_.find(key);
        if (waiting != dirty_.end()) {
            observe(instruments_.queue_seconds, waiting->second);
            dirty_.erase(waiting);
        }
        working_.emplace(key, loop_->monotonic());
        co_return key;
    }
    void done(const Key& key) {
        const auto worked = working_.find(key);
        if (worked != working_.end()) {
            observe(instruments_.work_seconds, worked->second);
            working_.erase(worked);
        }
        if (dirty_.contains(key)) {
            queue_.push_back(key);
            changed_.notify_one();
        }
    }
    [[nodiscard]] size_t size() const { return queue_.size(); }
    [[nodiscard]] bool is_idle() const { return queue_.empty() && working_.empty(); }
    [[nodiscard]] size_t delayed() const { return timers_.size(); }
    // Keys that failed and were not forgotten since.
    [[nodiscard]] size_t failing() const { return waits_.size(); }
    // Keys that are worked on, how long all of them together and the longest, in nanoseconds.
    struct UnderWay {
        size_t keys = 0;
        int64_t total = 0;
        int64_t longest = 0;
    };
    [[nodiscard]] UnderWay under_way() const {
        UnderWay out;
        for (const auto& [key, since] : working_) {
            const int64_t worked = loop_->monotonic() - since;
            ++out.keys;
            out.total += worked;
            out.longest = std::max(out.longest, worked);
        }
        return out;
    }

private:
    void observe(io::Histogram* histogram, int64_t since) {
        if (histogram != nullptr) {
            histogram->observe(static_cast<double>(loop_->monotonic() - since) /
                               static_cast<double>(io::second));
        }
    }
    struct Timer {
        int64_t at;
        io::Loop::TimerId id;
    };
    io::Loop* loop_;
    BackoffOptions backoff_;
    std::deque<Key> queue_;
    std::map<Key, int64_t> dirty_;    // with the moment it was added
    std::map<Key, int64_t> working_;  // with the moment it was taken
    QueueInstruments instruments_;
    bool is_shut_down_ = false;
    std::map<Key, Timer> timers_;
    std::map<Key, int64_t> waits_;
    io::Signal changed_;
};

}  // namespace weft::kube
