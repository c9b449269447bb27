// tests/conformance/apiextensions.cc: the unit-test tables of apiextensions-apiserver.
//
// Each area of the cases has a file in apiextensions/ that registers the tests it can run; the
// tables that nobody registered are reported as skipped.

#include <map>

#include "tests/conformance/apiextensions/area.h"

namespace weft::conformance {

namespace {
std::map<std::string, RowTest, std::less<>>& tests() {
    static std::map<std::string, RowTest, std::less<>> registered;
    return registered;
}
}  // namespace

Area::Area(std::string table, RowTest test) {
    tests().emplace(std::move(table), test);
}

schema::SchemaPtr schema_of(const Value* json) {
    if (json == nullptr || json->is_null()) {
        return nullptr;
    }
    Result<schema::SchemaPtr> schema = schema::from_open_api(*json);
    return schema ? std::move(*schema) : nullptr;
}

Value json_at(const Value& row, std::string_view side, std::string_view name) {
    Result<Value> value = parse_json(row.string_at(side, name));
    return value ? std::move(*value) : Value();
}

std::string compare_errors(const Value* want, const schema::FieldErrors& got) {
    std::vector<std::string> wanted;
    std::vector<std::string> found;
    if (want != nullptr) {
        for (const Value& error : want->items()) {
            wanted.push_back(cat(error.string_at("path"), " ", error.string_at("errorType")));
        }
    }
    for (const schema::FieldError& error : got) {
        found.push_back(cat(error.path, " ", schema::reason_text(error.type)));
    }
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    return wanted == found ? std::string()
                           : cat("want [", join(wanted, ", "), "], got [", join(found, ", "), "]");
}

namespace {

int run(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (name.find("__") != std::string::npos) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
        const std::string table = file.stem();
        const Value document = read_json(file);
        const auto test = tests().find(table);
        for (const Value& row : document.find("rows")->items()) {
            const Value* number = row.find("id");
            const std::string id =
                cat(table, "/", number->is_int() ? cat(number->as_int()) : number->as_string());
            if (test == tests().end()) {
                skip(id, "no runner for this table");
                continue;
            }
            const std::string problem = test->second(row);
            problem.empty()                 ? pass(id)
            : problem.starts_with("skip: ") ? skip(id, problem.substr(6))
                                            : fail(id, problem);
        }
    }
    return 0;
}

}  // namespace
}  // namespace weft::conformance

int main(int argc, char** argv) {
    return weft::conformance::run(weft::conformance::cases_folder(argc, argv));
}
