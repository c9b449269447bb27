// io/readiness.cc: descriptors and signals on Asio's reactor.

#include "io/internal/readiness.h"

#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <csignal>

#include "io/internal/asio_parts.h"
#include "io/limits.h"
#include "io/signals.h"
#include "io/sync.h"

namespace weft::io {

namespace internal {

struct Readiness::State {
    State(RealLoop::Parts* loop_parts, int fd, ReadyListener* hears)
        : parts(loop_parts), descriptor(loop_parts->context, fd), listener(hears) {}
    RealLoop::Parts* parts;
    asio::posix::stream_descriptor descriptor;
    ReadyListener* listener;  // null once the Readiness is gone
    bool waits_readable = false;
    bool waits_writable = false;
};

Readiness::Readiness(RealLoop* loop, int descriptor, ReadyListener* listener)
    : descriptor_(descriptor),
      state_(std::make_shared<State>(loop->parts(), descriptor, listener)) {}

Readiness::~Readiness() {
    state_->listener = nullptr;
    asio::error_code ignored;
    static_cast<void>(state_->descriptor.close(ignored));
}

void Readiness::set_listener(ReadyListener* listener) {
    state_->listener = listener;
}

void Readiness::wait_readable() {
    if (std::exchange(state_->waits_readable, true)) {
        return;
    }
    state_->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read, [state = state_](const asio::error_code&) {
            state->waits_readable = false;
            if (state->listener != nullptr) {
                state->parts->timed([&] { state->listener->on_readable(); });
            }
        });
}

void Readiness::wait_writable() {
    if (std::exchange(state_->waits_writable, true)) {
        return;
    }
    state_->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_write, [state = state_](const asio::error_code&) {
            state->waits_writable = false;
            if (state->listener != nullptr) {
                state->parts->timed([&] { state->listener->on_writable(); });
            }
        });
}

}  // namespace internal

struct TerminationSignals::Parts {
    explicit Parts(RealLoop* loop) : signals(loop->parts()->context, SIGINT, SIGTERM), came(loop) {}

    // Asio's callback outlives this only as operation_aborted, which touches nothing.
    void wait() {
        signals.async_wait([this](const asio::error_code& error, int number) {
            if (error) {
                return;
            }
            if (pending.size() < limits::pending_signals) {
                pending.push_back(number);
            }
            came.notify_all();
            wait();
        });
    }

    asio::signal_set signals;
    Signal came;
    std::deque<int> pending;
};

namespace {

void mask_termination(int how) {
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(how, &both, nullptr);
}

}  // namespace

void hold_termination() {
    mask_termination(SIG_BLOCK);
}

void let_termination_through() {
    mask_termination(SIG_UNBLOCK);
}

TerminationSignals::TerminationSignals(RealLoop* loop) : parts_(std::make_unique<Parts>(loop)) {
    parts_->wait();
    let_termination_through();  // What was held back comes now.
}

TerminationSignals::~TerminationSignals() = default;

Task<Result<int>> TerminationSignals::next() {
    while (parts_->pending.empty()) {
        CO_TRY(co_await parts_->came.wait());
    }
    const int number = parts_->pending.front();
    parts_->pending.pop_front();
    co_return number;
}

}  // namespace weft::io
