// schema/internal/tree.h: the owner of the nodes of one schema, while it is built and after.

#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "schema/schema.h"

namespace weft::schema::internal {

// Nodes never move, so a node may be pointed to before it is complete.
class Tree {
public:
    [[nodiscard]] Schema* make() { return &nodes_.emplace_back(); }
    [[nodiscard]] size_t size() const { return nodes_.size(); }

    // `node` will say what `target` says besides its own: done by finish(), since the target may be
    // incomplete now (definitions refer to each other).
    void inherit_later(Schema* node, Schema* target) { pending_.emplace(node, target); }
    void finish();

private:
    void resolve(Schema* node);

    std::deque<Schema> nodes_;
    std::unordered_map<Schema*, Schema*> pending_;
};

}  // namespace weft::schema::internal
