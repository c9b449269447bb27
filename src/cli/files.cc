// cli/files.cc: finding files, and the objects in them.

#include "cli/files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <variant>

#include "cli/limits.h"
#include "graph/diagnostics.h"
#include "io/file.h"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

bool is_manifest(const fs::path& path) {
    const std::string extension = path.extension();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

bool is_test(const std::string& path) {
    return path.ends_with(".test.yaml") || path.ends_with(".test.yml");
}

}  // namespace

Result<std::vector<std::string>> find_files(const std::string& path, FilesOf what) {
    std::error_code code;
    if (path == "-" || !fs::is_directory(path, code)) {
        return std::vector<std::string>{path};
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(path, code);
    for (; !code && at != fs::recursive_directory_iterator(); at.increment(code)) {
        // A Helm chart's files become manifests when it is rendered.
        if (at->is_directory(code) && fs::exists(at->path() / "Chart.yaml", code)) {
            at.disable_recursion_pending();
            continue;
        }
        if (at->is_regular_file(code) && is_manifest(at->path()) &&
            is_test(at->path()) == (what == FilesOf::tests)) {
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
        return make_error(Reason::invalid, what == FilesOf::tests
                                               ? "no file in it ends in .test.yaml"
                                               : "no .yaml, .yml or .json file in it");
    }
    std::ranges::sort(found);
    return found;
}

// The YAML reader's errors begin with their place, "web.yaml:4:9: …", and name the cure after a
// semicolon: take both apart, so that every mistake looks the same.
Diagnostic trouble(const std::string& file, const Error& error) {
    Diagnostic diagnostic = graph::diagnose("F001", Path(), "");
    diagnostic.place.file = file;
    if (error.reason() == Reason::request_entity_too_large) {
        diagnostic.message = cat("more than ", file_bytes_max / 1024 / 1024, " MiB");
        diagnostic.cure = "split the file; is it the one that was meant?";
        return diagnostic;
    }
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
            diagnostic.id = "F002";
            diagnostic.cure = graph::find_diagnostic_entry("F002")->cure;
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

namespace {

// One document of a stream, as text, and the line in which it begins.
struct DocumentText {
    std::string_view text;
    uint32_t first_line = 1;
};

bool is_document_mark(std::string_view line) {
    return line.starts_with("---") &&
           (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

// YAML allows `---` at the beginning of a line nowhere but between documents. Directives and
// comments before one belong to it.
std::vector<DocumentText> split_documents(std::string_view text) {
    std::vector<DocumentText> out;
    size_t begin = 0;
    uint32_t first_line = 1;
    uint32_t number = 0;
    bool has_content = false;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        ++number;
        if (is_document_mark(line) && has_content) {
            out.push_back({text.substr(begin, at - begin), first_line});
            begin = at;
            first_line = number;
        }
        const std::string_view inside = trim(line);
        has_content = has_content || !(inside.empty() || inside[0] == '#' || inside[0] == '%');
        at = end + 1;
    }
    out.push_back({text.substr(begin), first_line});
    return out;
}

// The documents of a file. One that is broken is told and hides none of the others.
std::vector<YamlDocument> read_documents(const std::string& file, const std::string& source,
                                         Diagnostics* diagnostics) {
    if (auto documents = parse_yaml(source, {.file = file})) {
        return *std::move(documents);
    }
    std::vector<YamlDocument> out;
    size_t broken = 0;
    for (const DocumentText& document : split_documents(source)) {
        auto read = parse_yaml(document.text, {.file = file, .first_line = document.first_line});
        if (read) {
            std::ranges::move(*read, std::back_inserter(out));
            continue;
        }
        Diagnostic diagnostic = trouble(file, read.error());
        set_excerpt(diagnostic, source);
        diagnostics->push_back(std::move(diagnostic));
        if (++broken == broken_documents_max) {
            break;
        }
    }
    return out;
}

// What of a file becomes objects.
class ObjectReader {
public:
    ObjectReader(std::string file, std::shared_ptr<const std::string> source,
                 std::vector<FileObject>* out, Diagnostics* diagnostics)
        : file_(std::move(file)),
          source_(std::move(source)),
          out_(out),
          diagnostics_(diagnostics) {}

    void add(YamlDocument document) {
        const Value value = document.value;
        document.start.file = file_;
        if (!is_list(value)) {
            add_object(value, {{}, std::move(document), source_, nullptr, {}});
            return;
        }
        const auto list = std::make_shared<const YamlDocument>(std::move(document));
        size_t index = 0;
        if (const Value* items = value.find("items")) {
            for (const Value& item : items->items()) {
                YamlDocument part;
                part.value = item;
                part.start = list->place_of(Path{"items", index});
                add_object(item, {{}, std::move(part), source_, list, Path{"items", index}});
                ++index;
            }
        }
    }

private:
    static bool is_list(const Value& value) {
        return value.is_map() && value.string_at("kind") == "List" &&
               value.string_at("apiVersion") == "v1";
    }

    void add_object(const Value& value, FileObject object) {
        if (!value.is_map() || value.string_at("kind").empty() ||
            value.string_at("apiVersion").empty()) {
            Diagnostic diagnostic = graph::diagnose(
                "F003", Path(),
                "this document is no Kubernetes object: it lacks apiVersion or kind");
            object.place(diagnostic);
            diagnostics_->push_back(std::move(diagnostic));
            return;
        }
        object.object = Object(value);
        out_->push_back(std::move(object));
    }

    std::string file_;
    std::shared_ptr<const std::string> source_;
    std::vector<FileObject>* out_;
    Diagnostics* diagnostics_;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
    return io::read_file(path, file_bytes_max);
}

void FileObject::place(Diagnostic& diagnostic) const {
    const Result<Path> parsed = Path::parse(diagnostic.path);
    Path path = parsed ? *parsed : Path();
    const YamlDocument& whole = list == nullptr ? document : *list;
    if (list != nullptr) {
        Path longer = list_path;
        for (const PathStep& step : path.steps()) {
            std::visit([&longer](const auto& part) { longer.push(part); }, step);
        }
        path = std::move(longer);
    }
    const Value* value = path.find_in(whole.value);
    const bool is_in_text = diagnostic.offset && value != nullptr && value->is_string();
    if (is_in_text && source != nullptr) {
        diagnostic.place = place_in_scalar(*source, whole.value_place_of(path), value->as_string(),
                                           *diagnostic.offset);
    } else {
        diagnostic.place = whole.place_of(path);
    }
    diagnostic.place.file = document.start.file;
    if (source != nullptr) {
        set_excerpt(diagnostic, *source);
    }
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::vector<FileObject> read_objects(const std::vector<std::string>& paths,
                                     Diagnostics* diagnostics) {
    std::vector<FileObject> out;
    constexpr std::string_view stdin_name = "<stdin>";
    for (const std::string& path : paths) {
        const Result<std::vector<std::string>> files = find_files(path);
        if (!files) {
            diagnostics->push_back(trouble(path, files.error()));
            continue;
        }
        for (const std::string& file : *files) {
            const std::string name(file == "-" ? stdin_name : file);
            Result<std::string> text = read_file(file);
            if (!text) {
                diagnostics->push_back(trouble(name, text.error()));
                continue;
            }
            const auto source = std::make_shared<const std::string>(*std::move(text));
            ObjectReader reader(name, source, &out, diagnostics);
            for (YamlDocument& document : read_documents(name, *source, diagnostics)) {
                reader.add(std::move(document));
            }
        }
    }
    return out;
}

}  // namespace weft::cli
