// schema/validate.cc: the walk of kube-openapi's validator.
//
// A node's checks run in its order (type, junctors, string, format, number, list, enum, object),
// since which alternative of an anyOf is reported depends on how many checks passed ("matches").

#include "schema/validate.h"

#include <cmath>
#include <limits>
#include <map>
#include <re2/re2.h>
#include <unordered_set>
#include <utility>

#include "schema/limits.h"
#include "schema/open_api.h"
#include "schema/place.h"

namespace weft::schema {

namespace {

// What one node found. `matches` counts the checks that ran through.
struct Findings {
    FieldErrors errors;
    int matches = 0;

    [[nodiscard]] bool is_valid() const { return errors.empty(); }
    void add(FieldError error) {
        if (errors.size() < field_errors_max) {
            errors.push_back(std::move(error));
        }
    }
    void merge(Findings other) {
        matches += other.matches;
        for (FieldError& error : other.errors) {
            add(std::move(error));
        }
    }
};

bool has_type(const Schema& schema, Type type) {
    return schema.int_or_string ? type == Type::integer || type == Type::string
                                : schema.type == type;
}

std::string types_text(const Schema& schema) {
    return schema.int_or_string ? "integer,string" : std::string(type_text(schema.type));
}

Type type_of(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            return Type::boolean;
        case Value::Kind::integer:
            return Type::integer;
        case Value::Kind::number:
            return Type::number;
        case Value::Kind::string:
            return Type::string;
        case Value::Kind::list:
            return Type::array;
        case Value::Kind::map:
            return Type::object;
        case Value::Kind::null:
            break;
    }
    return Type::unset;
}

// The format that kube-openapi takes a Go value to have.
std::string_view format_of(const Value& value) {
    return value.is_int() ? "int64" : value.is_double() ? "float64" : "";
}

bool is_whole(double value) {
    return std::isfinite(value) && value == std::trunc(value);
}

// Whole, and small enough that JSON's other readers keep it exact.
bool is_json_integer(double value) {
    return is_whole(value) && std::abs(value) <= 9007199254740991.0;
}

// The path inside a message: kube-openapi's own, which has a dot at a member of the root.
FieldError type_error(const std::string& path, std::string_view wanted, std::string_view got) {
    return field_type_invalid(path, Value(got),
                              cat(path, " in body must be of type ", wanted, ": ", quote(got)));
}

FieldError body_error(const std::string& path, Value value, std::string_view what) {
    return field_invalid(path, std::move(value), cat(path, " in body ", what));
}

// Errors that upstream gives without a place.
FieldError placeless(std::string text) {
    return field_invalid("", Value(""), std::move(text));
}

size_t count_code_points(std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; at < text.size(); ++count) {
        next_code_point(text, at);
    }
    return count;
}

// Go's words for what is wrong with a regular expression.
std::string_view regexp_error_text(re2::RE2::ErrorCode code) {
    switch (code) {
        case re2::RE2::ErrorBadEscape:
            return "invalid escape sequence";
        case re2::RE2::ErrorBadCharClass:
            return "invalid character class";
        case re2::RE2::ErrorBadCharRange:
            return "invalid character class range";
        case re2::RE2::ErrorMissingBracket:
            return "missing closing ]";
        case re2::RE2::ErrorMissingParen:
            return "missing closing )";
        case re2::RE2::ErrorTrailingBackslash:
            return "trailing backslash at end of expression";
        case re2::RE2::ErrorRepeatArgument:
            return "missing argument to repetition operator";
        case re2::RE2::ErrorRepeatSize:
            return "invalid repeat count";
        case re2::RE2::ErrorRepeatOp:
            return "invalid nested repetition operator";
        case re2::RE2::ErrorBadPerlOp:
            return "invalid or unsupported Perl syntax";
        case re2::RE2::ErrorBadUTF8:
            return "invalid UTF-8";
        case re2::RE2::ErrorBadNamedCapture:
            return "invalid named capture";
        default:
            return "expression too large";
    }
}

