// tests/sim/host.cc: starting, losing and reviving the server.

#include "sim/host.h"

namespace weft::sim {

namespace {

io::http::Peer administrator() {
    io::http::Peer peer;
    peer.has_certificate = true;
    peer.certificate_name = "kubernetes-admin";
    peer.certificate_groups = {"system:masters"};
    return peer;
}

}  // namespace

// A stream of the server; ends with it.
class Host::Source : public io::http::BodySource {
public:
    Source(Host* host, std::unique_ptr<io::http::BodySource> inner)
        : host_(host), inner_(std::move(inner)) {
        host_->sources_.insert(this);
    }
    ~Source() override {
        if (host_ != nullptr) {
            host_->sources_.erase(this);
        }
    }
    io::Task<Result<std::vector<io::http::SharedBytes>>> next() override {
        if (inner_ == nullptr) {
            co_return make_error(Reason::io, "the server is gone");
        }
        Host* host = host_;
        ++host->in_flight_;
        Result<std::vector<io::http::SharedBytes>> out = co_await inner_->next();
        --host->in_flight_;
        co_return out;
    }
    void lose_server() { inner_ = nullptr; }
    void lose_host() {
        inner_ = nullptr;
        host_ = nullptr;
    }

private:
    Host* host_;
    std::unique_ptr<io::http::BodySource> inner_;
};

io::Task<Status> Host::start() {
    store_ = CO_TRY(co_await store::open_sqlite(
        loop_, {.file = "/weft.db", .sync = store::Sync::full, .vfs = vfs_.name()}));
    server::Options options;
    options.loop = loop_;
    options.store = store_.get();
    auto server = co_await server::ApiServer::start(std::move(options));
    if (!server) {
        co_await store_->close();
        store_ = nullptr;
        co_return Error(server.error());
    }
    server_ = *std::move(server);
    is_closing_ = false;
    co_return Status{};
}

io::Task<void> Host::shut_down() {
    is_closing_ = true;
    if (server_ != nullptr) {
        co_await server_->close();
        while (in_flight_ > 0) {
            static_cast<void>(co_await io::sleep(loop_, io::millisecond));
        }
        for (Source* source : sources_) {
            source->lose_server();
        }
        server_ = nullptr;
    }
    if (store_ != nullptr) {
        co_await store_->close();
        store_ = nullptr;
    }
}

io::Task<Status> Host::crash(int64_t down_for) {
    ++(*counts_)["servers crashed"];
    if (!vfs_.is_down()) {
        vfs_.cut_power_at(vfs_.effects());
    }
    co_await shut_down();
    CO_TRY(co_await io::sleep(loop_, down_for));
    co_return co_await revive();
}

io::Task<Status> Host::restart() {
    ++(*counts_)["servers restarted"];
    co_await shut_down();
    co_return co_await revive();
}

io::Task<Status> Host::revive() {
    while (true) {
        if (vfs_.is_down()) {
            vfs_.crash();
        }
        Status started = co_await start();
        // Power that is cut while the server starts is no fault of the server: it starts once more.
        if (started || !vfs_.is_down()) {
            co_return started;
        }
        ++(*counts_)["servers crashed"];
    }
}

io::Task<void> Host::stop() {
    co_await shut_down();
    for (Source* source : sources_) {
        source->lose_host();
    }
    sources_.clear();
}

io::Task<Result<io::http::Response>> Host::send(io::http::Request request) {
    if (!is_up()) {
        CO_TRY(co_await io::sleep(loop_, 5 * io::millisecond));
        co_return make_error(Reason::io, "connection refused");
    }
    ++in_flight_;
    request.peer = administrator();
    io::http::Response answer = co_await server_->handle(std::move(request));
    --in_flight_;
    if (vfs_.is_down()) {
        co_return make_error(Reason::io, "the server lost its power");
    }
    if (answer.source != nullptr) {
        answer.source = std::make_unique<Source>(this, std::move(answer.source));
    }
    co_return answer;
}

}  // namespace weft::sim
