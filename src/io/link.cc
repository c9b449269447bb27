// io/link.cc: reading, writing, waiting and giving up on one connection.

#include "io/internal/link.h"

#include <array>
#include <sys/socket.h>

#include "io/limits.h"

namespace weft::io::internal {

Link::Link(RealLoop* loop, int descriptor, std::unique_ptr<Wire> wire, LinkListener* listener,
           int64_t write_timeout)
    : loop_(loop),
      readiness_(std::make_unique<Readiness>(loop, descriptor, this)),
      wire_(std::move(wire)),
      listener_(listener),
      write_timeout_(write_timeout) {}

Link::~Link() {
    close();
}

void Link::open() {
    progress_handshake();
}

void Link::progress_handshake() {
    switch (wire_->handshake()) {
        case Flow::moved:
            is_ready_ = true;
            listener_->on_open();
            if (is_open()) {
                read_some();  // TLS may have read the first bytes with the handshake's last.
                flush();
            }
            return;
        case Flow::blocked:
            if (wire_->wants_write()) {
                readiness_->wait_writable();
            } else {
                readiness_->wait_readable();
            }
            return;
        case Flow::ended:
            lose_later(make_error(Reason::io, "tls handshake: EOF"));
            return;
        case Flow::failed:
            lose_later(make_error(Reason::io, wire_->failure()));
            return;
    }
}

void Link::on_readable() {
    if (!is_open()) {
        return;
    }
    if (!is_ready_) {
        progress_handshake();
        return;
    }
    read_some();
    if (is_open() && has_output()) {
        flush();  // TLS: a write may have waited for this.
    }
}

void Link::on_writable() {
    if (!is_open()) {
        return;
    }
    if (!is_ready_) {
        progress_handshake();
        return;
    }
    write_some();
    if (is_open() && !is_finishing_) {
        listener_->on_sent();
    }
}

void Link::read_some() {
    thread_local std::array<char, limits::read_buffer> buffer;
    size_t total = 0;
    while (is_open() && !has_ended_ && !loss_is_posted_ && (!is_paused_ || is_lingering_)) {
        if (total >= limits::read_per_turn) {
            // TLS may hold bytes that the socket does not show: ask again, after the others.
            if (!std::exchange(read_is_posted_, true)) {
                loop_->post([this] {
                    read_is_posted_ = false;
                    on_readable();
                });
            }
            return;
        }
        size_t count = 0;
        switch (wire_->read(buffer, &count)) {
            case Flow::moved:
                total += count;
                if (is_finishing_) {
                    lingered_ += count;
                    if (lingered_ > limits::linger_bytes) {
                        lose(make_error(Reason::io, "closed"));
                    }
                } else {
                    listener_->on_bytes({buffer.data(), count});
                }
                if (count < buffer.size() && wire_->short_read_is_all()) {
                    break;
                }
                continue;
            case Flow::blocked:
                break;
            case Flow::ended:
                has_ended_ = true;
                if (is_finishing_) {
                    if (is_lingering_) {
                        lose(make_error(Reason::io, "closed"));
                    }
                } else {
                    listener_->on_end();
                }
                return;
            case Flow::failed:
                lose(make_error(Reason::io, wire_->failure()));
                return;
        }
        break;
    }
    if (is_open()) {
        wait_to_read();
    }
}

void Link::wait_to_read() {
    if (has_ended_ || (is_paused_ && !is_lingering_)) {
        return;
    }
    if (wire_->wants_write()) {
        readiness_->wait_writable();
    }
    readiness_->wait_readable();
}

void Link::write_some() {
    bool moved = false;
    const size_t size = output_.size();
    while (is_open() && has_output() && !loss_is_posted_) {
        if (size - output_.size() >= limits::write_per_turn) {
            if (!std::exchange(write_is_posted_, true)) {
                loop_->post([this] {
                    write_is_posted_ = false;
                    on_writable();
                });
            }
            break;
        }
        const Flow flow = wire_->write(&output_);
        if (flow == Flow::moved) {
            moved = true;
            continue;
        }
        if (flow == Flow::blocked) {
            readiness_->wait_writable();
            break;
        }
        lose_later(make_error(Reason::io, wire_->failure()));
        break;
    }
    if (!has_output()) {
        write_deadline_ = 0;
        if (is_finishing_) {
            continue_finishing();
        }
    } else if (moved || write_deadline_ == 0) {
        write_deadline_ = loop_->monotonic() + write_timeout_;
        arm_timer();
    }
}

void Link::flush() {
    if (is_open() && is_ready_) {
        write_some();
    }
}

void Link::flush_soon() {
    if (!std::exchange(flush_is_posted_, true)) {
        loop_->post([this] {
            flush_is_posted_ = false;
            flush();
        });
    }
}

void Link::set_paused(bool paused) {
    if (std::exchange(is_paused_, paused) && !paused && is_open() && is_ready_ &&
        !std::exchange(read_is_posted_, true)) {
        loop_->post([this] {
            read_is_posted_ = false;
            on_readable();
        });
    }
}

void Link::set_deadline(int64_t at) {
    deadline_ = at;
    arm_timer();
}

// The timer is moved only to an earlier time: a deadline that moves away with every request costs
// nothing, the timer finds out when it fires.
void Link::arm_timer() {
    int64_t next = deadline_;
    if (write_deadline_ != 0 && (next == 0 || write_deadline_ < next)) {
        next = write_deadline_;
    }
    if (next == 0 || !is_open() || (timer_ != 0 && timer_at_ <= next)) {
        return;
    }
    if (timer_ != 0) {
        loop_->cancel_timer(timer_);
    }
    timer_at_ = next;
    timer_ = loop_->start_timer(next - loop_->monotonic(), [this] {
        timer_ = 0;
        on_timer();
    });
}

void Link::on_timer() {
    const int64_t now = loop_->monotonic();
    if (write_deadline_ != 0 && write_deadline_ <= now) {
        lose(make_error(Reason::timeout, "write: i/o timeout"));
        return;
    }
    if (deadline_ != 0 && deadline_ <= now) {
        deadline_ = 0;
        if (is_finishing_) {
            lose(make_error(Reason::io, "closed"));
            return;
        }
        listener_->on_deadline();
    }
    if (is_open()) {
        arm_timer();
    }
}

void Link::finish() {
    if (!is_open() || std::exchange(is_finishing_, true)) {
        return;
    }
    deadline_ = 0;
    if (is_ready_) {
        write_some();
    } else {
        lose_later(make_error(Reason::io, "closed"));
    }
}

void Link::continue_finishing() {
    if (!is_open() || std::exchange(is_lingering_, true)) {
        return;
    }
    wire_->shut_down_write();
    if (has_ended_) {
        lose_later(make_error(Reason::io, "closed"));
        return;
    }
    set_deadline(loop_->monotonic() + limits::linger_nanos);
    wait_to_read();
}

void Link::lose(const Error& error) {
    if (is_open()) {
        close();
        listener_->on_lost(error);
    }
}

void Link::lose_later(Error error) {
    if (!std::exchange(loss_is_posted_, true)) {
        loop_->post([this, lost = std::move(error)] { lose(lost); });
    }
}

void Link::close() {
    if (readiness_ != nullptr && has_output()) {
        // The reader does not read: a reset frees what the kernel holds for it, too.
        const linger at_once{1, 0};
        setsockopt(readiness_->descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    readiness_.reset();
    output_.clear();
    if (timer_ != 0) {
        loop_->cancel_timer(std::exchange(timer_, 0));
    }
}

}  // namespace weft::io::internal
