// cli/embedded.cc: starting and stopping everything, in order.

#include "cli/embedded.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/identity.h"
#include "cli/limits.h"
#include "cli/terminal.h"
#include "cli/token_file.h"
#include "io/file.h"
#include "kube/kube.h"

namespace weft::cli {

namespace {

// A folder that only this user can read, for the kubeconfig of a server that keeps nothing.
std::string private_folder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime != '\0') {
        return cat(runtime, "/weft");
    }
    std::error_code code;
    const std::filesystem::path base = std::filesystem::temp_directory_path(code);
    return cat(code ? "/tmp" : base.string(), "/weft-", getuid());
}

// On a full disk nothing says so: every write fails and the start hangs. So look before.
Status make_data_dir(const std::string& path) {
    TRY(io::make_directories(path, 0700));
    struct statvfs disk{};
    if (statvfs(path.c_str(), &disk) != 0) {
        return {};
    }
    const uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
    if (free < disk_free_min) {
        return make_error(Reason::io, "only ", free / 1024, " KiB are free in ", path,
                          "\n  cure: free ", disk_free_min / 1024 / 1024,
                          " MiB, or keep the data elsewhere with --data-dir");
    }
    return {};
}

// The stages of all files and folders, in order; "cloud" stands for those that come with weft.
Result<std::vector<cluster::Stage>> read_stages(const std::vector<std::string>& paths) {
    std::vector<cluster::Stage> out;
    const auto add = [&](std::vector<cluster::Stage> stages) {
        std::ranges::move(stages, std::back_inserter(out));
    };
    for (const std::string& path : paths) {
        if (path == "cloud" && !std::filesystem::exists(path)) {
            add(cluster::cloud_stages());
            continue;
        }
        std::vector<std::string> files = {path};
        if (std::filesystem::is_directory(path)) {
            files.clear();
            for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
                if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") {
                    files.push_back(entry.path());
                }
            }
            std::ranges::sort(files);
        }
        for (const std::string& file : files) {
            const std::string text = TRY(read_file(file));
            add(TRY(cluster::Stage::parse_all(text, file)));
        }
    }
    return out;
}

io::http::Peer administrator() {
    io::http::Peer peer;
    peer.address = "in-process";
    peer.has_certificate = true;
    peer.certificate_name = "kubernetes-admin";
    peer.certificate_groups = {"system:masters"};
    return peer;
}

}  // namespace

Embedded::~Embedded() = default;

io::Task<Result<std::unique_ptr<Embedded>>> Embedded::start(io::RealLoop* loop, ServerFlags flags,
                                                            control::ControlOptions control) {
    std::unique_ptr<Embedded> embedded(new Embedded(loop));
    Status started = co_await io::with_timeout<void>(
        loop, start_timeout, "starting the server",
        embedded->start_parts(std::move(flags), std::move(control)));
    if (!started) {
        co_await embedded->stop();
        co_return Error(started.error());
    }
    co_return embedded;
}

io::Task<Status> Embedded::start_parts(ServerFlags flags, control::ControlOptions control) {
    const Time now = loop_->now();
    Identity identity;
    if (flags.data_dir.empty()) {
        identity = CO_TRY(make_identity(flags.address, now));
        store_ = store::memory(loop_);
    } else {
        CO_TRY(make_data_dir(flags.data_dir));
        store_ = CO_TRY(co_await store::open_sqlite(
            loop_, {.file = std::filesystem::path(flags.data_dir) / "weft.db",
                    .sync = flags.sync,
                    .vfs = ""}));
        // After the store: its lock says that the folder is ours.
        identity = CO_TRY(keep_identity(flags.data_dir, flags.address, now));
    }
    // The port must be known before the server writes the Service default/kubernetes.
    server::Options options;
    options.loop = loop_;
    options.store = store_.get();
    options.all_versions = flags.all_versions;
    options.advertise_address = flags.address;
    options.advertise_port = flags.port;
    options.checks_policy_types = true;
    options.tokens = CO_TRY(read_token_file(flags.token_file));
    options.on_failure = [](const std::string& text) {
        complain(cat("weft: the server cannot do its work: ", text, "\n"));
    };
    api_ = CO_TRY(co_await server::ApiServer::start(std::move(options)));
    admin_ = io::http::in_process(api_.get(), administrator());

    io::http::ServerOptions listen;
    listen.address = flags.address;
    listen.port = flags.port;
    listen.certificate_pem = identity.server.certificate_pem;
    listen.key_pem = identity.server.key_pem;
    listen.client_ca_pem = identity.ca.certificate_pem;
    Result<std::unique_ptr<io::http::Server>> listener =
        io::http::listen(loop_, api_.get(), std::move(listen));
    if (!listener) {
        co_return make_error(Reason::io, "listening on ", flags.address, ":", flags.port, ": ",
                             listener.error().text(),
                             "\n  cure: stop what uses the port, or take another with "
                             "--port N (0: any that is free)");
    }
    listener_ = *std::move(listener);
    const std::string host = flags.address == "0.0.0.0" ? "127.0.0.1" : flags.address;
    url_ = cat("https://", host, ":", listener_->port());

    cluster_ = std::make_unique<cluster::Cluster>(
        loop_, admin_.get(),
        cluster::Options{.workloads = flags.workloads,
                         .seed = flags.seed,
                         .stages = CO_TRY(read_stages(flags.stages)),
                         .ca_pem = identity.ca.certificate_pem});
    CO_TRY(co_await cluster_->start());
    if (flags.controllers) {
        manager_ = std::make_unique<control::Manager>(loop_, admin_.get(), std::move(control));
        CO_TRY(co_await manager_->start());
    }

    kubeconfig_ = flags.kubeconfig;
    if (kubeconfig_.empty()) {
        std::string folder = flags.data_dir;
        if (folder.empty()) {
            folder = private_folder();
            kubeconfig_is_temporary_ = true;
            CO_TRY(io::make_directories(folder, 0700));
        }
        kubeconfig_ = kubeconfig_is_temporary_ ? cat(folder, "/", listener_->port(), ".kubeconfig")
                                               : folder + "/kubeconfig";
    }
    const std::string text =
        kube::write_kubeconfig({.server = url_,
                                .ca_pem = identity.ca.certificate_pem,
                                .certificate_pem = identity.admin.certificate_pem,
                                .key_pem = identity.admin.key_pem,
                                .token = ""});
    // Beside the data it stands always: `weft backup --data-dir` finds the server by it.
    if (!flags.data_dir.empty()) {
        CO_TRY(io::write_file(flags.data_dir + "/kubeconfig", text, 0600));
    }
    co_return io::write_file(kubeconfig_, text, 0600);
}

io::Task<void> Embedded::stop() {
    if (kubeconfig_is_temporary_ && !kubeconfig_.empty()) {
        static_cast<void>(io::remove_file(kubeconfig_));
    }
    if (manager_ != nullptr) {
        co_await manager_->stop();
    }
    if (cluster_ != nullptr) {
        co_await cluster_->stop();
    }
    if (listener_ != nullptr) {
        co_await listener_->close(shutdown_grace);
    }
    if (api_ != nullptr) {
        co_await api_->close();
    }
    if (store_ != nullptr) {
        co_await store_->close();
    }
}

}  // namespace weft::cli
