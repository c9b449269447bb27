// store/contract_test.cc: what every store promises, asked of each.

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"
#include "store/store_testing.h"

namespace weft::store {
namespace {

class Contract : public testing::TestWithParam<testing_world::Kind> {
protected:
    testing_world::World world{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Stores, Contract, testing_world::kinds(),
                         [](const auto& info) { return testing_world::name(info.param); });

using testing_world::keys_of;
using testing_world::texts_of;

TEST_P(Contract, AFreshStoreStandsAtOneAndItsFirstWriteGetsTwo) {
    EXPECT_EQ(world.store->newest(), 1);
    EXPECT_EQ(*world.put("/a", "1"), 2);
    EXPECT_EQ(world.store->newest(), 2);
    const auto entry = world.get("/a");
    ASSERT_TRUE(entry->has_value());
    EXPECT_EQ((*entry)->key, "/a");
    EXPECT_EQ(*(*entry)->value, "1");
    EXPECT_EQ((*entry)->created, 2);
    EXPECT_EQ((*entry)->modified, 2);
    EXPECT_FALSE(world.get("/b")->has_value());
}

TEST_P(Contract, AnOlderRevisionIsReadAsItWas) {
    ASSERT_TRUE(world.put("/a", "1"));     // 2
    ASSERT_TRUE(world.put("/b", "1"));     // 3
    ASSERT_TRUE(world.put("/a", "2", 2));  // 4
    ASSERT_TRUE(world.erase("/b", 3));     // 5
    ASSERT_TRUE(world.put("/b", "new"));   // 6
    EXPECT_FALSE(world.get("/a", 1)->has_value());
    EXPECT_EQ(*(*world.get("/a", 3))->value, "1");
    EXPECT_EQ(*(*world.get("/a", 4))->value, "2");
    EXPECT_EQ((*world.get("/a", 4))->created, 2);
    EXPECT_EQ(*(*world.get("/b", 4))->value, "1");
    EXPECT_FALSE(world.get("/b", 5)->has_value());
    EXPECT_EQ((*world.get("/b"))->created, 6);
    EXPECT_EQ(texts_of(*world.list({.prefix = "/", .at = {4}})),
              (std::vector<std::string>{"/a=2@4", "/b=1@3"}));
    EXPECT_EQ(texts_of(*world.list({.prefix = "/", .at = {5}})),
              (std::vector<std::string>{"/a=2@4"}));
    EXPECT_EQ(texts_of(*world.list({.prefix = "/"})),
              (std::vector<std::string>{"/a=2@4", "/b=new@6"}));
    EXPECT_EQ(world.list({.prefix = "/", .at = {4}})->revision, 4);
    EXPECT_EQ(world.list({.prefix = "/"})->revision, 6);
}

TEST_P(Contract, ARevisionToComeIsTimeout) {
    ASSERT_TRUE(world.put("/a", "1"));
    EXPECT_EQ(world.get("/a", 3).error().reason(), Reason::timeout);
    EXPECT_EQ(world.list({.prefix = "/", .at = {3}}).error().reason(), Reason::timeout);
    EXPECT_EQ(world.list({.prefix = "/", .at = {3}}).error().message(),
              "Too large resource version: 3, current: 2");
}

TEST_P(Contract, AWriteWithTheWrongExpectationIsAConflictThatNamesTheKeyAndChangesNothing) {
    ASSERT_TRUE(world.put("/a", "1"));
    const auto twice = world.put("/a", "2");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().reason(), Reason::conflict);
    EXPECT_EQ(twice.error().message(), "key \"/a\" was expected to be absent, it is at revision 2");
    EXPECT_EQ(world.put("/b", "1", 7).error().message(),
              "key \"/b\" was expected at revision 7, it is absent");
    EXPECT_EQ(world.erase("/a", 9).error().reason(), Reason::conflict);
    EXPECT_EQ(world.store->newest(), 2);
    EXPECT_EQ(*(*world.get("/a"))->value, "1");
}

TEST_P(Contract, ACommitOfManyWritesIsOneRevisionOrNothing) {
    ASSERT_TRUE(world.put("/a", "1"));
    const auto failed = world.commit({world.write("/b", "1"), world.write("/a", "2", 5)});
    EXPECT_EQ(failed.error().reason(), Reason::conflict);
    EXPECT_FALSE(world.get("/b")->has_value());
    EXPECT_EQ(*world.commit({world.write("/b", "1"), world.write("/c", "1"), {"/a", nullptr, 2}}),
              3);
    EXPECT_EQ(texts_of(*world.list({.prefix = "/"})),
              (std::vector<std::string>{"/b=1@3", "/c=1@3"}));
    EXPECT_EQ(world.commit({world.write("/x", "1"), world.write("/x", "2")}).error().reason(),
              Reason::bad_request);
}

TEST_P(Contract, ACommitThatChangesNothingGivesTheNewestRevision) {
    ASSERT_TRUE(world.put("/a", "1"));
    EXPECT_EQ(*world.commit({}), 2);
    EXPECT_EQ(*world.erase("/nothing", 0), 2);
    EXPECT_EQ(world.store->newest(), 2);
}

TEST_P(Contract, PagesGoOnAtTheSameRevisionWhateverIsWrittenBetween) {
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(world.put(cat("/p/", i), "x"));
    }
    ASSERT_TRUE(world.put("/q/0", "x"));
    const Revision at = world.store->newest();
    ListRequest request{.prefix = "/p/", .limit = 4};
    std::vector<std::string> keys;
    std::vector<size_t> remaining;
    while (true) {
        const Result<Page> page = world.list(request);
        ASSERT_TRUE(page);
        EXPECT_EQ(page->revision, at);
        for (const Entry& entry : page->entries) {
            keys.push_back(entry.key);
        }
        remaining.push_back(page->remaining);
        ASSERT_TRUE(world.erase(cat("/p/", 9 - static_cast<int>(remaining.size())),
                                11 - static_cast<int>(remaining.size())));
        ASSERT_TRUE(world.put(cat("/p/1", remaining.size()), "new"));
        if (!page->more) {
            break;
        }
        request.start = page->entries.back().key + '\0';
        request.at.revision = page->revision;
    }
    EXPECT_EQ(keys, (std::vector<std::string>{"/p/0", "/p/1", "/p/2", "/p/3", "/p/4", "/p/5",
                                              "/p/6", "/p/7", "/p/8", "/p/9"}));
    EXPECT_EQ(remaining, (std::vector<size_t>{6, 2, 0}));
}

TEST_P(Contract, KeysAreLeftOutWhereNobodyReadsThemAndAPageCanStillGoOn) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(world.put(cat("/p/", i), cat(i)));
    }
    const Result<Page> all = world.list({.prefix = "/p/", .without_keys = true});
    const Result<Page> page = world.list({.prefix = "/p/", .limit = 3, .without_keys = true});
    EXPECT_EQ(keys_of(*all), std::vector<std::string>(5));
    EXPECT_EQ(*all->entries[4].value, "4");
    EXPECT_EQ(keys_of(*page), (std::vector<std::string>{"", "", "/p/2"}));
    EXPECT_EQ(page->remaining, 2U);
}

