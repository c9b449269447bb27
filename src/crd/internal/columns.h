// crd/internal/columns.h: the columns of a version and what stands in their cells.
//
// Source of the behaviour: apiextensions-apiserver pkg/registry/customresource/tableconvertor.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/kind.h"
#include "schema/json_path.h"

namespace weft::crd::internal {

class Columns {
public:
    // additionalPrinterColumns, null if there are none: then Age is shown. A path that cannot be
    // read ends the list, as upstream's does.
    explicit Columns(const Value* columns);

    [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
    [[nodiscard]] Value cells(const Value& object, Time now) const;

private:
    std::vector<Column> columns_;
    std::vector<schema::JsonPath> paths_;  // of all columns but the first
};

// A value in a column that is no string column; null where it does not fit the type.
[[nodiscard]] Value cell_of(std::string_view column_type, const Value& value, Time now);
// A value in a string column, as client-go's jsonpath prints it.
[[nodiscard]] std::string print_value(const Value& value);

}  // namespace weft::crd::internal
