// schema/go_json.cc: walks a value along the Go types and makes the canonical one.

#include "schema/go_json.h"

#include <limits>
#include <optional>
#include <utility>

#include "schema/builtin.h"
#include "schema/go_type_names.h"
#include "schema/internal/go_time.h"
#include "schema/internal/tables.h"
#include "schema/limits.h"
#include "schema/quantity.h"

namespace weft::schema {

using internal::Base;
using internal::Container;
using internal::FieldRow;
using internal::Special;

struct GoTypes::Field {
    Value name;  // a string; shared by all objects made
    FieldRow row;
    GoTypeNames go_names;
};

struct GoTypes::Type {
    std::string_view definition;
    std::string go_name;  // "v1.PodSpec"
    std::string struct_name;
    Special special = Special::none;
    Base base = Base::none;
    std::vector<Field> fields;
    uint16_t number = 0;
    uint16_t schema = 0;  // of schema_or_array and its kin: the number of the schema's type
};

namespace {

std::string go_name_of(std::string_view definition) {
    const size_t last = definition.rfind('.');
    if (last == std::string_view::npos) {
        return std::string(definition);
    }
    const size_t before = definition.rfind('.', last - 1);
    return std::string(definition.substr(before == std::string_view::npos ? 0 : before + 1));
}

std::string_view base_name(Base base) {
    switch (base) {
        case Base::int32:
            return "int32";
        case Base::int64:
            return "int64";
        case Base::number:
            return "float64";
        case Base::boolean:
            return "bool";
        case Base::bytes:
            return "[]uint8";
        default:
            return "string";
    }
}

// How Go's decoder names what it found.
std::string found_name(const Value& value, bool with_number) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            return "bool";
        case Value::Kind::integer:
            return with_number ? cat("number ", value.as_int()) : "number";
        case Value::Kind::number: {
            if (!with_number) {
                return "number";
            }
            std::string text = format_double(value.as_double());
            if (text.find_first_of(".e") == std::string::npos) {
                text += ".0";
            }
            return "number " + text;
        }
        case Value::Kind::string:
            return "string";
        case Value::Kind::list:
            return "array";
        case Value::Kind::map:
            return "object";
        case Value::Kind::null:
            break;
    }
    return "null";
}

// The first byte that Go's base64 decoder stops at.
// Where Go's decoder stops: at the character, at what follows the padding, or where the four that
// are not complete begin.
size_t bad_base64_at(std::string_view text) {
    const auto skip_lines = [&](size_t at) {
        while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) {
            ++at;
        }
        return at;
    };
    size_t of_four = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n' || c == '\r') {
            continue;
        }
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (good) {
            of_four = (of_four + 1) % 4;
            continue;
        }
        if (c != '=' || of_four < 2) {
            return i;
        }
        size_t next = skip_lines(i + 1);
        if (of_four == 2) {
            if (next == text.size()) {
                return text.size();
            }
            if (text[next] != '=') {
                return next - 1;
            }
            next = skip_lines(next + 1);
        }
        return next;
    }
    return text.size() - of_four;
}

bool is_zero(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return true;
        case Value::Kind::boolean:
            return !value.as_bool();
        case Value::Kind::integer:
            return value.as_int() == 0;
        case Value::Kind::number:
            return value.as_double() == 0;
        default:
            return value.empty();
    }
}

class GoReader {
public:
    GoReader(const GoTypes* types, std::vector<std::string>* unknown, bool keeps_empty)
        : types_(types), unknown_(unknown), keeps_empty_(keeps_empty) {}

