// schema/columns.h: the Table columns of builtin kinds and their cells, as kubectl shows them.
//
// Source of the behaviour: pkg/printers/internalversion of Kubernetes 1.36. Cells have the types
// that JSON gives them there: integers where upstream prints int64, texts otherwise.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"
#include "schema/builtin.h"

namespace weft::schema {

struct Column {
    std::string_view name;
    std::string_view type;    // "string", "integer", "boolean", "date"
    std::string_view format;  // "name" or ""
    int64_t priority = 0;     // 1: for wide output
};

struct TableRow {
    std::vector<Value> cells;
    Value conditions;  // a list of TableRowCondition, or null
};

// Whether a kind has no columns of its own.
[[nodiscard]] bool has_default_columns(const Builtin& builtin, std::string_view group,
                                       std::string_view kind);

// The columns of a kind, in order; the default ones (Name, Created At) for kinds without own. The
// texts live as long as the Builtin.
[[nodiscard]] std::vector<Column> columns_of(const Builtin& builtin, std::string_view group,
                                             std::string_view kind);
// The columnDefinitions of a Table.
[[nodiscard]] Value column_definitions(const std::vector<Column>& columns);

// The cells of an object of that kind; ages are seen from `now`. Members of a wrong type read as
// absent.
[[nodiscard]] TableRow table_row(std::string_view group, std::string_view kind, const Value& object,
                                 Time now);

// "5m", "3d4h"; "<unknown>" for no time and for what is none. What AGE columns show.
[[nodiscard]] std::string age_text(const Value* time, Time now);

// The text of a LabelSelector: "a=b,c in (d,e),!f", requirements sorted by key; "" selects all.
[[nodiscard]] std::string label_selector_text(const Value* selector);
// "a=b,c=d", sorted; `empty` for none.
[[nodiscard]] std::string labels_text(const Value* labels, std::string_view empty);

}  // namespace weft::schema
