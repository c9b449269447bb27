// server/internal/validate_test.cc: proves what the server refuses of builtin objects, in
// Kubernetes' words and order, through the front door.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server {
namespace {

using Lines = std::vector<std::string>;

TEST(Validate, PodTellsEveryFaultInOrder) {
    TestServer api;
    const auto answer = api.send("POST", "/api/v1/namespaces/default/pods", R"({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"restartPolicy": "Sometimes", "containers": [
            {"name": "Web", "image": ""},
            {"name": "b", "image": "b", "ports": [{"containerPort": 70000}]}]}})");
    EXPECT_EQ(causes(answer),
              (Lines{"spec.containers[0].name: Invalid value: \"Web\": a lowercase RFC 1123 label "
                     "must consist of lower case alphanumeric characters or '-', and must start "
                     "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
                     "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                     "spec.containers[0].image: Required value",
                     "spec.containers[1].ports[0].containerPort: Invalid value: 70000: must be "
                     "between 1 and 65535, inclusive",
                     "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: "
                     "\"Always\", \"OnFailure\", \"Never\""}));
}

TEST(Validate, SelectorOfADeploymentMustMatchItsTemplate) {
    TestServer api;
    const auto answer = api.send("POST", "/apis/apps/v1/namespaces/default/deployments", R"({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {"replicas": -1, "selector": {"matchLabels": {"a": "1"}},
                 "template": {"metadata": {"labels": {"a": "2"}},
                              "spec": {"containers": [{"name": "c", "image": "i"}]}}}})");
    EXPECT_EQ(causes(answer),
              (Lines{"spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                     "spec.template.metadata.labels: Invalid value: {\"a\":\"2\"}: `selector` "
                     "does not match template `labels`"}));
}

TEST(Validate, CronJobNamesTheFaultOfItsSchedule) {
    TestServer api;
    const auto answer = api.send("POST", "/apis/batch/v1/namespaces/default/cronjobs", R"({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
        "spec": {"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}}})");
    EXPECT_EQ(causes(answer),
              (Lines{"spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above "
                     "maximum (59): 61"}));
}

TEST(Validate, ConfigMapThatIsImmutableStaysSo) {
    TestServer api;
    api.send("POST", "/api/v1/namespaces/default/configmaps",
             R"({"metadata": {"name": "m"}, "data": {"a": "1"}, "immutable": true})");
    const auto answer = api.send("PATCH", "/api/v1/namespaces/default/configmaps/m",
                                 R"({"data": {"a": "2"}})", "application/merge-patch+json");
    EXPECT_EQ(causes(answer),
              (Lines{"data: Forbidden: field is immutable when `immutable` is set"}));
}

TEST(Services, AnAddressIsAnObjectOfItsOwn) {
    TestServer api;
    const Value service = api.json("POST", "/api/v1/namespaces/default/services", R"({
        "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})");
    const std::string address(service.find("spec")->string_at("clusterIP"));
    const Value object = api.json("GET", cat("/apis/networking.k8s.io/v1/ipaddresses/", address));
    EXPECT_EQ(object.find("spec", "parentRef")->string_at("name"), "s");
    api.send("DELETE", "/api/v1/namespaces/default/services/s");
    EXPECT_EQ(api.send("GET", cat("/apis/networking.k8s.io/v1/ipaddresses/", address)).status, 404);
}

TEST(Services, LocalTrafficHasAHealthCheckPortUntilTheTypeChanges) {
    TestServer api;
    const Value made = api.json("POST", "/api/v1/namespaces/default/services", R"({
        "metadata": {"name": "s"}, "spec": {"type": "LoadBalancer",
        "externalTrafficPolicy": "Local", "ports": [{"port": 80}]}})");
    const Value* port = made.find("spec", "healthCheckNodePort");
    ASSERT_NE(port, nullptr);
    EXPECT_GE(port->as_int(), 30000);
    const Value changed =
        api.json("PATCH", "/api/v1/namespaces/default/services/s",
                 R"({"spec": {"type": "ClusterIP", "externalTrafficPolicy": null}})",
                 "application/merge-patch+json");
    EXPECT_EQ(changed.find("spec", "healthCheckNodePort"), nullptr);
    EXPECT_EQ(changed.find("spec", "allocateLoadBalancerNodePorts"), nullptr);
}

TEST(Tokens, AreSignedSoThatOthersCanCheckThem) {
    TestServer api;
    const Value keys = api.json("GET", "/openid/v1/jwks");
    ASSERT_EQ(keys.find("keys")->size(), 1U);
    EXPECT_EQ(keys.find("keys")->items()[0].string_at("alg"), "RS256");
    api.send("POST", "/api/v1/namespaces/default/serviceaccounts",
             R"({"metadata": {"name": "a"}})");
    const Value answer = api.json("POST", "/api/v1/namespaces/default/serviceaccounts/a/token",
                                  R"({"spec": {"audiences": []}})");
    const std::string token(answer.find("status")->string_at("token"));
    ASSERT_EQ(split(token, '.').size(), 3U);
    const Value review = api.json("POST", "/apis/authentication.k8s.io/v1/tokenreviews",
                                  cat(R"({"spec": {"token": ")", token, R"("}})"));
    EXPECT_EQ(review.find("status", "user")->string_at("username"),
              "system:serviceaccount:default:a");
    api.send("DELETE", "/api/v1/namespaces/default/serviceaccounts/a");
    const Value after = api.json("POST", "/apis/authentication.k8s.io/v1/tokenreviews",
                                 cat(R"({"spec": {"token": ")", token, R"("}})"));
    EXPECT_EQ(after.find("status", "authenticated"), nullptr);
}

TEST(Eviction, IsRefusedWhereABudgetAllowsNone) {
    TestServer api;
    api.send("POST", "/api/v1/namespaces/default/pods", R"({
        "metadata": {"name": "p", "labels": {"a": "1"}},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}})");
    api.send(
        "PATCH", "/api/v1/namespaces/default/pods/p/status",
        R"({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})",
        "application/merge-patch+json");
    api.send("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", R"({
        "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "1"}}}})");
    const auto answer = api.send("POST", "/api/v1/namespaces/default/pods/p/eviction", R"({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}})");
    EXPECT_EQ(answer.status, 429) << answer.body();
    EXPECT_EQ(api.send("GET", "/api/v1/namespaces/default/pods/p").status, 200);
}

TEST(Resize, ChangesResourcesAlone) {
    TestServer api;
    api.send("POST", "/api/v1/namespaces/default/pods", R"({
        "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i",
        "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "200m"}}}]}})");
    const Value resized = api.json("PATCH", "/api/v1/namespaces/default/pods/p/resize",
                                   R"({"metadata": {"labels": {"x": "y"}}, "spec": {"containers": [
            {"name": "c", "resources": {"requests": {"cpu": "150m"}}}]}})",
                                   "application/strategic-merge-patch+json");
    const Value& container = resized.find("spec", "containers")->items()[0];
    EXPECT_EQ(container.find("resources", "requests")->string_at("cpu"), "150m");
    const Value renamed = api.json("PATCH", "/api/v1/namespaces/default/pods/p/resize",
                                   R"({"spec": {"containers": [{"name": "c", "image": "other"}]}})",
                                   "application/strategic-merge-patch+json");
    EXPECT_EQ(renamed.find("spec", "containers")->items()[0].string_at("image"), "i");
    EXPECT_EQ(renamed.find("metadata", "labels"), nullptr);
}

}  // namespace
}  // namespace weft::server
