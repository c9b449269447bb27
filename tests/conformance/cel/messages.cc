// tests/conformance/cel/messages.cc: protobuf messages for the cases.

#include "tests/conformance/cel/messages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

#include "cel/library/well_known.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/cel/proto_file.h"

namespace weft::conformance {

namespace {

using cel::Arena;
using cel::ErrorCode;
using cel::Kind;
using cel::Type;
using cel::Value;
namespace types = cel::types;

constexpr std::string_view well_known = "google.protobuf.";
constexpr std::array<std::string_view, 5> json_types{
    "google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue",
    "google.protobuf.Any", "google.protobuf.NullValue"};

Value text_error(Arena& arena, ErrorCode code, std::string_view text) {
    return cel::make_error(arena, code, arena.copy(text));
}

class MessageType;

struct Field {
    ProtoField proto;
    const Type* type = nullptr;  // as the checker sees it
    const MessageType* message = nullptr;
    bool is_enum = false;
    int64_t enum_default = 0;
};

// A message: the fields that are set.
class Message final : public cel::Opaque {
public:
    static constexpr char class_id = 0;
    explicit Message(const MessageType* of) : of_(of) {}

    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override;
    [[nodiscard]] Value equals(const Value& other, Arena& arena) const override;
    [[nodiscard]] Value field(std::string_view name, Arena& arena) const override;
    [[nodiscard]] bool has_field(std::string_view name) const override;
    [[nodiscard]] bool is_zero() const override { return values_.empty(); }
    [[nodiscard]] std::string text() const override;

    // Null pointer clears.
    void set(const Field& field, const Value* value);
    [[nodiscard]] const MessageType& of() const { return *of_; }

private:
    const MessageType* of_;
    std::map<std::string, Value, std::less<>> values_;
};

class MessageType final : public cel::StructType {
public:
    MessageType(std::string name, const MessageSet* set) : name_(std::move(name)), set_(set) {
        type_.kind = cel::TypeKind::structure;
        type_.name = name_;
        type_.structure = this;
    }

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] const Type* type() const { return &type_; }
    [[nodiscard]] const Field* find(std::string_view field) const {
        const auto found = std::ranges::find_if(
            fields_, [&](const Field& candidate) { return candidate.proto.name == field; });
        return found == fields_.end() ? nullptr : &*found;
    }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        const Field* found = find(field);
        return found == nullptr ? nullptr : found->type;
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override;

