// io/task.h: coroutines on one loop thread, with an owner and a way to stop.
//
// A Task does nothing until it is awaited or given to a Scope. Everything runs on the loop's
// thread; nothing here locks. Cancelling is cooperative and an ordinary error: the innermost wait
// of every task of a cancelled Scope ends with Reason::cancelled, which CO_TRY passes up.

#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/base.h"

namespace weft::io {

class Loop;
class Waiter;

// What the tasks of one Scope share: whether they should stop, and where they wait. Owned by the
// Scope. A Waiter is in the list exactly while its task is suspended in it.
class Context {
public:
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { CHECK(first_ == nullptr); }

    [[nodiscard]] bool is_cancelled() const { return cancelled_; }
    // Asks every wait to end. Waits that begin later end at once.
    void cancel();

private:
    friend class Waiter;
    bool cancelled_ = false;
    Waiter* first_ = nullptr;
};

// A point where a task is suspended. Base of every awaitable that waits for something outside.
// Life: `suspend` once, then exactly one `resume`. On cancellation `on_cancel` is called once and
// must lead to `resume` (at once, or when the operation below has let go of its buffers).
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() { CHECK(context_ == nullptr); }

protected:
    // `context` may be null: the wait cannot be cancelled. False if it is cancelled already: the
    // caller must not wait then.
    bool suspend(Context* context, std::coroutine_handle<> handle);
    // Leaves the context and continues the task (inside this call).
    void resume();
    virtual void on_cancel() = 0;
    [[nodiscard]] bool is_suspended() const { return handle_ != nullptr; }

private:
    friend class Context;
    void unlink();

    Context* context_ = nullptr;
    Waiter* previous_ = nullptr;
    Waiter* next_ = nullptr;
    std::coroutine_handle<> handle_;
};

namespace internal {

struct PromiseBase {
    Context* context = nullptr;
    std::coroutine_handle<> continuation;

    std::suspend_always initial_suspend() noexcept { return {}; }
    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <typename Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
            return handle.promise().continuation;
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    [[noreturn]] void unhandled_exception() noexcept {
        ::weft::internal::check_failed("no exception leaves a task", __FILE__, __LINE__);
    }
};

template <typename T>
struct Promise : PromiseBase {
    std::optional<T> value;
    template <typename U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
};
template <>
struct Promise<void> : PromiseBase {
    void return_void() noexcept {}
};

}  // namespace internal

// A lazily started coroutine, awaited at most once. Move-only; destroying one that is suspended is
// a bug of its owner (only Scope does it, never).
template <typename T = void>
class [[nodiscard]] Task {
public:
    struct promise_type : internal::Promise<T> {
        Task get_return_object() {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
    };

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) noexcept {
        handle_.promise().continuation = caller;
        handle_.promise().context = caller.promise().context;
        return handle_;
    }
    T await_resume() {
        if constexpr (!std::is_void_v<T>) {
            return *std::move(handle_.promise().value);
        }
    }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

// `Context* context = co_await current_context();` the context of the running task; may be null.
struct current_context {
    Context* context = nullptr;
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        context = handle.promise().context;
        return false;
    }
    Context* await_resume() const noexcept { return context; }
};

// `CO_TRY(co_await check_cancelled());` between two steps that do not wait: stops a loop that would
// otherwise run on with nothing but errors in its hands.
struct check_cancelled {
    Context* context = nullptr;
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
        context = handle.promise().context;
        return false;
    }
    Status await_resume() const {
        if (context != nullptr && context->is_cancelled()) {
            return make_error(Reason::cancelled, "cancelled");
        }
        return {};
    }
};

}  // namespace weft::io
