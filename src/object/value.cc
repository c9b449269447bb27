// object/value.cc: the blocks behind a Value and their sharing.

#include "object/value.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>

#include "base/check.h"

namespace weft {

namespace {

// Maps of up to this many members are searched by walking their hashes: four cache lines.
constexpr uint32_t walk_max = 16;
constexpr uint32_t no_position = 0xFFFFFFFF;

// The hash of keys is seeded by where the program was loaded, so that nobody outside can choose
// keys that collide. It shows nowhere: order is insertion, equality ignores it.
uint64_t seed() {
    static const char anchor = 0;
    return reinterpret_cast<uintptr_t>(&anchor) * 0x9E3779B97F4A7C15ULL;
}

uint64_t mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint32_t hash_of(std::string_view key) {
    uint64_t state = seed() ^ key.size();
    const char* at = key.data();
    size_t left = key.size();
    while (left >= 8) {
        uint64_t word = 0;
        std::memcpy(&word, at, 8);
        state = mix(state ^ word, 0xA0761D6478BD642FULL);
        at += 8;
        left -= 8;
    }
    uint64_t word = 0;
    if (left > 0) {  // An empty text may have no address.
        std::memcpy(&word, at, left);
    }
    state = mix(state ^ word, 0xE7037ED1A0B428DBULL);
    return static_cast<uint32_t>(state ^ state >> 32);
}

}  // namespace

struct Value::Block {
    std::atomic<uint32_t> count{1};
    uint32_t size = 0;

    [[nodiscard]] bool is_shared() const { return count.load(std::memory_order_acquire) != 1; }
};

struct Value::StringBlock : Block {
    [[nodiscard]] char* text() { return reinterpret_cast<char*>(this + 1); }

    static StringBlock* make(std::string_view text) {
        CHECK(text.size() < no_position);
        void* memory = ::operator new(sizeof(StringBlock) + text.size());
        auto* block = new (memory) StringBlock;
        block->size = static_cast<uint32_t>(text.size());
        std::memcpy(block->text(), text.data(), text.size());
        return block;
    }
};

struct Value::ListBlock : Block {
    uint32_t capacity = 0;

    [[nodiscard]] Value* items() {
        return reinterpret_cast<Value*>(reinterpret_cast<char*>(this) + sizeof(Value));
    }

    static ListBlock* make(size_t capacity) {
        static_assert(sizeof(ListBlock) <= sizeof(Value));
        CHECK(capacity < no_position);
        void* memory = ::operator new(sizeof(Value) * (capacity + 1));
        auto* block = new (memory) ListBlock;
        block->capacity = static_cast<uint32_t>(capacity);
        return block;
    }
    void push(Value&& value) { new (items() + size++) Value(std::move(value)); }
};

// Members, then their hashes, then (in large maps) an index: an open-addressed table of positions.
struct Value::MapBlock : Block {
    uint32_t capacity = 0;
    uint32_t index_size = 0;  // a power of two, or 0

    [[nodiscard]] Member* members() {
        return reinterpret_cast<Member*>(reinterpret_cast<char*>(this) + sizeof(Value));
    }
    [[nodiscard]] uint32_t* hashes() { return reinterpret_cast<uint32_t*>(members() + capacity); }
    [[nodiscard]] uint32_t* index() { return hashes() + capacity; }

    static MapBlock* make(size_t capacity) {
        static_assert(sizeof(MapBlock) <= sizeof(Value));
        CHECK(capacity < no_position / 4);
        uint32_t index_size = 0;
        if (capacity > walk_max) {
            index_size = 2 * walk_max;
            while (index_size < capacity * 2) {
                index_size *= 2;
            }
        }
        void* memory = ::operator new(sizeof(Value) + sizeof(Member) * capacity +
                                      sizeof(uint32_t) * (capacity + index_size));
        auto* block = new (memory) MapBlock;
        block->capacity = static_cast<uint32_t>(capacity);
        block->index_size = index_size;
        std::fill_n(block->index(), index_size, no_position);
        return block;
    }

    void push(Value&& key, Value&& value, uint32_t hash) {
        const uint32_t position = size++;
        new (members() + position) Member{std::move(key), std::move(value)};
        hashes()[position] = hash;
        if (index_size != 0) {
            uint32_t slot = hash & (index_size - 1);
            while (index()[slot] != no_position) {
                slot = (slot + 1) & (index_size - 1);
            }
            index()[slot] = position;
        }
    }

