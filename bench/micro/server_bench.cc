// bench/micro/server_bench.cc: the API server without a network: creates, gets, lists and watches.
//
// Everything runs on one thread through the in-process transport, so a figure is what one core does
// with a request after HTTP. Objects are about 1 KB.

#include <benchmark/benchmark.h>

#include "crd/crd.h"
#include "io/io.h"
#include "io/sim/virtual_loop.h"
#include "object/object.h"
#include "server/server.h"
#include "store/store.h"

namespace {

namespace io = weft::io;
namespace http = weft::io::http;
using weft::cat;

// A server in this process.
class World {
public:
    World() : store_(weft::store::memory(&loop)) {
        weft::server::Options options;
        options.loop = &loop;
        options.store = store_.get();
        options.tokens = {{"admin", {"admin", "", {"system:masters"}, {}}}};
        server_ = std::move(*io::run(&loop, weft::server::ApiServer::start(std::move(options))));
        transport_ = http::in_process(server_.get());
    }
    ~World() { io::run(&loop, close()); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    http::Response send(std::string method, std::string target, std::string body = {},
                        std::string type = "application/json") {
        http::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.body = std::move(body);
        request.headers.set("authorization", "Bearer admin");
        request.headers.set("content-type", std::move(type));
        request.headers.set("user-agent", "bench/1");
        return std::move(*io::run(&loop, transport_->send(std::move(request))));
    }

    io::sim::VirtualLoop loop{1};

private:
    io::Task<int> close() {
        co_await server_->close();
        co_return 0;
    }

    std::unique_ptr<weft::store::Store> store_;
    std::unique_ptr<weft::server::ApiServer> server_;
    std::unique_ptr<http::Transport> transport_;
};

const std::string config_maps = "/api/v1/namespaces/default/configmaps";

std::string config_map(int64_t number) {
    return cat(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c)", number,
               R"(","labels":{"app":"bench","n":")", number % 10, R"("}},"data":{"text":")",
               std::string(700, 'x'), R"("}})");
}

void create_config_maps(benchmark::State& state) {
    World world;
    int64_t number = 0;
    for (auto _ : state) {
        const auto response = world.send("POST", config_maps, config_map(number++));
        CHECK(response.status == 201);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_config_maps);

void create_deployments(benchmark::State& state) {
    World world;
    int64_t number = 0;
    for (auto _ : state) {
        const auto response = world.send(
            "POST", "/apis/apps/v1/namespaces/default/deployments",
            cat(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d)", number++,
                R"("},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"d"}},"template":{)"
                R"("metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"a","image":"b",)"
                R"("ports":[{"containerPort":80}],"env":[{"name":"A","value":"1"}]}]}}}})"));
        CHECK(response.status == 201);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_deployments);

void create_custom_resources(benchmark::State& state) {
    World world;
    const auto defined =
        world.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                   R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
            "metadata":{"name":"webs.example.com"},"spec":{"group":"example.com",
            "scope":"Namespaced","names":{"plural":"webs","kind":"Web"},"versions":[{"name":"v1",
            "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":
            {"spec":{"type":"object","properties":{"size":{"type":"integer","default":3,"minimum":1},
            "text":{"type":"string","maxLength":2000}}}}}}}]}})");
    CHECK(defined.status == 201);
    int64_t number = 0;
    for (auto _ : state) {
        const auto response =
            world.send("POST", "/apis/example.com/v1/namespaces/default/webs",
                       cat(R"({"apiVersion":"example.com/v1","kind":"Web","metadata":{"name":"w)",
                           number++, R"("},"spec":{"text":")", std::string(700, 'x'), R"("}})"));
        CHECK(response.status == 201);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_custom_resources);

void get_config_map(benchmark::State& state) {
    World world;
    world.send("POST", config_maps, config_map(1));
    for (auto _ : state) {
        benchmark::DoNotOptimize(world.send("GET", config_maps + "/c1"));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_config_map);

void apply_unchanged(benchmark::State& state) {
    World world;
    const std::string target = config_maps + "/c1?fieldManager=bench";
    world.send("PATCH", target, config_map(1), "application/apply-patch+yaml");
    for (auto _ : state) {
        const auto response =
            world.send("PATCH", target, config_map(1), "application/apply-patch+yaml");
        CHECK(response.status == 200);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(apply_unchanged);

void list_config_maps(benchmark::State& state) {
    World world;
    for (int64_t i = 0; i < state.range(0); ++i) {
        world.send("POST", config_maps, config_map(i));
    }
    int64_t bytes = 0;
    for (auto _ : state) {
        const auto response = world.send("GET", config_maps);
        bytes += static_cast<int64_t>(response.body_size());
    }
    state.SetBytesProcessed(bytes);
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(list_config_maps)->Arg(5000)->Unit(benchmark::kMillisecond);

void list_by_label(benchmark::State& state) {
    World world;
    for (int64_t i = 0; i < state.range(0); ++i) {
        world.send("POST", config_maps, config_map(i));
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(world.send("GET", config_maps + "?labelSelector=n%3Dnone"));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(list_by_label)->Arg(5000)->Unit(benchmark::kMillisecond);

// One write, handed to so many watchers; an item is an event delivered.
void watch_fan_out(benchmark::State& state) {
    World world;
    std::vector<http::Response> watches;
    for (int64_t i = 0; i < state.range(0); ++i) {
        watches.push_back(world.send("GET", config_maps + "?watch=true"));
    }
    int64_t number = 0;
    for (auto _ : state) {
        world.send("POST", config_maps, config_map(number++));
        for (http::Response& watch : watches) {
            auto pieces = io::run(&world.loop, watch.source->next());
            CHECK(pieces.has_value() && !pieces->empty());
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    watches.clear();
}
BENCHMARK(watch_fan_out)->Arg(1)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
