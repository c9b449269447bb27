// io/server.cc: listening, and what a connection is before it is known which HTTP it speaks.

#include <cerrno>
#include <sys/socket.h>
#include <unordered_map>

#include "io/http.h"
#include "io/internal/link.h"
#include "io/internal/readiness.h"
#include "io/internal/server_session.h"
#include "io/internal/sockets.h"
#include "io/limits.h"
#include "io/sync.h"

namespace weft::io {

namespace internal {

namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class HttpServer;

}  // namespace

// Owned by its server; by itself once the server is gone.
class ServerConnection : public LinkListener {
public:
    ServerConnection(HttpServer* server, RealLoop* loop, int descriptor, std::unique_ptr<Wire> wire,
                     bool is_tls);

    void open() { link_.open(); }
    void stop();
    // Closes at once and asks all tasks to end.
    void cut();
    // The server goes first: the connection keeps itself until its tasks have ended.
    void orphan(std::unique_ptr<ServerConnection> self);
    void end();

private:
    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_sent() override {
        if (session_ != nullptr) {
            session_->on_sent();
        }
    }
    void on_deadline() override;
    void on_lost(const Error& error) override;
    void begin(std::unique_ptr<ServerSession> (*make)(SessionSeat));

    HttpServer* server_;
    http::Handler* handler_;
    std::shared_ptr<const http::ServerOptions> options_;
    Link link_;
    http::Peer peer_;
    bool is_tls_;
    bool has_ended_ = false;
    std::string sniffed_;
    std::unique_ptr<ServerSession> session_;
    std::unique_ptr<ServerConnection> self_;
};

namespace {

class HttpServer : public http::Server, public ReadyListener {
public:
    HttpServer(RealLoop* loop, http::Handler* handler, http::ServerOptions options,
               std::unique_ptr<TlsContext> tls, Descriptor socket)
        : loop_(loop),
          handler_(handler),
          options_(std::make_shared<const http::ServerOptions>(std::move(options))),
          tls_(std::move(tls)),
          port_(local_port(socket.get())),
          listener_(std::make_unique<Readiness>(loop, socket.release(), this)),
          gone_(loop) {
        listener_->wait_readable();
    }
    ~HttpServer() override;

    uint16_t port() const override { return port_; }
    Task<void> close(int64_t grace) override;
    void forget(ServerConnection* connection);

    [[nodiscard]] http::Handler* handler() const { return handler_; }
    [[nodiscard]] const std::shared_ptr<const http::ServerOptions>& options() const {
        return options_;
    }

private:
    void on_readable() override;
    void on_writable() override {}
    void rest();

    RealLoop* loop_;
    http::Handler* handler_;
    std::shared_ptr<const http::ServerOptions> options_;
    std::unique_ptr<TlsContext> tls_;
    uint16_t port_;
    std::unique_ptr<Readiness> listener_;  // null: takes no more
    std::unordered_map<ServerConnection*, std::unique_ptr<ServerConnection>> connections_;
    Signal gone_;
    Loop::TimerId rest_timer_ = 0;
    bool is_full_ = false;
};

HttpServer::~HttpServer() {
    if (rest_timer_ != 0) {
        loop_->cancel_timer(rest_timer_);
    }
    for (auto& [key, connection] : std::exchange(connections_, {})) {
        ServerConnection* const orphan = connection.get();
        orphan->orphan(std::move(connection));
    }
}

void HttpServer::on_readable() {
    for (int i = 0; i < limits::accepts_per_turn; ++i) {
        if (connections_.size() >= options_->connections_max) {
            is_full_ = true;  // The kernel keeps the rest waiting.
            return;
        }
        const int descriptor =
            accept4(listener_->descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                rest();
                return;
            }
            break;
        }
        set_stream_options(descriptor);
        auto wire = tls_ != nullptr ? tls_->accept(descriptor) : plain_wire(descriptor);
        auto connection = std::make_unique<ServerConnection>(this, loop_, descriptor,
                                                             std::move(wire), tls_ != nullptr);
        ServerConnection* const opened = connection.get();
        connections_.emplace(opened, std::move(connection));
        opened->open();
    }
    listener_->wait_readable();
}

// Out of descriptors or memory: trying again at once would only burn.
void HttpServer::rest() {
    rest_timer_ = loop_->start_timer(limits::accept_rest, [this] {
        rest_timer_ = 0;
        if (listener_ != nullptr) {
            on_readable();
        }
    });
}

void HttpServer::forget(ServerConnection* connection) {
    const auto found = connections_.find(connection);
    CHECK(found != connections_.end());
    bury(loop_, std::move(found->second));
    connections_.erase(found);
    if (std::exchange(is_full_, false) && listener_ != nullptr) {
        listener_->wait_readable();
    }
    gone_.notify_all();
}

Task<void> HttpServer::close(int64_t grace) {
    listener_.reset();
    std::vector<ServerConnection*> open;
    for (const auto& [key, connection] : connections_) {
        open.push_back(key);
    }
    for (ServerConnection* const connection : open) {
        if (connections_.contains(connection)) {
            connection->stop();
        }
    }
    const auto timer = loop_->start_timer(grace, [this] {
        std::vector<ServerConnection*> left;
        for (const auto& [key, connection] : connections_) {
            left.push_back(key);
        }
        for (ServerConnection* const connection : left) {
            if (connections_.contains(connection)) {
                connection->cut();
            }
        }
    });
    while (!connections_.empty()) {
        co_await gone_.wait_uncancelled();
    }
    loop_->cancel_timer(timer);
}

}  // namespace