    [[nodiscard]] uint32_t find(std::string_view key, uint32_t hash) {
        if (index_size == 0) {
            for (uint32_t i = 0; i < size; ++i) {
                if (hashes()[i] == hash && members()[i].key.as_string() == key) {
                    return i;
                }
            }
            return no_position;
        }
        uint32_t slot = hash & (index_size - 1);
        while (index()[slot] != no_position) {
            const uint32_t position = index()[slot];
            if (hashes()[position] == hash && members()[position].key.as_string() == key) {
                return position;
            }
            slot = (slot + 1) & (index_size - 1);
        }
        return no_position;
    }
};

Value::Value(std::string_view text) : Value() {
    set_kind(Kind::string);
    if (text.size() <= inline_max) {
        bytes_[1] = static_cast<unsigned char>(text.size());
        if (!text.empty()) {  // a view of nothing may point to nothing
            std::memcpy(bytes_ + 2, text.data(), text.size());
        }
        return;
    }
    bytes_[1] = outside;
    store_payload(StringBlock::make(text));
}

Value Value::list(std::span<Value> items) {
    Value out;
    ListBlock* block = ListBlock::make(items.size());
    for (Value& item : items) {
        block->push(std::move(item));
    }
    out.set_kind(Kind::list);
    out.store_payload(block);
    return out;
}

Value Value::list_of(std::initializer_list<Value> items) {
    return list(std::vector<Value>(items));
}

Value Value::map() {
    return map_with_capacity(0);
}

Value Value::map_with_capacity(size_t capacity) {
    Value out;
    out.store_payload(MapBlock::make(capacity));
    out.set_kind(Kind::map);
    return out;
}

Value Value::map_of(std::initializer_list<std::pair<std::string_view, Value>> members) {
    Value out = map_with_capacity(members.size());
    for (const auto& [key, value] : members) {
        out.set(key, value);
    }
    return out;
}

double Value::to_double() const {
    return is_int() ? static_cast<double>(as_int()) : as_double();
}

const Value* Value::find(std::string_view key) const noexcept {
    if (!is_map()) {
        return nullptr;
    }
    auto* block = payload<MapBlock*>();
    const uint32_t position = block->find(key, hash_of(key));
    return position == no_position ? nullptr : &block->members()[position].value;
}

const Value* Value::find_in_index(const Value& key, uint32_t hash) const noexcept {
    // The words of the blocks are where the header reads them.
    static_assert(inline_max >= sizeof(uint64_t));  // is_same_text reads texts by words
    static_assert(sizeof(std::atomic<uint32_t>) == size_in_block &&
                  sizeof(Block) == text_in_block && sizeof(StringBlock) == text_in_block &&
                  sizeof(Block) == capacity_in_block && sizeof(MapBlock) == parts_in_block &&
                  sizeof(ListBlock) <= parts_in_block && sizeof(Value) == parts_in_block &&
                  sizeof(Member) == member_size);
    auto* block = payload<MapBlock*>();
    const uint32_t position = block->find(key.as_string(), hash);
    return position == no_position ? nullptr : &block->members()[position].value;
}

// By words and without a call, which would cost more than most keys have bytes.
[[clang::preserve_most]] bool Value::is_same_text(const Value& a, const Value& b) noexcept {
    if (!a.is_string() || !b.is_string() || a.size() != b.size() || a.bytes_[1] != outside ||
        b.bytes_[1] != outside) {
        return false;  // Texts inside are the same bytes, or not the same.
    }
    const char* left = a.block() + text_in_block;
    const char* right = b.block() + text_in_block;
    const auto differ = [&](size_t at) {
        uint64_t words[2];
        std::memcpy(&words[0], left + at, sizeof(uint64_t));
        std::memcpy(&words[1], right + at, sizeof(uint64_t));
        return words[0] != words[1];
    };
    const size_t last = a.block_size() - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
        if (differ(at)) {
            return false;
        }
    }
    return !differ(last);
}

uint32_t Value::hash_key(std::string_view key) noexcept {
    return hash_of(key);
}

const Value& Value::at(size_t index) const {
    CHECK(is_list() && index < size());
    return items()[index];
}

void Value::retain() const noexcept {
    payload<Block*>()->count.fetch_add(1, std::memory_order_relaxed);
}

