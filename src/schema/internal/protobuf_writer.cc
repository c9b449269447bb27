// schema/internal/protobuf_writer.cc: JSON to protobuf messages, as Go's generated code writes
// them.

#include <bit>
#include <utility>

#include "schema/internal/protobuf_message.h"
#include "schema/internal/wire.h"
#include "schema/limits.h"

namespace weft::schema::internal {

namespace {

Error wrong_type(const FieldRow& row, std::string_view definition) {
    return make_error(Reason::internal_error, "cannot write ", definition, ".", row.name,
                      " as protobuf: it has the wrong type");
}

class Writer {
public:
    explicit Writer(const Tables& tables) : tables_(tables) {}

    Status write(uint16_t number, const Value& value, std::string& out, size_t depth) {
        const DefinitionRow definition = tables_.definition(number);
        if (depth > object_depth_max) {
            return make_error(Reason::internal_error, "cannot write protobuf: more than ",
                              object_depth_max, " levels");
        }
        if (definition.special != Special::none) {
            return write_special(definition, value, out, depth);
        }
        size_t nth = 0;
        while (nth < definition.field_count && field_at(definition, nth).path[0] == 0) {
            ++nth;  // not in the protobuf form
        }
        while (nth < definition.field_count) {
            TRY(write_at(definition, value, 0, nth, out, depth));
        }
        return {};
    }

private:
    [[nodiscard]] FieldRow field_at(const DefinitionRow& definition, size_t nth) const {
        return tables_.field(definition.first_field +
                             tables_.field(definition.first_field + nth).nth_by_path);
    }

    // Writes the field at `nth` (in the order of paths), or the inlined message that begins with
    // it, and moves behind.
    Status write_at(const DefinitionRow& definition, const Value& value, size_t level, size_t& nth,
                    std::string& out, size_t depth) {
        const FieldRow row = field_at(definition, nth);
        if (level + 1 == row.path.size() || row.path[level + 1] == 0) {
            ++nth;
            return write_field(definition, row, row.path[level], value.find(row.name), out, depth);
        }
        std::string inner;
        while (nth < definition.field_count) {
            const FieldRow next = field_at(definition, nth);
            bool is_inside = true;
            for (size_t i = 0; i <= level; ++i) {
                is_inside = is_inside && next.path[i] == row.path[i];
            }
            if (!is_inside) {
                break;
            }
            TRY(write_at(definition, value, level + 1, nth, inner, depth));
        }
        write_bytes(out, row.path[level], inner);
        return {};
    }

    Status write_field(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                       const Value* value, std::string& out, size_t depth) {
        if (value != nullptr && value->is_null()) {
            value = nullptr;
        }
        if (row.wire == Wire::list) {
            return value == nullptr ? Status() : write_texts(definition, row, number, *value, out);
        }
        if (row.container == Container::none) {
            const bool can_be_absent = row.is_pointer || row.wire == Wire::bytes;
            if (value == nullptr && can_be_absent) {
                return {};
            }
            static const Value absent;
            return write_value(definition, row, row.wire, number,
                               value == nullptr ? absent : *value, out, depth);
        }
        if (value == nullptr) {
            return {};
        }
        if (row.container == Container::list) {
            if (!value->is_list()) {
                return wrong_type(row, definition.name);
            }
            for (const Value& item : value->items()) {
                TRY(write_value(definition, row, row.wire, number, item, out, depth));
            }
            return {};
        }
        return write_map(definition, row, number, *value, out, depth);
    }

    Status write_map(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                     const Value& value, std::string& out, size_t depth) {
        if (!value.is_map()) {
            return wrong_type(row, definition.name);
        }
        Value sorted = value;
        sorted.sort_members();
        const Wire wire = row.wire == Wire::map_of_strings    ? Wire::string
                          : row.wire == Wire::map_of_bytes    ? Wire::bytes
                          : row.wire == Wire::map_of_messages ? Wire::message
                                                              : Wire::list;
        for (const Member& member : sorted.members()) {
            std::string entry;
            write_bytes(entry, 1, member.name());
            if (wire == Wire::list) {
                TRY(write_texts(definition, row, 2, member.value, entry));
            } else {
                TRY(write_value(definition, row, wire, 2, member.value, entry, depth));
            }
            write_bytes(out, number, entry);
        }
        return {};
    }

    static Status write_texts(const DefinitionRow& definition, const FieldRow& row, uint32_t number,
                              const Value& value, std::string& out) {
        std::string inner;
        for (const Value& item : value.items()) {
            if (!item.is_string()) {
                return wrong_type(row, definition.name);
            }
            write_bytes(inner, 1, item.as_string());
        }
        write_bytes(out, number, inner);
        return {};
    }

