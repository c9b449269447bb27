// cel/arena.h: memory of one evaluation, given back all at once.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cel/limits.h"

namespace weft::cel {

// An Arena hands out memory that lives until `reset` or the end of the Arena. Keep one per thread
// and reset it between evaluations: then evaluating allocates nothing once the blocks are there.
//
// Asking for memory always succeeds; `is_over_limit` says when an evaluation should give up, and
// `has_room` is asked before something large is built. Not for two threads at once.
class Arena {
public:
    explicit Arena(size_t limit = evaluation_memory_max) : limit_(limit) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { destroy_objects(); }

    // `alignment` is a power of two of at most 16.
    [[nodiscard]] void* allocate(size_t size, size_t alignment = 8) {
        const auto at =
            (reinterpret_cast<uintptr_t>(next_) + alignment - 1) & ~uintptr_t{alignment - 1};
        if (at + size > reinterpret_cast<uintptr_t>(end_)) [[unlikely]] {
            return allocate_slowly(size, alignment);
        }
        next_ = reinterpret_cast<char*>(at + size);
        return reinterpret_cast<void*>(at);
    }

    // Room for `count` objects that need no construction.
    template <typename T>
    [[nodiscard]] T* array(size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        return static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
    }

    // An object of the arena's; destroyed with it.
    template <typename T, typename... Arguments>
    [[nodiscard]] T* make(Arguments&&... arguments) {
        T* object = std::construct_at(static_cast<T*>(allocate(sizeof(T), alignof(T))),
                                      std::forward<Arguments>(arguments)...);
        if constexpr (!std::is_trivially_destructible_v<T>) {
            objects_.push_back({object, [](void* at) { std::destroy_at(static_cast<T*>(at)); }});
        }
        return object;
    }

    [[nodiscard]] std::string_view copy(std::string_view text) {
        char* bytes = array<char>(text.size());
        if (!text.empty()) {
            std::memcpy(bytes, text.data(), text.size());
        }
        return {bytes, text.size()};
    }
    template <typename T>
    [[nodiscard]] std::span<T> copy(std::span<const T> items) {
        static_assert(std::is_trivially_copyable_v<T>);
        T* out = array<T>(items.size());
        if (!items.empty()) {
            std::memcpy(static_cast<void*>(out), items.data(), items.size_bytes());
        }
        return {out, items.size()};
    }

    // Bytes handed out in full blocks and in the current one.
    [[nodiscard]] size_t used() const { return full_ + static_cast<size_t>(next_ - begin_); }
    [[nodiscard]] bool has_room(size_t size) const { return used() + size <= limit_; }
    [[nodiscard]] bool is_over_limit() const { return used() > limit_; }
    [[nodiscard]] size_t limit() const { return limit_; }
    void set_limit(size_t limit) { limit_ = limit; }

    // Destroys everything; keeps the largest block for the next evaluation.
    void reset() {
        if (!objects_.empty()) {
            destroy_objects();
        }
        if (blocks_.size() > 1) {
            keep_one_block();
        }
        next_ = begin_;
        full_ = 0;
    }

private:
    struct OwnedObject {
        void* at;
        void (*destroy)(void*);
    };
    struct Block {
        std::unique_ptr<char[]> bytes;
        size_t size;
    };

    void* allocate_slowly(size_t size, size_t alignment);
    void destroy_objects();
    void keep_one_block();

    char* begin_ = nullptr;  // of the current block
    char* next_ = nullptr;
    char* end_ = nullptr;
    size_t full_ = 0;
    size_t limit_;
    std::vector<Block> blocks_;
    std::vector<OwnedObject> objects_;
};

}  // namespace weft::cel
