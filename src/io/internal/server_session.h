// io/internal/server_session.h: what one connection of a server is made of.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/http.h"
#include "io/internal/link.h"

namespace weft::io::internal {

class ServerConnection;

// One protocol's side of a server connection: HTTP/1.1 or HTTP/2.
class ServerSession {
public:
    virtual ~ServerSession() = default;
    virtual void on_open() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0;
    virtual void on_sent() = 0;
    virtual void on_deadline() = 0;
    // The link is closed: every task is asked to end.
    virtual void on_lost() = 0;
    // Finish what runs, end streams, take nothing new, then close.
    virtual void stop() = 0;
    [[nodiscard]] virtual bool has_tasks() const = 0;
};

// What a session may use of its connection.
struct SessionSeat {
    ServerConnection* connection;
    Link* link;
    http::Handler* handler;
    const http::ServerOptions* options;
    const http::Peer* peer;
};

[[nodiscard]] std::unique_ptr<ServerSession> h1_server_session(SessionSeat seat);
[[nodiscard]] std::unique_ptr<ServerSession> h2_server_session(SessionSeat seat);

// To be called by a session: in a callback of its own when the link was closed by it or by the
// peer and its last task has ended.
void session_ended(ServerConnection* connection);

// "Not Found"; "" for a number without a name.
[[nodiscard]] std::string_view status_text(int status);
// "Wed, 25 Nov 2026 23:59:00 GMT".
[[nodiscard]] std::string_view date_text(Time now);
// Whether an answer with this status has a body at all.
[[nodiscard]] inline bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}
// The kube-apiserver's answer to a body over the limit.
[[nodiscard]] http::Response body_too_large(size_t limit);

// Compresses a large answer if the client takes that; on the pool. `accepts` is Accept-Encoding.
[[nodiscard]] Task<void> compress_if_worth(Loop* loop, std::string accepts,
                                           http::Response* response);

}  // namespace weft::io::internal
