// server/internal/non_resource_test.cc: proves in which form discovery and the OpenAPI documents
// come, by what the client accepts and has.

#include <gtest/gtest.h>
#include <string>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server::non_resource_tests {
namespace {

constexpr std::string_view aggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

TEST(Discovery, IsAggregatedForWhoAsksForItFirst) {
    TestServer api;
    const auto kind_for = [&](std::string accept) {
        const auto answer = api.send("GET", "/api", {}, {}, std::move(accept));
        EXPECT_EQ(answer.status, 200);
        return std::string(parse_json(answer.body())->string_at("kind"));
    };
    EXPECT_EQ(kind_for(std::string(aggregated)), "APIGroupDiscoveryList");
    EXPECT_EQ(kind_for(cat(aggregated, ",application/json")), "APIGroupDiscoveryList");
    EXPECT_EQ(kind_for(cat("text/html,", aggregated)), "APIGroupDiscoveryList");
    EXPECT_EQ(kind_for(cat("application/json,", aggregated)), "APIVersions");
    EXPECT_EQ(kind_for(cat("*/*,", aggregated)), "APIGroupDiscoveryList");  // it says more
    EXPECT_EQ(kind_for("*/*"), "APIVersions");
}

TEST(OpenApi, ComesAsJsonOrProtobufOrNotAtAll) {
    TestServer api;
    const auto type_for = [&](std::string target, std::string accept) {
        const auto answer = api.send("GET", std::move(target), {}, {}, std::move(accept));
        return answer.status == 200 ? std::string(answer.headers.get("content-type"))
                                    : cat(answer.status);
    };
    constexpr std::string_view v2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    constexpr std::string_view v3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
    EXPECT_EQ(type_for("/openapi/v2", ""), "application/json");
    EXPECT_EQ(type_for("/openapi/v2", "application/*"), "application/json");
    EXPECT_EQ(type_for("/openapi/v2", std::string(v2)), v2);
    EXPECT_EQ(type_for("/openapi/v2", cat("text/html,", v2)), v2);
    EXPECT_EQ(type_for("/openapi/v2", cat(v2, ",application/json")), v2);
    // The name it had once.
    EXPECT_EQ(type_for("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"),
              v2);
    EXPECT_EQ(type_for("/openapi/v3/api/v1", std::string(v3)), v3);
    EXPECT_EQ(type_for("/openapi/v2", std::string(v3)), "406");
    EXPECT_EQ(type_for("/openapi/v3/api/v1", std::string(v2)), "406");
    EXPECT_EQ(type_for("/openapi/v2", "text/html"), "406");
}

TEST(OpenApi, IsNotSentToWhoHasIt) {
    TestServer api;
    // 2023-11-14T22:13:20Z is when the world begins; the document is made 56 min and 50 s later.
    ASSERT_TRUE(io::run(&api.loop, io::sleep(&api.loop, (56 * 60 + 50) * io::second)).has_value());
    const auto first = api.send("GET", "/openapi/v3/apis/apps/v1");
    EXPECT_EQ(first.headers.get("last-modified"), "Tue, 14 Nov 2023 23:10:10 GMT");
    const auto again = [&](std::string name, std::string_view value) {
        io::http::Request request;
        request.method = "GET";
        request.target = "/openapi/v3/apis/apps/v1";
        request.headers.set("authorization", "Bearer admin");
        request.headers.set(std::move(name), std::string(value));
        return io::run(&api.loop, api.transport->send(std::move(request)))->status;
    };
    EXPECT_EQ(again("if-none-match", first.headers.get("etag")), 304);
    EXPECT_EQ(again("if-none-match", "\"other\""), 200);
    EXPECT_EQ(again("if-modified-since", first.headers.get("last-modified")), 304);
    EXPECT_EQ(again("if-modified-since", "Tue, 14 Nov 2023 23:10:09 GMT"), 200);
}

// apiextensions' ToStructuralOpenAPIV2: what version 2 cannot say is left out, so that clients
// refuse nothing that the server takes.
TEST(OpenApi, OfVersionTwoSaysNothingOfWhatMayBeNull) {
    TestServer api;
    const auto made = api.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                               R"({"metadata": {"name": "webs.example.com"}, "spec": {
        "group": "example.com", "scope": "Namespaced", "names": {"plural": "webs", "kind": "Web"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
                "required": ["may", "must"], "properties": {
                    "may": {"type": "array", "nullable": true, "items": {"type": "string"}},
                    "must": {"type": "array", "items": {"type": "string"}}}}}}}}]}})");
    ASSERT_EQ(made.status, 201) << made.body();

    const Value document = api.json("GET", "/openapi/v2");

    const Value* spec = document.find("definitions", "com.example.v1.Web", "properties", "spec");
    ASSERT_NE(spec, nullptr);
    EXPECT_EQ(to_json(*spec), R"({"type":"object","required":["must"],"properties":{"may":{},)"
                              R"("must":{"type":"array","items":{"type":"string"}}}})");
}

}  // namespace
}  // namespace weft::server::non_resource_tests
