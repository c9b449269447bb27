// graph/markers.cc: the scanner, and one small function for each kind of marker.

#include "graph/markers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <re2/re2.h>

#include "graph/schema_words.h"

namespace weft::graph {

namespace {

// Unicode white space as Go's unicode.IsSpace has it.
bool is_space(char32_t c) {
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

// The text between two quotes: \" and \\ lose their backslash, others keep it, so that regular
// expressions need no second one.
std::string unescape(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size()) {
            break;
        }
        if (text[i] != '"' && text[i] != '\\') {
            out += '\\';
        }
        out += text[i];
    }
    return out;
}

Result<std::string> value_of(std::string_view text) {
    if (text == "\"") {
        return make_error(Reason::invalid, "unclosed quote");
    }
    if (text.starts_with('"') && text.ends_with('"')) {
        return unescape(text.substr(1, text.size() - 2));
    }
    return std::string(trim(text));
}

// The scanner. One turn of take() per code point.
class MarkerScanner {
public:
    // `position` is the byte at which the character stands.
    Status take(char32_t c, size_t position) {
        if (!has_key_ && buffer_.empty() && !is_space(c)) {
            start_ = position;
        }
        if (c == '=' && !has_key_ && !in_quotes_ && depth_ == 0) {
            return end_key();
        }
        if (c == '"' && !escaped_) {
            in_quotes_ = !in_quotes_;
        } else if (c == '\\' && in_quotes_ && !escaped_) {
            escaped_ = true;
        } else if ((c == '{' || c == '[') && !in_quotes_) {
            ++depth_;
        } else if ((c == '}' || c == ']') && !in_quotes_) {
            if (--depth_ < 0) {
                return make_error(Reason::invalid, "unmatched closing bracket/brace");
            }
        } else if (is_space(c) && !in_quotes_ && depth_ == 0) {
            return has_key_ ? end_value() : Status();
        } else if (escaped_ && in_quotes_) {
            escaped_ = false;
        }
        append_utf8(buffer_, c);
        return {};
    }

    Result<std::vector<Marker>> finish() {
        if (!has_key_) {
            return make_error(Reason::invalid, "marker key '", buffer_, "' without a value");
        }
        if (in_quotes_) {
            return make_error(Reason::invalid, "unclosed quote");
        }
        if (depth_ > 0) {
            return make_error(Reason::invalid, "unclosed bracket/brace");
        }
        TRY(end_value());
        return std::move(markers_);
    }

    // Where the newest marker begins.
    [[nodiscard]] size_t start() const { return start_; }

private:
    Status end_key() {
        const std::string key(trim(buffer_));
        if (key.empty()) {
            return make_error(Reason::invalid, "empty marker key");
        }
        if (std::ranges::find(marker_words(), key, &MarkerWord::name) == marker_words().end()) {
            return make_error(Reason::invalid, "invalid marker key ", quote(key),
                              ": unknown marker: ", key);
        }
        markers_.push_back({key, "", start_});
        has_key_ = true;
        buffer_.clear();
        return {};
    }

    Status end_value() {
        markers_.back().value = TRY(value_of(buffer_));
        has_key_ = false;
        buffer_.clear();
        return {};
    }

