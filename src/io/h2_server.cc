// io/h2_server.cc: a server's side of HTTP/2.

#include <algorithm>
#include <unordered_map>

#include "io/internal/h2_session.h"
#include "io/internal/server_session.h"
#include "io/limits.h"
#include "io/sync.h"

namespace weft::io::internal {

namespace {

// One request and its answer. Lives until the stream is closed and its task has ended.
struct ServerStream {
    ServerStream(Loop* loop, int32_t number) : id(number), scope(loop), sent(loop) {}

    int32_t id;
    http::Request request;
    size_t header_bytes = 0;
    int64_t began = 0;
    bool has_whole_head = false;
    bool has_whole_request = false;
    bool is_answered = false;  // by a task or a refusal
    bool is_streaming = false;
    bool is_closed = false;
    bool has_task = false;
    bool is_counted_as_reset = false;
    size_t discarded = 0;
    size_t counted_body = 0;  // of bodies_per_connection
    H2Body body;
    Scope scope;
    Signal sent;
};

class H2Server : public ServerSession, private H2Session {
public:
    explicit H2Server(SessionSeat seat) : H2Session(seat.link, true), seat_(seat) {}

    void on_open() override;
    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_sent() override;
    void on_deadline() override;
    void on_lost() override;
    void stop() override;
    bool has_tasks() const override { return tasks_ != 0; }

private:
    int on_begin_headers(const nghttp2_frame* frame) override;
    int on_header(const nghttp2_frame* frame, std::string_view name,
                  std::string_view value) override;
    int on_frame(const nghttp2_frame* frame) override;
    int on_data(int32_t id, std::string_view bytes) override;
    int on_stream_close(int32_t id, uint32_t error) override;
    H2Body* body_of(int32_t id) override {
        ServerStream* const stream = find(id);
        return stream == nullptr ? nullptr : &stream->body;
    }

    void on_body_moved(int32_t id) override;

    ServerStream* find(int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : found->second.get();
    }
    void take_head(ServerStream* stream, bool has_body);
    void start(ServerStream* stream);
    Task<void> exchange(ServerStream* stream, http::Request request, std::string accepts);
    Task<void> send(ServerStream* stream, http::Response response, bool is_head);
    Task<void> fill(ServerStream* stream, std::unique_ptr<http::BodySource> source);
    void submit_head(ServerStream* stream, const http::Response& response, bool has_body,
                     bool has_length);
    void answer(ServerStream* stream, http::Response response);
    void close_now();
    void forget(int32_t id);
    [[nodiscard]] int64_t now() const { return seat_.link->loop()->monotonic(); }
    void schedule_look();

    SessionSeat seat_;
    std::unordered_map<int32_t, std::unique_ptr<ServerStream>> streams_;
    size_t tasks_ = 0;
    size_t reset_running_ = 0;  // closed by the client, task not ended yet
    size_t bodies_ = 0;         // bytes of request bodies held
    int64_t idle_since_ = 0;
    bool had_stream_ = false;
    bool is_stopping_ = false;
};

void H2Server::on_open() {
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits::streams_per_connection},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
         static_cast<uint32_t>(seat_.options->header_bytes_max)},
    };
    nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, 0,
                                          limits::connection_window);
    idle_since_ = now();
    schedule_look();
    pump();
}

void H2Server::on_bytes(std::string_view bytes) {
    if (!receive(bytes)) {
        pump();
        close_now();
    }
}

void H2Server::on_end() {
    close_now();
}

void H2Server::on_sent() {
    pump_soon();
}

void H2Server::on_body_moved(int32_t id) {
    ServerStream* const stream = find(id);
    if (stream != nullptr && stream->body.queue.size() <= limits::unsent_of_stream) {
        stream->sent.notify_all();
    }
}

// The connection is of no more use. Tasks are cancelled; the last of them ends the session.
void H2Server::close_now() {
    link()->finish();
    for (auto& [id, stream] : streams_) {
        stream->is_closed = true;
        stream->scope.cancel();
        stream->sent.notify_all();
    }
}

