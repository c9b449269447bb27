// crd/internal/validate_schema.cc: the walk of upstream's OpenAPI schema validation.

#include "crd/internal/validate_schema.h"

#include <algorithm>
#include <set>

#include "base/base.h"
#include "crd/internal/errors.h"
#include "crd/internal/field_path.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/rule_check.h"
#include "crd/internal/structural.h"
#include "crd/limits.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;
using schema::path_key;

namespace {

constexpr std::string_view list_type = "x-kubernetes-list-type";
constexpr std::string_view map_type = "x-kubernetes-map-type";
constexpr std::string_view map_keys = "x-kubernetes-list-map-keys";
constexpr std::string_view validations = "x-kubernetes-validations";

bool has_line_break(std::string_view text) {
    return text.find_first_of("\n\r") != std::string_view::npos;
}

// What is known of a place in the schema; passed down.
struct Scope {
    bool allow_defaults = true;
    std::string_view no_defaults_reason;
    bool is_inside_meta = false;
    std::string uncorrelatable;  // path of the first node whose parts have no old values; "" none
    RuleScope rules;             // for costs and types
};

class SchemaWalk {
public:
    SchemaWalk(const SchemaOptions& options, RuleCheck* rules) : options_(options), rules_(rules) {}

    FieldErrors schema_errors;
    FieldErrors rule_errors;

    // True if nothing was wrong with this schema and those below.
    bool check(const Value& schema, const std::string& path, const Scope& scope, bool is_root,
               size_t depth) {
        if (!schema.is_map() || depth > schema_depth_max || schema_errors.size() >= errors_max) {
            return true;
        }
        const size_t before = schema_errors.size();
        check_standard(schema, path, scope);
        if (is_set(schema, "uniqueItems")) {
            schema_errors.push_back(field_forbidden(
                path_child(path, "uniqueItems"),
                "uniqueItems cannot be set to true since the runtime complexity becomes "
                "quadratic"));
        }
        check_additional(schema, path, scope, depth);
        check_properties(schema, path, scope, is_root, depth);
        check_junctors(schema, path, scope, depth);
        check_items(schema, path, scope, depth);
        check_extensions(schema, path);
        if (options_.require_map_keys) {
            add_errors(schema_errors, validate_map_keys(schema, path));
        }
        check_rules(schema, path, scope, before);
        return schema_errors.size() == before;
    }

private:
    void forbid(const std::string& path, std::string_view name) {
        schema_errors.push_back(
            field_forbidden(path_child(path, name), cat(name, " is not supported")));
    }

    void check_standard(const Value& schema, const std::string& path, const Scope& scope) {
        const std::string_view type = schema.string_at("type");
        if (options_.require_valid_type && !type.empty() && !is_known_type(type)) {
            schema_errors.push_back(schema::field_not_supported(
                path_child(path, "type"), Value(type),
                {"array", "boolean", "integer", "number", "object", "string"}));
        }
        if (get(schema, "default") != nullptr && !scope.allow_defaults) {
            schema_errors.push_back(
                field_forbidden(path_child(path, "default"),
                                cat("must not be set", scope.no_defaults_reason.empty() ? "" : " ",
                                    scope.no_defaults_reason)));
        }
        if (!schema.string_at("id").empty()) {
            forbid(path, "id");
        }
        if (get(schema, "additionalItems") != nullptr) {
            forbid(path, "additionalItems");
        }
        for (const std::string_view name : {"patternProperties", "definitions"}) {
            if (!members_of(schema, name).empty()) {
                forbid(path, name);
            }
        }
        if (get(schema, "dependencies") != nullptr) {
            forbid(path, "dependencies");
        }
        if (get(schema, "$ref") != nullptr) {
            forbid(path, "$ref");
        }
        if (type == "null") {
            schema_errors.push_back(
                field_forbidden(path_child(path, "type"),
                                "type cannot be set to null, use nullable as an alternative"));
        }
        if (!items_of(schema, "items").empty()) {
            schema_errors.push_back(field_forbidden(
                path_child(path, "items"), "items must be a schema object and not an array"));
        }
        if (scope.is_inside_meta && is_set(schema, "x-kubernetes-embedded-resource")) {
            schema_errors.push_back(
                field_forbidden(path_child(path, "x-kubernetes-embedded-resource"),
                                "must not be used inside of resource meta"));
        }
    }

