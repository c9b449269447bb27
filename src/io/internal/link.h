// io/internal/link.h: one connection's bytes in and out, with back-pressure and deadlines.

#pragma once

#include <memory>
#include <string_view>

#include "base/base.h"
#include "io/internal/output_queue.h"
#include "io/internal/readiness.h"
#include "io/internal/wire.h"
#include "io/real_loop.h"

namespace weft::io::internal {

// The protocol on top of a Link. Each call may close the link, but not destroy it.
class LinkListener {
public:
    virtual ~LinkListener() = default;
    virtual void on_open() = 0;  // the handshake is over
    virtual void on_bytes(std::string_view bytes) = 0;
    // The peer has closed its side; nothing more will come.
    virtual void on_end() = 0;
    // Output has gone: there is room, or nothing is left.
    virtual void on_sent() = 0;
    virtual void on_deadline() = 0;
    // The connection broke, its reader was too slow, or the lingering after `finish` is over. The
    // link is closed. Not called after `close`.
    virtual void on_lost(const Error& error) = 0;
};

// Loop thread only. Postponed calls hold a plain pointer, so a Link that was opened dies in a
// callback posted after its `close`: see `bury`.
class Link : public ReadyListener {
public:
    Link(RealLoop* loop, int descriptor, std::unique_ptr<Wire> wire, LinkListener* listener,
         int64_t write_timeout);
    ~Link() override;

    // Begins the handshake; then bytes come.
    void open();
    [[nodiscard]] bool is_open() const { return readiness_ != nullptr; }

    // Fill it, then flush.
    [[nodiscard]] OutputQueue& output() { return output_; }
    // Writes what can be written now. A failure is told later, by on_lost.
    void flush();
    // The same once at the end of this turn of the loop: many small answers, one write.
    void flush_soon();

    // While paused, nothing is read; the socket's buffer fills and the peer has to wait.
    void set_paused(bool paused);

    // `listener` hears about it once at that monotonic time. 0: no deadline.
    void set_deadline(int64_t at);

    // Sends what is in the queue, closes our side, and reads on for a moment so that the peer can
    // read our last words; then on_lost.
    void finish();
    // Drops everything now.
    void close();

    [[nodiscard]] const Wire& wire() const { return *wire_; }
    [[nodiscard]] RealLoop* loop() const { return loop_; }

private:
    void on_readable() override;
    void on_writable() override;
    void progress_handshake();
    void read_some();
    void write_some();
    void wait_to_read();
    void lose(const Error& error);
    void lose_later(Error error);
    [[nodiscard]] bool has_output() const { return !output_.empty() || wire_->has_unsent(); }
    void arm_timer();
    void on_timer();
    void continue_finishing();

    RealLoop* loop_;
    std::unique_ptr<Readiness> readiness_;  // null: closed
    std::unique_ptr<Wire> wire_;
    LinkListener* listener_;
    OutputQueue output_;
    int64_t write_timeout_;
    int64_t deadline_ = 0;
    int64_t write_deadline_ = 0;
    int64_t timer_at_ = 0;
    Loop::TimerId timer_ = 0;
    size_t lingered_ = 0;
    bool is_ready_ = false;  // the handshake is over
    bool is_paused_ = false;
    bool has_ended_ = false;
    bool is_finishing_ = false;
    bool is_lingering_ = false;
    bool flush_is_posted_ = false;
    bool loss_is_posted_ = false;
    bool read_is_posted_ = false;
    bool write_is_posted_ = false;
};

// Destroys something that holds a closed Link, after everything that was posted for it.
template <typename T>
void bury(Loop* loop, std::unique_ptr<T> dead) {
    loop->post([dead = std::move(dead)]() mutable { dead.reset(); });
}

}  // namespace weft::io::internal
