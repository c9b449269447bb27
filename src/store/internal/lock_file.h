// store/internal/lock_file.h: one process at a time.

#pragma once

#include <filesystem>

#include "base/base.h"

namespace weft::store::internal {

// An advisory lock (flock) on a file of its own that holds the holder's process id as text. The
// kernel lets go of it when the process ends, however it ends; the file stays.
class LockFile {
public:
    LockFile() = default;
    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

    // conflict, naming the holder and the cure, if another process (or store) has it.
    [[nodiscard]] static Result<LockFile> take(const std::filesystem::path& path);

private:
    int descriptor_ = -1;
};

}  // namespace weft::store::internal