TEST_P(Contract, RemainingIsCountedForAnyPrefixAndRevision) {
    for (int i = 0; i < 7; ++i) {
        ASSERT_TRUE(world.put(cat("/p/x", i), "x"));
    }
    ASSERT_TRUE(world.erase("/p/x6", 8));
    EXPECT_EQ(world.list({.prefix = "/p/x", .limit = 2})->remaining, 4U);
    EXPECT_EQ(world.list({.prefix = "/p/x", .at = {8}, .limit = 2})->remaining, 5U);
    EXPECT_EQ(world.list({.prefix = "/p/", .start = "/p/x3", .limit = 2})->remaining, 1U);
    EXPECT_EQ(world.list({.prefix = "", .limit = 2})->remaining, 4U);
    EXPECT_FALSE(world.list({.prefix = "/p/", .limit = 6})->more);
}

TEST_P(Contract, KeysThatArePrefixesOfOthersAndOddBytesKeepByteOrder) {
    using std::string_literals::operator""s;
    const std::vector<std::string> keys{"a"s,  "a\0"s,   "a\0\0"s,     "a\0b"s, "a/"s,  "a/\xff"s,
                                        "ab"s, "a\xff"s, "a\xff\xff"s, "b"s,    "\xff"s};
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
        ASSERT_TRUE(world.put(*key, ""));
    }
    EXPECT_EQ(keys_of(*world.list({})), keys);
    EXPECT_EQ(keys_of(*world.list({.prefix = "a"})),
              (std::vector<std::string>(keys.begin(), keys.end() - 2)));
    EXPECT_EQ(keys_of(*world.list({.prefix = "a\xff"})),
              (std::vector<std::string>{"a\xff"s, "a\xff\xff"s}));
    EXPECT_EQ(keys_of(*world.list({.prefix = "\xff"})), (std::vector<std::string>{"\xff"s}));
    EXPECT_EQ(keys_of(*world.list({.prefix = "a", .start = "a\0\0"s, .limit = 2})),
              (std::vector<std::string>{"a\0\0"s, "a\0b"s}));
    EXPECT_EQ(keys_of(*world.list({.prefix = "a/", .start = "b"})), std::vector<std::string>());
    EXPECT_EQ(keys_of(*world.list({.prefix = "a/", .start = "a"})),
              (std::vector<std::string>{"a/"s, "a/\xff"s}));
}

