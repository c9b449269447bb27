// tests/conformance/cel/expected.cc: cel.expr.Value and cel.expr.Type of the cases as ours.

#include "tests/conformance/cel/expected.h"

#include <cmath>

#include "tests/conformance/cel/messages.h"

namespace weft::conformance {

namespace {

using cel::Arena;
using cel::Type;
namespace types = cel::types;

const Type* named_type(std::string_view name, Arena& arena, const Messages* messages) {
    static constexpr const Type* known[] = {
        &types::boolean,          &types::bytes,       &types::number,
        &types::integer,          &types::null,        &types::string,
        &types::unsigned_integer, &types::type,        &types::duration,
        &types::timestamp,        &types::list_of_dyn, &types::map_of_dyn,
        &types::optional_of_dyn,  &types::dyn};
    for (const Type* type : known) {
        if (type->name == name) {
            return type;
        }
    }
    if (messages != nullptr) {
        if (const Type* type = messages->type_named(name)) {
            return type;
        }
    }
    return cel::opaque_type(arena, name);
}

}  // namespace

Result<cel::Value> value_of(const TextField& value, Arena& arena, const Messages* messages) {
    using cel::Value;
    if (value.fields.empty()) {
        return Value::null();
    }
    const TextField& kind = value.fields[0];
    const std::string& text = kind.text;
    if (kind.name == "null_value") {
        return Value::null();
    }
    if (kind.name == "bool_value") {
        return Value::boolean(text == "true");
    }
    if (kind.name == "int64_value") {
        return Value::integer(static_cast<int64_t>(std::strtoll(text.c_str(), nullptr, 0)));
    }
    if (kind.name == "uint64_value") {
        return Value::unsigned_integer(std::strtoull(text.c_str(), nullptr, 0));
    }
    if (kind.name == "double_value") {
        return Value::number(std::strtod(text.c_str(), nullptr));
    }
    if (kind.name == "string_value") {
        return Value::string(arena.copy(text));
    }
    if (kind.name == "bytes_value") {
        return Value::bytes(arena.copy(text));
    }
    if (kind.name == "enum_value") {
        return Value::integer(parse_int(kind.text_of("value")).value_or(0));
    }
    if (kind.name == "type_value") {
        return Value::type(named_type(arena.copy(text), arena, messages));
    }
    if (kind.name == "list_value") {
        cel::ListBuilder list(arena);
        for (const TextField& item : kind.fields) {
            list.add(TRY(value_of(item, arena, messages)));
        }
        return list.finish();
    }
    if (kind.name == "map_value") {
        cel::MapBuilder map(arena);
        for (const TextField& entry : kind.fields) {
            const TextField* key = entry.find("key");
            const TextField* item = entry.find("value");
            if (key == nullptr || item == nullptr) {
                return make_error(Reason::invalid, "a map entry without key or value");
            }
            map.set(TRY(value_of(*key, arena, messages)), TRY(value_of(*item, arena, messages)));
        }
        return map.finish();
    }
    if (kind.name == "object_value" && !kind.fields.empty()) {
        if (messages == nullptr) {
            return make_error(Reason::invalid, "needs protobuf messages");
        }
        return messages->any_of(kind.fields[0], arena);
    }
    return make_error(Reason::invalid, "unknown kind of value ", kind.name);
}

Result<const Type*> type_of(const TextField& type, Arena& arena, const Messages* messages) {
    if (type.fields.empty()) {
        return &types::dyn;
    }
    const TextField& kind = type.fields[0];
    const std::string& text = kind.text;
    if (kind.name == "dyn") {
        return &types::dyn;
    }
    if (kind.name == "null") {
        return &types::null;
    }
    if (kind.name == "error") {
        return &types::error;
    }
    if (kind.name == "primitive" || kind.name == "wrapper") {
        struct Primitive {
            std::string_view name;
            const Type* plain;
            const Type* nullable;
        };
        static constexpr Primitive primitives[] = {
            {"BOOL", &types::boolean, &types::nullable_boolean},
            {"INT64", &types::integer, &types::nullable_integer},
            {"UINT64", &types::unsigned_integer, &types::nullable_unsigned},
            {"DOUBLE", &types::number, &types::nullable_number},
            {"STRING", &types::string, &types::nullable_string},
            {"BYTES", &types::bytes, &types::nullable_bytes},
        };
        for (const Primitive& primitive : primitives) {
            if (primitive.name == text) {
                return kind.name == "wrapper" ? primitive.nullable : primitive.plain;
            }
        }
    }
    if (kind.name == "well_known") {
        return text == "ANY" ? &types::any
                             : (text == "TIMESTAMP" ? &types::timestamp : &types::duration);
    }
    if (kind.name == "list_type") {
        const TextField* element = kind.find("elem_type");
        return cel::list_type(
            arena, element == nullptr ? &types::dyn : TRY(type_of(*element, arena, messages)));
    }
    if (kind.name == "map_type") {
        const TextField* key = kind.find("key_type");
        const TextField* value = kind.find("value_type");
        return cel::map_type(
            arena, key == nullptr ? &types::dyn : TRY(type_of(*key, arena, messages)),
            value == nullptr ? &types::dyn : TRY(type_of(*value, arena, messages)));
    }
    if (kind.name == "type_param") {
        return cel::parameter_type(arena, text);
    }
    if (kind.name == "type") {
        return cel::type_type(arena, TRY(type_of(kind, arena, messages)));
    }
    if (kind.name == "message_type") {
        if (messages != nullptr) {
            if (const Type* found = messages->type_named(text)) {
                return found;
            }
        }
        return make_error(Reason::invalid, "unknown message ", text);
    }
    if (kind.name == "abstract_type") {
        std::vector<const Type*> parameters;
        for (const TextField& field : kind.fields) {
            if (field.name == "parameter_types") {
                parameters.push_back(TRY(type_of(field, arena, messages)));
            }
        }
        return cel::opaque_type(arena, kind.text_of("name"), parameters);
    }
    return make_error(Reason::invalid, "unknown kind of type ", kind.name);
}

bool is_identical(const cel::Value& a, const cel::Value& b, Arena& arena) {
    using cel::Kind;
    if (a.kind() != b.kind()) {
        return false;
    }
    switch (a.kind()) {
        case Kind::number:
            return (std::isnan(a.as_double()) && std::isnan(b.as_double())) ||
                   a.as_double() == b.as_double();
        case Kind::list:
            if (a.size() != b.size()) {
                return false;
            }
            for (size_t i = 0; i < a.size(); ++i) {
                if (!is_identical(a.item(i, arena), b.item(i, arena), arena)) {
                    return false;
                }
            }
            return true;
        case Kind::map: {
            const auto left = a.sorted_entries(arena);
            const auto right = b.sorted_entries(arena);
            if (left.size() != right.size()) {
                return false;
            }
            for (size_t i = 0; i < left.size(); ++i) {
                if (!is_identical(left[i], right[i], arena)) {
                    return false;
                }
            }
            return true;
        }
        default:
            return cel::equals(a, b, arena).is_true();
    }
}

}  // namespace weft::conformance
