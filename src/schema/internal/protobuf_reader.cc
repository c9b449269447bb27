// schema/internal/protobuf_reader.cc: protobuf messages to JSON.

#include <bit>
#include <utility>

#include "schema/internal/protobuf_message.h"
#include "schema/internal/wire.h"
#include "schema/limits.h"

namespace weft::schema::internal {

namespace {

Error broken(std::string_view definition) {
    return make_error(Reason::bad_request, "invalid protobuf message ",
                      definition.substr(definition.rfind('.') + 1));
}

// Go keeps such bytes in a string and writes U+FFFD of them.
Value text_value(std::string_view text) {
    if (is_valid_utf8(text)) {
        return Value(text);
    }
    std::string out;
    for (size_t at = 0; at < text.size();) {
        append_utf8(out, next_code_point(text, at));
    }
    return Value(out);
}

// Where the fields of a definition lie, in the order of their paths.
class FieldsByPath {
public:
    FieldsByPath(const Tables& tables, const DefinitionRow& definition)
        : tables_(tables), definition_(definition) {}

    // The position in the definition of the field with this path, or of any field below it.
    struct Found {
        uint32_t position;
        bool is_below;  // the path names an inlined message
    };
    [[nodiscard]] std::optional<Found> find(const std::array<uint8_t, 4>& path,
                                            size_t depth) const {
        size_t low = 0;
        size_t high = definition_.field_count;
        while (low < high) {
            const size_t middle = (low + high) / 2;
            (field_at(middle).path < path ? low : high) =
                field_at(middle).path < path ? middle + 1 : middle;
        }
        if (low == definition_.field_count) {
            return std::nullopt;
        }
        const FieldRow row = field_at(low);
        for (size_t i = 0; i <= depth; ++i) {
            if (row.path[i] != path[i]) {
                return std::nullopt;
            }
        }
        const bool is_below = depth + 1 < row.path.size() && row.path[depth + 1] != 0;
        return Found{position_at(low), is_below};
    }

private:
    [[nodiscard]] uint32_t position_at(size_t nth) const {
        return tables_.field(definition_.first_field + nth).nth_by_path;
    }
    [[nodiscard]] FieldRow field_at(size_t nth) const {
        return tables_.field(definition_.first_field + position_at(nth));
    }

    const Tables& tables_;
    const DefinitionRow& definition_;
};

class Reader {
public:
    explicit Reader(const Tables& tables) : tables_(tables) {}

    Result<Value> read(uint16_t number, std::string_view bytes, size_t depth) {
        const DefinitionRow definition = tables_.definition(number);
        if (depth > object_depth_max) {
            return make_error(Reason::bad_request, "protobuf message exceeds ", object_depth_max,
                              " levels");
        }
        if (definition.special != Special::none) {
            return read_special(definition, bytes, depth);
        }
        std::vector<std::optional<Value>> slots(definition.field_count);
        TRY(read_fields(definition, bytes, {}, 0, depth, slots));
        Value out = Value::map_with_capacity(slots.size());
        for (uint32_t i = 0; i < definition.field_count; ++i) {
            if (slots[i]) {
                out.append_new(tables_.field(definition.first_field + i).name,
                               std::move(*slots[i]));
            }
        }
        return out;
    }

private:
    // The fields of a message that lies `inlined` levels inside the definition, at `prefix`.
    Status read_fields(const DefinitionRow& definition, std::string_view bytes,
                       std::array<uint8_t, 4> prefix, size_t inlined, size_t depth,
                       std::vector<std::optional<Value>>& slots) {
        const FieldsByPath fields(tables_, definition);
        WireReader reader(bytes);
        while (!reader.at_end()) {
            const std::optional<WireReader::Field> field = reader.next();
            if (!field || ++values_ > protobuf_values_max) {
                return broken(definition.name);
            }
            if (field->number > 0xFF) {
                continue;  // no definition has such a number: from a newer version
            }
            prefix[inlined] = static_cast<uint8_t>(field->number);
            const auto found = fields.find(prefix, inlined);
            if (!found) {
                continue;
            }
            if (found->is_below) {
                if (field->type != WireType::bytes) {
                    return broken(definition.name);
                }
                TRY(read_fields(definition, field->bytes, prefix, inlined + 1, depth, slots));
                continue;
            }
            const FieldRow row = tables_.field(definition.first_field + found->position);
            if (!add(row, *field, depth, slots[found->position])) {
                return error_ ? Error(std::move(*error_)) : broken(definition.name);
            }
        }
        return {};
    }

