// io/loop.cc: scopes, sleeping and signals on top of the Loop seam.

#include "io/loop.h"

#include <algorithm>
#include <cstring>

#include "io/sync.h"

namespace weft::io {

uint64_t Loop::random() {
    unsigned char bytes[8];
    fill_random(bytes);
    uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

// The outermost frame of a scope's child: tells the scope when it is over and frees itself.
struct ScopeChild {
    struct promise_type {
        Scope* scope = nullptr;
        Context* context = nullptr;

        promise_type(Scope* owner, const Task<void>& /*task*/)
            : scope(owner), context(owner->context()) {}
        ScopeChild get_return_object() {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Final {
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
                Scope* owner = ended.promise().scope;
                ended.destroy();
                owner->child_ended();
            }
            void await_resume() noexcept {}
        };
        Final final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept {
            ::weft::internal::check_failed("no exception leaves a task", __FILE__, __LINE__);
        }
    };
    std::coroutine_handle<promise_type> handle;
};

namespace {

ScopeChild run_child(Scope* /*scope*/, Task<void> task) {
    co_await std::move(task);
}

class SleepWait : public Waiter {
public:
    SleepWait(Loop* loop, int64_t nanos) : loop_(loop), nanos_(nanos) {}
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        if (!suspend(handle.promise().context, handle)) {
            cancelled_ = true;
            return false;
        }
        timer_ = loop_->start_timer(nanos_, [this] { resume(); });
        return true;
    }
    Status await_resume() const {
        if (cancelled_) {
            return make_error(Reason::cancelled, "cancelled");
        }
        return {};
    }

private:
    void on_cancel() override {
        cancelled_ = true;
        if (loop_->cancel_timer(timer_)) {
            loop_->post([this] { resume(); });
        }
    }
    Loop* loop_;
    int64_t nanos_;
    Loop::TimerId timer_ = 0;
    bool cancelled_ = false;
};

}  // namespace

class Scope::JoinWait : public Waiter {
public:
    explicit JoinWait(Scope* scope) : scope_(scope) {}
    bool await_ready() const noexcept { return scope_->children_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) {
        CHECK(scope_->join_wait_ == nullptr);
        scope_->join_wait_ = this;
        suspend(nullptr, handle);
    }
    void await_resume() const noexcept {}
    void wake() { resume(); }

private:
    void on_cancel() override {}
    Scope* scope_;
};

Scope::Scope(Loop* loop, Context* parent) : loop_(loop) {
    if (parent != nullptr) {
        // A Scope waits in its parent's list only to hear of cancellation.
        linked_ = suspend(parent, std::noop_coroutine());
        if (!linked_) {
            context_.cancel();
        }
    }
}

Scope::~Scope() {
    CHECK(children_ == 0);
    if (linked_) {
        resume();  // Takes it off the parent's list; the handle does nothing.
    }
}

void Scope::on_cancel() {
    cancel();
}

void Scope::spawn(Task<void> task) {
    ++children_;
    const auto handle = run_child(this, std::move(task)).handle;
    loop_->post([handle] { handle.resume(); });
}

void Scope::cancel() {
    context_.cancel();
}

void Scope::child_ended() {
    CHECK(children_ > 0);
    if (--children_ == 0 && join_wait_ != nullptr) {
        JoinWait* wait = std::exchange(join_wait_, nullptr);
        loop_->post([wait] { wait->wake(); });
    }
}

Task<void> Scope::join() {
    while (children_ > 0) {
        co_await JoinWait(this);
    }
}

Task<void> Scope::close() {
    cancel();
    co_await join();
}

Task<Status> sleep(Loop* loop, int64_t nanos) {
    co_return co_await SleepWait(loop, nanos);
}

class Signal::Wait : public Waiter {
public:
    Wait(Signal* signal, bool cancellable) : signal_(signal), cancellable_(cancellable) {}
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        if (!suspend(cancellable_ ? handle.promise().context : nullptr, handle)) {
            cancelled_ = true;
            return false;
        }
        previous_ = signal_->last_;
        (previous_ == nullptr ? signal_->first_ : previous_->next_) = this;
        signal_->last_ = this;
        is_listed_ = true;
        return true;
    }
    Status await_resume() const {
        if (cancelled_) {
            return make_error(Reason::cancelled, "cancelled");
        }
        return {};
    }
    void wake(Loop* loop) {
        unlist();
        loop->post([this] { resume(); });
    }

private:
    void on_cancel() override {
        cancelled_ = true;
        // If a notification was there first, its wake-up is posted already.
        if (is_listed_) {
            wake(signal_->loop_);
        }
    }
    void unlist() {
        (previous_ == nullptr ? signal_->first_ : previous_->next_) = next_;
        (next_ == nullptr ? signal_->last_ : next_->previous_) = previous_;
        is_listed_ = false;
    }
    Signal* signal_;
    Wait* previous_ = nullptr;
    Wait* next_ = nullptr;
    bool cancellable_;
    bool cancelled_ = false;
    bool is_listed_ = false;
};

Task<Status> Signal::wait() {
    co_return co_await Wait(this, true);
}

Task<void> Signal::wait_uncancelled() {
    static_cast<void>(co_await Wait(this, false));
}

void Signal::notify_one() {
    if (first_ != nullptr) {
        first_->wake(loop_);
    }
}

void Signal::notify_all() {
    while (first_ != nullptr) {
        notify_one();
    }
}

}  // namespace weft::io
