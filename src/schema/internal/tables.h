// schema/internal/tables.h: reads the packed facts about the builtin API (tools/pack_builtin).
//
// Rows are read in place: nothing is allocated, and any number of threads may read.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schema/schema.h"

namespace weft::schema::internal {

// The forms a field or an element has. The orders are those of tools/pack_builtin.
enum class Base : uint8_t {
    none,
    string,
    bytes,  // base64 text
    date_time,
    int_or_string,
    int32,
    int64,
    number,
    boolean,
    object,
    any,
    reference,  // another definition
};
enum class Container : uint8_t { none, list, map, map_of_lists };
enum class Wire : uint8_t {
    none,  // not in the protobuf form
    string,
    bytes,
    boolean,
    int32,
    int64,
    number,
    message,
    map_of_strings,
    map_of_bytes,
    map_of_messages,
    map_of_lists,  // the value is a message with `repeated string items = 1`
    list,          // likewise, without a map
};
enum class Special : uint8_t {
    none,
    quantity,
    int_or_string,
    time,
    micro_time,
    duration,
    raw_json,
    schema_or_array,
    schema_or_bool,
    schema_or_strings,
};
enum class Section : uint8_t { groups, resources, every, unions, defaults, immutable, printers };

struct DefinitionRow {
    std::string_view name;
    uint32_t first_field;
    uint32_t field_count;
    Special special;
    Base base;  // `reference`: an object with the fields
    MapType map_type;
};

struct FieldRow {
    std::string_view name;
    std::optional<uint16_t> definition;
    std::optional<std::string_view> default_json;
    std::string_view keys;  // comma-joined
    std::string_view merge_key;
    std::array<uint8_t, 4> path;  // protobuf numbers from the outside in, then zeros
    Base base;
    Container container;
    Wire wire;
    ListType list_type;
    MapType map_type;
    uint8_t nth_by_path;  // position (in the definition) of the field that is nth by path
    bool is_pointer;
    bool omit_empty;
    bool omit_zero;
    bool is_required;
    bool patch_merge;
    bool patch_replace;
    bool patch_retain_keys;

    // Whether the JSON form is an object or a message whose absence Go cannot express.
    [[nodiscard]] bool is_struct() const {
        return base == Base::reference && container == Container::none && !is_pointer;
    }
};

class Tables {
public:
    // `bytes` are borrowed for the life of the tables. CHECKs their mark and size: they are ours.
    explicit Tables(std::string_view bytes);

    [[nodiscard]] std::string_view text(uint32_t number) const;
    [[nodiscard]] size_t definition_count() const { return definition_count_; }
    [[nodiscard]] DefinitionRow definition(size_t number) const;
    [[nodiscard]] FieldRow field(size_t number) const;
    [[nodiscard]] std::string_view definition_name(size_t number) const;

    [[nodiscard]] std::optional<uint16_t> find_definition(std::string_view name) const;
    [[nodiscard]] std::optional<uint16_t> find_kind(std::string_view group,
                                                    std::string_view version,
                                                    std::string_view kind) const;
    struct KindRow {
        std::string_view group;
        std::string_view version;
        std::string_view kind;
        uint16_t definition;
    };
    [[nodiscard]] size_t kind_count() const { return kind_count_; }
    [[nodiscard]] KindRow kind(size_t number) const;

    [[nodiscard]] Value value(Section section) const;

private:
    [[nodiscard]] uint16_t u16(size_t at) const;
    [[nodiscard]] uint32_t u32(size_t at) const;
    [[nodiscard]] uint64_t varint(size_t& at) const;
    [[nodiscard]] Value read_value(size_t& at) const;

    std::string_view bytes_;
    uint32_t string_count_ = 0;
    uint32_t definition_count_ = 0;
    uint32_t field_count_ = 0;
    uint32_t kind_count_ = 0;
    uint32_t string_ends_ = 0;
    uint32_t string_bytes_ = 0;
    uint32_t definitions_ = 0;
    uint32_t fields_ = 0;
    uint32_t kinds_ = 0;
    std::array<uint32_t, 7> sections_{};
};

}  // namespace weft::schema::internal
