// io/internal/client_session.h: what a client's connections and requests are made of.

#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "io/http.h"
#include "io/internal/link.h"
#include "io/sync.h"

namespace weft::io::internal {

class ClientConnection;
class ClientSession;

// One request and its answer as it comes. Owned by who asked (a call of `send`, then the answer's
// source); the session points to it until either side is over.
struct Exchange {
    explicit Exchange(Loop* loop) : changed(loop) {}
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Appends what has arrived to `out` and lets more come.
    void take_arrived(std::vector<http::SharedBytes>* out);

    // Called by the session.
    void take_body(std::string bytes);
    void complete();
    void fail(Error error, bool may_repeat);

    Signal changed;
    ClientSession* session = nullptr;  // null: nothing more will come
    int32_t stream = 0;                // HTTP/2
    bool is_head_request = false;
    bool has_head = false;
    int status = 0;
    http::Headers headers;
    std::optional<uint64_t> content_length;
    std::vector<http::SharedBytes> arrived;
    size_t unread = 0;  // bytes in `arrived`
    bool is_whole = false;
    std::optional<Error> error;
    // The server surely has not seen the request, or it is one that may be seen twice.
    bool may_repeat = false;
};

// A request as sessions send it, once or twice.
struct Outgoing {
    http::Request request;  // without body
    http::SharedBytes body;
    [[nodiscard]] bool is_replayable() const {
        return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS" ||
               request.method == "TRACE";
    }
};

// One protocol's side of a client connection.
class ClientSession {
public:
    virtual ~ClientSession() = default;
    virtual void on_open() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0;
    virtual void on_sent() = 0;
    virtual void on_deadline() = 0;
    // The link is closed: fails all exchanges.
    virtual void on_lost(const Error& error) = 0;

    [[nodiscard]] virtual bool has_room() const = 0;
    virtual void start(Exchange* exchange, const Outgoing& outgoing) = 0;
    // Nobody wants the rest of the answer.
    virtual void abandon(Exchange* exchange) = 0;
    // Some of what arrived was taken.
    virtual void read_more(Exchange* exchange, size_t count) = 0;
    [[nodiscard]] virtual bool is_multiplexed() const = 0;
};

struct ClientSeat {
    ClientConnection* connection;
    Link* link;
    std::string_view scheme;
};

[[nodiscard]] std::unique_ptr<ClientSession> h1_client_session(ClientSeat seat);
[[nodiscard]] std::unique_ptr<ClientSession> h2_client_session(ClientSeat seat);

// To be called by a session: it can take a request again, or its link is closed (by itself too).
void client_session_changed(ClientConnection* connection);

}  // namespace weft::io::internal
