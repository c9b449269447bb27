// server/internal/convert_test.cc: proves that an autoscaler of the older version keeps what that
// version has no place for.

#include <gtest/gtest.h>
#include <string>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server::convert_tests {
namespace {

constexpr std::string_view v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
constexpr std::string_view v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";

Value annotation(const Value& object, std::string_view name) {
    const std::string key = cat("autoscaling.alpha.kubernetes.io/", name);
    auto value = parse_json(object.string_at("metadata", "annotations", key));
    return value ? *std::move(value) : Value();
}

TEST(Autoscalers, OfTheOlderVersionAreStoredAsTheNewer) {
    TestServer api;
    const Value made = api.json("POST", std::string(v1), R"({"metadata": {"name": "h"}, "spec": {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
        "targetCPUUtilizationPercentage": 50}})");
    EXPECT_EQ(made.int_at(0, "spec", "targetCPUUtilizationPercentage"), 50) << to_json(made);

    const Value newer = api.json("GET", cat(v2, "/h"));

    EXPECT_EQ(newer.int_at(0, "spec", "maxReplicas"), 3) << to_json(newer);
    ASSERT_NE(newer.find("spec", "metrics"), nullptr) << to_json(newer);
    EXPECT_EQ(to_json(*newer.find("spec", "metrics")),
              R"([{"type":"Resource","resource":{"name":"cpu","target":)"
              R"({"type":"Utilization","averageUtilization":50}}}])");
}

TEST(Autoscalers, WithoutAMetricAimAtEightyPercentInEitherVersion) {
    TestServer api;
    const Value made = api.json("POST", std::string(v1), R"({"metadata": {"name": "h"}, "spec": {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}})");
    EXPECT_EQ(made.int_at(0, "spec", "targetCPUUtilizationPercentage"), 80) << to_json(made);
}

TEST(Autoscalers, ShowMetricsAndConditionsInAnnotationsOfTheOlderVersion) {
    TestServer api;
    api.send("POST", std::string(v2), R"({"metadata": {"name": "h"}, "spec": {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "metrics": [
            {"type": "Resource", "resource": {"name": "memory", "target": {
                "type": "Utilization", "averageUtilization": 70}}}]}})");
    const auto written = api.send("PATCH", cat(v2, "/h/status"), R"({"status": {
        "desiredReplicas": 1, "conditions": [{"type": "AbleToScale", "status": "True",
        "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "r", "message": "m"}]}})",
                                  "application/merge-patch+json");
    ASSERT_EQ(written.status, 200) << written.body();

    const Value older = api.json("GET", cat(v1, "/h"));

    EXPECT_EQ(older.find("spec", "targetCPUUtilizationPercentage"), nullptr);
    EXPECT_EQ(
        to_json(annotation(older, "metrics")),
        R"([{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":70}}])");
    EXPECT_EQ(to_json(annotation(older, "conditions")),
              R"([{"type":"AbleToScale","status":"True",)"
              R"("lastTransitionTime":"2026-01-01T00:00:00Z","reason":"r","message":"m"}])");
    EXPECT_EQ(older.find("status", "conditions"), nullptr);
    // And all of it comes back.
    const Value newer = api.json("GET", cat(v2, "/h"));
    EXPECT_EQ(newer.find("status", "conditions")->size(), 1U);
    EXPECT_EQ(newer.find("metadata", "annotations"), nullptr);
}

}  // namespace
}  // namespace weft::server::convert_tests
