// io/h2_client.cc: a client's side of HTTP/2.

#include <unordered_map>

#include "io/internal/client_session.h"
#include "io/internal/h2_session.h"
#include "io/limits.h"

namespace weft::io::internal {

namespace {

struct ClientStream {
    Exchange* exchange = nullptr;  // null: abandoned
    H2Body body;
    size_t header_bytes = 0;
    bool is_replayable = false;
};

class H2Client : public ClientSession, private H2Session {
public:
    explicit H2Client(ClientSeat seat) : H2Session(seat.link, false), seat_(seat) {}

    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_end() override { close(make_error(Reason::io, "unexpected EOF")); }
    void on_sent() override { pump_soon(); }
    void on_deadline() override;
    void on_lost(const Error& error) override;

    bool has_room() const override;
    void start(Exchange* exchange, const Outgoing& outgoing) override;
    void abandon(Exchange* exchange) override;
    void read_more(Exchange* exchange, size_t count) override;
    bool is_multiplexed() const override { return true; }

private:
    int on_begin_headers(const nghttp2_frame* /*frame*/) override { return 0; }
    int on_header(const nghttp2_frame* frame, std::string_view name,
                  std::string_view value) override;
    int on_frame(const nghttp2_frame* frame) override;
    int on_data(int32_t id, std::string_view bytes) override;
    int on_stream_close(int32_t id, uint32_t error) override;
    H2Body* body_of(int32_t id) override {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second->body;
    }
    void on_body_moved(int32_t /*id*/) override {}

    Exchange* exchange_of(int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : found->second->exchange;
    }
    void set_idle_deadline();
    void close(const Error& error);

    ClientSeat seat_;
    std::unordered_map<int32_t, std::unique_ptr<ClientStream>> streams_;
    bool is_going_away_ = false;
};

void H2Client::on_open() {
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::response_head},
    };
    nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, 0,
                                          limits::connection_window);
    set_idle_deadline();
    pump_soon();
}

void H2Client::set_idle_deadline() {
    link()->set_deadline(
        streams_.empty() ? link()->loop()->monotonic() + limits::idle_connection_nanos : 0);
}

void H2Client::on_bytes(std::string_view bytes) {
    if (!receive(bytes)) {
        pump();
        close(make_error(Reason::io, "http2: protocol error"));
    }
}

void H2Client::on_deadline() {
    is_going_away_ = true;
    go_away(NGHTTP2_NO_ERROR);
    pump();
    close(make_error(Reason::io, "idle connection closed"));
}

