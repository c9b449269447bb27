// store/internal/index_test.cc: bounds of the history, slow readers, and the index against a model.

#include "store/internal/index.h"

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"

namespace weft::store::internal {
namespace {

Bytes bytes(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}

void put(Index* index, std::string key, std::string value) {
    std::vector<Write> writes;
    writes.push_back({std::move(key), bytes(std::move(value)), 0});
    index->apply(index->newest() + 1, std::move(writes));
}

TEST(Index, HistoryIsBoundedByEvents) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.history_events = 10});
    for (int i = 0; i < 100; ++i) {
        put(&index, "/a", cat(i));
    }
    EXPECT_EQ(index.history_events(), 10U);
    EXPECT_EQ(index.oldest(), index.newest() - 10);
    EXPECT_EQ(index.get("/a", {index.oldest() - 1}).error().reason(), Reason::expired);
    EXPECT_EQ(*(*index.get("/a", {index.oldest()}))->value, "89");
}

TEST(Index, HistoryIsBoundedByBytesOfOldValues) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.history_bytes = 5 * (1000 + version_bytes)});
    for (int i = 0; i < 100; ++i) {
        put(&index, "/a", std::string(1000, 'x'));
    }
    EXPECT_EQ(index.history_bytes(), 5 * (1000 + version_bytes));
    EXPECT_EQ(index.history_events(), 5U);
}

TEST(Index, HistoryIsBoundedByAgeExceptForItsLastChanges) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.history_age = 100, .history_kept = 10});
    for (int i = 0; i < 1000; ++i) {
        put(&index, "/a", cat(i));
    }
    EXPECT_EQ(index.history_events(), 1000U);
    ASSERT_TRUE(io::run(&loop, io::sleep(&loop, 101)));
    EXPECT_EQ(index.history_events(), 1000U);  // Nothing is done at rest.
    put(&index, "/a", "x");
    EXPECT_EQ(index.history_events(), 1001 - history_aged_slice);
    for (int i = 0; i < 10; ++i) {
        put(&index, "/a", "x");
    }
    // What is young is kept, whatever its number; what is old as far as ten remain.
    EXPECT_EQ(index.history_events(), 11U);
    ASSERT_TRUE(io::run(&loop, io::sleep(&loop, 1000)));
    put(&index, "/a", "y");
    EXPECT_EQ(index.history_events(), 10U);
    EXPECT_EQ(index.get("/a", {index.oldest() - 1}).error().reason(), Reason::expired);
}

TEST(Index, AReaderWhoseBufferIsFullReadsFromTheHistoryAndMissesNothing) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.watch_buffer = 4});
    const auto watch = *index.watch("/a", 1);
    for (int i = 0; i < 100; ++i) {
        put(&index, i % 2 == 0 ? "/a" : "/b", cat(i));
    }
    const auto events = *watch->take();
    ASSERT_EQ(events.size(), 50U);
    for (size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(*events[i].entry.value, cat(2 * i));
    }
    put(&index, "/a", "more");
    EXPECT_EQ(watch->take()->size(), 1U);
}

TEST(Index, AReaderThatIsBehindTheHistoryIsExpired) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.history_events = 10, .watch_buffer = 4});
    const auto watch = *index.watch("/a", 1);
    const auto other = *index.watch("/b", 1);
    for (int i = 0; i < 11; ++i) {
        put(&index, "/a", cat(i));
    }
    EXPECT_EQ(watch->take().error().reason(), Reason::expired);
    EXPECT_EQ(watch->take().error().reason(), Reason::expired);
    EXPECT_TRUE(other->take()->empty());
}

io::Task<size_t> list_while_trimmed(io::Loop* loop, Index* index) {
    io::Scope scope(loop);
    size_t entries = 0;
    scope.spawn([](Index* from, size_t* count) -> io::Task<void> {
        *count = (co_await from->list({.prefix = "/"}))->entries.size();
    }(index, &entries));
    scope.spawn([](Index* to) -> io::Task<void> {
        for (int i = 0; i < 100; ++i) {
            put(to, "/k9999", cat(i));
            put(to, cat("/new", i), "x");
        }
        co_return;
    }(index));
    co_await scope.join();
    co_return entries;
}

