// schema/internal/tables.cc: reads the packed facts about the builtin API.

#include "schema/internal/tables.h"

#include <bit>
#include <cstring>
#include <tuple>

namespace weft::schema::internal {

namespace {
constexpr std::string_view mark = "WEFTK8S1";
constexpr size_t definition_size = 12;
constexpr size_t field_size = 22;
constexpr size_t kind_size = 8;
constexpr uint16_t none = 0xFFFF;
static_assert(std::endian::native == std::endian::little);
}  // namespace

Tables::Tables(std::string_view bytes) : bytes_(bytes) {
    CHECK(bytes.substr(0, mark.size()) == mark);
    size_t at = mark.size();
    const auto next = [&] {
        at += 4;
        return u32(at - 4);
    };
    string_count_ = next();
    definition_count_ = next();
    field_count_ = next();
    kind_count_ = next();
    string_ends_ = next();
    string_bytes_ = next();
    definitions_ = next();
    fields_ = next();
    kinds_ = next();
    for (uint32_t& section : sections_) {
        section = next();
    }
    CHECK(next() == bytes.size());
}

uint16_t Tables::u16(size_t at) const {
    uint16_t out;
    std::memcpy(&out, bytes_.data() + at, sizeof out);
    return out;
}

uint32_t Tables::u32(size_t at) const {
    uint32_t out;
    std::memcpy(&out, bytes_.data() + at, sizeof out);
    return out;
}

std::string_view Tables::text(uint32_t number) const {
    CHECK(number < string_count_);
    const uint32_t begin = number == 0 ? 0 : u32(string_ends_ + 4 * (number - 1));
    const uint32_t end = u32(string_ends_ + 4 * number);
    return bytes_.substr(string_bytes_ + begin, end - begin);
}

std::string_view Tables::definition_name(size_t number) const {
    return text(u16(definitions_ + definition_size * number));
}

DefinitionRow Tables::definition(size_t number) const {
    CHECK(number < definition_count_);
    const size_t at = definitions_ + definition_size * number;
    const auto byte = [&](size_t offset) { return static_cast<uint8_t>(bytes_[at + offset]); };
    return {.name = text(u16(at)),
            .first_field = u16(at + 2),
            .field_count = u16(at + 4),
            .special = static_cast<Special>(byte(6)),
            .base = static_cast<Base>(byte(7)),
            .map_type = static_cast<MapType>(byte(8))};
}

FieldRow Tables::field(size_t number) const {
    CHECK(number < field_count_);
    const size_t at = fields_ + field_size * number;
    const auto byte = [&](size_t offset) { return static_cast<uint8_t>(bytes_[at + offset]); };
    const uint16_t definition = u16(at + 2);
    const uint16_t default_text = u16(at + 4);
    const uint16_t flags = u16(at + 10);
    FieldRow row{};
    row.name = text(u16(at));
    if (definition != none) {
        row.definition = definition;
    }
    if (default_text != none) {
        row.default_json = text(default_text);
    }
    row.keys = text(u16(at + 6));
    row.merge_key = text(u16(at + 8));
    row.path = {byte(12), byte(13), byte(14), byte(15)};
    row.base = static_cast<Base>(byte(16));
    row.container = static_cast<Container>(byte(17));
    row.wire = static_cast<Wire>(byte(18));
    row.list_type = static_cast<ListType>(byte(19) & 0xF);
    row.map_type = static_cast<MapType>(byte(19) >> 4);
    row.nth_by_path = byte(20);
    row.is_pointer = (flags & 1) != 0;
    row.omit_empty = (flags & 2) != 0;
    row.omit_zero = (flags & 4) != 0;
    row.is_required = (flags & 8) != 0;
    row.patch_merge = (flags & 16) != 0;
    row.patch_replace = (flags & 32) != 0;
    row.patch_retain_keys = (flags & 64) != 0;
    return row;
}

Tables::KindRow Tables::kind(size_t number) const {
    CHECK(number < kind_count_);
    const size_t at = kinds_ + kind_size * number;
    return {text(u16(at)), text(u16(at + 2)), text(u16(at + 4)), u16(at + 6)};
}

std::optional<uint16_t> Tables::find_definition(std::string_view name) const {
    size_t low = 0;
    size_t high = definition_count_;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = definition_name(middle).compare(name);
        if (order == 0) {
            return static_cast<uint16_t>(middle);
        }
        (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return std::nullopt;
}

std::optional<uint16_t> Tables::find_kind(std::string_view group, std::string_view version,
                                          std::string_view kind_name) const {
    const auto wanted = std::tie(group, version, kind_name);
    size_t low = 0;
    size_t high = kind_count_;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const KindRow row = kind(middle);
        const auto here = std::tie(row.group, row.version, row.kind);
        if (here == wanted) {
            return row.definition;
        }
        (here < wanted ? low : high) = here < wanted ? middle + 1 : middle;
    }
    return std::nullopt;
}

uint64_t Tables::varint(size_t& at) const {
    uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const auto byte = static_cast<uint8_t>(bytes_[at++]);
        out |= static_cast<uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return out;
}

Value Tables::read_value(size_t& at) const {
    switch (bytes_[at++]) {
        case 1:
            return Value(false);
        case 2:
            return Value(true);
        case 3: {
            const uint64_t raw = varint(at);
            const auto half = static_cast<int64_t>(raw >> 1U);
            return Value((raw & 1U) != 0 ? -half - 1 : half);
        }
        case 4: {
            double number;
            std::memcpy(&number, bytes_.data() + at, sizeof number);
            at += sizeof number;
            return Value(number);
        }
        case 5:
            return Value(text(static_cast<uint32_t>(varint(at))));
        case 6: {
            std::vector<Value> items(varint(at));
            for (Value& item : items) {
                item = read_value(at);
            }
            return Value::list(std::move(items));
        }
        case 7: {
            const uint64_t count = varint(at);
            Value out = Value::map_with_capacity(count);
            for (uint64_t i = 0; i < count; ++i) {
                const std::string_view key = text(static_cast<uint32_t>(varint(at)));
                out.append_new(key, read_value(at));
            }
            return out;
        }
        default:
            return {};
    }
}

Value Tables::value(Section section) const {
    size_t at = sections_[static_cast<size_t>(section)];
    return read_value(at);
}

}  // namespace weft::schema::internal
