// io/http_test.cc: the values of HTTP and the transport in the same process.

#include "io/http.h"

#include <gtest/gtest.h>

#include "io/sim/virtual_loop.h"
#include "io/sync.h"

namespace weft::io::http {
namespace {

TEST(Headers, CompareWithoutCaseAndKeepOrder) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("X-One", "1");
    headers.add("ACCEPT", "b");
    EXPECT_EQ(headers.get("accept"), "a");
    EXPECT_EQ(headers.all("Accept").size(), 2U);
    headers.set("aCCept", "c");
    ASSERT_EQ(headers.fields().size(), 2U);
    EXPECT_EQ(headers.fields()[0], (std::pair<std::string, std::string>("accept", "c")));
    EXPECT_TRUE(headers.erase("x-ONE"));
    EXPECT_FALSE(headers.has("x-one"));
    EXPECT_EQ(headers.get("x-one"), "");
}

TEST(Target, DecodesPathAndQueryAsGoDoes) {
    const Result<Target> target =
        Target::parse("/api/v1/a%20b+c?labelSelector=a%3Db%2Cc&watch&x=1+2&&x=3");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->path, "/api/v1/a b+c");
    EXPECT_EQ(target->parameter("labelSelector"), "a=b,c");
    EXPECT_EQ(target->parameter("watch"), "");
    EXPECT_EQ(target->parameter("x"), "1 2");
    EXPECT_FALSE(target->parameter("y").has_value());
    EXPECT_EQ(target->query.size(), 4U);
    EXPECT_EQ(Target::parse(target->text())->query, target->query);
    EXPECT_EQ(Target::parse(target->text())->path, target->path);
}

TEST(Target, RefusesBrokenEscapes) {
    EXPECT_EQ(Target::parse("/a%zz").error().message(), "invalid URL escape \"%zz\"");
    EXPECT_EQ(Target::parse("/a%2").error().message(), "invalid URL escape \"%2\"");
    // Of the query only the pair that cannot be read is lost.
    EXPECT_EQ(Target::parse("/a?b=%&c=1")->query.size(), 1U);
    EXPECT_EQ(Target::parse("/a?b;c&d")->query.size(), 1U);
}

// Gives `count` pieces and then waits until it is cancelled or destroyed.
class Endless : public BodySource {
public:
    Endless(Loop* loop, int count, bool* destroyed)
        : signal_(loop), left_(count), destroyed_(destroyed) {}
    ~Endless() override { *destroyed_ = true; }
    Task<Result<std::vector<SharedBytes>>> next() override {
        if (left_ > 0) {
            --left_;
            co_return std::vector<SharedBytes>{share("piece")};
        }
        CO_TRY(co_await signal_.wait());
        co_return std::vector<SharedBytes>{};
    }

private:
    Signal signal_;
    int left_;
    bool* destroyed_;
};

class Streams : public Handler {
public:
    Streams(Loop* loop, bool* destroyed) : loop_(loop), destroyed_(destroyed) {}
    Task<Response> handle(Request request) override {
        seen = request.peer.certificate_name;
        Response response = Response::text(200, "text/plain", "head ");
        response.source = std::make_unique<Endless>(loop_, 2, destroyed_);
        co_return response;
    }
    std::string seen;

private:
    Loop* loop_;
    bool* destroyed_;
};

Task<Result<std::string>> read_within(Loop* loop, Transport* transport, size_t limit) {
    Response response = CO_TRY(co_await transport->send({.method = "GET", .target = "/"}));
    co_return co_await with_timeout<std::string>(loop, second, "slow",
                                                 read_all(std::move(response), limit));
}

TEST(InProcess, HandsSourcesThroughAndCancelsThem) {
    sim::VirtualLoop loop(1);
    bool destroyed = false;
    Streams handler(&loop, &destroyed);
    const auto transport = in_process(&handler, {.certificate_name = "admin"});
    const auto body = run(&loop, read_within(&loop, transport.get(), 100));
    ASSERT_FALSE(body.has_value());
    EXPECT_EQ(body.error().reason(), Reason::timeout);
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(handler.seen, "admin");
}

TEST(ReadAll, RefusesMoreThanItsLimit) {
    sim::VirtualLoop loop(1);
    bool destroyed = false;
    Streams handler(&loop, &destroyed);
    const auto transport = in_process(&handler);
    const auto body = run(&loop, read_within(&loop, transport.get(), 12));
    ASSERT_FALSE(body.has_value());
    EXPECT_EQ(body.error().message(), "the body is larger than 12 bytes");
    EXPECT_TRUE(destroyed);
}

}  // namespace
}  // namespace weft::io::http
