// cli/files.cc: finding files, and the objects in them.

#include "cli/files.h"

#include <algorithm>
#include <filesystem>

#include "cli/limits.h"
#include "io/file.h"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

bool is_manifest(const fs::path& path) {
    const std::string extension = path.extension();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Status find_files(const std::string& path, std::vector<std::string>* out) {
    std::error_code code;
    if (path == "-" || !fs::is_directory(path, code)) {
        out->push_back(path);
        return {};
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(path, code);
    for (; !code && at != fs::recursive_directory_iterator(); at.increment(code)) {
        if (at->is_regular_file(code) && is_manifest(at->path())) {
            found.push_back(at->path());
            if (found.size() > files_max) {
                return make_error(Reason::invalid, "more than ", files_max, " files in it");
            }
        }
    }
    if (code) {
        return make_error(Reason::io, code.message());
    }
    if (found.empty()) {
        return make_error(Reason::invalid, "no .yaml, .yml or .json file in it");
    }
    std::ranges::sort(found);
    out->insert(out->end(), found.begin(), found.end());
    return {};
}

// The YAML reader's errors begin with their place, "web.yaml:4:9: …", and name the cure after a
// semicolon: take both apart, so that every mistake looks the same.
Diagnostic trouble(const std::string& file, const Error& error) {
    Diagnostic diagnostic;
    diagnostic.place.file = file;
    const std::string whole = error.text();
    std::string_view text = whole;
    const std::string start = file + ":";
    if (!text.starts_with(start)) {
        diagnostic.message = text;
        return diagnostic;
    }
    text.remove_prefix(start.size());
    const size_t line_end = text.find(':');
    const size_t column_end =
        line_end == std::string_view::npos ? line_end : text.find(':', line_end + 1);
    if (column_end != std::string_view::npos) {
        const auto line = parse_int(text.substr(0, line_end));
        const auto column = parse_int(text.substr(line_end + 1, column_end - line_end - 1));
        if (line && column) {
            diagnostic.place.line = static_cast<int>(*line);
            diagnostic.place.column = static_cast<int>(*column);
            text.remove_prefix(column_end + 1);
            if (const size_t cure = text.rfind("; "); cure != std::string_view::npos) {
                diagnostic.cure = text.substr(cure + 2);
                text = text.substr(0, cure);
            }
        }
    }
    diagnostic.message = trim(text);
    return diagnostic;
}

void add_object(YamlDocument document, const std::string& file, std::vector<FileObject>* out,
                Diagnostics* diagnostics) {
    const Value& value = document.value;
    if (!value.is_map() || value.string_at("kind").empty() ||
        value.string_at("apiVersion").empty()) {
        Diagnostic diagnostic;
        diagnostic.place = document.start;
        diagnostic.place.file = file;
        diagnostic.message = "this document is no Kubernetes object: it lacks apiVersion or kind";
        diagnostic.cure = "write both at the document's top level";
        diagnostics->push_back(std::move(diagnostic));
        return;
    }
    if (value.string_at("kind") == "List" && value.string_at("apiVersion") == "v1") {
        if (const Value* items = value.find("items")) {
            for (const Value& item : items->items()) {
                YamlDocument part;
                part.value = item;
                part.start = document.start;
                add_object(std::move(part), file, out, diagnostics);
            }
        }
        return;
    }
    Object object(value);
    out->push_back({std::move(object), std::move(document)});
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    return io::read_file(path, file_bytes_max);
}

std::vector<FileObject> read_objects(const std::vector<std::string>& paths,
                                     Diagnostics* diagnostics) {
    std::vector<FileObject> out;
    constexpr std::string_view stdin_name = "<stdin>";
    for (const std::string& path : paths) {
        std::vector<std::string> files;
        if (const Status found = find_files(path, &files); !found) {
            diagnostics->push_back(trouble(path, found.error()));
            continue;
        }
        for (const std::string& file : files) {
            const std::string name(file == "-" ? stdin_name : file);
            const Result<std::string> text = read_file(file);
            if (!text) {
                diagnostics->push_back(trouble(name, text.error()));
                continue;
            }
            Result<std::vector<YamlDocument>> documents = parse_yaml(*text, {.file = name});
            if (!documents) {
                diagnostics->push_back(trouble(name, documents.error()));
                continue;
            }
            for (YamlDocument& document : *documents) {
                add_object(std::move(document), name, &out, diagnostics);
            }
        }
    }
    return out;
}

}  // namespace weft::cli
