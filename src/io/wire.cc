// io/wire.cc: sockets and TLS, never blocking.

#include "io/internal/wire.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "io/limits.h"

namespace weft::io::internal {

std::string errno_text(int number) {
    if (number == ETIMEDOUT) {
        return "connection timed out";
    }
    char buffer[128];
    std::string text = strerror_r(number, buffer, sizeof buffer);
    if (!text.empty()) {
        text.replace(0, 1, to_lower(text.substr(0, 1)));
    }
    return text;
}

namespace {

class PlainWire : public Wire {
public:
    explicit PlainWire(int descriptor) : descriptor_(descriptor) {}

    Flow handshake() override { return Flow::moved; }

    Flow read(std::span<char> into, size_t* count) override {
        while (true) {
            const ssize_t got = recv(descriptor_, into.data(), into.size(), 0);
            if (got > 0) {
                *count = static_cast<size_t>(got);
                return Flow::moved;
            }
            if (got == 0) {
                return Flow::ended;
            }
            if (errno != EINTR) {
                return blocked_or_failed("read");
            }
        }
    }

    Flow write(OutputQueue* queue) override {
        std::array<iovec, limits::segments_per_write> list;
        while (true) {
            msghdr message{};
            message.msg_iov = list.data();
            message.msg_iovlen = queue->gather(list);
            const ssize_t sent = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
            if (sent >= 0) {
                queue->consume(static_cast<size_t>(sent));
                return Flow::moved;
            }
            if (errno != EINTR) {
                return blocked_or_failed("write");
            }
        }
    }

    void shut_down_write() override { shutdown(descriptor_, SHUT_WR); }
    bool short_read_is_all() const override { return true; }

private:
    Flow blocked_or_failed(std::string_view call) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return Flow::blocked;
        }
        failure_ = cat(call, ": ", errno_text(errno));
        return Flow::failed;
    }
    int descriptor_;
};

// Where the sessions of a thread seal their records: a batch of them is sent in one call, where the
// socket would be called for each. Empty outside of a call of TlsWire.
std::string& sealed() {
    thread_local std::string bytes;
    return bytes;
}

// A place to write that always has room.
BIO* new_sealer() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sealer");
        CHECK(made != nullptr);
        BIO_meth_set_create(made, [](BIO* bio) {
            BIO_set_init(bio, 1);
            return 1;
        });
        BIO_meth_set_write_ex(made, [](BIO*, const char* bytes, size_t size, size_t* written) {
            sealed().append(bytes, size);
            *written = size;
            return 1;
        });
        BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) {
            return command == BIO_CTRL_FLUSH ? 1L : 0L;
        });
        return made;
    }();
    BIO* const bio = BIO_new(method);
    CHECK(bio != nullptr);
    return bio;
}

class TlsWire : public Wire {
public:
    // A client's side, which speaks first.
    TlsWire(Ssl ssl, int descriptor) : descriptor_(descriptor) { use(std::move(ssl)); }
    // A server's side. The context must outlive it.
    TlsWire(SSL_CTX* context, int descriptor) : context_(context), descriptor_(descriptor) {}

    Flow handshake() override {
        if (ssl_ == nullptr) {
            // A session costs some 27 KB before it has read anything, and many who connect and say
            // nothing must cost nothing: it is made when the first byte is there.
            char first = 0;
            const ssize_t count = recv(descriptor_, &first, 1, MSG_PEEK | MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
                return Flow::blocked;
            }
            if (count == 0) {
                return Flow::ended;
            }
            Ssl ssl(SSL_new(context_));
            CHECK(ssl != nullptr);
            SSL_set_accept_state(ssl.get());
            use(std::move(ssl));
        }
        if (!unsent_.empty() && send_sealed() != Flow::moved) {
            return unsent_.empty() ? Flow::failed : Flow::blocked;
        }
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        send_sealed();
        if (result == 1) {
            const unsigned char* name = nullptr;
            unsigned length = 0;
            SSL_get0_alpn_selected(ssl_.get(), &name, &length);
            protocol_.assign(reinterpret_cast<const char*>(name), length);
            return Flow::moved;
        }
        return stopped(result, "tls handshake");
    }