    Result<Value> read_type(const GoTypes::Type& type, const Value& in) {
        if (type.special != Special::none) {
            return read_special(type, in);
        }
        if (type.base != Base::reference && type.fields.empty()) {
            return read_base(type.base, in);
        }
        return read_struct(type, in);
    }

private:
    // JSONSchemaPropsOrBool and its kin have decoders that call the plain one for a schema: unknown
    // members in it go without a word. What is neither is as if it were absent, but for OrBool.
    Result<Value> read_choice(const GoTypes::Type& type, const Value& in) {
        const GoTypes::Type& schema = *types_->type_of(type.schema);
        std::vector<std::string>* const unknown = std::exchange(unknown_, nullptr);
        Result<Value> out = Value();
        if (in.is_map()) {
            out = read_struct(schema, in);
        } else if (type.special == Special::schema_or_bool) {
            out = in.is_bool() ? Result<Value>(in)
                               : make_error(Reason::bad_request, "boolean or JSON schema expected");
        } else if (in.is_list() && !in.empty()) {
            out = type.special == Special::schema_or_array ? read_schemas(schema, in)
                                                           : read_texts(in);
        }
        unknown_ = unknown;
        return out;
    }

    Result<Value> read_schemas(const GoTypes::Type& schema, const Value& in) {
        std::vector<Value> items;
        items.reserve(in.size());
        for (const Value& item : in.items()) {
            items.push_back(TRY(read_struct(schema, item)));
        }
        return Value::list(std::move(items));
    }

    Result<Value> read_texts(const Value& in) {
        std::vector<Value> items;
        items.reserve(in.size());
        for (const Value& item : in.items()) {
            items.push_back(item.is_null() ? Value("") : TRY(read_base(Base::string, item)));
        }
        return Value::list(std::move(items));
    }

    Error type_error(const Value& in, std::string_view wanted, bool with_number = false) const {
        if (struct_ == nullptr) {
            return make_error(Reason::bad_request, "json: cannot unmarshal ",
                              found_name(in, with_number), " into Go value of type ", wanted);
        }
        return make_error(Reason::bad_request, "json: cannot unmarshal ",
                          found_name(in, with_number), " into Go struct field ",
                          struct_->struct_name, ".", path_, " of type ", wanted);
    }

    Result<Value> read_struct(const GoTypes::Type& type, const Value& in) {
        if (in.is_null()) {
            return zero_struct(type);
        }
        if (!in.is_map()) {
            return type_error(in, type.go_name);
        }
        if (++depth_ > object_depth_max) {
            return make_error(Reason::bad_request, "exceeded max depth");
        }
        const GoTypes::Type* outer = struct_;
        std::vector<std::optional<Value>> slots(type.fields.size());
        size_t hint = 0;
        const size_t path_size = path_.size();
        const size_t place_size = place_.size();
        for (const Member& member : in.members()) {
            const size_t index = find_field(type, member.name(), hint);
            if (index == type.fields.size()) {
                if (unknown_ != nullptr) {
                    unknown_->push_back(place_.empty() ? std::string(member.name())
                                                       : cat(place_, ".", member.name()));
                }
                continue;
            }
            hint = index + 1;
            struct_ = &type;
            append(path_, path_.empty() ? "" : ".", member.name());
            if (unknown_ != nullptr) {
                append(place_, place_.empty() ? "" : ".", member.name());
            }
            slots[index] = TRY(read_field(type.fields[index], member.value));
            path_.resize(path_size);
            place_.resize(place_size);
        }
        struct_ = outer;
        --depth_;
        return collect(type, slots);
    }

    static size_t find_field(const GoTypes::Type& type, std::string_view name, size_t hint) {
        for (size_t i = hint; i < type.fields.size(); ++i) {
            if (type.fields[i].name.as_string() == name) {
                return i;
            }
        }
        for (size_t i = 0; i < hint && i < type.fields.size(); ++i) {
            if (type.fields[i].name.as_string() == name) {
                return i;
            }
        }
        return type.fields.size();
    }

