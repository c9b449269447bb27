// server/server_test.cc: proves what a client sees, through the in-process transport.

#include "server/server.h"

#include <gtest/gtest.h>

#include "server/server_testing.h"

namespace weft::server {
namespace {

constexpr const char* config_map =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}})";
constexpr const char* config_maps = "/api/v1/namespaces/default/configmaps";

TEST(ApiServer, CreatesAndReadsBackWhatItStored) {
    TestServer world;

    const auto created = world.send("POST", config_maps, config_map);
    const auto read = world.send("GET", std::string(config_maps) + "/a");

    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(created.body(), read.body());
    const Value object = *parse_json(read.body());
    EXPECT_EQ(object.string_at("data", "x"), "1");
    EXPECT_EQ(object.string_at("metadata", "uid").size(), 36U);
    EXPECT_FALSE(object.string_at("metadata", "resourceVersion").empty());
}

TEST(ApiServer, RefusesASecondObjectOfTheSameName) {
    TestServer world;
    world.send("POST", config_maps, config_map);

    const auto again = world.send("POST", config_maps, config_map);

    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(parse_json(again.body())->string_at("message"), "configmaps \"a\" already exists");
}

TEST(ApiServer, DetectsALostUpdate) {
    TestServer world;
    Value object = world.json("POST", config_maps, config_map);
    const std::string target = std::string(config_maps) + "/a";
    Value first = object;
    first.mutable_member("data").set("x", "2");
    ASSERT_EQ(world.send("PUT", target, to_json(first)).status, 200);

    const auto second = world.send("PUT", target, to_json(object));

    EXPECT_EQ(second.status, 409);
}

TEST(ApiServer, WritesNothingForAnUpdateThatChangesNothing) {
    TestServer world;
    const Value object = world.json("POST", config_maps, config_map);

    const Value same = world.json("PUT", std::string(config_maps) + "/a", to_json(object));

    EXPECT_EQ(same.string_at("metadata", "resourceVersion"),
              object.string_at("metadata", "resourceVersion"));
}

TEST(ApiServer, PagesAListAtOneRevision) {
    TestServer world;
    for (int i = 0; i < 5; ++i) {
        world.send("POST", config_maps, cat(R"({"metadata":{"name":"c)", i, R"("}})"));
    }

    const Value page = world.json("GET", cat(config_maps, "?limit=2"));
    world.send("POST", config_maps, R"({"metadata":{"name":"c9"}})");
    const Value rest =
        world.json("GET", cat(config_maps, "?continue=", page.string_at("metadata", "continue")));

    EXPECT_EQ(page.find("items")->size(), 2U);
    EXPECT_EQ(page.int_at(0, "metadata", "remainingItemCount"), 3);
    EXPECT_EQ(rest.find("items")->size(), 3U);
    EXPECT_EQ(rest.string_at("metadata", "resourceVersion"),
              page.string_at("metadata", "resourceVersion"));
}

// Reads lines of a watch until there are so many.
std::vector<Value> read_events(TestServer& world, io::http::Response& response, size_t count) {
    std::string text;
    for (const auto& piece : response.pieces) {
        text += *piece;
    }
    response.pieces.clear();
    while (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) < count) {
        auto pieces = io::run(&world.loop, response.source->next());
        CHECK(pieces.has_value() && !pieces->empty());
        for (const auto& piece : *pieces) {
            text += *piece;
        }
    }
    std::vector<Value> events;
    for (const std::string_view line : split(trim(text), '\n')) {
        events.push_back(*parse_json(line));
    }
    return events;
}

TEST(ApiServer, StreamsChangesToAWatch) {
    TestServer world;
    auto watch = world.send("GET", cat(config_maps, "?watch=true"));
    world.send("POST", config_maps, config_map);
    world.send("PATCH", cat(config_maps, "/a"), R"({"data":{"x":"2"}})",
               "application/merge-patch+json");
    world.send("DELETE", cat(config_maps, "/a"));

    const std::vector<Value> events = read_events(world, watch, 3);

    EXPECT_EQ(events[0].string_at("type"), "ADDED");
    EXPECT_EQ(events[1].string_at("type"), "MODIFIED");
    EXPECT_EQ(events[1].string_at("object", "data", "x"), "2");
    EXPECT_EQ(events[2].string_at("type"), "DELETED");
}

