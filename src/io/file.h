// io/file.h: whole files, directories and locks. Calls block: at start, or on a Worker (run_on).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::io {

// Errors of all calls name the file in Go's words: "open web.yaml: no such file or directory".
// Reason::not_found where it is absent, forbidden where it may not be touched, io otherwise.

// The whole file, or "-" for standard input. Refuses more than `limit` bytes
// (Reason::request_entity_too_large) without reading on.
[[nodiscard]] Result<std::string> read_file(const std::string& path, size_t limit);

// The file holds the new bytes or the old ones, also after a crash: written beside, synced,
// renamed, the directory synced. `mode` is what the file gets (0600 for keys), whatever the umask.
// A symbolic link stays one. What is no file (a device, a pipe) is written to as it is.
[[nodiscard]] Status write_file(const std::string& path, std::string_view bytes,
                                unsigned mode = 0644);

// With all parents that are missing. No error if it is there.
[[nodiscard]] Status make_directories(const std::string& path, unsigned mode = 0755);

// The names in a directory, sorted, without "." and "..".
[[nodiscard]] Result<std::vector<std::string>> list_directory(const std::string& path);

[[nodiscard]] bool file_exists(const std::string& path);
// No error if it is absent.
[[nodiscard]] Status remove_file(const std::string& path);

// Holds an exclusive flock on a file as long as it lives; the file says the holder's process id.
// The kernel lets go when the process ends, however it ends. The file stays.
class FileLock {
public:
    // Reason::conflict if somebody holds it: "data/lock is held by process 4711".
    [[nodiscard]] static Result<FileLock> acquire(const std::string& path);

    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace weft::io