    Flow read(std::span<char> into, size_t* count) override {
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), count);
        const Flow flow = result == 1 ? Flow::moved : stopped(result, "tls read");
        send_sealed();  // an alert, a new key
        return flow;
    }

    Flow write(OutputQueue* queue) override {
        if (unsent_.empty()) {
            std::array<char, limits::tls_record> scratch;
            while (!queue->empty() && sealed().size() < limits::tls_batch) {
                const std::string_view bytes = queue->first(scratch);
                size_t written = 0;
                ERR_clear_error();
                const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
                if (result != 1) {
                    const Flow flow = stopped(result, "tls write");
                    send_sealed();
                    return flow;
                }
                queue->consume(written);
            }
        }
        return send_sealed();
    }
    bool has_unsent() const override { return !unsent_.empty(); }

    void shut_down_write() override {
        if (ssl_ != nullptr) {
            ERR_clear_error();
            SSL_shutdown(ssl_.get());
            send_sealed();
        }
        shutdown(descriptor_, SHUT_WR);
    }

    bool wants_write() const override { return !unsent_.empty(); }
    std::string_view protocol() const override { return protocol_; }

    void describe(http::Peer* peer) const override {
        if (ssl_ == nullptr) {
            return;
        }
        const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
        if (certificate == nullptr) {
            return;
        }
        if (refused_) {
            peer->certificate_is_refused = true;
            return;
        }
        peer->has_certificate = true;
        const X509_NAME* subject = X509_get_subject_name(certificate);
        for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
            const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
            unsigned char* text = nullptr;
            const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
            if (length < 0) {
                continue;
            }
            std::string value(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
            OPENSSL_free(text);
            const int field = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
            if (field == NID_commonName) {
                peer->certificate_name = std::move(value);
            } else if (field == NID_organizationName) {
                peer->certificate_groups.push_back(std::move(value));
            }
        }
    }

    void must_verify(std::string name) { verified_name_ = std::move(name); }
    void refuse() { refused_ = true; }

private:
    // Sends what this session has sealed; what the socket does not take is kept.
    Flow send_sealed() {
        std::string& fresh = sealed();
        const bool is_old = !unsent_.empty();
        if (is_old) {
            unsent_ += fresh;
        }
        const std::string_view bytes = is_old ? unsent_ : fresh;
        size_t sent = 0;
        Flow flow = Flow::moved;
        while (sent < bytes.size() && flow == Flow::moved) {
            const ssize_t count =
                send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count >= 0) {
                sent += static_cast<size_t>(count);
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                flow = Flow::blocked;
            } else if (errno != EINTR) {
                failure_ = cat("tls write: ", errno_text(errno));
                flow = Flow::failed;
            }
        }
        unsent_ = flow == Flow::blocked ? std::string(bytes.substr(sent)) : std::string();
        fresh.clear();
        return flow;
    }
    void use(Ssl ssl) {
        BIO* const incoming = BIO_new_socket(descriptor_, BIO_NOCLOSE);
        CHECK(incoming != nullptr);
        SSL_set_bio(ssl.get(), incoming, new_sealer());
        SSL_set_app_data(ssl.get(), this);
        ssl_ = std::move(ssl);
    }
    Flow stopped(int result, std::string_view call) {
        const int error = SSL_get_error(ssl_.get(), result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            return Flow::blocked;
        }
        if (error == SSL_ERROR_ZERO_RETURN) {
            return Flow::ended;
        }
        const unsigned long code = ERR_peek_error();
        if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
            (error == SSL_ERROR_SYSCALL && code == 0 && errno == 0)) {
            ERR_clear_error();
            return Flow::ended;
        }
        if (ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST) {
            // Go's words to who speaks plain HTTP here.
            constexpr std::string_view answer =
                "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
            static_cast<void>(send(descriptor_, answer.data(), answer.size(), MSG_NOSIGNAL));
        }
        if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
            ERR_clear_error();
            failure_ = cat("tls: failed to verify certificate of ", verified_name_, ": ",
                           X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())));
        } else if (error == SSL_ERROR_SYSCALL && code == 0) {
            failure_ = cat(call, ": ", errno_text(errno));
        } else {
            failure_ = cat(call, ": ", openssl_error());
        }
        return Flow::failed;
    }

    SSL_CTX* context_ = nullptr;  // until there is a session
    Ssl ssl_;                     // null: nothing has come yet
    int descriptor_;
    bool refused_ = false;
    std::string unsent_;  // sealed records that the socket did not take
    std::string protocol_;
    std::string verified_name_;
};

constexpr std::string_view protocols = "\x02h2\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned offered_length, void*) {
    unsigned char* chosen = nullptr;
    const int result = SSL_select_next_proto(
        &chosen, out_length, reinterpret_cast<const unsigned char*>(protocols.data()),
        static_cast<unsigned>(protocols.size()), offered, offered_length);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// As the kube-apiserver does: a bad client certificate is no reason to end the handshake, it is
