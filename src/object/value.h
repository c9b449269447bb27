// object/value.h: a JSON value: immutable where it is shared, cheap to copy, in a fixed order.

#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace weft {

struct Member;

// A Value is 16 bytes. Texts of up to 14 bytes lie inside it; longer texts, lists and maps are
// blocks shared by an atomic count, so a copy costs a count and walking costs nothing.
//
// Values behave like values: a mutating member changes this one only and never what another Value
// sees (a shared block is copied first, one level deep). Maps keep the order of insertion, hold
// each key once and find a key by its hash.
//
// What is borrowed (string_view, span, pointer) lives as long as the Value it came from stays
// unchanged. Thread rule: Values that share blocks may be read, copied and destroyed on different
// threads; one Value is not for two threads at once if one of them changes it.
//
// Integers and numbers are different kinds, as in Go's unstructured objects: 1 is not 1.0.
class Value {
public:
    enum class Kind : uint8_t { null, boolean, integer, number, string, list, map };

    Value() noexcept { std::memset(bytes_, 0, sizeof bytes_); }
    template <std::same_as<bool> B>
    Value(B value) noexcept : Value() {  // NOLINT(google-explicit-constructor)
        set_kind(Kind::boolean);
        bytes_[payload_at] = value ? 1 : 0;
    }
    template <std::integral I>
        requires(!std::same_as<I, bool> && !std::same_as<I, char>)
    Value(I value) noexcept : Value() {  // NOLINT(google-explicit-constructor)
        set_kind(Kind::integer);
        store_payload(static_cast<int64_t>(value));
    }
    template <std::floating_point F>
    Value(F value) noexcept : Value() {  // NOLINT(google-explicit-constructor)
        set_kind(Kind::number);
        store_payload(static_cast<double>(value));
    }
    Value(std::string_view text);  // NOLINT(google-explicit-constructor)
    Value(const std::string& text)
        : Value(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)
    Value(const char* text)
        : Value(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)

