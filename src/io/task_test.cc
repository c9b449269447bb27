// io/task_test.cc: tasks, scopes, cancellation and signals, on virtual time.

#include <gtest/gtest.h>

#include "io/loop.h"
#include "io/sim/virtual_loop.h"
#include "io/sync.h"

namespace weft::io {
namespace {

Task<Result<int>> add_later(Loop* loop, int a, int b) {
    CO_TRY(co_await sleep(loop, second));
    co_return a + b;
}

TEST(Task, GivesItsValueAfterVirtualTime) {
    sim::VirtualLoop loop(1);
    const Result<int> sum = run(&loop, add_later(&loop, 2, 3));
    EXPECT_EQ(*sum, 5);
    EXPECT_EQ(loop.monotonic(), second);
}

Task<void> wait_forever(Signal* signal, std::vector<std::string>* log, std::string name) {
    const Status waited = co_await signal->wait();
    log->push_back(cat(name, " ", waited ? "woken" : waited.error().message()));
}

Task<void> cancel_while_waiting(Loop* loop, std::vector<std::string>* log) {
    Signal signal(loop);
    Scope scope(loop);
    scope.spawn(wait_forever(&signal, log, "a"));
    scope.spawn(wait_forever(&signal, log, "b"));
    static_cast<void>(co_await sleep(loop, 1));
    signal.notify_one();
    co_await scope.close();
}

TEST(Scope, CancelEndsEveryWaitAndANotificationThatCameFirstIsKept) {
    sim::VirtualLoop loop(1);
    std::vector<std::string> log;
    run(&loop, cancel_while_waiting(&loop, &log));
    EXPECT_EQ(log, (std::vector<std::string>{"a cancelled", "b cancelled"}));
}

Task<Result<int>> nested(Loop* loop, bool* cleaned) {
    Scope scope(loop, co_await current_context());
    Signal never(loop);
    std::vector<std::string> log;
    scope.spawn(wait_forever(&never, &log, "inner"));
    co_await scope.join();
    *cleaned = log.size() == 1 && log[0] == "inner cancelled";
    co_return make_error(Reason::cancelled, "cancelled");
}

TEST(Timeout, CancelsNestedScopesAndReturnsAfterTheyEnded) {
    sim::VirtualLoop loop(1);
    bool cleaned = false;
    const Result<int> result =
        run(&loop, with_timeout<int>(&loop, 5 * second, "too slow", nested(&loop, &cleaned)));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason(), Reason::timeout);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(loop.monotonic(), 5 * second);
}

TEST(Timeout, GivesTheValueThatCameInTime) {
    sim::VirtualLoop loop(1);
    EXPECT_EQ(*run(&loop, with_timeout<int>(&loop, 5 * second, "slow", add_later(&loop, 1, 1))), 2);
    EXPECT_EQ(loop.monotonic(), second);
}

Task<void> produce(Channel<int>* channel) {
    for (int i = 0; i < 100; ++i) {
        CHECK((co_await channel->send(i)).has_value());
    }
    channel->close();
}

Task<int> consume(Loop* loop) {
    Channel<int> channel(loop, 3);
    Scope scope(loop);
    scope.spawn(produce(&channel));
    int sum = 0;
    while (true) {
        const auto item = co_await channel.receive();
        if (!item || !*item) {
            break;
        }
        sum += **item;
    }
    co_await scope.join();
    co_return sum;
}

TEST(Channel, KeepsOrderAndBoundsAndDrainsAfterClose) {
    sim::VirtualLoop loop(1);
    EXPECT_EQ(run(&loop, consume(&loop)), 4950);
}

Task<int> offloaded(Loop* loop) {
    co_return co_await offload(loop, [] { return 6 * 7; });
}

TEST(Offload, GivesTheValueBack) {
    sim::VirtualLoop loop(1);
    EXPECT_EQ(run(&loop, offloaded(&loop)), 42);
}

}  // namespace
}  // namespace weft::io
