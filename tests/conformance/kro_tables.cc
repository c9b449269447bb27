// tests/conformance/kro_tables.cc: kro's unit-test tables, as far as they are a contract.
//
// Each area has a file in kro_tables/ that registers the tables it can run. Rows that upstream
// checks by calls into its own code cannot be run by anybody else and are left out.

#include <map>

#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {

namespace {

std::map<std::string, TableTest, std::less<>>& tests() {
    static std::map<std::string, TableTest, std::less<>> registered;
    return registered;
}

std::filesystem::path& folder_of_cases() {
    static std::filesystem::path folder;
    return folder;
}

Value as_numbers(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::integer:
            return {static_cast<double>(value.as_int())};
        case Value::Kind::list: {
            Value out = Value::list();
            for (const Value& item : value.items()) {
                out.push_back(as_numbers(item));
            }
            return out;
        }
        case Value::Kind::map: {
            Value out = Value::map();
            for (const Member& entry : value.members()) {
                out.set(entry.name(), as_numbers(entry.value));
            }
            return out;
        }
        default:
            return value;
    }
}

bool is_runnable(const Value& row) {
    const Value* lossy = row.find("lossy");
    const std::string text = to_json(row);
    return (lossy == nullptr || !lossy->as_bool()) && row.find("expect", "checks") == nullptr &&
           !text.contains("\"$call\"") && !text.contains("\"$func\"");
}

int run(const std::filesystem::path& folder) {
    folder_of_cases() = folder;
    const Value contract = read_json(folder / "contract.json");
    for (const Value& entry : contract.find("tables")->items()) {
        const std::filesystem::path file = folder / std::string(entry.string_at("table"));
        const std::string table = file.stem();
        const Value document = read_json(file);
        const auto test = tests().find(table);
        for (const Value& row : document.find("rows")->items()) {
            if (!is_runnable(row)) {
                continue;
            }
            const std::string id = cat(table, "/", row.find("id")->as_int());
            if (test == tests().end()) {
                skip(id, "no runner for this table");
                continue;
            }
            const std::string problem = test->second(row, document);
            if (problem.empty()) {
                pass(id);
            } else if (problem.starts_with("skip: ")) {
                skip(id, problem.substr(6));
            } else {
                fail(id, problem);
            }
        }
    }
    return 0;
}

}  // namespace

Area::Area(std::string table, TableTest test) {
    tests().emplace(std::move(table), test);
}

const std::filesystem::path& tables_folder() {
    return folder_of_cases();
}

std::string compare(const Value& want, const Value& got) {
    return difference(as_numbers(want), as_numbers(got));
}

}  // namespace weft::conformance

int main(int argc, char** argv) {
    return weft::conformance::run(weft::conformance::cases_folder(argc, argv));
}