void Value::release_block() noexcept {
    auto* block = payload<Block*>();
    if (block->count.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (is_list()) {
        auto* list = payload<ListBlock*>();
        std::destroy_n(list->items(), list->size);
        ::operator delete(list);
    } else if (is_map()) {
        auto* map = payload<MapBlock*>();
        std::destroy_n(map->members(), map->size);
        ::operator delete(map);
    } else {
        ::operator delete(payload<StringBlock*>());
    }
}

Value::MapBlock* Value::own_map(size_t room) {
    if (is_null()) {
        *this = map_with_capacity(std::max<size_t>(room, 4));
    }
    CHECK(is_map());
    auto* block = payload<MapBlock*>();
    const size_t needed = block->size + room;
    if (!block->is_shared() && needed <= block->capacity) {
        return block;
    }
    const size_t capacity =
        needed <= block->capacity ? needed : std::max<size_t>(needed, block->capacity * size_t{2});
    MapBlock* fresh = MapBlock::make(std::max<size_t>(capacity, 4));
    const bool shared = block->is_shared();
    for (uint32_t i = 0; i < block->size; ++i) {
        Member& member = block->members()[i];
        if (shared) {
            fresh->push(Value(member.key), Value(member.value), block->hashes()[i]);
        } else {
            fresh->push(std::move(member.key), std::move(member.value), block->hashes()[i]);
        }
    }
    Value holder;
    holder.set_kind(Kind::map);
    holder.store_payload(fresh);
    swap(holder);
    return fresh;
}

Value::ListBlock* Value::own_list(size_t room) {
    if (is_null()) {
        *this = list();
    }
    CHECK(is_list());
    auto* block = payload<ListBlock*>();
    const size_t needed = block->size + room;
    if (!block->is_shared() && needed <= block->capacity) {
        return block;
    }
    const size_t capacity =
        needed <= block->capacity ? needed : std::max<size_t>(needed, block->capacity * size_t{2});
    ListBlock* fresh = ListBlock::make(std::max<size_t>(capacity, 4));
    const bool shared = block->is_shared();
    for (uint32_t i = 0; i < block->size; ++i) {
        Value& item = block->items()[i];
        fresh->push(shared ? Value(item) : std::move(item));
    }
    Value holder;
    holder.set_kind(Kind::list);
    holder.store_payload(fresh);
    swap(holder);
    return fresh;
}

void Value::set(std::string_view key, Value value) {
    mutable_member(key) = std::move(value);
}

bool Value::set_shared(Value key, Value value) {
    CHECK(key.is_string());
    const uint32_t hash = hash_of(key.as_string());
    if (is_map()) {
        const uint32_t position = payload<MapBlock*>()->find(key.as_string(), hash);
        if (position != no_position) {
            own_map(0)->members()[position].value = std::move(value);
            return false;
        }
    }
    own_map(1)->push(std::move(key), std::move(value), hash);
    return true;
}

void Value::append_new(std::string_view key, Value value) {
    own_map(1)->push(Value(key), std::move(value), hash_of(key));
}

Value& Value::mutable_member(std::string_view key) {
    const uint32_t hash = hash_of(key);
    if (is_map()) {
        const uint32_t position = payload<MapBlock*>()->find(key, hash);
        if (position != no_position) {
            return own_map(0)->members()[position].value;
        }
    }
    Value name(key);  // `key` may point into the block that own_map replaces.
    MapBlock* block = own_map(1);
    block->push(std::move(name), Value(), hash);
    return block->members()[block->size - 1].value;
}

Value* Value::find_mutable(std::string_view key) {
    if (!is_map()) {
        return nullptr;
    }
    const uint32_t position = payload<MapBlock*>()->find(key, hash_of(key));
    return position == no_position ? nullptr : &own_map(0)->members()[position].value;
}

bool Value::erase(std::string_view key) {
    if (!is_map()) {
        return false;
    }
    const uint32_t position = payload<MapBlock*>()->find(key, hash_of(key));
    if (position == no_position) {
        return false;
    }
    std::vector<bool> unwanted(size());
    unwanted[position] = true;
    erase_positions(unwanted);
    return true;
}

void Value::erase_positions(const std::vector<bool>& unwanted) {
    // The index cannot forget positions, so the rest moves (or is copied) to a fresh block.
    auto* block = payload<MapBlock*>();
    MapBlock* fresh = MapBlock::make(block->size);
    const bool shared = block->is_shared();
    for (uint32_t i = 0; i < block->size; ++i) {
        if (unwanted[i]) {
            continue;
        }
        Member& member = block->members()[i];
        if (shared) {
            fresh->push(Value(member.key), Value(member.value), block->hashes()[i]);
        } else {
            fresh->push(std::move(member.key), std::move(member.value), block->hashes()[i]);
        }
    }
    Value holder;
    holder.set_kind(Kind::map);
    holder.store_payload(fresh);
    swap(holder);
}

void Value::sort_members() {
    const auto by_name = [](const Member& a, const Member& b) { return a.name() < b.name(); };
    if (!is_map() || std::ranges::is_sorted(members(), by_name)) {
        return;
    }
    std::vector<Member> sorted(members().begin(), members().end());
    std::ranges::sort(sorted, by_name);
    Value fresh = map_with_capacity(sorted.size());
    auto* block = fresh.payload<MapBlock*>();
    for (Member& member : sorted) {
        const uint32_t hash = hash_of(member.name());
        block->push(std::move(member.key), std::move(member.value), hash);
    }
    swap(fresh);
}

void Value::push_back(Value value) {
    own_list(1)->push(std::move(value));
}

void Value::insert(size_t index, Value value) {
    CHECK(index <= size());
    ListBlock* block = own_list(1);
    block->push(std::move(value));
    std::rotate(block->items() + index, block->items() + block->size - 1,
                block->items() + block->size);
}

void Value::erase_at(size_t index) {
    CHECK(is_list() && index < size());
    ListBlock* block = own_list(0);
    std::rotate(block->items() + index, block->items() + index + 1, block->items() + block->size);
    std::destroy_at(block->items() + --block->size);
}

Value& Value::mutable_item(size_t index) {
    CHECK(is_list() && index < size());
    return own_list(0)->items()[index];
}

bool Value::operator==(const Value& other) const {
    if (kind() != other.kind()) {
        return false;
    }
    switch (kind()) {
        case Kind::null:
            return true;
        case Kind::boolean:
            return as_bool() == other.as_bool();
        case Kind::integer:
            return as_int() == other.as_int();
        case Kind::number:
            return as_double() == other.as_double();
        case Kind::string:
            return as_string() == other.as_string();
        case Kind::list:
            return is_same(other) || std::ranges::equal(items(), other.items());
        case Kind::map:
            break;
    }
    if (is_same(other)) {
        return true;
    }
    if (size() != other.size()) {
        return false;
    }
    auto* mine = payload<MapBlock*>();
    auto* theirs = other.payload<MapBlock*>();
    for (uint32_t i = 0; i < mine->size; ++i) {
        const Member& member = mine->members()[i];
        // Mostly both have the same order: look there first.
        uint32_t position = i;
        if (theirs->hashes()[i] != mine->hashes()[i] ||
            theirs->members()[i].name() != member.name()) {
            position = theirs->find(member.name(), mine->hashes()[i]);
        }
        if (position == no_position || !(member.value == theirs->members()[position].value)) {
            return false;
        }
    }
    return true;
}

int Value::compare(const Value& a, const Value& b) {
    const auto sign = [](auto x, auto y) { return x < y ? -1 : (y < x ? 1 : 0); };
    if (a.is_number() && b.is_number()) {
        return a.is_int() && b.is_int() ? sign(a.as_int(), b.as_int())
                                        : sign(a.to_double(), b.to_double());
    }
    if (a.kind() != b.kind()) {
        return sign(a.kind(), b.kind());
    }
    switch (a.kind()) {
        case Kind::boolean:
            return sign(a.as_bool(), b.as_bool());
        case Kind::string:
            return sign(a.as_string(), b.as_string());
        case Kind::list: {
            for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
                if (const int order = compare(a.at(i), b.at(i)); order != 0) {
                    return order;
                }
            }
            return sign(a.size(), b.size());
        }
        case Kind::map: {
            Value x = a;
            Value y = b;
            x.sort_members();
            y.sort_members();
            for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
                const Member& m = x.members()[i];
                const Member& n = y.members()[i];
                if (const int order = sign(m.name(), n.name()); order != 0) {
                    return order;
                }
                if (const int order = compare(m.value, n.value); order != 0) {
                    return order;
                }
            }
            return sign(x.size(), y.size());
        }
        default:
            return 0;
    }
}

}  // namespace weft
