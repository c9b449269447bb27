// crd/internal/map_list.cc: comparing keys.

#include "crd/internal/map_list.h"

#include <algorithm>

namespace weft::crd::internal {

const Value* find_map_item(const Value& list, const Value& item, const schema::Schema& schema) {
    if (schema.list_type != schema::ListType::map || schema.list_map_keys.empty() ||
        !item.is_map()) {
        return nullptr;
    }
    for (const Value& candidate : list.items()) {
        const bool is_it = std::ranges::all_of(schema.list_map_keys, [&](const std::string& key) {
            const Value* wanted = item.find(key);
            const Value* found = candidate.find(key);
            return wanted == nullptr ? found == nullptr && schema.list_map_keys.size() > 1
                                     : found != nullptr && *wanted == *found;
        });
        if (is_it) {
            return &candidate;
        }
    }
    return nullptr;
}

}  // namespace weft::crd::internal
