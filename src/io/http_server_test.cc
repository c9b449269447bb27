// io/http_server_test.cc: the server on real loopback sockets: answers, limits, bad clients.

#include <arpa/inet.h>
#include <cstdio>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "io/http.h"
#include "io/real_loop.h"
#include "io/sync.h"
#include "io/tls.h"

namespace weft::io::http {
namespace {

// What the tests' handler counts. Loop thread.
struct Seen {
    int handled = 0;
    int cancelled = 0;
    int sources_gone = 0;
    int64_t streamed = 0;
    Peer peer;
};

class Ticks : public BodySource {
public:
    Ticks(Loop* loop, Seen* seen, int count, SharedBytes piece, bool waits)
        : signal_(loop), seen_(seen), left_(count), piece_(std::move(piece)), waits_(waits) {}
    ~Ticks() override { ++seen_->sources_gone; }
    Task<Result<std::vector<SharedBytes>>> next() override {
        if (left_ == 0 && waits_) {
            CO_TRY(co_await signal_.wait());
        }
        if (left_ <= 0) {
            co_return std::vector<SharedBytes>{};
        }
        --left_;
        ++seen_->streamed;
        co_return std::vector<SharedBytes>{piece_};
    }

private:
    Signal signal_;
    Seen* seen_;
    int left_;
    SharedBytes piece_;
    bool waits_;
};

class World : public Handler {
public:
    World(Loop* loop, Seen* seen) : loop_(loop), seen_(seen), never_(loop) {}
    Task<Response> handle(Request request) override {
        ++seen_->handled;
        seen_->peer = request.peer;
        if (request.target == "/hang") {
            if (!co_await never_.wait()) {
                ++seen_->cancelled;
            }
        } else if (request.target == "/watch") {
            Response response = Response::text(200, "application/json", "");
            response.source =
                std::make_unique<Ticks>(loop_, seen_, 2, share("{\"tick\":1}\n"), true);
            co_return response;
        } else if (request.target == "/flood") {
            Response response = Response::text(200, "text/plain", "");
            response.source = std::make_unique<Ticks>(loop_, seen_, 1'000'000,
                                                      share(std::string(65536, 'x')), false);
            co_return response;
        } else if (request.target == "/count") {
            Response response = Response::text(200, "text/plain", "a");
            response.source = std::make_unique<Ticks>(loop_, seen_, 3, share("bc"), false);
            co_return response;
        } else if (request.target == "/large") {
            std::string body;
            for (int i = 0; i < 100'000; ++i) {
                append(body, i, "\n");
            }
            co_return Response::text(200, "text/plain", std::move(body));
        }
        co_return Response::text(200, "text/plain",
                                 cat(request.method, " ", request.target, " ", request.body, "\n"));
    }

private:
    Loop* loop_;
    Seen* seen_;
    Signal never_;
};

// Runs a server, the client's blocking code on a thread of its own, and closes the server.
template <typename Client>
Seen with_server(ServerOptions options, Client client) {
    RealLoop loop;
    Seen seen;
    World world(&loop, &seen);
    auto server = listen(&loop, &world, std::move(options));
    CHECK(server.has_value());
    const uint16_t port = (*server)->port();
    std::thread thread([&] {
        client(port);
        loop.post_from_anywhere([&] { loop.stop(); });
    });
    loop.run();
    thread.join();
    run(&loop, (*server)->close(second));
    server->reset();
    return seen;
}

// A blocking client that sends and reads bytes as it likes.
class Raw {
public:
    explicit Raw(uint16_t port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer != 0) {
            setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    ~Raw() { close(fd_); }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;

    Raw& send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                break;
            }
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return *this;
    }
    // Until the server closes.
    std::string read_all() {
        std::string out;
        char buffer[65536];
        ssize_t got = 0;
        while ((got = recv(fd_, buffer, sizeof buffer, 0)) > 0) {
            out.append(buffer, static_cast<size_t>(got));
        }
        return out;
    }
    // Until the text has come.
    std::string read_until(std::string_view text) {
        std::string out;
        char c = 0;
        while (!out.ends_with(text) && recv(fd_, &c, 1, 0) == 1) {
            out += c;
        }
        return out;
    }
    // Without reading anything.
    void wait_for_reset() {
        pollfd entry{fd_, POLLRDHUP, 0};
        while (poll(&entry, 1, -1) == 1 && (entry.revents & (POLLERR | POLLHUP | POLLRDHUP)) == 0) {
        }
    }
    void half_close() { shutdown(fd_, SHUT_WR); }

private:
    int fd_;
};

std::string without_date(std::string answer) {
    const size_t start = answer.find("Date: ");
    if (start != std::string::npos) {
        answer.erase(start, answer.find("\r\n", start) + 2 - start);
    }
    return answer;
}

std::string output_of(const std::string& command) {
    std::string out;
    FILE* const pipe = popen(cat(command, " 2>&1").c_str(), "r");
    char buffer[65536];
    size_t got = 0;
    while ((got = fread(buffer, 1, sizeof buffer, pipe)) > 0) {
        out.append(buffer, got);
    }
    pclose(pipe);
    return out;
}

ServerOptions quick() {
    ServerOptions options;
    options.header_timeout = 100 * millisecond;
    options.body_timeout = 100 * millisecond;
    options.idle_timeout = 100 * millisecond;
    options.write_timeout = 200 * millisecond;
    return options;
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderAndKeepsTheConnection) {
    with_server({}, [](uint16_t port) {
        Raw raw(port);
        raw.send(
            "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nde\r\n1;x=y\r\nf\r\n0\r\nTrailer: t\r\n\r\n"
            "HEAD /d HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /e HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        const std::string answers = raw.read_all();
        std::string bodies;
        for (const std::string_view line : split(answers, '\n')) {
            if (line.starts_with("GET") || line.starts_with("POST") || line.starts_with("HEAD")) {
                bodies += line;
                bodies += '|';
            }
        }
        EXPECT_EQ(bodies, "GET /a |POST /b abc|POST /c def|GET /e |");
        EXPECT_TRUE(answers.contains("Content-Length: 9\r\n\r\nHTTP/1.1"));  // HEAD has no body
    });
}

TEST(HttpServer, WritesTheHeadAsGoDoes) {
    with_server({}, [](uint16_t port) {
        EXPECT_EQ(without_date(Raw(port).send("GET / HTTP/1.0\r\n\r\n").read_all()),
                  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n"
                  "Connection: close\r\n\r\nGET / \n");
    });
}

std::string refused(uint16_t port, std::string_view bytes) {
    return Raw(port).send(bytes).read_all();
}

std::string plain_answer(std::string_view status_line) {
    return cat("HTTP/1.1 ", status_line,
               "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n",
               status_line);
}

TEST(HttpServer, RefusesMalformedRequestsExactly) {
    const Seen seen = with_server({}, [](uint16_t port) {
        EXPECT_EQ(refused(port, "nonsense\r\n\r\n"), plain_answer("400 Bad Request"));
        EXPECT_EQ(refused(port, "GET / HTTP/1.1\r\n\r\n"),
                  plain_answer("400 Bad Request: missing required Host header"));
        EXPECT_EQ(refused(port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
                  plain_answer("400 Bad Request: too many Host headers"));
        EXPECT_EQ(refused(port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
                  plain_answer("400 Bad Request: invalid header name"));
        EXPECT_EQ(refused(port, "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"),
                  plain_answer("400 Bad Request: invalid header value"));
        EXPECT_EQ(refused(port, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
                  plain_answer("505 HTTP Version Not Supported: unsupported protocol version"));
        EXPECT_TRUE(refused(port, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n")
                        .ends_with("\r\n\r\nUnsupported transfer encoding"));
        // What two parsers could read in two ways.
        for (const std::string_view fields :
             {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: +3\r\n",
              "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", " folded: x\r\n",
              "Content-Length: -1\r\n", "Content-Length: 3, 3\r\n"}) {
            EXPECT_TRUE(refused(port, cat("POST / HTTP/1.1\r\nHost: a\r\n", fields, "\r\nabc"))
                            .starts_with("HTTP/1.1 400 Bad Request"))
                << fields;
        }
        EXPECT_EQ(refused(port,
                          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                          "chunked\r\n\r\nxyz\r\n"),
                  plain_answer("400 Bad Request"));
    });
    EXPECT_EQ(seen.handled, 0);
}

TEST(HttpServer, BoundsHeadAndBody) {
    ServerOptions options;
    options.header_bytes_max = 1000;
    options.body_max = 10;
    const Seen seen = with_server(options, [](uint16_t port) {
        EXPECT_EQ(refused(port, cat("GET / HTTP/1.1\r\nHost: a\r\nX: ", std::string(2000, 'x'),
                                    "\r\n\r\n")),
                  plain_answer("431 Request Header Fields Too Large"));
        constexpr std::string_view too_large =
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
            R"("message":"Request entity too large: limit is 10",)"
            R"("reason":"RequestEntityTooLarge","code":413})"
            "\n";
        const std::string by_length =
            refused(port, cat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
                              std::string(100'000, 'x')));
        EXPECT_TRUE(by_length.starts_with("HTTP/1.1 413 Request Entity Too Large\r\n"));
        EXPECT_TRUE(by_length.ends_with(too_large));
        EXPECT_TRUE(refused(port,
                            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "b\r\n12345678901\r\n")
                        .ends_with(too_large));
        const std::string huge =
            cat("'http://127.0.0.1:", port, "/' -H 'X: ", std::string(3000, 'x'), "'");
        EXPECT_EQ(output_of(cat("curl -s --http2-prior-knowledge -w '%{http_code}' ", huge)),
                  "431 Request Header Fields Too Large431");
        EXPECT_EQ(output_of(cat("curl -s --http2-prior-knowledge --data-binary 12345678901 "
                                "-o /dev/null -w '%{http_code}' http://127.0.0.1:",
                                port, "/")),
                  "413");
    });
    EXPECT_EQ(seen.handled, 0);
}

TEST(HttpServer, SaysContinueBeforeItTakesABody) {
    with_server({}, [](uint16_t port) {
        Raw raw(port);
        raw.send(
            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        EXPECT_EQ(raw.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        raw.send("ab");
        EXPECT_TRUE(raw.read_until("ab\n").ends_with("POST /x ab\n"));
    });
}

TEST(HttpServer, CutsSlowClientsOff) {
    const Seen seen = with_server(quick(), [](uint16_t port) {
        EXPECT_EQ(Raw(port).read_all(), "");  // says nothing
        EXPECT_EQ(refused(port, "GET / HT"), plain_answer("408 Request Timeout"));
        EXPECT_EQ(refused(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"),
                  plain_answer("408 Request Timeout"));
        Raw idle(port);  // keep-alive, then nothing
        EXPECT_TRUE(
            idle.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").read_all().ends_with("GET /a \n"));
        Raw h2(port);
        h2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        h2.read_all();
    });
    EXPECT_EQ(seen.handled, 1);
}

TEST(HttpServer, ASlowReaderWaitsAndIsThenCutOff) {
    const Seen seen = with_server(quick(), [](uint16_t port) {
        Raw raw(port, 4096);
        raw.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
        raw.read_until("\r\n\r\n");
        // Does not read on; the server resets the connection after its time-out.
        raw.wait_for_reset();
    });
    EXPECT_EQ(seen.sources_gone, 1);
    EXPECT_LT(seen.streamed * 65536, 64 * 1024 * 1024);  // what the kernel and we hold, no more
}

TEST(HttpServer, StreamsComeAtOnceAndEndInOrder) {
    const Seen seen = with_server({}, [](uint16_t port) {
        Raw raw(port);
        raw.send("GET /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(raw.read_all().ends_with(
            "\r\n\r\n1\r\na\r\n2\r\nbc\r\n2\r\nbc\r\n2\r\nbc\r\n0\r\n\r\n"));
        Raw watch(port);
        watch.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
        watch.read_until("b\r\n{\"tick\":1}\n\r\nb\r\n{\"tick\":1}\n\r\n");
    });
    EXPECT_EQ(seen.sources_gone, 2);
}

TEST(HttpServer, AClientThatGoesCancelsItsTask) {
    const Seen seen = with_server({}, [](uint16_t port) {
        {
            Raw hangs(port);
            hangs.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
            Raw watches(port);
            watches.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
            watches.read_until("tick\":1}\n");
        }
        Raw half(port);
        half.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
        half.half_close();
        EXPECT_TRUE(half.read_all().ends_with("GET /hang \n"));
    });
    EXPECT_EQ(seen.cancelled, 2);
    EXPECT_EQ(seen.sources_gone, 1);
}

TEST(HttpServer, CloseEndsStreamsInOrderAndCutsWhatHangs) {
    RealLoop loop;
    Seen seen;
    World world(&loop, &seen);
    auto server = *listen(&loop, &world, {});
    std::string watched;
    std::string hung;
    std::thread thread([&, port = server->port()] {
        Raw watch(port);
        watch.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
        watch.read_until("tick\":1}\n");
        Raw hang(port);
        hang.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
        while (true) {  // until the handler has it
            std::atomic<bool> has = false;
            std::atomic<bool> asked = false;
            loop.post_from_anywhere([&] {
                has = seen.handled == 2;
                asked = true;
            });
            while (!asked) {
                std::this_thread::yield();
            }
            if (has) {
                break;
            }
        }
        loop.post_from_anywhere([&] { loop.stop(); });
        watched = watch.read_all();
        hung = hang.read_all();
    });
    loop.run();
    run(&loop, server->close(50 * millisecond));
    thread.join();
    EXPECT_TRUE(watched.ends_with("\r\n0\r\n\r\n"));
    EXPECT_EQ(hung, "");
    EXPECT_EQ(seen.cancelled, 1);
}

struct Certificates {
    tls::KeyPair ca = *tls::make_ca("test", {1'764'000'000, 0});
    Time now;
    tls::KeyPair server;
    tls::KeyPair client;
};

Certificates make_certificates() {
    Certificates out;
    RealLoop loop;
    out.now = loop.now();
    out.ca = *tls::make_ca("weft-ca", out.now);
    tls::Subject server;
    server.common_name = "weft";
    server.dns_names = {"localhost"};
    server.ips = {"127.0.0.1"};
    out.server = *tls::make_certificate(out.ca, server, 3600 * second, out.now);
    tls::Subject client;
    client.common_name = "admin";
    client.organisations = {"system:masters", "other"};
    client.usage = tls::Usage::client;
    out.client = *tls::make_certificate(out.ca, client, 3600 * second, out.now);
    return out;
}

std::string write_temporary(const std::string& bytes) {
    std::string path = cat(testing::TempDir(), "weft-io-XXXXXX");
    const int fd = mkstemp(path.data());
    CHECK(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fd);
    return path;
}

ServerOptions with_tls(const Certificates& certificates) {
    ServerOptions options;
    options.certificate_pem = certificates.server.certificate_pem;
    options.key_pem = certificates.server.key_pem;
    options.client_ca_pem = certificates.ca.certificate_pem;
    return options;
}

TEST(HttpServer, SpeaksWithCurlOverTlsInBothVersions) {
    const Certificates certificates = make_certificates();
    const std::string ca = write_temporary(certificates.ca.certificate_pem);
    const std::string cert = write_temporary(certificates.client.certificate_pem);
    const std::string key = write_temporary(certificates.client.key_pem);
    const Seen seen = with_server(with_tls(certificates), [&](uint16_t port) {
        const std::string url = cat(" https://127.0.0.1:", port);
        const std::string curl = cat("curl -sS --cacert ", ca, " -w '%{http_version} '");
        EXPECT_EQ(output_of(cat(curl, " --http1.1", url, "/a")), "GET /a \n1.1 ");
        EXPECT_EQ(output_of(cat(curl, " --http2", url, "/b -d xyz")), "POST /b xyz\n2 ");
        // One connection for both (with prior knowledge this curl fails to do that).
        EXPECT_EQ(output_of(cat("curl -sS --http2 --cacert ", ca, " -w '%{num_connects} '", url,
                                "/a", url, "/b")),
                  "GET /a \n1 GET /b \n0 ");
        EXPECT_EQ(output_of(cat(curl, " --no-alpn", url, "/c")), "GET /c \n1.1 ");
        EXPECT_EQ(output_of(cat(curl, " --http2", url, "/count")), "abcbcbc2 ");
        EXPECT_EQ(
            output_of(cat("curl -s --http1.1 --cacert ", ca, url, "/large | md5sum")),
            output_of(cat("curl -s --http2 --compressed --cacert ", ca, url, "/large | md5sum")));
        EXPECT_TRUE(output_of(cat("curl -s --http2 -I -H 'Accept-Encoding: gzip' -X GET -o "
                                  "/dev/null -D - --cacert ",
                                  ca, url, "/large"))
                        .contains("content-encoding: gzip"));
        EXPECT_EQ(output_of(cat("curl -s http://127.0.0.1:", port, "/")),
                  "Client sent an HTTP request to an HTTPS server.\n");
        // curl: (60) SSL certificate problem
        EXPECT_TRUE(output_of(cat("curl -sS", url, "/")).contains("curl: (60)"));
        EXPECT_EQ(output_of(cat(curl, " --cert ", cert, " --key ", key, url, "/last")),
                  "GET /last \n2 ");
    });
    EXPECT_TRUE(seen.peer.has_certificate);
    EXPECT_EQ(seen.peer.certificate_name, "admin");
    EXPECT_EQ(seen.peer.certificate_groups, (std::vector<std::string>{"system:masters", "other"}));
}

TEST(HttpServer, AClientCertificateOfAnotherAuthorityIsTold) {
    const Certificates certificates = make_certificates();
    const Certificates others = make_certificates();
    const std::string cert = write_temporary(others.client.certificate_pem);
    const std::string key = write_temporary(others.client.key_pem);
    const Seen seen = with_server(with_tls(certificates), [&](uint16_t port) {
        EXPECT_EQ(output_of(cat("curl -sSk --cert ", cert, " --key ", key,
                                " https://127.0.0.1:", port, "/")),
                  "GET / \n");
    });
    EXPECT_FALSE(seen.peer.has_certificate);
    EXPECT_TRUE(seen.peer.certificate_is_refused);
}

TEST(HttpServer, SpeaksHttp2WithPriorKnowledge) {
    with_server({}, [](uint16_t port) {
        const std::string curl = "curl -sS --http2-prior-knowledge ";
        const std::string url = cat(" http://127.0.0.1:", port);
        EXPECT_EQ(output_of(cat(curl, url, "/a")), "GET /a \n");
        EXPECT_EQ(output_of(cat(curl, url, "/count")), "abcbcbc");
        EXPECT_EQ(output_of(cat(curl, "-I", url, "/a | grep -c content-length")), "1\n");
        EXPECT_EQ(output_of(cat(curl, url, "/large | tail -n1")), "99999\n");
    });
}

// One HTTP/2 frame.
std::string frame(size_t type, size_t flags, size_t stream, std::string_view payload) {
    std::string out;
    for (const size_t byte : {payload.size() >> 16U, payload.size() >> 8U, payload.size(), type,
                              flags, stream >> 24U, stream >> 16U, stream >> 8U, stream}) {
        out += static_cast<char>(byte & 0xFFU);
    }
    out += payload;
    return out;
}

constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// GET http://h/ in HPACK: three entries of the static table and a literal.
constexpr std::string_view h2_get = "\x82\x86\x84\x41\x01h";

TEST(HttpServer, ARapidResetEndsTheConnectionAndRunsNothing) {
    const Seen seen = with_server({}, [](uint16_t port) {
        std::string attack = cat(h2_preface, frame(4, 0, 0, {}));
        for (size_t stream = 1; stream < 20'000; stream += 2) {
            attack += frame(1, 5, stream, h2_get);
            attack += frame(3, 0, stream, std::string_view("\0\0\0\x08", 4));
        }
        Raw raw(port);
        raw.send(attack);
        const std::string answer = raw.read_all();
        EXPECT_TRUE(answer.contains(std::string("\x07\0\0\0\0\0", 6)));  // GOAWAY
        EXPECT_EQ(output_of(cat("curl -s http://127.0.0.1:", port, "/b")), "GET /b \n");
    });
    EXPECT_LT(seen.handled, 5000);
}

TEST(HttpServer, BrokenHttp2EndsTheConnectionOnly) {
    with_server(quick(), [](uint16_t port) {
        for (const std::string& bytes :
             {cat(h2_preface, "not a frame at all, but long enough to be one"),
              cat(h2_preface, frame(4, 0, 0, {}), frame(1, 5, 2, h2_get)),      // an even stream
              cat(h2_preface, frame(4, 0, 0, {}), frame(1, 5, 1, "\xFF\xFF")),  // broken HPACK
              cat(h2_preface, frame(4, 0, 0, {}), frame(1, 1, 1, h2_get)),      // never ends
              cat(h2_preface, frame(4, 0, 0, {}), frame(1, 4, 1, h2_get))}) {   // no body comes
            Raw raw(port);
            raw.send(bytes);
            raw.read_all();  // ends, by an error or by a time-out
        }
        EXPECT_EQ(output_of(cat("curl -s http://127.0.0.1:", port, "/b")), "GET /b \n");
    });
}

TEST(HttpServer, FurtherConnectionsWaitUntilOneGoes) {
    ServerOptions options;
    options.connections_max = 2;
    const Seen seen = with_server(options, [](uint16_t port) {
        auto first = std::make_unique<Raw>(port);
        Raw second(port);
        for (Raw* const raw : {first.get(), &second}) {
            raw->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").read_until("GET /a \n");
        }
        Raw third(port);  // The kernel takes it, we do not.
        third.send("GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
        second.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n").read_until("GET /b \n");
        first.reset();
        third.read_until("GET /c \n");
    });
    EXPECT_EQ(seen.handled, 4);
}

TEST(HttpServer, AThousandIdleStreams) {
    const Seen seen = with_server({}, [](uint16_t port) {
        std::vector<std::unique_ptr<Raw>> raws;
        for (int i = 0; i < 1000; ++i) {
            raws.push_back(std::make_unique<Raw>(port));
            raws.back()->send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for (const auto& raw : raws) {
            raw->read_until("tick\":1}\n\r\nb\r\n{\"tick\":1}\n");
        }
    });
    EXPECT_EQ(seen.sources_gone, 1000);
}

}  // namespace
}  // namespace weft::io::http