    // The struct as Go writes it: its fields in order, with what is written of absent ones.
    Result<Value> collect(const GoTypes::Type& type, std::vector<std::optional<Value>>& slots) {
        size_t count = 0;
        for (const auto& slot : slots) {
            count += slot ? 1 : 0;
        }
        Value out = Value::map_with_capacity(count + 2);
        for (size_t i = 0; i < type.fields.size(); ++i) {
            const GoTypes::Field& field = type.fields[i];
            const FieldRow& row = field.row;
            std::optional<Value>& slot = slots[i];
            if (slot && slot->is_null() && !row.omit_empty && row.container == Container::none &&
                !row.is_pointer) {
                slot.reset();  // null leaves the zero value
            }
            if (!slot || slot->is_null()) {
                write_absent(field, out);
                continue;
            }
            const bool can_be_empty = !row.is_pointer && !row.is_struct();
            if (row.omit_empty && can_be_empty && is_zero(*slot)) {
                continue;
            }
            if (row.container != Container::none && slot->empty() && !keeps_empty_) {
                // Storage cannot tell an empty list or map from none.
                out.append_new(field.name.as_string(), Value());
                continue;
            }
            if (row.omit_zero && row.is_struct() && slot->is_map() && slot->empty()) {
                continue;
            }
            out.append_new(field.name.as_string(), std::move(*slot));
        }
        return out;
    }

    void write_absent(const GoTypes::Field& field, Value& out) {
        const FieldRow& row = field.row;
        const std::string_view name = field.name.as_string();
        if (row.container != Container::none || row.is_pointer || row.base == Base::bytes ||
            row.base == Base::any || row.base == Base::object) {
            if (!row.omit_empty && !row.omit_zero) {
                out.append_new(name, Value());
            }
            return;
        }
        if (row.base == Base::reference) {
            if (row.omit_zero) {
                return;
            }
            const GoTypes::Type* type = type_for(field);
            Value zero = zero_of(*type);
            if (type->special == Special::quantity || type->special == Special::int_or_string) {
                // Structs without omission by tag: written as their zero text.
                out.append_new(name, std::move(zero));
                return;
            }
            if (type->special == Special::none && type->fields.empty() && row.omit_empty &&
                type->base != Base::reference) {
                return;
            }
            out.append_new(name, std::move(zero));
            return;
        }
        if (row.omit_empty || row.omit_zero) {
            return;
        }
        out.append_new(name, zero_of_base(row.base));
    }

    static Value zero_of_base(Base base) {
        switch (base) {
            case Base::int32:
            case Base::int64:
            case Base::number:
            case Base::int_or_string:
                return Value(0);
            case Base::boolean:
                return Value(false);
            case Base::date_time:
                return Value();
            default:
                return Value("");
        }
    }

    Value zero_of(const GoTypes::Type& type) {
        switch (type.special) {
            case Special::quantity:
                return Value("0");
            case Special::int_or_string:
                return Value(0);
            case Special::duration:
                return Value("0s");
            case Special::none:
                break;
            default:
                return {};
        }
        if (type.base != Base::reference && type.fields.empty()) {
            return type.base == Base::object || type.base == Base::none ? Value::map()
                                                                        : zero_of_base(type.base);
        }
        return zero_struct(type);
    }

    Value zero_struct(const GoTypes::Type& type) {
        Value out = Value::map();
        for (const GoTypes::Field& field : type.fields) {
            write_absent(field, out);
        }
        return out;
    }

    const GoTypes::Type* type_for(const GoTypes::Field& field) const {
        return field.row.definition ? types_->type_of(*field.row.definition) : nullptr;
    }

    Result<Value> read_field(const GoTypes::Field& field, const Value& in) {
        switch (field.row.container) {
            case Container::none:
                if (in.is_null() && (field.row.is_pointer || !field.row.is_struct())) {
                    return Value();
                }
                return read_element(field, in);
            case Container::list:
                return read_list(field, in);
            case Container::map:
            case Container::map_of_lists:
                return read_map(field, in);
        }
        return Value();
    }

    std::string element_name(const GoTypes::Field& field) const {
        const GoTypes::Type* type = type_for(field);
        if (type == nullptr) {
            return std::string(field.go_names.element.empty() ? base_name(field.row.base)
                                                              : field.go_names.element);
        }
        return type->go_name;
    }

    // A list or map of the elements, or the type of its own that it is.
    std::string whole_name(const GoTypes::Field& field, std::string_view container) const {
        return field.go_names.whole.empty() ? cat(container, element_name(field))
                                            : std::string(field.go_names.whole);
    }

