// server/internal/schema_prose.cc: takes descriptions out of a schema, and puts them back.

#include "server/internal/schema_prose.h"

#include <array>

#include "object/json.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::array<std::string_view, 2> single_children{"items", "additionalProperties"};

Value description_of(const Value& schema) {
    const Value* text = schema.find("description");
    return text != nullptr && text->is_string() && !text->as_string().empty() ? *text : Value();
}

// A schema of descriptions alone; null where there are none.
Value only_prose(const Value& schema, size_t depth) {
    if (!schema.is_map() || depth > limits::prose_depth) {
        return {};
    }
    Value out = Value::map();
    if (Value text = description_of(schema); !text.is_null()) {
        out.append_new("description", std::move(text));
    }
    if (const Value* properties = schema.find("properties");
        properties != nullptr && properties->is_map()) {
        Value named = Value::map();
        for (const Member& member : properties->members()) {
            if (Value inner = only_prose(member.value, depth + 1); !inner.is_null()) {
                named.append_new(member.name(), std::move(inner));
            }
        }
        if (!named.empty()) {
            out.append_new("properties", std::move(named));
        }
    }
    for (const std::string_view name : single_children) {
        if (const Value* child = schema.find(name)) {
            if (Value inner = only_prose(*child, depth + 1); !inner.is_null()) {
                out.append_new(name, std::move(inner));
            }
        }
    }
    return out.empty() ? Value() : out;
}

// Bounded by what `only_prose` went through.
void put_back(Value& schema, const Value& prose) {
    if (!schema.is_map()) {
        return;
    }
    if (Value text = description_of(prose); !text.is_null()) {
        Value described = Value::map_of({{"description", std::move(text)}});
        for (const Member& member : schema.members()) {
            if (member.name() != "description") {
                described.append_new(member.name(), member.value);
            }
        }
        schema = std::move(described);
    }
    if (const Value* named = prose.find("properties"); named != nullptr) {
        for (const Member& member : named->members()) {
            if (schema.find("properties", member.name()) != nullptr) {
                put_back(schema.mutable_member("properties").mutable_member(member.name()),
                         member.value);
            }
        }
    }
    for (const std::string_view name : single_children) {
        const Value* inner = prose.find(name);
        if (inner != nullptr && schema.find(name) != nullptr) {
            put_back(schema.mutable_member(name), *inner);
        }
    }
}

}  // namespace

std::string prose_of(const Value& schema) {
    const Value prose = only_prose(schema, 0);
    return prose.is_null() ? std::string() : to_json(prose);
}

void add_prose(Value& schema, std::string_view prose) {
    if (prose.empty()) {
        return;
    }
    const Result<Value> read = parse_json(prose);
    CHECK(read.has_value());
    put_back(schema, *read);
}

}  // namespace weft::server
