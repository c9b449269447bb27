// graph/internal/schema_types.cc: schemas as types, and types side by side.

#include "graph/internal/schema_types.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "graph/limits.h"
#include "schema/builtin.h"

namespace weft::graph {

namespace {

using cel::Type;
using cel::TypeKind;

const Type* object_type(const schema::Schema* schema, const Type* parent, std::string_view step,
                        cel::Arena& arena) {
    return arena.make<Type>(Type{
        .kind = TypeKind::structure, .name = arena.copy(step), .schema = schema, .parent = parent});
}

const Type* string_type(std::string_view format) {
    if (format == "byte") {
        return &cel::types::bytes;
    }
    if (format == "duration") {
        return &cel::types::duration;
    }
    if (format == "date" || format == "date-time") {
        return &cel::types::timestamp;
    }
    return &cel::types::string;
}

// A node that only carries a step of the path, for what lies in a list or map.
const Type* step_type(const Type* parent, std::string_view step, cel::Arena& arena) {
    return arena.make<Type>(
        Type{.kind = TypeKind::structure, .name = arena.copy(step), .parent = parent});
}

bool is_struct_of_schema(const Type* type) {
    return type->kind == TypeKind::structure && type->structure == nullptr &&
           type->schema != nullptr;
}

class Compatibility {
public:
    explicit Compatibility(cel::Arena& arena) : arena_(arena) {}

    Status check(const Type* output, const Type* expected, size_t depth) {
        if (expected->kind == TypeKind::dyn || output->kind == TypeKind::dyn ||
            depth > limits::type_depth) {
            return {};
        }
        if (cel::is_optional_type(output)) {
            return check(output->parameters[0], expected, depth + 1);
        }
        const bool to_struct = expected->kind == TypeKind::structure;
        if (to_struct && output->kind == TypeKind::map) {
            return map_to_struct(output, expected, depth);
        }
        if (expected->kind == TypeKind::map && output->kind == TypeKind::structure) {
            return struct_to_map(output, expected, depth);
        }
        if (expected->kind == TypeKind::list) {
            return parameters(output, expected, depth, "list");
        }
        if (expected->kind == TypeKind::map) {
            return parameters(output, expected, depth, "map");
        }
        if (to_struct) {
            return struct_to_struct(output, expected, depth);
        }
        if (output->kind != expected->kind) {
            return make_error(Reason::invalid, "type kind mismatch: got ",
                              quote(cel::to_text(output)), ", expected ",
                              quote(cel::to_text(expected)));
        }
        return {};
    }

private:
    template <typename... Pieces>
    Status nested(const Type* output, const Type* expected, size_t depth, const Pieces&... where) {
        if (Status status = check(output, expected, depth + 1); !status) {
            return make_error(Reason::invalid, where..., ": ", status.error().message());
        }
        return {};
    }

    Status parameters(const Type* output, const Type* expected, size_t depth,
                      std::string_view word) {
        const size_t needed = word == "list" ? 1 : 2;
        if (output->parameters.size() < needed || expected->parameters.size() < needed) {
            if (output->parameters.size() != expected->parameters.size()) {
                return make_error(Reason::invalid, word, " parameter count mismatch: got ",
                                  output->parameters.size(), ", expected ",
                                  expected->parameters.size());
            }
            return {};
        }
        if (needed == 1) {
            return nested(output->parameters[0], expected->parameters[0], depth,
                          "list element type incompatible");
        }
        TRY(nested(output->parameters[0], expected->parameters[0], depth,
                   "map key type incompatible"));
        return nested(output->parameters[1], expected->parameters[1], depth,
                      "map value type incompatible");
    }

    Status map_to_struct(const Type* output, const Type* expected, size_t depth) {
        if (!is_struct_of_schema(expected) || output->parameters.size() < 2) {
            return {};
        }
        if (output->parameters[0]->kind != TypeKind::string) {
            return make_error(Reason::invalid, "map keys must be strings to assign to struct");
        }
        for (const schema::Property& property : expected->schema->properties) {
            const Type* field = type_of_schema(property.schema, expected, property.name, arena_);
            if (field != nullptr) {
                TRY(nested(output->parameters[1], field, depth,
                           "map value incompatible with struct field ", quote(property.name)));
            }
        }
        return {};
    }

    Status struct_to_map(const Type* output, const Type* expected, size_t depth) {
        if (!is_struct_of_schema(output) || expected->parameters.size() < 2) {
            return {};
        }
        if (expected->parameters[0]->kind != TypeKind::string) {
            return make_error(Reason::invalid,
                              "map key type must be string when assigning struct → map");
        }
        for (const schema::Property& property : output->schema->properties) {
            const Type* field = type_of_schema(property.schema, output, property.name, arena_);
            if (field != nullptr) {
                TRY(nested(field, expected->parameters[1], depth, "struct field ",
                           quote(property.name), " incompatible with map value type"));
            }
        }
        return {};
    }

