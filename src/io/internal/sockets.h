// io/internal/sockets.h: making sockets: addresses, options, listening, connecting.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/base.h"
#include "io/loop.h"
#include "io/real_loop.h"
#include "io/task.h"

namespace weft::io::internal {

// Owns a descriptor.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

// A listening, non-blocking TCP socket. `address` is numeric, or "localhost".
[[nodiscard]] Result<Descriptor> listen_tcp(const std::string& address, uint16_t port);
[[nodiscard]] uint16_t local_port(int descriptor);
// "127.0.0.1:4711"
[[nodiscard]] std::string peer_address(int descriptor);
// No delay, and probes that find a dead peer in about a minute.
void set_stream_options(int descriptor);

// A connected, non-blocking socket. Names are resolved on the pool; addresses are tried in turn.
// Errors in Go's words: "dial tcp 127.0.0.1:1: connect: connection refused".
[[nodiscard]] Task<Result<Descriptor>> connect_tcp(RealLoop* loop, std::string host, uint16_t port,
                                                   int64_t timeout);

}  // namespace weft::io::internal
