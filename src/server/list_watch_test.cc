// server/list_watch_test.cc: proves what lists and watches answer to every combination of options.

#include <gtest/gtest.h>

#include "schema/builtin.h"
#include "schema/protobuf.h"
#include "server/limits.h"
#include "server/server_testing.h"

namespace weft::server {
namespace {

constexpr const char* maps = "/api/v1/namespaces/default/configmaps";
constexpr const char* protobuf_type = "application/vnd.kubernetes.protobuf";

std::string map_named(std::string_view name, std::string_view label = "x") {
    return cat(R"({"metadata":{"name":")", name, R"(","labels":{"l":")", label, R"("}}})");
}

std::string version_of(const Value& object) {
    return std::string(object.string_at("metadata", "resourceVersion"));
}

std::vector<std::string> names_of(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.find("items")->items()) {
        out.emplace_back(item.string_at("metadata", "name"));
    }
    return out;
}

// What has been sent of a body so far and, if it is a stream, what comes until there are `lines`.
std::string text_of_stream(TestServer& world, io::http::Response& response, size_t lines) {
    std::string text = response.body();
    response.pieces.clear();
    while (response.source != nullptr &&
           static_cast<size_t>(std::ranges::count(text, '\n')) < lines) {
        auto pieces = io::run(&world.loop, response.source->next());
        CHECK(pieces.has_value());
        if (pieces->empty()) {
            break;
        }
        for (const auto& piece : *pieces) {
            text += *piece;
        }
    }
    return text;
}

// "TYPE name version" of each event; of a bookmark or an error what it says.
std::vector<std::string> events_of(std::string_view text) {
    std::vector<std::string> out;
    for (const std::string_view line : split(trim(text), '\n')) {
        const Value event = *parse_json(line);
        const Value& object = *event.find("object");
        const bool ends = object.find("metadata", "annotations") != nullptr &&
                          event.string_at("type") == "BOOKMARK";
        out.push_back(event.string_at("type") == "ERROR"
                          ? cat("ERROR ", object.string_at("message"))
                          : cat(event.string_at("type"), " ",
                                ends ? "end" : object.string_at("metadata", "name")));
    }
    return out;
}

struct Asked {
    std::string_view query;  // $NOW, $OLD and $FUTURE stand for revisions
    int status;
    std::string_view says;  // in the message; "" if it is a success
};

// The objects a and b were there at $OLD; c came later.
struct Populated {
    TestServer world;
    std::string old_version;
    std::string now_version;