    std::deque<Field>& fields() { return fields_; }
    [[nodiscard]] const std::deque<Field>& fields() const { return fields_; }
    [[nodiscard]] const MessageSet& set() const { return *set_; }

private:
    std::string name_;
    const MessageSet* set_;
    Type type_;
    std::deque<Field> fields_;
};

bool is_zero_scalar(const Value& value) {
    return !value.is(Kind::opaque) && !value.is_null() && !value.is(Kind::timestamp) &&
           cel::is_zero_value(value);
}

// A value as a field of a type of protobuf holds it. An error if it does not fit; null for "unset".
struct Fitted {
    Value value;
    bool is_unset = false;
};

Fitted fit(const std::string& type, const MessageType* message, bool is_enum, const Value& value,
           Arena& arena, bool is_element) {
    const auto refuse = [&](ErrorCode code) {
        return Fitted{
            text_error(arena, code,
                       cat("unsupported field value for ", type, ": ", cel::type_name_of(value)))};
    };
    const auto integer = [&](int64_t low, int64_t high) {
        if (!value.is_int()) {
            return refuse(ErrorCode::conversion);
        }
        return value.as_int() < low || value.as_int() > high
                   ? Fitted{text_error(arena, ErrorCode::overflow, "integer overflow")}
                   : Fitted{value};
    };
    const auto unsigned_integer = [&](uint64_t high) {
        if (!value.is_uint()) {
            return refuse(ErrorCode::conversion);
        }
        return value.as_uint() > high
                   ? Fitted{text_error(arena, ErrorCode::overflow, "unsigned integer overflow")}
                   : Fitted{value};
    };
    const auto exactly = [&](Kind kind) {
        return value.is(kind) ? Fitted{value} : refuse(ErrorCode::conversion);
    };
    if (type == "int32" || type == "sint32" || type == "sfixed32") {
        return integer(INT32_MIN, INT32_MAX);
    }
    if (type == "int64" || type == "sint64" || type == "sfixed64") {
        return integer(INT64_MIN, INT64_MAX);
    }
    if (type == "uint32" || type == "fixed32") {
        return unsigned_integer(UINT32_MAX);
    }
    if (type == "uint64" || type == "fixed64") {
        return unsigned_integer(UINT64_MAX);
    }
    if (type == "double") {
        return exactly(Kind::number);
    }
    if (type == "float") {
        return value.is_double() ? Fitted{Value::number(
                                       static_cast<double>(static_cast<float>(value.as_double())))}
                                 : refuse(ErrorCode::conversion);
    }
    if (type == "bool") {
        return exactly(Kind::boolean);
    }
    if (type == "string") {
        return exactly(Kind::string);
    }
    if (type == "bytes") {
        return exactly(Kind::bytes);
    }
    if (type == "google.protobuf.NullValue") {
        return value.is_null() || value.is_int() ? Fitted{Value::integer(0)}
                                                 : refuse(ErrorCode::conversion);
    }
    if (is_enum) {
        return integer(INT32_MIN, INT32_MAX);
    }
    if (!type.starts_with(well_known) || message != nullptr) {
        if (value.is_null() && !is_element) {
            return {value, true};
        }
        const Message* given = value.as<Message>();
        return given != nullptr && &given->of() == message ? Fitted{value}
                                                           : refuse(ErrorCode::conversion);
    }
    const std::string short_name = type.substr(well_known.size());
    if (short_name == "Any") {
        return {value};
    }
    if (short_name == "Value") {
        if (const Message* given = value.as<Message>()) {
            if (given->type()->name == "google.protobuf.Empty") {
                return {cel::MapBuilder(arena).finish()};
            }
            if (given->type()->name != "google.protobuf.FieldMask") {
                return refuse(ErrorCode::conversion);
            }
            std::string paths;
            for (const Value& path : given->field("paths", arena).items(arena)) {
                append(paths, paths.empty() ? "" : ",", path.as_string());
            }
            return {cel::make_string(arena, paths)};
        }
        return {cel::to_json_value(arena, value)};
    }
    if (short_name == "Struct") {
        if (!value.is_map()) {
            return refuse(ErrorCode::conversion);
        }
        for (const Value& key : value.sorted_keys(arena)) {
            if (!key.is_string()) {
                return refuse(ErrorCode::conversion);
            }
        }
        return {cel::to_json_value(arena, value)};
    }
    if (short_name == "ListValue") {
        return value.is_list() ? Fitted{cel::to_json_value(arena, value)}
                               : refuse(ErrorCode::conversion);
    }
    if (value.is_null() && !is_element) {
        return {value, true};
    }
    if (short_name == "Timestamp") {
        return exactly(Kind::timestamp);
    }
    if (short_name == "Duration") {
        return exactly(Kind::duration);
    }
    static const std::map<std::string, std::string, std::less<>> wrapped = {
        {"BoolValue", "bool"},     {"BytesValue", "bytes"},   {"DoubleValue", "double"},
        {"FloatValue", "float"},   {"Int32Value", "int32"},   {"Int64Value", "int64"},
        {"StringValue", "string"}, {"UInt32Value", "uint32"}, {"UInt64Value", "uint64"}};
    if (const auto found = wrapped.find(short_name); found != wrapped.end()) {
        return fit(found->second, nullptr, false, value, arena, is_element);
    }
    return refuse(ErrorCode::conversion);
}

}  // namespace

struct MessageSet {
    ProtoFiles files;
    std::map<std::string, std::shared_ptr<MessageType>, std::less<>> types;
    Arena arena{};

