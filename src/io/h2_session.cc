// io/h2_session.cc: frames in and out.

#include "io/internal/h2_session.h"

#include <algorithm>

#include "io/limits.h"

namespace weft::io::internal {

namespace {

H2Session* self(void* user) {
    return static_cast<H2Session*>(user);
}
std::string_view view(const uint8_t* bytes, size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct H2Session::Callbacks {
    static ssize_t send(nghttp2_session*, const uint8_t* data, size_t size, int, void* user) {
        OutputQueue& output = self(user)->link_->output();
        if (output.size() > limits::unsent_of_session) {
            self(user)->is_full_ = true;
            return NGHTTP2_ERR_WOULDBLOCK;
        }
        output.add(view(data, size));
        return static_cast<ssize_t>(size);
    }
    static int send_data(nghttp2_session*, nghttp2_frame* frame, const uint8_t* head, size_t length,
                         nghttp2_data_source*, void* user) {
        OutputQueue& output = self(user)->link_->output();
        if (output.size() > limits::unsent_of_session) {
            self(user)->is_full_ = true;
            return NGHTTP2_ERR_WOULDBLOCK;
        }
        H2Body* const body = self(user)->body_of(frame->hd.stream_id);
        if (body == nullptr || body->queue.size() < length) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        output.add(view(head, 9));
        body->queue.move_to(&output, length);
        body->progressed = self(user)->link_->loop()->monotonic();
        self(user)->on_body_moved(frame->hd.stream_id);
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, int32_t stream, uint8_t*, size_t length,
                             uint32_t* flags, nghttp2_data_source*, void* user) {
        H2Body* const body = self(user)->body_of(stream);
        if (body == nullptr) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        const size_t count = std::min(length, body->queue.size());
        if (count == body->queue.size() && body->is_whole) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        } else if (count == 0) {
            body->is_deferred = true;
            return NGHTTP2_ERR_DEFERRED;
        }
        *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
        return static_cast<ssize_t>(count);
    }
    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return self(user)->on_begin_headers(frame);
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
        return self(user)->on_header(frame, view(name, name_size), view(value, value_size));
    }
    static int frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return self(user)->on_frame(frame);
    }
    static int data_chunk(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data,
                          size_t size, void* user) {
        return self(user)->on_data(stream, view(data, size));
    }
    static int stream_close(nghttp2_session*, int32_t stream, uint32_t error, void* user) {
        return self(user)->on_stream_close(stream, error);
    }

    // One table for all sessions of the process.
    static const nghttp2_session_callbacks* table() {
        static const nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* callbacks = nullptr;
            CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
            nghttp2_session_callbacks_set_send_callback(callbacks, send);
            nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
            nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
            nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
            nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_recv);
            nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
            nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_close);
            return callbacks;
        }();
        return made;
    }
};

H2Session::H2Session(Link* link, bool is_server) : link_(link) {
    nghttp2_option* option = nullptr;
    CHECK(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_auto_window_update(option, is_server ? 0 : 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_session* made = nullptr;
    const auto make = is_server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
    CHECK(make(&made, Callbacks::table(), this, option) == 0);
    session_.reset(made);
    nghttp2_option_del(option);
}

bool H2Session::receive(std::string_view bytes) {
    is_inside_ = true;
    const ssize_t taken = nghttp2_session_mem_recv(
        session(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    is_inside_ = false;
    pump_soon();
    return taken >= 0;
}

void H2Session::pump() {
    if (!link_->is_open() || is_inside_) {
        return;
    }
    int result = 0;
    do {
        is_full_ = false;
        is_inside_ = true;
        result = nghttp2_session_send(session());
        is_inside_ = false;
        link_->flush();
        // What did not fit may fit now; if the socket is full too, on_sent goes on.
    } while (result == 0 && is_full_ && link_->is_open() && link_->output().empty());
    if (result != 0 && link_->is_open()) {
        link_->finish();
    }
}

void H2Session::pump_soon() {
    if (!std::exchange(pump_is_posted_, true)) {
        link_->loop()->post([this] {
            pump_is_posted_ = false;
            pump();
            if (link_->is_open() && is_over()) {
                link_->finish();
            }
        });
    }
}

void H2Session::resume(int32_t stream, H2Body* body) {
    if (std::exchange(body->is_deferred, false)) {
        body->progressed = link_->loop()->monotonic();
        nghttp2_session_resume_data(session(), stream);
    }
    pump_soon();
}

nghttp2_data_provider H2Session::provider() {
    nghttp2_data_provider out{};
    out.read_callback = Callbacks::read_body;
    return out;
}

void H2Session::reset(int32_t stream, uint32_t error) {
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, stream, error);
    pump_soon();
}

void H2Session::go_away(uint32_t error) {
    nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session()), error, nullptr, 0);
    pump_soon();
}

bool H2Session::is_over() const {
    return nghttp2_session_want_read(session()) == 0 && nghttp2_session_want_write(session()) == 0;
}

bool is_connection_field(std::string_view name) {
    return name == "connection" || name == "keep-alive" || name == "proxy-connection" ||
           name == "transfer-encoding" || name == "upgrade" || name == "host";
}

}  // namespace weft::io::internal