    std::vector<Marker> markers_;
    std::string buffer_;
    size_t start_ = 0;
    int depth_ = 0;
    bool has_key_ = false;
    bool in_quotes_ = false;
    bool escaped_ = false;
};

// Go's strconv errors: `strconv.ParseInt: parsing "x": invalid syntax`.
Error number_error(std::string_view function, std::string_view text, std::string_view what) {
    return make_error(Reason::invalid, "strconv.", function, ": parsing ", quote(text), ": ", what);
}

Result<bool> parse_bool(std::string_view text) {
    constexpr auto yes = std::to_array<std::string_view>({"1", "t", "T", "TRUE", "true", "True"});
    constexpr auto no = std::to_array<std::string_view>({"0", "f", "F", "FALSE", "false", "False"});
    if (std::ranges::find(yes, text) != yes.end()) {
        return true;
    }
    if (std::ranges::find(no, text) != no.end()) {
        return false;
    }
    return number_error("ParseBool", text, "invalid syntax");
}

Result<int64_t> parse_integer(std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    if (const std::optional<int64_t> value = parse_int(digits)) {
        return *value;
    }
    const std::string_view rest = text.starts_with('-') ? text.substr(1) : digits;
    const bool all_digits =
        !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
    return number_error("ParseInt", text, all_digits ? "value out of range" : "invalid syntax");
}

Result<double> parse_float(std::string_view text) {
    const std::string copy(text);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    const bool is_whole = !copy.empty() && end == copy.c_str() + copy.size() &&
                          !is_space(static_cast<unsigned char>(copy[0]));
    if (!is_whole) {
        return number_error("ParseFloat", text, "invalid syntax");
    }
    if (std::isinf(value) && text.find_first_of("iI") == std::string_view::npos) {
        return number_error("ParseFloat", text, "value out of range");
    }
    return value;
}

// Bounds are doubles in OpenAPI; whole ones are written as "3" and read back as integers.
Value bound(double value) {
    if (std::trunc(value) == value && std::abs(value) < 9e15) {
        return {static_cast<int64_t>(value)};
    }
    return {value};
}

// What kro writes as default is raw text; here it must be JSON at once, not when the API server
// refuses it.
Result<Value> default_of(std::string_view type, const std::string& text) {
    if (type == "integer") {
        if (const Result<int64_t> value = parse_integer(text)) {
            return Value(*value);
        }
        return make_error(Reason::invalid, "default value must be a valid integer, got: ", text);
    }
    if (type == "number") {
        const Result<double> value = parse_float(text);
        if (!value || !std::isfinite(*value)) {
            return make_error(Reason::invalid, "default value must be a valid number, got: ", text);
        }
        return bound(*value);
    }
    if (type == "boolean") {
        if (const Result<bool> value = parse_bool(text)) {
            return Value(*value);
        }
        return make_error(Reason::invalid, "default value must be a valid boolean, got: ", text);
    }
    const std::string json = type == "string" ? cat("\"", text, "\"") : text;
    Result<Value> value = parse_json(json);
    if (!value) {
        return make_error(Reason::invalid, "default value must be valid JSON, got: ", json, ": ",
                          value.error().message());
    }
    return value;
}

Status require_type(const Value& schema, std::string_view marker, std::string_view type) {
    const std::string_view actual = schema.string_at("type");
    if (actual != type) {
        return make_error(Reason::invalid, marker, " marker is only valid for ", type,
                          " types, got type: ", actual);
    }
    return {};
}

void add_rule(Value& schema, std::string_view rule, std::string_view message) {
    schema.mutable_member("x-kubernetes-validations")
        .push_back(Value::map_of({{"rule", rule}, {"message", message}}));
}

Status apply_length(const Marker& marker, std::string_view type, Value& schema) {
    TRY(require_type(schema, marker.key, type));
    Result<int64_t> value = parse_integer(marker.value);
    if (!value) {
        return make_error(Reason::invalid, "failed to parse ", marker.key,
                          " value: ", value.error().message());
    }
    schema.set(marker.key, *value);
    return {};
}

Status apply_bound(const Marker& marker, Value& schema) {
    const Result<double> value = parse_float(marker.value);
    if (!value) {
        return make_error(Reason::invalid, "failed to parse ", marker.key,
                          " enum value: ", value.error().message());
    }
    schema.set(marker.key, bound(*value));
    return {};
}

Status apply_enum(const Marker& marker, Value& schema) {
    Value values = Value::list();
    const std::string_view type = schema.string_at("type");
    for (const std::string_view part : split(marker.value, ',')) {
        const std::string_view text = trim(part);
        if (text.empty()) {
            return make_error(Reason::invalid, "empty enum values are not allowed");
        }
        if (type == "string") {
            values.push_back(text);
        } else if (type == "integer") {
            const Result<int64_t> value = parse_integer(text);
            if (!value) {
                return make_error(Reason::invalid,
                                  "failed to parse integer enum value: ", value.error().message());
            }
            values.push_back(*value);
        } else {
            return make_error(
                Reason::invalid,
                "enum values only supported for string and integer types, got type: ", type);
        }
    }
    schema.set("enum", std::move(values));
    return {};
}

// What Go's regexp says where RE2 says it in other words.
std::string_view go_regexp_error(RE2::ErrorCode code) {
    switch (code) {
        case RE2::ErrorBadEscape:
            return "invalid escape sequence";
        case RE2::ErrorBadCharClass:
            return "invalid character class";
        case RE2::ErrorBadCharRange:
            return "invalid character class range";
        case RE2::ErrorMissingBracket:
            return "missing closing ]";
        case RE2::ErrorMissingParen:
            return "missing closing )";
        case RE2::ErrorUnexpectedParen:
            return "unexpected )";
        case RE2::ErrorTrailingBackslash:
            return "trailing backslash at end of expression";
        case RE2::ErrorRepeatArgument:
            return "missing argument to repetition operator";
        case RE2::ErrorRepeatSize:
            return "invalid repeat count";
        case RE2::ErrorRepeatOp:
            return "invalid nested repetition operator";
        case RE2::ErrorBadPerlOp:
            return "invalid or unsupported Perl syntax";
        case RE2::ErrorBadUTF8:
            return "invalid UTF-8";
        case RE2::ErrorBadNamedCapture:
            return "invalid named capture";
        default:
            return "regexp/syntax: internal error";
    }
}

Status apply_pattern(const Marker& marker, Value& schema) {
    if (marker.value.empty()) {
        return make_error(Reason::invalid, "pattern marker value cannot be empty");
    }
    TRY(require_type(schema, "pattern", "string"));
    // Go knows (?<name>…) since 1.22; the RE2 at hand knows (?P<name>…) only.
    const RE2 regex(
        replace_all(replace_all(replace_all(marker.value, "(?<", "(?P<"), "(?P<=", "(?<="), "(?P<!",
                    "(?<!"),
        RE2::Quiet);
    if (!regex.ok()) {
        return make_error(Reason::invalid, "invalid pattern regex: error parsing regexp: ",
                          go_regexp_error(regex.error_code()), ": `", regex.error_arg(), "`");
    }
    schema.set("pattern", marker.value);
    return {};
}

Status apply_unique_items(const Marker& marker, Value& schema) {
    const Result<bool> unique = parse_bool(marker.value);
    if (!unique) {
        return make_error(Reason::invalid,
                          "failed to parse uniqueItems marker value: ", unique.error().message());
    }
    TRY(require_type(schema, "uniqueItems", "array"));
    if (!*unique) {
        return {};
    }
    const std::string_view list_type = schema.string_at("x-kubernetes-list-type");
    if (!list_type.empty() && list_type != "set") {
        return make_error(Reason::invalid, "cannot set unique when listType is set to ", list_type);
    }
    schema.set("x-kubernetes-list-type", "set");
    return {};
}

Status apply_list_type(const Marker& marker, Value& schema) {
    if (schema.string_at("type") != "array") {
        return make_error(Reason::invalid, "listType marker only applies to array types");
    }
    const std::string& type = marker.value;
    if (type != "atomic" && type != "set" && type != "map") {
        return make_error(Reason::invalid, "unsupported value for listType ", type,
                          ", needs to be one of atomic, set, or map");
    }
    const std::string_view earlier = schema.string_at("x-kubernetes-list-type");
    if (!earlier.empty() && earlier != type) {
        return make_error(Reason::invalid, "listType attempting to overwrite set type of ", earlier,
                          ", this can happen if you set contradictory markers like unique=true | "
                          "listType=map");
    }
    schema.set("x-kubernetes-list-type", type);
    return {};
}

Status apply_list_map_key(const Marker& marker, Value& schema) {
    if (schema.string_at("type") != "array") {
        return make_error(Reason::invalid, "listMapKey marker only applies to array types");
    }
    Value& keys = schema.mutable_member("x-kubernetes-list-map-keys");
    for (const Value& key : keys.items()) {
        if (key.as_string() == marker.value) {
            return make_error(Reason::invalid, "duplicate listMapKey marker, value ", marker.value);
        }
    }
    keys.push_back(marker.value);
    return {};
}

Status apply_rule(const Marker& marker, Value& schema) {
    if (marker.key == "validation") {
        if (trim(marker.value).empty()) {
            return make_error(Reason::invalid, "validation failed");
        }
        add_rule(schema, marker.value, "validation failed");
        return {};
    }
    const Result<bool> immutable = parse_bool(marker.value);
    if (!immutable) {
        return make_error(Reason::invalid,
                          "failed to parse immutable marker value: ", immutable.error().message());
    }
    if (*immutable) {
        add_rule(schema, "self == oldSelf", "field is immutable");
    }
    return {};
}

Status apply_marker(const Marker& marker, Value& schema, MarkerEffects& effects) {
    const std::string& key = marker.key;
    if (key == "required") {
        const Result<bool> required = parse_bool(marker.value);
        if (!required) {
            return make_error(Reason::invalid, "failed to parse required marker value: ",
                              required.error().message());
        }
        effects.required = effects.required || *required;
        return {};
    }
    if (key == "default") {
        schema.set("default", TRY(default_of(schema.string_at("type"), marker.value)));
        return {};
    }
    if (key == "description") {
        schema.set("description", marker.value);
        return {};
    }
    if (key == "computed") {
        if (trim(marker.value).empty()) {
            return make_error(Reason::invalid, "computed needs an expression");
        }
        schema.set(computed_member, marker.value);
        schema.erase("default");  // of a custom type; its own is refused below
        return {};
    }
    if (key == "minimum" || key == "maximum") {
        return apply_bound(marker, schema);
    }
    if (key == "validation" || key == "immutable") {
        return apply_rule(marker, schema);
    }
    if (key == "enum") {
        return apply_enum(marker, schema);
    }
    if (key == "pattern") {
        return apply_pattern(marker, schema);
    }
    if (key == "minLength" || key == "maxLength") {
        return apply_length(marker, "string", schema);
    }
    if (key == "minItems" || key == "maxItems") {
        return apply_length(marker, "array", schema);
    }
    if (key == "uniqueItems") {
        return apply_unique_items(marker, schema);
    }
    return key == "listType" ? apply_list_type(marker, schema) : apply_list_map_key(marker, schema);
}

}  // namespace

