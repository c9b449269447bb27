// cel/value.h: what an expression computes with.

#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cel/arena.h"
#include "cel/type.h"
#include "object/value.h"

namespace weft::schema {
struct Schema;
}

namespace weft::cel {

enum class Kind : uint8_t {
    error,
    null,
    boolean,
    integer,
    unsigned_integer,
    number,
    string,
    bytes,
    duration,
    timestamp,
    list,
    map,
    type,
    optional,
    opaque,  // an object of a library's or a program's own type
};

// What went wrong. kro tells "wait for the data" from "this is broken" by it; see `is_pending`.
enum class ErrorCode : uint8_t {
    no_such_key,
    no_such_field,
    no_such_attribute,
    index_out_of_bounds,
    no_such_overload,
    division_by_zero,
    overflow,
    conversion,
    invalid_argument,  // everything a function says about its arguments
    duplicate_key,
    bad_data,  // the input does not fit the schema of its variable
    cost_limit,
    memory_limit,
    interrupted,
};

struct ErrorRecord;
struct MapNode;
class Opaque;

// A Value is 16 bytes, copied freely and returned in registers. It owns nothing: texts, lists and
// maps lie in the input (a weft::Value, read in place and never converted), in the arena of the
// evaluation, or in the constants of the program. So a Value is good until the first of these
// goes; `to_native` makes an owning weft::Value of it.
class Value {
public:
    constexpr Value() : Value(Kind::null, 0, 0) {}
    static constexpr Value null() { return {}; }
    static constexpr Value boolean(bool value) { return {Kind::boolean, 0, value ? 1U : 0U}; }
    static constexpr Value integer(int64_t value) {
        return {Kind::integer, 0, static_cast<uint64_t>(value)};
    }
    static constexpr Value unsigned_integer(uint64_t value) {
        return {Kind::unsigned_integer, 0, value};
    }
    static constexpr Value number(double value) {
        return {Kind::number, 0, std::bit_cast<uint64_t>(value)};
    }
    // Borrows the text, which is valid UTF-8.
    static Value string(std::string_view text) {
        return {Kind::string, text.size(), reinterpret_cast<uintptr_t>(text.data())};
    }
    static Value bytes(std::string_view bytes) {
        return {Kind::bytes, bytes.size(), reinterpret_cast<uintptr_t>(bytes.data())};
    }
    static constexpr Value duration(int64_t nanos) {
        return {Kind::duration, 0, static_cast<uint64_t>(nanos)};
    }
    // The offset is where the text it was read from stood; it shows when it is printed and counts
    // for nothing else.
    static constexpr Value timestamp(Time time, int offset_minutes = 0) {
        const auto offset = static_cast<uint64_t>(static_cast<uint16_t>(offset_minutes));
        return {Kind::timestamp, static_cast<uint64_t>(time.nanos) | offset << 32U,
                static_cast<uint64_t>(time.seconds)};
    }
    // Borrows the items.
    static Value list(std::span<const Value> items) {
        return {Kind::list, items.size(), reinterpret_cast<uintptr_t>(items.data())};
    }
    static Value map(const MapNode* map) {
        return {Kind::map, 0, reinterpret_cast<uintptr_t>(map)};
    }
    static Value type(const Type* type) {
        return {Kind::type, 0, reinterpret_cast<uintptr_t>(type)};
    }
    // A null pointer is optional.none().
    static Value optional(const Value* value) {
        return {Kind::optional, 0, reinterpret_cast<uintptr_t>(value)};
    }
    static Value opaque(const Opaque* object) {
        return {Kind::opaque, 0, reinterpret_cast<uintptr_t>(object)};
    }
    static Value error(const ErrorRecord* record) {
        return {Kind::error, 0, reinterpret_cast<uintptr_t>(record)};
    }
    // An input, read in place: the weft::Value must stay where and as it is. With a schema, formats
    // are decoded into the arena, and lists and maps read their parts as the schema says; an input
    // that does not fit becomes an error value. Without one, it is plain JSON.
    static Value borrow(const weft::Value& input, const schema::Schema* schema, Arena& arena);
    static Value borrow(const weft::Value& input);

