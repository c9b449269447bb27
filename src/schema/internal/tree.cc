// schema/internal/tree.cc: completing nodes that refer to others.

#include "schema/internal/tree.h"

namespace weft::schema::internal {

void Tree::resolve(Schema* node) {
    const auto found = pending_.find(node);
    if (found == pending_.end()) {
        return;
    }
    Schema* target = found->second;
    pending_.erase(found);  // First, so that a circle of references ends.
    if (target != node) {
        resolve(target);
    }
    node->inherit(*target);
}

void Tree::finish() {
    while (!pending_.empty()) {
        resolve(pending_.begin()->first);
    }
}

}  // namespace weft::schema::internal
