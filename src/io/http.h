// io/http.h: HTTP as values and two seams: Handler answers a request, Transport sends one.
//
// HTTP/1.1, HTTP/2 and the in-process transport carry the same values. Loop thread only.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "io/loop.h"
#include "io/task.h"

namespace weft::io::http {

// Immutable bytes that many answers may share: a stored object, an encoded watch event.
using SharedBytes = std::shared_ptr<const std::string>;
[[nodiscard]] inline SharedBytes share(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
}

// Fields in order; names compare without case and are kept in lower case.
class Headers {
public:
    void add(std::string_view name, std::string value);
    void set(std::string_view name, std::string value);  // replaces all of that name
    bool erase(std::string_view name);
    // The first value; "" if there is none.
    [[nodiscard]] std::string_view get(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const {
        return fields_;
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

// Who is at the other end, as far as the connection tells.
struct Peer {
    std::string address = {};
    // Of a verified client certificate: subject CN and O; empty without one.
    std::string certificate_name = {};
    std::vector<std::string> certificate_groups = {};
    bool has_certificate = false;
    // It sent a certificate that the client CA does not vouch for: a Kubernetes API server answers
    // 401 then.
    bool certificate_is_refused = false;
};

struct Request {
    std::string method = {};  // upper case
    std::string target = {};  // path and query as sent: "/api/v1/pods?limit=5"
    Headers headers = {};
    std::string body = {};
    Peer peer = {};
};

// The rest of an answer, pulled piece by piece: a watch. Pulling is back-pressure.
// Destroying the source ends the stream (the client went, or the server stops).
class BodySource {
public:
    virtual ~BodySource() = default;
    // The next pieces, to be sent at once; an empty list ends the body. May wait. An error cuts
    // the connection (HTTP/1.1) or resets the stream (HTTP/2).
    virtual Task<Result<std::vector<SharedBytes>>> next() = 0;
};

struct Response {
    int status = 200;
    Headers headers = {};
    // The body is `pieces` one after the other and, if there is a source, what it yields.
    std::vector<SharedBytes> pieces = {};
    std::unique_ptr<BodySource> source = nullptr;

    [[nodiscard]] static Response text(int status, std::string_view content_type, std::string body);
    [[nodiscard]] size_t body_size() const;  // of the pieces
    [[nodiscard]] std::string body() const;  // of the pieces
};

class Handler {
public:
    virtual ~Handler() = default;
    // Never fails: a failure is an answer. The task is cancelled when the client goes away.
    virtual Task<Response> handle(Request request) = 0;
};

class Transport {
public:
    virtual ~Transport() = default;
    // The answer's head and pieces; a long body (watch) comes through `source`. Errors:
    // Reason::io (could not connect, connection lost), timeout, cancelled.
    virtual Task<Result<Response>> send(Request request) = 0;
};

// Calls a handler in the same process, without bytes on any wire: for `weft up`, `control` inside
// the server, and tests. `handler` must outlive the transport.
[[nodiscard]] std::unique_ptr<Transport> in_process(Handler* handler, Peer peer = {});

// Reads a source to its end; an error if it is larger than `limit` bytes.
[[nodiscard]] Task<Result<std::string>> read_all(Response response, size_t limit);

// A request target in its parts, percent-decoded: for both sides.
struct Target {
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;

    [[nodiscard]] static Result<Target> parse(std::string_view target);
    // The first value; nothing if the parameter is absent.
    [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
    [[nodiscard]] std::string text() const;  // escaped again
};

// What a server can be made to hold.
struct ServerOptions {
    std::string address = "127.0.0.1";
    uint16_t port = 0;  // 0: any
    // PEM. Without certificate the server speaks plain HTTP.
    std::string certificate_pem = {};
    std::string key_pem = {};
    std::string client_ca_pem = {};     // client certificates are asked for, verified, and optional
    size_t body_max = 3 * 1024 * 1024;  // 413 beyond: what a real API server takes
    size_t header_bytes_max = 64 * 1024;
    size_t connections_max = 20'000;
    int64_t header_timeout =
        30 * second;  // from connect (or previous answer's end, once a byte came)
    int64_t body_timeout = 60 * second;
    int64_t idle_timeout = 120 * second;  // keep-alive without a request
    int64_t write_timeout = 30 * second;  // a client that does not read is cut off
};

// Listens and serves HTTP/1.1 and HTTP/2 (ALPN h2 over TLS, prior knowledge over plain TCP) until
// it is closed. `handler` must outlive the server.
class Server {
public:
    virtual ~Server() = default;
    [[nodiscard]] virtual uint16_t port() const = 0;
    // Takes no more connections, lets running requests end for so many nanoseconds (streams are
    // told to end at once), then cuts what is left.
    virtual Task<void> close(int64_t grace) = 0;
};
[[nodiscard]] Result<std::unique_ptr<Server>> listen(Loop* loop, Handler* handler,
                                                     ServerOptions options);

struct ClientOptions {
    std::string base_url =
        {};  // "https://127.0.0.1:6443", or with a path that every target is put behind
    std::string ca_pem = {};  // "" with https: the system's
    std::string certificate_pem = {};
    std::string key_pem = {};
    bool insecure_skip_verify = false;
    std::string server_name = {};        // for verification, if not the host of the URL
    std::string proxy = {};              // reserved
    bool http2_prior_knowledge = false;  // HTTP/2 at once, also without TLS
    bool http1_only = false;             // does not offer HTTP/2
    std::string user_agent = "weft";
    std::string bearer_token = {};
    size_t response_max = 512 * 1024 * 1024;
    int64_t connect_timeout = 10 * second;
    int64_t response_timeout = 60 * second;  // to the head; streams are not limited
};
// Keeps connections; over TLS one HTTP/2 connection carries all requests where the server offers
// it. A request that the server surely has not seen is sent again once on a new connection.
[[nodiscard]] Result<std::unique_ptr<Transport>> connect(Loop* loop, ClientOptions options);

}  // namespace weft::io::http