TEST(ApiServer, TellsASelectorsWatchWhenAnObjectComesAndGoes) {
    TestServer world;
    auto watch = world.send("GET", cat(config_maps, "?watch=true&labelSelector=on%3Dyes"));
    world.send("POST", config_maps, config_map);
    for (const char* labels : {R"({"on":"yes"})", R"({"on":"no"})"}) {
        world.send("PATCH", cat(config_maps, "/a"), cat(R"({"metadata":{"labels":)", labels, "}}"),
                   "application/merge-patch+json");
    }

    const std::vector<Value> events = read_events(world, watch, 2);

    EXPECT_EQ(events[0].string_at("type"), "ADDED");
    EXPECT_EQ(events[1].string_at("type"), "DELETED");
}

TEST(ApiServer, HoldsAnObjectUntilItsFinalizersAreGone) {
    TestServer world;
    world.send("POST", config_maps,
               R"({"metadata":{"name":"a","finalizers":["example.com/hold"]}})");

    const Value marked = world.json("DELETE", cat(config_maps, "/a"));
    EXPECT_FALSE(marked.string_at("metadata", "deletionTimestamp").empty());
    EXPECT_EQ(world.send("GET", cat(config_maps, "/a")).status, 200);
    world.send("PATCH", cat(config_maps, "/a"), R"({"metadata":{"finalizers":null}})",
               "application/merge-patch+json");

    EXPECT_EQ(world.send("GET", cat(config_maps, "/a")).status, 404);
}

TEST(ApiServer, GivesServicesAddressesOfTheirNetwork) {
    TestServer world;

    const Value service =
        world.json("POST", "/api/v1/namespaces/default/services",
                   R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}]}})");

    EXPECT_TRUE(service.string_at("spec", "clusterIP").starts_with("10.96."));
    EXPECT_GE(service.find("spec", "ports")->at(0).int_at(0, "nodePort"), 30000);
}

TEST(ApiServer, TakesAPodsStatusWithoutWhatTheServerComputed) {
    TestServer world;
    const std::string pods = "/api/v1/namespaces/default/pods";
    const Value pod =
        world.json("POST", pods,
                   R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"b"}]}})");

    Value update = pod;
    update.set("status", Value::map_of({{"phase", "Running"}, {"podIP", "10.0.0.1"}}));
    const Value running = world.json("PUT", pods + "/p/status", to_json(update));

    EXPECT_EQ(running.string_at("status", "phase"), "Running");
    EXPECT_EQ(running.string_at("status", "qosClass"), "BestEffort");
    EXPECT_EQ(running.find("status", "podIPs")->at(0).string_at("ip"), "10.0.0.1");
}

TEST(ApiServer, RefusesStrangersWithTheReason) {
    TestServer world;
    world.token = "user";

    const Value refused = world.json("GET", config_maps);

    EXPECT_EQ(refused.string_at("message"),
              "configmaps is forbidden: User \"user\" cannot list resource \"configmaps\" in API "
              "group \"\" in the namespace \"default\"");
}

TEST(ApiServer, ServesACustomKindInTheAnswerToItsDefinition) {
    TestServer world;
    const auto created =
        world.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                   R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
            "metadata":{"name":"webs.example.com"},
            "spec":{"group":"example.com","scope":"Namespaced",
                    "names":{"plural":"webs","kind":"Web"},
                    "versions":[{"name":"v1","served":true,"storage":true,
                      "schema":{"openAPIV3Schema":{"type":"object","properties":{
                        "spec":{"type":"object","properties":{
                          "size":{"type":"integer","default":3}}}}}}}]}})");
    ASSERT_EQ(created.status, 201) << created.body();

    const auto web = world.send("POST", "/apis/example.com/v1/namespaces/default/webs",
                                R"({"apiVersion":"example.com/v1","kind":"Web",
                                    "metadata":{"name":"w"},"spec":{"other":1}})");

    ASSERT_EQ(web.status, 201) << web.body();
    const Value object = *parse_json(web.body());
    EXPECT_EQ(object.int_at(0, "spec", "size"), 3);
    EXPECT_EQ(object.find("spec", "other"), nullptr);
    EXPECT_EQ(world.send("GET", "/apis/example.com/v1").status, 200);
}

TEST(ApiServer, AppliesForOneManagerAndTellsConflictsOfAnother) {
    TestServer world;
    const std::string target = cat(config_maps, "/a?fieldManager=");
    const char* one =
        R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}})";
    const char* two = R"({"apiVersion":"v1","kind":"ConfigMap","data":{"x":"2"}})";
    const auto first = world.send("PATCH", target + "one", one, "application/apply-patch+yaml");

    const auto second = world.send("PATCH", target + "two", two, "application/apply-patch+yaml");

    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(parse_json(second.body())->string_at("message"),
              "Apply failed with 1 conflict: conflict with \"one\": .data.x");
}