    void check_additional(const Value& schema, const std::string& path, const Scope& scope,
                          size_t depth) {
        const Value* additional = get(schema, "additionalProperties");
        if (additional == nullptr) {
            return;
        }
        const std::string place = path_child(path, "additionalProperties");
        const bool is_just_true = additional->is_bool() && additional->as_bool();
        if (!members_of(schema, "properties").empty() && !is_just_true) {
            schema_errors.push_back(
                field_forbidden(place, "additionalProperties and properties are mutual exclusive"));
        }
        if (!additional->is_map()) {
            return;
        }
        Scope inner = scope;
        if (scope.is_inside_meta) {
            inner.allow_defaults = false;
            inner.no_defaults_reason = "inside additionalProperties applying to object metadata";
        }
        inner.rules = scope.rules.child(schema, RuleScope::Step::additional);
        check(*additional, place, inner, false, depth + 1);
    }

    void check_properties(const Value& schema, const std::string& path, const Scope& scope,
                          bool is_root, size_t depth) {
        const std::string_view of_map = schema.string_at(map_type);
        const bool correlates = of_map.empty() || of_map == "granular" || of_map == "atomic";
        const bool is_object = is_root || is_set(schema, "x-kubernetes-embedded-resource");
        for (const Member& property : members_of(schema, "properties")) {
            const std::string_view name = property.name();
            Scope inner = scope;
            if (!correlates && inner.uncorrelatable.empty()) {
                inner.uncorrelatable = path;
            }
            if (is_object && (name == "metadata" || name == "kind" || name == "apiVersion")) {
                inner.is_inside_meta = true;
                if (is_root) {
                    inner.allow_defaults = false;
                    inner.no_defaults_reason = name == "metadata" ? "in top-level metadata"
                                               : name == "kind"   ? "in top-level kind"
                                                                  : "in top-level apiVersion";
                }
            }
            inner.rules = scope.rules.child(schema, RuleScope::Step::property, name);
            check(property.value, path_key(path_child(path, "properties"), name), inner, false,
                  depth + 1);
        }
    }

    void check_junctors(const Value& schema, const std::string& path, const Scope& scope,
                        size_t depth) {
        Scope inner = scope;
        inner.rules = RuleScope::none();
        if (const Value* nested = get(schema, "not")) {
            check(*nested, path_child(path, "not"), inner, false, depth + 1);
        }
        for (const std::string_view junctor : {"allOf", "oneOf", "anyOf"}) {
            size_t i = 0;
            for (const Value& nested : items_of(schema, junctor)) {
                check(nested, path_index(path_child(path, junctor), i++), inner, false, depth + 1);
            }
        }
        for (const std::string_view name : {"definitions", "dependencies"}) {
            for (const Member& member : members_of(schema, name)) {
                if (member.value.is_map()) {
                    check(member.value, path_key(path_child(path, name), member.name()), inner,
                          false, depth + 1);
                }
            }
        }
    }

    void check_items(const Value& schema, const std::string& path, const Scope& scope,
                     size_t depth) {
        const Value* items = get(schema, "items");
        if (items == nullptr) {
            return;
        }
        Scope inner = scope;
        if (schema.string_at(list_type) != "map" && inner.uncorrelatable.empty()) {
            inner.uncorrelatable = path;
        }
        inner.rules = scope.rules.child(schema, RuleScope::Step::item);
        const std::string place = path_child(path, "items");
        check(*items, place, inner, false, depth + 1);
        size_t i = 0;
        for (const Value& item : items->items()) {
            check(item, path_index(place, i++), inner, false, depth + 1);
        }
    }

    void check_extensions(const Value& schema, const std::string& path) {
        const std::string_view type = schema.string_at("type");
        if (const Value* keep = get(schema, "x-kubernetes-preserve-unknown-fields");
            keep != nullptr && !(keep->is_bool() && keep->as_bool())) {
            schema_errors.push_back(
                field_invalid(path_child(path, "x-kubernetes-preserve-unknown-fields"),
                              Value(false), "must be true or undefined"));
        }
        if (const Value* of_map = get(schema, map_type)) {
            check_type_for(type, "object", map_type, path);
            if (const std::string_view text = schema.string_at(map_type);
                text != "atomic" && text != "granular") {
                schema_errors.push_back(schema::field_not_supported(
                    path_child(path, map_type), *of_map, {"atomic", "granular"}));
            }
        }
        const Value* of_list = get(schema, list_type);
        const std::string_view list = schema.string_at(list_type);
        if (of_list != nullptr && type != "array") {
            check_type_for(type, "array", list_type, path);
        } else if (options_.require_atomic_set && list == "set") {
            check_set_items(schema, path);
        }
        if (of_list != nullptr && list != "atomic" && list != "set" && list != "map") {
            schema_errors.push_back(schema::field_not_supported(
                path_child(path, list_type), *of_list, {"atomic", "set", "map"}));
        }
        if (!items_of(schema, map_keys).empty() && list != "map") {
            constexpr std::string_view text =
                "must be map if x-kubernetes-list-map-keys is non-empty";
            schema_errors.push_back(
                of_list == nullptr
                    ? field_required(path_child(path, list_type), std::string(text))
                    : field_invalid(path_child(path, list_type), *of_list, std::string(text)));
        }
        if (list == "map") {
            check_list_map(schema, path);
        }
    }

