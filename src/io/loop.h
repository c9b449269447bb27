// io/loop.h: the seam to time, chance and threads. One Loop, one thread, everything on it.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/base.h"
#include "io/task.h"

namespace weft::io {

class RealLoop;

using Callback = std::move_only_function<void()>;

constexpr int64_t microsecond = 1'000;
constexpr int64_t millisecond = 1'000'000;
constexpr int64_t second = 1'000'000'000;

// A thread of its own with a queue: for what must not block the loop and must stay in order
// (one SQLite connection). On a virtual loop it is no thread and runs between two turns.
// Destroying it waits for the work that has begun; `done` callbacks that are pending never come.
class Worker {
public:
    virtual ~Worker() = default;
    // Runs `work` on the worker, then `done` on the loop thread.
    virtual void run(Callback work, Callback done) = 0;
};

// Bodies: RealLoop (io/real_loop.h, Asio) and sim::VirtualLoop (io/sim/virtual_loop.h).
class Loop {
public:
    using TimerId = uint64_t;

    virtual ~Loop() = default;

    // The wall clock: may jump.
    [[nodiscard]] virtual Time now() const = 0;
    // Nanoseconds that only go up.
    [[nodiscard]] virtual int64_t monotonic() const = 0;
    virtual void fill_random(std::span<unsigned char> bytes) = 0;

    // Runs `callback` on the loop thread, after what is queued already. Loop thread only.
    virtual void post(Callback callback) = 0;
    // The same from any thread.
    virtual void post_from_anywhere(Callback callback) = 0;
    // Runs `callback` once after so many nanoseconds, unless it is cancelled first.
    virtual TimerId start_timer(int64_t after, Callback callback) = 0;
    // False if it has run, or is about to.
    virtual bool cancel_timer(TimerId id) = 0;

    [[nodiscard]] virtual std::unique_ptr<Worker> make_worker(std::string_view name) = 0;
    // Pure work on a pool of threads, `done` on the loop thread.
    virtual void run_on_pool(Callback work, Callback done) = 0;

    // Turns until `stop` is called (RealLoop) or nothing is left to do (VirtualLoop).
    virtual void run() = 0;
    virtual void stop() = 0;

    // This loop, if it has sockets and signals; null on virtual time.
    [[nodiscard]] virtual RealLoop* real_loop() { return nullptr; }

    // A random number from fill_random.
    [[nodiscard]] uint64_t random();
};

// Owns tasks. Leaving the block of a Scope with children left is a bug: end it by `co_await
// scope.join()` or `co_await scope.close()`.
class Scope : private Waiter {
public:
    // With a parent context, cancelling the parent cancels this scope too.
    explicit Scope(Loop* loop, Context* parent = nullptr);
    ~Scope() override;

    // Starts the task at the loop's next turn. It may outlive this call by no more than the Scope.
    void spawn(Task<void> task);
    // Asks all children to end; does not wait.
    void cancel();
    // Waits until there are no children (not cancellable: it is how a cancelled parent cleans up).
    Task<void> join();
    Task<void> close();

    [[nodiscard]] size_t children() const { return children_; }
    [[nodiscard]] Context* context() { return &context_; }
    [[nodiscard]] Loop* loop() const { return loop_; }

private:
    friend struct ScopeChild;
    class JoinWait;
    void on_cancel() override;
    void child_ended();

    Loop* loop_;
    Context context_;
    size_t children_ = 0;
    JoinWait* join_wait_ = nullptr;
    bool linked_ = false;
};

// Waits so many nanoseconds; cancelled if the scope is cancelled first.
[[nodiscard]] Task<Status> sleep(Loop* loop, int64_t nanos);

// The result of the task, or Reason::timeout with the message after so many nanoseconds. The task
// is cancelled then and awaited before this returns.
template <typename T>
Task<Result<T>> with_timeout(Loop* loop, int64_t nanos, std::string message, Task<Result<T>> task);

// Runs a pure function on the pool and gives its value. Not cancellable: it comes back.
template <typename Function>
Task<std::invoke_result_t<Function>> offload(Loop* loop, Function function);

// Runs a function on a worker and gives its value. Not cancellable.
template <typename Function>
Task<std::invoke_result_t<Function>> run_on(Worker* worker, Function function);

// Runs a task to its end on a loop that is not running, and gives its value: for main and tests.
template <typename T>
T run(Loop* loop, Task<T> task);

}  // namespace weft::io

#include "io/internal/loop_templates.h"
