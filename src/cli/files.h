// cli/files.h: what users name on the line: files, folders, standard input.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "object/object.h"

namespace weft::cli {

// io::read_file with the limit of what users name.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

// A variable of the environment; "" if it is not set.
[[nodiscard]] std::string environment(const char* name);

// The YAML and JSON files that a path names: itself, or all below a folder, by name. In folders,
// files that end in .test.yaml hold tests (`weft test`) and nothing else; other commands pass over
// them.
enum class FilesOf : uint8_t { objects, tests };
[[nodiscard]] Result<std::vector<std::string>> find_files(const std::string& path,
                                                          FilesOf what = FilesOf::objects);

// What reading a file met, as a diagnostic with the place that its text begins with.
[[nodiscard]] Diagnostic trouble(const std::string& file, const Error& error);

// An object and where it stands.
struct FileObject {
    Object object;
    YamlDocument document;
    std::shared_ptr<const std::string> source;  // the whole file
    // Of an object in a List: the document that the List is, and where the object lies in it.
    std::shared_ptr<const YamlDocument> list;
    Path list_path;

    // Where a diagnostic about the object is, with its excerpt.
    void place(Diagnostic& diagnostic) const;
};

// Every object of every YAML or JSON file: files as named, folders with all below them by name
// (but for Helm charts, which are no manifests yet), Lists taken apart. A file that cannot be read
// or is no YAML is a diagnostic; so is a document that is no object.
[[nodiscard]] std::vector<FileObject> read_objects(const std::vector<std::string>& paths,
                                                   Diagnostics* diagnostics);

}  // namespace weft::cli
