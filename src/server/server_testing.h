// server/server_testing.h: a server in a test: virtual time, a store in memory, and short requests.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/io.h"
#include "io/sim/virtual_loop.h"
#include "server/server.h"
#include "store/store.h"

namespace weft::server {

// "field: message" of every cause of a refused request; the answer itself if it is no such refusal.
inline std::vector<std::string> causes(const io::http::Response& answer) {
    const auto status = parse_json(answer.body());
    if (answer.status != 422 || !status) {
        return {cat(answer.status, " ", answer.body())};
    }
    std::vector<std::string> out;
    if (const Value* list = status->find("details", "causes")) {
        for (const Value& cause : list->items()) {
            out.push_back(cat(cause.string_at("field"), ": ", cause.string_at("message")));
        }
    }
    return out;
}

// A world of one server. Requests are the administrator's unless `token` says otherwise.
class TestServer {
public:
    explicit TestServer(bool all_versions = false) : all_versions_(all_versions) { start(); }
    // Another server on the same store.
    void restart() {
        io::run(&loop, close());
        start();
    }
    void start() {
        Options options;
        options.loop = &loop;
        options.store = store.get();
        options.all_versions = all_versions_;
        options.checks_policy_types = true;
        options.webhook_transport = [this](io::http::ClientOptions client) {
            return reach_webhook_ ? reach_webhook_(std::move(client))
                                  : Result<std::unique_ptr<io::http::Transport>>(make_error(
                                        Reason::io, "dial tcp: no network in this world"));
        };
        options.tokens = {{"admin", {"admin", "", {"system:masters"}, {}}},
                          {"user", {"user", "", {}, {}}}};
        auto started = io::run(&loop, ApiServer::start(std::move(options)));
        CHECK(started.has_value());
        server = std::move(*started);
        transport = io::http::in_process(server.get());
    }
    ~TestServer() { io::run(&loop, close()); }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    io::http::Response send(std::string method, std::string target, std::string body = {},
                            std::string content_type = {}, std::string accept = {}) {
        io::http::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.body = std::move(body);
        request.headers.set("authorization", "Bearer " + token);
        request.headers.set("user-agent", "test/1");
        if (!content_type.empty()) {
            request.headers.set("content-type", std::move(content_type));
        }
        if (!accept.empty()) {
            request.headers.set("accept", std::move(accept));
        }
        auto response = io::run(&loop, transport->send(std::move(request)));
        CHECK(response.has_value());
        return std::move(*response);
    }
    // The body as a value; null if it is no JSON.
    Value json(std::string method, std::string target, std::string body = {},
               std::string content_type = {}) {
        auto parsed = parse_json(
            send(std::move(method), std::move(target), std::move(body), std::move(content_type))
                .body());
        return parsed ? std::move(*parsed) : Value();
    }

    // How the server reaches webhooks; without it there are none to reach.
    using Reach =
        std::function<Result<std::unique_ptr<io::http::Transport>>(io::http::ClientOptions)>;
    void reach_webhooks(Reach reach) { reach_webhook_ = std::move(reach); }

    io::sim::VirtualLoop loop{1};
    std::unique_ptr<store::Store> store = store::memory(&loop);
    std::unique_ptr<ApiServer> server;
    std::unique_ptr<io::http::Transport> transport;
    std::string token = "admin";

private:
    bool all_versions_;
    Reach reach_webhook_;
    io::Task<int> close() {
        co_await server->close();
        co_return 0;
    }
};

}  // namespace weft::server
