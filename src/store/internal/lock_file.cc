// store/internal/lock_file.cc: flock and the holder's process id.

#include "store/internal/lock_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace weft::store::internal {

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

LockFile::~LockFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<LockFile> LockFile::take(const std::filesystem::path& path) {
    LockFile lock;
    lock.descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock.descriptor_ < 0) {
        return make_error(Reason::io, "opening ", path.native(), ": ", std::strerror(errno),
                          "; the directory must exist and be writable");
    }
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        char text[32];
        const ssize_t size = ::pread(lock.descriptor_, text, sizeof text, 0);
        const std::string_view holder =
            trim(std::string_view(text, size > 0 ? static_cast<size_t>(size) : 0));
        return make_error(Reason::conflict, path.native(), " is held by process ",
                          holder.empty() ? "(unknown)" : holder,
                          "; stop that process, or use another data directory");
    }
    const std::string pid = cat(static_cast<int64_t>(::getpid()), "\n");
    // The number is for people only, so a disk that is full here does not matter.
    if (::ftruncate(lock.descriptor_, 0) == 0) {
        static_cast<void>(::pwrite(lock.descriptor_, pid.data(), pid.size(), 0) < 0);
    }
    return lock;
}

}  // namespace weft::store::internal
