// cel/type.h: the types that expressions are checked against.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cel/arena.h"

namespace weft::schema {
struct Schema;
}

namespace weft::cel {

class StructType;

enum class TypeKind : uint8_t {
    dyn,
    error,  // what a wrong expression has; fits everything, so that one mistake is told once
    null,
    boolean,
    integer,
    unsigned_integer,
    number,
    string,
    bytes,
    duration,
    timestamp,
    any,
    type,       // type(T); the parameter may be missing
    list,       // list(T)
    map,        // map(K, V)
    opaque,     // an abstract type by name: optional_type(T), kubernetes.Quantity
    structure,  // an object type with fields
    parameter,  // a type parameter of a declaration, or a free variable of the checker
};

// A Type is immutable and lives in an arena of an environment or of a checked expression, or is
// one of the constants below. Types are compared with `is_same`; a pointer tells nothing.
struct Type {
    TypeKind kind = TypeKind::dyn;
    bool nullable = false;  // a wrapper of a primitive: null fits too
    // The name at run time: "int", "list", "google.protobuf.Duration", "kubernetes.Quantity". For
    // object types of a schema: the last step of the path; see `type_name`.
    std::string_view name;
    std::span<const Type* const> parameters = {};

    // Of object types only. `structure` is for types that a library or a program declares;
    // otherwise `schema` says how the fields of a schema are read, and `parent` gives the path.
    const StructType* structure = nullptr;
    const schema::Schema* schema = nullptr;
    const Type* parent = nullptr;

    // Of the checker's free variables: their number, from 1.
    uint32_t variable = 0;
};

namespace types {
inline constexpr Type dyn{.kind = TypeKind::dyn, .name = "dyn"};
inline constexpr Type error{.kind = TypeKind::error, .name = "*error*"};
inline constexpr Type null{.kind = TypeKind::null, .name = "null_type"};
inline constexpr Type boolean{.kind = TypeKind::boolean, .name = "bool"};
inline constexpr Type integer{.kind = TypeKind::integer, .name = "int"};
inline constexpr Type unsigned_integer{.kind = TypeKind::unsigned_integer, .name = "uint"};
inline constexpr Type number{.kind = TypeKind::number, .name = "double"};
inline constexpr Type string{.kind = TypeKind::string, .name = "string"};
inline constexpr Type bytes{.kind = TypeKind::bytes, .name = "bytes"};
inline constexpr Type duration{.kind = TypeKind::duration, .name = "google.protobuf.Duration"};
inline constexpr Type timestamp{.kind = TypeKind::timestamp, .name = "google.protobuf.Timestamp"};
inline constexpr Type any{.kind = TypeKind::any, .name = "google.protobuf.Any"};
inline constexpr Type type{.kind = TypeKind::type, .name = "type"};
// The wrappers: the primitive or null.
inline constexpr Type nullable_boolean{.kind = TypeKind::boolean, .nullable = true, .name = "bool"};
inline constexpr Type nullable_integer{.kind = TypeKind::integer, .nullable = true, .name = "int"};
inline constexpr Type nullable_unsigned{
    .kind = TypeKind::unsigned_integer, .nullable = true, .name = "uint"};
inline constexpr Type nullable_number{.kind = TypeKind::number, .nullable = true, .name = "double"};
inline constexpr Type nullable_string{.kind = TypeKind::string, .nullable = true, .name = "string"};
inline constexpr Type nullable_bytes{.kind = TypeKind::bytes, .nullable = true, .name = "bytes"};

inline constexpr const Type* dyn_parameters[] = {&dyn, &dyn};
inline constexpr Type list_of_dyn{
    .kind = TypeKind::list, .name = "list", .parameters = {dyn_parameters, 1}};
inline constexpr Type map_of_dyn{
    .kind = TypeKind::map, .name = "map", .parameters = {dyn_parameters, 2}};
inline constexpr const Type* string_dyn_parameters[] = {&string, &dyn};
inline constexpr Type map_of_string_to_dyn{
    .kind = TypeKind::map, .name = "map", .parameters = {string_dyn_parameters, 2}};
inline constexpr Type optional_of_dyn{
    .kind = TypeKind::opaque, .name = "optional_type", .parameters = {dyn_parameters, 1}};
}  // namespace types

// New types in an arena.
[[nodiscard]] const Type* list_type(Arena& arena, const Type* element);
[[nodiscard]] const Type* map_type(Arena& arena, const Type* key, const Type* value);
[[nodiscard]] const Type* optional_type(Arena& arena, const Type* value);
[[nodiscard]] const Type* type_type(Arena& arena, const Type* of);
[[nodiscard]] const Type* opaque_type(Arena& arena, std::string_view name,
                                      std::span<const Type* const> parameters = {});
[[nodiscard]] const Type* parameter_type(Arena& arena, std::string_view name);

[[nodiscard]] bool is_optional_type(const Type* type);

// Same structure and same names (cel-go's IsExactType).
[[nodiscard]] bool is_same(const Type* a, const Type* b);

// Kubernetes' escaping of property names as identifiers: `a-b` is `a__dash__b`, `namespace` is
// `__namespace__`. Nothing if the property cannot be named.
[[nodiscard]] std::optional<std::string> escape_property(std::string_view name);

// The name at run time, with the whole path of a schema's type: "__type_web.spec.ports.@idx".
[[nodiscard]] std::string type_name(const Type* type);
// As the checker's messages name it: "list(int)", "null", "timestamp", "wrapper(int)".
[[nodiscard]] std::string format_type(const Type* type);
// As cel-go's Type.String does: "null_type", "google.protobuf.Timestamp", "list(int)".
[[nodiscard]] std::string to_text(const Type* type);

// Whether values of type `from` may stand where `to` is declared, without type variables: what
// cel-go's Type.IsAssignableType and the checker's assignability say for result types.
[[nodiscard]] bool is_assignable(const Type* to, const Type* from);

}  // namespace weft::cel
