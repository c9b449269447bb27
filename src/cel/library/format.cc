// cel/library/format.cc: text from a format and a list of values.
//
// Source: cel-go ext/formatting_v2.go; for versions below 4 ext/formatting.go, which prints `%f`
// and `%e` with golang.org/x/text in English.

#include "cel/library/format.h"

#include <algorithm>
#include <cmath>

#include "cel/cost.h"
#include "cel/internal/go_text.h"

namespace weft::cel {

namespace {

enum class Engine : uint8_t {
    localized,  // strings library 1 to 3
    plain,      // 4
    bounded,    // 5: precision has a limit
};

constexpr int default_precision = 6;
// Of version 5.
constexpr int64_t precision_max = 100;
// Go's fmt prints no more digits than this; without a bound a short format makes a long text.
constexpr int64_t unbounded_precision_max = 1'000'000;

struct Clause {
    char verb = 's';
    int precision = default_precision;
    size_t size = 0;  // of its text, the `%` included
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Reads the clause that starts with the `%` of `text`; the message in `failure` if it is none.
std::optional<Clause> parse_clause(std::string_view text, Engine engine, std::string& failure) {
    constexpr std::string_view prefix = "could not parse formatting clause: ";
    Clause clause;
    size_t at = 1;
    if (text[at] == '.') {
        const size_t start = ++at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        const std::string_view digits = text.substr(start, at - start);
        const auto refuse = [&](const auto&... pieces) {
            failure = cat(prefix, "error while parsing precision: ", pieces...);
            return std::nullopt;
        };
        if (at == text.size()) {
            return refuse("could not find end of precision specifier");
        }
        const std::optional<int64_t> precision = parse_int(digits);
        if (!precision) {
            return refuse("error while converting precision to integer: strconv.Atoi: parsing ",
                          quote(digits), ": ",
                          digits.empty() ? "invalid syntax" : "value out of range");
        }
        const int64_t most = engine == Engine::bounded ? precision_max : unbounded_precision_max;
        if (*precision > most) {
            return refuse("precision ", *precision, " exceeds maximum allowed precision ", most);
        }
        clause.precision = static_cast<int>(*precision);
    }
    clause.verb = text[at];
    clause.size = at + 1;
    if (!std::string_view("sdfebxXo").contains(clause.verb)) {
        failure = cat(prefix, "unrecognized formatting clause \"");
        append_utf8(failure, static_cast<unsigned char>(clause.verb));
        failure += '"';
        return std::nullopt;
    }
    return clause;
}

// What a clause says about a value that it cannot print.
std::string refusal(char verb, Engine engine, std::string_view type) {
    const bool is_old = engine == Engine::localized;
    std::string_view text;
    switch (verb) {
        case 'd':
            text = is_old ? "decimal clause can only be used on integers"
                          : "decimal clause can only be used on ints, uints, and doubles";
            break;
        case 'f':
            text = is_old ? "fixed-point clause can only be used on doubles"
                          : "fixed-point clause can only be used on ints, uints, and doubles";
            break;
        case 'e':
            text = is_old ? "scientific clause can only be used on doubles"
                          : "scientific clause can only be used on ints, uints, and doubles";
            break;
        case 'b':
            text = is_old ? "only integers and bools can be formatted as binary"
                          : "only ints, uints, and bools can be formatted as binary";
            break;
        case 'x':
        case 'X':
            text = is_old ? "only integers, byte buffers, and strings can be formatted as hex"
                          : "only ints, uints, bytes, and strings can be formatted as hex";
            break;
        case 'o':
            text = is_old ? "octal clause can only be used on integers"
                          : "octal clause can only be used on ints and uints";
            break;
        default:
            text =
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, "
                "lists, types, durations, and timestamps";
    }
    return cat(text, ", was given ", type);
}

// --- Numbers ---

std::string digits_of(double value, std::chars_format format, int precision) {
    // The largest double has 309 digits before the point.
    std::string out(static_cast<size_t>(precision) + 330, '\0');
    const auto end =
        std::to_chars(out.data(), out.data() + out.size(), value, format, precision).ptr;
    out.resize(static_cast<size_t>(end - out.data()));
    return out;
}

// English: "1,234,567.5".
std::string with_groups(std::string text) {
    const size_t start = text.starts_with('-') ? 1 : 0;
    size_t at = std::min(text.find('.'), text.size());
    while (at > start + 3) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

// "1.5e+03" as "1.5 × 10⁰³" with narrow blanks.
std::string with_superscripts(std::string_view text) {
    static constexpr std::string_view digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const size_t exponent = text.find('e');
    std::string out = cat(text.substr(0, exponent), "\u202f\u00d7\u202f10");
    for (const char c : text.substr(exponent + 1)) {
        if (c == '-') {
            out += "⁻";
        } else if (is_digit(c)) {
            out += digits[c - '0'];
        }
    }
    return out;
}

std::optional<std::string> infinity_or_nan(double value, Engine engine) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        const std::string_view word = engine == Engine::localized ? "∞" : "Infinity";
        return cat(value < 0 ? "-" : "", word);
    }
    return std::nullopt;
}

// `%f` or `%e`.
std::string format_real(double value, const Clause& clause, Engine engine) {
    if (auto text = infinity_or_nan(value, engine)) {
        return *std::move(text);
    }
    const bool is_fixed = clause.verb == 'f';
    std::string text =
        digits_of(value, is_fixed ? std::chars_format::fixed : std::chars_format::scientific,
                  clause.precision);
    if (engine != Engine::localized) {
        return text;
    }
    return is_fixed ? with_groups(std::move(text)) : with_superscripts(text);
}

// The number that `%f` and `%e` print, if the value is one. The first formatter takes doubles and
// the names of the doubles that have no digits.
std::optional<double> real_of(const Value& value, Engine engine) {
    if (value.is_double()) {
        return value.as_double();
    }
    if (engine == Engine::localized) {
        const std::string_view text = value.is_string() ? value.as_string() : "";
        return text == "NaN" || text == "Infinity" || text == "-Infinity" ? parse_double(text)
                                                                          : std::nullopt;
    }
    if (value.is_int()) {
        return static_cast<double>(value.as_int());
    }
    return value.is_uint() ? std::optional(static_cast<double>(value.as_uint())) : std::nullopt;
}

std::string format_integer(const Value& value, int base) {
    char digits[66];
    const auto end = value.is_int()
                         ? std::to_chars(digits, digits + sizeof digits, value.as_int(), base).ptr
                         : std::to_chars(digits, digits + sizeof digits, value.as_uint(), base).ptr;
    return {digits, end};
}

std::string format_hexadecimal(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        out += digits[static_cast<unsigned char>(byte) >> 4U];
        out += digits[static_cast<unsigned char>(byte) & 15U];
    }
    return out;
}

// --- Values ---

// Puts the text together; stops early when it outgrows the memory of the evaluation.
class Formatter {
public:
    Formatter(Arena& arena, Engine engine) : arena_(arena), engine_(engine) {}

