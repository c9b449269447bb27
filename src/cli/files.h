// cli/files.h: what users name on the line: files, folders, standard input.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::cli {

// The whole file; "-" is standard input. An error names the file, what is wrong and the cure.
[[nodiscard]] Result<std::string> read_file(const std::string& path);
// Written beside it, synced and renamed into place: there is the old file or the new one.
[[nodiscard]] Status write_file(const std::string& path, std::string_view text, unsigned mode);
[[nodiscard]] Status make_folder(const std::string& path, unsigned mode);

// An object and where it stands.
struct FileObject {
    Object object;
    YamlDocument document;
};

// Every object of every YAML or JSON file: files as named, folders with all below them by name,
// Lists taken apart. A file that cannot be read or is no YAML is a diagnostic; so is a document
// that is no object.
[[nodiscard]] std::vector<FileObject> read_objects(const std::vector<std::string>& paths,
                                                   Diagnostics* diagnostics);

}  // namespace weft::cli