    [[nodiscard]] const MessageType* find(std::string_view name) const {
        const auto found = types.find(name);
        return found == types.end() ? nullptr : found->second.get();
    }
    [[nodiscard]] const Type* type_of(const std::string& name) {
        static const std::map<std::string, const Type*, std::less<>> known = {
            {"double", &types::number},
            {"float", &types::number},
            {"bool", &types::boolean},
            {"string", &types::string},
            {"bytes", &types::bytes},
            {"google.protobuf.Any", &types::any},
            {"google.protobuf.Value", &types::dyn},
            {"google.protobuf.Struct", &types::map_of_string_to_dyn},
            {"google.protobuf.ListValue", &types::list_of_dyn},
            {"google.protobuf.Timestamp", &types::timestamp},
            {"google.protobuf.Duration", &types::duration},
            {"google.protobuf.BoolValue", &types::nullable_boolean},
            {"google.protobuf.BytesValue", &types::nullable_bytes},
            {"google.protobuf.DoubleValue", &types::nullable_number},
            {"google.protobuf.FloatValue", &types::nullable_number},
            {"google.protobuf.Int32Value", &types::nullable_integer},
            {"google.protobuf.Int64Value", &types::nullable_integer},
            {"google.protobuf.StringValue", &types::nullable_string},
            {"google.protobuf.UInt32Value", &types::nullable_unsigned},
            {"google.protobuf.UInt64Value", &types::nullable_unsigned}};
        if (const auto found = known.find(name); found != known.end()) {
            return found->second;
        }
        if (const MessageType* message = find(name)) {
            return message->type();
        }
        return name.starts_with("uint") || name.starts_with("fixed") ? &types::unsigned_integer
                                                                     : &types::integer;
    }
};

namespace {

Value parse_scalar(const std::string& type, const std::string& text, bool is_quoted,
                   const MessageSet& set, Arena& arena) {
    if (type == "bool") {
        return Value::boolean(text == "true");
    }
    if (type == "string") {
        return Value::string(arena.copy(text));
    }
    if (type == "bytes") {
        return Value::bytes(arena.copy(text));
    }
    if (type == "double") {
        return Value::number(std::strtod(text.c_str(), nullptr));
    }
    if (type == "float") {
        return Value::number(static_cast<double>(std::strtof(text.c_str(), nullptr)));
    }
    if (type.starts_with("uint") || type.starts_with("fixed")) {
        return Value::unsigned_integer(std::strtoull(text.c_str(), nullptr, 0));
    }
    if (const auto found = set.files.enums.find(type); found != set.files.enums.end()) {
        for (const auto& [name, number] : found->second.values) {
            if (name == text) {
                return Value::integer(number);
            }
        }
    }
    (void)is_quoted;
    return Value::integer(std::strtoll(text.c_str(), nullptr, 0));
}

Value default_of(const Field& field, Arena& arena) {
    const std::string& type = field.proto.type;
    if (!field.proto.key.empty()) {
        return cel::MapBuilder(arena).finish();
    }
    if (field.proto.is_repeated) {
        return Value::list({});
    }
    if (field.is_enum) {
        return Value::integer(field.enum_default);
    }
    if (field.message != nullptr) {
        return Value::opaque(arena.make<Message>(field.message));
    }
    if (type == "google.protobuf.Timestamp") {
        return Value::timestamp({});
    }
    if (type == "google.protobuf.Duration") {
        return Value::duration(0);
    }
    if (type == "google.protobuf.Struct") {
        return cel::MapBuilder(arena).finish();
    }
    if (type == "google.protobuf.ListValue") {
        return Value::list({});
    }
    if (type == "google.protobuf.NullValue") {
        return Value::integer(0);
    }
    if (type.starts_with(well_known)) {
        return Value::null();
    }
    std::string text = field.proto.default_text;
    if (text.starts_with('"')) {
        text = text.substr(1, text.size() - 2);
    }
    static const MessageSet no_messages;
    return parse_scalar(type, text, true, no_messages, arena);
}

}  // namespace

const Type* Message::type() const {
    return of_->type();
}

