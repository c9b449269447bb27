// kube/sharer.h: equal parts of many objects become one part.

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "object/object.h"

namespace weft::kube {

// Objects of one kind repeat each other: keys of labels, names, messages, and above all the trees
// in managedFields. `share` gives back an equal object whose parts are those that were seen before,
// so that a cache of thousands holds each once. Values do not change: they are immutable where they
// are shared.
//
// What is remembered is bounded (limits::shared_parts_max): in two generations, so that what is
// still in use stays. Loop thread only.
class Sharer {
public:
    [[nodiscard]] Object share(const Object& object);
    [[nodiscard]] size_t size() const { return young_.size() + old_.size(); }

private:
    using Table = std::unordered_multimap<uint64_t, Value>;

    Value share(const Value& value, size_t depth, bool whole);
    // The part that was seen before and looks so, or this one, which is remembered.
    Value find_or_keep(Value part, uint64_t hash);

    Table young_;
    Table old_;
};

}  // namespace weft::kube