    Result<Value> read_list(const GoTypes::Field& field, const Value& in) {
        if (in.is_null()) {
            return Value();
        }
        if (!in.is_list()) {
            return type_error(in, whole_name(field, "[]"));
        }
        std::vector<Value> items;
        items.reserve(in.size());
        const size_t place_size = place_.size();
        for (const Value& item : in.items()) {
            if (unknown_ != nullptr) {
                append(place_, "[", items.size(), "]");
            }
            items.push_back(TRY(read_item(field, item)));
            place_.resize(place_size);
        }
        return Value::list(std::move(items));
    }

    Result<Value> read_item(const GoTypes::Field& field, const Value& in) {
        if (in.is_null()) {
            const GoTypes::Type* type = type_for(field);
            return type != nullptr ? zero_of(*type) : zero_of_base(field.row.base);
        }
        return read_element(field, in);
    }

    // Maps are written with sorted keys.
    Result<Value> read_map(const GoTypes::Field& field, const Value& in) {
        if (in.is_null()) {
            return Value();
        }
        if (!in.is_map()) {
            const bool lists = field.row.container == Container::map_of_lists;
            return type_error(in, whole_name(field, lists ? "map[string][]" : "map[string]"));
        }
        Value out = Value::map_with_capacity(in.size());
        bool sorted = true;
        std::string_view previous;
        const size_t path_size = path_.size();
        const size_t place_size = place_.size();
        for (const Member& member : in.members()) {
            if (unknown_ != nullptr) {
                append(place_, ".", member.name());
            }
            sorted = sorted && previous <= member.name();
            previous = member.name();
            out.append_new(member.name(), field.row.container == Container::map_of_lists
                                              ? TRY(read_list(field, member.value))
                                              : TRY(read_item(field, member.value)));
            path_.resize(path_size);
            place_.resize(place_size);
        }
        if (!sorted) {
            out.sort_members();
        }
        return out;
    }

    Result<Value> read_element(const GoTypes::Field& field, const Value& in) {
        if (const GoTypes::Type* type = type_for(field)) {
            return read_type(*type, in);
        }
        if (field.row.base == Base::string && !field.go_names.element.empty() && !in.is_string()) {
            return type_error(in, field.go_names.element);
        }
        return read_base(field.row.base, in);
    }

    Result<Value> read_base(Base base, const Value& in) {
        switch (base) {
            case Base::string:
                if (in.is_string()) {
                    return in;
                }
                break;
            case Base::boolean:
                if (in.is_bool()) {
                    return in;
                }
                break;
            case Base::int32:
            case Base::int64:
                if (in.is_int()) {
                    if (base == Base::int32 &&
                        (in.as_int() > std::numeric_limits<int32_t>::max() ||
                         in.as_int() < std::numeric_limits<int32_t>::min())) {
                        return type_error(in, "int32", true);
                    }
                    return in;
                }
                if (in.is_double()) {
                    return type_error(in, base_name(base), true);
                }
                break;
            case Base::number:
                if (in.is_number()) {
                    return in;
                }
                break;
            case Base::bytes:
                if (in.is_string()) {
                    const auto bytes = base64_decode(in.as_string());
                    if (!bytes) {
                        return make_error(Reason::bad_request, "illegal base64 data at input byte ",
                                          bad_base64_at(in.as_string()));
                    }
                    return Value(base64_encode(*bytes));
                }
                break;
            case Base::date_time:
                return read_time(in, false);
            case Base::int_or_string:
                return read_int_or_string(in);
            case Base::object:
            case Base::any:
            case Base::none:
            case Base::reference:
                return in;
        }
        return type_error(in, base_name(base));
    }

