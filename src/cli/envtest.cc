// cli/envtest.cc: the flags of kube-apiserver and etcd that controller-runtime's envtest passes.

#include "cli/envtest.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/limits.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "cli/token_file.h"
#include "cluster/cluster.h"
#include "io/file.h"
#include "server/server.h"
#include "store/store.h"

namespace weft::cli {

namespace {

constexpr std::string_view api_server_help = R"(weft as a stand-in for kube-apiserver, for tests.

The store is in memory; --etcd-servers is ignored. Flags that are not listed are ignored, too.

Flags:
      --bind-address ip                        the address to listen on (127.0.0.1)
      --secure-port int                        the port to listen on; 0: any that is free (6443)
      --cert-dir string                        a folder with apiserver.crt and apiserver.key
      --tls-cert-file string                   the certificate, if it is not in --cert-dir
      --tls-private-key-file string            its key
      --client-ca-file string                  whoever has a certificate of this authority is known
      --token-auth-file string                 lines of token,user,uid,"group1,group2"
      --service-account-issuer string          the issuer of tokens
      --service-cluster-ip-range string        addresses of Services (10.96.0.0/16)
      --anonymous-auth                         whether strangers are system:anonymous (true)
      --runtime-config string                  api/all=true serves alpha and beta versions, too
      --weft-workloads string                  instant or delayed: a simulated cluster around it, with
                                               garbage collection, namespaces and workloads (off)
)";

constexpr std::string_view etcd_help = R"(weft as a stand-in for etcd, for tests.

Answers health checks and stores nothing: the API server beside it has a store of its own.

Flags:
      --listen-client-urls string   where to listen (http://127.0.0.1:2379)
)";

// --name=value, --name value, --name.
std::map<std::string, std::string> parse_flags(const std::vector<std::string>& arguments) {
    std::map<std::string, std::string> flags;
    for (size_t i = 0; i < arguments.size(); ++i) {
        std::string_view word = arguments[i];
        if (!word.starts_with("-")) {
            continue;
        }
        word.remove_prefix(word.starts_with("--") ? 2 : 1);
        const size_t equals = word.find('=');
        std::string name(word.substr(0, equals));
        if (equals != std::string_view::npos) {
            flags[std::move(name)] = word.substr(equals + 1);
        } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("-")) {
            flags[std::move(name)] = arguments[++i];
        } else {
            flags[std::move(name)] = "true";
        }
    }
    return flags;
}

using Flags = std::map<std::string, std::string>;

std::string flag(const Flags& flags, const std::string& name, std::string otherwise = {}) {
    const auto found = flags.find(name);
    return found == flags.end() ? otherwise : found->second;
}

Result<uint16_t> parse_port(const std::string& text) {
    constexpr uint64_t port_max = 65535;
    const auto port = parse_uint(text);
    if (!port || *port > port_max) {
        return make_error(Reason::bad_request, quote(text), " is no port");
    }
    return static_cast<uint16_t>(*port);
}

// What runs in the process of the API server.
struct ApiParts {
    std::unique_ptr<store::Store> store;
    std::unique_ptr<server::ApiServer> api;
    std::unique_ptr<io::http::Transport> admin;
    std::unique_ptr<io::http::Server> listener;
    std::unique_ptr<cluster::Cluster> cluster;
};

io::Task<Status> start_api(io::RealLoop* loop, const Flags* given, ApiParts* parts) {
    const Flags& flags = *given;
    const std::string folder = flag(flags, "cert-dir");
    const std::string certificate = flag(flags, "tls-cert-file", folder + "/apiserver.crt");
    const std::string key = flag(flags, "tls-private-key-file", folder + "/apiserver.key");
    io::http::ServerOptions listen;
    listen.address = flag(flags, "bind-address", "127.0.0.1");
    listen.port = CO_TRY(parse_port(flag(flags, "secure-port", "6443")));
    listen.certificate_pem = CO_TRY(read_file(certificate));
    listen.key_pem = CO_TRY(read_file(key));
    if (const std::string file = flag(flags, "client-ca-file"); !file.empty()) {
        listen.client_ca_pem = CO_TRY(read_file(file));
    }

    parts->store = store::memory(loop);
    server::Options options;
    options.loop = loop;
    options.store = parts->store.get();
    options.all_versions = flag(flags, "runtime-config").find("api/all=true") != std::string::npos;
    options.allow_anonymous = flag(flags, "anonymous-auth", "true") != "false";
    options.advertise_address = listen.address;
    options.advertise_port = listen.port;
    options.service_cidr = flag(flags, "service-cluster-ip-range", options.service_cidr);
    options.token_issuer = flag(flags, "service-account-issuer", options.token_issuer);
    options.tokens = CO_TRY(read_token_file(flag(flags, "token-auth-file")));
    parts->api = CO_TRY(co_await server::ApiServer::start(std::move(options)));
    parts->listener = CO_TRY(io::http::listen(loop, parts->api.get(), std::move(listen)));

    const std::string workloads = flag(flags, "weft-workloads", "off");
    if (workloads == "instant" || workloads == "delayed") {
        io::http::Peer peer;
        peer.has_certificate = true;
        peer.certificate_name = "kube-controller-manager";
        peer.certificate_groups = {"system:masters"};
        parts->admin = io::http::in_process(parts->api.get(), std::move(peer));
        parts->cluster = std::make_unique<cluster::Cluster>(
            loop, parts->admin.get(),
            cluster::Options{.workloads = workloads == "instant" ? cluster::WorkloadMode::instant
                                                                 : cluster::WorkloadMode::delayed});
        CO_TRY(co_await parts->cluster->start());
    } else if (workloads != "off") {
        co_return make_error(Reason::bad_request,
                             "--weft-workloads is off, instant or delayed, not ", workloads);
    }
    co_return Status{};
}

