// control/instruments_test.cc: kro's names, and what requests are held back by.

#include "control/instruments.h"

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"

namespace weft::control {
namespace {

// Answers 429 so many times, then 200.
class Throttling : public io::http::Transport {
public:
    explicit Throttling(int times) : left_(times) {}
    io::Task<Result<io::http::Response>> send(io::http::Request) override {
        ++requests;
        io::http::Response answer =
            io::http::Response::text(left_ > 0 ? 429 : 200, "text/plain", "x");
        if (left_-- > 0) {
            answer.headers.set("retry-after", "2");
        }
        co_return answer;
    }
    int requests = 0;

private:
    int left_;
};

io::Task<int> get(io::http::Transport* transport) {
    io::http::Request request;
    request.method = "GET";
    request.target = "/api";
    const auto answer = co_await transport->send(std::move(request));
    co_return answer ? answer->status : 0;
}

io::Task<int> get_many(io::http::Transport* transport, int count) {
    int status = 0;
    for (int i = 0; i < count; ++i) {
        status = co_await get(transport);
    }
    co_return status;
}

TEST(Instruments, ShowKrosNamesBeforeAnythingHappened) {
    Instruments instruments;
    const std::string text = instruments.metrics()->text();
    for (const char* name :
         {"cel_expr_eval_total 0", "runtime_node_eval_total 0", "runtime_collection_size_count 0",
          "dynamic_controller_watch_count 0", "graph_revision_registry_evictions_total 0",
          "rgd_graph_revision_gc_deleted_total 0", "schema_resolver_cache_hits_total 0"}) {
        EXPECT_TRUE(text.contains(cat("\n", name, "\n"))) << name;
    }
}

TEST(Instruments, SpellResourcesAsKroDoes) {
    Instruments instruments;
    const kube::Resource resource{{"kro.run", "v1alpha1", "apps"}, "App", true, true};
    instruments.of_kind(resource)->reconciles->add();
    instruments.of_kind(resource)->instance_reconciles->add();
    instruments.count_state(resource.gvk(), "IN_PROGRESS", "ACTIVE");

    const std::string text = instruments.metrics()->text();
    EXPECT_TRUE(
        text.contains("dynamic_controller_reconcile_total{gvr=\"kro.run/v1alpha1/apps\"} 1"));
    EXPECT_TRUE(
        text.contains("instance_reconcile_total{gvr=\"kro.run/v1alpha1, Resource=apps\"} 1"));
    EXPECT_TRUE(
        text.contains("instance_state_transitions_total{gvr=\"kro.run/v1alpha1, "
                      "Kind=App\",from_state=\"IN_PROGRESS\",to_state=\"ACTIVE\"} 1"));
}

TEST(Instruments, CountRoutesAndWhatTheyLeadTo) {
    Instruments instruments;
    instruments.count_route({"", "v1", "configmaps"}, 2);
    instruments.count_route({"", "v1", "configmaps"}, 0);

    const std::string text = instruments.metrics()->text();
    EXPECT_TRUE(text.contains("dynamic_controller_route_total{gvr=\"/v1, Resource=configmaps\"} 2"))
        << text;
    EXPECT_TRUE(
        text.contains("dynamic_controller_route_match_total{gvr=\"/v1, Resource=configmaps\"} 2"));
}

TEST(Instruments, RequestsWaitOutWhatTheServerAsksFor) {
    io::sim::VirtualLoop loop(1);
    Instruments instruments;
    Throttling server(3);
    MeteredTransport transport(&loop, &server, &instruments, {});

    EXPECT_EQ(io::run(&loop, get(&transport)), 200);
    EXPECT_EQ(loop.monotonic(), 6 * io::second);
    EXPECT_EQ(server.requests, 4);
    EXPECT_TRUE(instruments.metrics()->text().contains(
        "rest_client_request_retries_total{code=\"429\",method=\"GET\"} 3"));
}

// Refuses the first request as kube-apiserver does while it makes the storage of a kind.
class Initializing : public io::http::Transport {
public:
    io::Task<Result<io::http::Response>> send(io::http::Request) override {
        io::http::Response answer = io::http::Response::text(
            requests == 0 ? 429 : 200, "application/json",
            R"({"kind":"Status","message":"storage is (re)initializing"})");
        if (requests++ == 0) {
            answer.headers.set("retry-after", "1");
        }
        co_return answer;
    }
    int requests = 0;
};

TEST(Instruments, AWatchWaitsForItsStorageOnly) {
    io::sim::VirtualLoop loop(1);
    Instruments instruments;
    Initializing server;
    MeteredTransport transport(&loop, &server, &instruments, {});
    const auto watch = [](io::http::Transport* over) -> io::Task<int> {
        io::http::Request request;
        request.method = "GET";
        request.target = "/apis/x.io/v1/as?watch=1";
        const auto answer = co_await over->send(std::move(request));
        co_return answer ? answer->status : 0;
    };

    EXPECT_EQ(io::run(&loop, watch(&transport)), 200);
    EXPECT_EQ(server.requests, 2);
    EXPECT_EQ(loop.monotonic(), 50 * io::millisecond);
}

TEST(Instruments, ARateHoldsRequestsBackAfterABurst) {
    io::sim::VirtualLoop loop(1);
    Instruments instruments;
    Throttling server(0);
    MeteredTransport transport(&loop, &server, &instruments, {.a_second = 10, .burst = 5});

    EXPECT_EQ(io::run(&loop, get_many(&transport, 25)), 200);
    // The first five at once, then one each tenth of a second.
    EXPECT_EQ(loop.monotonic(), 2 * io::second);
}

}  // namespace
}  // namespace weft::control