    // False: the message is in `failure()`.
    bool format(const Clause& clause, const Value& value) {
        if (value.is_error()) {
            failed_value_ = value;
            return false;
        }
        switch (clause.verb) {
            case 'd':
                if (value.is_int() || value.is_uint()) {
                    out_ += format_integer(value, 10);
                    return true;
                }
                if (value.is_double() && engine_ != Engine::localized) {
                    append_double(value.as_double());
                    return true;
                }
                break;
            case 'f':
            case 'e':
                if (const std::optional<double> real = real_of(value, engine_)) {
                    out_ += format_real(*real, clause, engine_);
                    return true;
                }
                break;
            case 'b':
                if (value.is_bool()) {
                    out_ += value.as_bool() ? '1' : '0';
                    return true;
                }
                [[fallthrough]];
            case 'o':
                if (value.is_int() || value.is_uint()) {
                    out_ += format_integer(value, clause.verb == 'b' ? 2 : 8);
                    return true;
                }
                break;
            case 'x':
            case 'X':
                if (value.is_int() || value.is_uint() || value.is_string() || value.is_bytes()) {
                    const std::string text = value.is_int() || value.is_uint()
                                                 ? format_integer(value, 16)
                                                 : format_hexadecimal(value.as_string());
                    out_ += clause.verb == 'X' ? to_upper(text) : text;
                    return true;
                }
                break;
            default:
                return engine_ == Engine::localized ? append_old(value, 0) : append(value, 0);
        }
        return refuse(refusal(clause.verb, engine_, type_name_of(value)));
    }

