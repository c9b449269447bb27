// cli/token_file.cc: reads the file of --token-auth-file.

#include "cli/token_file.h"

#include "cli/files.h"

namespace weft::cli {

namespace {

// The fields of a line of a CSV file; a field in quotes may hold commas.
std::vector<std::string> csv_fields(std::string_view line) {
    std::vector<std::string> fields = {""};
    bool is_quoted = false;
    for (const char c : line) {
        if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == ',' && !is_quoted) {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    return fields;
}

}  // namespace

Result<std::vector<server::StaticToken>> read_token_file(const std::string& file) {
    std::vector<server::StaticToken> tokens;
    if (file.empty()) {
        return tokens;
    }
    const std::string text = TRY(read_file(file));
    size_t number = 0;
    for (const std::string_view line : split(text, '\n')) {
        ++number;
        if (trim(line).empty() || line.starts_with('#')) {
            continue;
        }
        const std::vector<std::string> fields = csv_fields(trim(line));
        if (fields.size() < 3 || fields[0].empty()) {
            return make_error(Reason::bad_request, file, ":", number,
                              ": a line needs token, user and uid, and may have groups: "
                              "token,user,uid,\"group1,group2\"");
        }
        server::StaticToken token{fields[0], {fields[1], fields[2], {}, {}}};
        if (fields.size() > 3) {
            for (const std::string_view group : split(fields[3], ',')) {
                if (!trim(group).empty()) {
                    token.user.groups.emplace_back(trim(group));
                }
            }
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

}  // namespace weft::cli
