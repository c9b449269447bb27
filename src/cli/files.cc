// cli/files.cc: reading and writing files.

#include "cli/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/limits.h"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

Error file_error(const std::string& path, std::string_view doing, int code) {
    return make_error(code == ENOENT ? Reason::not_found : Reason::io, doing, " ", path, ": ",
                      std::strerror(code));
}

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
                return make_error(Reason::invalid, path, ": more than ", files_max, " files");
            }
        }
    }
    if (code) {
        return make_error(Reason::io, "reading folder ", path, ": ", code.message());
    }
    if (found.empty()) {
        return make_error(Reason::invalid, path, ": no .yaml, .yml or .json file in it");
    }
    std::ranges::sort(found);
    out->insert(out->end(), found.begin(), found.end());
    return {};
}

Diagnostic trouble(const std::string& file, const Error& error) {
    Diagnostic diagnostic;
    // The reader's errors name their place themselves.
    diagnostic.place.file = error.text().starts_with(file + ":") ? "" : file;
    diagnostic.message = error.text();
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
    const int file = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return file_error(path, "reading", errno);
    }
    std::string text;
    std::string buffer(size_t{64} * 1024, '\0');
    ssize_t got = 0;
    while ((got = read(file, buffer.data(), buffer.size())) > 0 && text.size() <= file_bytes_max) {
        text.append(buffer.data(), static_cast<size_t>(got));
    }
    const int code = errno;
    if (file != STDIN_FILENO) {
        close(file);
    }
    if (got < 0) {
        return file_error(path, "reading", code);
    }
    if (text.size() > file_bytes_max) {
        return make_error(Reason::invalid, path, ": larger than ", file_bytes_max, " bytes");
    }
    return text;
}

Status make_folder(const std::string& path, unsigned mode) {
    std::error_code code;
    const bool made = fs::create_directories(path, code);
    if (code) {
        return make_error(Reason::io, "making folder ", path, ": ", code.message());
    }
    if (made) {
        fs::permissions(path, static_cast<fs::perms>(mode), code);
    }
    return {};
}

Status write_file(const std::string& path, std::string_view text, unsigned mode) {
    const std::string draft = cat(path, ".tmp", getpid());
    const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0) {
        return file_error(path, "writing", errno);
    }
    size_t written = 0;
    while (written < text.size()) {
        const ssize_t got = write(file, text.data() + written, text.size() - written);
        if (got < 0) {
            const int code = errno;
            close(file);
            unlink(draft.c_str());
            return file_error(path, "writing", code);
        }
        written += static_cast<size_t>(got);
    }
    const bool synced = fsync(file) == 0;
    const int code = errno;
    close(file);
    if (!synced || rename(draft.c_str(), path.c_str()) != 0) {
        const int why = synced ? errno : code;
        unlink(draft.c_str());
        return file_error(path, "writing", why);
    }
    return {};
}

std::vector<FileObject> read_objects(const std::vector<std::string>& paths,
                                     Diagnostics* diagnostics) {
    std::vector<FileObject> out;
    for (const std::string& path : paths) {
        std::vector<std::string> files;
        if (const Status found = find_files(path, &files); !found) {
            diagnostics->push_back(trouble(path, found.error()));
            continue;
        }
        for (const std::string& file : files) {
            const Result<std::string> text = read_file(file);
            if (!text) {
                diagnostics->push_back(trouble(file, text.error()));
                continue;
            }
            Result<std::vector<YamlDocument>> documents =
                parse_yaml(*text, {.file = file == "-" ? "<stdin>" : file});
            if (!documents) {
                diagnostics->push_back(trouble(file, documents.error()));
                continue;
            }
            for (YamlDocument& document : *documents) {
                add_object(std::move(document), file, &out, diagnostics);
            }
        }
    }
    return out;
}

}  // namespace weft::cli
