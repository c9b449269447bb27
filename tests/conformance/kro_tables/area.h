// tests/conformance/kro_tables/area.h: how an area of kro's tables registers its tests.

#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"
#include "tests/conformance/cases.h"

namespace weft::conformance {

// Runs one row of a table (`in`, `expect`); "" if it holds, "skip: why", or what is wrong. The
// document is the whole table, for its `context`.
using TableTest = std::string (*)(const Value& row, const Value& document);

// A static of this type registers the test of one table: the name of its file without ".json".
struct Area {
    Area(std::string table, TableTest test);
};

// The folder of the cases, for tables that need another file.
[[nodiscard]] const std::filesystem::path& tables_folder();

[[nodiscard]] inline bool flag(const Value& row, std::string_view side, std::string_view name) {
    const Value* found = row.find(side, name);
    return found != nullptr && found->is_bool() && found->as_bool();
}
[[nodiscard]] inline const Value& member(const Value& row, std::string_view side,
                                         std::string_view name) {
    static const Value none;
    const Value* found = row.find(side, name);
    return found == nullptr ? none : *found;
}

// Holds an error (or "" for none) against what the row wants: `wanted` says whether there is to be
// one, `text` what it contains.
[[nodiscard]] inline std::string check_error(bool wanted, std::string_view text,
                                             const std::string& error) {
    if (!wanted) {
        return error.empty() ? "" : cat("unwanted error: ", error);
    }
    if (error.empty()) {
        return cat("no error, want ", quote(text));
    }
    return error.contains(text) ? "" : cat("error ", quote(error), " lacks ", quote(text));
}

// "" if two values are the same, numbers compared by value and members in any order.
[[nodiscard]] std::string compare(const Value& want, const Value& got);

}  // namespace weft::conformance
