// io/http_client_test.cc: the client against the server, over real sockets, in every version.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "io/http.h"
#include "io/real_loop.h"
#include "io/sync.h"
#include "io/tls.h"

namespace weft::io::http {
namespace {

class Numbers : public BodySource {
public:
    Numbers(Loop* loop, int count, size_t size, bool hangs, int* gone)
        : never_(loop),
          left_(count),
          piece_(share(std::string(size, 'n'))),
          hangs_(hangs),
          gone_(gone) {}
    ~Numbers() override { ++*gone_; }
    Task<Result<std::vector<SharedBytes>>> next() override {
        if (left_ == 0) {
            if (hangs_) {
                CO_TRY(co_await never_.wait());
            }
            co_return std::vector<SharedBytes>{};
        }
        --left_;
        co_return std::vector<SharedBytes>{piece_};
    }

private:
    Signal never_;
    int left_;
    SharedBytes piece_;
    bool hangs_;
    int* gone_;
};

class Echo : public Handler {
public:
    explicit Echo(Loop* loop) : loop_(loop), never_(loop) {}
    Task<Response> handle(Request request) override {
        ++handled;
        last = request;
        last.body.clear();
        if (request.target == "/big") {  // 64 MB
            Response response = Response::text(200, "text/plain", "");
            response.source = std::make_unique<Numbers>(loop_, 1024, 65536, false, &gone);
            co_return response;
        }
        if (request.target == "/watch") {
            Response response = Response::text(200, "text/plain", "first");
            response.source = std::make_unique<Numbers>(loop_, 1, 3, true, &gone);
            co_return response;
        }
        if (request.target == "/silent") {  // a head and nothing else
            Response response = Response::text(200, "text/plain", "");
            response.source = std::make_unique<Numbers>(loop_, 0, 0, true, &gone);
            co_return response;
        }
        if (request.target == "/hang" && !co_await never_.wait()) {
            ++cancelled;
        }
        Response response = Response::text(200, "text/plain", std::move(request.body));
        response.headers.add("x-path", request.target);
        co_return response;
    }
    int handled = 0;
    int cancelled = 0;
    int gone = 0;
    Request last;

private:
    Loop* loop_;
    Signal never_;
};

enum class Version { h1, h1_tls, h2, h2_tls };

// A server and a client that speak the same version.
class HttpClient : public testing::TestWithParam<Version> {
protected:
    void SetUp() override {
        const bool is_tls = GetParam() == Version::h1_tls || GetParam() == Version::h2_tls;
        ca = *tls::make_ca("weft-ca", loop.now());
        if (is_tls) {
            tls::Subject subject;
            subject.common_name = "weft-ca";  // the authority's name: no reason to be confused
            subject.ips = {"127.0.0.1"};
            const auto pair = *tls::make_certificate(ca, subject, 3600 * second, loop.now());
            server_options.certificate_pem = pair.certificate_pem;
            server_options.key_pem = pair.key_pem;
            server_options.client_ca_pem = ca.certificate_pem;
            subject.usage = tls::Usage::client;
            subject.common_name = "somebody";
            subject.organisations = {"a", "b"};
            const auto mine = *tls::make_certificate(ca, subject, 3600 * second, loop.now());
            options.certificate_pem = mine.certificate_pem;
            options.key_pem = mine.key_pem;
            options.ca_pem = ca.certificate_pem;
        }
        server_options.body_max = 100 * 1024 * 1024;
        start_server();
        options.base_url =
            cat(is_tls ? "https" : "http", "://127.0.0.1:", server->port(), "/base/");
        options.http2_prior_knowledge = GetParam() == Version::h2;
        options.http1_only = GetParam() == Version::h1_tls;
        options.bearer_token = "secret";
        client = *connect(&loop, options);
    }
    void TearDown() override {
        client.reset();
        if (server != nullptr) {
            run(&loop, server->close(second));
        }
    }
    void start_server() {
        server = *listen(&loop, &echo, server_options);
        server_options.port = server->port();
    }
    Result<Response> get(std::string target) {
        return run(&loop, client->send({.method = "GET", .target = std::move(target)}));
    }
    template <typename T>
    T wait(Task<T> task) {
        return run(&loop, std::move(task));
    }