io::Task<int> serve_api(io::RealLoop* loop, Flags flags) {
    ApiParts parts;
    const Status started = co_await start_api(loop, &flags, &parts);
    int code = exit_ok;
    if (started) {
        complain(cat("weft: kube-apiserver is ready on port ", parts.listener->port(), "\n"));
        co_await wait_for_cancel(loop);
    } else {
        code = not_started(started.error());
    }
    if (parts.cluster != nullptr) {
        co_await parts.cluster->stop();
    }
    if (parts.listener != nullptr) {
        co_await parts.listener->close(shutdown_grace);
    }
    if (parts.api != nullptr) {
        co_await parts.api->close();
    }
    if (parts.store != nullptr) {
        co_await parts.store->close();
    }
    co_return code;
}

// What a health check of etcd is answered.
class Healthy : public io::http::Handler {
public:
    io::Task<io::http::Response> handle(io::http::Request request) override {
        constexpr int ok = 200;
        constexpr int not_found = 404;
        const std::string_view path =
            std::string_view(request.target).substr(0, request.target.find('?'));
        if (path == "/health" || path == "/readyz" || path == "/livez") {
            co_return io::http::Response::text(ok, "application/json",
                                               R"({"health":"true","reason":""})");
        }
        co_return io::http::Response::text(not_found, "text/plain; charset=utf-8",
                                           "404 page not found\n");
    }
};

io::Task<int> serve_etcd(io::RealLoop* loop, Flags flags) {
    std::string url = flag(flags, "listen-client-urls", "http://127.0.0.1:2379");
    url = url.substr(0, url.find(','));
    const size_t host = url.find("://");
    const size_t colon = url.rfind(':');
    Healthy healthy;
    io::http::ServerOptions listen;
    const auto port = colon == std::string::npos || colon <= host
                          ? Result<uint16_t>(make_error(Reason::bad_request, quote(url),
                                                        " is no http://HOST:PORT"))
                          : parse_port(url.substr(colon + 1));
    if (!port) {
        co_return not_started(port.error());
    }
    listen.port = *port;
    listen.address =
        host == std::string::npos ? url.substr(0, colon) : url.substr(host + 3, colon - host - 3);
    if (listen.address == "localhost") {
        listen.address = "127.0.0.1";
    }
    auto server = io::http::listen(loop, &healthy, std::move(listen));
    if (!server) {
        co_return not_started(server.error());
    }
    co_await wait_for_cancel(loop);
    co_await (*server)->close(shutdown_grace);
    co_return exit_ok;
}

}  // namespace

std::optional<int> run_stand_in(std::string_view program,
                                const std::vector<std::string>& arguments) {
    const std::string name = std::filesystem::path(program).filename();
    const bool is_api_server = name == "kube-apiserver";
    if (!is_api_server && name != "etcd") {
        return std::nullopt;
    }
    if (std::ranges::any_of(
            arguments, [](const std::string& word) { return word == "--help" || word == "-h"; })) {
        print(is_api_server ? api_server_help : etcd_help);
        return exit_ok;
    }
    if (std::ranges::find(arguments, "--version") != arguments.end()) {
        print(is_api_server ? "Kubernetes v1.36.3+weft\n" : "etcd Version: 3.6.0+weft\n");
        return exit_ok;
    }
    Flags flags = parse_flags(arguments);
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) {
        return is_api_server ? serve_api(&loop, flags) : serve_etcd(&loop, flags);
    });
}

int run_envtest_install(const EnvtestOptions& options) {
    std::error_code failed;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
    Status done = failed
                      ? Status(make_error(Reason::io, "finding this program: ", failed.message()))
                      : io::make_directories(options.folder);
    for (const std::string_view name : {"kube-apiserver", "etcd"}) {
        if (!done) {
            break;
        }
        const std::filesystem::path link = std::filesystem::path(options.folder) / name;
        if (std::filesystem::is_symlink(link)) {
            std::filesystem::remove(link, failed);
        }
        std::filesystem::create_symlink(self, link, failed);
        if (failed) {
            done = make_error(Reason::io, "making ", link.native(), ": ", failed.message(),
                              "\n  cure: name a folder that has no such file");
        }
    }
    if (!done) {
        return not_started(done.error());
    }
    print(cat(std::filesystem::absolute(options.folder, failed).native(), "\n"));
    return exit_ok;
}

}  // namespace weft::cli