    [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>(head_ & 0xFFU); }
    [[nodiscard]] constexpr bool is(Kind kind) const { return this->kind() == kind; }
    [[nodiscard]] constexpr bool is_error() const { return is(Kind::error); }
    [[nodiscard]] constexpr bool is_null() const { return is(Kind::null); }
    [[nodiscard]] constexpr bool is_bool() const { return is(Kind::boolean); }
    [[nodiscard]] constexpr bool is_int() const { return is(Kind::integer); }
    [[nodiscard]] constexpr bool is_uint() const { return is(Kind::unsigned_integer); }
    [[nodiscard]] constexpr bool is_double() const { return is(Kind::number); }
    [[nodiscard]] constexpr bool is_numeric() const {
        return kind() >= Kind::integer && kind() <= Kind::number;
    }
    [[nodiscard]] constexpr bool is_string() const { return is(Kind::string); }
    [[nodiscard]] constexpr bool is_bytes() const { return is(Kind::bytes); }
    [[nodiscard]] constexpr bool is_list() const { return is(Kind::list); }
    [[nodiscard]] constexpr bool is_map() const { return is(Kind::map); }
    [[nodiscard]] constexpr bool is_true() const {
        return head_ == static_cast<uint64_t>(Kind::boolean) && payload_ != 0;
    }
    [[nodiscard]] constexpr bool is_false() const {
        return head_ == static_cast<uint64_t>(Kind::boolean) && payload_ == 0;
    }

    // The content, of the right kind only: these do not look.
    [[nodiscard]] constexpr bool as_bool() const { return payload_ != 0; }
    [[nodiscard]] constexpr int64_t as_int() const { return static_cast<int64_t>(payload_); }
    [[nodiscard]] constexpr uint64_t as_uint() const { return payload_; }
    [[nodiscard]] constexpr double as_double() const { return std::bit_cast<double>(payload_); }
    // A string's or bytes' content.
    [[nodiscard]] std::string_view as_string() const {
        return {reinterpret_cast<const char*>(payload_), extra()};
    }
    [[nodiscard]] constexpr int64_t as_duration() const { return static_cast<int64_t>(payload_); }
    [[nodiscard]] constexpr Time as_time() const {
        return {static_cast<int64_t>(payload_), static_cast<int32_t>(extra() & 0xFFFFFFFFU)};
    }
    [[nodiscard]] constexpr int offset_minutes() const {
        return static_cast<int16_t>(static_cast<uint16_t>(extra() >> 32U));
    }
    [[nodiscard]] const Type* as_type() const { return reinterpret_cast<const Type*>(payload_); }
    [[nodiscard]] bool has_value() const { return payload_ != 0; }  // of an optional
    [[nodiscard]] const Value& optional_value() const {
        return *reinterpret_cast<const Value*>(payload_);
    }
    [[nodiscard]] const Opaque* as_opaque() const {
        return reinterpret_cast<const Opaque*>(payload_);
    }
    // The object as the class T, if it is one; T has `static constexpr char class_id = 0;`.
    template <typename T>
    [[nodiscard]] const T* as() const;
    [[nodiscard]] const ErrorRecord& as_error() const {
        return *reinterpret_cast<const ErrorRecord*>(payload_);
    }

    // --- Lists and maps ---

    // Items of a list, entries of a map, bytes of a string or bytes.
    [[nodiscard]] size_t size() const;
    // The item at an index, which must be below `size`. The arena takes what a schema converts.
    [[nodiscard]] Value item(size_t index, Arena& arena) const {
        if (const weft::Value* input = borrowed()) {
            const weft::Value& found = input->items()[index];
            const schema::Schema* schema = input_schema();
            return schema == nullptr ? borrow(found) : typed_item(found, *schema, arena);
        }
        return reinterpret_cast<const Value*>(payload_)[index];
    }
    // The value of a key, numbers compared by value: nothing if there is none.
    [[nodiscard]] std::optional<Value> find(const Value& key, Arena& arena) const;
    [[nodiscard]] std::optional<Value> find(std::string_view key, Arena& arena) const;
    // All items, all keys, or all entries: keys and values by turns. Keys are in order (numbers
    // before strings, strings by bytes), so that evaluating is the same every time.
    [[nodiscard]] std::span<const Value> items(Arena& arena) const;
    [[nodiscard]] std::span<const Value> sorted_keys(Arena& arena) const;
    [[nodiscard]] std::span<const Value> sorted_entries(Arena& arena) const;