    RealLoop loop;
    Echo echo{&loop};
    tls::KeyPair ca;
    ServerOptions server_options;
    ClientOptions options;
    std::unique_ptr<Server> server;
    std::unique_ptr<Transport> client;
};

std::string version_name(const testing::TestParamInfo<Version>& info) {
    constexpr std::string_view names[] = {"h1", "h1_tls", "h2", "h2_tls"};
    return std::string(names[static_cast<int>(info.param)]);
}

INSTANTIATE_TEST_SUITE_P(Versions, HttpClient,
                         testing::Values(Version::h1, Version::h1_tls, Version::h2,
                                         Version::h2_tls),
                         version_name);

TEST_P(HttpClient, SendsAndReceives) {
    const auto answer = wait(client->send({.method = "POST", .target = "/a?b=c", .body = "hello"}));
    ASSERT_TRUE(answer.has_value()) << answer.error().text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body(), "hello");
    EXPECT_EQ(answer->headers.get("X-Path"), "/base/a?b=c");
    EXPECT_EQ(echo.last.headers.get("authorization"), "Bearer secret");
    EXPECT_EQ(echo.last.headers.get("user-agent"), "weft");
    EXPECT_TRUE(echo.last.headers.get("host").starts_with("127.0.0.1:"));
    if (!server_options.certificate_pem.empty()) {
        EXPECT_EQ(echo.last.peer.certificate_name, "somebody");
        EXPECT_EQ(echo.last.peer.certificate_groups, (std::vector<std::string>{"a", "b"}));
    }
    const auto head = wait(client->send({.method = "HEAD", .target = "/x"}));
    EXPECT_EQ(head->body_size(), 0U);
    EXPECT_EQ(head->source, nullptr);
    const auto again = get("/y");
    EXPECT_EQ(again->headers.get("x-path"), "/base/y");
}

TEST_P(HttpClient, CarriesLargeBodiesBothWays) {
    std::string body;
    for (int i = 0; body.size() < 20'000'000; ++i) {
        append(body, i, ",");
    }
    Response answer = *wait(client->send({.method = "PUT", .target = "/", .body = body}));
    const auto back = wait(read_all(std::move(answer), 100'000'000));
    EXPECT_EQ(*back == body, true);
    // A length that is waited for as a whole, but larger than a window.
    body.resize(900'000);
    const auto whole = wait(client->send({.method = "PUT", .target = "/", .body = body}));
    EXPECT_EQ(whole->source, nullptr);
    EXPECT_EQ(whole->body() == body, true);
}

Task<Result<size_t>> count_slowly(Loop* loop, Response response) {
    size_t size = response.body_size();
    while (true) {
        const auto pieces = CO_TRY(co_await response.source->next());
        if (pieces.empty()) {
            co_return size;
        }
        for (const auto& piece : pieces) {
            size += piece->size();
        }
        CO_TRY(co_await sleep(loop, 10 * microsecond));
    }
}

TEST_P(HttpClient, StreamsWithBackPressure) {
    options.base_url.resize(options.base_url.size() - 5);  // without /base
    client = *connect(&loop, options);
    Response answer = *get("/big");
    ASSERT_NE(answer.source, nullptr);
    EXPECT_EQ(*wait(count_slowly(&loop, std::move(answer))), 64U * 1024 * 1024);
    EXPECT_EQ(echo.gone, 1);
}

Task<Status> wait_until(Loop* loop, const int* value, int wanted) {
    while (*value < wanted) {
        CO_TRY(co_await sleep(loop, millisecond));
    }
    co_return Status{};
}

TEST_P(HttpClient, DroppingAStreamEndsItsSource) {
    options.base_url.resize(options.base_url.size() - 5);
    client = *connect(&loop, options);
    {
        Response answer = *get("/watch");
        ASSERT_NE(answer.source, nullptr);
        std::string body = answer.body();
        while (body != "firstnnn") {
            for (const auto& piece : *wait(answer.source->next())) {
                body += *piece;
            }
        }
    }
    EXPECT_TRUE(wait(wait_until(&loop, &echo.gone, 1)).has_value());
}

TEST_P(HttpClient, AThousandIdleStreamsComeAtOnceAndGoAtOnce) {
    options.base_url.resize(options.base_url.size() - 5);
    client = *connect(&loop, options);
    const int count = GetParam() == Version::h1_tls ? 50 : 1000;  // handshakes are dear at -O0
    std::vector<Response> open;
    for (int i = 0; i < count; ++i) {
        open.push_back(*get("/silent"));  // returns though no byte of the body ever comes
        ASSERT_NE(open.back().source, nullptr);
    }
    EXPECT_EQ(echo.gone, 0);
    open.clear();
    EXPECT_TRUE(wait(wait_until(&loop, &echo.gone, count)).has_value());
    EXPECT_TRUE(get("/after").has_value());
}

Task<void> send_into(Transport* client, std::optional<Result<Response>>* answer) {
    answer->emplace(co_await client->send({.method = "GET", .target = "/hang"}));
}

// Cancels a request once its handler runs.
Task<Result<Response>> cancel_when_handled(Loop* loop, Transport* client, const int* handled) {
    std::optional<Result<Response>> answer;
    Scope scope(loop);
    scope.spawn(send_into(client, &answer));
    CHECK((co_await wait_until(loop, handled, 1)).has_value());
    co_await scope.close();
    co_return *std::move(answer);
}

TEST_P(HttpClient, CancellingARequestCancelsItsHandler) {
    options.base_url.resize(options.base_url.size() - 5);
    client = *connect(&loop, options);
    const auto answer = wait(cancel_when_handled(&loop, client.get(), &echo.handled));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().reason(), Reason::cancelled);
    EXPECT_TRUE(wait(wait_until(&loop, &echo.cancelled, 1)).has_value());
}

TEST_P(HttpClient, DoesNotWaitForAnAnswerForEver) {
    options.base_url.resize(options.base_url.size() - 5);
    options.response_timeout = 20 * millisecond;
    client = *connect(&loop, options);
    const auto late = get("/hang");
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().reason(), Reason::timeout);
    EXPECT_TRUE(late.error().message().ends_with("/hang: timeout awaiting response"));
}