void H2Server::on_lost() {
    close_now();
    if (tasks_ == 0) {
        session_ended(seat_.connection);
    }
}

void H2Server::stop() {
    is_stopping_ = true;
    go_away(NGHTTP2_NO_ERROR);
    for (auto& [id, stream] : streams_) {
        if (stream->is_streaming) {
            stream->scope.cancel();
        }
    }
    if (streams_.empty()) {
        pump();
        link()->finish();
    }
}

// Looks at all streams now and then: cheaper than a timer for each of thousands.
void H2Server::schedule_look() {
    const http::ServerOptions& options = *seat_.options;
    if (!streams_.empty()) {
        const int64_t shortest =
            std::min({options.header_timeout, options.body_timeout, options.write_timeout});
        link()->set_deadline(now() + std::max<int64_t>(shortest / 4, millisecond));
    } else {
        link()->set_deadline(idle_since_ +
                             (had_stream_ ? options.idle_timeout : options.header_timeout));
    }
}

void H2Server::on_deadline() {
    const http::ServerOptions& options = *seat_.options;
    const int64_t time = now();
    if (streams_.empty()) {
        const int64_t allowed = had_stream_ ? options.idle_timeout : options.header_timeout;
        if (time - idle_since_ >= allowed) {
            go_away(NGHTTP2_NO_ERROR);
            pump();
            link()->finish();
            return;
        }
    }
    for (auto& [id, stream] : streams_) {
        if (stream->is_closed) {
            continue;
        }
        if (!stream->has_whole_head && time - stream->began >= options.header_timeout) {
            go_away(NGHTTP2_ENHANCE_YOUR_CALM);
            pump();
            close_now();
            return;
        }
        if (!stream->has_whole_request && !stream->is_answered &&
            time - stream->began >= options.body_timeout) {
            answer(stream.get(),
                   http::Response::text(408, "text/plain; charset=utf-8", "408 Request Timeout"));
        } else if (!stream->has_whole_request &&
                   time - stream->began >= options.body_timeout + limits::linger_nanos) {
            reset(id, NGHTTP2_NO_ERROR);
        } else if (!stream->body.queue.empty() &&
                   time - stream->body.progressed >= options.write_timeout) {
            reset(id, NGHTTP2_CANCEL);
            stream->scope.cancel();
            stream->sent.notify_all();
        }
    }
    schedule_look();
}

int H2Server::on_begin_headers(const nghttp2_frame* frame) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    auto stream = std::make_unique<ServerStream>(link()->loop(), frame->hd.stream_id);
    stream->began = now();
    if (streams_.empty()) {
        link()->set_deadline(0);
    }
    streams_.emplace(frame->hd.stream_id, std::move(stream));
    had_stream_ = true;
    if (streams_.size() == 1) {
        schedule_look();
    }
    return 0;
}

int H2Server::on_header(const nghttp2_frame* frame, std::string_view name, std::string_view value) {
    ServerStream* const stream = find(frame->hd.stream_id);
    if (stream == nullptr || stream->has_whole_head) {
        return 0;  // trailers
    }
    stream->header_bytes += name.size() + value.size() + 32;  // as RFC 9113 counts
    if (stream->header_bytes > seat_.options->header_bytes_max) {
        return 0;  // Answered once the head is whole.
    }
    if (name == ":method") {
        stream->request.method = value;
    } else if (name == ":path") {
        stream->request.target = value;
    } else if (name == ":authority") {
        stream->request.headers.set("host", std::string(value));
    } else if (!name.starts_with(':')) {
        if (name == "cookie" && stream->request.headers.has("cookie")) {
            stream->request.headers.set("cookie",
                                        cat(stream->request.headers.get("cookie"), "; ", value));
        } else {
            stream->request.headers.add(name, std::string(value));
        }
    }
    return 0;
}

