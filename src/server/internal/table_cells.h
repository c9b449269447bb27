// server/internal/table_cells.h: the columns of each kind, and what stands in them.

#pragma once

#include <string>
#include <vector>

#include "server/internal/registry.h"

namespace weft::server {

struct Column {
    std::string name;
    std::string type;
    std::string format;
    std::string description;
    int64_t priority = 0;
};

[[nodiscard]] std::vector<Column> columns_of(const Resource& resource);
// One cell for each column. `now` is what ages are counted to.
[[nodiscard]] Value cells_of(const Resource& resource, const Value& object, Time now);

// "5m" from a timestamp; "<unknown>" if it is absent.
[[nodiscard]] std::string age_text(const Value* timestamp, Time now);

}  // namespace weft::server