TEST(Index, AListInSlicesShowsOneMomentThoughHistoryIsShort) {
    io::sim::VirtualLoop loop(1);
    Index index(&loop, {.history_events = 10});
    for (int i = 0; i < 20'000; ++i) {
        put(&index, cat("/k", i), "x");
    }
    EXPECT_EQ(io::run(&loop, list_while_trimmed(&loop, &index)), 20'000U);
    put(&index, "/last", "x");
    EXPECT_EQ(index.history_events(), 10U);
}

// Every revision's whole state, kept naively.
struct Model {
    std::map<Revision, std::map<std::string, std::string>> states{{1, {}}};
};

TEST(Index, AgreesWithAModelThatKeepsEveryState) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        io::sim::VirtualLoop loop(seed);
        const bool ages = seed % 2 == 0;
        Index index(&loop, {.history_events = 40,
                            .history_age = ages ? 20 : history_age_max,
                            .history_kept = 5,
                            .watch_buffer = 8});
        Model model;
        auto watch = *index.watch("/1", 1);
        Revision read_at = 1;
        std::map<std::string, std::string> watched;
        for (int step = 0; step < 400; ++step) {
            std::map<std::string, std::string> state = model.states.rbegin()->second;
            std::map<std::string, Write> writes;
            for (uint64_t n = loop.random() % 3 + 1; n > 0; --n) {
                const std::string key = cat("/", loop.random() % 3, "/", loop.random() % 5);
                const bool is_put = loop.random() % 3 != 0;
                writes[key] = {key, is_put ? bytes(cat(step)) : nullptr, 0};
            }
            std::vector<Write> commit;
            for (auto& [key, write] : writes) {
                if (write.value != nullptr) {
                    state[key] = *write.value;
                } else {
                    state.erase(key);
                }
                commit.push_back(std::move(write));
            }
            ASSERT_TRUE(io::run(&loop, io::sleep(&loop, static_cast<int64_t>(loop.random() % 5))));
            index.apply(index.newest() + 1, std::move(commit));
            model.states[index.newest()] = std::move(state);
            if (loop.random() % 20 == 0) {
                const Revision before = index.oldest() + static_cast<Revision>(loop.random() % 5);
                ASSERT_TRUE(io::run(&loop, index.compact(std::min(before, index.newest()))));
            }
            const Revision at =
                index.oldest() +
                static_cast<Revision>(loop.random() %
                                      static_cast<uint64_t>(index.newest() - index.oldest() + 1));
            const Page page = *io::run(&loop, index.list({.at = {at}}));
            std::map<std::string, std::string> seen;
            for (const Entry& entry : page.entries) {
                seen[entry.key] = *entry.value;
            }
            ASSERT_EQ(seen, model.states.at(at)) << "seed " << seed << " revision " << at;
            if (loop.random() % 4 == 0) {
                const auto events = watch->take();
                if (!events) {  // Only a reader that is really behind: it begins anew.
                    ASSERT_EQ(events.error().reason(), Reason::expired);
                    ASSERT_LT(read_at, index.oldest());
                    watch = *index.watch("/1", index.newest());
                    watched.clear();
                    for (const Entry& entry :
                         io::run(&loop, index.list({.prefix = "/1"}))->entries) {
                        watched[entry.key] = *entry.value;
                    }
                    read_at = index.newest();
                    continue;
                }
                read_at = index.newest();
                for (const Event& event : *events) {
                    if (event.type == Event::Type::put) {
                        watched[event.entry.key] = *event.entry.value;
                    } else {
                        ASSERT_EQ(watched.erase(event.entry.key), 1U);
                    }
                }
                std::map<std::string, std::string> expected = model.states.rbegin()->second;
                std::erase_if(expected, [](const auto& pair) { return pair.first[1] != '1'; });
                ASSERT_EQ(watched, expected);
            }
            ASSERT_EQ(index.live(), model.states.rbegin()->second.size());
        }
    }
}

}  // namespace
}  // namespace weft::store::internal
