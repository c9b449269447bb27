// store/internal/new_file.h: a file that gets its name when it is complete.

#pragma once

#include <filesystem>

#include "base/base.h"

namespace weft::store::internal {

// Makes the names in a file's directory durable. Errors are ignored: not every file system can.
void sync_directory(const std::filesystem::path& file);

// A file is written as NAME.partial and renamed at the end; without `finish` it goes away again.
class NewFile {
public:
    NewFile(NewFile&& other) noexcept = default;
    NewFile& operator=(NewFile&& other) = delete;
    ~NewFile();

    // already_exists if there is a file of that name.
    [[nodiscard]] static Result<NewFile> begin(std::filesystem::path path);
    [[nodiscard]] const std::filesystem::path& partial() const { return partial_; }
    [[nodiscard]] Status finish() const;

private:
    explicit NewFile(std::filesystem::path path);
    void remove_partial() const;

    std::filesystem::path path_;
    std::filesystem::path partial_;
};

}  // namespace weft::store::internal
