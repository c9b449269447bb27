// kube/client_test.cc: proves which requests a client's calls become.

#include "kube/client.h"

#include <gtest/gtest.h>
#include <string>

#include "io/sim/virtual_loop.h"

namespace weft::kube::client_tests {
namespace {

// Keeps what it is sent and answers with an object.
class Recording : public io::http::Transport {
public:
    io::Task<Result<io::http::Response>> send(io::http::Request request) override {
        line = cat(request.method, " ", request.target);
        body = request.body;
        co_return io::http::Response::text(200, "application/json",
                                           R"({"kind":"Status","status":"Success"})");
    }
    std::string line;
    std::string body;
};

const Resource maps{{"", "v1", "configmaps"}, "ConfigMap", true, false};
const Resource roles{
    {"rbac.authorization.k8s.io", "v1", "clusterroles"}, "ClusterRole", false, false};

io::Task<bool> removed(Client* client, Resource resource, NamespacedName name,
                       DeleteOptions options) {
    const auto answer =
        co_await client->remove(std::move(resource), std::move(name), std::move(options));
    co_return answer.has_value();
}

TEST(Client, PathsNameTheGroupTheNamespaceAndTheObject) {
    EXPECT_EQ(resource_path(maps, "default", "a", ""), "/api/v1/namespaces/default/configmaps/a");
    EXPECT_EQ(resource_path(maps, "", "", ""), "/api/v1/configmaps");
    EXPECT_EQ(resource_path(roles, "ignored", "a:b", "status"),
              "/apis/rbac.authorization.k8s.io/v1/clusterroles/a:b/status");
}

TEST(Client, ADeletionSaysWhichStateOfTheObjectItIsMeantFor) {
    io::sim::VirtualLoop loop(1);
    Recording server;
    Client client(&server);

    EXPECT_TRUE(io::run(&loop, removed(&client, maps, {"default", "a"}, {})));
    EXPECT_EQ(server.line, "DELETE /api/v1/namespaces/default/configmaps/a");
    EXPECT_EQ(server.body, R"({"kind":"DeleteOptions","apiVersion":"v1"})");

    EXPECT_TRUE(io::run(&loop, removed(&client, maps, {"default", "a"},
                                       {.uid = "u",
                                        .resource_version = "7",
                                        .propagation = "Foreground",
                                        .dry_run = true,
                                        .grace_period_seconds = 0})));
    EXPECT_EQ(server.body,
              R"({"kind":"DeleteOptions","apiVersion":"v1",)"
              R"("preconditions":{"uid":"u","resourceVersion":"7"},)"
              R"("propagationPolicy":"Foreground","dryRun":["All"],"gracePeriodSeconds":0})");
}

}  // namespace
}  // namespace weft::kube::client_tests
