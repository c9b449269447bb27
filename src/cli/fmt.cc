// cli/fmt.cc: `weft fmt`: definitions in one form, so that a review shows what changed.

#include <filesystem>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/terminal.h"
#include "cli/yaml_layout.h"
#include "io/file.h"

namespace weft::cli {

namespace {

bool is_json(const std::string& file) {
    return file.ends_with(".json");
}

}  // namespace

int run_fmt(const FmtOptions& options) {
    std::vector<std::string> paths = options.paths;
    if (paths.empty()) {
        paths.emplace_back("-");
    }
    bool is_good = true;
    for (const std::string& path : paths) {
        const Result<std::vector<std::string>> files = find_files(path);
        if (!files) {
            complain(to_text(trouble(path, files.error())));
            is_good = false;
            continue;
        }
        for (const std::string& file : *files) {
            if (is_json(file)) {
                continue;  // JSON has one layout already
            }
            const std::string name = file == "-" ? "<stdin>" : file;
            const Result<std::string> text = read_file(file);
            Result<FormattedText> formatted =
                text ? format_yaml(*text, name) : Result<FormattedText>(Error(text.error()));
            if (!formatted) {
                Diagnostic diagnostic = trouble(name, formatted.error());
                if (text) {
                    set_excerpt(diagnostic, *text);
                }
                complain(to_text(diagnostic));
                is_good = false;
                continue;
            }
            for (const std::string& reason : formatted->untouched) {
                complain(cat(reason, "; left as it is\n"));
            }
            const bool is_same = formatted->text == *text;
            if (options.check) {
                is_good = is_good && is_same;
                if (!is_same) {
                    print(name + "\n");
                }
            } else if (options.write && file != "-") {
                if (is_same) {
                    continue;
                }
                std::error_code code;
                const auto mode =
                    static_cast<unsigned>(std::filesystem::status(file, code).permissions());
                if (const Status status = io::write_file(file, formatted->text, mode & 07777U);
                    !status) {
                    complain(cat("weft: ", status.error().text(), "\n"));
                    is_good = false;
                    continue;
                }
                print(name + "\n");
            } else {
                is_good = print(formatted->text) && is_good;
            }
        }
    }
    return is_good ? exit_ok : exit_failed;
}

}  // namespace weft::cli
