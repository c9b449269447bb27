// schema/internal/cells.h: how one cell of a builtin kind's row is made.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::schema::internal {

struct RowSource {
    const Value& object;
    Time now;

    // The value at a dotted path; a null pointer if there is none or it is null.
    [[nodiscard]] const Value* find(std::string_view path) const;
    // The text there: of an integer or a boolean its text; "" if there is none.
    [[nodiscard]] std::string text(std::string_view path) const;
};

enum class CellForm : uint8_t {
    text,      // the text at the path, else `otherwise`
    number,    // the integer at the path, else 0
    count,     // items or members at the path
    flag,      // the boolean at the path, else whether `otherwise` is "true"
    age,       // of the time at the path, else `otherwise`
    names,     // `name` of each item, comma-joined
    images,    // `image` of each item, comma-joined
    labels,    // a map as sorted k=v, else `otherwise`
    selector,  // a LabelSelector's text, else `otherwise`
    list,      // texts of a list, comma-joined, else `otherwise`
    made,      // by the function
};

struct Cell {
    CellForm form = CellForm::text;
    std::string_view path = {};
    std::string_view otherwise = {};
    Value (*make)(const RowSource&) = nullptr;
};

struct KindCells {
    std::string_view group;
    std::string_view kind;
    std::span<const Cell> cells;
};

// The kinds with cells of their own, in two tables: the core group and the others.
[[nodiscard]] std::span<const KindCells> core_cells();
[[nodiscard]] std::span<const KindCells> group_cells();

// At most `shown` texts, then " + N more...".
[[nodiscard]] std::string join_some(const std::vector<std::string>& texts, size_t shown,
                                    std::string_view separator);
// The condition of a type in status.conditions; a null pointer if there is none.
[[nodiscard]] const Value* find_condition(const Value& object, std::string_view type);

}  // namespace weft::schema::internal
