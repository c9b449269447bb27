// io/internal/h2_session.h: an nghttp2 session on a Link: what both sides of HTTP/2 share.

#pragma once

#include <memory>
#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <vector>

#include "io/internal/link.h"
#include "io/internal/openssl.h"

namespace weft::io::internal {

// A body on its way out of one stream: nghttp2 asks for it as windows allow.
struct H2Body {
    OutputQueue queue;
    bool is_whole = false;     // nothing will be added
    bool is_deferred = false;  // nghttp2 waits to be told that there is more
    int64_t progressed = 0;    // when bytes last went, or began to wait
};

// Moves frames between a Link and nghttp2. Derived classes get the events. Frames that are made
// meanwhile go out together at the end of the loop's turn.
class H2Session {
public:
    H2Session(Link* link, bool is_server);
    virtual ~H2Session() = default;
    H2Session(const H2Session&) = delete;
    H2Session& operator=(const H2Session&) = delete;

protected:
    virtual int on_begin_headers(const nghttp2_frame* frame) = 0;
    virtual int on_header(const nghttp2_frame* frame, std::string_view name,
                          std::string_view value) = 0;
    virtual int on_frame(const nghttp2_frame* frame) = 0;
    virtual int on_data(int32_t stream, std::string_view bytes) = 0;
    virtual int on_stream_close(int32_t stream, uint32_t error) = 0;
    // The body of a stream; null if the stream is unknown.
    virtual H2Body* body_of(int32_t stream) = 0;
    // Some of that body has gone into the connection's queue.
    virtual void on_body_moved(int32_t stream) = 0;

    // False if the peer broke the protocol; GOAWAY is in the queue then.
    [[nodiscard]] bool receive(std::string_view bytes);
    // Makes the frames that can be made, and writes.
    void pump();
    void pump_soon();
    // After bytes were added to a body, or it became whole.
    void resume(int32_t stream, H2Body* body);
    // A provider that reads from body_of(stream).
    [[nodiscard]] nghttp2_data_provider provider();
    void reset(int32_t stream, uint32_t error);
    void go_away(uint32_t error);
    [[nodiscard]] nghttp2_session* session() const { return session_.get(); }
    [[nodiscard]] Link* link() const { return link_; }
    [[nodiscard]] bool is_over() const;

private:
    struct Callbacks;
    Link* link_;
    std::unique_ptr<nghttp2_session, Free<nghttp2_session_del>> session_;
    bool pump_is_posted_ = false;
    bool is_inside_ = false;  // nghttp2 is on the stack
    bool is_full_ = false;    // frames wait for room in the connection's queue
};

// A field for nghttp2, which copies it.
[[nodiscard]] inline nghttp2_nv h2_field(std::string_view name, std::string_view value) {
    return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
            NGHTTP2_NV_FLAG_NONE};
}
// Whether HTTP/2 forbids the field: those that speak of one connection.
[[nodiscard]] bool is_connection_field(std::string_view name);

}  // namespace weft::io::internal