    void check_type_for(std::string_view type, std::string_view wanted, std::string_view extension,
                        const std::string& path) {
        if (type == wanted) {
            return;
        }
        std::string text = cat("must be ", wanted, " if ", extension, " is specified");
        const std::string place = path_child(path, "type");
        schema_errors.push_back(type.empty() ? field_required(place, std::move(text))
                                             : field_invalid(place, Value(type), std::move(text)));
    }

    void check_set_items(const Value& schema, const std::string& path) {
        const Value* items = get(schema, "items");
        if (items == nullptr || !items->is_map()) {
            return;
        }
        constexpr std::string_view text =
            "must be atomic as item of a list with x-kubernetes-list-type=set";
        const Value* of_list = get(*items, list_type);
        const std::string place = path_child(path, "items");
        if (items->string_at("type") == "array" && of_list != nullptr &&
            items->string_at(list_type) != "atomic") {
            schema_errors.push_back(
                field_invalid(path_child(place, list_type), *of_list, std::string(text)));
        } else if (items->string_at("type") == "object" && items->string_at(map_type) != "atomic") {
            // Upstream shows the list type here.
            schema_errors.push_back(field_invalid(path_child(place, map_type),
                                                  of_list == nullptr ? Value() : *of_list,
                                                  std::string(text)));
        }
    }

    void check_list_map(const Value& schema, const std::string& path) {
        const std::string keys_path = path_child(path, map_keys);
        if (items_of(schema, map_keys).empty()) {
            schema_errors.push_back(
                field_required(keys_path, "must not be empty if x-kubernetes-list-type is map"));
        }
        const Value* items = get(schema, "items");
        const std::string place = path_child(path, "items");
        if (items == nullptr) {
            schema_errors.push_back(
                field_required(place, "must have a schema if x-kubernetes-list-type is map"));
            return;
        }
        if (!items->is_map()) {
            schema_errors.push_back(field_invalid(
                place, *items, "must only have a single schema if x-kubernetes-list-type is map"));
            return;
        }
        const Value type(items->string_at("type"));
        if (type != Value("object")) {
            schema_errors.push_back(
                field_invalid(path_child(place, "type"), type,
                              "must be object if parent array's x-kubernetes-list-type is map"));
            return;
        }
        std::set<std::string_view> seen;
        for (const Value& key : items_of(schema, map_keys)) {
            const std::string_view name = key.is_string() ? key.as_string() : "";
            const Value* property = items->find("properties", name);
            if (property == nullptr) {
                schema_errors.push_back(
                    field_invalid(keys_path, *get(schema, map_keys),
                                  "entries must all be names of item properties"));
            } else if (property->string_at("type") == "array" ||
                       property->string_at("type") == "object") {
                schema_errors.push_back(field_invalid(
                    path_child(path_key(path_child(place, "properties"), name), "type"), type,
                    "must be a scalar type if parent array's x-kubernetes-list-type is map"));
            }
            if (!seen.insert(name).second) {
                schema_errors.push_back(field_invalid(keys_path, *get(schema, map_keys),
                                                      "must not contain duplicate entries"));
            }
        }
    }

    void check_rules(const Value& schema, const std::string& path, const Scope& scope,
                     size_t errors_before) {
        const auto rules = items_of(schema, validations);
        if (rules.empty()) {
            return;
        }
        const std::string place = path_child(path, validations);
        for (size_t i = 0; i < rules.size(); ++i) {
            check_rule_texts(schema, rules[i], path_index(place, i));
        }
        // Types cannot be told of a broken schema, and messages about them would only confuse.
        if (schema_errors.size() == errors_before && rules_ != nullptr && scope.rules.is_known()) {
            add_errors(rule_errors, rules_->check(rules, place, scope.rules, scope.uncorrelatable,
                                                  options_.suppress_rule_cost));
        }
    }