std::span<const std::string_view> marker_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> out;
        for (const MarkerWord& word : marker_words()) {
            out.push_back(word.name);
        }
        return out;
    }();
    return names;
}

Result<std::vector<Marker>> parse_markers(std::string_view text, size_t* mistake_at) {
    MarkerScanner scanner;
    const auto fail = [&](const Error& error) {
        if (mistake_at != nullptr) {
            *mistake_at = scanner.start();
        }
        return error;
    };
    for (size_t position = 0; position < text.size();) {
        const size_t before = position;
        if (Status taken = scanner.take(next_code_point(text, position), before); !taken) {
            return fail(taken.error());
        }
    }
    Result<std::vector<Marker>> markers = scanner.finish();
    if (!markers) {
        return fail(markers.error());
    }
    return markers;
}

Result<MarkerEffects> apply_markers(const std::vector<Marker>& markers, Value& schema,
                                    size_t* mistake_at) {
    MarkerEffects effects;
    for (const Marker& marker : markers) {
        if (mistake_at != nullptr) {
            *mistake_at = marker.offset;
        }
        TRY(apply_marker(marker, schema, effects));
    }
    if (schema.contains(computed_member)) {
        for (const std::string_view other : {"default", "required"}) {
            if (std::ranges::find(markers, other, &Marker::key) != markers.end() &&
                (effects.required || other == "default")) {
                return make_error(Reason::invalid, "computed excludes ", other);
            }
        }
    }
    if (schema.contains("x-kubernetes-list-map-keys")) {
        const std::string_view list_type = schema.string_at("x-kubernetes-list-type");
        if (list_type.empty()) {
            return make_error(
                Reason::invalid,
                "listMapKey set while listType is unset, listType must be set to map");
        }
        if (list_type != "map") {
            return make_error(Reason::invalid, "listMapKey set while listType is set to ",
                              list_type, ", listType must be set to map");
        }
    }
    return effects;
}

}  // namespace weft::graph