    Populated() {
        world.send("POST", maps, map_named("a"));
        world.send("POST", maps, map_named("b"));
        old_version = version_of(world.json("GET", maps));
        world.send("POST", maps, map_named("c", "y"));
        now_version = version_of(world.json("GET", maps));
    }
    [[nodiscard]] std::string target(std::string_view query) const {
        std::string text(query);
        for (const auto& [from, to] : {std::pair("$OLD", old_version),
                                       {"$NOW", now_version},
                                       {"$FUTURE", std::string("999999")}}) {
            if (const size_t at = text.find(from); at != std::string::npos) {
                text.replace(at, std::string_view(from).size(), to);
            }
        }
        return cat(maps, "?", text);
    }
};

TEST(ListWatch, EveryCombinationOfVersionAndMatchIsServedOrRefusedWithTheReason) {
    Populated at;
    for (const Asked& asked : std::initializer_list<Asked>{
             {"resourceVersion=0", 200, ""},
             {"resourceVersion=0&limit=1", 200, ""},
             {"resourceVersion=$OLD", 200, ""},
             {"resourceVersion=$OLD&resourceVersionMatch=NotOlderThan", 200, ""},
             {"resourceVersion=$OLD&resourceVersionMatch=Exact", 200, ""},
             {"resourceVersion=0&resourceVersionMatch=NotOlderThan", 200, ""},
             {"resourceVersionMatch=Exact", 422, "forbidden unless resourceVersion is provided"},
             {"resourceVersionMatch=NotOlderThan", 422, "forbidden unless resourceVersion"},
             {"resourceVersion=0&resourceVersionMatch=Exact", 422,
              R"("exact" is forbidden for resourceVersion "0")"},
             {"resourceVersion=1&resourceVersionMatch=Nearly", 422, "Unsupported value"},
             {"resourceVersion=abc", 400, "invalid resource version"},
             {"resourceVersion=-1", 400, "invalid resource version"},
             {"resourceVersion=$FUTURE", 504, "Too large resource version"},
             {"resourceVersion=$FUTURE&resourceVersionMatch=Exact", 504, "Too large"},
             {"sendInitialEvents=true", 422, "forbidden for list"},
             {"limit=many", 400, "invalid syntax"},
             {"continue=abc", 400, "continue key is not valid"},
             {"continue=abc&resourceVersion=5", 400, "continue key is not valid"},
             {"continue=abc&resourceVersionMatch=Exact&resourceVersion=5", 422,
              "forbidden when continue is provided"},
             {"labelSelector=a%20b%20c", 400, "found 'b'"},
             {"fieldSelector=spec.none%3D1", 400, "is not a known field selector"},
         }) {
        const Value answer = at.world.json("GET", at.target(asked.query));
        if (asked.status == 200) {
            EXPECT_EQ(answer.string_at("kind"), "ConfigMapList") << asked.query;
            continue;
        }
        EXPECT_EQ(answer.int_at(0, "code"), asked.status) << asked.query << to_json(answer);
        EXPECT_NE(answer.string_at("message").find(asked.says), std::string_view::npos)
            << asked.query << ": " << answer.string_at("message");
    }
}

TEST(ListWatch, ExactShowsThePastAndNotOlderThanTheNewest) {
    Populated at;
    const auto names = [&](std::string_view query) {
        return names_of(at.world.json("GET", at.target(query)));
    };
    const std::vector<std::string> past = {"a", "b"};
    const std::vector<std::string> all = {"a", "b", "c"};

    EXPECT_EQ(names("resourceVersion=$OLD&resourceVersionMatch=Exact"), past);
    EXPECT_EQ(names("resourceVersion=$OLD&limit=5"), past) << "the old meaning of a limit";
    EXPECT_EQ(names("resourceVersion=$OLD&resourceVersionMatch=NotOlderThan&limit=5"), all);
    EXPECT_EQ(names("resourceVersion=$OLD"), all);
    EXPECT_EQ(names("resourceVersion=0&limit=1"), all) << "a cache knows no limit";
    EXPECT_EQ(version_of(at.world.json(
                  "GET", at.target("resourceVersion=$OLD&resourceVersionMatch=Exact"))),
              at.old_version);
}

TEST(ListWatch, CountsWhatRemainsOnlyWithoutASelector) {
    Populated at;

    const Value all = at.world.json("GET", cat(maps, "?limit=1"));
    const Value some = at.world.json("GET", cat(maps, "?limit=1&labelSelector=l%3Dx"));
    const Value last = at.world.json("GET", cat(maps, "?limit=3"));

    EXPECT_EQ(all.int_at(-1, "metadata", "remainingItemCount"), 2);
    EXPECT_EQ(some.find("metadata", "remainingItemCount"), nullptr);
    EXPECT_FALSE(some.string_at("metadata", "continue").empty());
    EXPECT_TRUE(last.string_at("metadata", "continue").empty());
    EXPECT_EQ(last.find("metadata", "remainingItemCount"), nullptr);
}

TEST(ListWatch, AnExpiredPageOffersToGoOnWithTheNewestState) {
    Populated at;
    const Value page = at.world.json("GET", cat(maps, "?limit=1"));
    const std::string token(page.string_at("metadata", "continue"));
    at.world.send("POST", maps, map_named("b2"));
    const auto newest = at.world.store->newest();
    ASSERT_TRUE(io::run(&at.world.loop, at.world.store->compact(newest)).has_value());

    const auto expired = at.world.send("GET", cat(maps, "?limit=1&continue=", token));
    const Value status = *parse_json(expired.body());
    const std::string next(status.string_at("metadata", "continue"));
    const Value rest = at.world.json("GET", cat(maps, "?continue=", next));

    EXPECT_EQ(expired.status, 410);
    EXPECT_EQ(status.string_at("reason"), "Expired");
    EXPECT_NE(status.string_at("message").find("inconsistent list"), std::string_view::npos);
    EXPECT_EQ(names_of(rest), (std::vector<std::string>{"b", "b2", "c"}));
    EXPECT_EQ(at.world.json("GET", at.target("resourceVersion=$OLD&resourceVersionMatch=Exact"))
                  .int_at(0, "code"),
              410);
}

TEST(ListWatch, TakesTheFieldLabelsOfEveryKindAndNoOthers) {
    TestServer world(true);
    size_t labels = 0;
    for (const schema::BuiltinResource& resource : schema::Builtin::get().resources()) {
        const bool can_list = std::ranges::find(resource.verbs, "list") != resource.verbs.end();
        const std::string target =
            resource.group.empty()
                ? cat("/api/", resource.version, "/", resource.resource)
                : cat("/apis/", resource.group, "/", resource.version, "/", resource.resource);
        if (!can_list || world.send("GET", target).status != 200) {
            continue;
        }
        for (const std::string_view label : resource.field_labels) {
            ++labels;
            EXPECT_EQ(world.send("GET", cat(target, "?fieldSelector=", label, "%3Dnone")).status,
                      200)
                << target << " " << label;
        }
        EXPECT_EQ(world.send("GET", cat(target, "?fieldSelector=metadata.name%3Dnone")).status, 200)
            << target;
        EXPECT_EQ(world.send("GET", cat(target, "?fieldSelector=no.such%3Dnone")).status, 400)
            << target;
    }
    EXPECT_GT(labels, 100U);
}

// Kubernetes has a route of it for nothing but what is no resource.
TEST(ListWatch, HeadIsNoMethodOfResources) {
    Populated at;
    EXPECT_EQ(at.world.send("HEAD", maps).status, 405);
    EXPECT_EQ(at.world.send("HEAD", cat(maps, "/a")).status, 405);
    EXPECT_EQ(at.world.send("HEAD", "/healthz").status, 200);
}

TEST(ListWatch, DeletesOfACollectionWhatTheSelectorsMean) {
    Populated at;

    const Value by_label = at.world.json("DELETE", cat(maps, "?labelSelector=l%3Dy"));
    const Value by_field = at.world.json("DELETE", cat(maps, "?fieldSelector=metadata.name%3Da"));

    EXPECT_EQ(names_of(by_label), std::vector<std::string>{"c"});
    EXPECT_EQ(names_of(by_field), std::vector<std::string>{"a"});
    EXPECT_EQ(names_of(at.world.json("GET", maps)), std::vector<std::string>{"b"});
}

TEST(ListWatch, EveryStartOfAWatchIsServedOrRefusedWithTheReason) {
    Populated at;
    struct Start {
        std::string_view query;
        std::vector<std::string> begins;  // the first events
    };
    for (const Start& start : std::initializer_list<Start>{
             {"", {"ADDED a", "ADDED b", "ADDED c"}},
             {"&resourceVersion=0", {"ADDED a", "ADDED b", "ADDED c"}},
             {"&resourceVersion=$OLD", {"ADDED c"}},
             {"&fieldSelector=metadata.name%3Db", {"ADDED b"}},
             {"&labelSelector=l%3Dy", {"ADDED c"}},
             {"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1",
              {"ADDED a", "ADDED b", "ADDED c", "BOOKMARK end"}},
             {"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
              {"ADDED a", "ADDED b", "ADDED c"}},
             {"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=$OLD",
              {"ADDED a", "ADDED b", "ADDED c"}},
             {"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=$FUTURE",
              {cat("ERROR Timeout: Too large resource version: 999999, current: ",
                   at.now_version)}},
         }) {
        auto response =
            at.world.send("GET", at.target(cat("watch=1&timeoutSeconds=5", start.query)));
        ASSERT_EQ(response.status, 200) << start.query;
        EXPECT_EQ(events_of(text_of_stream(at.world, response, start.begins.size())), start.begins)
            << start.query;
    }
    for (const Asked& asked : std::initializer_list<Asked>{
             {"resourceVersionMatch=NotOlderThan", 422, "forbidden for watch unless"},
             {"sendInitialEvents=true", 422, "requires setting resourceVersionMatch"},
             {"sendInitialEvents=true&resourceVersionMatch=Exact", 422, "Unsupported value"},
             {"continue=abc", 422, "forbidden when continue is provided"},
             {"resourceVersion=abc", 500, "resourceVersion: Invalid value"},
             {"timeoutSeconds=abc", 400, "invalid syntax"},
         }) {
        const Value answer = at.world.json("GET", at.target(cat("watch=1&", asked.query)));
        EXPECT_EQ(answer.int_at(0, "code"), asked.status) << asked.query << to_json(answer);
        EXPECT_NE(answer.string_at("message").find(asked.says), std::string_view::npos)
            << asked.query << ": " << answer.string_at("message");
    }
}

// What the first of several selected is kept for those that ask the same, until something is
// written.
TEST(ListWatch, WatchersThatAskTheSameSeeTheStateAsItIs) {
    Populated at;
    const auto state = [&at](std::string_view query, size_t count) {
        auto response = at.world.send("GET", at.target(cat("watch=1&timeoutSeconds=5", query)));
        return events_of(text_of_stream(at.world, response, count));
    };
    using Events = std::vector<std::string>;

    EXPECT_EQ(state("&labelSelector=l%3Dy", 1), (Events{"ADDED c"}));
    EXPECT_EQ(state("&labelSelector=l%3Dy", 1), (Events{"ADDED c"}));
    EXPECT_EQ(state("&labelSelector=l%21%3Dy", 2), (Events{"ADDED a", "ADDED b"}));
    EXPECT_EQ(state("&labelSelector=l%21%3Dy&fieldSelector=metadata.name%3Db", 1),
              (Events{"ADDED b"}));

    at.world.send("POST", maps, R"({"metadata": {"name": "d", "labels": {"l": "y"}}})");
    EXPECT_EQ(state("&labelSelector=l%3Dy", 2), (Events{"ADDED c", "ADDED d"}));
    at.world.send("DELETE", cat(maps, "/c"));
    EXPECT_EQ(state("&labelSelector=l%3Dy", 1), (Events{"ADDED d"}));
}

// A state that takes several turns to look through: who asks the same meanwhile waits for the first
// one, and sees it as of then even if something is written before that ends.
TEST(ListWatch, WatchersThatComeTogetherLookThroughALargeStateOnce) {
    Populated at;
    const std::string key = "/registry/configmaps/default/a";
    const auto kept = io::run(&at.world.loop, at.world.store->get(key, {}));
    ASSERT_TRUE(kept.has_value() && kept->has_value());
    std::vector<store::Write> writes;
    for (int i = 0; i < 10'000; ++i) {
        writes.push_back({cat(key, i), (*kept)->value, 0});
    }
    ASSERT_TRUE(io::run(&at.world.loop, at.world.store->commit(std::move(writes))).has_value());
    const std::string target = at.target("watch=1&timeoutSeconds=5&labelSelector=l%3Dy");
    std::vector<io::http::Response> responses;
    {
        io::Scope scope(&at.world.loop);
        for (int i = 0; i < 3; ++i) {
            scope.spawn([](TestServer* world, std::string path,
                           std::vector<io::http::Response>* out) -> io::Task<void> {
                io::http::Request request;
                request.method = "GET";
                request.target = std::move(path);
                request.headers.set("authorization", "Bearer " + world->token);
                out->push_back(*co_await world->transport->send(std::move(request)));
            }(&at.world, target, &responses));
        }
        io::run(&at.world.loop, scope.join());
    }
    ASSERT_EQ(responses.size(), 3U);
    for (io::http::Response& response : responses) {
        EXPECT_EQ(events_of(text_of_stream(at.world, response, 1)),
                  std::vector<std::string>{"ADDED c"});
    }
    at.world.send("POST", maps, map_named("d", "y"));
    for (io::http::Response& response : responses) {
        EXPECT_EQ(events_of(text_of_stream(at.world, response, 1)),
                  std::vector<std::string>{"ADDED d"});
    }
}

TEST(ListWatch, AWatchThatBeginsInAForgottenPastSaysSoInsideTheStream) {
    Populated at;
    const auto newest = at.world.store->newest();
    ASSERT_TRUE(io::run(&at.world.loop, at.world.store->compact(newest)).has_value());

    auto response = at.world.send("GET", at.target("watch=1&resourceVersion=$OLD"));

    EXPECT_EQ(response.status, 200);
    const auto events = events_of(text_of_stream(at.world, response, 1));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].starts_with("ERROR too old resource version: ")) << events[0];
}

