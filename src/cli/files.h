// cli/files.h: what users name on the line: files, folders, standard input.

#pragma once

#include <string>
#include <vector>

#include "object/object.h"

namespace weft::cli {

// io::read_file with the limit of what users name.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

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
