// cel/library/json.cc: kro's json.marshal and json.unmarshal.
//
// Source: kro pkg/cel/library/json.go and pkg/cel/conversion, Go's encoding/json.

#include "cel/library/json.h"

#include <cmath>

#include "cel/internal/go_text.h"
#include "cel/limits.h"
#include "object/json.h"

namespace weft::cel {

namespace {

// Go decodes every number into a float64.
Value from_decoded(Arena& arena, const weft::Value& value) {
    switch (value.kind()) {
        case weft::Value::Kind::integer:
            return Value::number(static_cast<double>(value.as_int()));
        case weft::Value::Kind::string:
            return make_string(arena, value.as_string());
        case weft::Value::Kind::list: {
            ListBuilder out(arena, value.size());
            for (const weft::Value& item : value.items()) {
                out.add(from_decoded(arena, item));
            }
            return out.finish();
        }
        case weft::Value::Kind::map: {
            MapBuilder out(arena, value.size());
            for (const weft::Member& member : value.members()) {
                out.set(make_string(arena, member.name()), from_decoded(arena, member.value));
            }
            return out.finish();
        }
        default:
            return Value::borrow(value);
    }
}

Value unmarshal(Call& call, std::span<const Value> args) {
    const Result<weft::Value> document = parse_json(args[0].as_string());
    if (!document) {
        return call.error(ErrorCode::invalid_argument,
                          "json.unmarshal failed to parse JSON: ", document.error().message());
    }
    return from_decoded(call.arena(), *document);
}

constexpr JsonStyle go_style{.sort_keys = true, .escape_html = true};

// Appends the JSON of a value; false and the reason in `failure` if it has none.
class Marshaller {
public:
    explicit Marshaller(Call& call) : call_(call) {}

    [[nodiscard]] bool write(const Value& value, uint32_t depth = 0) {
        if (depth > tree_depth_max) {
            return convert_failure("value is nested too deep");
        }
        switch (value.kind()) {
            case Kind::null:
                out_ += "null";
                return true;
            case Kind::boolean:
                append(out_, value.as_bool());
                return true;
            case Kind::integer:
                append(out_, value.as_int());
                return true;
            case Kind::unsigned_integer:
                append(out_, value.as_uint());
                return true;
            case Kind::number:
                return write_number(value.as_double());
            case Kind::string:
                write_json_string(out_, value.as_string(), true);
                return true;
            case Kind::bytes:
                write_json_string(out_, base64_encode(value.as_string()));
                return true;
            case Kind::duration:
                write_json_string(out_, format_duration(value.as_duration()));
                return true;
            case Kind::timestamp:
                write_json_string(out_, format_rfc3339(value.as_time()));
                return true;
            case Kind::list:
                return write_list(value, depth);
            case Kind::map:
                return write_map(value, depth);
            case Kind::optional:
                return write(value.has_value() ? value.optional_value() : Value::null(), depth + 1);
            case Kind::error:
                failure_ = value;
                return false;
            case Kind::opaque:
                // Go marshals the sentinel as the empty struct that it is.
                if (value.as_opaque()->type()->name == "kro.omit") {
                    out_ += "{}";
                    return true;
                }
                break;
            case Kind::type:
                break;
        }
        return convert_failure(cat("unsupported type: ", type_name_of(value)));
    }

    [[nodiscard]] Value result() { return call_.string(out_); }
    [[nodiscard]] const Value& failure() const { return failure_; }

private:
    bool convert_failure(std::string_view reason) {
        failure_ = call_.error(ErrorCode::invalid_argument,
                               "json.marshal failed to convert value: ", reason);
        return false;
    }

    bool write_number(double number) {
        if (!std::isfinite(number)) {
            failure_ = call_.error(ErrorCode::invalid_argument,
                                   "json.marshal failed to encode value: json: unsupported value: ",
                                   format_double_g(number));
            return false;
        }
        write_json(out_, weft::Value(number));
        return true;
    }

    bool write_list(const Value& list, uint32_t depth) {
        if (const weft::Value* input = list.borrowed()) {
            write_json(out_, *input, go_style);
            return true;
        }
        out_ += '[';
        bool is_first = true;
        for (const Value& item : list.items(call_.arena())) {
            if (call_.should_stop()) {
                failure_ = call_.interruption();
                return false;
            }
            if (!is_first) {
                out_ += ',';
            }
            is_first = false;
            if (!write(item, depth + 1)) {
                return false;
            }
        }
        out_ += ']';
        return true;
    }

    bool write_map(const Value& map, uint32_t depth) {
        if (const weft::Value* input = map.borrowed()) {
            write_json(out_, *input, go_style);
            return true;
        }
        out_ += '{';
        const std::span<const Value> entries = map.sorted_entries(call_.arena());
        for (size_t i = 0; i + 1 < entries.size(); i += 2) {
            if (call_.should_stop()) {
                failure_ = call_.interruption();
                return false;
            }
            if (!entries[i].is_string()) {
                return convert_failure(
                    cat("map key must be a string, got ", type_name_of(entries[i])));
            }
            if (i != 0) {
                out_ += ',';
            }
            write_json_string(out_, entries[i].as_string(), true);
            out_ += ':';
            if (!write(entries[i + 1], depth + 1)) {
                return false;
            }
        }
        out_ += '}';
        return true;
    }

    Call& call_;
    std::string out_;
    Value failure_;
};

Value marshal(Call& call, std::span<const Value> args) {
    Marshaller marshaller(call);
    return marshaller.write(args[0]) ? marshaller.result() : marshaller.failure();
}

constexpr Documentation json_documentation[] = {
    {"json.unmarshal", "The value of a JSON text; its numbers are floating-point numbers.",
     R"(json.unmarshal('{"a": [1, true]}'))", R"({"a": [1.0, true]})"},
    {"json.marshal", "A value as JSON, keys in order.", "json.marshal({'b': 1, 'a': [true, null]})",
     R"("{\"a\":[true,null],\"b\":1}")"},
};

}  // namespace

Library json_library() {
    Library library("json");
    library.function(
        "json.unmarshal",
        {{.id = "json.unmarshal_string", .signature = "(string) -> dyn", .call = unmarshal}});
    library.function("json.marshal",
                     {{.id = "json.marshal_dyn", .signature = "(dyn) -> string", .call = marshal}});
    library.document("JSON", json_documentation);
    return library;
}

}  // namespace weft::cel
