// cel/internal/input.cc: reading documents by their schema.

#include "cel/internal/input.h"

#include <array>
#include <cmath>
#include <utility>

#include "cel/internal/go_text.h"

namespace weft::cel {

namespace {

// What Go's %T prints for a value of an unstructured object.
std::string_view go_type_of(const weft::Value& value) {
    switch (value.kind()) {
        case weft::Value::Kind::null:
            return "<nil>";
        case weft::Value::Kind::boolean:
            return "bool";
        case weft::Value::Kind::integer:
            return "int64";
        case weft::Value::Kind::number:
            return "float64";
        case weft::Value::Kind::string:
            return "string";
        case weft::Value::Kind::list:
            return "[]interface {}";
        case weft::Value::Kind::map:
            return "map[string]interface {}";
    }
    return "";
}

template <typename... Pieces>
Value bad_data(Arena& arena, const Pieces&... pieces) {
    return make_error(arena, ErrorCode::bad_data, arena.copy(cat(pieces...)));
}

}  // namespace

Value read_text(std::string_view text, const schema::Schema& schema, Arena& arena) {
    if (schema.format.empty()) {
        return Value::string(text);
    }
    if (schema.format == "byte") {
        const std::optional<std::string> decoded = base64_decode(text);
        return decoded ? make_bytes(arena, *decoded)
                       : bad_data(arena, "Invalid byte formatted string ", text,
                                  ": illegal base64 data");
    }
    if (schema.format == "duration") {
        const std::optional<int64_t> nanos = parse_loose_duration(text);
        return nanos ? Value::duration(*nanos)
                     : bad_data(arena, "Invalid duration ", text, ": not able to parse ", text,
                                " as duration");
    }
    if (schema.format == "date-time") {
        // Kept with its offset, which string() prints.
        const std::optional<Value> time = parse_timestamp(text);
        return time ? *time : bad_data(arena, "Invalid date-time formatted string ", text);
    }
    if (schema.format == "date") {
        const std::optional<Time> time = parse_rfc3339(cat(text, "T00:00:00Z"));
        return time ? Value::timestamp(*time)
                    : bad_data(arena, "Invalid date formatted string ", text);
    }
    return Value::string(text);
}

namespace {

Value read_string(const weft::Value& input, const schema::Schema& schema, Arena& arena) {
    if (!input.is_string()) {
        return bad_data(arena, "invalid data, expected string, got ", go_type_of(input));
    }
    return read_text(input.as_string(), schema, arena);
}

Value read_integer(const weft::Value& input, Arena& arena) {
    if (input.is_int()) {
        return Value::integer(input.as_int());
    }
    if (input.is_double() && std::trunc(input.as_double()) == input.as_double() &&
        std::abs(input.as_double()) < 0x1p63) {
        return Value::integer(static_cast<int64_t>(input.as_double()));
    }
    return bad_data(arena, "invalid data, expected int, got ", go_type_of(input));
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> escapes{{
    {"__", "__underscores__"},
    {".", "__dot__"},
    {"-", "__dash__"},
    {"/", "__slash__"},
}};

constexpr std::array<std::string_view, 21> reserved{
    "true",     "false",   "null",      "in",       "as",  "break",  "const",
    "continue", "else",    "for",       "function", "if",  "import", "let",
    "loop",     "package", "namespace", "return",   "var", "void",   "while"};

}  // namespace

Value read_scalar(const Value& value, const schema::Schema& schema, Arena& arena) {
    if (schema.type == schema::Type::string && value.is_string()) {
        return read_text(value.as_string(), schema, arena);
    }
    if (schema.type == schema::Type::number && value.is_int()) {
        return Value::number(static_cast<double>(value.as_int()));
    }
    return value;
}

Value read_input(const weft::Value& input, const schema::Schema* schema, Arena& arena) {
    if (schema == nullptr) {
        return Value::borrow(input);
    }
    if (input.is_null()) {
        return schema->nullable || schema->type == schema::Type::unset
                   ? Value::null()
                   : bad_data(arena, "invalid data, got null for schema with nullable=false");
    }
    if (schema->int_or_string ||
        (schema->type == schema::Type::unset && schema->format == "int-or-string")) {
        return input.is_string() || input.is_int()
                   ? Value::borrow(input)
                   : bad_data(arena,
                              "invalid data, expected XIntOrString value to be either a string or "
                              "integer");
    }
    switch (schema->type) {
        case schema::Type::object:
            return input.is_map()
                       ? Value::borrow(input, schema, arena)
                       : bad_data(arena,
                                  "invalid data, expected a map for the provided schema with "
                                  "type=object");
        case schema::Type::array:
            return input.is_list()
                       ? Value::borrow(input, schema, arena)
                       : bad_data(arena,
                                  "invalid data, expected an array for the provided schema with "
                                  "type=array");
        case schema::Type::string:
            return read_string(input, *schema, arena);
        case schema::Type::integer:
            return read_integer(input, arena);
        case schema::Type::number:
            return input.is_number()
                       ? Value::number(input.to_double())
                       : bad_data(arena, "invalid data, expected float, got ", go_type_of(input));
        case schema::Type::boolean:
            return input.is_bool()
                       ? Value::boolean(input.as_bool())
                       : bad_data(arena, "invalid data, expected bool, got ", go_type_of(input));
        case schema::Type::unset:
            break;
    }
    return Value::borrow(input);
}

std::optional<Value> find_member(const weft::Value& map, std::string_view name,
                                 const schema::Schema& schema, Arena& arena) {
    const schema::Schema* member_schema = schema.find_property(name);
    if (member_schema == nullptr && !schema.properties.empty() &&
        name.find("__") != std::string_view::npos) {
        const std::string unescaped = unescape_property(name);
        member_schema = schema.find_property(unescaped);
        if (member_schema != nullptr) {
            const weft::Value* found = map.find(unescaped);
            return found == nullptr || found->is_null()
                       ? std::nullopt
                       : std::optional(read_input(*found, member_schema, arena));
        }
    }
    const weft::Value* found = map.find(name);
    if (found == nullptr || (found->is_null() && member_schema != nullptr)) {
        return std::nullopt;
    }
    return read_input(
        *found, member_schema != nullptr ? member_schema : schema.additional_properties, arena);
}

std::optional<std::string> escape_property(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) {
        return std::nullopt;
    }
    for (const std::string_view word : reserved) {
        if (name == word) {
            return cat("__", name, "__");
        }
    }
    std::string out;
    for (size_t at = 0; at < name.size();) {
        const std::string_view rest = name.substr(at);
        bool escaped = false;
        for (const auto& [plain, code] : escapes) {
            if (rest.starts_with(plain)) {
                out += code;
                at += plain.size();
                escaped = true;
                break;
            }
        }
        if (escaped) {
            continue;
        }
        const char c = name[at++];
        const bool fits =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!fits) {
            return std::nullopt;
        }
        out += c;
    }
    return out;
}