TEST(ListWatch, BookmarksComeByTheMinuteAndEndTheWatchAtItsTime) {
    Populated at;
    auto response = at.world.send(
        "GET",
        at.target("watch=1&allowWatchBookmarks=true&resourceVersion=$NOW&timeoutSeconds=150"));
    ASSERT_EQ(response.status, 200);
    at.world.send("POST", "/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s"}})");

    const std::string text = text_of_stream(at.world, response, 1);
    const Value bookmark = *parse_json(trim(text));
    const std::string rest = text_of_stream(at.world, response, 100);

    EXPECT_EQ(bookmark.string_at("type"), "BOOKMARK");
    EXPECT_EQ(bookmark.string_at("object", "metadata", "resourceVersion"),
              cat(at.world.store->newest()));
    EXPECT_EQ(bookmark.find("object", "metadata", "name"), nullptr);
    EXPECT_EQ(std::ranges::count(rest, '\n'), 1) << rest;
}

TEST(ListWatch, ACrowdOfWatchersGetsEachEventOnceInOrderAndSoon) {
    Populated at;
    const auto watch = [&at] {
        return at.world.send("GET", at.target("watch=1&resourceVersion=$NOW"));
    };
    std::vector<io::http::Response> watchers;
    while (watchers.size() <= limits::crowd_of_watchers) {
        watchers.push_back(watch());
    }
    at.world.send("POST", maps, map_named("first"));
    const std::string first = text_of_stream(at.world, watchers[0], 1);
    const int64_t begin = at.world.loop.monotonic();

    // These come while the crowd is served at most once in a while; one more joins meanwhile.
    at.world.send("POST", maps, map_named("second"));
    watchers.push_back(watch());
    at.world.send("POST", maps, map_named("third"));

    EXPECT_EQ(events_of(first + text_of_stream(at.world, watchers[0], 2)),
              (std::vector<std::string>{"ADDED first", "ADDED second", "ADDED third"}));
    EXPECT_LE(at.world.loop.monotonic() - begin, 2 * limits::crowd_pause);
    for (size_t i = 1; i < watchers.size(); ++i) {
        EXPECT_EQ(events_of(text_of_stream(at.world, watchers[i], 3)),
                  (std::vector<std::string>{"ADDED first", "ADDED second", "ADDED third"}));
    }
}

