// server/internal/table.h: objects as rows of a Table: what kubectl get prints.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/columns.h"
#include "server/internal/core.h"

namespace weft::server {

// What stands above the rows.
struct TableMeta {
    store::Revision revision = 0;
    std::string continue_token;
    std::optional<int64_t> remaining;
};

// Writes Tables for one call: its resource's columns, and ?includeObject.
class TableWriter {
public:
    explicit TableWriter(const Call& call);

    [[nodiscard]] Value columns() const;
    [[nodiscard]] bool has_default_columns() const;
    [[nodiscard]] schema::TableRow cells(const Value& object) const;
    // One row of an object.
    [[nodiscard]] Value row(const Value& object) const;
    // A whole Table of one row, as watches send it.
    [[nodiscard]] Result<Value> write_row(const StoredView& object, store::Revision revision,
                                          bool with_columns) const;
    // A Table around a bookmark's object.
    [[nodiscard]] Value bookmark(Value object) const;
    // The Table around rows.
    [[nodiscard]] Value wrap(Value metadata, Value rows, bool with_columns) const;

private:
    [[nodiscard]] Value row_object(const Value& object) const;

    const Core* core_;
    ResourcePtr resource_;
    // Whose columns: the resource's kind, or that of a subresource that is shown as one.
    std::string group_;
    std::string kind_;
    bool is_custom_;
    std::string api_version_;
    std::string include_;  // "None", "Metadata", "Object"
};

[[nodiscard]] Result<Value> make_table(const Call& call, const TableMeta& meta,
                                       const std::vector<store::Entry>& entries);
// A Table of one object.
[[nodiscard]] Value make_table(const Call& call, const Value& object);

}  // namespace weft::server