TEST_P(HttpClient, ReconnectsAfterTheServerCameBack) {
    ASSERT_TRUE(get("/a").has_value());
    wait(server->close(second));
    server.reset();
    const auto refused = get("/b");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().reason(), Reason::io);
    EXPECT_EQ(refused.error().message(),
              cat("dial tcp 127.0.0.1:", server_options.port, ": connect: connection refused"));
    start_server();
    EXPECT_TRUE(get("/c").has_value());
}

TEST_P(HttpClient, AStreamThatIsCutIsAnErrorOrAnEnd) {
    options.base_url.resize(options.base_url.size() - 5);
    client = *connect(&loop, options);
    Response answer = *get("/watch");
    wait(server->close(0));
    server.reset();
    const auto rest = wait(read_all(std::move(answer), 1000));
    if (rest.has_value()) {
        EXPECT_EQ(*rest, "firstnnn");
    } else {
        EXPECT_EQ(rest.error().reason(), Reason::io);
    }
}

TEST_P(HttpClient, AStreamMayOutliveItsClient) {
    options.base_url.resize(options.base_url.size() - 5);
    client = *connect(&loop, options);
    Response answer = *get("/silent");
    client.reset();
    const auto rest = wait(answer.source->next());
    ASSERT_FALSE(rest.has_value());
    EXPECT_EQ(rest.error().message(), "the client is closed");
    EXPECT_TRUE(wait(wait_until(&loop, &echo.gone, 1)).has_value());
}