bool H2Client::has_room() const {
    return link()->is_open() && !is_going_away_ &&
           nghttp2_session_check_request_allowed(session()) != 0 &&
           streams_.size() < nghttp2_session_get_remote_settings(
                                 session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void H2Client::start(Exchange* exchange, const Outgoing& outgoing) {
    const http::Request& request = outgoing.request;
    auto stream = std::make_unique<ClientStream>();
    stream->exchange = exchange;
    stream->is_replayable = outgoing.is_replayable();
    const std::string authority(request.headers.get("host"));
    const size_t size = outgoing.body == nullptr ? 0 : outgoing.body->size();
    const std::string length = cat(size);
    std::vector<nghttp2_nv> fields;
    fields.reserve(request.headers.fields().size() + 5);
    fields.push_back(h2_field(":method", request.method));
    fields.push_back(h2_field(":scheme", seat_.scheme));
    fields.push_back(h2_field(":authority", authority));
    fields.push_back(h2_field(":path", request.target));
    for (const auto& [name, value] : request.headers.fields()) {
        if (!is_connection_field(name) && name != "content-length") {
            fields.push_back(h2_field(name, value));
        }
    }
    nghttp2_data_provider data = provider();
    if (size != 0) {
        fields.push_back(h2_field("content-length", length));
        stream->body.queue.add(outgoing.body);
        stream->body.is_whole = true;
    }
    const int32_t id = nghttp2_submit_request(session(), nullptr, fields.data(), fields.size(),
                                              size != 0 ? &data : nullptr, nullptr);
    if (id < 0) {
        is_going_away_ = true;
        exchange->fail(make_error(Reason::io, "http2: ", nghttp2_strerror(id)), true);
        return;
    }
    exchange->session = this;
    exchange->stream = id;
    if (streams_.empty()) {
        link()->set_deadline(0);
    }
    streams_.emplace(id, std::move(stream));
    pump_soon();
}

int H2Client::on_header(const nghttp2_frame* frame, std::string_view name, std::string_view value) {
    const auto found = streams_.find(frame->hd.stream_id);
    if (found == streams_.end() || found->second->exchange == nullptr ||
        found->second->exchange->has_head) {
        return 0;
    }
    Exchange* const exchange = found->second->exchange;
    found->second->header_bytes += name.size() + value.size() + 32;
    if (found->second->header_bytes > limits::response_head) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (name == ":status") {
        exchange->status = static_cast<int>(parse_uint(value).value_or(0));
        exchange->headers = {};  // What came with a 1xx before is over.
    } else {
        exchange->headers.add(name, std::string(value));
    }
    return 0;
}

int H2Client::on_frame(const nghttp2_frame* frame) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        is_going_away_ = true;
        if (streams_.empty()) {
            link()->loop()->post([this] {
                if (link()->is_open() && streams_.empty()) {
                    close(make_error(Reason::io, "http2: server sent GOAWAY"));
                }
            });
        }
        return 0;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS) {
        client_session_changed(seat_.connection);
        return 0;
    }
    Exchange* const exchange = exchange_of(frame->hd.stream_id);
    if (exchange == nullptr) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && !exchange->has_head && exchange->status >= 200) {
        exchange->has_head = true;
        if (exchange->headers.has("content-length")) {
            exchange->content_length = parse_uint(exchange->headers.get("content-length"));
        }
        exchange->changed.notify_all();
    }
    return 0;
}

int H2Client::on_data(int32_t id, std::string_view bytes) {
    // A stream that nobody reads must not hold up the others: the connection's window moves on.
    nghttp2_session_consume_connection(session(), bytes.size());
    Exchange* const exchange = exchange_of(id);
    if (exchange == nullptr) {
        nghttp2_session_consume_stream(session(), id, bytes.size());
    } else {
        exchange->take_body(std::string(bytes));
    }
    return 0;
}

int H2Client::on_stream_close(int32_t id, uint32_t error) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) {
        return 0;
    }
    Exchange* const exchange = found->second->exchange;
    if (exchange != nullptr) {
        if (error == NGHTTP2_NO_ERROR && exchange->has_head) {
            exchange->complete();
        } else {
            exchange->fail(
                make_error(Reason::io, "http2: stream error: ", nghttp2_http2_strerror(error)),
                error == NGHTTP2_REFUSED_STREAM && !exchange->has_head);
        }
    }
    streams_.erase(found);
    set_idle_deadline();
    if (is_going_away_ && streams_.empty()) {
        link()->loop()->post([this] {
            if (link()->is_open() && streams_.empty()) {
                close(make_error(Reason::io, "http2: server sent GOAWAY"));
            }
        });
    } else {
        client_session_changed(seat_.connection);
    }
    return 0;
}

void H2Client::on_lost(const Error& error) {
    for (auto& [id, stream] : std::exchange(streams_, {})) {
        if (stream->exchange != nullptr) {
            stream->exchange->fail(error, stream->is_replayable && !stream->exchange->has_head &&
                                              error.reason() != Reason::timeout);
        }
    }
    client_session_changed(seat_.connection);
}

void H2Client::close(const Error& error) {
    link()->close();
    on_lost(error);
}

void H2Client::abandon(Exchange* exchange) {
    const auto found = streams_.find(exchange->stream);
    if (found == streams_.end()) {
        return;
    }
    found->second->exchange = nullptr;
    found->second->body.queue.clear();
    reset(exchange->stream, NGHTTP2_CANCEL);
}

void H2Client::read_more(Exchange* exchange, size_t count) {
    if (streams_.contains(exchange->stream)) {
        nghttp2_session_consume_stream(session(), exchange->stream, count);
        pump_soon();
    }
}

}  // namespace

std::unique_ptr<ClientSession> h2_client_session(ClientSeat seat) {
    return std::make_unique<H2Client>(seat);
}

}  // namespace weft::io::internal
