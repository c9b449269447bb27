// cel/internal/access.cc: variables, fields and indexes.
//
// Source: cel-go interpreter/attributes.go (refQualify and its errors).

#include <cmath>

#include "cel/internal/frame.h"
#include "cel/internal/input.h"

namespace weft::cel {

namespace {

Value no_such_key(const Value& key, Frame& frame, uint32_t id) {
    return frame.error(id, ErrorCode::no_such_key, "no such key: ", key);
}

// The position that a key means in a list; -1 and an error in `failure` if it means none.
int64_t list_position(const Value& key, Frame& frame, uint32_t id, Value& failure) {
    switch (key.kind()) {
        case Kind::integer:
            return key.as_int();
        case Kind::unsigned_integer:
            return key.as_uint() > INT64_MAX ? INT64_MAX : static_cast<int64_t>(key.as_uint());
        case Kind::number: {
            const double value = key.as_double();
            if (std::trunc(value) == value && std::abs(value) < 0x1p63) {
                return static_cast<int64_t>(value);
            }
            failure = frame.error(
                id, ErrorCode::invalid_argument,
                frame.arena->copy(cat("unsupported index value ", to_text(key), " in list")));
            return -1;
        }
        default:
            failure = frame.error(
                id, ErrorCode::invalid_argument,
                frame.arena->copy(cat("unsupported index type '", type_name_of(key), "' in list")));
            return -1;
    }
}

// The part of a value that a key names. Nothing: it is not there. Errors are values.
std::optional<Value> find_part(const Value& value, const Value& key, Frame& frame, uint32_t id) {
    switch (value.kind()) {
        case Kind::map:
            return value.find(key, *frame.arena);
        case Kind::list: {
            Value failure = Value::null();
            const int64_t position = list_position(key, frame, id, failure);
            if (failure.is_error()) {
                return failure;
            }
            if (position < 0 || static_cast<uint64_t>(position) >= value.size()) {
                return std::nullopt;
            }
            return value.item(static_cast<size_t>(position), *frame.arena);
        }
        case Kind::opaque:
            if (key.is_string() && value.as_opaque()->has_field(key.as_string())) {
                return value.as_opaque()->field(key.as_string(), *frame.arena);
            }
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

// The error that asking a value without parts for one is, where that is one; else null.
Value bad_presence(const Value& value, const Value& key, Frame& frame, uint32_t id) {
    const bool has_parts = value.is_map() || value.is_list() || value.is(Kind::opaque);
    return frame.program->strict_presence && !has_parts ? no_such_key(key, frame, id)
                                                        : Value::null();
}

// Whether a field is set; the error that there is no such field at all.
Value test_object(const Opaque& object, std::string_view field, Arena& arena) {
    if (object.has_field(field)) {
        return Value::boolean(true);
    }
    const Value value = object.field(field, arena);
    return value.is_error() && value.as_error().code == ErrorCode::no_such_field
               ? value
               : Value::boolean(false);
}

}  // namespace

Value find_variable(uint32_t index, Frame& frame, uint32_t id) {
    const Slot& slot = frame.program->slots[index];
    Value& cached = frame.variables[index];
    for (const VariableName& name : slot.names) {
        if (const Activation::Binding* binding = frame.activation->find(name)) {
            if (&name == slot.names.data()) {
                slot.remember(static_cast<size_t>(binding - frame.activation->begin()));
            }
            cached = binding->value;
            if (binding->is_typed && slot.schema != nullptr) {
                const weft::Value* document = binding->value.borrowed();
                if (document != nullptr) {
                    cached = Value::borrow(*document, slot.schema, *frame.arena);
                } else {
                    cached = read_scalar(binding->value, *slot.schema, *frame.arena);
                }
            }
            return cached;
        }
    }
    if (const VariableSource* source = frame.activation->source()) {
        for (const VariableName& name : slot.names) {
            if (const std::optional<Value> found = source->find(name.text, *frame.arena)) {
                return cached = *found;
            }
        }
    }
    std::string names;
    for (const VariableName& name : slot.names) {
        append(names, names.empty() ? "" : ", ", name.text);
    }
    return cached = frame.error(id, ErrorCode::no_such_attribute,
                                "no such attribute(s): ", Value::string(frame.arena->copy(names)));
}

Value select_field(const Value& value, std::string_view field, Frame& frame, uint32_t id) {
    if (value.is_map()) {
        const std::optional<Value> found = value.find(field, *frame.arena);
        return found ? *found : no_such_key(Value::string(field), frame, id);
    }
    return index_value(value, Value::string(field), frame, id);
}

Value test_field(const Value& value, std::string_view field, Frame& frame, uint32_t id) {
    if (value.is_error()) {
        return value;
    }
    if (value.is(Kind::optional)) {
        return value.has_value() ? test_field(value.optional_value(), field, frame, id)
                                 : Value::boolean(false);
    }
    if (const Value bad = bad_presence(value, Value::string(field), frame, id); bad.is_error()) {
        return bad;
    }
    if (value.is(Kind::opaque)) {
        return test_object(*value.as_opaque(), field, *frame.arena);
    }
    const std::optional<Value> found = find_part(value, Value::string(field), frame, id);
    return found && found->is_error() ? *found : Value::boolean(found.has_value());
}

Value index_value(const Value& value, const Value& key, Frame& frame, uint32_t id) {
    if (value.is_error()) {
        return value;
    }
    if (value.is(Kind::optional)) {
        return value.has_value() ? optional_index_value(value.optional_value(), key, frame, id)
                                 : value;
    }
    if (value.is(Kind::opaque) && key.is_string()) {
        // An object knows the value of a field that is not set, and whether there is such a field.
        return value.as_opaque()->field(key.as_string(), *frame.arena);
    }
    const std::optional<Value> found = find_part(value, key, frame, id);
    if (found) {
        return *found;
    }
    if (value.is_list()) {
        return frame.error(id, ErrorCode::index_out_of_bounds, "index out of bounds: ", key);
    }
    return no_such_key(key, frame, id);
}

Value optional_index_value(const Value& value, const Value& key, Frame& frame, uint32_t id) {
    if (value.is_error()) {
        return value;
    }
    if (value.is(Kind::optional)) {
        return value.has_value() ? optional_index_value(value.optional_value(), key, frame, id)
                                 : value;
    }
    if (const Value bad = bad_presence(value, key, frame, id); bad.is_error()) {
        return bad;
    }
    const std::optional<Value> found = find_part(value, key, frame, id);
    if (!found) {
        return Value::optional(nullptr);
    }
    return found->is_error() ? *found : make_optional(*frame.arena, *found);
}

}  // namespace weft::cel