    Status struct_to_struct(const Type* output, const Type* expected, size_t depth) {
        // What cannot be looked into is accepted.
        if (!is_struct_of_schema(output) || !is_struct_of_schema(expected) ||
            output->schema == expected->schema || expected->schema->preserve_unknown_fields) {
            return {};
        }
        for (const schema::Property& property : output->schema->properties) {
            const Type* field = type_of_schema(property.schema, output, property.name, arena_);
            if (field == nullptr) {
                continue;
            }
            const schema::Schema* other = expected->schema->find_property(property.name);
            const Type* target =
                other == nullptr ? nullptr : type_of_schema(other, expected, property.name, arena_);
            if (target == nullptr) {
                return make_error(Reason::invalid, "field ", quote(property.name),
                                  " exists in output but not in expected type");
            }
            TRY(nested(field, target, depth, "field ", quote(property.name),
                       " has incompatible type"));
        }
        return {};
    }

    cel::Arena& arena_;
};

// A root node of our own and what its pointers borrow from.
struct OwnedRoot {
    schema::Schema root;
    schema::Schema metadata;
    schema::Schema text;
    schema::SchemaPtr source;
};

}  // namespace

const Type* type_of_schema(const schema::Schema* schema, const Type* parent, std::string_view step,
                           cel::Arena& arena) {
    if (schema == nullptr) {
        return nullptr;
    }
    if (schema->int_or_string || schema->format == "int-or-string") {
        return &cel::types::dyn;
    }
    if (is_quantity(*schema)) {
        return nullptr;
    }
    switch (schema->type) {
        case schema::Type::array: {
            const Type* self = step_type(parent, step, arena);
            const Type* item = type_of_schema(schema->items, self, "@idx", arena);
            return item == nullptr ? nullptr : cel::list_type(arena, item);
        }
        case schema::Type::object: {
            if (schema->additional_properties == nullptr) {
                return object_type(schema, parent, step, arena);
            }
            const Type* self = step_type(parent, step, arena);
            const Type* value = type_of_schema(schema->additional_properties, self, "@elem", arena);
            return cel::map_type(arena, &cel::types::string,
                                 value == nullptr ? &cel::types::dyn : value);
        }
        case schema::Type::string:
            return string_type(schema->format);
        case schema::Type::boolean:
            return &cel::types::boolean;
        case schema::Type::number:
            return &cel::types::number;
        case schema::Type::integer:
            return &cel::types::integer;
        case schema::Type::unset:
            return nullptr;
    }
    return nullptr;
}

const schema::Schema* find_schema(const schema::Schema* root, const Path& path) {
    const schema::Schema* current = root;
    for (const PathStep& step : path.steps()) {
        if (std::holds_alternative<size_t>(step)) {
            current = current->items;
        } else {
            const std::string& name = std::get<std::string>(step);
            const schema::Schema* found = nullptr;
            while (current != nullptr && found == nullptr) {
                found = current->find_member(name);
                current = current->items;
            }
            current = found;
        }
        if (current == nullptr) {
            return nullptr;
        }
    }
    return current;
}

bool is_quantity(const schema::Schema& schema) {
    return schema.definition == "io.k8s.apimachinery.pkg.api.resource.Quantity";
}

const Type* expected_type(const schema::Schema* root, const Path& path, std::string_view root_name,
                          cel::Arena& arena) {
    const schema::Schema* found = find_schema(root, path);
    if (found == nullptr || is_quantity(*found)) {
        return &cel::types::dyn;
    }
    // The name of the type is the path, with indices as "@idx".
    const Type* parent = nullptr;
    std::string step(root_name);
    for (const PathStep& next : path.steps()) {
        parent = step_type(parent, step, arena);
        step = std::holds_alternative<size_t>(next) ? "@idx" : std::get<std::string>(next);
    }
    const Type* type = type_of_schema(found, parent, step, arena);
    return type == nullptr ? &cel::types::dyn : type;
}

Status check_compatible(const Type* output, const Type* expected, cel::Arena& arena) {
    if (output == nullptr || expected == nullptr) {
        return make_error(Reason::invalid, "nil type in type compatibility check");
    }
    if (cel::is_assignable(expected, output)) {
        return {};
    }
    return Compatibility(arena).check(output, expected, 0);
}

schema::SchemaPtr with_object_meta(const schema::SchemaPtr& root, bool namespaced,
                                   bool without_status) {
    const schema::SchemaPtr meta =
        schema::Builtin::get().find_definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    CHECK(meta != nullptr);
    auto owned = std::make_shared<OwnedRoot>();
    owned->source = root;
    owned->text.type = schema::Type::string;
    owned->metadata.type = schema::Type::object;
    owned->metadata.definition = meta->definition;
    std::ranges::copy_if(meta->properties, std::back_inserter(owned->metadata.properties),
                         [namespaced](const schema::Property& property) {
                             return namespaced || property.name != "namespace";
                         });
    schema::Schema& out = owned->root;
    out.type = schema::Type::object;
    out.preserve_unknown_fields = root->preserve_unknown_fields;
    out.properties = {
        {"apiVersion", &owned->text}, {"kind", &owned->text}, {"metadata", &owned->metadata}};
    for (const schema::Property& property : root->properties) {
        const bool is_known =
            property.name == "apiVersion" || property.name == "kind" || property.name == "metadata";
        if (!is_known && !(without_status && property.name == "status")) {
            out.properties.push_back(property);
        }
    }
    return {owned, &owned->root};
}

}  // namespace weft::graph
