// cel/library/well_known.cc: the types of google.protobuf that CEL has values of its own for.
//
// Source: cel-spec "Well-known types", cel-go common/types (ConvertToNative to structpb).

#include "cel/library/well_known.h"

#include "cel/internal/go_text.h"

namespace weft::cel {

namespace {

Value refuse_field(Arena& arena, std::string_view type, std::string_view field,
                   const Value& value) {
    return make_error(arena, ErrorCode::conversion, "unsupported value for field ", type, ".",
                      field, ": ", type_name_of(value));
}

// BoolValue and its like: the field `value`, or the zero.
class WrapperType final : public StructType {
public:
    WrapperType(std::string_view name, const Type* plain, const Type* nullable, const Value& zero,
                int bits = 64)
        : name_(name), plain_(plain), nullable_(nullable), zero_(zero), bits_(bits) {}

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] const Type* value_type() const override { return nullable_; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        return field == "value" ? plain_ : nullptr;
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override {
        Value out = zero_;
        for (const auto& [field, value] : fields) {
            if (field != "value" || value.kind() != zero_.kind()) {
                return refuse_field(arena, name_, field, value);
            }
            out = value;
        }
        if (bits_ == 32) {
            if (out.is_double()) {
                return Value::number(static_cast<double>(static_cast<float>(out.as_double())));
            }
            const bool fits = out.is_int() ? out.as_int() >= INT32_MIN && out.as_int() <= INT32_MAX
                                           : out.as_uint() <= UINT32_MAX;
            if (!fits) {
                return make_error(arena, ErrorCode::overflow,
                                  out.is_int() ? "integer overflow" : "unsigned integer overflow");
            }
        }
        return out;
    }

private:
    std::string_view name_;
    const Type* plain_;
    const Type* nullable_;
    Value zero_;
    int bits_;
};

// Timestamp and Duration: seconds and nanos.
class MomentType final : public StructType {
public:
    explicit MomentType(const Type* type) : type_(type) {}
    [[nodiscard]] std::string_view name() const override { return type_->name; }
    [[nodiscard]] const Type* value_type() const override { return type_; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        return field == "seconds" || field == "nanos" ? &types::integer : nullptr;
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override {
        int64_t seconds = 0;
        int64_t nanos = 0;
        for (const auto& [field, value] : fields) {
            if (!value.is_int() || (field != "seconds" && field != "nanos")) {
                return refuse_field(arena, type_->name, field, value);
            }
            (field == "seconds" ? seconds : nanos) = value.as_int();
        }
        if (type_->kind == TypeKind::duration) {
            int64_t total = 0;
            if (__builtin_mul_overflow(seconds, int64_t{1'000'000'000}, &total) ||
                __builtin_add_overflow(total, nanos, &total)) {
                return make_error(arena, ErrorCode::overflow, "duration overflow");
            }
            return Value::duration(total);
        }
        const Time time{seconds, static_cast<int32_t>(nanos)};
        if (nanos < 0 || nanos >= 1'000'000'000 || !is_timestamp_in_range(time)) {
            return make_error(arena, ErrorCode::overflow, "timestamp overflow");
        }
        return Value::timestamp(time);
    }

private:
    const Type* type_;
};

// Value, Struct, ListValue: JSON.
class JsonType final : public StructType {
public:
    JsonType(std::string_view name, const Type* type) : name_(name), type_(type) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] const Type* value_type() const override { return type_; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        struct Field {
            std::string_view owner;
            std::string_view name;
            const Type* type;
        };
        static constexpr Field fields[] = {
            {"google.protobuf.Struct", "fields", &types::map_of_string_to_dyn},
            {"google.protobuf.ListValue", "values", &types::list_of_dyn},
            {"google.protobuf.Value", "null_value", &types::dyn},
            {"google.protobuf.Value", "number_value", &types::number},
            {"google.protobuf.Value", "string_value", &types::string},
            {"google.protobuf.Value", "bool_value", &types::boolean},
            {"google.protobuf.Value", "struct_value", &types::map_of_string_to_dyn},
            {"google.protobuf.Value", "list_value", &types::list_of_dyn},
        };
        for (const Field& candidate : fields) {
            if (candidate.owner == name_ && candidate.name == field) {
                return candidate.type;
            }
        }
        return nullptr;
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override {
        Value out = Value::null();
        if (type_->kind == TypeKind::list) {
            out = Value::list({});
        } else if (type_->kind == TypeKind::map) {
            out = MapBuilder(arena).finish();
        }
        for (const auto& [field, value] : fields) {
            if (field == "null_value") {
                out = Value::null();
                continue;
            }
            const Type* type = field_type(field, arena);
            const bool is_map = type != nullptr && type->kind == TypeKind::map;
            const bool fits = type != nullptr &&
                              (is_map ? value.is_map() : type_name_of(value) == type_name(type));
            if (!fits) {
                return refuse_field(arena, name_, field, value);
            }
            out = to_json_value(arena, value);
        }
        return out;
    }

private:
    std::string_view name_;
    const Type* type_;
};

}  // namespace

Value to_json_value(Arena& arena, const Value& value) {
    constexpr int64_t exact = int64_t{1} << 53U;
    switch (value.kind()) {
        case Kind::integer:
            return value.as_int() > exact || value.as_int() < -exact
                       ? make_string(arena, cat(value.as_int()))
                       : Value::number(static_cast<double>(value.as_int()));
        case Kind::unsigned_integer:
            return value.as_uint() > static_cast<uint64_t>(exact)
                       ? make_string(arena, cat(value.as_uint()))
                       : Value::number(static_cast<double>(value.as_uint()));
        case Kind::bytes:
            return make_string(arena, base64_encode(value.as_string()));
        case Kind::duration:
            return make_string(arena, format_duration_seconds(value.as_duration()));
        case Kind::timestamp:
            return make_string(arena, format_rfc3339_nano(value.as_time()));
        case Kind::list: {
            ListBuilder out(arena, value.size());
            for (const Value& item : value.items(arena)) {
                const Value converted = to_json_value(arena, item);
                if (converted.is_error()) {
                    return converted;
                }
                out.add(converted);
            }
            return out.finish();
        }
        case Kind::map: {
            MapBuilder out(arena, value.size());
            const std::span<const Value> entries = value.sorted_entries(arena);
            for (size_t i = 0; i < entries.size(); i += 2) {
                const Value converted = to_json_value(arena, entries[i + 1]);
                if (converted.is_error()) {
                    return converted;
                }
                const Value& key = entries[i];
                if (!key.is_string() && !key.is_bool() && !key.is_int() && !key.is_uint()) {
                    return make_error(arena, ErrorCode::conversion,
                                      "unsupported key type: ", type_name_of(key));
                }
                out.set(key.is_string()
                            ? key
                            : make_string(arena, key.is_bool()  ? (key.as_bool() ? "true" : "false")
                                                 : key.is_int() ? cat(key.as_int())
                                                                : cat(key.as_uint())),
                        converted);
            }
            return out.finish();
        }
        case Kind::optional:
            return value.has_value() ? to_json_value(arena, value.optional_value()) : Value::null();
        case Kind::type:
            return make_error(arena, ErrorCode::conversion,
                              "type conversion error from 'type' to 'google.protobuf.Value'");
        default:
            return value;
    }
}

Library well_known_library() {
    Library library("cel.lib.well_known");
    const auto wrapper = [&](std::string_view name, const Type* plain, const Type* nullable,
                             const Value& zero, int bits = 64) {
        library.structure(std::make_shared<WrapperType>(name, plain, nullable, zero, bits));
    };
    wrapper("google.protobuf.BoolValue", &types::boolean, &types::nullable_boolean,
            Value::boolean(false));
    wrapper("google.protobuf.BytesValue", &types::bytes, &types::nullable_bytes, Value::bytes(""));
    wrapper("google.protobuf.DoubleValue", &types::number, &types::nullable_number,
            Value::number(0));
    wrapper("google.protobuf.FloatValue", &types::number, &types::nullable_number, Value::number(0),
            32);
    wrapper("google.protobuf.Int32Value", &types::integer, &types::nullable_integer,
            Value::integer(0), 32);
    wrapper("google.protobuf.Int64Value", &types::integer, &types::nullable_integer,
            Value::integer(0));
    wrapper("google.protobuf.StringValue", &types::string, &types::nullable_string,
            Value::string(""));
    wrapper("google.protobuf.UInt32Value", &types::unsigned_integer, &types::nullable_unsigned,
            Value::unsigned_integer(0), 32);
    wrapper("google.protobuf.UInt64Value", &types::unsigned_integer, &types::nullable_unsigned,
            Value::unsigned_integer(0));
    library.structure(std::make_shared<MomentType>(&types::timestamp));
    library.structure(std::make_shared<MomentType>(&types::duration));
    library.structure(std::make_shared<JsonType>("google.protobuf.Value", &types::dyn));
    library.structure(
        std::make_shared<JsonType>("google.protobuf.Struct", &types::map_of_string_to_dyn));
    library.structure(std::make_shared<JsonType>("google.protobuf.ListValue", &types::list_of_dyn));
    library.constant("google.protobuf.NullValue.NULL_VALUE", "int", Value::integer(0));
    return library;
}

}  // namespace weft::cel
