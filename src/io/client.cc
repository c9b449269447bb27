// io/client.cc: a client's connections, and requests on them.

#include <algorithm>
#include <unordered_map>

#include "io/http.h"
#include "io/internal/client_session.h"
#include "io/internal/link.h"
#include "io/internal/sockets.h"
#include "io/internal/wire.h"
#include "io/limits.h"

namespace weft::io {

namespace internal {

Exchange::~Exchange() {
    if (session != nullptr) {
        session->abandon(this);
    }
}

void Exchange::take_body(std::string bytes) {
    if (!bytes.empty()) {
        unread += bytes.size();
        arrived.push_back(http::share(std::move(bytes)));
        changed.notify_all();
    }
}

void Exchange::take_arrived(std::vector<http::SharedBytes>* out) {
    if (out->empty()) {
        *out = std::exchange(arrived, {});
    } else {
        std::ranges::move(arrived, std::back_inserter(*out));
        arrived.clear();
    }
    const size_t count = std::exchange(unread, 0);
    if (session != nullptr && count != 0) {
        session->read_more(this, count);
    }
}

void Exchange::complete() {
    session = nullptr;
    is_whole = true;
    changed.notify_all();
}

void Exchange::fail(Error cause, bool repeatable) {
    session = nullptr;
    error = std::move(cause);
    may_repeat = repeatable;
    changed.notify_all();
}

namespace {

class HttpClient;

}  // namespace

class ClientConnection : public LinkListener {
public:
    ClientConnection(HttpClient* client, RealLoop* loop, int descriptor, std::unique_ptr<Wire> wire,
                     int64_t write_timeout)
        : client_(client), link_(loop, descriptor, std::move(wire), this, write_timeout) {}

    void open(int64_t timeout) {
        link_.set_deadline(link_.loop()->monotonic() + timeout);
        link_.open();
    }
    [[nodiscard]] ClientSession* session() const { return session_.get(); }
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
    [[nodiscard]] bool is_open() const { return link_.is_open(); }
    // The client is gone: fails what runs and tells nobody.
    void cut(const Error& error);
    void changed();

    // Who makes it holds a pointer: it is not buried meanwhile.
    bool is_being_made = true;

private:
    void on_open() override;
    void on_bytes(std::string_view bytes) override {
        if (session_ != nullptr) {
            session_->on_bytes(bytes);
        }
    }
    void on_end() override { fail_or(make_error(Reason::io, "EOF"), &ClientSession::on_end); }
    void on_sent() override {
        if (session_ != nullptr) {
            session_->on_sent();
        }
    }
    void on_deadline() override {
        fail_or(make_error(Reason::timeout, "net/http: TLS handshake timeout"),
                &ClientSession::on_deadline);
    }
    void on_lost(const Error& error) override {
        if (session_ != nullptr) {
            session_->on_lost(error);
        } else {
            failure_ = error;
            changed();
        }
    }
    void fail_or(Error error, void (ClientSession::*event)()) {
        if (session_ != nullptr) {
            (session_.get()->*event)();
        } else {
            link_.close();
            failure_ = std::move(error);
            changed();
        }
    }

