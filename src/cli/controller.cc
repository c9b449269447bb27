// cli/controller.cc: `weft controller`: the graph controllers against any Kubernetes.

#include <unistd.h>

#include "cli/commands.h"
#include "cli/limits.h"
#include "cli/live.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "control/control.h"

namespace weft::cli {

namespace {

struct Address {
    std::string host;
    uint16_t port = 0;
};

// ":8079", "127.0.0.1:8079", "0" or "" for none.
Result<std::optional<Address>> parse_address(const std::string& text) {
    if (text.empty() || text == "0") {
        return std::optional<Address>();
    }
    const size_t colon = text.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_uint(text.substr(colon + 1));
    if (!port || *port > 65535) {
        return make_error(Reason::invalid, quote(text), " is no address: write HOST:PORT or :PORT");
    }
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return std::optional(Address{host.empty() ? "0.0.0.0" : host, static_cast<uint16_t>(*port)});
}

// /healthz and /readyz, /metrics: what a pod's probes and a scraper ask.
class Probes : public io::http::Handler {
public:
    explicit Probes(io::RealLoop* loop) : loop_(loop) {}

    // Null while this process starts, waits to lead, or stops.
    control::Manager* manager = nullptr;
    // Another process leads, and this one can take over at any moment.
    bool is_standing_by = false;
    bool leads = false;

    io::Task<io::http::Response> handle(io::http::Request request) override {
        const std::string path = request.target.substr(0, request.target.find('?'));
        if (path == "/healthz" || path == "/livez") {
            co_return answer(manager == nullptr ? "" : manager->unhealthy());
        }
        if (path == "/readyz") {
            co_return answer(manager != nullptr ? manager->unready()
                             : is_standing_by   ? ""
                                                : "the controllers have not been started yet");
        }
        if (path == "/metrics") {
            co_return io::http::Response::text(200, io::Metrics::content_type, metrics());
        }
        co_return io::http::Response::text(404, "text/plain; charset=utf-8",
                                           "404 page not found\n");
    }

private:
    static io::http::Response answer(const std::string& why_not) {
        return why_not.empty()
                   ? io::http::Response::text(200, "text/plain; charset=utf-8", "ok")
                   : io::http::Response::text(500, "text/plain; charset=utf-8", why_not + "\n");
    }

    [[nodiscard]] std::string metrics() {
        io::Metrics own;
        own.gauge("leader_election_master_status", "Whether this process leads.",
                  {{"name", "controller.kro.run"}})
            ->set(leads ? 1 : 0);
        own.gauge("kro_build_info", "What runs.", {{"version", control::ControlOptions{}.version}})
            ->set(1);
        io::read_process_metrics(&own);
        io::add_loop_metrics(&own, loop_);
        return own.text() + (manager == nullptr ? "" : manager->metrics_text());
    }

    io::RealLoop* loop_;
};

std::string identity_of(io::Loop* loop) {
    char host[256] = "weft";
    static_cast<void>(gethostname(host, sizeof host - 1));
    unsigned char bytes[8];
    loop->fill_random(bytes);
    return cat(host, "_", hex_encode({reinterpret_cast<const char*>(bytes), sizeof bytes}));
}

// Leads (if that is asked for), starts the controllers and waits. Ends when it is cancelled or
// cannot go on.
io::Task<Status> lead_and_run(io::RealLoop* loop, io::http::Transport* transport,
                              ControllerOptions options, std::string own_namespace,
                              Probes* probes) {
    kube::Client client(transport);
    kube::LeaderElector elector(
        loop, &client,
        {.namespace_ = options.leader_namespace.empty() ? own_namespace : options.leader_namespace,
         .name = "controller.kro.run",
         .identity = identity_of(loop),
         .lease_duration = options.lease_duration,
         .renew_deadline = options.renew_deadline,
         .retry_period = options.retry_period});
    elector.on_error = [&options](const Error& error) {
        options.control.log(control::LogLevel::warn, "the lease cannot be had",
                            {{"error", error.text()}});
    };
    if (options.leader_elect) {
        // A process that only waits to lead is ready to do so.
        probes->is_standing_by = true;
        CO_TRY(co_await elector.acquire());
        probes->is_standing_by = false;
        options.control.log(control::LogLevel::info, "leading", {{"identity", elector.holder()}});
    }
    probes->leads = true;
    control::Manager manager(loop, transport, options.control);
    probes->manager = &manager;
    Status ended = co_await manager.start();
    if (ended) {
        options.control.log(control::LogLevel::info, "controllers run",
                            {{"version", options.control.version}});
        if (options.leader_elect) {
            ended = co_await elector.hold();
        } else {
            co_await wait_for_cancel(loop);
            ended = make_error(Reason::cancelled, "cancelled");
        }
    }
    probes->manager = nullptr;
    const bool is_told_to_stop = !ended && ended.error().reason() == Reason::cancelled;
    // Passes under way come to their end, unless the lease is lost: then another one works already.
    co_await manager.stop(is_told_to_stop ? options.shutdown_timeout : 0);
    probes->leads = false;
    if (options.leader_elect && !ended && ended.error().reason() == Reason::cancelled) {
        // This scope is cancelled; giving the lease up must still be possible.
        io::Scope last(loop);
        std::optional<Status> released;
        last.spawn([](kube::LeaderElector* lease, io::Loop* clock,
                      std::optional<Status>* out) -> io::Task<void> {
            *out = co_await io::with_timeout<void>(clock, shutdown_grace, "giving up the lease",
                                                   lease->release());
        }(&elector, loop, &released));
        co_await last.join();
        if (released && !*released) {
            options.control.log(control::LogLevel::warn, "the lease cannot be given up",
                                {{"error", released->error().text()}});
        }
    }
    co_return ended;
}

io::Task<int> controller(io::RealLoop* loop, ControllerOptions options, kube::Config config) {
    Probes probes(loop);
    std::vector<std::unique_ptr<io::http::Server>> servers;
    Status failure;
    for (const std::string& text : {options.health_address, options.metrics_address}) {
        const auto address = parse_address(text);
        if (!address) {
            failure = Error(address.error());
            break;
        }
        if (!*address) {
            continue;
        }
        io::http::ServerOptions listen;
        listen.address = (*address)->host;
        listen.port = (*address)->port;
        auto server = io::http::listen(loop, &probes, listen);
        if (!server) {
            failure = Error(server.error()).with_context("listening on " + text);
            break;
        }
        servers.push_back(*std::move(server));
    }
    int code = exit_failed;
    if (failure) {
        config.client.user_agent = cat("kro/", options.control.version);
        const auto transport = io::http::connect(loop, config.client);
        failure = transport ? co_await lead_and_run(loop, transport->get(), options,
                                                    config.namespace_, &probes)
                            : Status(Error(transport.error()));
    }
    if (!failure && failure.error().reason() == Reason::cancelled) {
        code = exit_ok;
    } else if (!failure) {
        complain(cat("weft: ", failure.error().text(), "\n"));
    }
    for (const auto& server : servers) {
        co_await server->close(0);
    }
    co_return code;
}

}  // namespace

int run_controller(const ControllerOptions& options) {
    const Result<kube::Config> config = find_config(options.kubeconfig, options.context);
    if (!config) {
        complain(cat("weft: ", config.error().text(), "\n"));
        return exit_failed;
    }
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return controller(&loop, options, *config); });
}

}  // namespace weft::cli
