// cli/backup.cc: `weft backup` and `weft restore`.

#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/limits.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "io/file.h"
#include "kube/kube.h"

namespace weft::cli {

namespace {

std::filesystem::path store_file(const std::string& data_dir) {
    return std::filesystem::path(data_dir) / "weft.db";
}

// What the running server sends, into `to`; checked before it gets that name.
io::Task<Status> fetch(io::RealLoop* loop, std::string kubeconfig, std::string context,
                       std::filesystem::path to) {
    const std::string text = CO_TRY(read_file(kubeconfig).context("reading the kubeconfig"));
    const kube::Config config =
        CO_TRY(kube::parse_kubeconfig(text, kubeconfig, context, read_file));
    const std::unique_ptr<io::http::Transport> transport =
        CO_TRY(io::http::connect(loop, config.client));
    io::http::Request request;
    request.method = "GET";
    request.target = "/weft/backup";
    io::http::Response response =
        CO_TRY((co_await transport->send(std::move(request))).context("asking the server"));
    constexpr int ok = 200;
    if (response.status != ok) {
        const int status = response.status;
        const auto body = co_await io::http::read_all(std::move(response), error_bytes_max);
        const auto said = body ? parse_json(*body) : Result<Value>(Value());
        co_return make_error(Reason::io, "the server answered ", status, ": ",
                             said ? said->string_at("message") : "no reason",
                             "\n  cure: a backup needs an administrator of a weft server");
    }
    std::filesystem::path partial = to;
    partial += ".partial";
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    const auto write = [&](const std::vector<io::http::SharedBytes>& pieces) {
        for (const io::http::SharedBytes& piece : pieces) {
            file.write(piece->data(), static_cast<std::streamsize>(piece->size()));
        }
    };
    write(response.pieces);
    Status received;
    while (response.source != nullptr) {
        auto pieces = co_await response.source->next();
        if (!pieces) {
            received = pieces.error();
            break;
        }
        if (pieces->empty()) {
            break;
        }
        write(*pieces);
    }
    file.close();
    if (received && !file) {
        received = make_error(Reason::io, "writing ", partial.native(),
                              "\n  cure: free some space, or take another --to");
    }
    if (received) {
        received = co_await store::check_backup(loop, partial);
    }
    std::error_code failed;
    if (received) {
        std::filesystem::permissions(
            partial, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
            failed);
        std::filesystem::rename(partial, to, failed);
        if (failed) {
            received = make_error(Reason::io, "naming ", to.native(), ": ", failed.message());
        }
    }
    if (!received) {
        std::filesystem::remove(partial, failed);
    }
    co_return received;
}

// The folder's own store, if no process has it; else what that process sends.
io::Task<Status> back_up_folder(io::RealLoop* loop, std::string data_dir,
                                std::filesystem::path to) {
    if (!std::filesystem::exists(store_file(data_dir))) {
        co_return make_error(Reason::not_found, "there is no store in ", data_dir,
                             "\n  cure: name the folder that `weft serve --data-dir` was given");
    }
    auto store = co_await store::open_sqlite(loop, {.file = store_file(data_dir)});
    if (!store) {
        const std::string kubeconfig = data_dir + "/kubeconfig";
        if (store.error().reason() == Reason::conflict && io::file_exists(kubeconfig)) {
            co_return co_await fetch(loop, kubeconfig, "", std::move(to));
        }
        co_return store.error();
    }
    Status done = co_await (*store)->backup(std::move(to));
    co_await (*store)->close();
    co_return done;
}

io::Task<int> back_up(io::RealLoop* loop, BackupOptions options) {
    const std::filesystem::path to(options.to);
    Status done;
    if (io::file_exists(options.to)) {
        done = make_error(Reason::already_exists, options.to,
                          " exists\n  cure: give the backup another name, or move that file away");
    } else if (!options.data_dir.empty()) {
        done = co_await back_up_folder(loop, options.data_dir, to);
    } else {
        done = co_await fetch(loop, options.kubeconfig, options.context, to);
    }
    if (!done) {
        co_return not_started(done.error());
    }
    print(cat("weft: backed up to ", options.to, "\n"));
    co_return exit_ok;
}

bool is_empty_folder(const std::string& path) {
    std::error_code failed;
    return !std::filesystem::exists(path, failed) || std::filesystem::is_empty(path, failed);
}

io::Task<int> put_back(io::RealLoop* loop, RestoreOptions options) {
    Status done;
    if (!io::file_exists(options.from)) {
        done = make_error(Reason::not_found, options.from, ": no such file");
    } else if (!options.force && !is_empty_folder(options.data_dir)) {
        done = make_error(Reason::already_exists, options.data_dir,
                          " is not empty\n  cure: name an empty folder, or replace the store in "
                          "this one with --force");
    } else {
        done = io::make_directories(options.data_dir, 0700);
    }
    if (done) {
        done = co_await store::restore(loop, options.from, store_file(options.data_dir),
                                       options.force);
    }
    if (!done) {
        co_return not_started(done.error());
    }
    print(cat("weft: restored ", options.from, " into ", options.data_dir, "\n"));
    co_return exit_ok;
}

}  // namespace

int run_backup(const BackupOptions& options) {
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return back_up(&loop, options); });
}

int run_restore(const RestoreOptions& options) {
    io::RealLoop loop;
    return run_until_signal(&loop, [&](io::Scope*) { return put_back(&loop, options); });
}

}  // namespace weft::cli