std::string unescape_property(std::string_view identifier) {
    if (identifier.size() > 4 && identifier.starts_with("__") && identifier.ends_with("__")) {
        const std::string_view inner = identifier.substr(2, identifier.size() - 4);
        for (const std::string_view word : reserved) {
            if (inner == word) {
                return std::string(inner);
            }
        }
    }
    std::string out;
    for (size_t at = 0; at < identifier.size();) {
        const std::string_view rest = identifier.substr(at);
        bool found = false;
        for (const auto& [plain, code] : escapes) {
            if (rest.starts_with(code)) {
                out += plain;
                at += code.size();
                found = true;
                break;
            }
        }
        if (!found) {
            out += identifier[at++];
        }
    }
    return out;
}

std::optional<int64_t> parse_loose_duration(std::string_view text) {
    if (const std::optional<int64_t> nanos = parse_duration(text)) {
        return nanos;
    }
    // strfmt: a sequence of `number unit`, units in words.
    constexpr std::array<std::pair<std::string_view, int64_t>, 30> units{{
        {"ns", 1},
        {"nano", 1},
        {"us", 1'000},
        {"µs", 1'000},
        {"micro", 1'000},
        {"ms", 1'000'000},
        {"milli", 1'000'000},
        {"s", 1'000'000'000},
        {"sec", 1'000'000'000},
        {"second", 1'000'000'000},
        {"m", 60'000'000'000},
        {"min", 60'000'000'000},
        {"minute", 60'000'000'000},
        {"h", 3'600'000'000'000},
        {"hr", 3'600'000'000'000},
        {"hour", 3'600'000'000'000},
        {"d", 86'400'000'000'000},
        {"day", 86'400'000'000'000},
        {"w", 604'800'000'000'000},
        {"wk", 604'800'000'000'000},
        {"week", 604'800'000'000'000},
        {"nanos", 1},
        {"micros", 1'000},
        {"millis", 1'000'000},
        {"secs", 1'000'000'000},
        {"mins", 60'000'000'000},
        {"hrs", 3'600'000'000'000},
        {"days", 86'400'000'000'000},
        {"wks", 604'800'000'000'000},
        {"weeks", 604'800'000'000'000},
    }};
    const std::string lower = to_lower(text);
    std::string_view rest = trim(lower);
    __int128 total = 0;
    if (rest.empty()) {
        return std::nullopt;
    }
    while (!rest.empty()) {
        size_t digits = 0;
        while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
            ++digits;
        }
        const std::optional<int64_t> count = parse_int(rest.substr(0, digits));
        if (!count) {
            return std::nullopt;
        }
        rest = trim(rest.substr(digits));
        size_t letters = 0;
        while (letters < rest.size() && rest[letters] != ' ' &&
               (rest[letters] < '0' || rest[letters] > '9')) {
            ++letters;
        }
        std::string_view word = rest.substr(0, letters);
        int64_t unit = 0;
        for (int turn = 0; turn < 2 && unit == 0; ++turn) {
            for (const auto& [name, nanos] : units) {
                if (name == word) {
                    unit = nanos;
                }
            }
            word = word.ends_with('s') ? word.substr(0, word.size() - 1) : word;
        }
        if (unit == 0) {
            return std::nullopt;
        }
        total += static_cast<__int128>(*count) * unit;
        if (total > INT64_MAX) {
            return std::nullopt;
        }
        rest = trim(rest.substr(letters));
    }
    return static_cast<int64_t>(total);
}

}  // namespace weft::cel
