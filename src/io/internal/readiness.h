// io/internal/readiness.h: when a socket can be read or written.

#pragma once

#include <memory>

#include "io/real_loop.h"

namespace weft::io::internal {

// Who hears about it, on the loop thread. Either call may destroy the Readiness.
class ReadyListener {
public:
    virtual ~ReadyListener() = default;
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;
};

// Owns a non-blocking descriptor. Each `wait` leads to one call of the listener, unless this is
// destroyed first; waiting twice is waiting once.
class Readiness {
public:
    Readiness(RealLoop* loop, int descriptor, ReadyListener* listener);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }
    void set_listener(ReadyListener* listener);
    void wait_readable();
    void wait_writable();

private:
    struct State;
    int descriptor_;
    std::shared_ptr<State> state_;  // Asio's pending operations hold it too.
};

}  // namespace weft::io::internal