    Value(const Value& other) noexcept { copy_from(other); }
    Value(Value&& other) noexcept { take(other); }
    Value& operator=(const Value& other) noexcept {
        if (this != &other) {
            Value copy(other);
            swap(copy);
        }
        return *this;
    }
    Value& operator=(Value&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    ~Value() { release(); }
    void swap(Value& other) noexcept { std::swap(bytes_, other.bytes_); }

    [[nodiscard]] static Value list() { return list(std::span<Value>()); }
    // Takes the items out of the span or vector.
    [[nodiscard]] static Value list(std::span<Value> items);
    [[nodiscard]] static Value list(std::vector<Value> items) {
        return list(std::span<Value>(items));
    }
    [[nodiscard]] static Value list_of(std::initializer_list<Value> items);
    [[nodiscard]] static Value map();
    // Room for that many members without a second allocation.
    [[nodiscard]] static Value map_with_capacity(size_t capacity);
    // A later member with the same key replaces the earlier value.
    [[nodiscard]] static Value map_of(
        std::initializer_list<std::pair<std::string_view, Value>> members);

    [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(bytes_[0]); }
    [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::null; }
    [[nodiscard]] bool is_bool() const noexcept { return kind() == Kind::boolean; }
    [[nodiscard]] bool is_int() const noexcept { return kind() == Kind::integer; }
    [[nodiscard]] bool is_double() const noexcept { return kind() == Kind::number; }
    [[nodiscard]] bool is_number() const noexcept { return is_int() || is_double(); }
    [[nodiscard]] bool is_string() const noexcept { return kind() == Kind::string; }
    [[nodiscard]] bool is_list() const noexcept { return kind() == Kind::list; }
    [[nodiscard]] bool is_map() const noexcept { return kind() == Kind::map; }

    // Each CHECKs the kind.
    [[nodiscard]] bool as_bool() const {
        CHECK(is_bool());
        return bytes_[payload_at] != 0;
    }
    [[nodiscard]] int64_t as_int() const {
        CHECK(is_int());
        return payload<int64_t>();
    }
    [[nodiscard]] double as_double() const {
        CHECK(is_double());
        return payload<double>();
    }
    [[nodiscard]] std::string_view as_string() const {
        CHECK(is_string());
        if (bytes_[1] != outside) {
            return {reinterpret_cast<const char*>(bytes_ + 2), bytes_[1]};
        }
        return {block() + text_in_block, block_size()};
    }
    // An integer or a number as double.
    [[nodiscard]] double to_double() const;

    // Items, members, or bytes of text; 0 for every other kind.
    [[nodiscard]] size_t size() const noexcept {
        return has_block() ? block_size() : (is_string() ? bytes_[1] : 0);
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    // Empty for every other kind.
    [[nodiscard]] std::span<const Value> items() const noexcept {
        if (!is_list()) {
            return {};
        }
        return {reinterpret_cast<const Value*>(block() + parts_in_block), block_size()};
    }
    [[nodiscard]] std::span<const Member> members() const noexcept;

    // The value of a key; null pointer if this is no map or has no such key. With several keys:
    // the value at that path.
    [[nodiscard]] const Value* find(std::string_view key) const noexcept;
    // For keys that are looked up often: `hash` is `hash_key(key)`, which differs between runs of
    // the program.
    [[nodiscard]] const Value* find_hashed(const Value& key, uint32_t hash) const noexcept;
    // As find_hashed, but looks at one position only: maps that come from one place mostly have
    // their keys in one order. Null says nothing. `position_of` a value that was found is where to
    // look the next time.
    [[nodiscard]] const Value* find_at(uint32_t position, const Value& key,
                                       uint32_t hash) const noexcept;
    [[nodiscard]] uint32_t position_of(const Value& member_value) const noexcept;
    [[nodiscard]] static uint32_t hash_key(std::string_view key) noexcept;
    template <typename... More>
    [[nodiscard]] const Value* find(std::string_view key, const More&... more) const noexcept {
        const Value* next = find(key);
        return next == nullptr ? nullptr : next->find(std::string_view(more)...);
    }
    [[nodiscard]] bool contains(std::string_view key) const noexcept {
        return find(key) != nullptr;
    }
    // The text at a path; "" if there is none or it is not a text.
    template <typename... Keys>
    [[nodiscard]] std::string_view string_at(const Keys&... keys) const noexcept {
        const Value* found = find(std::string_view(keys)...);
        return found != nullptr && found->is_string() ? found->as_string() : std::string_view();
    }
    // The integer at a path; `otherwise` if there is none or it is not an integer.
    template <typename... Keys>
    [[nodiscard]] int64_t int_at(int64_t otherwise, const Keys&... keys) const noexcept {
        const Value* found = find(std::string_view(keys)...);
        return found != nullptr && found->is_int() ? found->as_int() : otherwise;
    }
    // The item at an index; CHECKs that it exists.
    [[nodiscard]] const Value& at(size_t index) const;

    // --- Changing this value ---

    // Sets a key, at the end if it is new. A null becomes a map first; CHECKs against other kinds.
    void set(std::string_view key, Value value);
    // As `set`, with a key that is a text Value already and is shared, not copied. True if it is
    // new.
    bool set_shared(Value key, Value value);
    // As `set`, but without looking whether the key is there: it must not be.
    void append_new(std::string_view key, Value value);
    // Takes a key out; the others keep their order. False if it was not there.
    bool erase(std::string_view key);
    // The value of a key, to change; a null put at the end if it was absent. A null becomes a map.
    [[nodiscard]] Value& mutable_member(std::string_view key);
    // The value of a key, to change; a null pointer if it is absent (nothing is copied then).
    [[nodiscard]] Value* find_mutable(std::string_view key);
    // Removes every member for which `unwanted(key, value)` is true; says how many went.
    template <typename Predicate>
    size_t erase_if(Predicate unwanted);
    // Sorts the members by the bytes of their keys, this level only.
    void sort_members();

    // A null becomes a list first; CHECKs against other kinds.
    void push_back(Value value);
    void insert(size_t index, Value value);
    void erase_at(size_t index);
    [[nodiscard]] Value& mutable_item(size_t index);

    // Deep equality; members in any order, kinds must match (1 is not 1.0), NaN is not NaN.
    bool operator==(const Value& other) const;
    // True if both share one block, or are equal scalars: a cheap "surely the same".
    [[nodiscard]] bool is_same(const Value& other) const noexcept {
        return std::memcmp(bytes_, other.bytes_, sizeof bytes_) == 0;
    }

    // A total order for sorting: by kind, then by content. Integers and numbers compare by value.
    [[nodiscard]] static int compare(const Value& a, const Value& b);

private:
    // Layout: [0] kind; strings: [1] length of an inline text or `outside`, [2..15] inline text;
    // everything else, and the block of an outside text: payload at [8..15].
    static constexpr size_t payload_at = 8;
    static constexpr size_t inline_max = 14;
    static constexpr unsigned char outside = 0xFF;

    struct Block;
    struct StringBlock;
    struct ListBlock;
    struct MapBlock;

    void set_kind(Kind kind) noexcept { bytes_[0] = static_cast<unsigned char>(kind); }
    template <typename T>
    void store_payload(T value) noexcept {
        static_assert(sizeof(T) == 8);
        std::memcpy(bytes_ + payload_at, &value, sizeof value);
    }
    template <typename T>
    [[nodiscard]] T payload() const noexcept {
        T value;
        std::memcpy(&value, bytes_ + payload_at, sizeof value);
        return value;
    }
    // Every block begins with its count and its size; then come a text's bytes, or, on the next 16
    // bytes, a list's items or a map's members.
    static constexpr size_t size_in_block = 4;
    static constexpr size_t text_in_block = 8;
    static constexpr size_t parts_in_block = 16;
    // Of maps: room for members, then the size of their index; the members' hashes stand behind the
    // room for members.
    static constexpr size_t capacity_in_block = 8;
    static constexpr size_t index_size_in_block = 12;
    static constexpr size_t member_size = 32;
    [[nodiscard]] uint32_t word_in_block(size_t at) const noexcept {
        uint32_t word = 0;
        std::memcpy(&word, block() + at, sizeof word);
        return word;
    }
    [[nodiscard]] const Value* find_in_index(const Value& key, uint32_t hash) const noexcept;
    // Long keys are seldom met: callers need not save their registers for it.
    [[nodiscard, clang::preserve_most]] static bool is_same_text(const Value& a,
                                                                 const Value& b) noexcept;
    [[nodiscard]] const char* block() const noexcept { return payload<const char*>(); }
    [[nodiscard]] uint32_t block_size() const noexcept { return word_in_block(size_in_block); }
    [[nodiscard]] bool has_block() const noexcept {
        return bytes_[0] >= static_cast<unsigned char>(Kind::list) ||
               (bytes_[0] == static_cast<unsigned char>(Kind::string) && bytes_[1] == outside);
    }
    void copy_from(const Value& other) noexcept {
        std::memcpy(bytes_, other.bytes_, sizeof bytes_);
        if (has_block()) {
            retain();
        }
    }
    void take(Value& other) noexcept {
        std::memcpy(bytes_, other.bytes_, sizeof bytes_);
        std::memset(other.bytes_, 0, sizeof other.bytes_);
    }
    void retain() const noexcept;
    void release() noexcept {
        if (has_block()) {
            release_block();
        }
    }
    void release_block() noexcept;
    MapBlock* own_map(size_t room);    // this map's block, unshared, with room for more members
    ListBlock* own_list(size_t room);  // likewise
    void erase_positions(const std::vector<bool>& unwanted);

    alignas(8) unsigned char bytes_[16];
};
static_assert(sizeof(Value) == 16);

// One entry of a map. `key` is a string.
struct Member {
    Value key;
    Value value;

    [[nodiscard]] std::string_view name() const { return key.as_string(); }
};

static_assert(sizeof(Member) == 32);

inline const Value* Value::find_hashed(const Value& key, uint32_t hash) const noexcept {
    if (!is_map()) {
        return nullptr;
    }
    if (word_in_block(index_size_in_block) != 0) {
        return find_in_index(key, hash);
    }
    const char* members = block() + parts_in_block;
    const auto* hashes =
        reinterpret_cast<const uint32_t*>(members + member_size * word_in_block(capacity_in_block));
    const uint32_t count = block_size();
    const auto* member = reinterpret_cast<const Member*>(members);
    uint32_t at = 0;
    // Four at once: most keys that are looked for so are absent.
    while (at + 4 <= count && hashes[at] != hash && hashes[at + 1] != hash &&
           hashes[at + 2] != hash && hashes[at + 3] != hash) {
        at += 4;
    }
    for (; at < count; ++at) {
        // Short texts are equal when their 16 bytes are.
        if (hashes[at] == hash &&
            (member[at].key.is_same(key) || is_same_text(member[at].key, key))) {
            return &member[at].value;
        }
    }
    return nullptr;
}

inline const Value* Value::find_at(uint32_t position, const Value& key,
                                   uint32_t hash) const noexcept {
    if (!is_map() || position >= block_size()) {
        return nullptr;
    }
    const char* members = block() + parts_in_block;
    const auto* hashes =
        reinterpret_cast<const uint32_t*>(members + member_size * word_in_block(capacity_in_block));
    const auto* member = reinterpret_cast<const Member*>(members) + position;
    return hashes[position] == hash && (member->key.is_same(key) || is_same_text(member->key, key))
               ? &member->value
               : nullptr;
}

inline uint32_t Value::position_of(const Value& member_value) const noexcept {
    const auto offset = static_cast<size_t>(reinterpret_cast<const char*>(&member_value) -
                                            (block() + parts_in_block));
    return static_cast<uint32_t>(offset / member_size);
}

inline std::span<const Member> Value::members() const noexcept {
    if (!is_map()) {
        return {};
    }
    return {reinterpret_cast<const Member*>(block() + parts_in_block), block_size()};
}

template <typename Predicate>
size_t Value::erase_if(Predicate unwanted) {
    std::vector<bool> marks(size());
    size_t count = 0;
    size_t index = 0;
    for (const Member& member : members()) {
        const bool gone = unwanted(member.name(), member.value);
        marks[index++] = gone;
        count += gone ? 1 : 0;
    }
    if (count > 0) {
        erase_positions(marks);
    }
    return count;
}

}  // namespace weft