// What is wrong with a number for its type and format: "" if nothing.
std::string range_problem(const Value& value, const Schema& schema, std::string_view format,
                          std::string_view what, const std::string& path) {
    const Type type = schema.int_or_string ? Type::integer : schema.type;
    const double number = value.to_double();
    bool fits = true;
    if (type == Type::integer) {
        if (format == "int32") {
            fits = is_whole(number) && number >= -2147483648.0 && number <= 2147483647.0;
        } else if (value.is_double()) {
            fits = is_whole(number) && number >= -9223372036854775808.0 &&
                   number < 9223372036854775808.0;
        }
    } else if (format == "float" || format == "float32") {
        fits = std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max());
    }
    if (fits) {
        return {};
    }
    return format.empty() ? cat(what, " value must be of type ", type_text(type),
                                " (default format) in ", path)
                          : cat(what, " value must be of type ", type_text(type), " with format ",
                                format, " in ", path);
}

bool equals_enum(const Value& value, const Value& allowed) {
    // Go converts the value to the type of what is allowed: fractions go.
    if (value.is_double() && allowed.is_int()) {
        return std::trunc(value.as_double()) == allowed.to_double();
    }
    if (value.is_number() && allowed.is_number()) {
        return Value::compare(value, allowed) == 0;
    }
    return value == allowed;
}

}  // namespace

class Validator::Patterns {
public:
    const re2::RE2& get(const std::string& pattern) {
        auto& compiled = compiled_[pattern];
        if (compiled == nullptr) {
            re2::RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(static_cast<int64_t>(pattern_memory_max));
            compiled = std::make_unique<re2::RE2>(pattern, options);
        }
        return *compiled;
    }

private:
    std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>> compiled_;
};

class Validator::Walk {
public:
    Walk(Patterns& patterns, Formats formats) : patterns_(patterns), formats_(formats) {}

    Findings validate(const Value& value, const Schema& schema, const Place& place,
                      const Value* old) {
        Findings out;
        if (place.depth > object_depth_max) {
            return out;
        }
        check_type(value, schema, place, out);
        if (!value.is_null()) {
            if (schema.constraints != nullptr) {
                check_junctors(value, schema, place, old, out);
            }
            if (value.is_string()) {
                check_string(value, schema, place, out);
            } else if (value.is_number()) {
                check_number(value, schema, place, out);
            } else if (value.is_list()) {
                check_list(value, schema, place, old, out);
            }
        }
        if (schema.constraints != nullptr && !schema.constraints->enum_values.empty()) {
            check_enum(value, *schema.constraints, place, out);
        }
        if (value.is_map()) {
            check_map(value, schema, place, old, out);
        }
        ++out.matches;
        if (!out.is_valid() && old != nullptr && *old == value) {
            out.errors.clear();  // It was like that before; it may stay.
        }
        return out;
    }

private:
    // The format of the schema if it counts, else "".
    [[nodiscard]] std::string_view format_in(const Schema& schema) const {
        const bool counts = formats_ == Formats::all || schema.format.empty() ||
                            is_known_format(type_text(schema.type), schema.format);
        return counts ? std::string_view(schema.format) : std::string_view();
    }

    void check_type(const Value& value, const Schema& schema, const Place& place, Findings& out) {
        const bool is_any = schema.type == Type::unset && !schema.int_or_string;
        const std::string_view format = format_in(schema);
        if (is_any && format.empty()) {
            return;
        }
        if (value.is_null()) {
            if (!is_any && !schema.nullable) {
                out.add(type_error(place.text(), types_text(schema), "null"));
            } else {
                out.matches += 2;
            }
            return;
        }
        const Type type = type_of(value);
        const bool is_whole_number = value.is_double() && is_json_integer(value.as_double()) &&
                                     has_type(schema, Type::integer);
        const bool is_int_as_number = value.is_int() && has_type(schema, Type::number);
        const bool is_type = has_type(schema, type) || is_whole_number || is_int_as_number;
        const bool has_text_form = value.is_string() || value.is_list();
        const bool wants_number = has_type(schema, Type::number) || has_type(schema, Type::integer);
        const bool has_format = !format.empty();
        if (has_format && !has_text_form && !is_type && format_of(value) != format) {
            out.add(type_error(place.text(), format, format_of(value)));
            return;
        }
        if (has_format && has_text_form && !wants_number) {
            out.matches += 2;  // The format is looked at by itself.
            return;
        }
        if (!is_type) {
            out.add(type_error(place.text(), types_text(schema), type_text(type)));
            return;
        }
        out.matches += 2;
    }