void Message::set(const Field& field, const Value* value) {
    if (field.proto.oneof != 0) {
        for (const Field& other : of_->fields()) {
            if (other.proto.oneof == field.proto.oneof) {
                values_.erase(other.proto.name);
            }
        }
    }
    if (value == nullptr) {
        values_.erase(field.proto.name);
        return;
    }
    const bool is_plain = !field.proto.has_presence && field.message == nullptr &&
                          !field.proto.type.starts_with(well_known);
    const bool is_collection = field.proto.is_repeated || !field.proto.key.empty();
    if ((is_plain || is_collection) && is_zero_scalar(*value)) {
        values_.erase(field.proto.name);
        return;
    }
    values_.insert_or_assign(field.proto.name, *value);
}

Value Message::field(std::string_view name, Arena& arena) const {
    if (const auto found = values_.find(name); found != values_.end()) {
        return found->second;
    }
    const Field* field = of_->find(name);
    if (field == nullptr) {
        return text_error(arena, ErrorCode::no_such_field, cat("no such field '", name, "'"));
    }
    return default_of(*field, arena);
}

bool Message::has_field(std::string_view name) const {
    return values_.contains(name);
}

Value Message::equals(const Value& other, Arena& arena) const {
    const Message* message = other.as<Message>();
    if (message == nullptr || message->of_ != of_ || message->values_.size() != values_.size()) {
        return Value::boolean(false);
    }
    for (const auto& [name, value] : values_) {
        const auto found = message->values_.find(name);
        if (found == message->values_.end()) {
            return Value::boolean(false);
        }
        const Value same = cel::equals(value, found->second, arena);
        if (!same.is_true()) {
            return same;
        }
    }
    return Value::boolean(true);
}

std::string Message::text() const {
    std::string out = cat(of_->name(), "{");
    for (const auto& [name, value] : values_) {
        append(out, out.ends_with('{') ? "" : ", ", name, ": ", cel::to_text(value));
    }
    return out + "}";
}

Value MessageType::make(Arena& arena,
                        std::span<const std::pair<std::string_view, Value>> fields) const {
    auto* message = arena.make<Message>(this);
    for (const auto& [name, value] : fields) {
        const Field* field = find(name);
        if (field == nullptr) {
            return text_error(arena, ErrorCode::no_such_field, cat("no such field '", name, "'"));
        }
        // Null is no element of these, and is left out.
        const bool prunes_null = field->message == nullptr && !field->is_enum &&
                                 field->proto.type.starts_with(well_known) &&
                                 !std::ranges::count(json_types, field->proto.type);
        const auto element = [&](const std::string& type, const Value& item) {
            return fit(type, type == field->proto.type ? field->message : nullptr,
                       type == field->proto.type && field->is_enum, item, arena, true)
                .value;
        };
        if (!field->proto.key.empty()) {
            if (!value.is_map()) {
                return text_error(arena, ErrorCode::conversion, "unsupported field type: map");
            }
            cel::MapBuilder map(arena);
            const std::span<const Value> entries = value.sorted_entries(arena);
            for (size_t i = 0; i < entries.size(); i += 2) {
                if (prunes_null && entries[i + 1].is_null()) {
                    continue;
                }
                const Value key = element(field->proto.key, entries[i]);
                const Value item = element(field->proto.type, entries[i + 1]);
                if (key.is_error() || item.is_error()) {
                    return key.is_error() ? key : item;
                }
                map.set(key, item);
            }
            const Value made = map.finish();
            message->set(*field, &made);
            continue;
        }
        if (field->proto.is_repeated) {
            if (!value.is_list()) {
                return text_error(arena, ErrorCode::conversion, "unsupported field type: list");
            }
            cel::ListBuilder list(arena);
            for (const Value& item : value.items(arena)) {
                if (prunes_null && item.is_null()) {
                    continue;
                }
                const Value fitted = element(field->proto.type, item);
                if (fitted.is_error()) {
                    return fitted;
                }
                list.add(fitted);
            }
            const Value made = list.finish();
            message->set(*field, &made);
            continue;
        }
        const Fitted fitted =
            fit(field->proto.type, field->message, field->is_enum, value, arena, false);
        if (fitted.value.is_error()) {
            return fitted.value;
        }
        message->set(*field, fitted.is_unset ? nullptr : &fitted.value);
    }
    return Value::opaque(message);
}

