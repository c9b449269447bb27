// kube/work_queue.h: what has to be looked at: each key once, never by two workers at a time.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "io/io.h"

namespace weft::kube {

struct BackoffOptions {
    int64_t min = 5 * io::millisecond;
    int64_t max = 1000 * io::second;
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

    void add(const Key& key) {
        if (!dirty_.insert(key).second || working_.contains(key)) {
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
        add_after(key, wait);
    }
    void forget(const Key& key) { waits_.erase(key); }
    // Failures in a row, told by how long the key waits next; 0 if there was none.
    [[nodiscard]] int64_t current_wait(const Key& key) const {
        const auto found = waits_.find(key);
        return found == waits_.end() ? 0 : found->second;
    }

    // The next key; it is this caller's until `done`.
    [[nodiscard]] io::Task<Result<Key>> get() {
        while (queue_.empty()) {
            CO_TRY(co_await changed_.wait());
        }
        Key key = queue_.front();
        queue_.pop_front();
        dirty_.erase(key);
        working_.insert(key);
        co_return key;
    }
    void done(const Key& key) {
        working_.erase(key);
        if (dirty_.contains(key)) {
            queue_.push_back(key);
            changed_.notify_one();
        }
    }
    [[nodiscard]] size_t size() const { return queue_.size(); }
    [[nodiscard]] bool is_idle() const { return queue_.empty() && working_.empty(); }
    [[nodiscard]] size_t delayed() const { return timers_.size(); }

private:
    struct Timer {
        int64_t at;
        io::Loop::TimerId id;
    };
    io::Loop* loop_;
    BackoffOptions backoff_;
    std::deque<Key> queue_;
    std::set<Key> dirty_;
    std::set<Key> working_;
    std::map<Key, Timer> timers_;
    std::map<Key, int64_t> waits_;
    io::Signal changed_;
};

}  // namespace weft::kube
