// io/h1_client.cc: a client's side of HTTP/1.1.

#include "io/internal/client_session.h"
#include "io/internal/h1_parser.h"
#include "io/internal/server_session.h"
#include "io/limits.h"

namespace weft::io::internal {

namespace {

class H1Client : public ClientSession {
public:
    explicit H1Client(ClientSeat seat) : seat_(seat), link_(seat.link) {}

    void on_open() override {}
    void on_bytes(std::string_view bytes) override;
    void on_end() override;
    void on_sent() override {}
    void on_deadline() override { close(make_error(Reason::io, "idle connection closed")); }
    void on_lost(const Error& error) override;

    bool has_room() const override { return is_idle_ && link_->is_open(); }
    void start(Exchange* exchange, const Outgoing& outgoing) override;
    void abandon(Exchange* exchange) override;
    void read_more(Exchange* exchange, size_t count) override;
    bool is_multiplexed() const override { return false; }

private:
    size_t process(std::string_view bytes);
    bool take_head(std::string_view bytes);
    void finish_exchange();
    void fail(const Error& error);
    void close(const Error& error);

    ClientSeat seat_;
    Link* link_;
    Exchange* exchange_ = nullptr;
    BodyDecoder decoder_;
    std::string input_;
    size_t searched_ = 0;
    bool is_idle_ = true;
    bool is_reused_ = false;
    bool is_replayable_ = false;
    bool has_bytes_ = false;  // of the answer
    bool keeps_alive_ = true;
};

void H1Client::start(Exchange* exchange, const Outgoing& outgoing) {
    exchange_ = exchange;
    exchange->session = this;
    is_idle_ = false;
    has_bytes_ = false;
    is_replayable_ = outgoing.is_replayable();
    link_->set_deadline(0);
    const http::Request& request = outgoing.request;
    std::string head;
    head.reserve(512);
    append(head, request.method, ' ', request.target, " HTTP/1.1\r\n");
    for (const auto& [name, value] : request.headers.fields()) {
        if (name != "content-length" && name != "transfer-encoding" && name != "connection") {
            append(head, name, ": ", value, "\r\n");
        }
    }
    const size_t size = outgoing.body == nullptr ? 0 : outgoing.body->size();
    if (size != 0 || request.method == "POST" || request.method == "PUT" ||
        request.method == "PATCH") {
        append(head, "content-length: ", size, "\r\n");
    }
    head += "\r\n";
    link_->output().add(head);
    if (size != 0) {
        link_->output().add(outgoing.body);
    }
    link_->flush();
}

void H1Client::on_bytes(std::string_view bytes) {
    if (is_idle_) {
        close(make_error(Reason::io, "unsolicited response"));
        return;
    }
    has_bytes_ = true;
    if (input_.empty()) {
        const size_t used = process(bytes);
        input_.assign(bytes.substr(used));
    } else {
        input_.append(bytes);
        input_.erase(0, process(input_));
    }
    if (is_idle_ && !input_.empty() && link_->is_open()) {
        close(make_error(Reason::io, "unsolicited response"));
    }
    if (input_.empty()) {
        input_ = {};
    }
}

size_t H1Client::process(std::string_view bytes) {
    size_t used = 0;
    while (exchange_ != nullptr && link_->is_open()) {
        const std::string_view rest = bytes.substr(used);
        if (!exchange_->has_head) {
            const std::optional<size_t> end = find_head_end(rest, &searched_);
            if (end.value_or(rest.size()) > limits::response_head) {
                close(make_error(Reason::io, "the head of the answer is too large"));
                return bytes.size();
            }
            if (!end) {
                return used;
            }
            used += *end;
            if (!take_head(rest.substr(0, *end))) {
                return bytes.size();
            }
            continue;
        }
        std::string body;
        const Result<size_t> taken = decoder_.decode(rest, &body);
        if (!taken) {
            close(make_error(Reason::io, taken.error().message()));
            return bytes.size();
        }
        used += *taken;
        exchange_->take_body(std::move(body));
        if (exchange_->unread > limits::unread_of_stream) {
            link_->set_paused(true);
        }
        if (!decoder_.is_done()) {
            return used;
        }
        finish_exchange();
    }
    return used;
}

bool H1Client::take_head(std::string_view bytes) {
    Result<Head> head = parse_response_head(bytes);
    if (!head || head->status == 101) {
        close(make_error(Reason::io, head ? "unexpected 101" : head.error().message()));
        return false;
    }
    if (head->status < 200) {
        return true;  // 100 Continue: the real one follows.
    }
    exchange_->status = head->status;
    exchange_->headers = std::move(head->headers);
    exchange_->content_length = head->content_length;
    exchange_->has_head = true;
    keeps_alive_ = head->keeps_alive;
    if (exchange_->is_head_request || !may_have_body(head->status)) {
        decoder_ = BodyDecoder();
    } else if (head->is_chunked) {
        decoder_ = BodyDecoder(BodyDecoder::Kind::chunked, 0);
    } else if (head->content_length) {
        decoder_ = BodyDecoder(BodyDecoder::Kind::length, *head->content_length);
    } else {
        decoder_ = BodyDecoder(BodyDecoder::Kind::until_end, 0);
        keeps_alive_ = false;
    }
    exchange_->changed.notify_all();
    return true;
}

void H1Client::finish_exchange() {
    Exchange* const exchange = std::exchange(exchange_, nullptr);
    exchange->complete();
    searched_ = 0;
    is_reused_ = true;
    // An answer that came before the whole request went leaves the connection in no known state.
    if (keeps_alive_ && link_->output().empty()) {
        is_idle_ = true;
        link_->set_paused(false);
        link_->set_deadline(link_->loop()->monotonic() + limits::idle_connection_nanos);
    } else {
        link_->close();
    }
    client_session_changed(seat_.connection);
}

void H1Client::on_end() {
    if (exchange_ != nullptr && exchange_->has_head && decoder_.may_end()) {
        finish_exchange();
        return;
    }
    close(make_error(Reason::io,
                     exchange_ != nullptr && exchange_->has_head ? "unexpected EOF" : "EOF"));
}

void H1Client::on_lost(const Error& error) {
    fail(error);
    client_session_changed(seat_.connection);
}

void H1Client::fail(const Error& error) {
    if (exchange_ != nullptr) {
        // A kept connection may have been closed by the server while the request was on its way.
        const bool may_repeat =
            is_reused_ && !has_bytes_ && is_replayable_ && error.reason() != Reason::timeout;
        std::exchange(exchange_, nullptr)->fail(error, may_repeat);
    }
}

void H1Client::close(const Error& error) {
    link_->close();
    fail(error);
    client_session_changed(seat_.connection);
}

void H1Client::abandon(Exchange* exchange) {
    CHECK(exchange == exchange_);
    exchange_ = nullptr;
    link_->close();
    client_session_changed(seat_.connection);
}

void H1Client::read_more(Exchange* exchange, size_t /*count*/) {
    if (exchange == exchange_ && exchange->unread <= limits::unread_of_stream / 2) {
        link_->set_paused(false);
    }
}

}  // namespace

std::unique_ptr<ClientSession> h1_client_session(ClientSeat seat) {
    return std::make_unique<H1Client>(seat);
}

}  // namespace weft::io::internal
