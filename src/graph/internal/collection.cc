// graph/internal/collection.cc: counting first, so that nothing large is built in vain.

#include "graph/internal/collection.h"

#include <set>

namespace weft::graph {

Result<std::vector<std::vector<Value>>> cartesian_product(const std::vector<Value>& dimensions,
                                                          int64_t size_max) {
    std::vector<std::vector<Value>> out;
    if (dimensions.empty()) {
        return out;
    }
    int64_t total = 1;
    for (const Value& dimension : dimensions) {
        if (dimension.empty()) {
            return out;
        }
        total *= static_cast<int64_t>(dimension.size());
        if (total > size_max) {
            return make_error(Reason::invalid, "collection size of ", total,
                              " is over the maximum collection size of ", size_max);
        }
    }
    out.reserve(static_cast<size_t>(total));
    for (int64_t index = 0; index < total; ++index) {
        // The index as a number whose digits are the positions in the dimensions.
        std::vector<Value> item(dimensions.size());
        int64_t rest = index;
        for (size_t i = dimensions.size(); i-- > 0;) {
            const auto size = static_cast<int64_t>(dimensions[i].size());
            item[i] = dimensions[i].at(static_cast<size_t>(rest % size));
            rest /= size;
        }
        out.push_back(std::move(item));
    }
    return out;
}

std::string identity_of(const Object& object) {
    const GroupVersionKind kind = object.group_version_kind();
    return cat(kind.group, "/", kind.version, "/", kind.kind, "/", object.namespace_(), "/",
               object.name());
}

Status check_unique_identities(const Manifests& objects) {
    std::set<std::string> seen;
    for (const Object& object : objects) {
        const auto [position, is_new] = seen.insert(identity_of(object));
        if (!is_new) {
            return make_error(Reason::invalid, "duplicate identity: ", *position);
        }
    }
    return {};
}

}  // namespace weft::graph