TEST(ListWatch, AWatchOfAKindFromBeforeItWasServedIsTooOld) {
    TestServer world;
    world.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
               R"({"metadata":{"name":"ws.x.io"},"spec":{"group":"x.io","scope":"Namespaced",)"
               R"("names":{"plural":"ws","kind":"W"},"versions":[{"name":"v1","served":true,)"
               R"("storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
    const std::string target = "/apis/x.io/v1/namespaces/default/ws";
    const std::string listed = version_of(world.json("GET", target));
    world.send("POST", target, R"({"apiVersion":"x.io/v1","kind":"W","metadata":{"name":"a"}})");

    auto old = world.send("GET", target + "?watch=1&resourceVersion=1");
    auto since_list = world.send("GET", target + "?watch=1&resourceVersion=" + listed);

    EXPECT_TRUE(events_of(text_of_stream(world, old, 1))[0].starts_with("ERROR too old"));
    EXPECT_EQ(events_of(text_of_stream(world, since_list, 1)), std::vector<std::string>{"ADDED a"});
}

TEST(ListWatch, ProtobufHoldsWhatJsonHolds) {
    Populated at;
    const schema::Protobuf protobuf(&schema::Builtin::get());

    const auto list = at.world.send("GET", maps, "", "", protobuf_type);
    const auto none = at.world.send("GET", cat(maps, "/none"), "", "", protobuf_type);
    auto watch =
        at.world.send("GET", cat(maps, "?watch=1&timeoutSeconds=1"), "", "", protobuf_type);
    std::string frames = text_of_stream(at.world, watch, 1'000'000);

    EXPECT_EQ(list.headers.get("content-type"), protobuf_type);
    Value decoded = *protobuf.decode(list.body());
    EXPECT_EQ(to_json(decoded), trim(at.world.send("GET", maps).body()));
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(protobuf.decode(none.body())->string_at("message"), "configmaps \"none\" not found");
    EXPECT_EQ(watch.headers.get("content-type"), cat(protobuf_type, ";stream=watch"));
    size_t count = 0;
    while (frames.size() > 4) {
        size_t size = 0;
        for (size_t i = 0; i < 4; ++i) {
            size = size << 8U | static_cast<unsigned char>(frames[i]);
        }
        ASSERT_LE(size + 4, frames.size());
        frames.erase(0, size + 4);
        ++count;
    }
    EXPECT_EQ(count, 3U);
    EXPECT_TRUE(frames.empty());
}

}  // namespace
}  // namespace weft::server
