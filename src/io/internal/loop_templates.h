// io/internal/loop_templates.h: bodies of the templates of io/loop.h.

#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "io/loop.h"
#include "io/sync.h"

namespace weft::io {

namespace internal {

// Waits for a callback that surely comes. Not cancellable.
template <typename Start>
class CallbackWait : public Waiter {
public:
    explicit CallbackWait(Start start) : start_(std::move(start)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
        suspend(nullptr, handle);
        start_([this] { resume(); });
    }
    void await_resume() const noexcept {}

private:
    void on_cancel() override {}
    Start start_;
};

template <typename Function, typename Start>
Task<std::invoke_result_t<Function>> run_elsewhere(Function function, Start start) {
    using T = std::invoke_result_t<Function>;
    if constexpr (std::is_void_v<T>) {
        co_await CallbackWait([&](Callback done) { start([&] { function(); }, std::move(done)); });
    } else {
        std::optional<T> value;
        co_await CallbackWait(
            [&](Callback done) { start([&] { value.emplace(function()); }, std::move(done)); });
        co_return *std::move(value);
    }
}

template <typename T>
Task<void> store_result(Task<Result<T>> task, std::optional<Result<T>>* result, Scope* scope) {
    Result<T> value = co_await std::move(task);
    if (!result->has_value()) {
        result->emplace(std::move(value));
    }
    scope->cancel();
}

template <typename T>
Task<void> time_out(Loop* loop, int64_t nanos, std::string message,
                    std::optional<Result<T>>* result, Scope* scope) {
    const Status slept = co_await sleep(loop, nanos);
    if (slept.has_value() && !result->has_value()) {
        result->emplace(Error(Reason::timeout, std::move(message)));
        scope->cancel();
    }
}

template <typename T>
Task<void> run_and_stop(Loop* loop, Task<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
    loop->stop();
}

inline Task<void> run_void_and_stop(Loop* loop, Task<void> task, bool* done) {
    co_await std::move(task);
    *done = true;
    loop->stop();
}

}  // namespace internal

template <typename T>
Task<Result<T>> with_timeout(Loop* loop, int64_t nanos, std::string message, Task<Result<T>> task) {
    std::optional<Result<T>> result;
    Scope scope(loop, co_await current_context());
    scope.spawn(internal::store_result(std::move(task), &result, &scope));
    scope.spawn(internal::time_out(loop, nanos, std::move(message), &result, &scope));
    co_await scope.join();
    co_return *std::move(result);
}

template <typename Function>
Task<std::invoke_result_t<Function>> offload(Loop* loop, Function function) {
    return internal::run_elsewhere(std::move(function), [loop](Callback work, Callback done) {
        loop->run_on_pool(std::move(work), std::move(done));
    });
}

template <typename Function>
Task<std::invoke_result_t<Function>> run_on(Worker* worker, Function function) {
    return internal::run_elsewhere(std::move(function), [worker](Callback work, Callback done) {
        worker->run(std::move(work), std::move(done));
    });
}

template <typename T>
T run(Loop* loop, Task<T> task) {
    Scope scope(loop);
    if constexpr (std::is_void_v<T>) {
        bool done = false;
        scope.spawn(internal::run_void_and_stop(loop, std::move(task), &done));
        loop->run();
        CHECK(done);
    } else {
        std::optional<T> result;
        scope.spawn(internal::run_and_stop(loop, std::move(task), &result));
        loop->run();
        CHECK(result.has_value());
        return *std::move(result);
    }
}

}  // namespace weft::io