Task<void> get_one(Transport* client, int number, int* good) {
    const auto answer =
        co_await client->send({.method = "PUT", .target = "/", .body = cat(number)});
    if (answer.has_value() && answer->body() == cat(number)) {
        ++*good;
    }
}

Task<void> get_many(Loop* loop, Transport* client, int count, int* good) {
    Scope scope(loop);
    for (int i = 0; i < count; ++i) {
        scope.spawn(get_one(client, i, good));
    }
    co_await scope.join();
}

TEST_P(HttpClient, ManyRequestsAtOnce) {
    int good = 0;
    wait(get_many(&loop, client.get(), 500, &good));
    EXPECT_EQ(good, 500);
    wait(get_many(&loop, client.get(), 2500, &good));
    EXPECT_EQ(good, 3000);
}

TEST_P(HttpClient, RefusesWhatWouldBeTwoRequests) {
    EXPECT_EQ(get("/a\r\nX: y").error().reason(), Reason::invalid);
    EXPECT_EQ(get("/a b").error().reason(), Reason::invalid);
    Request request{.method = "GET", .target = "/"};
    request.headers.add("x", "a\r\nb: c");
    EXPECT_EQ(wait(client->send(std::move(request))).error().reason(), Reason::invalid);
    EXPECT_EQ(echo.handled, 0);
}

class HttpClientTls : public HttpClient {};

INSTANTIATE_TEST_SUITE_P(Versions, HttpClientTls, testing::Values(Version::h1_tls, Version::h2_tls),
                         version_name);

TEST_P(HttpClientTls, RefusesAServerThatItsAuthorityDoesNotKnow) {
    options.ca_pem = tls::make_ca("other", loop.now())->certificate_pem;
    client = *connect(&loop, options);
    EXPECT_TRUE(
        get("/").error().message().starts_with("tls: failed to verify certificate of 127.0.0.1: "))
        << get("/").error().message();
    options.ca_pem = ca.certificate_pem;
    options.server_name = "other.example";
    client = *connect(&loop, options);
    EXPECT_EQ(get("/").error().message(),
              "tls: failed to verify certificate of other.example: hostname mismatch");
    options.insecure_skip_verify = true;
    client = *connect(&loop, options);
    EXPECT_TRUE(get("/").has_value());
}

// A server that answers the first request of each connection and closes on the second.
void serve_one_each(int listener, int connections) {
    for (int i = 0; i < connections; ++i) {
        const int fd = accept(listener, nullptr, nullptr);
        char buffer[4096];
        CHECK(recv(fd, buffer, sizeof buffer, 0) > 0);
        constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        CHECK(send(fd, answer.data(), answer.size(), 0) > 0);
        if (i + 1 < connections) {
            static_cast<void>(recv(fd, buffer, sizeof buffer, 0));
        }
        close(fd);
    }
}

TEST(HttpClientRetry, RepeatsWhatAKeptConnectionLostOnce) {
    RealLoop loop;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(listener, 10) == 0);
    CHECK(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    std::thread thread([&] { serve_one_each(listener, 3); });
    ClientOptions options;
    options.base_url = cat("http://127.0.0.1:", ntohs(address.sin_port));
    const auto client = *connect(&loop, options);
    EXPECT_TRUE(run(&loop, client->send({.method = "GET", .target = "/1"})).has_value());
    EXPECT_TRUE(run(&loop, client->send({.method = "GET", .target = "/2"})).has_value());
    // What may have had an effect is not sent twice.
    const auto lost = run(&loop, client->send({.method = "POST", .target = "/3"}));
    EXPECT_FALSE(lost.has_value());
    EXPECT_TRUE(run(&loop, client->send({.method = "POST", .target = "/4"})).has_value());
    thread.join();
    close(listener);
}

}  // namespace
}  // namespace weft::io::http