namespace {

Result<Value> read_message(const TextField& text, const std::string& type, const MessageSet& set,
                           Arena& arena);

// The wire format, as far as the cases use it.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    uint64_t varint() {
        uint64_t out = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(take(1)[0]);
            out |= uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80) {
                break;
            }
        }
        return out;
    }
    std::string_view take(uint64_t size) {
        const std::string_view out = rest_.substr(0, size);
        rest_.remove_prefix(out.size());
        return out;
    }

private:
    std::string_view rest_;
};

template <typename T>
T little_endian(std::string_view bytes) {
    T out{};
    std::memcpy(&out, bytes.data(), std::min(sizeof out, bytes.size()));
    return out;
}

Value decode(std::string_view bytes, const MessageType& type, Arena& arena) {
    auto* out = arena.make<Message>(&type);
    std::map<const Field*, std::vector<Value>> repeated;
    for (WireReader reader(bytes); !reader.at_end();) {
        const uint64_t tag = reader.varint();
        const auto field = std::ranges::find_if(
            type.fields(), [&](const Field& f) { return f.proto.number == tag >> 3U; });
        Value value;
        switch (tag & 7U) {
            case 0: {
                const uint64_t number = reader.varint();
                const std::string_view name =
                    field == type.fields().end() ? "" : std::string_view(field->proto.type);
                value = name == "bool"             ? Value::boolean(number != 0)
                        : name.starts_with("uint") ? Value::unsigned_integer(number)
                                                   : Value::integer(static_cast<int64_t>(number));
                break;
            }
            case 1:
                value = Value::number(little_endian<double>(reader.take(8)));
                break;
            case 2: {
                const std::string_view content = reader.take(reader.varint());
                if (field != type.fields().end() && field->message != nullptr) {
                    value = decode(content, *field->message, arena);
                } else {
                    const std::string_view kept = arena.copy(content);
                    value = field != type.fields().end() && field->proto.type == "string"
                                ? Value::string(kept)
                                : Value::bytes(kept);
                }
                break;
            }
            default:
                value = Value::number(static_cast<double>(little_endian<float>(reader.take(4))));
                break;
        }
        if (field == type.fields().end()) {
            continue;
        }
        if (field->proto.is_repeated) {
            repeated[&*field].push_back(value);
            value = Value::list(arena.copy(std::span<const Value>(repeated[&*field])));
        }
        out->set(*field, &value);
    }
    return Value::opaque(out);
}

// google.protobuf.Any of which only the bytes are known.
Value unpack(std::string_view url, std::string_view bytes, const MessageSet& set, Arena& arena) {
    const size_t slash = url.rfind('/');
    const MessageType* type =
        slash == std::string_view::npos ? nullptr : set.find(url.substr(slash + 1));
    return type == nullptr ? text_error(arena, ErrorCode::conversion, cat("unknown type ", url))
                           : decode(bytes, *type, arena);
}

class AnyType final : public cel::StructType {
public:
    explicit AnyType(const MessageSet* set) : set_(set) {}
    [[nodiscard]] std::string_view name() const override { return types::any.name; }
    [[nodiscard]] const Type* value_type() const override { return &types::any; }
    [[nodiscard]] const Type* field_type(std::string_view field, Arena&) const override {
        return field == "type_url" ? &types::string : (field == "value" ? &types::bytes : nullptr);
    }
    [[nodiscard]] Value make(
        Arena& arena, std::span<const std::pair<std::string_view, Value>> fields) const override {
        std::string_view url;
        std::string_view bytes;
        for (const auto& [name, value] : fields) {
            (name == "type_url" ? url : bytes) = value.as_string();
        }
        return unpack(url, bytes, *set_, arena);
    }

private:
    const MessageSet* set_;
};

Result<Value> read_any(const TextField& any, const MessageSet& set, Arena& arena) {
    const size_t slash = any.name.rfind('/');
    if (slash == std::string::npos) {
        return make_error(Reason::invalid, "not an expanded Any: ", any.name);
    }
    return read_message(any, any.name.substr(slash + 1, any.name.size() - slash - 2), set, arena);
}