    HttpClient* client_;
    Link link_;
    std::unique_ptr<ClientSession> session_;
    std::optional<Error> failure_;
};

namespace {

// The rest of an answer. May outlive the client: the answer ends with an error then.
class ClientSource : public http::BodySource {
public:
    explicit ClientSource(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

    Task<Result<std::vector<http::SharedBytes>>> next() override {
        Exchange& exchange = *exchange_;
        while (exchange.arrived.empty() && !exchange.is_whole && !exchange.error) {
            CO_TRY(co_await exchange.changed.wait());
        }
        if (exchange.arrived.empty() && exchange.error) {
            co_return *exchange.error;
        }
        std::vector<http::SharedBytes> out;
        exchange.take_arrived(&out);
        co_return out;
    }

private:
    std::unique_ptr<Exchange> exchange_;
};

struct Url {
    bool is_tls = false;
    std::string host;  // without brackets
    uint16_t port = 0;
    std::string authority;  // as the Host field has it
    std::string path;       // without a slash at the end
};

Result<Url> parse_url(std::string_view text) {
    const auto bad = [&] { return make_error(Reason::invalid, "not a URL: ", quote(text)); };
    Url url;
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        url.is_tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return bad();
    }
    const size_t slash = rest.find('/');
    const std::string_view authority = rest.substr(0, slash);
    url.authority = authority;
    url.path = slash == std::string_view::npos ? "" : rest.substr(slash);
    while (url.path.ends_with('/')) {
        url.path.pop_back();
    }
    std::string_view host = authority;
    const size_t bracket = authority.rfind(']');
    const size_t colon = authority.rfind(':');
    url.port = url.is_tls ? 443 : 80;
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
        const auto port = parse_uint(authority.substr(colon + 1));
        if (!port || *port == 0 || *port > 65535) {
            return bad();
        }
        url.port = static_cast<uint16_t>(*port);
        host = authority.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host.find_first_of("@?# ") != std::string_view::npos) {
        return bad();
    }
    url.host = host;
    return url;
}

class HttpClient : public http::Transport {
public:
    HttpClient(RealLoop* loop, http::ClientOptions options, Url url,
               std::unique_ptr<TlsContext> tls)
        : loop_(loop),
          options_(std::move(options)),
          url_(std::move(url)),
          tls_(std::move(tls)),
          changed_(loop),
          room_(loop) {}
    ~HttpClient() override;

    Task<Result<http::Response>> send(http::Request request) override;

    void connection_changed(ClientConnection* connection);
    void wake() { changed_.notify_all(); }
    [[nodiscard]] bool has_prior_knowledge() const { return options_.http2_prior_knowledge; }
    [[nodiscard]] std::string_view scheme() const { return url_.is_tls ? "https" : "http"; }

private:
    Task<Result<ClientConnection*>> acquire(bool must_be_new);
    Task<Result<ClientConnection*>> connect_new();
    ClientConnection* find_free(bool must_be_new);
    Result<Outgoing> prepare(http::Request request) const;
    Task<Status> wait_for_answer(Exchange* exchange, const bool* timed_out,
                                 std::vector<http::SharedBytes>* pieces);

    RealLoop* loop_;
    http::ClientOptions options_;
    Url url_;
    std::unique_ptr<TlsContext> tls_;
    Signal changed_;  // a connection that is being made
    Signal room_;     // for another request
    std::unordered_map<ClientConnection*, std::unique_ptr<ClientConnection>> connections_;
    // HTTP/1.1 connections without a request, the last used at the end.
    std::vector<ClientConnection*> idle_;
    std::vector<ClientConnection*> multiplexed_;
    size_t connecting_ = 0;
    bool is_multiplexed_ = false;  // the last server that answered spoke HTTP/2
};

HttpClient::~HttpClient() {
    for (auto& [key, connection] : std::exchange(connections_, {})) {
        connection->cut(make_error(Reason::cancelled, "the client is closed"));
        bury(loop_, std::move(connection));
    }
}

void HttpClient::connection_changed(ClientConnection* connection) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) {
        return;
    }
    if (connection->is_being_made) {
        changed_.notify_all();
        return;
    }
    ClientSession* const session = connection->session();
    std::erase(idle_, connection);
    if (!connection->is_open()) {
        std::erase(multiplexed_, connection);
        bury(loop_, std::move(found->second));
        connections_.erase(found);
    } else if (!session->is_multiplexed() && session->has_room()) {
        if (idle_.size() >= limits::idle_connections) {
            ClientConnection* const oldest = idle_.front();
            idle_.erase(idle_.begin());
            const auto old = connections_.find(oldest);
            oldest->cut(make_error(Reason::io, "idle connection closed"));
            bury(loop_, std::move(old->second));
            connections_.erase(old);
        }
        idle_.push_back(connection);
    }
    room_.notify_one();
}