    Result<Value> read_time(const Value& in, bool micro) {
        if (in.is_null()) {
            return Value();
        }
        if (!in.is_string()) {
            return type_error(in, "string");
        }
        const std::string_view text = in.as_string();
        const Time time = TRY(internal::parse_go_time(text, micro));
        constexpr Time zero{-62'135'596'800, 0};  // 0001-01-01: Go's zero time
        if (time == zero) {
            return Value();
        }
        return Value(micro ? format_rfc3339_micro(time) : format_rfc3339(time));
    }

    Result<Value> read_int_or_string(const Value& in) {
        if (in.is_string()) {
            return in;
        }
        if (in.is_int()) {
            if (in.as_int() > std::numeric_limits<int32_t>::max() ||
                in.as_int() < std::numeric_limits<int32_t>::min()) {
                return type_error(in, "int32", true);
            }
            return in;
        }
        if (in.is_null()) {
            return Value(0);
        }
        return type_error(in, "int32", true);
    }

    Result<Value> read_special(const GoTypes::Type& type, const Value& in) {
        switch (type.special) {
            case Special::quantity: {
                std::optional<std::string> text;
                if (in.is_null()) {
                    text = "0";
                } else if (in.is_string()) {
                    const std::string_view bare = trim(in.as_string());
                    text = canonical_quantity(bare);
                    if (!text) {
                        return make_error(Reason::bad_request,
                                          Quantity::parse(bare).error().message());
                    }
                } else if (in.is_number()) {
                    text = canonical_quantity(to_json(in));
                }
                if (!text) {
                    return make_error(Reason::bad_request, quantity_error);
                }
                return Value(*text);
            }
            case Special::int_or_string:
                return read_int_or_string(in);
            case Special::time:
                return read_time(in, false);
            case Special::micro_time:
                return read_time(in, true);
            case Special::duration: {
                if (!in.is_null() && !in.is_string()) {
                    return type_error(in, "string");
                }
                const int64_t nanos = TRY(internal::parse_go_duration(
                    in.is_string() ? in.as_string() : std::string_view()));
                return Value(format_duration(nanos));
            }
            case Special::schema_or_array:
            case Special::schema_or_bool:
            case Special::schema_or_strings:
                return read_choice(type, in);
            default:
                return in;
        }
    }

    const GoTypes* types_;
    std::vector<std::string>* unknown_;
    const GoTypes::Type* struct_ = nullptr;
    bool keeps_empty_;
    std::string path_;
    std::string place_;
    size_t depth_ = 0;
};

}  // namespace

GoTypes::GoTypes(const Builtin* builtin) : builtin_(builtin) {
    types_.resize(builtin_->tables().definition_count());
}

GoTypes::~GoTypes() = default;

const GoTypes::Type* GoTypes::type_of(uint16_t definition) const {
    std::unique_ptr<Type>& slot = types_[definition];
    if (slot == nullptr) {
        const internal::Tables& tables = builtin_->tables();
        const internal::DefinitionRow row = tables.definition(definition);
        slot = std::make_unique<Type>();
        slot->definition = row.name;
        slot->go_name = go_name_of(row.name);
        slot->struct_name = slot->go_name.substr(slot->go_name.find('.') + 1);
        slot->special = row.special;
        slot->base = row.base;
        slot->number = definition;
        if (row.special >= Special::schema_or_array) {
            const size_t length = row.name.rfind("JSONSchemaProps") + 15;
            const auto schema = tables.find_definition(row.name.substr(0, length));
            CHECK(schema.has_value());
            slot->schema = *schema;
        }
        slot->fields.reserve(row.field_count);
        for (uint32_t i = 0; i < row.field_count; ++i) {
            const FieldRow field = tables.field(row.first_field + i);
            slot->fields.push_back({Value(field.name), field, go_type_names(row.name, field.name)});
        }
    }
    return slot.get();
}

Result<Value> GoTypes::canonical(std::string_view definition, const Value& value,
                                 std::vector<std::string>* unknown, bool keeps_empty) const {
    const auto number = builtin_->tables().find_definition(definition);
    CHECK(number.has_value());
    GoReader reader(this, unknown, keeps_empty);
    return reader.read_type(*type_of(*number), value);
}

}  // namespace weft::schema
