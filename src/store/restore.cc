// store/restore.cc: putting a backup into the place of a store's file.

#include <sys/stat.h>

#include "store/internal/database.h"
#include "store/internal/lock_file.h"
#include "store/internal/new_file.h"
#include "store/store.h"

namespace weft::store {

namespace {

using internal::Database;
using internal::DiskState;
using internal::Index;
using internal::LockFile;

// Opens the file, which reads and checks all of it.
Status check_whole(Index* index, const std::filesystem::path& file) {
    // What an absent file would become.
    if (!std::filesystem::exists(file)) {
        return make_error(Reason::not_found, file.native(), ": no such file");
    }
    DiskState state;
    const auto database =
        TRY(Database::open({.file = file, .sync = Sync::full, .vfs = ""}, index, &state));
    return database->close();
}

Status copy_backup(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code failed;
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, failed);
    if (failed) {
        return make_error(
            failed == std::errc::no_such_file_or_directory ? Reason::not_found : Reason::io,
            "copying ", from.native(), " to ", to.native(), ": ", failed.message());
    }
    ::chmod(to.c_str(), 0600);
    return {};
}

void remove_with_log(std::filesystem::path file) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    file += "-wal";
    std::filesystem::remove(file, ignored);
}

Status restore_now(Index* index, const std::filesystem::path& from, const std::filesystem::path& to,
                   bool replace) {
    std::filesystem::path lock_path = to;
    lock_path += ".lock";
    const LockFile lock = TRY(LockFile::take(lock_path));
    if (std::filesystem::exists(to) && !replace) {
        return make_error(Reason::already_exists, to.native(),
                          " exists already; nothing was changed");
    }
    std::filesystem::path partial = to;
    partial += ".restoring";
    TRY(copy_backup(from, partial));
    if (const Status whole = check_whole(index, partial); !whole) {
        remove_with_log(partial);
        return whole.error().with_context(cat(from.native(), " is no whole backup"));
    }
    // The log of the old file belongs to nothing once its file has gone; it must go first, or a
    // crash in between would lay it over the new one.
    std::error_code failed;
    std::filesystem::path log = to;
    log += "-wal";
    std::filesystem::remove(log, failed);
    if (!failed) {
        std::filesystem::rename(partial, to, failed);
    }
    if (failed) {
        remove_with_log(partial);
        return make_error(Reason::io, "moving ", partial.native(), " to ", to.native(), ": ",
                          failed.message());
    }
    internal::sync_directory(to);
    return {};
}

}  // namespace

io::Task<Status> restore(io::Loop* loop, std::filesystem::path from, std::filesystem::path to,
                         bool replace) {
    Index index(loop);
    Status done = co_await io::offload(
        loop, [&index, &from, &to, replace] { return restore_now(&index, from, to, replace); });
    index.close();
    co_return done;
}

io::Task<Status> check_backup(io::Loop* loop, std::filesystem::path file) {
    Index index(loop);
    Status done = co_await io::offload(loop, [&index, &file] { return check_whole(&index, file); });
    index.close();
    co_return done;
}

}  // namespace weft::store
