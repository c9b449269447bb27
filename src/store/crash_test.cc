// store/crash_test.cc: the power goes between any two effects, and every answer was true.

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"
#include "store/store_testing.h"

namespace weft::store {
namespace {

// What was tried, what was answered, what was found in the file after a crash.
struct Ledger {
    std::map<std::string, std::vector<Write>> tried;  // by the commit's mark
    std::map<Revision, std::string> known;            // marks answered or found, by revision
    Revision answered = 1;                            // the newest revision answered
    std::optional<std::string> violation;             // the first one

    void violate(std::string what) {
        if (!violation.has_value()) {
            violation = std::move(what);
        }
    }
};

struct Plan {
    uint64_t seed = 1;
    Sync sync = Sync::full;
    bool swallows_sync = false;
    int crashes = 4;
    int clients = 6;
    int commits = 60;                   // of each client between two crashes
    std::optional<uint64_t> first_cut;  // the first crash comes at this effect
};

std::string mark_of(std::string_view value) {
    return std::string(value.substr(0, value.find(' ')));
}

class CrashWorld {
public:
    explicit CrashWorld(Plan plan)
        : plan_(plan),
          loop_(plan.seed),
          vfs_({.seed = plan.seed, .swallows_sync = plan.swallows_sync}) {}

    // The first promise that was broken.
    std::optional<std::string> run() {
        for (int crash = 0; crash <= plan_.crashes && !ledger_.violation.has_value(); ++crash) {
            const bool is_last = crash == plan_.crashes;
            if (!is_last) {
                const uint64_t in = crash == 0 && plan_.first_cut.has_value()
                                        ? *plan_.first_cut
                                        : loop_.random() % 300;
                vfs_.cut_power_at(vfs_.effects() + in);
            }
            auto opened = io::run(&loop_, open_sqlite(&loop_, options()));
            if (opened) {
                check(opened->get());
                work(opened->get());
                io::run(&loop_, (*opened)->close());
            } else if (!vfs_.is_down()) {
                ledger_.violate(opened.error().text());
            }
            vfs_.crash();
        }
        return ledger_.violation;
    }
    [[nodiscard]] Revision answered() const { return ledger_.answered; }
    [[nodiscard]] uint64_t effects() const { return vfs_.effects(); }

private:
    [[nodiscard]] SqliteOptions options() const {
        return {.file = "/store.db", .sync = plan_.sync, .vfs = vfs_.name()};
    }

    void work(Store* store) { io::run(&loop_, run_clients(this, store)); }
    static io::Task<void> run_clients(CrashWorld* world, Store* store) {
        io::Scope scope(&world->loop_);
        for (int i = 0; i < world->plan_.clients; ++i) {
            scope.spawn(client(world, store));
        }
        co_await scope.join();
    }
    static io::Task<void> client(CrashWorld* world, Store* store) {
        for (int i = 0; i < world->plan_.commits; ++i) {
            std::vector<Write> writes = co_await make_commit(world, store);
            const std::string mark = mark_of(*writes.front().value);
            world->ledger_.tried[mark] = writes;
            const Result<Revision> revision = co_await store->commit(std::move(writes));
            if (revision) {
                world->answer(*revision, mark);
            } else if (revision.error().reason() != Reason::conflict) {
                co_return;  // The power has gone.
            }
            if (world->loop_.random() % 40 == 0) {
                static_cast<void>(co_await store->compact(
                    std::max<Revision>(store->oldest(), store->newest() - 20)));
            }
        }
    }
    void answer(Revision revision, const std::string& mark) {
        if (!ledger_.known.emplace(revision, mark).second) {
            ledger_.violate(cat("revision ", revision, " was given twice"));
        }
        ledger_.answered = std::max(ledger_.answered, revision);
    }
    // One to three keys; the first is a put, whose value begins with the commit's mark.
    static io::Task<std::vector<Write>> make_commit(CrashWorld* world, Store* store) {
        io::Loop& chance = world->loop_;
        std::map<std::string, Write> writes;
        const std::string mark = cat("c", ++world->marks_);
        for (uint64_t n = chance.random() % 3 + 1; n > 0; --n) {
            const std::string key = cat("/k/", chance.random() % 30);
            if (writes.contains(key)) {
                continue;
            }
            const auto entry = co_await store->get(key, {});
            const bool is_put = writes.empty() || chance.random() % 3 != 0;
            const size_t size = chance.random() % 4 == 0 ? chance.random() % 30'000 : 20;
            Bytes value =
                is_put ? std::make_shared<const std::string>(cat(mark, " ", std::string(size, 'x')))
                       : nullptr;
            writes[key] = {key, std::move(value),
                           entry && entry->has_value() ? (*entry)->modified : 0};
        }
        std::vector<Write> commit;
        for (auto& [key, write] : writes) {
            commit.push_back(std::move(write));
        }
        std::ranges::partition(commit, [](const Write& write) { return write.value != nullptr; });
        co_return commit;
    }

