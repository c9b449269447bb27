// io/file.cc: files by system calls.

#include "io/file.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/internal/sockets.h"
#include "io/internal/wire.h"

namespace weft::io {

namespace {

Error file_error(std::string_view call, const std::string& path, int number = errno) {
    const Reason reason = number == ENOENT                      ? Reason::not_found
                          : number == EACCES || number == EPERM ? Reason::forbidden
                                                                : Reason::io;
    return make_error(reason, call, " ", path, ": ", internal::errno_text(number));
}

Result<std::string> read_descriptor(int descriptor, const std::string& path, size_t limit) {
    std::string out;
    struct stat status{};
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        out.reserve(std::min(static_cast<size_t>(status.st_size) + 1, limit + 1));
    }
    constexpr size_t step = 64 * 1024;
    while (true) {
        const size_t size = out.size();
        out.resize(std::min(std::max(size + step, out.capacity()), limit + 1));
        const ssize_t got = read(descriptor, out.data() + size, out.size() - size);
        if (got < 0 && errno != EINTR) {
            return file_error("read", path);
        }
        out.resize(size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
        if (out.size() > limit) {
            return make_error(Reason::request_entity_too_large, path, " is larger than ", limit,
                              " bytes");
        }
        if (got == 0) {
            return out;
        }
    }
}

Status write_all(int descriptor, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written = write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return file_error("write", path);
        }
        bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
    }
    return {};
}

// The file that a symbolic link stands for, so that the link stays one; else the name itself.
std::string behind_links(const std::string& name) {
    std::error_code code;
    const std::filesystem::path found = std::filesystem::canonical(name, code);
    return code ? name : found.string();
}

std::string directory_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t limit) {
    if (path == "-") {
        return read_descriptor(STDIN_FILENO, "standard input", limit);
    }
    const internal::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        return file_error("open", path);
    }
    return read_descriptor(file.get(), path, limit);
}

Status write_file(const std::string& name, std::string_view bytes, unsigned mode) {
    struct stat status{};
    if (stat(name.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
        // A terminal, /dev/stdout, a pipe: to put a file in its place would destroy it.
        const internal::Descriptor device(open(name.c_str(), O_WRONLY | O_CLOEXEC));
        return device.get() < 0 ? Status(file_error("open", name))
                                : write_all(device.get(), bytes, name);
    }
    const std::string path = behind_links(name);
    std::string beside = cat(path, ".XXXXXX");
    const internal::Descriptor file(mkostemp(beside.data(), O_CLOEXEC));
    if (file.get() < 0) {
        return file_error("open", path);
    }
    Status done = write_all(file.get(), bytes, path);
    if (done && (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0 ||
                 rename(beside.c_str(), path.c_str()) != 0)) {
        done = file_error("write", path);
    }
    if (!done) {
        unlink(beside.c_str());
        return done;
    }
    const std::string directory = directory_of(path);
    const internal::Descriptor parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.get() < 0 || fsync(parent.get()) != 0) {
        return file_error("sync", directory);
    }
    return {};
}

Status make_directories(const std::string& path, unsigned mode) {
    size_t slash = 0;
    do {
        slash = path.find('/', slash + 1);
        const std::string part = path.substr(0, slash);
        struct stat status{};
        if (mkdir(part.c_str(), mode) != 0 &&
            (errno != EEXIST || stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))) {
            return file_error("mkdir", part, errno == EEXIST ? ENOTDIR : errno);
        }
    } while (slash != std::string::npos);
    return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
    DIR* const directory = opendir(path.c_str());
    if (directory == nullptr) {
        return file_error("open", path);
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): our own
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    closedir(directory);
    std::ranges::sort(names);
    return names;
}

bool file_exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

Status remove_file(const std::string& path) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
        return file_error("remove", path);
    }
    return {};
}

Result<FileLock> FileLock::acquire(const std::string& path) {
    internal::Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (file.get() < 0) {
        return file_error("open", path);
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return file_error("lock", path);
        }
        constexpr size_t longest_id = 32;
        const Result<std::string> holder = read_descriptor(file.get(), path, longest_id);
        return make_error(
            Reason::conflict, path, " is held by ",
            holder && !trim(*holder).empty() ? cat("process ", trim(*holder)) : "another process");
    }
    if (ftruncate(file.get(), 0) != 0) {
        return file_error("write", path);
    }
    TRY(write_all(file.get(), cat(getpid(), "\n"), path));
    return FileLock(file.release());
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

}  // namespace weft::io
