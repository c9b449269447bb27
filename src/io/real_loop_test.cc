// io/real_loop_test.cc: the loop of a real process: order, timers, threads, signals.

#include "io/real_loop.h"

#include <csignal>
#include <gtest/gtest.h>
#include <thread>

#include "io/signals.h"
#include "io/sync.h"

namespace weft::io {
namespace {

TEST(RealLoop, KeepsTheOrderOfPostsAndTimers) {
    RealLoop loop;
    std::string order;
    loop.start_timer(2 * millisecond, [&] {
        order += '4';
        loop.stop();
    });
    loop.start_timer(millisecond, [&] { order += '3'; });
    const auto cancelled = loop.start_timer(millisecond, [&] { order += 'x'; });
    loop.post([&] {
        order += '1';
        loop.post([&] { order += '2'; });
    });
    EXPECT_TRUE(loop.cancel_timer(cancelled));
    EXPECT_FALSE(loop.cancel_timer(cancelled));
    loop.run();
    EXPECT_EQ(order, "1234");
}

TEST(RealLoop, TimersKeepTheirTimeAfterALaterOneWasArmedFirst) {
    RealLoop loop;
    const int64_t start = loop.monotonic();
    loop.start_timer(3600 * second, [] {});
    loop.start_timer(5 * millisecond, [&] { loop.stop(); });
    loop.run();
    EXPECT_GE(loop.monotonic() - start, 5 * millisecond);
    EXPECT_LT(loop.monotonic() - start, 10 * second);
}

Task<bool> work_elsewhere(Loop* loop, Worker* worker) {
    const auto here = std::this_thread::get_id();
    const auto of_worker = co_await run_on(worker, [] { return std::this_thread::get_id(); });
    const auto of_worker_again = co_await run_on(worker, [] { return std::this_thread::get_id(); });
    const auto of_pool = co_await offload(loop, [] { return std::this_thread::get_id(); });
    co_return of_worker != here&& of_pool != here&& of_pool != of_worker&& of_worker ==
        of_worker_again&& std::this_thread::get_id() == here;
}

TEST(RealLoop, WorkersAndPoolAreOtherThreadsAndComeBack) {
    RealLoop loop;
    const auto worker = loop.make_worker("worker");
    EXPECT_TRUE(run(&loop, work_elsewhere(&loop, worker.get())));
}

TEST(RealLoop, ManyThreadsMayPost) {
    RealLoop loop;
    int count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 1000; ++k) {
                loop.post_from_anywhere([&] {
                    if (++count == 4000) {
                        loop.stop();
                    }
                });
            }
        });
    }
    loop.run();
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(count, 4000);
}

TEST(RealLoop, DropsWhatAWorkerHasDoneAfterItIsGone) {
    RealLoop loop;
    bool came = false;
    auto worker = loop.make_worker("worker");
    worker->run([] {}, [&] { came = true; });
    worker.reset();
    loop.start_timer(millisecond, [&] { loop.stop(); });
    loop.run();
    EXPECT_FALSE(came);
}

TEST(RealLoop, CountsWhoHoldsIt) {
    RealLoop loop;
    loop.post([&] {
        const int64_t until = loop.monotonic() + 2 * millisecond;
        while (loop.monotonic() < until) {
        }
        loop.stop();
    });
    loop.run();
    EXPECT_EQ(loop.hold_times().over_one_millisecond(), 1U);
    EXPECT_GE(loop.hold_times().max, 2 * millisecond);
    loop.reset_hold_times();
    EXPECT_EQ(loop.hold_times().max, 0);
}

TEST(RealLoop, TellsWhenItComesToRest) {
    RealLoop loop;
    int64_t worked_until = 0;
    std::vector<int64_t> rests;
    std::function<void(int)> work = [&](int left) {
        worked_until = loop.monotonic();
        if (left > 0) {
            loop.post([&, left] { work(left - 1); });
        }
    };
    loop.when_at_rest([&] {
        rests.push_back(loop.monotonic());
        if (rests.size() == 2) {
            loop.stop();
            return;
        }
        loop.post([&] { work(5000); });
    });
    loop.run();

    ASSERT_EQ(rests.size(), 2U);  // After the start, and after the work.
    EXPECT_GT(worked_until, rests[0]);
    EXPECT_GE(rests[1] - worked_until, second / 2);
}

Task<int> wait_for_signal(RealLoop* loop) {
    TerminationSignals signals(loop);
    CHECK(raise(SIGTERM) == 0);
    co_return *co_await signals.next();
}

TEST(RealLoop, ASignalIsSomethingToWaitFor) {
    RealLoop loop;
    EXPECT_EQ(run(&loop, wait_for_signal(&loop)), SIGTERM);
}

}  // namespace
}  // namespace weft::io