    // The weft::Value that a list or map is read from; null for one made by an expression.
    [[nodiscard]] const weft::Value* borrowed() const {
        return (head_ & borrowed_flag) != 0 ? reinterpret_cast<const weft::Value*>(payload_)
                                            : nullptr;
    }
    [[nodiscard]] const schema::Schema* input_schema() const {
        return reinterpret_cast<const schema::Schema*>((head_ & borrowed_flag) != 0 ? extra() : 0);
    }
    // The map of plain JSON that this is, without a schema; null for everything else.
    [[nodiscard]] const weft::Value* plain_map() const {
        return head_ == (static_cast<uint64_t>(Kind::map) | borrowed_flag)
                   ? reinterpret_cast<const weft::Value*>(payload_)
                   : nullptr;
    }
    // Of a map that an expression made.
    [[nodiscard]] const MapNode& map_node() const {
        return *reinterpret_cast<const MapNode*>(payload_);
    }

private:
    // head: kind in bits 0-7, flags in 8-15, and 48 bits of length, nanoseconds or a pointer (no
    // pointer of a user's process on x86-64 or aarch64 has more).
    static constexpr uint64_t borrowed_flag = 0x100;
    [[nodiscard]] static Value typed_item(const weft::Value& item, const schema::Schema& list,
                                          Arena& arena);
    constexpr Value(Kind kind, uint64_t extra, uint64_t payload)
        : head_(static_cast<uint64_t>(kind) | extra << 16U), payload_(payload) {}
    [[nodiscard]] constexpr uint64_t extra() const { return head_ >> 16U; }

    uint64_t head_;
    uint64_t payload_;
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

inline Value Value::borrow(const weft::Value& input) {
    switch (input.kind()) {
        case weft::Value::Kind::null:
            return null();
        case weft::Value::Kind::boolean:
            return boolean(input.as_bool());
        case weft::Value::Kind::integer:
            return integer(input.as_int());
        case weft::Value::Kind::number:
            return number(input.as_double());
        case weft::Value::Kind::string:
            return string(input.as_string());
        case weft::Value::Kind::list:
        case weft::Value::Kind::map:
            break;
    }
    Value out(input.is_list() ? Kind::list : Kind::map, 0, reinterpret_cast<uintptr_t>(&input));
    out.head_ |= borrowed_flag;
    return out;
}

// A run-time error. Its text is put together when somebody asks: `||` and `exists` absorb errors
// that nobody ever reads.
struct ErrorRecord {
    ErrorCode code = ErrorCode::invalid_argument;
    uint32_t expression = 0;  // the id of the node that failed; 0 is unknown
    std::string_view message;
    bool has_subject = false;  // "no such key: " and the key
    Value subject = {};
};
// cel-go's text: "no such key: x".
[[nodiscard]] std::string error_text(const ErrorRecord& error);
// Whether kro waits for data instead of giving up (it looks for four phrases in the text).
[[nodiscard]] bool is_pending(const ErrorRecord& error);

[[nodiscard]] Value make_error(Arena& arena, ErrorCode code, std::string_view message);
[[nodiscard]] Value make_error(Arena& arena, ErrorCode code, std::string_view message,
                               const Value& subject);
template <typename... Pieces>
    requires(sizeof...(Pieces) > 1 && (!std::same_as<Pieces, Value> && ...))
[[nodiscard]] Value make_error(Arena& arena, ErrorCode code, const Pieces&... pieces) {
    return make_error(arena, code, arena.copy(cat(pieces...)));
}
// A text that fits the arena's limit, or the error that it does not.
[[nodiscard]] Value make_string(Arena& arena, std::string_view text);
[[nodiscard]] Value make_bytes(Arena& arena, std::string_view bytes);
[[nodiscard]] Value make_optional(Arena& arena, const Value& value);

// A map that an expression made: entries in the order of insertion, found by hash.
struct MapNode {
    uint32_t size = 0;
    uint32_t capacity = 0;
    Value* entries = nullptr;   // key, value, key, value, …
    uint32_t* index = nullptr;  // open addressing over positions, null for small maps
    uint32_t index_size = 0;