    void append_text(std::string_view text) { out_ += text; }
    [[nodiscard]] bool is_too_large() const { return !arena_.has_room(out_.size()); }
    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    // The error that stood in the place of a value; null if there was none.
    [[nodiscard]] const Value& failed_value() const { return failed_value_; }

private:
    bool refuse(std::string message) {
        failure_ = cat("error during formatting: ", message);
        return false;
    }
    bool may_go_deeper(uint32_t depth) {
        return (depth < tree_depth_max && !is_too_large()) || refuse("value is too large");
    }

    void append_double(double value) {
        const auto text = infinity_or_nan(value, engine_);
        out_ += text ? *text : format_double_f(value);
    }

    // `%s` of the newer formatter, the same for what lists and maps hold.
    bool append(const Value& value, uint32_t depth) {
        switch (value.kind()) {
            case Kind::error:
                failed_value_ = value;
                return false;
            case Kind::boolean:
                out_ += value.as_bool() ? "true" : "false";
                return true;
            case Kind::integer:
            case Kind::unsigned_integer:
                out_ += format_integer(value, 10);
                return true;
            case Kind::number:
                append_double(value.as_double());
                return true;
            case Kind::string:
            case Kind::bytes:
                out_ += value.as_string();
                return true;
            case Kind::duration:
                out_ += format_duration_seconds(value.as_duration());
                return true;
            case Kind::timestamp:
                out_ += format_rfc3339_nano(value.as_time());
                return true;
            case Kind::null:
                out_ += "null";
                return true;
            case Kind::type:
                out_ += type_name(value.as_type());
                return true;
            case Kind::list:
                return append_list(value, depth,
                                   [&](const Value& item) { return append(item, depth + 1); });
            case Kind::map:
                return append_map(value, depth, ": ",
                                  [&](const Value& part, bool) { return append(part, depth + 1); });
            default:
                return refuse(refusal('s', engine_, type_name_of(value)));
        }
    }

    // `%s` of the older one.
    bool append_old(const Value& value, uint32_t depth) {
        switch (value.kind()) {
            case Kind::number:
                out_ += format_double_g(value.as_double());
                return true;
            case Kind::timestamp:
                out_ += format_timestamp(value);
                return true;
            case Kind::list:
                return append_list(value, depth, [&](const Value& item) {
                    return append_literal(item, depth + 1);
                });
            case Kind::map:
                return append_map(value, depth, ":", [&](const Value& part, bool is_key) {
                    const bool is_fit = !is_key || part.is_string() || part.is_bool() ||
                                        part.is_int() || part.is_uint();
                    return is_fit ? append_literal(part, depth + 1)
                                  : refuse(cat("no formatting function for map key of type ",
                                               type_name_of(part)));
                });
            case Kind::bytes:
                if (!is_valid_utf8(value.as_string())) {
                    return refuse(
                        "could not convert argument \"invalid UTF-8 in bytes, cannot convert to "
                        "string\" to string");
                }
                [[fallthrough]];
            default:
                return append(value, depth);
        }
    }

    // What the older one prints in lists and maps.
    bool append_literal(const Value& value, uint32_t depth) {
        switch (value.kind()) {
            case Kind::string:
                out_ += quote(value.as_string());
                return true;
            case Kind::bytes:
                out_ += 'b';
                out_ += quote(value.as_string());
                return true;
            case Kind::timestamp:
                out_ += cat("timestamp(", quote(format_timestamp(value)), ")");
                return true;
            case Kind::duration:
                out_ += cat("duration(", quote(format_duration_seconds(value.as_duration())), ")");
                return true;
            case Kind::number: {
                const double number = value.as_double();
                if (std::isfinite(number)) {
                    out_ += digits_of(number, std::chars_format::fixed, default_precision);
                } else {
                    out_ += std::isnan(number) ? "\"NaN\"" : number < 0 ? "\"-Inf\"" : "\"+Inf\"";
                }
                return true;
            }
            case Kind::optional:
            case Kind::opaque:
                return refuse(cat("no formatting function for ", type_name_of(value)));
            default:
                return append_old(value, depth);
        }
    }