ServerConnection::ServerConnection(HttpServer* server, RealLoop* loop, int descriptor,
                                   std::unique_ptr<Wire> wire, bool is_tls)
    : server_(server),
      handler_(server->handler()),
      options_(server->options()),
      link_(loop, descriptor, std::move(wire), this, server->options()->write_timeout),
      is_tls_(is_tls) {
    peer_.address = peer_address(descriptor);
    link_.set_deadline(loop->monotonic() + options_->header_timeout);
}

void ServerConnection::begin(std::unique_ptr<ServerSession> (*make)(SessionSeat)) {
    session_ = make({this, &link_, handler_, options_.get(), &peer_});
    session_->on_open();
}

void ServerConnection::on_open() {
    link_.wire().describe(&peer_);
    if (is_tls_) {
        begin(link_.wire().protocol() == "h2" ? h2_server_session : h1_server_session);
    }
}

void ServerConnection::on_bytes(std::string_view bytes) {
    if (session_ != nullptr) {
        session_->on_bytes(bytes);
        return;
    }
    sniffed_.append(bytes);
    if (preface.starts_with(sniffed_) && sniffed_.size() < preface.size()) {
        return;
    }
    begin(sniffed_.starts_with(preface) ? h2_server_session : h1_server_session);
    const std::string first = std::exchange(sniffed_, {});
    session_->on_bytes(first);
}

void ServerConnection::on_end() {
    if (session_ != nullptr) {
        session_->on_end();
    } else {
        link_.close();
        end();
    }
}

void ServerConnection::on_deadline() {
    if (session_ != nullptr) {
        session_->on_deadline();
    } else {
        link_.close();
        end();
    }
}

void ServerConnection::on_lost(const Error& /*error*/) {
    if (session_ != nullptr) {
        session_->on_lost();
    } else {
        end();
    }
}

void ServerConnection::stop() {
    if (session_ != nullptr) {
        session_->stop();
    } else {
        link_.close();
        end();
    }
}

void ServerConnection::cut() {
    link_.close();
    on_lost(make_error(Reason::io, "closed"));
}

void ServerConnection::orphan(std::unique_ptr<ServerConnection> self) {
    server_ = nullptr;
    if (has_ended_) {
        bury(link_.loop(), std::move(self));
        return;
    }
    self_ = std::move(self);
    cut();
}

void ServerConnection::end() {
    if (std::exchange(has_ended_, true)) {
        return;
    }
    if (server_ != nullptr) {
        server_->forget(this);
    } else {
        bury(link_.loop(), std::move(self_));
    }
}

void session_ended(ServerConnection* connection) {
    connection->end();
}

}  // namespace internal

namespace http {

Result<std::unique_ptr<Server>> listen(Loop* loop, Handler* handler, ServerOptions options) {
    RealLoop* const real = loop->real_loop();
    if (real == nullptr) {
        return make_error(Reason::internal_error, "no sockets on virtual time");
    }
    std::unique_ptr<internal::TlsContext> tls;
    if (!options.certificate_pem.empty()) {
        tls = TRY(internal::TlsContext::server(options.certificate_pem, options.key_pem,
                                               options.client_ca_pem));
    }
    internal::Descriptor socket = TRY(internal::listen_tcp(options.address, options.port));
    return std::unique_ptr<Server>(std::make_unique<internal::HttpServer>(
        real, handler, std::move(options), std::move(tls), std::move(socket)));
}

}  // namespace http

}  // namespace weft::io
