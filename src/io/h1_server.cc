// io/h1_server.cc: a server's side of HTTP/1.1.

#include <algorithm>

#include "io/internal/h1_parser.h"
#include "io/internal/server_session.h"
#include "io/limits.h"
#include "io/sync.h"

namespace weft::io::internal {

namespace {

// "content-type" becomes "Content-Type", as Go writes it.
void append_canonical(std::string& out, std::string_view name) {
    bool starts_word = true;
    for (const char c : name) {
        out += starts_word && c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
        starts_word = c == '-';
    }
}

// A line break in a value would begin another field.
void append_value(std::string& out, std::string_view value) {
    const size_t start = out.size();
    out += value;
    std::replace_if(
        out.begin() + static_cast<ptrdiff_t>(start), out.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

class H1Server : public ServerSession {
public:
    explicit H1Server(SessionSeat seat)
        : seat_(seat), link_(seat.link), scope_(link_->loop()), sent_(link_->loop()) {}

    void on_open() override { set_deadline_in(seat_.options->header_timeout); }
    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_sent() override { sent_.notify_all(); }
    void on_deadline() override;
    void on_lost() override;
    void stop() override;
    bool has_tasks() const override { return scope_.children() != 0; }

private:
    enum class State : uint8_t { head, body, busy, closing };

    size_t process(std::string_view bytes);
    bool take_head(std::string_view head);
    void start();
    void refuse(int status, std::string_view text);
    void answer_and_close(http::Response response);
    void set_deadline_in(int64_t nanos) { link_->set_deadline(link_->loop()->monotonic() + nanos); }

    Task<void> exchange(http::Request request, std::string accepts);
    Task<bool> send(http::Response response);
    Task<bool> stream(std::unique_ptr<http::BodySource> source, bool is_chunked);
    void after_exchange(bool good);
    void write_head(const http::Response& response, bool has_length);
    void write_chunk(const std::vector<http::SharedBytes>& pieces);

    SessionSeat seat_;
    Link* link_;
    Scope scope_;
    Signal sent_;
    State state_ = State::head;
    std::string input_;  // what came and was not used yet
    size_t searched_ = 0;
    http::Request request_;
    BodyDecoder decoder_;
    bool is_head_ = false;  // the request is a HEAD
    int minor_ = 1;
    bool keeps_alive_ = true;
    bool is_streaming_ = false;
    bool is_stopping_ = false;
};

void H1Server::on_bytes(std::string_view bytes) {
    if (state_ == State::closing) {
        return;
    }
    if (input_.empty()) {
        const size_t used = process(bytes);
        input_.assign(bytes.substr(used));
    } else {
        input_.append(bytes);
        input_.erase(0, process(input_));
    }
    if (input_.empty() && input_.capacity() > 1024) {
        input_ = {};
    }
    if (state_ == State::busy && input_.size() > limits::pipelined_input) {
        link_->set_paused(true);
    }
}

// Takes heads and bodies until a request is complete, and gives how many bytes that took.
size_t H1Server::process(std::string_view bytes) {
    size_t used = 0;
    while (link_->is_open()) {
        const std::string_view rest = bytes.substr(used);
        if (state_ == State::head) {
            if (rest.starts_with("\r\n")) {  // RFC 9112, 2.2: some clients send one too many.
                used += 2;
                searched_ = 0;
                continue;
            }
            const bool is_new = searched_ == 0;
            const std::optional<size_t> end = find_head_end(rest, &searched_);
            if (end.value_or(rest.size()) > seat_.options->header_bytes_max) {
                refuse(431, {});
                return bytes.size();
            }
            if (!end) {
                if (is_new && !rest.empty()) {
                    set_deadline_in(seat_.options->header_timeout);
                }
                return used;
            }
            used += *end;
            if (!take_head(rest.substr(0, *end))) {
                return bytes.size();
            }
        } else if (state_ == State::body) {
            const Result<size_t> taken = decoder_.decode(rest, &request_.body);
            if (!taken) {
                refuse(400, {});
                return bytes.size();
            }
            used += *taken;
            if (request_.body.size() > seat_.options->body_max) {
                answer_and_close(body_too_large(seat_.options->body_max));
                return bytes.size();
            }
            if (!decoder_.is_done()) {
                return used;
            }
            start();
        } else {
            return used;
        }
    }
    return bytes.size();
}

// False if the request is refused.
bool H1Server::take_head(std::string_view bytes) {
    std::expected<Head, BadRequest> parsed = parse_request_head(bytes);
    if (!parsed) {
        refuse(parsed.error().status, parsed.error().text);
        return false;
    }
    Head& head = *parsed;
    minor_ = head.minor;
    keeps_alive_ = head.keeps_alive;
    is_head_ = head.method == "HEAD";
    if (head.content_length.value_or(0) > seat_.options->body_max) {
        answer_and_close(body_too_large(seat_.options->body_max));
        return false;
    }
    request_.method = std::move(head.method);
    request_.target = std::move(head.target);
    request_.headers = std::move(head.headers);
    if (head.is_chunked) {
        decoder_ = BodyDecoder(BodyDecoder::Kind::chunked, 0);
    } else {
        decoder_ = BodyDecoder(BodyDecoder::Kind::length, head.content_length.value_or(0));
    }
    state_ = State::body;
    if (decoder_.is_done()) {
        start();
        return true;
    }
    set_deadline_in(seat_.options->body_timeout);
    request_.body.reserve(static_cast<size_t>(
        std::min<uint64_t>(head.content_length.value_or(0), limits::read_buffer)));
    if (head.expects_continue) {
        link_->output().add("HTTP/1.1 100 Continue\r\n\r\n");
        link_->flush();
    }
    return true;
}

void H1Server::start() {
    state_ = State::busy;
    link_->set_deadline(0);
    request_.peer = *seat_.peer;
    std::string accepts(request_.headers.get("accept-encoding"));
    scope_.spawn(exchange(std::exchange(request_, {}), std::move(accepts)));
}

void H1Server::refuse(int status, std::string_view text) {
    // Go's server writes exactly this, fields and body.
    const std::string status_line = cat(status, " ", status_text(status));
    const std::string head =
        cat("HTTP/1.1 ", status_line, text.empty() || status == 501 ? "" : cat(": ", text),
            "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n");
    const std::string body = status == 501  ? std::string(text)
                             : text.empty() ? status_line
                                            : cat(status_line, ": ", text);
    state_ = State::closing;
    link_->output().add(head);
    link_->output().add(body);
    link_->finish();
}

void H1Server::answer_and_close(http::Response response) {
    keeps_alive_ = false;
    write_head(response, true);
    if (!is_head_) {
        for (const http::SharedBytes& piece : response.pieces) {
            link_->output().add(piece);
        }
    }
    state_ = State::closing;
    link_->finish();
}

void H1Server::on_end() {
    // As Go does: a handler is told, and what it answers anyway is still sent.
    keeps_alive_ = false;
    scope_.cancel();
    if (!has_tasks()) {
        link_->close();
        session_ended(seat_.connection);
    }
}

void H1Server::on_deadline() {
    if (state_ == State::head && input_.empty()) {
        link_->close();
        session_ended(seat_.connection);
    } else if (state_ == State::head || state_ == State::body) {
        refuse(408, {});
    }
}

void H1Server::on_lost() {
    scope_.cancel();
    sent_.notify_all();
    if (!has_tasks()) {
        session_ended(seat_.connection);
    }
}

void H1Server::stop() {
    is_stopping_ = true;
    keeps_alive_ = false;
    if (is_streaming_) {
        scope_.cancel();
    } else if (state_ == State::head && input_.empty()) {
        state_ = State::closing;
        link_->finish();
    }
}

Task<void> H1Server::exchange(http::Request request, std::string accepts) {
    http::Response response = co_await seat_.handler->handle(std::move(request));
    bool good = false;
    if (link_->is_open()) {
        co_await compress_if_worth(link_->loop(), std::move(accepts), &response);
        good = co_await send(std::move(response));
    }
    after_exchange(good);
}

// True if the answer went out in whole, so that another may follow.
Task<bool> H1Server::send(http::Response response) {
    if (!link_->is_open()) {
        co_return false;
    }
    if (!may_have_body(response.status)) {
        response.pieces.clear();
        response.source.reset();
    }
    const bool is_stream = response.source != nullptr;
    const bool is_chunked = is_stream && minor_ == 1;
    keeps_alive_ = keeps_alive_ && !is_stopping_ && (!is_stream || is_chunked) &&
                   response.headers.get("connection") != "close";
    write_head(response, !is_stream);
    if (is_head_) {
        response.source.reset();
        response.pieces.clear();
    }
    if (is_chunked && !response.pieces.empty()) {
        write_chunk(response.pieces);
    } else {
        for (const http::SharedBytes& piece : response.pieces) {
            link_->output().add(piece);
        }
    }
    response.pieces.clear();
    link_->flush();
    if (response.source != nullptr) {
        co_return co_await stream(std::move(response.source), is_chunked);
    }
    // Further requests wait until this answer is nearly gone.
    while (link_->is_open() && link_->output().size() > limits::unsent_of_stream) {
        if (!co_await sent_.wait()) {
            break;
        }
    }
    co_return link_->is_open();
}

Task<bool> H1Server::stream(std::unique_ptr<http::BodySource> source, bool is_chunked) {
    is_streaming_ = true;
    bool good = true;
    if (is_stopping_) {
        scope_.cancel();
    }
    while (true) {
        Result<std::vector<http::SharedBytes>> pieces = co_await source->next();
        if (!link_->is_open()) {
            good = false;
            break;
        }
        if (!pieces) {
            // A server that stops ends its streams in order; all else is a broken answer.
            good = is_stopping_ && pieces.error().reason() == Reason::cancelled;
            break;
        }
        if (pieces->empty()) {
            break;
        }
        if (is_chunked) {
            write_chunk(*pieces);
        } else {
            for (const http::SharedBytes& piece : *pieces) {
                link_->output().add(piece);
            }
        }
        pieces->clear();
        link_->flush();
        while (link_->is_open() && link_->output().size() > limits::unsent_of_stream) {
            if (!co_await sent_.wait()) {
                break;
            }
        }
    }
    source.reset();
    is_streaming_ = false;
    if (good && is_chunked) {
        link_->output().add("0\r\n\r\n");
        link_->flush();
    }
    co_return good;
}

void H1Server::after_exchange(bool good) {
    if (!link_->is_open()) {
        // This task is still a child of the scope; it is not any more when the post runs.
        link_->loop()->post([connection = seat_.connection] { session_ended(connection); });
        return;
    }
    if (!good) {
        link_->close();
        link_->loop()->post([connection = seat_.connection] { session_ended(connection); });
        return;
    }
    if (!keeps_alive_) {
        state_ = State::closing;
        link_->finish();
        return;
    }
    state_ = State::head;
    searched_ = 0;
    set_deadline_in(seat_.options->idle_timeout);
    link_->set_paused(false);
    if (!input_.empty()) {
        const std::string ahead = std::exchange(input_, {});
        on_bytes(ahead);
    }
}

void H1Server::write_head(const http::Response& response, bool has_length) {
    std::string head;
    head.reserve(256);
    append(head, "HTTP/1.1 ", response.status, ' ', status_text(response.status), "\r\n");
    bool has_date = false;
    bool has_content_length = false;
    for (const auto& [name, value] : response.headers.fields()) {
        if (name == "connection" || name == "transfer-encoding" ||
            (name == "content-length" && !is_head_)) {
            continue;
        }
        has_date = has_date || name == "date";
        has_content_length = has_content_length || name == "content-length";
        append_canonical(head, name);
        head += ": ";
        append_value(head, value);
        head += "\r\n";
    }
    if (!has_date) {
        append(head, "Date: ", date_text(link_->loop()->now()), "\r\n");
    }
    if (may_have_body(response.status)) {
        if (!has_length) {
            head += minor_ == 1 ? "Transfer-Encoding: chunked\r\n" : "";
        } else if (!has_content_length) {
            append(head, "Content-Length: ", response.body_size(), "\r\n");
        }
    }
    if (!keeps_alive_) {
        head += "Connection: close\r\n";
    } else if (minor_ == 0) {
        head += "Connection: keep-alive\r\n";
    }
    head += "\r\n";
    link_->output().add(head);
}

void H1Server::write_chunk(const std::vector<http::SharedBytes>& pieces) {
    size_t size = 0;
    for (const http::SharedBytes& piece : pieces) {
        size += piece->size();
    }
    if (size == 0) {
        return;  // A chunk of no bytes would end the body.
    }
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
    OutputQueue& output = link_->output();
    output.add(std::string_view(digits, static_cast<size_t>(end - digits)));
    output.add("\r\n");
    for (const http::SharedBytes& piece : pieces) {
        output.add(piece);
    }
    output.add("\r\n");
}

}  // namespace

std::unique_ptr<ServerSession> h1_server_session(SessionSeat seat) {
    return std::make_unique<H1Server>(seat);
}

}  // namespace weft::io::internal