    // False if the field is broken; `error_` may say why.
    bool add(const FieldRow& row, const WireReader::Field& field, size_t depth,
             std::optional<Value>& slot) {
        if (row.container == Container::none || row.wire == Wire::list) {
            auto value = read_value(row, row.wire, field, depth);
            if (value) {
                slot = std::move(value);
            }
            return slot.has_value();
        }
        if (row.container == Container::list) {
            if (!slot) {
                slot = Value::list();
            }
            if (field.type == WireType::bytes && is_scalar(row.wire)) {
                return add_packed(row, field.bytes, *slot);
            }
            auto value = read_value(row, row.wire, field, depth);
            if (value) {
                slot->push_back(std::move(*value));
            }
            return value.has_value();
        }
        if (!slot) {
            slot = Value::map();
        }
        return field.type == WireType::bytes && add_entry(row, field.bytes, depth, *slot);
    }

    static bool is_scalar(Wire wire) {
        return wire == Wire::boolean || wire == Wire::int32 || wire == Wire::int64 ||
               wire == Wire::number;
    }

    bool add_packed(const FieldRow& row, std::string_view bytes, Value& list) {
        WireReader reader(bytes);
        while (!reader.at_end()) {
            WireReader::Field field;
            if (row.wire == Wire::number) {
                return false;  // no list of doubles exists
            }
            const std::optional<uint64_t> number = reader.varint();
            if (!number || ++values_ > protobuf_values_max) {
                return false;
            }
            field.value = *number;
            list.push_back(*read_value(row, row.wire, field, 0));
        }
        return true;
    }

    bool add_entry(const FieldRow& row, std::string_view bytes, size_t depth, Value& map) {
        const Wire wire = row.wire == Wire::map_of_strings    ? Wire::string
                          : row.wire == Wire::map_of_bytes    ? Wire::bytes
                          : row.wire == Wire::map_of_messages ? Wire::message
                                                              : Wire::list;
        Value key("");
        std::optional<Value> value;
        WireReader reader(bytes);
        while (!reader.at_end()) {
            const auto field = reader.next();
            if (!field || ++values_ > protobuf_values_max) {
                return false;
            }
            if (field->number == 1 && field->type == WireType::bytes) {
                key = text_value(field->bytes);
            } else if (field->number == 2) {
                value = read_value(row, wire, *field, depth);
                if (!value) {
                    return false;
                }
            }
        }
        if (!value) {  // the zero value
            WireReader::Field empty;
            empty.type = WireType::bytes;
            value = read_value(row, wire, empty, depth);
        }
        if (!value) {
            return false;
        }
        map.set(key.as_string(), std::move(*value));
        return true;
    }

    std::optional<Value> read_value(const FieldRow& row, Wire wire, const WireReader::Field& field,
                                    size_t depth) {
        const bool is_bytes = field.type == WireType::bytes;
        switch (wire) {
            case Wire::string:
                return is_bytes ? std::optional(text_value(field.bytes)) : std::nullopt;
            case Wire::bytes:
                return is_bytes ? std::optional(Value(base64_encode(field.bytes))) : std::nullopt;
            case Wire::boolean:
                return field.type == WireType::varint ? std::optional(Value(field.value != 0))
                                                      : std::nullopt;
            case Wire::int32:
                return field.type == WireType::varint
                           ? std::optional(Value(static_cast<int32_t>(field.value)))
                           : std::nullopt;
            case Wire::int64:
                return field.type == WireType::varint
                           ? std::optional(Value(static_cast<int64_t>(field.value)))
                           : std::nullopt;
            case Wire::number:
                return field.type == WireType::fixed64
                           ? std::optional(double_value(std::bit_cast<double>(field.value)))
                           : std::nullopt;
            case Wire::message: {
                if (!is_bytes || !row.definition) {
                    return std::nullopt;
                }
                Result<Value> inner = read(*row.definition, field.bytes, depth + 1);
                if (!inner) {
                    error_ = std::move(inner).error();
                    return std::nullopt;
                }
                return std::move(*inner);
            }
            case Wire::list:
                return is_bytes ? read_texts(field.bytes) : std::nullopt;
            default:
                return std::nullopt;
        }
    }

