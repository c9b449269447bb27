// server/reviews_test.cc: who a user is told to be, what he may grant, and what admission adds to
// his pods.

#include <gtest/gtest.h>

#include "server/server_testing.h"

namespace weft::server::review_tests {
namespace {

TEST(Reviews, TellAUserWhoHeIs) {
    TestServer world;
    world.token = "user";

    const Value review = world.json("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                                    R"({"kind":"SelfSubjectReview",)"
                                    R"("apiVersion":"authentication.k8s.io/v1"})");

    EXPECT_EQ(review.string_at("status", "userInfo", "username"), "user") << to_json(review);
}

TEST(Rbac, WhoHoldsTheUrlsBelowAPathGrantsEachOfThem) {
    TestServer world;
    const std::string group = "/apis/rbac.authorization.k8s.io/v1";
    world.send("POST", cat(group, "/clusterroles"),
               R"({"metadata":{"name":"r"},"rules":[{"nonResourceURLs":["/a/*"],"verbs":["get"]},)"
               R"({"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],)"
               R"("verbs":["create"]}]})");
    world.send("POST", cat(group, "/clusterrolebindings"),
               R"({"metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",)"
               R"("kind":"ClusterRole","name":"r"},"subjects":[{"kind":"User","name":"user",)"
               R"("apiGroup":"rbac.authorization.k8s.io"}]})");
    world.token = "user";
    const auto grant = [&](std::string_view url) {
        return world
            .send("POST", cat(group, "/clusterroles?dryRun=All"),
                  cat(R"({"metadata":{"name":"x"},"rules":[{"nonResourceURLs":[")", url,
                      R"("],"verbs":["get"]}]})"))
            .status;
    };

    EXPECT_EQ(grant("/a/*"), 201);
    EXPECT_EQ(grant("/a/b"), 201);
    EXPECT_EQ(grant("/ab"), 403);
    EXPECT_EQ(grant("*"), 403);
}

TEST(Defaults, APodOfARuntimeClassHasItsOverhead) {
    TestServer world;
    world.send("POST", "/apis/node.k8s.io/v1/runtimeclasses",
               R"({"metadata":{"name":"r"},"handler":"h","overhead":{"podFixed":{"cpu":"10m"}}})");

    const Value pod = world.json("POST", "/api/v1/namespaces/default/pods?dryRun=All",
                                 R"({"metadata":{"name":"p"},"spec":{"runtimeClassName":"r",)"
                                 R"("containers":[{"name":"c","image":"i"}]}})");

    EXPECT_EQ(pod.string_at("spec", "overhead", "cpu"), "10m") << to_json(pod);
    EXPECT_NE(pod.find("spec", "tolerations"), nullptr);
}

TEST(ListWatch, AVersionThatDoesNotComeIsWaitedForThreeSeconds) {
    TestServer world;
    const int64_t began = world.loop.monotonic();

    const auto answer =
        world.send("GET", "/api/v1/namespaces/default/configmaps?resourceVersion=1000000");

    EXPECT_EQ(answer.status, 504);
    EXPECT_EQ(world.loop.monotonic() - began, 3 * io::second);
}

}  // namespace
}  // namespace weft::server::review_tests
