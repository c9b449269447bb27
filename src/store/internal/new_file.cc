// store/internal/new_file.cc: write, rename, sync the directory.

#include "store/internal/new_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace weft::store::internal {

void sync_directory(const std::filesystem::path& file) {
    const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        static_cast<void>(::fsync(descriptor));
        ::close(descriptor);
    }
}

NewFile::NewFile(std::filesystem::path path) : path_(std::move(path)), partial_(path_) {
    partial_ += ".partial";
}

void NewFile::remove_partial() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-journal"}) {
        std::filesystem::path file = partial_;
        file += suffix;
        std::filesystem::remove(file, ignored);
    }
}

NewFile::~NewFile() {
    if (!partial_.empty()) {  // Moved from, otherwise.
        remove_partial();
    }
}

Result<NewFile> NewFile::begin(std::filesystem::path path) {
    std::error_code failed;
    if (std::filesystem::exists(path, failed)) {
        return make_error(Reason::already_exists, path.native(),
                          " exists; give the backup another name or move that file away");
    }
    NewFile file(std::move(path));
    file.remove_partial();
    return file;
}

Status NewFile::finish() const {
    std::error_code failed;
    std::filesystem::rename(partial_, path_, failed);
    if (failed) {
        return make_error(Reason::io, "renaming ", partial_.native(), " to ", path_.native(), ": ",
                          failed.message());
    }
    sync_directory(path_);
    return {};
}

}  // namespace weft::store::internal
