// graph/internal/status_schema.cc: types become schemas, paths become objects and arrays.

#include "graph/internal/status_schema.h"

#include <algorithm>
#include <optional>
#include <span>

#include "graph/internal/schema_types.h"
#include "graph/limits.h"

namespace weft::graph {

namespace {

using cel::Type;
using cel::TypeKind;

Value any_value() {
    return Value::map_of({{"x-kubernetes-preserve-unknown-fields", true}});
}

Value any_value(std::string_view description) {
    return Value::map_of(
        {{"description", description}, {"x-kubernetes-preserve-unknown-fields", true}});
}

Value of_type(std::string_view type) {
    return Value::map_of({{"type", type}});
}

Value open_object() {
    return Value::map_of({{"type", "object"}, {"additionalProperties", true}});
}

class SchemaMaker {
public:
    explicit SchemaMaker(cel::Arena& arena) : arena_(arena) {}

    Value make(const Type* type, size_t depth) {
        switch (type->kind) {
            case TypeKind::boolean:
                return of_type("boolean");
            case TypeKind::integer:
            case TypeKind::unsigned_integer:
                return of_type("integer");
            case TypeKind::number:
                return of_type("number");
            case TypeKind::string:
                return of_type("string");
            case TypeKind::bytes:
                return Value::map_of({{"type", "string"}, {"format", "byte"}});
            case TypeKind::null:
                return any_value("null type - any value allowed");
            case TypeKind::dyn:
                return any_value();
            default:
                break;
        }
        if (depth > limits::type_depth) {
            return any_value();
        }
        switch (type->kind) {
            case TypeKind::timestamp:
                // Inside an object kro knows times no more and takes everything.
                return inside_object_ ? any_value()
                                      : Value::map_of({{"description",
                                                        "Timestamp representing a creation time"},
                                                       {"type", "string"},
                                                       {"format", "date-time"}});
            case TypeKind::list: {
                Value out = of_type("array");
                if (!type->parameters.empty()) {
                    out.set("items", make(type->parameters[0], depth + 1));
                }
                return out;
            }
            case TypeKind::map: {
                Value out = of_type("object");
                out.set("additionalProperties", type->parameters.size() > 1
                                                    ? make(type->parameters[1], depth + 1)
                                                    : Value(true));
                return out;
            }
            case TypeKind::structure:
                return make_object(type, depth);
            case TypeKind::opaque:
                // kro's libraries declare their types (kubernetes.Quantity, net.IP) as objects.
                if (!cel::is_optional_type(type) && !inside_object_) {
                    return open_object();
                }
                [[fallthrough]];
            default:
                return inside_object_ ? any_value()
                                      : any_value(cat("unknown CEL type: ", cel::to_text(type)));
        }
    }

private:
    Value make_object(const Type* type, size_t depth) {
        if (type->schema == nullptr || type->structure != nullptr) {
            return open_object();
        }
        // A definition inside itself is cut, as kro's resolver does.
        if (std::ranges::find(open_, type->schema) != open_.end()) {
            return of_type("object");
        }
        open_.push_back(type->schema);
        const bool was_inside = inside_object_;
        inside_object_ = true;
        Value out = of_type("object");
        Value properties = Value::map();
        bool keeps_unknown = type->schema->preserve_unknown_fields;
        for (const schema::Property& property : type->schema->properties) {
            const Type* field = type_of_schema(property.schema, type, property.name, arena_);
            // kro declares a property under its name in expressions, `__namespace__`, and its API
            // server prunes the real one. The name must stay, or a CRD that kro made would seem to
            // lose a property; the value shall stay, too.
            const std::optional<std::string> name = cel::escape_property(property.name);
            keeps_unknown = keeps_unknown || name != property.name;
            if (field != nullptr && name) {
                properties.set(*name, make(field, depth + 1));
            }
        }
        if (!properties.empty()) {
            out.set("properties", std::move(properties));
        }
        // kro forgets this and its API server prunes what the author asked for.
        if (keeps_unknown) {
            out.set("x-kubernetes-preserve-unknown-fields", true);
        }
        inside_object_ = was_inside;
        open_.pop_back();
        return out;
    }

    cel::Arena& arena_;
    std::vector<const schema::Schema*> open_;
    bool inside_object_ = false;
};

void make_object(Value& schema) {
    if (!schema.contains("type")) {
        schema.set("type", "object");
    }
}

void add_field(Value& schema, std::span<const PathStep> steps, const Value& leaf) {
    const std::span<const PathStep> rest = steps.subspan(1);
    if (std::holds_alternative<size_t>(steps[0])) {
        schema.set("type", "array");
        Value& items = schema.mutable_member("items");
        if (rest.empty()) {
            items = leaf;
        } else {
            add_field(items, rest, leaf);
        }
        return;
    }
    make_object(schema);
    Value& property =
        schema.mutable_member("properties").mutable_member(std::get<std::string>(steps[0]));
    if (rest.empty()) {
        property = leaf;
    } else {
        add_field(property, rest, leaf);
    }
}

}  // namespace

Value schema_of_type(const Type* type, cel::Arena& arena) {
    return SchemaMaker(arena).make(type, 0);
}

// The depth is that of a document that was parsed: the parser's own limit.
Value schema_of_value(const Value& value, const Path& path,
                      const std::vector<std::pair<Path, Value>>& fields) {
    const auto field = std::ranges::find(fields, path, &std::pair<Path, Value>::first);
    if (field != fields.end()) {
        return field->second;
    }
    switch (value.kind()) {
        case Value::Kind::boolean:
            return of_type("boolean");
        case Value::Kind::integer:
            return of_type("integer");
        case Value::Kind::number:
            return of_type("number");
        case Value::Kind::string:
            return of_type("string");
        case Value::Kind::list: {
            Value items;
            size_t index = 0;
            for (const Value& item : value.items()) {
                Value schema = schema_of_value(item, path.child(index++), fields);
                items = items.is_null() || items == schema ? std::move(schema) : any_value();
            }
            Value out = of_type("array");
            out.set("items", items.is_null() ? any_value() : std::move(items));
            return out;
        }
        case Value::Kind::map: {
            Value properties = Value::map();
            for (const Member& member : value.members()) {
                properties.set(member.name(),
                               schema_of_value(member.value, path.child(member.name()), fields));
            }
            Value out = of_type("object");
            out.set("properties", std::move(properties));
            return out;
        }
        default:
            return any_value();
    }
}

Value status_schema(const std::vector<TypedField>& fields) {
    Value out = of_type("object");
    for (const TypedField& field : fields) {
        add_field(out, field.path.steps(), field.schema);
    }
    return out;
}

}  // namespace weft::graph
