// server/internal/backup.cc: a backup beside the store, sent piece by piece.

#include "server/internal/backup.h"

#include <filesystem>
#include <fstream>

#include "server/internal/metadata.h"
#include "server/limits.h"

namespace weft::server {

namespace {

// A file that has no name any more: it goes with its reader, however that ends.
class FileSource : public io::http::BodySource {
public:
    FileSource(io::Loop* loop, std::ifstream file) : loop_(loop), file_(std::move(file)) {}

    io::Task<Result<std::vector<io::http::SharedBytes>>> next() override {
        std::string bytes = co_await io::offload(loop_, [this] {
            std::string piece(limits::backup_piece_bytes, '\0');
            file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
            piece.resize(static_cast<size_t>(file_.gcount()));
            return piece;
        });
        std::vector<io::http::SharedBytes> pieces;
        if (!bytes.empty()) {
            pieces.push_back(io::http::share(std::move(bytes)));
        } else if (file_.bad()) {
            co_return make_error(Reason::io, "reading the backup");
        }
        co_return pieces;
    }

private:
    io::Loop* loop_;
    std::ifstream file_;
};

}  // namespace

io::Task<io::http::Response> serve_backup(Call* call) {
    Core* core = call->core;
    if (call->request.method != "GET") {
        co_return respond_error(*call, method_not_supported({"", "backup"}, call->request.method));
    }
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(failed);
    if (failed) {
        co_return respond_error(*call, internal_error(failed.message()));
    }
    const std::filesystem::path path = folder / cat("weft-backup-", make_uid(core->loop));
    if (const Status made = co_await core->store->backup(path); !made) {
        co_return respond_error(*call, made.error());
    }
    std::ifstream file(path, std::ios::binary);
    std::filesystem::remove(path, failed);
    if (!file.is_open()) {
        co_return respond_error(*call, internal_error("the backup cannot be read"));
    }
    io::http::Response response;
    response.headers.set("content-type", "application/vnd.sqlite3");
    response.source = std::make_unique<FileSource>(core->loop, std::move(file));
    co_return response;
}

}  // namespace weft::server