    template <typename AppendItem>
    bool append_list(const Value& list, uint32_t depth, AppendItem append_item) {
        if (!may_go_deeper(depth)) {
            return false;
        }
        out_ += '[';
        for (size_t i = 0; i < list.size(); ++i) {
            out_ += i == 0 ? "" : ", ";
            if (!append_item(list.item(i, arena_)) || !may_go_deeper(depth)) {
                return false;
            }
        }
        out_ += ']';
        return true;
    }

    // Entries stand in the order of their keys' texts.
    template <typename AppendPart>
    bool append_map(const Value& map, uint32_t depth, std::string_view colon,
                    AppendPart append_part) {
        const std::span<const Value> entries = map.sorted_entries(arena_);
        std::vector<std::pair<std::string, Value>> texts;
        texts.reserve(entries.size() / 2);
        const size_t start = out_.size();
        for (size_t i = 0; i < entries.size(); i += 2) {
            if (!may_go_deeper(depth) || !append_part(entries[i], true)) {
                return false;
            }
            texts.emplace_back(out_.substr(start), entries[i + 1]);
            out_.resize(start);
        }
        std::ranges::stable_sort(texts, {}, &std::pair<std::string, Value>::first);
        out_ += '{';
        for (size_t i = 0; i < texts.size(); ++i) {
            out_ += i == 0 ? "" : ", ";
            out_ += texts[i].first;
            out_ += colon;
            if (!append_part(texts[i].second, false) || !may_go_deeper(depth)) {
                return false;
            }
        }
        out_ += '}';
        return true;
    }