// google.protobuf.Value as text.
Result<Value> read_json(const TextField& text, const MessageSet& set, Arena& arena) {
    if (text.fields.empty()) {
        return Value::null();
    }
    const TextField& kind = text.fields[0];
    if (kind.name == "number_value") {
        return parse_scalar("double", kind.text, false, set, arena);
    }
    if (kind.name == "string_value") {
        return Value::string(arena.copy(kind.text));
    }
    if (kind.name == "bool_value") {
        return Value::boolean(kind.text == "true");
    }
    if (kind.name == "struct_value") {
        return read_message(kind, "google.protobuf.Struct", set, arena);
    }
    if (kind.name == "list_value") {
        return read_message(kind, "google.protobuf.ListValue", set, arena);
    }
    return Value::null();
}

Result<Value> read_well_known(const TextField& text, const std::string& name, const MessageSet& set,
                              Arena& arena) {
    if (name == "Any") {
        if (text.find("type_url") != nullptr) {
            return unpack(text.text_of("type_url"), text.text_of("value"), set, arena);
        }
        return text.fields.empty() ? Value::null() : TRY(read_any(text.fields[0], set, arena));
    }
    if (name == "Value") {
        return read_json(text, set, arena);
    }
    if (name == "Struct") {
        cel::MapBuilder map(arena);
        for (const TextField& entry : text.fields) {
            const TextField* value = entry.find("value");
            map.set(Value::string(arena.copy(entry.text_of("key"))),
                    value == nullptr ? Value::null() : TRY(read_json(*value, set, arena)));
        }
        return map.finish();
    }
    if (name == "ListValue") {
        cel::ListBuilder list(arena);
        for (const TextField& item : text.fields) {
            list.add(TRY(read_json(item, set, arena)));
        }
        return list.finish();
    }
    const auto number = [&](std::string_view field) {
        return parse_int(text.text_of(field)).value_or(0);
    };
    if (name == "Duration") {
        return Value::duration(number("seconds") * 1'000'000'000 + number("nanos"));
    }
    if (name == "Timestamp") {
        return Value::timestamp({number("seconds"), static_cast<int32_t>(number("nanos"))});
    }
    const std::string value(text.text_of("value"));
    const std::string scalar = to_lower(name.substr(0, name.size() - 5));
    return parse_scalar(scalar, value, true, set, arena);
}

Result<Value> read_message(const TextField& text, const std::string& type, const MessageSet& set,
                           Arena& arena) {
    const MessageType* message = set.find(type);
    if (message == nullptr) {
        if (!type.starts_with(well_known)) {
            return make_error(Reason::invalid, "unknown message ", type);
        }
        return read_well_known(text, type.substr(well_known.size()), set, arena);
    }
    auto* out = arena.make<Message>(message);
    std::map<std::string, std::vector<Value>> repeated;
    std::map<std::string, cel::MapBuilder> maps;
    for (const TextField& field_text : text.fields) {
        std::string name = field_text.name;
        if (name.starts_with('[')) {
            name = name.substr(1, name.size() - 2);
        }
        const Field* field = message->find(name);
        if (field == nullptr) {
            field = message->find(to_lower(name));
        }
        if (field == nullptr) {
            return make_error(Reason::invalid, "unknown field ", type, ".", name);
        }
        const auto read = [&](const TextField& item, const std::string& of) -> Result<Value> {
            if (item.is_message) {
                return read_message(item, of, set, arena);
            }
            return parse_scalar(of, item.text, item.is_quoted, set, arena);
        };
        if (!field->proto.key.empty()) {
            const TextField* key = field_text.find("key");
            const TextField* value = field_text.find("value");
            cel::MapBuilder& map = maps.try_emplace(name, arena).first->second;
            map.set(key == nullptr ? parse_scalar(field->proto.key, "", true, set, arena)
                                   : TRY(read(*key, field->proto.key)),
                    value == nullptr ? parse_scalar(field->proto.type, "", true, set, arena)
                                     : TRY(read(*value, field->proto.type)));
            const Value made = map.finish();
            out->set(*field, &made);
            continue;
        }
        const Value value = TRY(read(field_text, field->proto.type));
        if (!field->proto.is_repeated) {
            out->set(*field, &value);
            continue;
        }
        std::vector<Value>& items = repeated[name];
        items.push_back(value);
        const Value made = Value::list(arena.copy(std::span<const Value>(items)));
        out->set(*field, &made);
    }
    return Value::opaque(out);
}

// proto.getExt(message, a.b.c) and proto.hasExt: a field of the extension's full name.
std::string extension_name(const cel::Expr* expr) {
    return expr->kind == cel::ExprKind::identifier
               ? std::string(expr->name)
               : cat(extension_name(expr->operand), ".", expr->name);
}
cel::Expr* expand_extension(cel::MacroContext& context, cel::Expr* target,
                            std::span<cel::Expr*> args, bool is_test) {
    if (target->kind != cel::ExprKind::identifier || target->name != "proto") {
        return context.decline();
    }
    static std::deque<std::string> names;
    names.push_back(extension_name(args[1]));
    return is_test ? context.test(args[0], names.back()) : context.select(args[0], names.back());
}
cel::Expr* expand_get(cel::MacroContext& context, cel::Expr* target, std::span<cel::Expr*> args) {
    return expand_extension(context, target, args, false);
}
cel::Expr* expand_has(cel::MacroContext& context, cel::Expr* target, std::span<cel::Expr*> args) {
    return expand_extension(context, target, args, true);
}

}  // namespace

