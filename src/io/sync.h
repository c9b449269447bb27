// io/sync.h: how tasks of one loop wait for each other. Loop thread only; nothing locks.

#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "base/base.h"
#include "io/loop.h"
#include "io/task.h"

namespace weft::io {

// Tasks wait, somebody notifies. There is no memory: a notification with nobody waiting is lost,
// so wait in a loop around the condition. Waiters wake at the loop's next turn, in order.
class Signal {
public:
    explicit Signal(Loop* loop) : loop_(loop) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal() { CHECK(first_ == nullptr); }

    // Ends with success after a notification, with Reason::cancelled if the scope is cancelled.
    [[nodiscard]] Task<Status> wait();
    // The same, but not cancellable.
    [[nodiscard]] Task<void> wait_uncancelled();
    void notify_one();
    void notify_all();
    [[nodiscard]] bool has_waiters() const { return first_ != nullptr; }

private:
    class Wait;
    Loop* loop_;
    // A list through the waits themselves: a Signal is three words, and there are many.
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

// A bounded queue between tasks: `send` waits while it is full, `receive` while it is empty.
template <typename T>
class Channel {
public:
    Channel(Loop* loop, size_t capacity) : changed_(loop), capacity_(capacity) {}

    [[nodiscard]] Task<Status> send(T item) {
        while (items_.size() >= capacity_ && !closed_) {
            CO_TRY(co_await changed_.wait());
        }
        if (closed_) {
            co_return make_error(Reason::gone, "channel closed");
        }
        items_.push_back(std::move(item));
        changed_.notify_all();
        co_return Status{};
    }
    // False if it is full or closed.
    bool try_send(T item) {
        if (closed_ || items_.size() >= capacity_) {
            return false;
        }
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }
    // Nothing once it is closed and empty.
    [[nodiscard]] Task<Result<std::optional<T>>> receive() {
        while (items_.empty() && !closed_) {
            CO_TRY(co_await changed_.wait());
        }
        co_return take();
    }
    [[nodiscard]] std::optional<T> take() {
        if (items_.empty()) {
            return std::nullopt;
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        changed_.notify_all();
        return item;
    }
    // No more sends; what is queued can still be received.
    void close() {
        closed_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] bool is_closed() const { return closed_; }
    [[nodiscard]] size_t size() const { return items_.size(); }

private:
    Signal changed_;
    size_t capacity_;
    bool closed_ = false;
    std::deque<T> items_;
};

}  // namespace weft::io