    // JSON knows one kind of number: whole ones are written without a fraction.
    static Value double_value(double number) {
        const auto whole = number >= -9e15 && number <= 9e15 ? static_cast<int64_t>(number) : 0;
        return static_cast<double>(whole) == number ? Value(whole) : Value(number);
    }

    std::optional<Value> read_texts(std::string_view bytes) {
        Value out = Value::list();
        WireReader reader(bytes);
        while (!reader.at_end()) {
            const auto field = reader.next();
            if (!field || ++values_ > protobuf_values_max) {
                return std::nullopt;
            }
            if (field->number == 1 && field->type == WireType::bytes) {
                out.push_back(text_value(field->bytes));
            }
        }
        return out;
    }

    Result<Value> read_special(const DefinitionRow& definition, std::string_view bytes,
                               size_t depth) {
        std::array<uint64_t, 4> numbers{};
        std::array<std::string_view, 4> texts{};
        Value list = Value::list();
        std::optional<Value> inner;
        WireReader reader(bytes);
        const std::optional<uint16_t> schema = schema_of(definition);
        while (!reader.at_end()) {
            const auto field = reader.next();
            if (!field || ++values_ > protobuf_values_max) {
                return broken(definition.name);
            }
            if (field->number >= numbers.size()) {
                continue;
            }
            numbers[field->number] = field->value;
            texts[field->number] = field->bytes;
            const bool is_schema =
                schema && field->type == WireType::bytes &&
                (definition.special == Special::schema_or_bool
                     ? field->number == 2
                     : field->number == 1 || definition.special == Special::schema_or_array);
            if (is_schema) {
                Value value = TRY(read(*schema, field->bytes, depth + 1));
                if (definition.special == Special::schema_or_array && field->number == 2) {
                    list.push_back(std::move(value));
                } else {
                    inner = std::move(value);
                }
            } else if (definition.special == Special::schema_or_strings && field->number == 2) {
                list.push_back(text_value(field->bytes));
            }
        }
        switch (definition.special) {
            case Special::quantity:
                return text_value(texts[1].empty() ? "0" : texts[1]);
            case Special::int_or_string:
                return numbers[1] == 0 ? Value(static_cast<int32_t>(numbers[2]))
                                       : text_value(texts[3]);
            case Special::time:
            case Special::micro_time:
                return read_time(definition.special, bytes.empty(), numbers);
            case Special::duration:
                return Value(format_duration(static_cast<int64_t>(numbers[1])));
            case Special::raw_json:
                if (texts[1].empty()) {
                    return Value();
                }
                return parse_json(texts[1]);
            case Special::schema_or_bool:
                return inner ? std::move(*inner) : Value(numbers[1] != 0);
            case Special::schema_or_array:
            case Special::schema_or_strings:
                return !list.empty() ? std::move(list) : inner ? std::move(*inner) : Value();
            case Special::none:
                break;
        }
        return Value();
    }

    static Value read_time(Special special, bool is_empty, const std::array<uint64_t, 4>& numbers) {
        if (is_empty) {
            return Value();
        }
        // Years outside 0 to 9999 have no text.
        const auto seconds = static_cast<int64_t>(numbers[1]);
        if (seconds < -62'167'219'200 || seconds > 253'402'300'799) {
            return Value();
        }
        const auto nanos = static_cast<int32_t>(numbers[2]);
        const Time time{seconds, nanos >= 0 && nanos < 1'000'000'000 ? nanos : 0};
        return Value(special == Special::time ? format_rfc3339(time) : format_rfc3339_micro(time));
    }

    // "…JSONSchemaPropsOrBool" holds "…JSONSchemaProps".
    [[nodiscard]] std::optional<uint16_t> schema_of(const DefinitionRow& definition) const {
        if (definition.special < Special::schema_or_array) {
            return std::nullopt;
        }
        return tables_.find_definition(
            definition.name.substr(0, definition.name.rfind("JSONSchemaProps") + 15));
    }

    const Tables& tables_;
    size_t values_ = 0;
    std::optional<Error> error_;
};

}  // namespace

Result<Value> read_message(const Tables& tables, uint16_t definition, std::string_view bytes) {
    return Reader(tables).read(definition, bytes, 0);
}

}  // namespace weft::schema::internal