    [[nodiscard]] const Value& key(uint32_t at) const { return entries[size_t{2} * at]; }
    [[nodiscard]] const Value& value(uint32_t at) const { return entries[size_t{2} * at + 1]; }
};

// Fills a list; then `finish` makes it a Value.
class ListBuilder {
public:
    explicit ListBuilder(Arena& arena, size_t capacity = 0);
    void add(const Value& item) {
        if (size_ == capacity_) {
            grow();
        }
        items_[size_++] = item;
    }
    [[nodiscard]] size_t size() const { return size_; }
    [[nodiscard]] Value finish() const { return Value::list({items_, size_}); }

private:
    void grow();
    Arena* arena_;
    Value* items_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

// Puts a text of a known size together in an arena that has room for it; no heap is asked.
class TextBuilder {
public:
    TextBuilder(Arena& arena, size_t size)
        : begin_(arena.array<char>(size)), next_(begin_), end_(begin_ + size) {}
    void add(std::string_view text) {
        CHECK(text.size() <= static_cast<size_t>(end_ - next_));
        copy(next_, text);
        next_ += text.size();
    }
    [[nodiscard]] Value finish() const {
        return Value::string({begin_, static_cast<size_t>(next_ - begin_)});
    }

private:
    // Texts are short: most are copied by two moves, which may overlap.
    static void copy(char* out, std::string_view text) {
        const size_t size = text.size();
        const char* const from = text.data();
        const auto move = [&]<typename Word>(Word) {
            Word words[2];
            std::memcpy(&words[0], from, sizeof(Word));
            std::memcpy(&words[1], from + size - sizeof(Word), sizeof(Word));
            std::memcpy(out, &words[0], sizeof(Word));
            std::memcpy(out + size - sizeof(Word), &words[1], sizeof(Word));
        };
        if (size > 16) {
            std::memcpy(out, text.data(), size);
        } else if (size >= 8) {
            move(uint64_t{});
        } else if (size >= 4) {
            move(uint32_t{});
        } else if (size >= 2) {
            move(uint16_t{});
        } else if (size == 1) {
            *out = text[0];
        }
    }

    char* begin_;
    char* next_;
    char* end_;
};

// Fills a map; then `finish` makes it a Value.
class MapBuilder {
public:
    explicit MapBuilder(Arena& arena, size_t capacity = 0);
    // A later value replaces an earlier one of the same key (same kind and content).
    void set(const Value& key, const Value& value);
    // The key must not be there.
    void add_new(const Value& key, const Value& value);
    // False, and nothing happens, if a key of that value (numbers compare by value) is there.
    [[nodiscard]] bool add(const Value& key, const Value& value);
    [[nodiscard]] Value finish() const { return Value::map(node_); }

private:
    void append(const Value& key, const Value& value);
    void grow();
    Arena* arena_;
    MapNode* node_;
};

// An object of a type of a library's or a program's own. Objects are immutable and live in an
// arena (`arena.make<Quantity>(…)`) or outlive the evaluation in another way.
class Opaque {
public:
    Opaque() = default;
    Opaque(const Opaque&) = delete;
    Opaque& operator=(const Opaque&) = delete;

    // The address of `class_id` of the class: how `Value::as` knows it.
    [[nodiscard]] virtual const void* class_identity() const = 0;
    [[nodiscard]] virtual const Type* type() const = 0;
    // `==` with another value of any kind; an error value if comparing makes no sense.
    [[nodiscard]] virtual Value equals(const Value& other, Arena& arena) const = 0;
    // A field, or an error (no_such_key). Objects without fields need not say anything.
    [[nodiscard]] virtual Value field(std::string_view name, Arena& arena) const;
    [[nodiscard]] virtual bool has_field(std::string_view name) const;
    // Whether optional.ofNonZeroValue takes it for nothing.
    [[nodiscard]] virtual bool is_zero() const { return false; }
    // What size() counts for costs; 1 for what has no size.
    [[nodiscard]] virtual uint64_t cost_size() const { return 1; }
    // The value as plain data, if it has such a form; nothing refuses `to_native`.
    [[nodiscard]] virtual std::optional<weft::Value> to_native() const { return std::nullopt; }
    // For people: diagnostics and `weft eval`.
    [[nodiscard]] virtual std::string text() const;

protected:
    // Not virtual: an arena destroys each by its own class, and those that need no destruction not
    // at all. Nobody owns one by this base.
    ~Opaque() = default;
};

template <typename T>
const T* Value::as() const {
    return is(Kind::opaque) && as_opaque()->class_identity() == &T::class_id
               ? static_cast<const T*>(as_opaque())
               : nullptr;
}

// The type of a value at run time: `type(x)`.
[[nodiscard]] const Type* type_of(const Value& value);
// Its name as messages of overloads use it: "int", "list", "optional_type".
[[nodiscard]] std::string type_name_of(const Value& value);

// `==`: true, false, or an error. Numbers compare by value, different kinds are unequal.
[[nodiscard]] Value equals(const Value& a, const Value& b, Arena& arena);
// `<`: -1, 0 or 1 as an integer, or an error ("no such overload", NaN).
[[nodiscard]] Value compare(const Value& a, const Value& b, Arena& arena);
// Whether it is the zero of its kind: "", 0, [], none, …
[[nodiscard]] bool is_zero_value(const Value& value);
// Code points of a string, bytes, items, entries; what costs are counted by.
[[nodiscard]] uint64_t cost_size_of(const Value& value);
// For people: as a CEL literal where there is one: `"a"`, `1u`, `[1, 2]`, `duration("1s")`.
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace weft::cel