    void check_rule_texts(const Value& schema, const Value& rule, const std::string& path) {
        const std::string_view message = rule.string_at("message");
        const std::string_view trimmed = trim(message);
        const std::string_view text = trim(rule.string_at("rule"));
        if (text.empty()) {
            schema_errors.push_back(
                field_required(path_child(path, "rule"), "rule is not specified"));
        } else if (!message.empty() && trimmed.empty()) {
            schema_errors.push_back(field_invalid(path_child(path, "message"), Value(message),
                                                  "must be non-empty if specified"));
        } else if (has_line_break(trimmed)) {
            schema_errors.push_back(field_invalid(path_child(path, "message"), Value(message),
                                                  "must not contain line breaks"));
        } else if (has_line_break(text) && trimmed.empty()) {
            schema_errors.push_back(
                field_required(path_child(path, "message"),
                               "message must be specified if rule contains line breaks"));
        }
        const std::string_view expression = rule.string_at("messageExpression");
        if (!expression.empty() && trim(expression).empty()) {
            schema_errors.push_back(
                field_required(path_child(path, "messageExpression"),
                               "messageExpression must be non-empty if specified"));
        }
        if (const Value* reason = get(rule, "reason")) {
            const std::vector<std::string> supported{"FieldValueDuplicate", "FieldValueForbidden",
                                                     "FieldValueInvalid", "FieldValueRequired"};
            if (std::ranges::find(supported, rule.string_at("reason")) == supported.end()) {
                schema_errors.push_back(
                    schema::field_not_supported(path_child(path, "reason"), *reason, supported));
            }
        }
        const std::string_view field = rule.string_at("fieldPath");
        if (field.empty()) {
            return;
        }
        const auto refuse = [&](std::string_view why) {
            schema_errors.push_back(
                field_invalid(path_child(path, "fieldPath"), Value(field), std::string(why)));
        };
        if (trim(field).empty()) {
            refuse("must be non-empty if specified");
        }
        if (has_line_break(field)) {
            refuse("must not contain line breaks");
        }
        if (!conversion_error(schema) && !find_field_path(field, schema)) {
            refuse("must be a valid path");
        }
    }

    const SchemaOptions& options_;
    RuleCheck* rules_;
};

// Members of the root that say something about more than `properties.status` may not stand beside
// a status subresource. In the order of Go's struct.
constexpr std::pair<std::string_view, std::string_view> not_beside_status[] = {
    {"id", "ID"},
    {"$schema", "Schema"},
    {"$ref", "Ref"},
    {"nullable", "Nullable"},
    {"default", "Default"},
    {"enum", "Enum"},
    {"maxProperties", "MaxProperties"},
    {"minProperties", "MinProperties"},
    {"allOf", "AllOf"},
    {"oneOf", "OneOf"},
    {"anyOf", "AnyOf"},
    {"not", "Not"},
    {"additionalProperties", "AdditionalProperties"},
    {"patternProperties", "PatternProperties"},
    {"dependencies", "Dependencies"},
    {"additionalItems", "AdditionalItems"},
    {"definitions", "Definitions"},
    {"x-kubernetes-embedded-resource", "XEmbeddedResource"},
    {"x-kubernetes-int-or-string", "XIntOrString"},
    {"x-kubernetes-list-map-keys", "XListMapKeys"},
    {"x-kubernetes-list-type", "XListType"},
    {"x-kubernetes-map-type", "XMapType"},
};

bool is_zero_in_go(const Value& value) {
    return value.is_null() || (value.is_bool() && !value.as_bool()) ||
           (value.is_string() && value.empty());
}

void check_root_beside_status(const Value& schema, const std::string& path, FieldErrors& out) {
    const std::string_view type = schema.string_at("type");
    if (!type.empty() && type != "object") {
        out.push_back(field_invalid(
            cat(path, ".openAPIV3Schema.type"), Value(type),
            "only \"object\" is allowed as the type at the root of the schema if the status "
            "subresource is enabled"));
        return;
    }
    for (const auto& [name, go_name] : not_beside_status) {
        if (const Value* found = get(schema, name); found != nullptr && !is_zero_in_go(*found)) {
            schema::FieldError error = field_invalid(
                cat(path, ".openAPIV3Schema"), schema_as_go(schema),
                "only [Description Type Format Title Maximum ExclusiveMaximum Minimum "
                "ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems "
                "MultipleOf Required Items Properties ExternalDocs Example "
                "XPreserveUnknownFields XValidations] fields are allowed at the root of the "
                "schema if the status subresource is enabled");
            out.push_back(std::move(error));
            return;
        }
    }
}

}  // namespace

