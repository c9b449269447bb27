// bench/micro/http_bench.cc: GET of 1 KB from our server by our client, in every version.
//
// Server and client have a loop and a thread each. `per_server_core` is requests per second of the
// server thread's CPU time, `per_client_core` the same of the client's: both hold on a busy
// machine, where the wall clock does not. `bytes_per_idle_stream` is heap, of both sides together.

#include <benchmark/benchmark.h>
#include <ctime>
#include <malloc.h>
#include <pthread.h>
#include <thread>

#include "io/io.h"

namespace {

namespace io = weft::io;
namespace http = weft::io::http;

class Watch : public http::BodySource {
public:
    explicit Watch(io::Loop* loop) : never_(loop) {}
    io::Task<weft::Result<std::vector<http::SharedBytes>>> next() override {
        CO_TRY(co_await never_.wait());
        co_return std::vector<http::SharedBytes>{};
    }

private:
    io::Signal never_;
};

class Kilobyte : public http::Handler {
public:
    explicit Kilobyte(io::Loop* loop) : loop_(loop) {}
    io::Task<http::Response> handle(http::Request request) override {
        http::Response response;
        response.headers.add("content-type", "application/json");
        if (request.target == "/watch") {
            response.source = std::make_unique<Watch>(loop_);
        } else {
            response.pieces.push_back(body_);
        }
        co_return response;
    }

private:
    io::Loop* loop_;
    http::SharedBytes body_ = http::share(std::string(1024, 'x'));
};

double cpu_seconds(pthread_t thread) {
    clockid_t clock{};
    pthread_getcpuclockid(thread, &clock);
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// A server on a thread of its own.
class Peer {
public:
    explicit Peer(bool is_tls) {
        io::RealLoop clock;
        const auto now = clock.now();
        const auto ca = *io::tls::make_ca("bench", now);
        io::tls::Subject subject;
        subject.common_name = "bench";
        subject.ips = {"127.0.0.1"};
        const auto pair = *io::tls::make_certificate(ca, subject, 3600 * io::second, now);
        http::ServerOptions server_options;
        if (is_tls) {
            server_options.certificate_pem = pair.certificate_pem;
            server_options.key_pem = pair.key_pem;
            options.ca_pem = ca.certificate_pem;
        }
        server_ = *http::listen(&loop_, &handler_, std::move(server_options));
        options.base_url = weft::cat(is_tls ? "https" : "http", "://127.0.0.1:", server_->port());
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Peer() {
        loop_.post_from_anywhere([this] { loop_.stop(); });
        thread_.join();
        io::run(&loop_, server_->close(io::second));
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    [[nodiscard]] double cpu() { return cpu_seconds(thread_.native_handle()); }
    [[nodiscard]] const io::HoldTimes& hold_times() const { return loop_.hold_times(); }

    http::ClientOptions options;

private:
    io::RealLoop loop_;
    Kilobyte handler_{&loop_};
    std::unique_ptr<http::Server> server_;
    std::thread thread_;
};

io::Task<void> get_in_turn(http::Transport* client, int count) {
    for (int i = 0; i < count; ++i) {
        const auto answer = co_await client->send({.method = "GET", .target = "/api/v1/pods/web"});
        if (!answer) {
            io::log(io::LogLevel::error, "request failed", {{"error", answer.error()}});
        }
        CHECK(answer.has_value() && answer->body_size() == 1024);
    }
}

io::Task<void> get_all(io::Loop* loop, http::Transport* client, int clients, int each) {
    io::Scope scope(loop);
    for (int i = 0; i < clients; ++i) {
        scope.spawn(get_in_turn(client, each));
    }
    co_await scope.join();
}

void get(benchmark::State& state, bool is_tls, bool is_h2) {
    constexpr int each = 50;
    const auto clients = static_cast<int>(state.range(0));
    Peer peer(is_tls);
    io::RealLoop loop;
    peer.options.http2_prior_knowledge = is_h2 && !is_tls;
    peer.options.http1_only = !is_h2;
    const auto client = *http::connect(&loop, peer.options);
    io::run(&loop, get_all(&loop, client.get(), clients, 1));
    const double server_start = peer.cpu();
    const double client_start = cpu_seconds(pthread_self());
    for ([[maybe_unused]] const auto turn : state) {
        io::run(&loop, get_all(&loop, client.get(), clients, each));
    }
    const double requests = static_cast<double>(state.iterations()) * clients * each;
    state.SetItemsProcessed(static_cast<int64_t>(requests));
    state.counters["per_server_core"] = requests / (peer.cpu() - server_start);
    state.counters["per_client_core"] = requests / (cpu_seconds(pthread_self()) - client_start);
}

void h1_plain(benchmark::State& state) {
    get(state, false, false);
}
void h1_tls(benchmark::State& state) {
    get(state, true, false);
}
void h2_plain(benchmark::State& state) {
    get(state, false, true);
}
void h2_tls(benchmark::State& state) {
    get(state, true, true);
}
BENCHMARK(h1_plain)->Arg(1)->Arg(64)->UseRealTime();
BENCHMARK(h1_tls)->Arg(64)->UseRealTime();
BENCHMARK(h2_plain)->Arg(1)->Arg(64)->UseRealTime();
BENCHMARK(h2_tls)->Arg(64)->UseRealTime();

io::Task<void> open_watches(http::Transport* client, int count, std::vector<http::Response>* open) {
    for (int i = 0; i < count; ++i) {
        auto answer = co_await client->send({.method = "GET", .target = "/watch"});
        CHECK(answer.has_value() && answer->source != nullptr);
        open->push_back(*std::move(answer));
    }
}

// Server and client live in one process here, so a server alone needs about half.
void idle_streams(benchmark::State& state, bool is_tls, bool is_h2) {
    constexpr int count = 300;
    for ([[maybe_unused]] const auto turn : state) {
        Peer peer(is_tls);
        io::RealLoop loop;
        peer.options.http2_prior_knowledge = is_h2 && !is_tls;
        peer.options.http1_only = !is_h2;
        const auto client = *http::connect(&loop, peer.options);
        std::vector<http::Response> open;
        io::run(&loop, open_watches(client.get(), 1, &open));
        const auto before = mallinfo2();
        io::run(&loop, open_watches(client.get(), count, &open));
        const auto after = mallinfo2();
        state.counters["bytes_per_idle_stream"] =
            static_cast<double>(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
            count;
        open.clear();
    }
}

void idle_h1_plain(benchmark::State& state) {
    idle_streams(state, false, false);
}
void idle_h1_tls(benchmark::State& state) {
    idle_streams(state, true, false);
}
void idle_h2_tls(benchmark::State& state) {
    idle_streams(state, true, true);
}
BENCHMARK(idle_h1_plain)->Iterations(1);
BENCHMARK(idle_h1_tls)->Iterations(1);
BENCHMARK(idle_h2_tls)->Iterations(1);

void make_certificate(benchmark::State& state) {
    io::RealLoop clock;
    const auto ca = *io::tls::make_ca("bench", clock.now());
    io::tls::Subject subject;
    subject.common_name = "somebody";
    for ([[maybe_unused]] const auto turn : state) {
        benchmark::DoNotOptimize(io::tls::make_certificate(ca, subject, io::second, clock.now()));
    }
}
BENCHMARK(make_certificate);

}  // namespace

BENCHMARK_MAIN();