ClientConnection* HttpClient::find_free(bool must_be_new) {
    if (!must_be_new && !idle_.empty()) {
        ClientConnection* const connection = idle_.back();
        idle_.pop_back();
        return connection;
    }
    for (ClientConnection* const connection : multiplexed_) {
        if (connection->session()->has_room()) {
            return connection;
        }
    }
    return nullptr;
}

// A connection that can take a request now. One waiter is woken for each room that comes up, and
// wakes the next if there is more; who is cancelled passes its turn on.
Task<Result<ClientConnection*>> HttpClient::acquire(bool must_be_new) {
    while (true) {
        if (ClientConnection* const connection = find_free(must_be_new)) {
            if (connection->session()->is_multiplexed()) {
                room_.notify_one();
            }
            co_return connection;
        }
        // While it may turn out that one connection carries all, one is made at a time.
        const bool may_multiplex =
            (tls_ != nullptr && !options_.http1_only) || options_.http2_prior_knowledge;
        const bool must_wait =
            (may_multiplex && connecting_ > 0 && (is_multiplexed_ || multiplexed_.empty())) ||
            (is_multiplexed_ && multiplexed_.size() >= limits::client_sessions) ||
            connecting_ >= limits::client_connecting ||
            connections_.size() + connecting_ >= limits::client_connections;
        if (!must_wait) {
            ++connecting_;
            Result<ClientConnection*> connected = co_await connect_new();
            --connecting_;
            room_.notify_one();
            co_return connected;
        }
        if (const Status waited = co_await room_.wait(); !waited) {
            room_.notify_one();
            co_return waited.error();
        }
    }
}

Task<Result<ClientConnection*>> HttpClient::connect_new() {
    Descriptor socket =
        CO_TRY(co_await connect_tcp(loop_, url_.host, url_.port, options_.connect_timeout));
    const int descriptor = socket.release();
    auto wire = tls_ != nullptr
                    ? tls_->connect(descriptor,
                                    options_.server_name.empty() ? url_.host : options_.server_name)
                    : plain_wire(descriptor);
    auto made = std::make_unique<ClientConnection>(this, loop_, descriptor, std::move(wire),
                                                   options_.response_timeout);
    ClientConnection* const connection = made.get();
    connections_.emplace(connection, std::move(made));
    connection->open(options_.connect_timeout);
    std::optional<Error> failure;
    while (connection->session() == nullptr && !failure) {
        if (connection->failure()) {
            failure = connection->failure();
        } else if (const Status waited = co_await changed_.wait(); !waited) {
            failure = waited.error();
        }
    }
    if (!failure && !connection->is_open()) {
        failure = make_error(Reason::io, "EOF");
    }
    if (failure) {
        const auto found = connections_.find(connection);
        connection->cut(*failure);
        bury(loop_, std::move(found->second));
        connections_.erase(found);
        co_return *failure;
    }
    connection->is_being_made = false;
    is_multiplexed_ = connection->session()->is_multiplexed();
    if (is_multiplexed_) {
        multiplexed_.push_back(connection);
    }
    co_return connection;
}

Result<Outgoing> HttpClient::prepare(http::Request request) const {
    const auto is_bad = [](std::string_view text) {
        return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
    };
    if (request.method.empty() || request.method.find(' ') != std::string::npos ||
        is_bad(request.method) || is_bad(request.target) ||
        request.target.find(' ') != std::string::npos) {
        return make_error(Reason::invalid, "not a request: ", quote(request.method), " ",
                          quote(request.target));
    }
    for (const auto& [name, value] : request.headers.fields()) {
        if (name.empty() || is_bad(name) || is_bad(value)) {
            return make_error(Reason::invalid, "not a header field: ", quote(name));
        }
    }
    if (!request.target.starts_with('/')) {
        request.target.insert(0, 1, '/');
    }
    request.target.insert(0, url_.path);
    if (!request.headers.has("host")) {
        request.headers.add("host", url_.authority);
    }
    if (!request.headers.has("user-agent")) {
        request.headers.add("user-agent", options_.user_agent);
    }
    if (!options_.bearer_token.empty() && !request.headers.has("authorization")) {
        request.headers.add("authorization", cat("Bearer ", options_.bearer_token));
    }
    Outgoing out;
    if (!request.body.empty()) {
        out.body = http::share(std::exchange(request.body, {}));
    }
    out.request = std::move(request);
    return out;
}

