// cel/internal/signature.cc: reading the types and signatures that libraries are written with.

#include <algorithm>

#include "cel/internal/environment_rep.h"

namespace weft::cel {

namespace {

struct Simple {
    std::string_view name;
    const Type* type;
};
constexpr Simple simple_types[] = {
    {"dyn", &types::dyn},
    {"any", &types::any},
    {"null_type", &types::null},
    {"bool", &types::boolean},
    {"int", &types::integer},
    {"uint", &types::unsigned_integer},
    {"double", &types::number},
    {"string", &types::string},
    {"bytes", &types::bytes},
    {"duration", &types::duration},
    {"timestamp", &types::timestamp},
    {"google.protobuf.Duration", &types::duration},
    {"google.protobuf.Timestamp", &types::timestamp},
    {"type", &types::type},
    {"list", &types::list_of_dyn},
    {"map", &types::map_of_dyn},
    {"google.protobuf.Any", &types::any},
    {"google.protobuf.Value", &types::dyn},
    {"google.protobuf.ListValue", &types::list_of_dyn},
    {"google.protobuf.Struct", &types::map_of_string_to_dyn},
    {"google.protobuf.BoolValue", &types::nullable_boolean},
    {"google.protobuf.BytesValue", &types::nullable_bytes},
    {"google.protobuf.DoubleValue", &types::nullable_number},
    {"google.protobuf.FloatValue", &types::nullable_number},
    {"google.protobuf.Int32Value", &types::nullable_integer},
    {"google.protobuf.Int64Value", &types::nullable_integer},
    {"google.protobuf.StringValue", &types::nullable_string},
    {"google.protobuf.UInt32Value", &types::nullable_unsigned},
    {"google.protobuf.UInt64Value", &types::nullable_unsigned},
};

// Reads one signature from left to right.
class SignatureReader {
public:
    SignatureReader(std::string_view text, Environment::Rep& rep) : rest_(text), rep_(rep) {}

    const Type* type() {
        skip_blanks();
        size_t length = 0;
        while (length < rest_.size() && is_name(rest_[length], length)) {
            ++length;
        }
        // In "string.(int)" the dot belongs to the signature.
        if (length > 0 && rest_[length - 1] == '.') {
            --length;
        }
        const std::string_view name = rest_.substr(0, length);
        CHECK(!name.empty());
        rest_.remove_prefix(length);
        std::vector<const Type*> parameters;
        if (rest_.starts_with('(')) {
            rest_.remove_prefix(1);
            do {
                parameters.push_back(type());
            } while (take(","));
            CHECK(take(")"));
        }
        return make(name, parameters);
    }

    bool take(std::string_view token) {
        skip_blanks();
        if (!rest_.starts_with(token)) {
            return false;
        }
        rest_.remove_prefix(token.size());
        return true;
    }
    [[nodiscard]] bool at_end() {
        skip_blanks();
        return rest_.empty();
    }
    [[nodiscard]] std::string_view rest() {
        skip_blanks();
        return rest_;
    }
    [[nodiscard]] bool is_generic() const { return is_generic_; }

private:
    static bool is_name(char c, size_t at) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (at > 0 && ((c >= '0' && c <= '9') || c == '.'));
    }
    void skip_blanks() {
        while (rest_.starts_with(' ')) {
            rest_.remove_prefix(1);
        }
    }

    const Type* make(std::string_view name, const std::vector<const Type*>& parameters) {
        Arena& arena = rep_.arena;
        if (parameters.empty()) {
            for (const Simple& simple : simple_types) {
                if (simple.name == name) {
                    return simple.type;
                }
            }
            if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
                is_generic_ = true;
                return parameter_type(arena, name);
            }
            if (const StructType* structure = rep_.find_structure(name)) {
                return arena.make<Type>(Type{.kind = TypeKind::structure,
                                             .name = structure->name(),
                                             .structure = structure});
            }
        } else if (name == "list") {
            return list_type(arena, parameters[0]);
        } else if (name == "map") {
            CHECK(parameters.size() == 2);
            return map_type(arena, parameters[0], parameters[1]);
        } else if (name == "type") {
            return type_type(arena, parameters[0]);
        } else if (name == "wrapper") {
            Type type = *parameters[0];
            type.nullable = true;
            return arena.make<Type>(type);
        }
        return opaque_type(arena, name, parameters);
    }

    std::string_view rest_;
    Environment::Rep& rep_;
    bool is_generic_ = false;
};

constexpr uint16_t bit(Kind kind) {
    return static_cast<uint16_t>(1U << static_cast<unsigned>(kind));
}
constexpr uint16_t all_kinds = 0xFFFF & ~bit(Kind::error);

}  // namespace

uint16_t kinds_of(const Type* type) {
    const auto or_null = [type](Kind kind) {
        return static_cast<uint16_t>(bit(kind) | (type->nullable ? bit(Kind::null) : 0));
    };
    switch (type->kind) {
        case TypeKind::null:
            return bit(Kind::null);
        case TypeKind::boolean:
            return or_null(Kind::boolean);
        case TypeKind::integer:
            return or_null(Kind::integer);
        case TypeKind::unsigned_integer:
            return or_null(Kind::unsigned_integer);
        case TypeKind::number:
            return or_null(Kind::number);
        case TypeKind::string:
            return or_null(Kind::string);
        case TypeKind::bytes:
            return or_null(Kind::bytes);
        case TypeKind::duration:
            return bit(Kind::duration);
        case TypeKind::timestamp:
            return bit(Kind::timestamp);
        case TypeKind::type:
            return bit(Kind::type);
        case TypeKind::list:
            return bit(Kind::list);
        case TypeKind::map:
            return bit(Kind::map);
        case TypeKind::opaque:
            return is_optional_type(type) ? bit(Kind::optional) : bit(Kind::opaque);
        case TypeKind::structure:
            return bit(Kind::opaque) | bit(Kind::map);
        case TypeKind::dyn:
        case TypeKind::error:
        case TypeKind::any:
        case TypeKind::parameter:
            return all_kinds;
    }
    return all_kinds;
}

const Type* Environment::Rep::parse_type(std::string_view text) {
    SignatureReader reader(text, *this);
    const Type* type = reader.type();
    CHECK(reader.at_end());
    return type;
}

Declaration Environment::Rep::declare(std::string_view function, const Overload& overload) {
    SignatureReader reader(overload.signature, *this);
    std::vector<const Type*> parameters;
    Declaration out{.id = overload.id, .function = function};
    if (!reader.rest().starts_with('(')) {
        parameters.push_back(reader.type());
        out.is_member = true;
        CHECK(reader.take("."));
    }
    CHECK(reader.take("("));
    if (!reader.take(")")) {
        do {
            parameters.push_back(reader.type());
        } while (reader.take(","));
        CHECK(reader.take(")"));
    }
    CHECK(reader.take("->"));
    out.result = reader.type();
    CHECK(reader.at_end());
    out.is_generic = reader.is_generic();
    out.parameters = arena.copy(std::span<const Type* const>(parameters));
    uint16_t* kinds = arena.array<uint16_t>(parameters.size());
    for (size_t i = 0; i < parameters.size(); ++i) {
        kinds[i] = kinds_of(parameters[i]);
    }
    out.kinds = {kinds, parameters.size()};
    out.is_pure = overload.is_pure;
    out.is_conversion = overload.is_conversion;
    out.call = overload.call;
    out.actual_cost = overload.actual_cost;
    out.estimated_cost = overload.estimated_cost;
    return out;
}

}  // namespace weft::cel
