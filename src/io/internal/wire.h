// io/internal/wire.h: a non-blocking byte stream over a socket, plain or TLS.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "io/http.h"
#include "io/internal/openssl.h"
#include "io/internal/output_queue.h"

namespace weft::io::internal {

// How a read or write went. `blocked`: try again when the socket is ready. `ended`: the peer has
// closed its side in order.
enum class Flow : uint8_t { moved, blocked, ended, failed };

// Does not own the descriptor. Calls never block and never wait.
class Wire {
public:
    virtual ~Wire() = default;
    // Until this is `moved`, nothing can be read or written.
    virtual Flow handshake() = 0;
    virtual Flow read(std::span<char> into, size_t* count) = 0;
    // Takes what could be written from the queue. A wire may take more than the socket does and
    // hold it (some records of TLS): then it says `blocked`, and the next call begins with that.
    virtual Flow write(OutputQueue* queue) = 0;
    [[nodiscard]] virtual bool has_unsent() const { return false; }
    virtual void shut_down_write() = 0;
    // After `blocked`: whether the socket must become writable for a handshake or read to go on,
    // or readable for a write.
    [[nodiscard]] virtual bool wants_write() const { return false; }
    // The protocol that the handshake agreed on: "h2", "http/1.1", "".
    [[nodiscard]] virtual std::string_view protocol() const { return {}; }
    // A read that gave less than it was asked for has taken all there is.
    [[nodiscard]] virtual bool short_read_is_all() const { return false; }
    virtual void describe(http::Peer* /*peer*/) const {}

    // Why the last call failed.
    [[nodiscard]] const std::string& failure() const { return failure_; }

protected:
    std::string failure_;
};

[[nodiscard]] std::unique_ptr<Wire> plain_wire(int descriptor);

// What all TLS connections of one server or client share. Immutable once made.
class TlsContext {
    struct Private {};

public:
    explicit TlsContext(Private) {}
    // Empty `client_ca_pem`: clients are not asked for a certificate.
    static Result<std::unique_ptr<TlsContext>> server(std::string_view certificate_pem,
                                                      std::string_view key_pem,
                                                      std::string_view client_ca_pem);
    // Empty `ca_pem`: what the system trusts.
    static Result<std::unique_ptr<TlsContext>> client(std::string_view ca_pem,
                                                      std::string_view certificate_pem,
                                                      std::string_view key_pem,
                                                      bool skip_verification, bool offers_h2);

    [[nodiscard]] std::unique_ptr<Wire> accept(int descriptor) const;
    // `name` is what the server's certificate must be for: a host name or an IP address.
    [[nodiscard]] std::unique_ptr<Wire> connect(int descriptor, const std::string& name) const;

private:
    SslContext context_;
    bool verifies_ = true;
};

// "connection refused": errno as Go prints it.
[[nodiscard]] std::string errno_text(int number);

}  // namespace weft::io::internal
