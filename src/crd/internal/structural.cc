// crd/internal/structural.cc: the rules of structural schemas.

#include "crd/internal/structural.h"

#include <algorithm>
#include <re2/re2.h>

#include "base/base.h"
#include "crd/internal/internal_form.h"
#include "crd/limits.h"
#include "schema/limits.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;
using schema::path_key;

namespace {

enum class Level : uint8_t { root, item, field };

constexpr std::string_view preserve = "x-kubernetes-preserve-unknown-fields";
constexpr std::string_view embedded = "x-kubernetes-embedded-resource";
constexpr std::string_view int_or_string = "x-kubernetes-int-or-string";
constexpr std::string_view junctors[] = {"allOf", "anyOf", "oneOf"};

std::string_view type_of(const Value& schema) {
    return schema.string_at("type");
}

bool has_text(const Value& schema, std::string_view name) {
    return !schema.string_at(name).empty();
}

// additionalProperties as a schema; null if it is absent or true or false.
const Value* additional_schema(const Value& schema) {
    const Value* found = get(schema, "additionalProperties");
    return found != nullptr && found->is_map() ? found : nullptr;
}
// false counts as absent.
const Value* allowed_additional(const Value& schema) {
    const Value* found = get(schema, "additionalProperties");
    return found != nullptr && *found != Value(false) ? found : nullptr;
}
const Value* items_schema(const Value& schema) {
    const Value* found = get(schema, "items");
    return found != nullptr && found->is_map() ? found : nullptr;
}

// Whether the schema says nothing but a type.
bool is_only_type(const Value& schema, std::string_view type) {
    return type_of(schema) == type &&
           std::ranges::all_of(schema.members(), [](const Member& member) {
               return member.name() == "type" || member.value.is_null();
           });
}

bool is_int_or_string_any_of(const Value& schema) {
    const auto any_of = items_of(schema, "anyOf");
    return any_of.size() == 2 && is_only_type(any_of[0], "integer") &&
           is_only_type(any_of[1], "string");
}

bool is_int_or_string_all_of(const Value& schema) {
    const auto all_of = items_of(schema, "allOf");
    return !all_of.empty() && is_int_or_string_any_of(all_of[0]);
}

bool is_zero(const Value& value) {
    return value.is_null() || (value.is_bool() && !value.as_bool()) ||
           (!value.is_number() && !value.is_bool() && value.empty());
}

class Invariants {
public:
    Invariants(FieldErrors& errors, const StructuralOptions& options)
        : errors_(errors), options_(options) {}

