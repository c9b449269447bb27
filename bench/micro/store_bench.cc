// bench/micro/store_bench.cc: gets, lists, commits and watches of the stores.
//
// Run on a disk that matters: WEFT_BENCH_DIR=/var/tmp store_bench

#include <benchmark/benchmark.h>
#include <filesystem>
#include <stdlib.h>

#include "base/base.h"
#include "io/io.h"
#include "io/real_loop.h"
#include "store/store.h"

namespace weft::store {
namespace {

constexpr int64_t keys = 100'000;

Bytes value_of(size_t size) {
    return std::make_shared<const std::string>(size, 'x');
}
std::string key_of(int64_t i) {
    return cat("/registry/pods/namespace-", i % 100, "/pod-with-a-usual-name-", i);
}

io::Task<void> fill(Store* store) {
    const Bytes value = value_of(1000);
    for (int64_t i = 0; i < keys;) {
        std::vector<Write> writes;
        for (int n = 0; n < 5000 && i < keys; ++n, ++i) {
            writes.push_back({key_of(i), value, 0});
        }
        CHECK((co_await store->commit(std::move(writes))).has_value());
    }
}

io::Task<void> get_many(io::Loop* loop, Store* store, benchmark::State* state) {
    const auto start = static_cast<int64_t>(loop->random() % keys);
    int64_t i = start;
    for (auto _ : *state) {
        i = (i + 7919) % keys;
        auto entry = co_await store->get(key_of(i), {});
        benchmark::DoNotOptimize(entry);
    }
    state->SetItemsProcessed(state->iterations());
}

void get(benchmark::State& state) {
    io::RealLoop loop;
    const auto store = memory(&loop);
    io::run(&loop, fill(store.get()));
    io::run(&loop, get_many(&loop, store.get(), &state));
}
BENCHMARK(get);

io::Task<void> list_many(Store* store, benchmark::State* state) {
    for (auto _ : *state) {
        auto page = co_await store->list(
            {.prefix = "/registry/pods/", .limit = static_cast<size_t>(state->range(0))});
        benchmark::DoNotOptimize(page);
    }
    state->SetItemsProcessed(state->iterations() * state->range(0));
}

void list(benchmark::State& state) {
    io::RealLoop loop;
    const auto store = memory(&loop);
    io::run(&loop, fill(store.get()));
    io::run(&loop, list_many(store.get(), &state));
}
BENCHMARK(list)->Arg(500)->Arg(5000)->Unit(benchmark::kMicrosecond);

// Updates of existing keys, with watchers of other prefixes around.
io::Task<void> update_many(Store* store, benchmark::State* state) {
    const Bytes value = value_of(1000);
    std::vector<std::unique_ptr<Watch>> watches;
    for (int64_t i = 0; i < state->range(0); ++i) {
        watches.push_back(*store->watch(cat("/registry/kind-", i, "/"), store->newest()));
    }
    std::vector<Revision> revisions(keys, 0);
    int64_t i = 0;
    for (auto _ : *state) {
        i = (i + 7919) % keys;
        Revision& revision = revisions[static_cast<size_t>(i)];
        if (revision == 0) {
            revision = (*co_await store->get(key_of(i), {}))->modified;
        }
        std::vector<Write> writes;
        writes.push_back({key_of(i), value, revision});
        revision = *co_await store->commit(std::move(writes));
    }
    state->SetItemsProcessed(state->iterations());
}

void commit_memory(benchmark::State& state) {
    io::RealLoop loop;
    const auto store = memory(&loop);
    io::run(&loop, fill(store.get()));
    io::run(&loop, update_many(store.get(), &state));
}
BENCHMARK(commit_memory)->ArgName("watches")->Arg(0)->Arg(100)->Arg(2000);

// --- On disk ---

struct Budget {
    int64_t left = 0;
};

io::Task<void> commit_until(Store* store, int64_t client, Budget* budget) {
    const Bytes value = value_of(1000);
    const std::string key = cat("/client/", client);
    const auto now = co_await store->get(key, {});
    Revision revision = now->has_value() ? (*now)->modified : 0;
    while (budget->left > 0) {
        --budget->left;
        std::vector<Write> writes;
        writes.push_back({key, value, revision});
        revision = *co_await store->commit(std::move(writes));
    }
}

io::Task<void> run_clients(io::Loop* loop, Store* store, int64_t count, Budget* budget) {
    io::Scope scope(loop);
    for (int64_t i = 0; i < count; ++i) {
        scope.spawn(commit_until(store, i, budget));
    }
    co_await scope.join();
}

void commit_sqlite(benchmark::State& state, Sync sync) {
    const char* place = ::getenv("WEFT_BENCH_DIR");
    std::string pattern = cat(place == nullptr ? "." : place, "/weft-bench-XXXXXX");
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    io::RealLoop loop;
    auto store = *io::run(
        &loop,
        open_sqlite(
            &loop, {.file = std::filesystem::path(pattern) / "store.db", .sync = sync, .vfs = ""}));
    constexpr int64_t batch = 2000;
    for (auto _ : state) {
        Budget budget{batch};
        io::run(&loop, run_clients(&loop, store.get(), state.range(0), &budget));
    }
    state.SetItemsProcessed(state.iterations() * batch);
    io::run(&loop, store->close());
    std::filesystem::remove_all(pattern);
}
BENCHMARK_CAPTURE(commit_sqlite, full, Sync::full)
    ->ArgName("clients")
    ->Arg(1)
    ->Arg(32)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commit_sqlite, group, Sync::group)
    ->ArgName("clients")
    ->Arg(1)
    ->Arg(32)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commit_sqlite, off, Sync::off)
    ->ArgName("clients")
    ->Arg(1)
    ->Arg(32)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft::store

BENCHMARK_MAIN();
