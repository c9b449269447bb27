// cel/library/standard.cc: the operators and functions of cel-spec's language definition.
//
// Source: cel-go common/stdlib/standard.go. Operators are declared for the checker; what they do is
// in steps of their own.

#include "cel/library/standard.h"

#include <algorithm>
#include <cmath>

#include "cel/cost.h"
#include "cel/internal/go_text.h"
#include "cel/library/time.h"
#include "re2/re2.h"

namespace weft::cel {

namespace {

// --- Costs: cel-go interpreter/runtimecost.go ---

uint64_t traversal(uint64_t size) {
    return (size + 9) / 10;
}
std::optional<uint64_t> cost_of_first(std::span<const Value> args, const Value&) {
    return traversal(cost_size_of(args[0]));
}
std::optional<uint64_t> cost_of_smaller(std::span<const Value> args, const Value&) {
    return traversal(std::min(cost_size_of(args[0]), cost_size_of(args[1])));
}
// Kubernetes charges 1 for comparing its objects.
std::optional<uint64_t> cost_of_equality(std::span<const Value> args, const Value& result) {
    return args[0].is(Kind::opaque) ? 1 : cost_of_smaller(args, result);
}
std::optional<uint64_t> cost_of_order(std::span<const Value> args, const Value& result) {
    if (args[0].is_string() || args[0].is_bytes()) {
        return cost_of_smaller(args, result);
    }
    return 1;
}
std::optional<uint64_t> cost_of_sum(std::span<const Value> args, const Value&) {
    if (args[0].is_string() || args[0].is_bytes()) {
        return traversal(cost_size_of(args[0]) + cost_size_of(args[1]));
    }
    return 1;
}
std::optional<uint64_t> cost_of_in(std::span<const Value> args, const Value&) {
    return args[1].is_list() ? args[1].size() : 1;
}
std::optional<uint64_t> cost_of_matches(std::span<const Value> args, const Value&) {
    return traversal(cost_size_of(args[0]) + 1) * ((cost_size_of(args[1]) + 3) / 4);
}
std::optional<uint64_t> cost_of_contains(std::span<const Value> args, const Value&) {
    return traversal(cost_size_of(args[0])) * traversal(cost_size_of(args[1]));
}

// --- Estimates: cel-go checker/cost.go ---

using Operands = std::span<const Operand>;

std::optional<CallEstimate> estimate_argument(Operands args) {
    return CallEstimate{scale_cost(args.back().size_or_unknown(), string_traversal_factor),
                        std::nullopt};
}
std::optional<CallEstimate> estimate_smaller(Operands args) {
    const uint64_t largest = std::min(args[0].size_or_unknown().max, args[1].size_or_unknown().max);
    return CallEstimate{
        scale_cost(SizeEstimate{largest > 0 ? 1U : 0U, largest}, string_traversal_factor),
        std::nullopt};
}
// Of two objects of Kubernetes it is 1, but for URLs, which it takes for as long as the right one,
// and for formats.
std::optional<CallEstimate> estimate_equality(Operands args) {
    constexpr uint64_t format_size_max = 64;
    const Type* type = args[0].type;
    if (type == nullptr || type->kind != TypeKind::opaque || !type->parameters.empty() ||
        args[1].type == nullptr || args[1].type->name != type->name) {
        return estimate_smaller(args);
    }
    SizeEstimate size{1, 1};
    if (type->name == "kubernetes.URL" && args[1].size) {
        size.max = args[1].size->max;
    } else if (type->name == "kubernetes.NamedFormat") {
        size.max = format_size_max;
    }
    return CallEstimate{scale_cost(size, string_traversal_factor), std::nullopt};
}
std::optional<CallEstimate> estimate_text_sum(Operands args) {
    const SizeEstimate size = args[0].size_or_unknown() + args[1].size_or_unknown();
    return CallEstimate{scale_cost(size, string_traversal_factor), size};
}
std::optional<CallEstimate> estimate_list_sum(Operands args) {
    return CallEstimate{{1, 1}, args[0].size_or_unknown() + args[1].size_or_unknown()};
}
std::optional<CallEstimate> estimate_in(Operands args) {
    const SizeEstimate size = args[1].size_or_unknown();
    return CallEstimate{{size.min, size.max}, std::nullopt};
}
std::optional<CallEstimate> estimate_matches(Operands args) {
    const SizeEstimate text = args[0].size_or_unknown() + SizeEstimate{1, 1};
    return CallEstimate{scale_cost(text, string_traversal_factor) *
                            scale_cost(args[1].size_or_unknown(), regex_length_factor),
                        std::nullopt};
}
std::optional<CallEstimate> estimate_contains(Operands args) {
    return CallEstimate{scale_cost(args[0].size_or_unknown(), string_traversal_factor) *
                            scale_cost(args[1].size_or_unknown(), string_traversal_factor),
                        std::nullopt};
}
std::optional<CallEstimate> estimate_bytes(Operands args) {
    const SizeEstimate size = args[0].size_or_unknown();
    return CallEstimate{scale_cost(size, string_traversal_factor),
                        SizeEstimate{size.min, saturating_multiply(size.max, 4)}};
}
std::optional<CallEstimate> estimate_text_of_bytes(Operands args) {
    const SizeEstimate size = args[0].size_or_unknown();
    return CallEstimate{scale_cost(size, string_traversal_factor),
                        SizeEstimate{size.min / 4, size.max}};
}

// --- Functions ---

Value size_of(Call&, std::span<const Value> args) {
    return Value::integer(static_cast<int64_t>(cost_size_of(args[0])));
}

Value contains_text(Call&, std::span<const Value> args) {
    return Value::boolean(args[0].as_string().contains(args[1].as_string()));
}
Value starts_with(Call&, std::span<const Value> args) {
    return Value::boolean(args[0].as_string().starts_with(args[1].as_string()));
}
Value ends_with(Call&, std::span<const Value> args) {
    return Value::boolean(args[0].as_string().ends_with(args[1].as_string()));
}

Value matches(Call& call, std::span<const Value> args) {
    Value failure;
    const re2::RE2* regex = call.regex(args[1].as_string(), failure);
    if (regex == nullptr) {
        return failure;
    }
    const std::string_view text = args[0].as_string();
    return Value::boolean(
        re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex));
}

Value type_of_value(Call&, std::span<const Value> args) {
    return Value::type(type_of(args[0]));
}
Value same(Call&, std::span<const Value> args) {
    return args[0];
}

Value conversion_error(Call& call, std::string_view from, std::string_view to) {
    return call.error(ErrorCode::conversion, "type conversion error from '", from, "' to '", to,
                      "'");
}
Value overflow(Call& call) {
    return call.error(ErrorCode::overflow, "integer overflow");
}
Value unsigned_overflow(Call& call) {
    return call.error(ErrorCode::overflow, "unsigned integer overflow");
}

Value bool_of_string(Call& call, std::span<const Value> args) {
    const std::optional<bool> value = parse_go_bool(args[0].as_string());
    return value ? Value::boolean(*value) : conversion_error(call, "string", "bool");
}

Value bytes_of_string(Call&, std::span<const Value> args) {
    return Value::bytes(args[0].as_string());
}

Value double_of_int(Call&, std::span<const Value> args) {
    return Value::number(static_cast<double>(args[0].as_int()));
}
Value double_of_uint(Call&, std::span<const Value> args) {
    return Value::number(static_cast<double>(args[0].as_uint()));
}
Value double_of_string(Call& call, std::span<const Value> args) {
    const std::optional<double> value = parse_double(args[0].as_string());
    return value ? Value::number(*value) : conversion_error(call, "string", "double");
}

Value int_of_uint(Call& call, std::span<const Value> args) {
    return args[0].as_uint() > INT64_MAX ? overflow(call)
                                         : Value::integer(static_cast<int64_t>(args[0].as_uint()));
}
Value int_of_double(Call& call, std::span<const Value> args) {
    const double value = args[0].as_double();
    return value > -0x1p63 && value < 0x1p63 ? Value::integer(static_cast<int64_t>(value))
                                             : overflow(call);
}
Value int_of_string(Call& call, std::span<const Value> args) {
    const std::optional<int64_t> value = parse_go_int(args[0].as_string());
    return value ? Value::integer(*value) : conversion_error(call, "string", "int");
}
Value int_of_timestamp(Call&, std::span<const Value> args) {
    return Value::integer(args[0].as_time().seconds);
}
Value int_of_duration(Call&, std::span<const Value> args) {
    return Value::integer(args[0].as_duration());
}

Value uint_of_int(Call& call, std::span<const Value> args) {
    return args[0].as_int() < 0 ? unsigned_overflow(call)
                                : Value::unsigned_integer(args[0].as_uint());
}
Value uint_of_double(Call& call, std::span<const Value> args) {
    const double value = args[0].as_double();
    return value >= 0 && value < 0x1p64 ? Value::unsigned_integer(static_cast<uint64_t>(value))
                                        : unsigned_overflow(call);
}
Value uint_of_string(Call& call, std::span<const Value> args) {
    const std::optional<uint64_t> value = parse_go_uint(args[0].as_string());
    return value ? Value::unsigned_integer(*value) : conversion_error(call, "string", "uint");
}

Value string_of_bool(Call&, std::span<const Value> args) {
    return Value::string(args[0].as_bool() ? "true" : "false");
}
Value string_of_int(Call& call, std::span<const Value> args) {
    return call.string(cat(args[0].as_int()));
}
Value string_of_uint(Call& call, std::span<const Value> args) {
    return call.string(cat(args[0].as_uint()));
}
Value string_of_double(Call& call, std::span<const Value> args) {
    return call.string(format_double_g(args[0].as_double()));
}
Value string_of_bytes(Call& call, std::span<const Value> args) {
    return is_valid_utf8(args[0].as_string())
               ? Value::string(args[0].as_string())
               : call.error(ErrorCode::conversion,
                            "invalid UTF-8 in bytes, cannot convert to string");
}
Value string_of_timestamp(Call& call, std::span<const Value> args) {
    return call.string(format_timestamp(args[0]));
}
Value string_of_duration(Call& call, std::span<const Value> args) {
    return call.string(format_duration_seconds(args[0].as_duration()));
}

Value timestamp_of_string(Call& call, std::span<const Value> args) {
    const std::optional<Value> value = parse_timestamp(args[0].as_string());
    if (!value) {
        return conversion_error(call, "string", "google.protobuf.Timestamp");
    }
    return is_timestamp_in_range(value->as_time())
               ? *value
               : call.error(ErrorCode::overflow, "timestamp overflow");
}
Value timestamp_of_int(Call& call, std::span<const Value> args) {
    const Time time{args[0].as_int(), 0};
    return is_timestamp_in_range(time) ? Value::timestamp(time)
                                       : call.error(ErrorCode::overflow, "timestamp overflow");
}
Value duration_of_string(Call& call, std::span<const Value> args) {
    const std::optional<int64_t> nanos = parse_duration(args[0].as_string());
    return nanos ? Value::duration(*nanos)
                 : conversion_error(call, "string", "google.protobuf.Duration");
}
Value duration_of_int(Call&, std::span<const Value> args) {
    return Value::duration(args[0].as_int());
}

void declare_logic(Library& library) {
    library.function(operators::conditional,
                     {{.id = "conditional", .signature = "(bool, A, A) -> A"}});
    library.function(operators::logical_and,
                     {{.id = "logical_and", .signature = "(bool, bool) -> bool"}});
    library.function(operators::logical_or,
                     {{.id = "logical_or", .signature = "(bool, bool) -> bool"}});
    library.function(operators::logical_not,
                     {{.id = "logical_not", .signature = "(bool) -> bool"}});
    library.function(operators::not_strictly_false,
                     {{.id = "not_strictly_false", .signature = "(bool) -> bool"}});
    library.function(operators::equals, {{.id = "equals",
                                          .signature = "(A, A) -> bool",
                                          .actual_cost = cost_of_equality,
                                          .estimated_cost = estimate_equality}});
    library.function(operators::not_equals, {{.id = "not_equals",
                                              .signature = "(A, A) -> bool",
                                              .actual_cost = cost_of_smaller,
                                              .estimated_cost = estimate_smaller}});
}

void declare_order(Library& library, std::string_view name, std::string_view word) {
    struct Pair {
        std::string_view suffix;
        std::string_view signature;
    };
    static constexpr Pair pairs[] = {
        {"bool", "(bool, bool) -> bool"},
        {"int64", "(int, int) -> bool"},
        {"int64_double", "(int, double) -> bool"},
        {"int64_uint64", "(int, uint) -> bool"},
        {"uint64", "(uint, uint) -> bool"},
        {"uint64_double", "(uint, double) -> bool"},
        {"uint64_int64", "(uint, int) -> bool"},
        {"double", "(double, double) -> bool"},
        {"double_int64", "(double, int) -> bool"},
        {"double_uint64", "(double, uint) -> bool"},
        {"string", "(string, string) -> bool"},
        {"bytes", "(bytes, bytes) -> bool"},
        {"timestamp", "(timestamp, timestamp) -> bool"},
        {"duration", "(duration, duration) -> bool"},
    };
    for (const Pair& pair : pairs) {
        library.function(name, {{.id = library.intern(cat(word, "_", pair.suffix)),
                                 .signature = pair.signature,
                                 .actual_cost = cost_of_order,
                                 .estimated_cost = pair.suffix == "string" || pair.suffix == "bytes"
                                                       ? estimate_smaller
                                                       : nullptr}});
    }
}

void declare_arithmetic(Library& library) {
    library.function(
        operators::add,
        {{.id = "add_bytes",
          .signature = "(bytes, bytes) -> bytes",
          .actual_cost = cost_of_sum,
          .estimated_cost = estimate_text_sum},
         {.id = "add_double", .signature = "(double, double) -> double"},
         {.id = "add_duration_duration", .signature = "(duration, duration) -> duration"},
         {.id = "add_duration_timestamp", .signature = "(duration, timestamp) -> timestamp"},
         {.id = "add_timestamp_duration", .signature = "(timestamp, duration) -> timestamp"},
         {.id = "add_int64", .signature = "(int, int) -> int"},
         {.id = "add_list",
          .signature = "(list(A), list(A)) -> list(A)",
          .estimated_cost = estimate_list_sum},
         {.id = "add_string",
          .signature = "(string, string) -> string",
          .estimated_cost = estimate_text_sum},
         {.id = "add_uint64", .signature = "(uint, uint) -> uint"}});
    library.function(
        operators::subtract,
        {{.id = "subtract_double", .signature = "(double, double) -> double"},
         {.id = "subtract_duration_duration", .signature = "(duration, duration) -> duration"},
         {.id = "subtract_int64", .signature = "(int, int) -> int"},
         {.id = "subtract_timestamp_duration", .signature = "(timestamp, duration) -> timestamp"},
         {.id = "subtract_timestamp_timestamp", .signature = "(timestamp, timestamp) -> duration"},
         {.id = "subtract_uint64", .signature = "(uint, uint) -> uint"}});
    library.function(operators::multiply,
                     {{.id = "multiply_double", .signature = "(double, double) -> double"},
                      {.id = "multiply_int64", .signature = "(int, int) -> int"},
                      {.id = "multiply_uint64", .signature = "(uint, uint) -> uint"}});
    library.function(operators::divide,
                     {{.id = "divide_double", .signature = "(double, double) -> double"},
                      {.id = "divide_int64", .signature = "(int, int) -> int"},
                      {.id = "divide_uint64", .signature = "(uint, uint) -> uint"}});
    library.function(operators::modulo,
                     {{.id = "modulo_int64", .signature = "(int, int) -> int"},
                      {.id = "modulo_uint64", .signature = "(uint, uint) -> uint"}});
    library.function(operators::negate, {{.id = "negate_double", .signature = "(double) -> double"},
                                         {.id = "negate_int64", .signature = "(int) -> int"}});
    library.function(operators::index, {{.id = "index_list", .signature = "(list(A), int) -> A"},
                                        {.id = "index_map", .signature = "(map(A, B), A) -> B"}});
    library.function(operators::in, {{.id = "in_list",
                                      .signature = "(A, list(A)) -> bool",
                                      .actual_cost = cost_of_in,
                                      .estimated_cost = estimate_in},
                                     {.id = "in_map", .signature = "(A, map(A, B)) -> bool"}});
}

void declare_texts(Library& library) {
    const auto both = [&library](std::string_view name, std::string_view global,
                                 std::string_view member, std::string_view type) {
        library.function(name, {{.id = library.intern(global),
                                 .signature = library.intern(cat("(", type, ") -> int")),
                                 .call = size_of},
                                {.id = library.intern(member),
                                 .signature = library.intern(cat(type, ".() -> int")),
                                 .call = size_of}});
    };
    both("size", "size_bytes", "bytes_size", "bytes");
    both("size", "size_list", "list_size", "list(A)");
    both("size", "size_map", "map_size", "map(A, B)");
    both("size", "size_string", "string_size", "string");
    library.function("contains", {{.id = "contains_string",
                                   .signature = "string.(string) -> bool",
                                   .call = contains_text,
                                   .actual_cost = cost_of_contains,
                                   .estimated_cost = estimate_contains}});
    library.function("endsWith", {{.id = "ends_with_string",
                                   .signature = "string.(string) -> bool",
                                   .call = ends_with,
                                   .actual_cost = cost_of_first,
                                   .estimated_cost = estimate_argument}});
    library.function("startsWith", {{.id = "starts_with_string",
                                     .signature = "string.(string) -> bool",
                                     .call = starts_with,
                                     .actual_cost = cost_of_first,
                                     .estimated_cost = estimate_argument}});
    library.function("matches", {{.id = "matches",
                                  .signature = "(string, string) -> bool",
                                  .call = matches,
                                  .actual_cost = cost_of_matches,
                                  .estimated_cost = estimate_matches},
                                 {.id = "matches_string",
                                  .signature = "string.(string) -> bool",
                                  .call = matches,
                                  .actual_cost = cost_of_matches,
                                  .estimated_cost = estimate_matches}});
}

void declare_conversions(Library& library) {
    const auto convert = [&library](std::string_view name, std::string_view id,
                                    std::string_view signature, Implementation call,
                                    ActualCost cost = nullptr, EstimatedCost estimate = nullptr) {
        library.function(name, {{.id = id,
                                 .signature = signature,
                                 .call = call,
                                 .actual_cost = cost,
                                 .estimated_cost = estimate,
                                 .is_conversion = true}});
    };
    library.function("type", {{.id = "type",
                               .signature = "(A) -> type(A)",
                               .call = type_of_value,
                               .is_conversion = true}});
    library.function(
        "dyn", {{.id = "to_dyn", .signature = "(A) -> dyn", .call = same, .is_conversion = true}});
    convert("bool", "bool_to_bool", "(bool) -> bool", same);
    convert("bool", "string_to_bool", "(string) -> bool", bool_of_string);
    convert("bytes", "bytes_to_bytes", "(bytes) -> bytes", same);
    convert("bytes", "string_to_bytes", "(string) -> bytes", bytes_of_string, cost_of_first,
            estimate_bytes);
    convert("double", "double_to_double", "(double) -> double", same);
    convert("double", "int64_to_double", "(int) -> double", double_of_int);
    convert("double", "string_to_double", "(string) -> double", double_of_string);
    convert("double", "uint64_to_double", "(uint) -> double", double_of_uint);
    convert("duration", "duration_to_duration", "(duration) -> duration", same);
    convert("duration", "int64_to_duration", "(int) -> duration", duration_of_int);
    convert("duration", "string_to_duration", "(string) -> duration", duration_of_string);
    convert("int", "int64_to_int64", "(int) -> int", same);
    convert("int", "double_to_int64", "(double) -> int", int_of_double);
    convert("int", "duration_to_int64", "(duration) -> int", int_of_duration);
    convert("int", "string_to_int64", "(string) -> int", int_of_string);
    convert("int", "timestamp_to_int64", "(timestamp) -> int", int_of_timestamp);
    convert("int", "uint64_to_int64", "(uint) -> int", int_of_uint);
    convert("string", "string_to_string", "(string) -> string", same);
    convert("string", "bool_to_string", "(bool) -> string", string_of_bool);
    convert("string", "bytes_to_string", "(bytes) -> string", string_of_bytes, cost_of_first,
            estimate_text_of_bytes);
    convert("string", "double_to_string", "(double) -> string", string_of_double);
    convert("string", "duration_to_string", "(duration) -> string", string_of_duration);
    convert("string", "int64_to_string", "(int) -> string", string_of_int);
    convert("string", "timestamp_to_string", "(timestamp) -> string", string_of_timestamp);
    convert("string", "uint64_to_string", "(uint) -> string", string_of_uint);
    convert("timestamp", "timestamp_to_timestamp", "(timestamp) -> timestamp", same);
    convert("timestamp", "int64_to_timestamp", "(int) -> timestamp", timestamp_of_int);
    convert("timestamp", "string_to_timestamp", "(string) -> timestamp", timestamp_of_string);
    convert("uint", "uint64_to_uint64", "(uint) -> uint", same);
    convert("uint", "double_to_uint64", "(double) -> uint", uint_of_double);
    convert("uint", "int64_to_uint64", "(int) -> uint", uint_of_int);
    convert("uint", "string_to_uint64", "(string) -> uint", uint_of_string);
}

void declare_types(Library& library) {
    for (const Type* type :
         {&types::boolean, &types::bytes, &types::number, &types::duration, &types::timestamp,
          &types::integer, &types::null, &types::string, &types::unsigned_integer}) {
        library.type(type);
    }
    library.constant("list", "type(list(A))", Value::type(&types::list_of_dyn));
    library.constant("map", "type(map(A, B))", Value::type(&types::map_of_dyn));
    library.constant("type", "type(type)", Value::type(&types::type));
}

constexpr Documentation standard_documentation[] = {
    {"_+_", "Adds numbers, joins texts, bytes and lists, and moves times by durations.",
     "[1] + [2, 3]", "[1, 2, 3]"},
    {"_-_", "Subtracts numbers; times and durations give a time or a duration.",
     "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z')",
     R"(duration("86400s"))"},
    {"_*_", "Multiplies numbers of one type; an overflow is an error.", "6 * 7", "42"},
    {"_/_", "Divides; of whole numbers the fraction is cut off, and dividing by 0 is an error.",
     "-7 / 2", "-3"},
    {"_%_", "The rest of dividing whole numbers, with the sign of the first.", "-7 % 2", "-1"},
    {"-_", "The negative of a number.", "-(2 + 3)", "-5"},
    {"_==_",
     "Whether two values are equal; numbers of different types compare by value where types are "
     "dynamic.",
     "{'a': [1, 2]} == {'a': [1, 2]}", "true"},
    {"_!=_", "Whether two values differ.", "'a' != 'b'", "true"},
    {"_<_",
     "Whether the first is less: numbers by value, texts and bytes by their bytes, times by "
     "instant.",
     "'Z' < 'a'", "true"},
    {"_<=_", "Whether the first is less or equal.", "2 <= 2", "true"},
    {"_>_", "Whether the first is greater.", "duration('1m') > duration('59s')", "true"},
    {"_>=_", "Whether the first is greater or equal.", "b'b' >= b'a'", "true"},
    {"_&&_", "Whether both hold. An error on one side does not matter if the other side is false.",
     "1 / 0 > 0 && false", "false"},
    {"_||_", "Whether one holds. An error on one side does not matter if the other side is true.",
     "1 / 0 > 0 || true", "true"},
    {"!_", "Whether it does not hold.", "!false", "true"},
    {"_?_:_", "The second value if the first holds, else the third.", "2 > 1 ? 'yes' : 'no'",
     R"("yes")"},
    {"_[_]", "The item at an index of a list, from 0 on, or the value of a map's key.",
     "{'a': [10, 20]}['a'][1]", "20"},
    {"@in", "Whether a list has an item, or a map a key.", "'b' in ['a', 'b']", "true"},
    {"size", "The number of code points of a text, of bytes, of items or of entries.",
     R"(size('h\u00e9llo') + [1, 2].size())", "7"},
    {"contains", "Whether a text has another one in it.", "'kubernetes'.contains('net')", "true"},
    {"startsWith", "Whether a text begins with another one.", "'kubernetes'.startsWith('kube')",
     "true"},
    {"endsWith", "Whether a text ends with another one.", "'kubernetes'.endsWith('es')", "true"},
    {"matches", "Whether a part of a text matches a regular expression in RE2's syntax.",
     "'web-1'.matches('^[a-z]+-[0-9]$')", "true"},
    {"type", "The type of a value.", "type(1) == int", "true"},
    {"dyn", "The same value, which the checker then takes for any type.", "dyn(1) == 1.0", "true"},
    {"bool", "A text of strconv.ParseBool as a boolean.", "bool('true')", "true"},
    {"bytes", "A text as its UTF-8 bytes.", "bytes('hi')", R"(b"\150\151")"},
    {"double", "A number or text as a floating-point number.", "double('1.5') + double(1)", "2.5"},
    {"duration", "A text like `1h30m`, with h, m, s, ms, us and ns, as a duration.",
     "duration('1h30m')", R"(duration("5400s"))"},
    {"int",
     "A number, text or time as a whole number: fractions are cut off, times are seconds since "
     "1970, durations nanoseconds.",
     "int('42') + int(1.9)", "43"},
    {"string", "Numbers, booleans, bytes, times and durations as text.",
     "string(1.5) + string(true)", R"("1.5true")"},
    {"timestamp", "A text of RFC 3339, or seconds since 1970, as a time.",
     "timestamp('2026-01-02T03:04:05Z')", R"(timestamp("2026-01-02T03:04:05Z"))"},
    {"uint", "A number or text as a whole number without a sign.", "uint('7')", "7u"},
    {"getFullYear", "The year of a time, in UTC or a time zone.",
     "timestamp('2026-12-31T23:00:00Z').getFullYear('+02:00')", "2027"},
    {"getMonth", "The month of a time, from 0 on.", "timestamp('2026-01-02T03:04:05Z').getMonth()",
     "0"},
    {"getDate", "The day of the month, from 1 on.", "timestamp('2026-01-02T03:04:05Z').getDate()",
     "2"},
    {"getDayOfMonth", "The day of the month, from 0 on.",
     "timestamp('2026-01-02T03:04:05Z').getDayOfMonth()", "1"},
    {"getDayOfWeek", "The day of the week, from 0 for Sunday on.",
     "timestamp('2026-01-02T03:04:05Z').getDayOfWeek()", "5"},
    {"getDayOfYear", "The day of the year, from 0 on.",
     "timestamp('2026-02-01T00:00:00Z').getDayOfYear()", "31"},
    {"getHours", "The hour of a time, or the whole hours of a duration.",
     "timestamp('2026-01-02T03:04:05Z').getHours('-05:00') + duration('90m').getHours()", "23"},
    {"getMinutes", "The minute of a time, or the whole minutes of a duration.",
     "duration('90s').getMinutes()", "1"},
    {"getSeconds", "The second of a time, or the whole seconds of a duration.",
     "timestamp('2026-01-02T03:04:05Z').getSeconds()", "5"},
    {"getMilliseconds",
     "The milliseconds behind a time's second, or of a whole duration (in cel-spec behind its "
     "second).",
     "timestamp('2026-01-02T03:04:05.678Z').getMilliseconds()", "678"},
};

}  // namespace

Library standard_library(bool spec_durations) {
    Library library("cel.lib.std");
    declare_logic(library);
    declare_order(library, operators::less, "less");
    declare_order(library, operators::less_equals, "less_equals");
    declare_order(library, operators::greater, "greater");
    declare_order(library, operators::greater_equals, "greater_equals");
    declare_arithmetic(library);
    declare_texts(library);
    declare_conversions(library);
    declare_times(library, spec_durations);
    declare_types(library);
    library.document("Operators and standard functions", standard_documentation);
    return library;
}

}  // namespace weft::cel