TEST(ApiServer, NamesAManagerWithoutANameByItsUserAgent) {
    TestServer world;
    const auto manager = [&](std::string_view query) {
        const Value object = world.json("POST", cat(config_maps, query), config_map);
        const Value* managers = object.find("metadata", "managedFields");
        return managers == nullptr ? std::string()
                                   : std::string(managers->at(0).string_at("manager"));
    };

    EXPECT_EQ(manager("?dryRun=All"), "test");  // of test/1
    EXPECT_EQ(manager("?dryRun=All&fieldManager=me"), "me");
}

TEST(ApiServer, AppliesToTheObjectOfThePath) {
    TestServer world;
    const std::string target = cat(config_maps, "/a?fieldManager=me");
    const char* nameless = R"({"apiVersion":"v1","kind":"ConfigMap","data":{"y":"2"}})";
    const auto apply = [&](std::string body) {
        return world.send("PATCH", target, std::move(body), "application/apply-patch+yaml");
    };

    EXPECT_EQ(parse_json(apply(nameless).body())->string_at("message"),
              "the name of the object (a based on URL) was undeterminable: name must be provided");
    world.send("POST", config_maps, config_map);
    const auto applied = apply(nameless);
    const auto other =
        apply(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"y":"2"}})");

    ASSERT_EQ(applied.status, 200) << applied.body();
    EXPECT_EQ(parse_json(applied.body())->string_at("metadata", "name"), "a");
    EXPECT_EQ(other.status, 400) << other.body();
}

TEST(ApiServer, WarnsOfFieldsThatAnAppliedConfigurationSetsTwice) {
    TestServer world;
    const auto apply = [&](std::string_view validation) {
        return world.send("PATCH",
                          cat(config_maps, "/a?fieldManager=me&fieldValidation=", validation),
                          "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
                          "data:\n  x: a\n  x: b\n",
                          "application/apply-patch+yaml");
    };

    EXPECT_EQ(apply("Warn").headers.get("warning"),
              R"(299 - "line 7: key \"x\" already set in map")");
    EXPECT_EQ(apply("Ignore").headers.get("warning"), "");
    EXPECT_EQ(apply("Strict").status, 400);
    EXPECT_EQ(world.json("GET", cat(config_maps, "/a")).string_at("data", "x"), "b");
}

TEST(ApiServer, SaysWhichPatchesACustomKindTakes) {
    TestServer world;
    world.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
               R"({"metadata":{"name":"webs.example.com"},
            "spec":{"group":"example.com","scope":"Namespaced",
                    "names":{"plural":"webs","kind":"Web"},
                    "versions":[{"name":"v1","served":true,"storage":true,
                      "schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
    world.send("POST", config_maps, config_map);
    const auto patch = [&](std::string_view target, std::string type) {
        const auto answer = world.send("PATCH", std::string(target), "{}", std::move(type));
        return cat(answer.status, " ", parse_json(answer.body())->string_at("message"));
    };

    EXPECT_EQ(patch("/apis/example.com/v1/namespaces/default/webs/w",
                    "application/strategic-merge-patch+json"),
              "415 the body of the request was in an unknown format - accepted media types "
              "include: application/json-patch+json, application/merge-patch+json, "
              "application/apply-patch+yaml");
    EXPECT_EQ(patch(cat(config_maps, "/a"), "text/plain"), "415 415: Unsupported Media Type");
}

TEST(ApiServer, OfTwoDefinitionsThatWantOneNameTheFirstHasItUntilItIsDeleted) {
    TestServer world;
    const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const auto create = [&](std::string_view plural) {
        return world.send(
            "POST", definitions,
            cat(R"({"metadata":{"name":")", plural, R"(.x.io"},"spec":{"group":"x.io",)",
                R"("scope":"Namespaced","names":{"plural":")", plural, R"(","kind":"Thing"},)",
                R"("versions":[{"name":"v1","served":true,"storage":true,)",
                R"("schema":{"openAPIV3Schema":{"type":"object"}}}]}})"));
    };
    const auto is_served = [&world](std::string_view plural) {
        return world.send("GET", cat("/apis/x.io/v1/", plural)).status == 200;
    };

    ASSERT_EQ(create("things").status, 201);
    ASSERT_EQ(create("a-things").status, 201);
    EXPECT_TRUE(is_served("things"));
    EXPECT_FALSE(is_served("a-things"));

    // The one that was refused is read first now, and stays refused.
    world.restart();
    EXPECT_TRUE(is_served("things"));
    EXPECT_FALSE(is_served("a-things"));

    world.send("DELETE", definitions + "/things.x.io");
    world.loop.run();
    EXPECT_FALSE(is_served("things"));
    EXPECT_TRUE(is_served("a-things"));
}

}  // namespace
}  // namespace weft::server