    void check(const Value& schema, Level level, const std::string& path, size_t depth) {
        if (depth > schema_depth_max || errors_.size() >= errors_max) {
            return;
        }
        check_children(schema, level, path, depth);
        if (is_set(schema, int_or_string) && is_set(schema, preserve)) {
            errors_.push_back(field_invalid(path_child(path, preserve), Value(true),
                                            "must be false if x-kubernetes-int-or-string is true"));
        }
        if (is_set(schema, int_or_string) && is_set(schema, embedded)) {
            errors_.push_back(field_invalid(path_child(path, embedded), Value(true),
                                            "must be false if x-kubernetes-int-or-string is true"));
        }
        check_values(schema, is_int_or_string_any_of(schema), is_int_or_string_all_of(schema), path,
                     options_.allow_nested_rules, depth);
        check_type(schema, level, path);
        check_meta(schema, level, path);
        if (is_set(schema, embedded) && !is_set(schema, preserve) &&
            members_of(schema, "properties").empty()) {
            errors_.push_back(field_required(
                path_child(path, "properties"),
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields"));
        }
    }

private:
    void check_children(const Value& schema, Level level, const std::string& path, size_t depth) {
        if (type_of(schema) == "array" && get(schema, "items") == nullptr) {
            errors_.push_back(field_required(path_child(path, "items"), "must be specified"));
        }
        if (const Value* items = items_schema(schema)) {
            check(*items, Level::item, path_child(path, "items"), depth + 1);
        }
        for (const Member& property : members_of(schema, "properties")) {
            check(property.value, Level::field,
                  path_key(path_child(path, "properties"), property.name()), depth + 1);
        }
        if (get(schema, "additionalProperties") != nullptr) {
            const std::string place = path_child(path, "additionalProperties");
            if (level == Level::root) {
                errors_.push_back(field_forbidden(place, "must not be used at the root"));
            }
            if (const Value* additional = additional_schema(schema)) {
                check(*additional, Level::field, place, depth + 1);
            }
        }
    }

    void check_type(const Value& schema, Level level, const std::string& path) {
        const std::string_view type = type_of(schema);
        const std::string place = path_child(path, "type");
        if (is_set(schema, embedded) && type != "object") {
            constexpr std::string_view text =
                "must be object if x-kubernetes-embedded-resource is true";
            errors_.push_back(type.empty() ? field_required(place, std::string(text))
                                           : field_invalid(place, Value(type), std::string(text)));
        } else if (type.empty() && !is_set(schema, int_or_string) && !is_set(schema, preserve)) {
            errors_.push_back(field_required(
                place, level == Level::root   ? "must not be empty at the root"
                       : level == Level::item ? "must not be empty for specified array items"
                                              : "must not be empty for specified object fields"));
        }
        if (is_set(schema, embedded) && get(schema, "additionalProperties") != nullptr) {
            errors_.push_back(
                field_forbidden(path_child(path, "additionalProperties"),
                                "must not be used if x-kubernetes-embedded-resource is set"));
        }
        if (level == Level::root && !type.empty() && type != "object") {
            errors_.push_back(field_invalid(place, Value(type), "must be object at the root"));
        }
    }

    void check_meta(const Value& schema, Level level, const std::string& path) {
        const bool is_object = level == Level::root || is_set(schema, embedded);
        const std::string properties = path_child(path, "properties");
        for (const std::string_view name : {"kind", "apiVersion"}) {
            const Value* property = schema.find("properties", name);
            if (property != nullptr && is_object && type_of(*property) != "string") {
                errors_.push_back(field_invalid(path_child(path_key(properties, name), "type"),
                                                Value(type_of(*property)), "must be string"));
            }
        }
        const Value* metadata = schema.find("properties", "metadata");
        if (metadata == nullptr) {
            return;
        }
        const std::string place = path_key(properties, "metadata");
        if (is_object && type_of(*metadata) != "object") {
            errors_.push_back(field_invalid(path_child(place, "type"), Value(type_of(*metadata)),
                                            "must be object"));
        }
        if (level == Level::root && !restricts_names_only(*metadata)) {
            errors_.push_back(
                field_forbidden(place,
                                "must not specify anything other than name and generateName, but "
                                "metadata is implicitly specified"));
        }
    }

    static bool restricts_names_only(const Value& metadata) {
        return std::ranges::all_of(metadata.members(), [](const Member& member) {
            const std::string_view name = member.name();
            if (name == "type" || name == "default" || name == "example" ||
                name == "externalDocs" ||
                (is_zero(member.value) && name != "additionalProperties")) {
                return true;
            }
            return name == "properties" &&
                   std::ranges::all_of(member.value.members(), [](const Member& property) {
                       return property.name() == "name" || property.name() == "generateName";
                   });
        });
    }

    void check_values(const Value& schema, bool skip_any_of, bool skip_first_any_of,
                      const std::string& path, bool allow_rules, size_t depth) {
        if (depth > schema_depth_max) {
            return;
        }
        for (const std::string_view junctor : {"anyOf", "allOf", "oneOf"}) {
            if (junctor == "anyOf" && skip_any_of) {
                continue;
            }
            size_t i = 0;
            for (const Value& nested : items_of(schema, junctor)) {
                const bool is_all_of = junctor == "allOf";
                check_nested(nested, is_all_of && skip_first_any_of && i == 0,
                             path_index(path_child(path, junctor), i), is_all_of && allow_rules,
                             depth + 1);
                ++i;
            }
        }
        if (const Value* nested = get(schema, "not")) {
            check_nested(*nested, false, path_child(path, "not"), false, depth + 1);
        }
        if (const std::string_view pattern = schema.string_at("pattern"); !pattern.empty()) {
            if (const auto problem = regexp_problem(pattern)) {
                errors_.push_back(field_invalid(
                    path_child(path, "pattern"), Value(pattern),
                    cat("must be a valid regular expression, but isn't: ", *problem)));
            }
        }
    }

    void check_nested(const Value& schema, bool skip_any_of, const std::string& path,
                      bool allow_rules, size_t depth) {
        if (depth > schema_depth_max || errors_.size() >= errors_max) {
            return;
        }
        check_values(schema, skip_any_of, false, path, allow_rules, depth);
        if (const Value* items = items_schema(schema)) {
            check_nested(*items, false, path_child(path, "items"), allow_rules, depth + 1);
        }
        for (const Member& property : members_of(schema, "properties")) {
            check_nested(property.value, false,
                         path_key(path_child(path, "properties"), property.name()), allow_rules,
                         depth + 1);
        }
        const auto forbid = [&](std::string_view name, std::string_view what) {
            errors_.push_back(field_forbidden(path_child(path, name),
                                              cat("must be ", what, " to be structural")));
        };
        if (has_text(schema, "type")) {
            forbid("type", "empty");
        }
        if (const Value* additional = allowed_additional(schema)) {
            if (!options_.allow_nested_additional_properties) {
                forbid("additionalProperties", "undefined");
            } else if (additional->is_map()) {
                check_nested(*additional, false, path_child(path, "additionalProperties"),
                             allow_rules, depth + 1);
            }
        }
        if (get(schema, "default") != nullptr) {
            forbid("default", "undefined");
        }
        if (has_text(schema, "title")) {
            forbid("title", "empty");
        }
        if (has_text(schema, "description")) {
            forbid("description", "empty");
        }
        if (is_set(schema, "nullable")) {
            forbid("nullable", "false");
        }
        for (const std::string_view name : {preserve, embedded, int_or_string}) {
            if (is_set(schema, name)) {
                forbid(name, "false");
            }
        }
        if (!items_of(schema, "x-kubernetes-list-map-keys").empty()) {
            forbid("x-kubernetes-list-map-keys", "empty");
        }
        for (const std::string_view name : {"x-kubernetes-list-type", "x-kubernetes-map-type"}) {
            if (get(schema, name) != nullptr) {
                forbid(name, "undefined");
            }
        }
        if (!items_of(schema, "x-kubernetes-validations").empty() && !allow_rules) {
            forbid("x-kubernetes-validations", "empty");
        }
        if (schema.find("properties", "metadata") != nullptr) {
            errors_.push_back(field_forbidden(path_key(path_child(path, "properties"), "metadata"),
                                              "must not be specified in a nested context"));
        }
    }

    FieldErrors& errors_;
    const StructuralOptions& options_;
};

class Completeness {
public:
    Completeness(FieldErrors& errors, const StructuralOptions& options)
        : errors_(errors), options_(options) {}

    // `conditions`: a schema whose junctors are looked at; `schema`: what exists; null: nothing.
    void check_values(const Value& conditions, const Value* schema, const std::string& schema_path,
                      const std::string& path, size_t depth) {
        if (schema == nullptr) {
            missing(schema_path, path);
            return;
        }
        if (const Value* nested = get(conditions, "not")) {
            check_nested(*nested, schema, schema_path, path_child(path, "not"), depth + 1);
        }
        for (const std::string_view junctor : junctors) {
            size_t i = 0;
            for (const Value& nested : items_of(conditions, junctor)) {
                check_nested(nested, schema, schema_path,
                             path_index(path_child(path, junctor), i++), depth + 1);
            }
        }
    }

private:
    void check_nested(const Value& nested, const Value* schema, const std::string& schema_path,
                      const std::string& path, size_t depth) {
        if (depth > schema_depth_max || errors_.size() >= errors_max) {
            return;
        }
        if (schema == nullptr) {
            missing(schema_path, path);
            return;
        }
        check_values(nested, schema, schema_path, path, depth);
        if (const Value* items = items_schema(nested)) {
            check_nested(*items, items_schema(*schema), path_child(schema_path, "items"),
                         path_child(path, "items"), depth + 1);
        }
        const Value* additional = additional_schema(*schema);
        for (const Member& property : members_of(nested, "properties")) {
            const std::string inner = path_key(path_child(path, "properties"), property.name());
            const std::string there =
                path_key(path_child(schema_path, "properties"), property.name());
            if (const Value* found = schema->find("properties", property.name())) {
                check_nested(property.value, found, there, inner, depth + 1);
            } else if (additional != nullptr &&
                       options_.allow_properties_with_additional_properties) {
                check_nested(property.value, additional,
                             path_child(schema_path, "additionalProperties"), inner, depth + 1);
            } else {
                missing(there, inner);
            }
        }
        const Value* inner = additional_schema(nested);
        if (inner != nullptr && options_.allow_nested_additional_properties) {
            check_nested(*inner, additional, path_child(schema_path, "additionalProperties"),
                         path_child(path, "additionalProperties"), depth + 1);
        }
    }

    void missing(const std::string& schema_path, const std::string& path) {
        errors_.push_back(field_required(schema_path, cat("because it is defined in ", path)));
    }

    FieldErrors& errors_;
    const StructuralOptions& options_;
};

std::optional<std::string> unsupported(const Value& schema, size_t depth) {
    if (depth > schema_depth_max) {
        return "OpenAPIV3Schema is nested too deeply";
    }
    for (const std::string_view name : {"id", "$schema", "$ref"}) {
        if (has_text(schema, name)) {
            return cat("OpenAPIV3Schema '", name == "$schema" ? "schema" : name,
                       "' is not supported");
        }
    }
    for (const std::string_view name : {"patternProperties", "dependencies"}) {
        if (const Value* found = get(schema, name); found != nullptr && !found->empty()) {
            return cat("OpenAPIV3Schema '", name, "' is not supported");
        }
    }
    if (get(schema, "additionalItems") != nullptr) {
        return "OpenAPIV3Schema 'additionalItems' is not supported";
    }
    if (const Value* found = get(schema, "definitions"); found != nullptr && !found->empty()) {
        return "OpenAPIV3Schema 'definitions' is not supported";
    }
    if (const Value* found = get(schema, preserve); found != nullptr && !is_set(schema, preserve)) {
        return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
    }
    if (const Value* items = get(schema, "items"); items != nullptr && items->is_list()) {
        return "OpenAPIV3Schema 'items' must be a schema, but is an array";
    }
    std::optional<std::string> found;
    struct Context {
        std::optional<std::string>* found;
        size_t depth;
    } context{&found, depth};
    for_each_child(
        schema,
        [](void* opaque, const Value& child) {
            const auto& state = *static_cast<Context*>(opaque);
            if (!*state.found) {
                *state.found = unsupported(child, state.depth + 1);
            }
        },
        &context);
    return found;
}

void sort_by_text(FieldErrors& errors) {
    std::ranges::stable_sort(errors, {}, [](const schema::FieldError& e) { return e.text(); });
}

}  // namespace

void for_each_child(const Value& schema, void (*visit)(void*, const Value&), void* context) {
    if (const Value* items = get(schema, "items")) {
        if (items->is_map()) {
            visit(context, *items);
        }
        for (const Value& item : items->items()) {
            visit(context, item);
        }
    }
    for (const std::string_view junctor : {"allOf", "anyOf", "oneOf"}) {
        for (const Value& nested : items_of(schema, junctor)) {
            visit(context, nested);
        }
    }
    const auto visit_one = [&](std::string_view name) {
        if (const Value* nested = get(schema, name); nested != nullptr && nested->is_map()) {
            visit(context, *nested);
        }
    };
    const auto visit_named = [&](std::string_view name) {
        for (const Member& member : members_of(schema, name)) {
            if (member.value.is_map()) {
                visit(context, member.value);
            }
        }
    };
    visit_one("not");
    visit_named("properties");
    visit_one("additionalProperties");
    visit_named("patternProperties");
    visit_one("additionalItems");
    visit_named("definitions");
    visit_named("dependencies");
}

std::optional<std::string> conversion_error(const Value& schema) {
    return unsupported(schema, 0);
}

FieldErrors validate_completeness(const Value& schema, std::string_view path,
                                  const StructuralOptions& options) {
    FieldErrors errors;
    const std::string place(path);
    Completeness(errors, options).check_values(schema, &schema, place, place, 0);
    return errors;
}

FieldErrors validate_structural(const Value& schema, std::string_view path,
                                const StructuralOptions& options) {
    FieldErrors errors;
    Invariants(errors, options).check(schema, Level::root, std::string(path), 0);
    std::ranges::move(validate_completeness(schema, path, options), std::back_inserter(errors));
    sort_by_text(errors);
    return errors;
}

FieldErrors structural_errors(const Value& definition) {
    FieldErrors errors;
    const Value* spec = get(definition, "spec");
    if (spec == nullptr) {
        return errors;
    }
    const auto check = [&errors](const Value* schema, const std::string& path) {
        if (schema == nullptr || schema->is_null()) {
            return;
        }
        if (const auto problem = conversion_error(*schema)) {
            errors.push_back(field_invalid(path, Value(""), *problem));
            return;
        }
        std::ranges::move(validate_structural(*schema, path), std::back_inserter(errors));
    };
    check(spec->find("validation", "openAPIV3Schema"), "spec.validation.openAPIV3Schema");
    size_t i = 0;
    for (const Value& version : items_of(*spec, "versions")) {
        check(version.find("schema", "openAPIV3Schema"),
              cat("spec.versions[", i++, "].schema.openAPIV3Schema"));
    }
    if (is_set(*spec, "preserveUnknownFields")) {
        errors.push_back(field_invalid("spec.preserveUnknownFields", Value(true), "must be false"));
    }
    return errors;
}

std::optional<std::string> regexp_problem(std::string_view pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(static_cast<int64_t>(schema::pattern_memory_max));
    const re2::RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (compiled.ok()) {
        return std::nullopt;
    }
    std::string_view text = "expression too large";
    switch (compiled.error_code()) {
        case re2::RE2::ErrorBadEscape:
            text = "invalid escape sequence";
            break;
        case re2::RE2::ErrorBadCharClass:
            text = "invalid character class";
            break;
        case re2::RE2::ErrorBadCharRange:
            text = "invalid character class range";
            break;
        case re2::RE2::ErrorMissingBracket:
            text = "missing closing ]";
            break;
        case re2::RE2::ErrorMissingParen:
            text = "missing closing )";
            break;
        case re2::RE2::ErrorTrailingBackslash:
            return "error parsing regexp: trailing backslash at end of expression: ``";
        case re2::RE2::ErrorRepeatArgument:
            text = "missing argument to repetition operator";
            break;
        case re2::RE2::ErrorRepeatSize:
            text = "invalid repeat count";
            break;
        case re2::RE2::ErrorRepeatOp:
            text = "invalid nested repetition operator";
            break;
        case re2::RE2::ErrorBadPerlOp:
            text = "invalid or unsupported Perl syntax";
            break;
        case re2::RE2::ErrorBadUTF8:
            text = "invalid UTF-8";
            break;
        case re2::RE2::ErrorBadNamedCapture:
            text = "invalid named capture";
            break;
        default:
            break;
    }
    return cat("error parsing regexp: ", text, ": `", compiled.error_arg(), "`");
}

}  // namespace weft::crd::internal