    // After a restart: the file tells of every commit, whole, and of nothing that nobody tried.
    void check(Store* store) {
        if (store->newest() < ledger_.answered) {
            ledger_.violate(
                cat("newest is ", store->newest(), ", answered was ", ledger_.answered));
            return;
        }
        std::map<Revision, std::vector<Event>> found;
        const auto watch = store->watch("", store->oldest());
        for (Event& event : *testing_world::World::take(watch->get())) {
            found[event.entry.modified].push_back(std::move(event));
        }
        for (const auto& [revision, events] : found) {
            check_commit(revision, events);
        }
        std::map<std::string, std::string> state;
        for (Revision revision = 2; revision <= store->newest(); ++revision) {
            const auto known = ledger_.known.find(revision);
            if (known == ledger_.known.end()) {
                ledger_.violate(cat("revision ", revision, " is missing"));
                return;
            }
            for (const Write& write : ledger_.tried.at(known->second)) {
                if (write.value == nullptr) {
                    state.erase(write.key);
                } else {
                    state[write.key] = *write.value;
                }
            }
        }
        std::map<std::string, std::string> listed;
        for (const Entry& entry : io::run(&loop_, store->list({}))->entries) {
            listed[entry.key] = *entry.value;
        }
        if (state != listed) {
            ledger_.violate("the entries are not what the commits made");
        }
    }
    void check_commit(Revision revision, const std::vector<Event>& events) {
        const auto put = std::ranges::find(events, Event::Type::put, &Event::type);
        const std::string mark = put == events.end() ? "" : mark_of(*put->entry.value);
        const auto tried = ledger_.tried.find(mark);
        if (tried == ledger_.tried.end()) {
            ledger_.violate(cat("revision ", revision, " is of nobody"));
            return;
        }
        size_t effective = 0;
        for (const Write& write : tried->second) {
            effective += write.value != nullptr || write.expected != 0 ? 1 : 0;
        }
        if (events.size() != effective) {
            ledger_.violate(cat("revision ", revision, " is half there"));
        }
        const auto known = ledger_.known.emplace(revision, mark).first;
        if (known->second != mark) {
            ledger_.violate(cat("revision ", revision, " was answered to another commit"));
        }
    }

    Plan plan_;
    io::sim::VirtualLoop loop_;
    FaultyVfs vfs_;
    Ledger ledger_;
    uint64_t marks_ = 0;
};

TEST(Crash, EveryAnsweredCommitIsThereWholeWhereverThePowerWent) {
    Revision answered = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        CrashWorld world({.seed = seed, .first_cut = {}});
        const auto violation = world.run();
        ASSERT_FALSE(violation.has_value()) << "seed " << seed << ": " << *violation;
        answered += world.answered();
    }
    EXPECT_GT(answered, 10'000);  // The worlds did work.
}

TEST(Crash, EveryEffectOfAShortLifeMayBeTheLast) {
    for (uint64_t cut = 0; cut < 150; ++cut) {
        CrashWorld world({.seed = 7, .crashes = 1, .clients = 2, .commits = 10, .first_cut = cut});
        const auto violation = world.run();
        ASSERT_FALSE(violation.has_value()) << "effect " << cut << ": " << *violation;
    }
}

TEST(Crash, AMissingSyncIsFound) {
    size_t found = 0;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        found +=
            CrashWorld({.seed = seed, .swallows_sync = true, .first_cut = {}}).run().has_value()
                ? 1
                : 0;
    }
    EXPECT_GE(found, 9U);
}

TEST(Crash, WithoutSyncAPowerCutTakesAnswersButNeverTheFile) {
    size_t lost = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        const auto violation = CrashWorld({.seed = seed, .sync = Sync::off, .first_cut = {}}).run();
        if (violation.has_value()) {
            ++lost;
            EXPECT_EQ(violation->substr(0, 9), "newest is") << *violation;
        }
    }
    EXPECT_GE(lost, 10U);
}

}  // namespace
}  // namespace weft::store
