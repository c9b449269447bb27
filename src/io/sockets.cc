// io/sockets.cc: addresses and sockets.

#include "io/internal/sockets.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/internal/readiness.h"
#include "io/internal/wire.h"
#include "io/limits.h"

namespace weft::io::internal {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

struct Resolved {
    std::vector<Address> addresses;
    std::string failure;
};

// May block: a name is asked for in the network.
Resolved resolve(const std::string& host, uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error = getaddrinfo(host.c_str(), cat(port).c_str(), &hints, &list);
    if (error != 0) {
        return {{}, error == EAI_NONAME ? "no such host" : gai_strerror(error)};
    }
    Resolved out;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        Address address;
        address.length = entry->ai_addrlen;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        out.addresses.push_back(address);
    }
    freeaddrinfo(list);
    return out;
}

std::string text_of(const Address& address) {
    char host[INET6_ADDRSTRLEN] = "";
    const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
    if (generic->sa_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(generic);
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        return cat("[", host, "]:", ntohs(v6->sin6_port));
    }
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(generic);
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    return cat(host, ":", ntohs(v4->sin_port));
}

void set_int(int descriptor, int level, int option, int value) {
    setsockopt(descriptor, level, option, &value, sizeof value);
}

// Waits until a socket is writable: that a connection stands, or failed.
class WritableWait : public Waiter, public ReadyListener {
public:
    WritableWait(RealLoop* loop, int descriptor)
        : loop_(loop), readiness_(std::make_unique<Readiness>(loop, descriptor, this)) {}
    ~WritableWait() override = default;

    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        if (!suspend(handle.promise().context, handle)) {
            cancelled_ = true;
            return false;
        }
        readiness_->wait_writable();
        return true;
    }
    Status await_resume() const {
        if (cancelled_) {
            return make_error(Reason::cancelled, "cancelled");
        }
        return {};
    }

private:
    void on_readable() override {}
    void on_writable() override {
        if (!std::exchange(is_over_, true)) {
            loop_->post([this] { resume(); });
        }
    }
    void on_cancel() override {
        cancelled_ = true;
        if (!std::exchange(is_over_, true)) {
            loop_->post([this] { resume(); });
        }
    }
    RealLoop* loop_;
    std::unique_ptr<Readiness> readiness_;
    bool is_over_ = false;
    bool cancelled_ = false;
};

Task<Result<Descriptor>> connect_one(RealLoop* loop, Address address) {
    const auto failed = [&](int error) {
        return make_error(Reason::io, "dial tcp ", text_of(address),
                          ": connect: ", errno_text(error));
    };
    const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
    Descriptor socket(::socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) {
        co_return failed(errno);
    }
    if (connect(socket.get(), target, address.length) != 0) {
        if (errno != EINPROGRESS) {
            co_return failed(errno);
        }
        // The waiter's Readiness closes its descriptor: it gets one of its own.
        const Status waited = co_await WritableWait(loop, fcntl(socket.get(), F_DUPFD_CLOEXEC, 3));
        CO_TRY(waited);
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            co_return failed(error);
        }
    }
    set_stream_options(socket.get());
    co_return socket;
}

Task<Result<Descriptor>> connect_any(RealLoop* loop, std::string host, uint16_t port) {
    // Addresses need no thread; names do.
    Resolved resolved = resolve(host, port, AI_NUMERICHOST);
    if (resolved.addresses.empty()) {
        resolved = co_await offload(loop, [host, port] { return resolve(host, port, 0); });
    }
    if (resolved.addresses.empty()) {
        co_return make_error(Reason::io, "dial tcp: lookup ", host, ": ", resolved.failure);
    }
    std::optional<Error> first;
    for (const Address& address : resolved.addresses) {
        Result<Descriptor> connected = co_await connect_one(loop, address);
        if (connected || connected.error().reason() == Reason::cancelled) {
            co_return connected;
        }
        if (!first) {
            first = connected.error();
        }
    }
    co_return *first;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

Result<Descriptor> listen_tcp(const std::string& address, uint16_t port) {
    const std::string numeric = address == "localhost" ? "127.0.0.1" : address;
    const Resolved resolved = resolve(numeric, port, AI_NUMERICHOST | AI_PASSIVE);
    if (resolved.addresses.empty()) {
        return make_error(Reason::invalid, "listen tcp ", address, ":", port, ": ",
                          resolved.failure);
    }
    const Address& local = resolved.addresses.front();
    const auto* generic = reinterpret_cast<const sockaddr*>(&local.storage);
    Descriptor socket(::socket(generic->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() >= 0) {
        set_int(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (socket.get() < 0 || bind(socket.get(), generic, local.length) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        return make_error(Reason::io, "listen tcp ", text_of(local), ": bind: ", errno_text(errno));
    }
    return socket;
}

uint16_t local_port(int descriptor) {
    Address address;
    address.length = sizeof address.storage;
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

std::string peer_address(int descriptor) {
    Address address;
    address.length = sizeof address.storage;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address.storage), &address.length) !=
        0) {
        return {};
    }
    return text_of(address);
}

void set_stream_options(int descriptor) {
    set_int(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_int(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_int(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_int(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, limits::unacknowledged_ms);
}

Task<Result<Descriptor>> connect_tcp(RealLoop* loop, std::string host, uint16_t port,
                                     int64_t timeout) {
    std::string message = cat("dial tcp ", host, ":", port, ": i/o timeout");
    co_return co_await with_timeout<Descriptor>(loop, timeout, std::move(message),
                                                connect_any(loop, std::move(host), port));
}

}  // namespace weft::io::internal