// one to answer 401.
int remember_refusal(int is_good, X509_STORE_CTX* store) {
    if (is_good == 0) {
        const auto* ssl = static_cast<SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        static_cast<TlsWire*>(SSL_get_app_data(ssl))->refuse();
    }
    return 1;
}

Error failed(std::string_view what) {
    return make_error(Reason::invalid, what, ": ", openssl_error());
}

Result<SslContext> new_context(const SSL_METHOD* method) {
    SslContext context(SSL_CTX_new(method));
    if (context == nullptr) {
        return failed("tls");
    }
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // Buffers go when nothing is in them: idle connections are many.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context.get(), 1);
    return context;
}

Status use_certificate(SSL_CTX* context, std::string_view certificate_pem,
                       std::string_view key_pem) {
    const Bio chain = bio_of(certificate_pem);
    const Certificate certificate(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr || SSL_CTX_use_certificate(context, certificate.get()) != 1) {
        return failed("certificate");
    }
    while (X509* const next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
        SSL_CTX_add0_chain_cert(context, next);
    }
    ERR_clear_error();
    const Key key(PEM_read_bio_PrivateKey(bio_of(key_pem).get(), nullptr, nullptr, nullptr));
    if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return failed("key of the certificate");
    }
    return {};
}

Status trust(SSL_CTX* context, std::string_view ca_pem) {
    const Bio bundle = bio_of(ca_pem);
    int count = 0;
    while (X509* const next = PEM_read_bio_X509(bundle.get(), nullptr, nullptr, nullptr)) {
        const Certificate certificate(next);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next);
        SSL_CTX_add_client_CA(context, next);  // Only a server tells this to its peers.
        ++count;
    }
    ERR_clear_error();
    if (count == 0) {
        return make_error(Reason::invalid, "no certificate in the CA bundle");
    }
    return {};
}

bool is_ip(const std::string& name) {
    unsigned char address[16];
    return inet_pton(AF_INET, name.c_str(), address) == 1 ||
           inet_pton(AF_INET6, name.c_str(), address) == 1;
}

}  // namespace

std::unique_ptr<Wire> plain_wire(int descriptor) {
    return std::make_unique<PlainWire>(descriptor);
}

Result<std::unique_ptr<TlsContext>> TlsContext::server(std::string_view certificate_pem,
                                                       std::string_view key_pem,
                                                       std::string_view client_ca_pem) {
    auto out = std::make_unique<TlsContext>(Private{});
    out->context_ = TRY(new_context(TLS_server_method()));
    SSL_CTX* const context = out->context_.get();
    SSL_CTX_set_num_tickets(context, 0);
    // Go's order, which a kube-apiserver has too: the cheapest cipher that both sides know.
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    CHECK(SSL_CTX_set_ciphersuites(context,
                                   "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                   "TLS_CHACHA20_POLY1305_SHA256") == 1);
    TRY(use_certificate(context, certificate_pem, key_pem));
    if (!client_ca_pem.empty()) {
        TRY(trust(context, client_ca_pem).context("client CA"));
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, remember_refusal);
    }
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return out;
}

Result<std::unique_ptr<TlsContext>> TlsContext::client(std::string_view ca_pem,
                                                       std::string_view certificate_pem,
                                                       std::string_view key_pem,
                                                       bool skip_verification, bool offers_h2) {
    auto out = std::make_unique<TlsContext>(Private{});
    out->context_ = TRY(new_context(TLS_client_method()));
    SSL_CTX* const context = out->context_.get();
    if (!certificate_pem.empty()) {
        TRY(use_certificate(context, certificate_pem, key_pem));
    }
    out->verifies_ = !skip_verification;
    if (!skip_verification) {
        if (ca_pem.empty()) {
            SSL_CTX_set_default_verify_paths(context);
        } else {
            TRY(trust(context, ca_pem));
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    const std::string_view offered = offers_h2 ? protocols : protocols.substr(3);
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    return out;
}

std::unique_ptr<Wire> TlsContext::accept(int descriptor) const {
    return std::make_unique<TlsWire>(context_.get(), descriptor);
}

std::unique_ptr<Wire> TlsContext::connect(int descriptor, const std::string& name) const {
    Ssl ssl(SSL_new(context_.get()));
    CHECK(ssl != nullptr);
    SSL_set_connect_state(ssl.get());
    if (is_ip(name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl.get(), name.c_str());
        if (verifies_) {
            SSL_set1_host(ssl.get(), name.c_str());
        }
    }
    auto wire = std::make_unique<TlsWire>(std::move(ssl), descriptor);
    wire->must_verify(name);
    return wire;
}

}  // namespace weft::io::internal
