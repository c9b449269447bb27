// cel/value.cc: reading values, building them, and the maps that expressions make.

#include "cel/value.h"

#include <algorithm>
#include <cmath>

#include "cel/internal/go_text.h"
#include "cel/internal/input.h"

namespace weft::cel {

namespace {

// Maps of up to this many entries are searched one by one.
constexpr uint32_t walk_max = 8;
constexpr uint32_t no_position = UINT32_MAX;

uint32_t mix(uint64_t bits) {
    bits ^= bits >> 32U;
    bits *= 0x9E3779B97F4A7C15ULL;
    return static_cast<uint32_t>(bits >> 32U);
}

// Numbers of equal value hash the same, whatever their kind.
uint32_t hash_of(const Value& key) {
    switch (key.kind()) {
        case Kind::string:
        case Kind::bytes:
            return static_cast<uint32_t>(fnv64a(key.as_string()) * 0x9E3779B97F4A7C15ULL >> 32U);
        case Kind::boolean:
            return key.as_bool() ? 1 : 2;
        case Kind::integer:
        case Kind::unsigned_integer:
            return mix(key.as_uint());
        case Kind::number: {
            const double value = key.as_double();
            if (value >= -0x1p63 && value < 0x1p63) {
                return mix(static_cast<uint64_t>(static_cast<int64_t>(value)));
            }
            return value >= 0 && value < 0x1p64 ? mix(static_cast<uint64_t>(value)) : 3;
        }
        default:
            return static_cast<uint32_t>(key.kind());
    }
}

bool is_same_key(const Value& a, const Value& b, Arena& arena) {
    return a.kind() == b.kind() && equals(a, b, arena).is_true();
}

// The position of a key: the entry of the same kind if there is one, else of the same value.
uint32_t position_of(const MapNode& map, const Value& key, bool same_kind_only, Arena& arena) {
    uint32_t similar = no_position;
    const auto look = [&](uint32_t at) {
        const Value& candidate = map.key(at);
        if (is_same_key(candidate, key, arena)) {
            return true;
        }
        if (candidate.is_numeric() && key.is_numeric() && equals(candidate, key, arena).is_true()) {
            similar = at;
        }
        return false;
    };
    if (map.index == nullptr) {
        for (uint32_t at = 0; at < map.size; ++at) {
            if (look(at)) {
                return at;
            }
        }
    } else {
        const uint32_t mask = map.index_size - 1;
        for (uint32_t slot = hash_of(key) & mask; map.index[slot] != no_position;
             slot = (slot + 1) & mask) {
            if (look(map.index[slot])) {
                return map.index[slot];
            }
        }
    }
    return same_kind_only ? no_position : similar;
}

// The order that keys are visited in.
int key_rank(const Value& key) {
    return key.is_numeric() ? static_cast<int>(Kind::integer) : static_cast<int>(key.kind());
}
bool comes_before(const Value& a, const Value& b, Arena& arena) {
    if (key_rank(a) != key_rank(b)) {
        return key_rank(a) < key_rank(b);
    }
    if (a.is_string()) {
        return a.as_string() < b.as_string();
    }
    const Value order = compare(a, b, arena);
    return order.is_int() && order.as_int() < 0;
}

}  // namespace

Value Value::borrow(const weft::Value& input, const schema::Schema* schema, Arena& arena) {
    if (schema == nullptr || !(input.is_list() || input.is_map())) {
        return read_input(input, schema, arena);
    }
    Value out(input.is_list() ? Kind::list : Kind::map, reinterpret_cast<uintptr_t>(schema),
              reinterpret_cast<uintptr_t>(&input));
    out.head_ |= borrowed_flag;
    return out;
}

size_t Value::size() const {
    if (const weft::Value* input = borrowed()) {
        return input->size();
    }
    return is_map() ? map_node().size : extra();
}

Value Value::typed_item(const weft::Value& item, const schema::Schema& list, Arena& arena) {
    return read_input(item, list.items, arena);
}

std::optional<Value> Value::find(std::string_view key, Arena& arena) const {
    if (const weft::Value* input = borrowed()) {
        if (const schema::Schema* schema = input_schema()) {
            return find_member(*input, key, *schema, arena);
        }
        const weft::Value* found = input->find(key);
        return found == nullptr ? std::nullopt : std::optional(borrow(*found));
    }
    return find(string(key), arena);
}

std::optional<Value> Value::find(const Value& key, Arena& arena) const {
    if (borrowed() != nullptr) {
        return key.is_string() ? find(key.as_string(), arena) : std::nullopt;
    }
    const MapNode& map = map_node();
    const uint32_t at = position_of(map, key, false, arena);
    return at == no_position ? std::nullopt : std::optional(map.value(at));
}

std::span<const Value> Value::items(Arena& arena) const {
    if (borrowed() == nullptr) {
        return {reinterpret_cast<const Value*>(payload_), extra()};
    }
    const size_t count = size();
    Value* out = arena.array<Value>(count);
    for (size_t i = 0; i < count; ++i) {
        out[i] = item(i, arena);
    }
    return {out, count};
}

std::span<const Value> Value::sorted_keys(Arena& arena) const {
    const size_t count = size();
    Value* keys = arena.array<Value>(count);
    if (const weft::Value* input = borrowed()) {
        size_t at = 0;
        for (const Member& member : input->members()) {
            keys[at++] = string(member.name());
        }
    } else {
        for (uint32_t i = 0; i < count; ++i) {
            keys[i] = map_node().key(i);
        }
    }
    const auto before = [&](const Value& a, const Value& b) { return comes_before(a, b, arena); };
    if (!std::is_sorted(keys, keys + count, before)) {
        std::sort(keys, keys + count, before);
    }
    return {keys, count};
}

std::span<const Value> Value::sorted_entries(Arena& arena) const {
    const std::span<const Value> keys = sorted_keys(arena);
    Value* out = arena.array<Value>(2 * keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
        out[2 * i] = keys[i];
        out[2 * i + 1] = find(keys[i], arena).value_or(Value::null());
    }
    return {out, 2 * keys.size()};
}

Value make_error(Arena& arena, ErrorCode code, std::string_view message) {
    return Value::error(arena.make<ErrorRecord>(ErrorRecord{.code = code, .message = message}));
}

Value make_error(Arena& arena, ErrorCode code, std::string_view message, const Value& subject) {
    return Value::error(arena.make<ErrorRecord>(
        ErrorRecord{.code = code, .message = message, .has_subject = true, .subject = subject}));
}

Value make_string(Arena& arena, std::string_view text) {
    if (!arena.has_room(text.size())) {
        return make_error(arena, ErrorCode::memory_limit, "memory limit exceeded");
    }
    return Value::string(arena.copy(text));
}

Value make_bytes(Arena& arena, std::string_view bytes) {
    if (!arena.has_room(bytes.size())) {
        return make_error(arena, ErrorCode::memory_limit, "memory limit exceeded");
    }
    return Value::bytes(arena.copy(bytes));
}

Value make_optional(Arena& arena, const Value& value) {
    return Value::optional(arena.make<Value>(value));
}

std::string error_text(const ErrorRecord& error) {
    std::string out(error.message);
    if (error.has_subject) {
        const Value& subject = error.subject;
        switch (subject.kind()) {
            case Kind::string:
            case Kind::bytes:
                out += subject.as_string();
                break;
            case Kind::unsigned_integer:
                append(out, subject.as_uint());
                break;
            case Kind::number:
                out += format_double_g(subject.as_double());
                break;
            default:
                out += to_text(subject);
        }
    }
    return out;
}

bool is_pending(const ErrorRecord& error) {
    switch (error.code) {
        case ErrorCode::no_such_key:
        case ErrorCode::no_such_field:
        case ErrorCode::no_such_attribute:
        case ErrorCode::index_out_of_bounds:
            return true;
        case ErrorCode::invalid_argument: {
            // Functions of libraries may put the same words into their own messages.
            const std::string text = error_text(error);
            return text.contains("no such key") || text.contains("no such field") ||
                   text.contains("no such attribute") || text.contains("index out of bounds");
        }
        default:
            return false;
    }
}

ListBuilder::ListBuilder(Arena& arena, size_t capacity) : arena_(&arena), capacity_(capacity) {
    items_ = capacity == 0 ? nullptr : arena.array<Value>(capacity);
}

void ListBuilder::grow() {
    const size_t capacity = std::max<size_t>(8, capacity_ * 2);
    Value* items = arena_->array<Value>(capacity);
    std::copy_n(items_, size_, items);
    items_ = items;
    capacity_ = capacity;
}

MapBuilder::MapBuilder(Arena& arena, size_t capacity)
    : arena_(&arena), node_(arena.make<MapNode>()) {
    if (capacity != 0) {
        node_->capacity = static_cast<uint32_t>(capacity);
        node_->entries = arena.array<Value>(capacity * 2);
        if (capacity > walk_max) {
            node_->capacity = static_cast<uint32_t>(capacity / 2);
            grow();
        }
    }
}

void MapBuilder::grow() {
    MapNode& map = *node_;
    map.capacity = std::max<uint32_t>(4, map.capacity * 2);
    Value* entries = arena_->array<Value>(size_t{map.capacity} * 2);
    std::copy_n(map.entries, size_t{map.size} * 2, entries);
    map.entries = entries;
    if (map.capacity <= walk_max) {
        return;
    }
    map.index_size = std::bit_ceil(map.capacity * 2);
    map.index = arena_->array<uint32_t>(map.index_size);
    std::fill_n(map.index, map.index_size, no_position);
    for (uint32_t at = 0; at < map.size; ++at) {
        uint32_t slot = hash_of(map.key(at)) & (map.index_size - 1);
        while (map.index[slot] != no_position) {
            slot = (slot + 1) & (map.index_size - 1);
        }
        map.index[slot] = at;
    }
}

void MapBuilder::append(const Value& key, const Value& value) {
    MapNode& map = *node_;
    if (map.size == map.capacity) {
        grow();
    }
    const uint32_t at = map.size++;
    map.entries[size_t{2} * at] = key;
    map.entries[size_t{2} * at + 1] = value;
    if (map.index != nullptr) {
        uint32_t slot = hash_of(key) & (map.index_size - 1);
        while (map.index[slot] != no_position) {
            slot = (slot + 1) & (map.index_size - 1);
        }
        map.index[slot] = at;
    }
}

void MapBuilder::set(const Value& key, const Value& value) {
    const uint32_t at = position_of(*node_, key, true, *arena_);
    if (at != no_position) {
        node_->entries[size_t{2} * at + 1] = value;
        return;
    }
    append(key, value);
}

void MapBuilder::add_new(const Value& key, const Value& value) {
    append(key, value);
}

bool MapBuilder::add(const Value& key, const Value& value) {
    if (position_of(*node_, key, false, *arena_) != no_position) {
        return false;
    }
    append(key, value);
    return true;
}

Value Opaque::field(std::string_view name, Arena& arena) const {
    return make_error(arena, ErrorCode::no_such_key,
                      "no such key: ", Value::string(arena.copy(name)));
}

bool Opaque::has_field(std::string_view) const {
    return false;
}

std::string Opaque::text() const {
    return type_name(type());
}

}  // namespace weft::cel
