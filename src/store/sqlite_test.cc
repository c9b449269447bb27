// store/sqlite_test.cc: groups, failures, locks and files of the SQLite store.

#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "store/limits.h"
#include "store/store_testing.h"

namespace weft::store {
namespace {

using testing_world::Kind;
using testing_world::World;

io::Task<void> commit_one(Store* store, Write write, Result<Revision>* result) {
    std::vector<Write> writes;
    writes.push_back(std::move(write));
    *result = co_await store->commit(std::move(writes));
}

io::Task<void> commit_together(World* world, std::vector<Write> writes,
                               std::vector<Result<Revision>>* results) {
    io::Scope scope(&world->loop);
    results->assign(writes.size(), Result<Revision>(Revision{0}));
    for (size_t i = 0; i < writes.size(); ++i) {
        scope.spawn(commit_one(world->store.get(), std::move(writes[i]), &(*results)[i]));
    }
    co_await scope.join();
}

std::vector<Result<Revision>> commits(World& world, std::vector<Write> writes) {
    std::vector<Result<Revision>> results;
    io::run(&world.loop, commit_together(&world, std::move(writes), &results));
    return results;
}

TEST(Sqlite, CommitsThatComeTogetherShareOneSyncInTheirOrder) {
    World world(Kind::sqlite);
    ASSERT_TRUE(world.put("/warm", "x"));
    const uint64_t before_one = world.vfs.effects();
    ASSERT_TRUE(world.put("/one", "x"));
    const uint64_t one = world.vfs.effects() - before_one;
    std::vector<Write> writes;
    for (int i = 0; i < 32; ++i) {
        writes.push_back(World::write(cat("/k", i), "x"));
    }
    const uint64_t before = world.vfs.effects();
    const auto results = commits(world, std::move(writes));
    for (int i = 0; i < 32; ++i) {
        EXPECT_EQ(*results[static_cast<size_t>(i)], 4 + i);
    }
    // Effects are writes of pages and one sync; pages are shared too.
    EXPECT_LT(world.vfs.effects() - before, 3 * one);
}

TEST(Sqlite, ACommitIsCheckedAgainstTheEarlierOnesOfItsGroup) {
    World world(Kind::sqlite);
    ASSERT_TRUE(world.put("/a", "0"));
    const auto results = commits(
        world, {World::write("/a", "1", 2), World::write("/a", "2", 2), World::write("/a", "3", 3),
                Write{"/a", nullptr, 4}, World::write("/a", "5", 4), World::write("/a", "6")});
    EXPECT_EQ(*results[0], 3);
    EXPECT_EQ(results[1].error().reason(), Reason::conflict);
    EXPECT_EQ(*results[2], 4);
    EXPECT_EQ(*results[3], 5);
    EXPECT_EQ(results[4].error().message(), "key \"/a\" was expected at revision 4, it is absent");
    EXPECT_EQ(*results[5], 6);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(
            testing_world::texts_of(*(*world.store->watch("/", 1))->take()),
            (std::vector<std::string>{"put /a=0 was -@2", "put /a=1 was =0@3", "put /a=3 was =1@4",
                                      "erase /a was =3@5", "put /a=6 was -@6"}));
        EXPECT_EQ((*world.get("/a"))->created, 6);
        world.reopen();
    }
}

struct Fault {
    const char* name;
    FaultyOptions options;
    const char* message;
};

TEST(Sqlite, AGroupThatFailsFailsWholeAndMemoryAndFileAgree) {
    const Fault faults[] = {
        {"full", {.disk_full = 10'000}, "the disk is full"},
        {"write", {.write_error = 10'000}, "disk I/O error"},
        {"sync", {.sync_error = 10'000}, "disk I/O error"},
    };
    for (const Fault& fault : faults) {
        SCOPED_TRACE(fault.name);
        World world(Kind::sqlite);
        ASSERT_TRUE(world.put("/a", "1"));
        const auto watch = *world.store->watch("/", 2);
        world.vfs.set_faults(fault.options);
        const auto results = commits(world, {World::write("/a", "2", 2), World::write("/b", "1"),
                                             World::write("/c", std::string(100'000, 'x'))});
        for (const auto& result : results) {
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().reason(), Reason::io);
            EXPECT_THAT(result.error().message(), testing::HasSubstr(fault.message));
        }
        EXPECT_EQ(world.store->newest(), 2);
        EXPECT_EQ(*(*world.get("/a"))->value, "1");
        EXPECT_TRUE(watch->take()->empty());
        world.vfs.set_faults({});
        EXPECT_EQ(*world.put("/b", "2"), 3);
        world.reopen();
        EXPECT_EQ(testing_world::texts_of(*world.list({})),
                  (std::vector<std::string>{"/a=1@2", "/b=2@3"}));
        EXPECT_EQ(world.store->newest(), 3);
    }
}

TEST(Sqlite, RandomFaultsNeverPartMemoryFromFile) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        World world(Kind::sqlite);
        world.vfs.set_faults({.write_error = 100, .sync_error = 300, .disk_full = 100});
        size_t failed = 0;
        for (int i = 0; i < 60; ++i) {
            const std::string key = cat("/k", world.loop.random() % 10);
            const auto entry = world.get(key);
            const Revision expected = entry->has_value() ? (*entry)->modified : 0;
            const std::string value(seed * 100, 'x');
            failed += world.put(key, value, expected) ? 0 : 1;
        }
        const auto before = testing_world::texts_of(*world.list({}));
        const Revision newest = world.store->newest();
        world.vfs.set_faults({});
        world.reopen();
        ASSERT_EQ(testing_world::texts_of(*world.list({})), before) << "seed " << seed;
        ASSERT_EQ(world.store->newest(), newest);
        EXPECT_LT(failed, 60U);
    }
}

TEST(Sqlite, ASecondOpenerIsToldWhoHasTheFile) {
    World world(Kind::sqlite_file);
    const auto second =
        io::run(&world.loop,
                open_sqlite(&world.loop, {.file = world.directory.path() / "store.db", .vfs = ""}));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason(), Reason::conflict);
    EXPECT_EQ(second.error().message(),
              cat((world.directory.path() / "store.db.lock").native(), " is held by process ",
                  static_cast<int64_t>(::getpid()),
                  "; stop that process, or use another data directory"));
    world.reopen();
}

std::string open_error(World& world, const std::filesystem::path& file) {
    const auto opened = io::run(&world.loop, open_sqlite(&world.loop, {.file = file, .vfs = ""}));
    return opened ? "opened" : opened.error().message();
}

void run_sql(const std::filesystem::path& file, const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

TEST(Sqlite, FilesThatAreNotOursAreRefusedUntouched) {
    World world(Kind::memory);
    const std::filesystem::path other = world.directory.path() / "other.db";
    run_sql(other, "CREATE TABLE t (x); PRAGMA user_version = 3");
    EXPECT_THAT(open_error(world, other),
                testing::HasSubstr("is a SQLite file of another program; use another data"));
    const std::filesystem::path text = world.directory.path() / "text.db";
    std::ofstream(text) << std::string(5000, 'x');
    EXPECT_THAT(open_error(world, text), testing::HasSubstr("is damaged (file is not a database)"));
    EXPECT_THAT(open_error(world, world.directory.path() / "no" / "store.db"),
                testing::HasSubstr("the directory must exist and be writable"));
}

TEST(Sqlite, AFormatOfTheFutureIsRefused) {
    World world(Kind::sqlite_file);
    world.close();
    const std::filesystem::path file = world.directory.path() / "store.db";
    run_sql(file, "PRAGMA user_version = 2");
    EXPECT_THAT(open_error(world, file),
                testing::HasSubstr("has format version 2, this program knows version 1; use the "
                                   "version of the program that wrote it, or restore a backup"));
}

TEST(Sqlite, DamageIsNeverTakenForContent) {
    size_t refused = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        World world(Kind::sqlite);
        for (int i = 0; i < 40; ++i) {
            ASSERT_TRUE(world.put(cat("/k", i), "x"));
        }
        world.close();
        io::sim::VirtualLoop chance(seed);
        ASSERT_TRUE(world.vfs.flip_bit("/store.db", chance.random() % world.vfs.size("/store.db")));
        const auto opened = io::run(
            &world.loop, open_sqlite(&world.loop, {.file = "/store.db", .vfs = world.vfs.name()}));
        if (opened) {
            // A bit in unused space, or in a value: SQLite has no checksum of pages.
            EXPECT_EQ((*opened)->newest(), 41);
            io::run(&world.loop, (*opened)->close());
        } else {
            ++refused;
        }
    }
    EXPECT_GT(refused, 0U);
}

TEST(Sqlite, ABackupWhileWritingIsAStoreOfOneMoment) {
    World world(Kind::sqlite_file);
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(world.put(cat("/k", i), std::string(20'000, 'x')));
    }
    const std::filesystem::path to = world.directory.path() / "backup.db";
    struct Both {
        static io::Task<void> write(World* to_world) {
            for (int i = 0; i < 30; ++i) {
                CHECK((co_await to_world->store->commit({World::write(cat("/more", i), "x")}))
                          .has_value());
            }
        }
        static io::Task<Status> run(World* of, std::filesystem::path path) {
            io::Scope scope(&of->loop);
            scope.spawn(write(of));
            Status status = co_await of->store->backup(std::move(path));
            co_await scope.join();
            co_return status;
        }
    };
    ASSERT_TRUE(io::run(&world.loop, Both::run(&world, to)));
    EXPECT_EQ(io::run(&world.loop, world.store->backup(to)).error().reason(),
              Reason::already_exists);
    const auto copy = io::run(&world.loop, open_sqlite(&world.loop, {.file = to, .vfs = ""}));
    ASSERT_TRUE(copy) << copy.error().text();
    const Page page = *io::run(&world.loop, (*copy)->list({}));
    EXPECT_EQ(static_cast<Revision>(page.entries.size()), page.revision - 1);
    EXPECT_GE(page.entries.size(), 200U);
    EXPECT_EQ((*copy)->oldest(), 1);
    io::run(&world.loop, (*copy)->close());
}

TEST(Sqlite, AStoreInMemoryIsBackedUpAsAFile) {
    World world(Kind::memory);
    ASSERT_TRUE(world.put("/a", "1"));
    ASSERT_TRUE(world.put("/b", "1"));
    ASSERT_TRUE(world.put("/a", "2", 2));
    ASSERT_TRUE(world.erase("/b", 3));
    const std::filesystem::path to = world.directory.path() / "backup.db";
    const Status backed_up = io::run(&world.loop, world.store->backup(to));
    ASSERT_TRUE(backed_up) << backed_up.error().text();
    const auto copy = io::run(&world.loop, open_sqlite(&world.loop, {.file = to, .vfs = ""}));
    ASSERT_TRUE(copy) << copy.error().text();
    EXPECT_EQ((*copy)->newest(), 5);
    EXPECT_EQ((*copy)->oldest(), 5);
    const Page page = *io::run(&world.loop, (*copy)->list({}));
    EXPECT_EQ(testing_world::texts_of(page), (std::vector<std::string>{"/a=2@4"}));
    EXPECT_EQ(page.entries[0].created, 2);
    io::run(&world.loop, (*copy)->close());
}

TEST(Sqlite, ABackupOntoAFullDiskFailsAndHarmsNothing) {
    World world(Kind::sqlite);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(world.put(cat("/k", i), std::string(20'000, 'x')));
    }
    world.vfs.set_faults({.disk_full = 10'000});
    EXPECT_FALSE(io::run(&world.loop, world.store->backup("/backup.db")));
    world.vfs.set_faults({});
    EXPECT_TRUE(world.put("/more", "x"));
}

TEST(Sqlite, TheWriteAheadLogStaysSmall) {
    World world(Kind::sqlite);
    size_t largest = 0;
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(world.put("/a", std::string(200'000, 'x'), i == 0 ? 0 : i + 1));
        largest = std::max(largest, world.vfs.size("/store.db-wal"));
    }
    EXPECT_LT(largest, 3 * size_t{checkpoint_frames} * 4096);
}

// Rows in the log of a store that is closed.
int64_t rows_left(World& world) {
    world.close();
    sqlite3* file = nullptr;
    sqlite3_stmt* count = nullptr;
    CHECK(sqlite3_open_v2("/store.db", &file, SQLITE_OPEN_READWRITE, world.vfs.name().c_str()) ==
          SQLITE_OK);
    CHECK(sqlite3_exec(file, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
    CHECK(sqlite3_prepare_v2(file, "SELECT count(*) FROM log", -1, &count, nullptr) == SQLITE_OK);
    CHECK(sqlite3_step(count) == SQLITE_ROW);
    const int64_t rows = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(file);
    world.open();
    return rows;
}

// What the disk refuses to delete is still to be deleted: it counts towards what starts a trim.
TEST(Sqlite, ACompactionThatTheDiskRefusesLeavesItsWorkToTheNextWrites) {
    World world(Kind::sqlite);
    constexpr int64_t too_many = trim_slack_rows + trim_rows / 2;
    for (int64_t made = 0; made < too_many; made += trim_rows / 2) {
        std::vector<Write> writes;
        for (int64_t i = 0; i < trim_rows / 2; ++i) {
            writes.push_back(World::write(cat("/k", made + i), "x"));
        }
        ASSERT_TRUE(world.commit(std::move(writes)));
    }
    world.vfs.set_faults({.write_error = 10'000});
    const Status refused = world.compact(world.store->newest());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason(), Reason::io);
    world.vfs.set_faults({});
    ASSERT_TRUE(world.put("/one", "x"));
    EXPECT_EQ(rows_left(world), too_many - trim_rows + 1);
    // And in the end all of it goes.
    ASSERT_TRUE(world.compact(world.store->newest()));
    EXPECT_EQ(rows_left(world), 0);
    EXPECT_EQ(world.list({})->entries.size(), too_many + 1);
}

TEST(Sqlite, RefusesMoreThanItCanQueue) {
    World world(Kind::sqlite);
    std::vector<Write> writes;
    for (size_t i = 0; i <= queue_commits_max; ++i) {
        writes.push_back({"/absent", nullptr, 0});
    }
    const auto results = commits(world, std::move(writes));
    EXPECT_TRUE(results.front());
    EXPECT_EQ(results.back().error().reason(), Reason::too_many_requests);
}

TEST(Sqlite, AGroupWaitsForCompanyOnlyUnderLoad) {
    World world(Kind::memory);
    auto opened =
        io::run(&world.loop,
                open_sqlite(&world.loop,
                            {.file = "/group.db", .sync = Sync::group, .vfs = world.vfs.name()}));
    world.store = *std::move(opened);
    const int64_t start = world.loop.monotonic();
    ASSERT_TRUE(world.put("/alone", "x"));
    EXPECT_EQ(world.loop.monotonic(), start);
    std::vector<Write> writes;
    for (int i = 0; i < 8; ++i) {
        writes.push_back(World::write(cat("/k", i), "x"));
    }
    for (const auto& result : commits(world, std::move(writes))) {
        EXPECT_TRUE(result);
    }
    EXPECT_EQ(world.loop.monotonic(), start);
    ASSERT_TRUE(world.put("/late", "x"));
    EXPECT_EQ(world.loop.monotonic(), start + group_wait);
    ASSERT_TRUE(world.put("/alone-again", "x"));
    EXPECT_EQ(world.loop.monotonic(), start + group_wait);
}

}  // namespace
}  // namespace weft::store