    Arena& arena_;
    Engine engine_;
    std::string out_;
    std::string failure_;
    Value failed_value_;
};

template <Engine engine>
Value format(Call& call, std::span<const Value> args) {
    std::string_view rest = args[0].as_string();
    Formatter formatter(call.arena(), engine);
    size_t next = 0;
    while (!rest.empty() && !formatter.is_too_large()) {
        const size_t percent = std::min(rest.find('%'), rest.size());
        formatter.append_text(rest.substr(0, percent));
        rest.remove_prefix(percent);
        if (rest.empty()) {
            break;
        }
        if (rest.starts_with("%%")) {
            formatter.append_text("%");
            rest.remove_prefix(2);
            continue;
        }
        if (next >= args[1].size()) {
            return call.error(ErrorCode::invalid_argument, "index ", next, " out of range");
        }
        if (rest.size() == 1) {
            return call.error(ErrorCode::invalid_argument, "unexpected end of string");
        }
        std::string failure;
        const std::optional<Clause> clause = parse_clause(rest, engine, failure);
        if (!clause) {
            return call.error(ErrorCode::invalid_argument, failure);
        }
        if (!formatter.format(*clause, args[1].item(next++, call.arena()))) {
            return formatter.failed_value().is_error()
                       ? formatter.failed_value()
                       : call.error(ErrorCode::invalid_argument, formatter.failure());
        }
        rest.remove_prefix(clause->size);
    }
    // Bytes may be anything, texts may not.
    return is_valid_utf8(formatter.text())
               ? call.string(formatter.text())
               : call.error(ErrorCode::conversion,
                            "invalid UTF-8 in bytes, cannot convert to string");
}

// --- The check of literal formats ---

using Report = std::function<void(const Expr&, std::string)>;

bool is_printable(const Type& type) {
    switch (type.kind) {
        case TypeKind::any:
        case TypeKind::opaque:
        case TypeKind::structure:
        case TypeKind::parameter:
            return false;
        default:
            return true;
    }
}

// The part of an argument of `%s` that cannot be printed; null if all can.
const Expr* unprintable_part(const Ast& ast, const Expr& expr) {
    if (!is_printable(*ast.type_of(expr.id))) {
        return &expr;
    }
    if (expr.kind == ExprKind::list) {
        for (const Expr* element : expr.args) {
            if (const Expr* part = unprintable_part(ast, *element)) {
                return part;
            }
        }
    }
    if (expr.kind == ExprKind::map) {
        for (const Entry& entry : expr.entries) {
            for (const Expr* side : {entry.key, entry.value}) {
                if (const Expr* part = unprintable_part(ast, *side)) {
                    return part;
                }
            }
        }
    }
    return nullptr;
}

bool fits(char verb, Engine engine, TypeKind kind) {
    if (kind == TypeKind::dyn || kind == TypeKind::error) {
        return true;
    }
    const bool is_old = engine == Engine::localized;
    const bool is_integer = kind == TypeKind::integer || kind == TypeKind::unsigned_integer;
    switch (verb) {
        case 'd':
            return is_integer || (kind == TypeKind::number && !is_old);
        case 'f':
        case 'e':
            return kind == TypeKind::number || (is_old ? kind == TypeKind::string : is_integer);
        case 'b':
            return is_integer || kind == TypeKind::boolean;
        case 'o':
            return is_integer;
        default:  // x, X
            return is_integer || kind == TypeKind::string || kind == TypeKind::bytes;
    }
}

template <Engine engine>
void validate_format(const Ast& ast, const Expr& call, const Report& report) {
    if (call.operand == nullptr || call.operand->kind != ExprKind::literal ||
        !call.operand->literal.is_string() || call.args.size() != 1 ||
        call.args[0]->kind != ExprKind::list) {
        return;
    }
    const std::span<Expr* const> values = call.args[0]->args;
    std::string_view rest = call.operand->literal.as_string();
    size_t next = 0;
    for (;;) {
        rest.remove_prefix(std::min(rest.find('%'), rest.size()));
        if (rest.empty()) {
            break;
        }
        if (rest.starts_with("%%")) {
            rest.remove_prefix(2);
            continue;
        }
        if (rest.size() == 1) {
            return report(call, "unexpected end of string");
        }
        if (next >= values.size()) {
            return report(call, cat("index ", next, " out of range"));
        }
        std::string failure;
        const std::optional<Clause> clause = parse_clause(rest, engine, failure);
        if (!clause) {
            return report(call, failure);
        }
        const Expr& value = *values[next++];
        const Expr* wrong = nullptr;
        if (clause->verb == 's') {
            wrong = unprintable_part(ast, value);
        } else if (!fits(clause->verb, engine, ast.type_of(value.id)->kind)) {
            wrong = &value;
        }
        if (wrong != nullptr) {
            return report(*wrong,
                          cat("error during formatting: ",
                              refusal(clause->verb, engine, type_name(ast.type_of(wrong->id)))));
        }
        rest.remove_prefix(clause->size);
    }
    if (values.size() > next) {
        report(call, cat("too many arguments supplied to string.format (expected ", next, ", got ",
                         values.size(), ")"));
    }
}

// Of every version: cel-go charges for reading the format.
std::optional<uint64_t> cost_of_reading(std::span<const Value> args, const Value&) {
    return scale_cost(cost_size_of(args[0]), string_traversal_factor);
}
std::optional<CallEstimate> estimate_reading(std::span<const Operand> args) {
    return CallEstimate{scale_cost(args[0].size_or_unknown(), string_traversal_factor),
                        std::nullopt};
}

template <Engine engine>
void declare_engine(Library& library) {
    library.function("format", {{.id = "string_format",
                                 .signature = "string.(list(dyn)) -> string",
                                 .call = format<engine>,
                                 .actual_cost = cost_of_reading,
                                 .estimated_cost = estimate_reading}});
    library.validator({.function = "format", .validate = validate_format<engine>});
}

}  // namespace

void declare_format(Library& library, int strings_version) {
    if (strings_version < 4) {
        declare_engine<Engine::localized>(library);
    } else if (strings_version == 4) {
        declare_engine<Engine::plain>(library);
    } else {
        declare_engine<Engine::bounded>(library);
    }
}

}  // namespace weft::cel
