// cel/arena.cc: the blocks of an Arena.

#include "cel/arena.h"

#include <algorithm>

namespace weft::cel {

void* Arena::allocate_slowly(size_t size, size_t alignment) {
    const size_t last = blocks_.empty() ? arena_block_min / 2 : blocks_.back().size;
    const size_t block = std::max(std::min(last * 2, arena_block_max), size + alignment);
    full_ += static_cast<size_t>(next_ - begin_);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(block), block});
    begin_ = next_ = blocks_.back().bytes.get();
    end_ = begin_ + block;
    return allocate(size, alignment);
}

void Arena::destroy_objects() {
    for (const OwnedObject& object : objects_) {
        object.destroy(object.at);
    }
    objects_.clear();
}

void Arena::keep_one_block() {
    auto largest = std::ranges::max_element(blocks_, {}, &Block::size);
    Block kept = std::move(*largest);
    blocks_.clear();
    begin_ = kept.bytes.get();
    end_ = begin_ + kept.size;
    blocks_.push_back(std::move(kept));
}

}  // namespace weft::cel