    // Null stands for the zero value.
    Status write_value(const DefinitionRow& definition, const FieldRow& row, Wire wire,
                       uint32_t number, const Value& value, std::string& out, size_t depth) {
        const bool is_zero = value.is_null();
        switch (wire) {
            case Wire::string:
                if (!is_zero && !value.is_string()) {
                    return wrong_type(row, definition.name);
                }
                write_bytes(out, number, is_zero ? std::string_view() : value.as_string());
                return {};
            case Wire::bytes: {
                const auto bytes = is_zero             ? std::optional(std::string())
                                   : value.is_string() ? base64_decode(value.as_string())
                                                       : std::nullopt;
                if (!bytes) {
                    return wrong_type(row, definition.name);
                }
                write_bytes(out, number, *bytes);
                return {};
            }
            case Wire::boolean:
                if (!is_zero && !value.is_bool()) {
                    return wrong_type(row, definition.name);
                }
                write_number(out, number, !is_zero && value.as_bool() ? 1 : 0);
                return {};
            case Wire::int32:
            case Wire::int64:
                if (!is_zero && !value.is_int()) {
                    return wrong_type(row, definition.name);
                }
                write_number(out, number, is_zero ? 0 : value.as_int());
                return {};
            case Wire::number: {
                if (!is_zero && !value.is_number()) {
                    return wrong_type(row, definition.name);
                }
                write_tag(out, number, WireType::fixed64);
                const auto bits = std::bit_cast<uint64_t>(is_zero ? 0.0 : value.to_double());
                for (unsigned shift = 0; shift < 64; shift += 8) {
                    out += static_cast<char>(bits >> shift);
                }
                return {};
            }
            case Wire::message: {
                std::string inner;
                TRY(write(*row.definition, value, inner, depth + 1));
                write_bytes(out, number, inner);
                return {};
            }
            default:
                return {};
        }
    }

    Status write_special(const DefinitionRow& definition, const Value& value, std::string& out,
                         size_t depth) {
        switch (definition.special) {
            case Special::quantity:
                write_bytes(out, 1, value.is_string() ? value.as_string() : "0");
                return {};
            case Special::int_or_string:
                write_number(out, 1, value.is_string() ? 1 : 0);
                write_number(out, 2, value.is_int() ? value.as_int() : 0);
                write_bytes(out, 3, value.is_string() ? value.as_string() : std::string_view());
                return {};
            case Special::time:
            case Special::micro_time: {
                const auto time =
                    value.is_string() ? parse_rfc3339(value.as_string()) : std::nullopt;
                if (time) {
                    write_number(out, 1, time->seconds);
                    write_number(
                        out, 2,
                        definition.special == Special::time ? 0 : time->nanos / 1000 * 1000);
                }
                return {};
            }
            case Special::duration:
                write_number(out, 1,
                             value.is_string() ? parse_duration(value.as_string()).value_or(0) : 0);
                return {};
            case Special::raw_json:
                if (!value.is_null()) {
                    write_bytes(out, 1, to_json(value));
                }
                return {};
            default:
                return write_schema_or(definition, value, out, depth);
        }
    }

    // JSONSchemaPropsOrArray, OrBool and OrStringArray.
    Status write_schema_or(const DefinitionRow& definition, const Value& value, std::string& out,
                           size_t depth) {
        const std::optional<uint16_t> schema = tables_.find_definition(
            definition.name.substr(0, definition.name.rfind("JSONSchemaProps") + 15));
        const bool is_or_bool = definition.special == Special::schema_or_bool;
        if (is_or_bool) {
            write_number(out, 1, value.is_map() || (value.is_bool() && value.as_bool()) ? 1 : 0);
        }
        const auto write_schema = [&](uint32_t number, const Value& from) -> Status {
            std::string inner;
            TRY(write(*schema, from, inner, depth + 1));
            write_bytes(out, number, inner);
            return {};
        };
        if (value.is_map()) {
            return write_schema(is_or_bool ? 2 : 1, value);
        }
        for (const Value& item : value.items()) {
            if (definition.special == Special::schema_or_array) {
                TRY(write_schema(2, item));
            } else if (item.is_string()) {
                write_bytes(out, 2, item.as_string());
            }
        }
        return {};
    }

    const Tables& tables_;
};

}  // namespace

Status write_message(const Tables& tables, uint16_t definition, const Value& value,
                     std::string& out) {
    return Writer(tables).write(definition, value, out, 0);
}

}  // namespace weft::schema::internal