// Until the head is there; a short body of known length is waited for and taken, too.
Task<Status> HttpClient::wait_for_answer(Exchange* exchange, const bool* timed_out,
                                         std::vector<http::SharedBytes>* pieces) {
    while (!exchange->error && !exchange->is_whole && !*timed_out) {
        if (exchange->has_head) {
            if (exchange->content_length.value_or(limits::whole_response + 1) >
                limits::whole_response) {
                break;
            }
            exchange->take_arrived(pieces);
        }
        CO_TRY(co_await exchange->changed.wait());
    }
    exchange->take_arrived(pieces);
    co_return Status{};
}

Task<Result<http::Response>> HttpClient::send(http::Request request) {
    const Outgoing outgoing = CO_TRY(prepare(std::move(request)));
    for (int attempt = 0;; ++attempt) {
        ClientConnection* const connection = CO_TRY(co_await acquire(attempt != 0));
        auto exchange = std::make_unique<Exchange>(loop_);
        exchange->is_head_request = outgoing.request.method == "HEAD";
        connection->session()->start(exchange.get(), outgoing);
        bool timed_out = false;
        const auto timer = loop_->start_timer(options_.response_timeout, [&] {
            timed_out = true;
            exchange->changed.notify_all();
        });
        http::Response response;
        const Status waited =
            co_await wait_for_answer(exchange.get(), &timed_out, &response.pieces);
        loop_->cancel_timer(timer);
        if (!waited) {
            co_return waited.error();
        }
        if (timed_out && !exchange->is_whole && !exchange->error) {
            co_return make_error(Reason::timeout, outgoing.request.method, " ", scheme(), "://",
                                 url_.authority, outgoing.request.target,
                                 ": timeout awaiting response");
        }
        if (exchange->error) {
            if (exchange->may_repeat && attempt == 0) {
                continue;
            }
            co_return *exchange->error;
        }
        if (exchange->content_length.value_or(0) > options_.response_max &&
            !exchange->is_head_request) {
            co_return make_error(Reason::request_entity_too_large, "the answer is larger than ",
                                 options_.response_max, " bytes");
        }
        response.status = exchange->status;
        response.headers = std::move(exchange->headers);
        if (!exchange->is_whole) {
            response.source = std::make_unique<ClientSource>(std::move(exchange));
        }
        co_return response;
    }
}

}  // namespace

void ClientConnection::on_open() {
    const bool is_h2 = link_.wire().protocol() == "h2" || client_->has_prior_knowledge();
    link_.set_deadline(0);
    session_ = (is_h2 ? h2_client_session : h1_client_session)({this, &link_, client_->scheme()});
    session_->on_open();
    // Not `changed`: who made the connection takes it first.
    client_->wake();
}

void ClientConnection::cut(const Error& error) {
    client_ = nullptr;
    link_.close();
    if (session_ != nullptr) {
        session_->on_lost(error);
    }
}

void ClientConnection::changed() {
    if (client_ != nullptr) {
        client_->connection_changed(this);
    }
}

void client_session_changed(ClientConnection* connection) {
    connection->changed();
}

}  // namespace internal

namespace http {

Result<std::unique_ptr<Transport>> connect(Loop* loop, ClientOptions options) {
    RealLoop* const real = loop->real_loop();
    if (real == nullptr) {
        return make_error(Reason::internal_error, "no sockets on virtual time");
    }
    internal::Url url = TRY(internal::parse_url(options.base_url));
    std::unique_ptr<internal::TlsContext> tls;
    if (url.is_tls) {
        tls = TRY(internal::TlsContext::client(options.ca_pem, options.certificate_pem,
                                               options.key_pem, options.insecure_skip_verify,
                                               !options.http1_only));
    }
    return std::unique_ptr<Transport>(std::make_unique<internal::HttpClient>(
        real, std::move(options), std::move(url), std::move(tls)));
}

}  // namespace http

}  // namespace weft::io