Messages::Messages(const std::filesystem::path& folder) : set_(std::make_unique<MessageSet>()) {
    MessageSet& set = *set_;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string path = entry.path().string();
        if (path.ends_with("test_all_types.proto") ||
            path.ends_with("test_all_types_extensions.proto")) {
            set.files.parse(read_file(entry.path()));
        }
    }
    // Messages of google/protobuf that have no value of their own in CEL.
    set.files.parse(
        "syntax = \"proto3\"; package google.protobuf; message Empty {} "
        "message FieldMask { repeated string paths = 1; }");
    set.files.resolve();
    for (const auto& [name, message] : set.files.messages) {
        set.types.emplace(name, std::make_shared<MessageType>(name, &set));
    }
    for (const auto& [name, message] : set.files.messages) {
        for (const ProtoField& proto : message.fields) {
            Field field{.proto = proto, .message = set.find(proto.type)};
            if (const auto found = set.files.enums.find(proto.type);
                found != set.files.enums.end()) {
                field.is_enum = true;
                field.enum_default = found->second.values.front().second;
                for (const auto& [value, number] : found->second.values) {
                    if (value == proto.default_text) {
                        field.enum_default = number;
                    }
                }
            }
            field.type = set.type_of(proto.type);
            if (!proto.key.empty()) {
                field.type = cel::map_type(set.arena, set.type_of(proto.key), field.type);
            } else if (proto.is_repeated) {
                field.type = cel::list_type(set.arena, field.type);
            }
            set.types[name]->fields().push_back(field);
        }
    }
}

Messages::~Messages() = default;

cel::Library Messages::library() const {
    cel::Library library("conformance.messages");
    for (const auto& [name, type] : set_->types) {
        library.structure(type);
    }
    library.structure(std::make_shared<AnyType>(set_.get()));
    for (const auto& [name, proto] : set_->files.enums) {
        for (const auto& [value, number] : proto.values) {
            library.constant(library.intern(cat(name, ".", value)), "int", Value::integer(number));
        }
    }
    library.macro({.name = "getExt", .arity = 2, .is_member = true, .expand = expand_get});
    library.macro({.name = "hasExt", .arity = 2, .is_member = true, .expand = expand_has});
    return library;
}

const Type* Messages::type_named(std::string_view name) const {
    const MessageType* message = set_->find(name);
    if (message == nullptr && name.starts_with(well_known)) {
        return set_->type_of(std::string(name));
    }
    return message == nullptr ? nullptr : message->type();
}

Result<Value> Messages::any_of(const TextField& any, Arena& arena) const {
    return read_any(any, *set_, arena);
}

}  // namespace weft::conformance