TEST_P(Contract, AnEmptyValueIsAValue) {
    ASSERT_TRUE(world.put("/a", ""));
    ASSERT_TRUE(world.get("/a")->has_value());
    EXPECT_EQ(*(*world.get("/a"))->value, "");
    ASSERT_TRUE(world.put("/a", "", 2));
    ASSERT_TRUE(world.erase("/a", 3));
    world.reopen();
    EXPECT_FALSE(world.get("/a")->has_value());
    const auto watch = world.store->watch("/", 1);
    EXPECT_EQ(texts_of(*(*watch)->take()),
              (std::vector<std::string>{"put /a= was -@2", "put /a= was =@3", "erase /a was =@4"}));
}

TEST_P(Contract, KeysAndCommitsHaveASize) {
    EXPECT_EQ(world.put("", "1").error().reason(), Reason::bad_request);
    EXPECT_EQ(world.put(std::string(5000, 'k'), "1").error().reason(), Reason::bad_request);
    EXPECT_EQ(world.commit(std::vector<Write>(10'001, world.write("/a", "1"))).error().reason(),
              Reason::request_entity_too_large);
}

TEST_P(Contract, AWatchFromAnyRevisionHasNoGap) {
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(
            world.commit({world.write(cat("/w/", i), "1"), world.write(cat("/x/", i), "1")}));
    }
    world.reopen();
    for (Revision since = 1; since <= world.store->newest(); ++since) {
        const auto watch = world.store->watch("/w/", since);
        ASSERT_TRUE(watch);
        const auto events = world.take((*watch).get());
        ASSERT_TRUE(events);
        ASSERT_EQ(events->size(), static_cast<size_t>(21 - since));
        Revision revision = since;
        for (const Event& event : *events) {
            EXPECT_EQ(event.entry.modified, ++revision);
            EXPECT_EQ(event.entry.key, cat("/w/", revision - 2));
        }
        EXPECT_TRUE((*watch)->take()->empty());
    }
}

TEST_P(Contract, AWatchTellsWhatAKeyWasBefore) {
    const auto watch = *world.store->watch("/w/", 0);
    ASSERT_TRUE(world.put("/w/a", "1"));
    ASSERT_TRUE(world.put("/other", "1"));
    ASSERT_TRUE(world.put("/w/a", "2", 2));
    ASSERT_TRUE(world.erase("/w/a", 4));
    ASSERT_TRUE(world.put("/w/a", "3"));
    const auto events = *watch->take();
    EXPECT_EQ(texts_of(events),
              (std::vector<std::string>{"put /w/a=1 was -@2", "put /w/a=2 was =1@4",
                                        "erase /w/a was =2@5", "put /w/a=3 was -@6"}));
    EXPECT_EQ(events[1].previous_modified, 2);
    EXPECT_EQ(events[1].entry.created, 2);
    EXPECT_EQ(events[2].previous_modified, 4);
    EXPECT_EQ(events[3].entry.created, 6);
}

TEST_P(Contract, AWaitingWatchWakesAndGetsACommitWhole) {
    const auto watch = *world.store->watch("/w/", world.store->newest());
    const auto events = world.next_while_committing(
        watch.get(), {world.write("/w/a", "1"), world.write("/v", "1"), world.write("/w/b", "1")});
    ASSERT_TRUE(events);
    EXPECT_EQ(texts_of(*events),
              (std::vector<std::string>{"put /w/a=1 was -@2", "put /w/b=1 was -@2"}));
}

TEST_P(Contract, WatchesOfManyPrefixesGetTheirChangesOnly) {
    std::vector<std::unique_ptr<Watch>> watches;
    const std::vector<std::string> prefixes{"",
                                            "/",
                                            "/pods/",
                                            "/pods/default/",
                                            "/pods/default/web",
                                            "/pod",
                                            "/pods/default/web-2",
                                            "/services/",
                                            "/pods/kube"};
    for (const std::string& prefix : prefixes) {
        watches.push_back(*world.store->watch(prefix, 0));
    }
    ASSERT_TRUE(world.put("/pods/default/web", "1"));
    ASSERT_TRUE(world.put("/pods/default/web-2", "1"));
    ASSERT_TRUE(world.put("/services/web", "1"));
    std::vector<size_t> counts;
    for (const auto& watch : watches) {
        counts.push_back(watch->take()->size());
    }
    EXPECT_EQ(counts, (std::vector<size_t>{3, 3, 2, 2, 2, 2, 1, 1, 0}));
    watches.clear();
    ASSERT_TRUE(world.put("/services/web-2", "1"));
}

TEST_P(Contract, AWatchFromTheFutureWaitsForIt) {
    const auto watch = *world.store->watch("/", 3);
    ASSERT_TRUE(world.put("/a", "1"));
    ASSERT_TRUE(world.put("/b", "1"));
    EXPECT_TRUE(watch->take()->empty());
    ASSERT_TRUE(world.put("/c", "1"));
    EXPECT_EQ(texts_of(*watch->take()), (std::vector<std::string>{"put /c=1 was -@4"}));
}

TEST_P(Contract, CompactionForgetsThePastAndNothingElse) {
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(world.put("/a", cat(i), i == 0 ? 0 : i + 1));  // 2 to 11
    }
    ASSERT_TRUE(world.put("/b", "1"));   // 12
    ASSERT_TRUE(world.erase("/b", 12));  // 13
    ASSERT_TRUE(world.put("/c", "1"));   // 14
    const auto slow = *world.store->watch("/", 3);
    const auto quick = *world.store->watch("/", 14);
    ASSERT_TRUE(world.compact(8));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(world.store->oldest(), 8);
        EXPECT_EQ(world.store->newest(), 14);
        EXPECT_EQ(world.get("/a", 7).error().reason(), Reason::expired);
        EXPECT_EQ(world.list({.prefix = "/", .at = {7}}).error().reason(), Reason::expired);
        EXPECT_EQ(world.store->watch("/", 7).error().reason(), Reason::expired);
        EXPECT_EQ(world.store->watch("/", 0).error().reason(), Reason::expired);
        EXPECT_EQ(*(*world.get("/a", 8))->value, "6");
        EXPECT_EQ(*(*world.get("/b", 12))->value, "1");
        EXPECT_EQ((*world.store->watch("/", 8))->take()->size(), 6U);
        if (round == 0) {
            EXPECT_EQ(slow->take().error().reason(), Reason::expired);
            EXPECT_TRUE(quick->take()->empty());
            world.reopen();
        }
    }
    EXPECT_EQ(world.compact(15).error().reason(), Reason::timeout);
    ASSERT_TRUE(world.compact(5));
    ASSERT_TRUE(world.compact(14));
    EXPECT_EQ(world.store->oldest(), 14);
    EXPECT_EQ(texts_of(*world.list({})), (std::vector<std::string>{"/a=9@11", "/c=1@14"}));
    EXPECT_FALSE(world.get("/b")->has_value());
    EXPECT_EQ(*world.put("/b", "2"), 15);
}