bool is_known_type(std::string_view type) {
    return type == "string" || type == "number" || type == "integer" || type == "boolean" ||
           type == "array" || type == "object";
}

bool has_non_atomic_set(const Value& schema) {
    return any_schema(schema, [](const Value& node) {
        const Value* items = get(node, "items");
        if (node.string_at(list_type) != "set" || items == nullptr || !items->is_map()) {
            return false;
        }
        const std::string_view type = items->string_at("type");
        return (type == "array" && get(*items, list_type) != nullptr &&
                items->string_at(list_type) != "atomic") ||
               (type == "object" && items->string_at(map_type) != "atomic");
    });
}

FieldErrors validate_map_keys(const Value& schema, const std::string& path) {
    FieldErrors out;
    const Value* items = get(schema, "items");
    const std::string_view list = schema.string_at(list_type);
    if (items == nullptr || !items->is_map() || (list != "set" && list != "map")) {
        return out;
    }
    const std::string place = path_child(path, "items");
    if (is_set(*items, "nullable")) {
        out.push_back(
            field_forbidden(path_child(place, "nullable"),
                            cat("cannot be nullable when x-kubernetes-list-type is ", list)));
    }
    if (list == "set") {
        return out;
    }
    for (const Value& key : items_of(schema, map_keys)) {
        const Value* property =
            key.is_string() ? items->find("properties", key.as_string()) : nullptr;
        if (property == nullptr) {
            continue;
        }
        const auto required = items_of(*items, "required");
        const std::string where = path_key(path_child(place, "properties"), key.as_string());
        if (std::ranges::find(required, key) == required.end() &&
            get(*property, "default") == nullptr) {
            out.push_back(field_required(
                path_child(where, "default"),
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be "
                "a required property"));
        }
        if (is_set(*property, "nullable")) {
            out.push_back(field_forbidden(path_child(where, "nullable"),
                                          "this property is in x-kubernetes-list-map-keys, so it "
                                          "cannot be nullable"));
        }
    }
    return out;
}

FieldErrors validate_validation(const Value* validation, bool has_status,
                                const SchemaOptions& options, const std::string& path) {
    FieldErrors out;
    const Value* found = validation == nullptr ? nullptr : get(*validation, "openAPIV3Schema");
    if (found == nullptr || !found->is_map()) {
        return out;
    }
    const Value& schema = *found;
    if (has_status) {
        check_root_beside_status(schema, path, out);
    }
    if (is_set(schema, "nullable")) {
        out.push_back(field_forbidden(cat(path, ".openAPIV3Schema.nullable"),
                                      "nullable cannot be true at the root"));
    }
    const std::string place = path_child(path, "openAPIV3Schema");
    std::optional<RuleCheck> rules;
    std::optional<std::string> unreadable;
    if (options.require_structural) {
        unreadable = conversion_error(schema);
        if (!unreadable) {
            if (FieldErrors errors = validate_structural(schema, place); !errors.empty()) {
                add_errors(out, std::move(errors));
            } else if (auto read = read_schema(schema); !read) {
                out.push_back(field_invalid(place, Value(""), read.error().message()));
            } else if (FieldErrors bad =
                           validate_defaults(*read, true, options.require_pruned_defaults, place);
                       !bad.empty()) {
                add_errors(out, std::move(bad));
            } else {
                rules.emplace(std::move(*read));
            }
        }
    }
    SchemaWalk walk(options, rules ? &*rules : nullptr);
    Scope scope;
    scope.allow_defaults = options.allow_defaults;
    scope.rules = rules ? rules->root() : RuleScope::none();
    walk.check(schema, place, scope, true, 0);
    add_errors(out, std::move(walk.schema_errors));
    add_errors(out, std::move(walk.rule_errors));
    if (out.empty() && unreadable) {
        out.push_back(field_invalid(place, Value(""), *unreadable));
    }
    if (rules) {
        add_errors(out, rules->total_errors(place));
    }
    return out;
}

}  // namespace weft::crd::internal