    void check_junctors(const Value& value, const Schema& schema, const Place& place,
                        const Value* old, Findings& out) {
        const Constraints& constraints = *schema.constraints;
        if (!constraints.any_of.empty()) {
            check_any_of(value, constraints.any_of, place, old, out);
        }
        if (!constraints.one_of.empty()) {
            check_one_of(value, constraints.one_of, place, old, out);
        }
        if (!constraints.all_of.empty()) {
            size_t valid = 0;
            for (const Schema* alternative : constraints.all_of) {
                Findings found = validate(value, *alternative, place, old);
                valid += found.is_valid() ? 1 : 0;
                out.merge(std::move(found));
            }
            if (valid != constraints.all_of.size()) {
                out.add(
                    placeless(cat("\"", place.text(), "\" must validate all the schemas (allOf)",
                                  valid == 0 ? ". None validated" : "")));
            }
        }
        if (constraints.not_ != nullptr &&
            validate(value, *constraints.not_, place, old).is_valid()) {
            out.add(placeless(cat("\"", place.text(), "\" must not validate the schema (not)")));
        }
        out.matches += 2;
    }

    void check_any_of(const Value& value, const std::vector<const Schema*>& alternatives,
                      const Place& place, const Value* old, Findings& out) {
        std::optional<Findings> best;
        for (const Schema* alternative : alternatives) {
            Findings found = validate(value, *alternative, place, old);
            if (found.is_valid()) {
                out.merge(std::move(found));
                return;
            }
            if (!best || found.matches > best->matches) {
                best = std::move(found);
            }
        }
        out.add(placeless(cat("\"", place.text(), "\" must validate at least one schema (anyOf)")));
        out.merge(std::move(*best));
    }

    void check_one_of(const Value& value, const std::vector<const Schema*>& alternatives,
                      const Place& place, const Value* old, Findings& out) {
        std::optional<Findings> best;
        std::optional<Findings> first_valid;
        int valid = 0;
        for (const Schema* alternative : alternatives) {
            Findings found = validate(value, *alternative, place, old);
            if (found.is_valid()) {
                ++valid;
                best.reset();
                if (!first_valid) {
                    first_valid = std::move(found);
                }
            } else if (valid == 0 && (!best || found.matches > best->matches)) {
                best = std::move(found);
            }
        }
        if (valid == 1) {
            out.merge(std::move(*first_valid));
            return;
        }
        out.add(
            placeless(cat("\"", place.text(), "\" must validate one and only one schema (oneOf). ",
                          valid == 0 ? std::string("Found none valid")
                                     : cat("Found ", valid, " valid alternatives"))));
        if (best) {
            out.merge(std::move(*best));
        }
    }

    void check_string(const Value& value, const Schema& schema, const Place& place, Findings& out) {
        const std::string_view text = value.as_string();
        if (schema.constraints != nullptr) {
            check_text_bounds(value, *schema.constraints, place, out);
        }
        ++out.matches;
        const std::string_view format = format_in(schema);
        if (!format.empty() && !schema::has_format(format, text)) {
            const std::string path = place.text();
            out.add(field_type_invalid(
                path, value, cat(path, " in body must be of type ", format, ": ", quote(text))));
        }
    }