int H2Server::on_frame(const nghttp2_frame* frame) {
    ServerStream* const stream = find(frame->hd.stream_id);
    if (stream == nullptr) {
        return 0;
    }
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->has_whole_head) {
        stream->has_whole_head = true;
        take_head(stream, !ends);
    }
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && ends) {
        stream->has_whole_request = true;
        if (!stream->is_answered) {
            start(stream);
        }
    }
    return 0;
}

void H2Server::take_head(ServerStream* stream, bool has_body) {
    if (stream->header_bytes > seat_.options->header_bytes_max) {
        answer(stream, http::Response::text(431, "text/plain; charset=utf-8",
                                            "431 Request Header Fields Too Large"));
        return;
    }
    const auto length = parse_uint(stream->request.headers.get("content-length"));
    if (length.value_or(0) > seat_.options->body_max) {
        answer(stream, body_too_large(seat_.options->body_max));
        return;
    }
    if (has_body && to_lower(stream->request.headers.get("expect")) == "100-continue") {
        const nghttp2_nv field = h2_field(":status", "100");
        nghttp2_submit_headers(session(), NGHTTP2_FLAG_NONE, stream->id, nullptr, &field, 1,
                               nullptr);
    }
}

int H2Server::on_data(int32_t id, std::string_view bytes) {
    ServerStream* const stream = find(id);
    if (stream == nullptr) {
        return 0;
    }
    if (stream->is_answered) {
        // Refused already. A client that is told to stop at once may miss the answer (curl does),
        // so it may send on for a while.
        stream->discarded += bytes.size();
        if (stream->discarded > limits::linger_bytes) {
            reset(id, NGHTTP2_NO_ERROR);
        }
        return 0;
    }
    if (stream->request.body.size() + bytes.size() > seat_.options->body_max) {
        answer(stream, body_too_large(seat_.options->body_max));
        return 0;
    }
    if (bodies_ + bytes.size() > limits::bodies_per_connection) {
        stream->is_answered = true;
        reset(id, NGHTTP2_ENHANCE_YOUR_CALM);
        return 0;
    }
    stream->request.body.append(bytes);
    stream->counted_body += bytes.size();
    bodies_ += bytes.size();
    return 0;
}

int H2Server::on_stream_close(int32_t id, uint32_t error) {
    ServerStream* const stream = find(id);
    if (stream == nullptr) {
        return 0;
    }
    stream->is_closed = true;
    if (!stream->has_task) {
        forget(id);
        return 0;
    }
    stream->scope.cancel();
    stream->sent.notify_all();
    if (error != NGHTTP2_NO_ERROR) {
        stream->is_counted_as_reset = true;
        if (++reset_running_ > limits::reset_streams_running) {
            nghttp2_session_terminate_session(session(), NGHTTP2_ENHANCE_YOUR_CALM);
        }
    }
    return 0;
}

void H2Server::forget(int32_t id) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) {
        return;
    }
    bodies_ -= found->second->counted_body;
    streams_.erase(found);
    if (streams_.empty()) {
        idle_since_ = now();
        schedule_look();
        if (is_stopping_ && link()->is_open()) {
            pump();
            link()->finish();
        }
    }
}

void H2Server::start(ServerStream* stream) {
    stream->is_answered = true;
    stream->has_task = true;
    ++tasks_;
    http::Request request = std::exchange(stream->request, {});
    request.peer = *seat_.peer;
    std::string accepts(request.headers.get("accept-encoding"));
    stream->scope.spawn(exchange(stream, std::move(request), std::move(accepts)));
}

Task<void> H2Server::exchange(ServerStream* stream, http::Request request, std::string accepts) {
    if (!stream->is_closed) {  // Else it was reset in the same breath: no work for that.
        const bool is_head = request.method == "HEAD";
        http::Response response = co_await seat_.handler->handle(std::move(request));
        co_await compress_if_worth(link()->loop(), std::move(accepts), &response);
        co_await send(stream, std::move(response), is_head);
    }
    // The task is a child of the stream's scope until it has returned.
    link()->loop()->post([this, stream] {
        stream->has_task = false;
        --tasks_;
        if (stream->is_closed) {
            reset_running_ -= stream->is_counted_as_reset ? 1 : 0;
            forget(stream->id);
        }
        if (tasks_ == 0 && !link()->is_open()) {
            session_ended(seat_.connection);
        }
    });
}