TEST_P(Contract, AfterCloseNothingBeginsAndWatchesEnd) {
    const auto watch = *world.store->watch("/", 0);
    world.close();
    EXPECT_EQ(watch->take().error().reason(), Reason::cancelled);
    EXPECT_EQ(world.store->watch("/", 0).error().reason(), Reason::cancelled);
    EXPECT_EQ(world.put("/a", "1").error().reason(), Reason::cancelled);
}

TEST_P(Contract, HoldsAHundredThousandKeys) {
    const int count = 100'000;
    int made = 0;
    while (made < count) {
        std::vector<Write> writes;
        for (int i = 0; i < 5000; ++i, ++made) {
            const int shuffled = made * 7919 % count;
            writes.push_back(world.write(cat("/big/", shuffled / 1000, "/", shuffled), "value"));
        }
        ASSERT_TRUE(world.commit(std::move(writes)));
    }
    world.reopen();
    EXPECT_EQ(world.list({.prefix = "/big/"})->entries.size(), size_t{count});
    EXPECT_EQ(world.list({.prefix = "/big/42/"})->entries.size(), 1000U);
    const Result<Page> page = world.list({.prefix = "/big/", .limit = 500});
    EXPECT_EQ(page->remaining, size_t{count} - 500);
    EXPECT_TRUE(world.get("/big/99/99999")->has_value());
    EXPECT_EQ(world.take((*world.store->watch("/big/", 0)).get())->size(), size_t{count});
}

}  // namespace
}  // namespace weft::store
