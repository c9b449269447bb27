// kube/kube_test.cc: what needs no server: queue, cache, kubeconfig. The rest is tested in control,
// against the embedded server.

#include "kube/kube.h"

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"

namespace weft::kube {
namespace {

using Queue = WorkQueue<int>;

io::Task<int> take_twice(io::Loop* loop) {
    Queue queue(loop);
    queue.add(1);
    queue.add(1);
    const int key = *co_await queue.get();
    queue.add(1);  // While it is worked on: must come again, but not yet.
    CHECK(queue.size() == 0);
    queue.done(key);
    co_return static_cast<int>(queue.size());
}

TEST(WorkQueue, AKeyIsThereOnceAndComesAgainOnlyAfterDone) {
    io::sim::VirtualLoop loop(1);
    EXPECT_EQ(io::run(&loop, take_twice(&loop)), 1);
}

io::Task<int64_t> back_off(io::Loop* loop, Queue* queue) {
    for (int i = 0; i < 3; ++i) {
        queue->add_backed_off(7);
        const int key = *co_await queue->get();
        queue->done(key);
    }
    co_return loop->monotonic();
}

TEST(WorkQueue, WaitsDouble) {
    io::sim::VirtualLoop loop(1);
    Queue queue(&loop, {.min = 10, .max = 25});
    EXPECT_EQ(io::run(&loop, back_off(&loop, &queue)), 10 + 20 + 25);
}

Object config_map(std::string_view name, int64_t version, std::string_view owner = "") {
    Object object(Value::map_of(
        {{"metadata",
          Value::map_of(
              {{"name", name}, {"uid", cat(name, "-uid")}, {"resourceVersion", cat(version)}})}}));
    object.set_label("owner", owner);
    return object;
}

TEST(Cache, AWriteIsSeenAtOnceAndItsEventChangesNothing) {
    io::sim::VirtualLoop loop(1);
    Cache cache(&loop);
    int changes = 0;
    cache.add_handler([&](const Object*, const Object*) { ++changes; });
    cache.replace({}, 10);
    cache.put_written(config_map("a", 11));
    cache.put(config_map("a", 11));
    EXPECT_EQ(changes, 1);
    cache.put_written(config_map("a", 9));  // An old answer that comes late.
    EXPECT_EQ(cache.find({"", "a"})->resource_version(), "11");
}

TEST(Cache, ALateAnswerDoesNotBringADeletedObjectBack) {
    io::sim::VirtualLoop loop(1);
    Cache cache(&loop);
    cache.put(config_map("a", 11));
    cache.remove({"", "a"}, 12);
    cache.put_written(config_map("a", 11));
    EXPECT_EQ(cache.find({"", "a"}), nullptr);
}

TEST(Cache, IndexesFollowChanges) {
    io::sim::VirtualLoop loop(1);
    Cache cache(&loop);
    cache.add_index("owner", [](const Object& object) {
        return std::vector<std::string>{std::string(object.label("owner"))};
    });
    cache.put(config_map("a", 1, "x"));
    cache.put(config_map("b", 2, "x"));
    EXPECT_EQ(cache.by_index("owner", "x").size(), 2U);
    cache.put(config_map("a", 3, "y"));
    cache.replace({config_map("a", 3, "y")}, 4);
    EXPECT_TRUE(cache.by_index("owner", "x").empty());
    EXPECT_EQ(cache.by_index("owner", "y").size(), 1U);
}

// A worker whose key wants to be looked at again before it is done, as when two controllers undo
// each other's work. What it does meanwhile cannot be cancelled.
io::Task<void> look_for_ever(WorkQueue<int>* queue, io::Worker* worker, int* turns) {
    while (true) {
        const Result<int> key = co_await queue->get();
        if (!key) {
            co_return;
        }
        queue->add(*key);
        static_cast<void>(co_await io::run_on(worker, [] { return 0; }));
        queue->done(*key);
        ++*turns;
        CHECK(*turns < 1000);
    }
}

io::Task<int> stop_in_the_middle(io::Loop* loop, io::Worker* worker) {
    WorkQueue<int> queue(loop);
    io::Scope scope(loop);
    int turns = 0;
    queue.add(1);
    scope.spawn(look_for_ever(&queue, worker, &turns));
    while (turns < 10) {
        static_cast<void>(co_await io::run_on(worker, [] { return 0; }));
    }
    co_await scope.close();
    co_return turns;
}

TEST(WorkQueue, AWorkerThatIsToldToStopTakesNoOtherKey) {
    io::sim::VirtualLoop loop(1);
    const std::unique_ptr<io::Worker> worker = loop.make_worker("work");

    const int turns = io::run(&loop, stop_in_the_middle(&loop, worker.get()));

    EXPECT_GE(turns, 10);
    EXPECT_LE(turns, 12);
}

io::Task<std::string> wait_refused(io::Loop* loop) {
    Cache cache(loop);
    cache.refuse(make_error(Reason::forbidden, "you cannot list secrets"));
    const Status first = co_await cache.wait_synced_or_refused();
    cache.replace({}, 1);
    const Status second = co_await cache.wait_synced_or_refused();
    co_return cat(first ? "there" : first.error().message(), ", ",
                  second ? "there" : second.error().message());
}

TEST(Cache, WhoWaitsForTheFirstStateHearsARefusalUntilTheStateComes) {
    io::sim::VirtualLoop loop(1);
    EXPECT_EQ(io::run(&loop, wait_refused(&loop)), "you cannot list secrets, there");
}

}  // namespace
}  // namespace weft::kube