Task<void> H2Server::send(ServerStream* stream, http::Response response, bool is_head) {
    if (stream->is_closed) {
        co_return;
    }
    if (is_head || !may_have_body(response.status)) {
        const bool has_length = response.source == nullptr && may_have_body(response.status);
        response.source.reset();
        submit_head(stream, response, false, has_length);
        pump_soon();
        co_return;
    }
    const bool has_body = response.source != nullptr || response.body_size() != 0;
    for (const http::SharedBytes& piece : response.pieces) {
        stream->body.queue.add(piece);
    }
    stream->body.is_whole = response.source == nullptr;
    stream->body.progressed = now();
    submit_head(stream, response, has_body, response.source == nullptr);
    response.pieces.clear();
    pump_soon();
    if (response.source != nullptr) {
        co_await fill(stream, std::move(response.source));
    }
}

Task<void> H2Server::fill(ServerStream* stream, std::unique_ptr<http::BodySource> source) {
    stream->is_streaming = true;
    if (is_stopping_) {
        stream->scope.cancel();
    }
    bool good = true;
    while (!stream->is_closed) {
        Result<std::vector<http::SharedBytes>> pieces = co_await source->next();
        if (!pieces) {
            good = is_stopping_ && pieces.error().reason() == Reason::cancelled;
            break;
        }
        if (pieces->empty()) {
            break;
        }
        if (stream->body.queue.empty()) {
            stream->body.progressed = now();
        }
        for (const http::SharedBytes& piece : *pieces) {
            stream->body.queue.add(piece);
        }
        pieces->clear();
        resume(stream->id, &stream->body);
        while (!stream->is_closed && stream->body.queue.size() > limits::unsent_of_stream) {
            if (!co_await stream->sent.wait()) {
                break;
            }
        }
    }
    source.reset();
    stream->is_streaming = false;
    if (stream->is_closed) {
        co_return;
    }
    if (good) {
        stream->body.is_whole = true;
        resume(stream->id, &stream->body);
    } else {
        reset(stream->id, NGHTTP2_INTERNAL_ERROR);
    }
}

void H2Server::submit_head(ServerStream* stream, const http::Response& response, bool has_body,
                           bool has_length) {
    std::vector<nghttp2_nv> fields;
    fields.reserve(response.headers.fields().size() + 3);
    const std::string status = cat(response.status);
    const std::string length = cat(response.body_size());
    fields.push_back(h2_field(":status", status));
    bool has_date = false;
    bool says_length = false;
    for (const auto& [name, value] : response.headers.fields()) {
        if (is_connection_field(name) || (name == "content-length" && has_body)) {
            continue;
        }
        has_date = has_date || name == "date";
        says_length = says_length || name == "content-length";
        fields.push_back(h2_field(name, value));
    }
    if (!has_date) {
        fields.push_back(h2_field("date", date_text(link()->loop()->now())));
    }
    if (has_length && !says_length) {
        fields.push_back(h2_field("content-length", length));
    }
    const nghttp2_data_provider data = provider();
    nghttp2_submit_response(session(), stream->id, fields.data(), fields.size(),
                            has_body ? &data : nullptr);
}

// An answer without the handler, maybe before the request is whole.
void H2Server::answer(ServerStream* stream, http::Response response) {
    stream->is_answered = true;
    bodies_ -= std::exchange(stream->counted_body, 0);
    stream->request = {};
    for (const http::SharedBytes& piece : response.pieces) {
        stream->body.queue.add(piece);
    }
    stream->body.is_whole = true;
    stream->body.progressed = now();
    submit_head(stream, response, true, true);
}

}  // namespace

std::unique_ptr<ServerSession> h2_server_session(SessionSeat seat) {
    return std::make_unique<H2Server>(seat);
}

}  // namespace weft::io::internal