    // Upstream reports the first of these only.
    void check_text_bounds(const Value& value, const Constraints& constraints, const Place& place,
                           Findings& out) {
        const std::string_view text = value.as_string();
        if (constraints.max_length || constraints.min_length) {
            const auto length = static_cast<int64_t>(count_code_points(text));
            if (constraints.max_length && length > *constraints.max_length) {
                FieldError error = field_too_long(place.text(), *constraints.max_length);
                error.bad_value = value;
                out.add(std::move(error));
                return;
            }
            if (constraints.min_length && length < *constraints.min_length) {
                out.add(
                    body_error(place.text(), value,
                               cat("should be at least ", *constraints.min_length, " chars long")));
                return;
            }
        }
        if (constraints.pattern.empty()) {
            return;
        }
        const re2::RE2& pattern = patterns_.get(constraints.pattern);
        if (!pattern.ok()) {
            out.add(body_error(
                place.text(), value,
                cat("should match '", constraints.pattern,
                    ", but pattern is invalid: error parsing regexp: ",
                    regexp_error_text(pattern.error_code()), ": `", pattern.error_arg(), "`'")));
        } else if (!re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern)) {
            out.add(
                body_error(place.text(), value, cat("should match '", constraints.pattern, "'")));
        }
    }

    void check_number(const Value& value, const Schema& schema, const Place& place, Findings& out) {
        const bool has_bounds = schema.constraints != nullptr;
        // Of integers or texts, a number is of the wrong type and nothing more.
        const bool is_checked =
            has_bounds || schema.type == Type::integer || !format_in(schema).empty();
        if (is_checked && !(schema.int_or_string && value.is_double())) {
            if (std::string problem =
                    range_problem(value, schema, format_in(schema), "Checked", place.text());
                !problem.empty()) {
                out.add(placeless(std::move(problem)));
            }
        }
        out.matches += 2;
        if (!has_bounds) {
            return;
        }
        const Constraints& bounds = *schema.constraints;
        const double number = value.to_double();
        const auto report = [&](std::string_view what, double bound) {
            out.add(body_error(place.text(), value, cat(what, format_double(bound))));
        };
        if (bounds.multiple_of) {
            const double factor =
                bound_for(value, schema, "MultipleOf", *bounds.multiple_of, place, out);
            if (factor <= 0) {
                out.add(field_invalid(place.text(), Value(factor),
                                      cat("factor MultipleOf declared for ", place.text(),
                                          " must be positive: ", format_double(factor))));
            } else if (!is_whole(number / factor)) {
                report("should be a multiple of ", factor);
            }
        }
        if (bounds.minimum) {
            const double minimum =
                bound_for(value, schema, "Minimum boundary", *bounds.minimum, place, out);
            if (bounds.exclusive_minimum ? number <= minimum : number < minimum) {
                report(bounds.exclusive_minimum ? "should be greater than "
                                                : "should be greater than or equal to ",
                       minimum);
            }
        }
        if (bounds.maximum) {
            const double maximum =
                bound_for(value, schema, "Maximum boundary", *bounds.maximum, place, out);
            if (bounds.exclusive_maximum ? number >= maximum : number > maximum) {
                report(bounds.exclusive_maximum ? "should be less than "
                                                : "should be less than or equal to ",
                       maximum);
            }
        }
    }

    // The bound that `value` is compared with: what does not fit the schema's type is told of, what
    // fits counts without its fraction if the value has none. (So upstream does it.)
    double bound_for(const Value& value, const Schema& schema, std::string_view name, double bound,
                     const Place& place, Findings& out) const {
        if (std::string problem =
                range_problem(Value(bound), schema, format_in(schema), name, place.text());
            !problem.empty()) {
            out.add(placeless(std::move(problem)));
            return bound;
        }
        return value.is_int() ? std::trunc(bound) : bound;
    }

    // The item of the old list that has the keys of this one; null if items do not correlate.
    static const Value* find_old_item(const Value& item, const Schema& schema, const Value* old) {
        if (old == nullptr || schema.list_type != ListType::map || !item.is_map()) {
            return nullptr;
        }
        for (const Value& candidate : old->items()) {
            bool is_same = candidate.is_map();
            for (const std::string& key : schema.list_map_keys) {
                const Value* ours = item.find(key);
                const Value* theirs = candidate.find(key);
                is_same = is_same && (ours == nullptr) == (theirs == nullptr) &&
                          (ours == nullptr || *ours == *theirs);
            }
            if (is_same) {
                return &candidate;
            }
        }
        return nullptr;
    }

    void check_list(const Value& value, const Schema& schema, const Place& place, const Value* old,
                    Findings& out) {
        if (schema.items != nullptr) {
            for (size_t i = 0; i < value.size(); ++i) {
                const Value& item = value.at(i);
                out.merge(
                    validate(item, *schema.items, place.item(i), find_old_item(item, schema, old)));
            }
        }
        out.matches += 2;
        if (schema.constraints == nullptr) {
            return;
        }
        const Constraints& bounds = *schema.constraints;
        const auto count = static_cast<int64_t>(value.size());
        if (bounds.min_items && count < *bounds.min_items) {
            out.add(body_error(place.text(), Value(count),
                               cat("should have at least ", *bounds.min_items, " items")));
        }
        if (bounds.max_items && count > *bounds.max_items) {
            out.add(field_too_many(place.text(), count, *bounds.max_items));
        }
        if (bounds.unique_items && has_duplicates(value)) {
            out.add(field_invalid(place.text(), Value(""),
                                  cat(place.text(), " in body shouldn't contain duplicates")));
        }
    }

    static bool has_duplicates(const Value& list) {
        std::vector<const Value*> sorted;
        for (const Value& item : list.items()) {
            sorted.push_back(&item);
        }
        std::ranges::sort(
            sorted, [](const Value* a, const Value* b) { return Value::compare(*a, *b) < 0; });
        return std::ranges::adjacent_find(sorted, [](const Value* a, const Value* b) {
                   return Value::compare(*a, *b) == 0;
               }) != sorted.end();
    }

    static void check_enum(const Value& value, const Constraints& constraints, const Place& place,
                           Findings& out) {
        for (const Value& allowed : constraints.enum_values) {
            if (equals_enum(value, allowed)) {
                ++out.matches;
                return;
            }
        }
        std::vector<std::string> texts;
        for (const Value& allowed : constraints.enum_values) {
            texts.push_back(allowed.is_string() ? std::string(allowed.as_string())
                                                : to_json(allowed));
        }
        out.add(field_not_supported(place.text(), value, texts));
    }

    void check_map(const Value& value, const Schema& schema, const Place& place, const Value* old,
                   Findings& out) {
        const auto count = static_cast<int64_t>(value.size());
        if (schema.constraints != nullptr) {
            const Constraints& bounds = *schema.constraints;
            if (bounds.min_properties && count < *bounds.min_properties) {
                out.add(body_error(
                    place.text(), Value(count),
                    cat("should have at least ", *bounds.min_properties, " properties")));
            }
            if (bounds.max_properties && count > *bounds.max_properties) {
                out.add(field_too_many(place.text(), count, *bounds.max_properties));
            }
        }
        ++out.matches;
        for (const Member& member : value.members()) {
            const Schema* property = schema.find_member(member.name());
            if (property != nullptr) {
                const Value* old_member = old == nullptr ? nullptr : old->find(member.name());
                Place inner = place.member(member.name());
                // Upstream joins such a name to the empty path, too.
                inner.is_dotted = property == schema.additional_properties;
                out.merge(validate(member.value, *property, inner, old_member));
            } else if (schema.additional_properties_denied) {
                const std::string path = place.text();
                out.add(field_invalid(
                    path_child(path, member.name()), Value(""),
                    cat(path_child(path, member.name()), " in body is a forbidden property")));
            }
        }
        for (const std::string& name : schema.required) {
            if (!value.contains(name)) {
                out.add(field_required(place.member(name).text()));
            }
        }
    }

    Patterns& patterns_;
    Formats formats_;
};

Validator::Validator(SchemaPtr schema, Formats formats)
    : schema_(std::move(schema)), formats_(formats), patterns_(std::make_unique<Patterns>()) {}
Validator::~Validator() = default;
Validator::Validator(Validator&&) noexcept = default;
Validator& Validator::operator=(Validator&&) noexcept = default;

FieldErrors Validator::validate(const Value& value, const Value* old) const {
    if (schema_ == nullptr) {
        return {};
    }
    FieldErrors errors = Walk(*patterns_, formats_).validate(value, *schema_, Place(), old).errors;
    std::unordered_set<std::string> seen;
    std::erase_if(errors,
                  [&](const FieldError& error) { return !seen.insert(error.text()).second; });
    return errors;
}

FieldErrors validate(const Value& value, const Schema& schema, const Value* old) {
    return Validator(SchemaPtr(SchemaPtr(), &schema)).validate(value, old);
}

}  // namespace weft::schema
