// cel/type.cc: making, comparing and naming types.

#include "cel/type.h"

#include <algorithm>

#include "base/base.h"

namespace weft::cel {

namespace {

// The parameters of a type in parentheses, each named by `name`.
std::string with_parameters(std::string out, const Type& type,
                            std::string (*name)(const Type* type)) {
    if (type.parameters.empty()) {
        return out;
    }
    out += '(';
    bool first = true;
    for (const Type* parameter : type.parameters) {
        out += first ? "" : ", ";
        first = false;
        out += name(parameter);
    }
    return out + ")";
}

std::string declared_name(const Type& type) {
    return type.nullable ? cat("wrapper(", type.name, ")") : type_name(&type);
}

const Type* make_type(Arena& arena, TypeKind kind, std::string_view name,
                      std::initializer_list<const Type*> parameters) {
    return arena.make<Type>(
        Type{.kind = kind,
             .name = name,
             .parameters = arena.copy(std::span(parameters.begin(), parameters.size()))});
}

bool same_path(const Type* a, const Type* b) {
    while (a != nullptr && b != nullptr && a != b) {
        if (a->name != b->name) {
            // One may be named in full, the other step by step.
            return type_name(a) == type_name(b);
        }
        a = a->parent;
        b = b->parent;
    }
    return a == b;
}

}  // namespace

const Type* list_type(Arena& arena, const Type* element) {
    return element == &types::dyn ? &types::list_of_dyn
                                  : make_type(arena, TypeKind::list, "list", {element});
}

const Type* map_type(Arena& arena, const Type* key, const Type* value) {
    return make_type(arena, TypeKind::map, "map", {key, value});
}

const Type* optional_type(Arena& arena, const Type* value) {
    return make_type(arena, TypeKind::opaque, "optional_type", {value});
}

const Type* type_type(Arena& arena, const Type* of) {
    return make_type(arena, TypeKind::type, "type", {of});
}

const Type* opaque_type(Arena& arena, std::string_view name,
                        std::span<const Type* const> parameters) {
    return arena.make<Type>(Type{
        .kind = TypeKind::opaque, .name = arena.copy(name), .parameters = arena.copy(parameters)});
}

const Type* parameter_type(Arena& arena, std::string_view name) {
    return arena.make<Type>(Type{.kind = TypeKind::parameter, .name = arena.copy(name)});
}

bool is_optional_type(const Type* type) {
    return type->kind == TypeKind::opaque && type->name == "optional_type";
}

bool is_same(const Type* a, const Type* b) {
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind || a->nullable != b->nullable ||
        a->parameters.size() != b->parameters.size()) {
        return false;
    }
    if (a->kind == TypeKind::structure ? !same_path(a, b) : a->name != b->name) {
        return false;
    }
    return std::ranges::equal(a->parameters, b->parameters, is_same);
}

std::string type_name(const Type* type) {
    if (type->parent == nullptr) {
        return std::string(type->name);
    }
    return cat(type_name(type->parent), ".", type->name);
}

std::string format_type(const Type* type) {
    switch (type->kind) {
        case TypeKind::any:
            return "any";
        case TypeKind::duration:
            return "duration";
        case TypeKind::error:
            return "!error!";
        case TypeKind::null:
            return "null";
        case TypeKind::timestamp:
            return "timestamp";
        default:
            return with_parameters(declared_name(*type), *type, format_type);
    }
}

std::string to_text(const Type* type) {
    return with_parameters(declared_name(*type), *type, to_text);
}

bool is_assignable(const Type* to, const Type* from) {
    const auto is_wild = [](const Type* type) {
        return type->kind == TypeKind::dyn || type->kind == TypeKind::error ||
               type->kind == TypeKind::parameter;
    };
    const auto takes_null = [](const Type* type) {
        return type->nullable || type->kind == TypeKind::null || type->kind == TypeKind::opaque ||
               type->kind == TypeKind::duration || type->kind == TypeKind::timestamp ||
               type->kind == TypeKind::structure || type->kind == TypeKind::any;
    };
    if (is_wild(to) || is_wild(from)) {
        return true;
    }
    if (from->kind == TypeKind::null) {
        return takes_null(to);
    }
    if (to->kind == TypeKind::null) {
        return takes_null(from);
    }
    if (to->kind == TypeKind::any || from->kind == TypeKind::any) {
        return true;
    }
    if (to->kind != from->kind) {
        return false;
    }
    switch (to->kind) {
        case TypeKind::type:
            return true;
        case TypeKind::structure:
            return same_path(to, from);
        case TypeKind::opaque:
        case TypeKind::list:
        case TypeKind::map:
            return to->name == from->name &&
                   std::ranges::equal(to->parameters, from->parameters, is_assignable);
        default:
            return true;
    }
}

}  // namespace weft::cel
