// crd/internal/validate_defaults.cc: defaults that fit their own schema.

#include <algorithm>

#include "base/base.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/object_meta.h"
#include "crd/internal/rules.h"
#include "crd/internal/structural.h"
#include "crd/internal/validate_schema.h"
#include "crd/limits.h"
#include "schema/object_meta.h"
#include "schema/open_api.h"
#include "schema/prune.h"
#include "schema/validate.h"

namespace weft::crd::internal {

using schema::field_invalid;
using schema::FieldErrors;
using schema::path_child;
using schema::path_key;
using schema::Schema;
using schema::SchemaPtr;

namespace {

// Where a default stands below the whole object it belongs to: names, and items for lists.
using Steps = std::vector<std::optional<std::string>>;

// A whole object that has nothing but the value at that place.
Value surround(const Value& value, const Steps& steps, size_t from = 0) {
    Value out = Value::map();
    if (from == 0) {
        out.set("apiVersion", Value("validation/v1"));
        out.set("kind", Value("Validation"));
    }
    if (from >= steps.size()) {
        return value;
    }
    Value inner = from + 1 == steps.size() ? value : surround(value, steps, from + 1);
    if (!steps[from]) {
        return Value::list_of({std::move(inner)});
    }
    out.set(*steps[from], std::move(inner));
    return out;
}

class DefaultsWalk {
public:
    DefaultsWalk(SchemaPtr owner, SchemaPtr loose, bool require_pruned)
        : owner_(std::move(owner)), loose_(std::move(loose)), require_pruned_(require_pruned) {}

    FieldErrors errors;

    void walk(const Schema& schema, const Schema& loose, const Schema* root, Steps steps,
              bool is_object, bool is_inside_meta, const std::string& path, size_t depth) {
        if (depth > schema_depth_max || errors.size() >= errors_max) {
            return;
        }
        if (is_object) {
            is_inside_meta = false;
            steps.clear();
            root = &schema;
        }
        if (schema.default_value) {
            const std::string place = path_child(path, "default");
            if (is_inside_meta) {
                check_inside_meta(schema, loose, *root, steps, place);
            } else {
                check(schema, loose, is_object, place);
            }
        }
        // Defaults below additionalProperties are refused elsewhere.
        if (schema.items != nullptr) {
            steps.emplace_back();
            walk(*schema.items, *loose.items, root, steps, schema.items->embedded_resource,
                 is_inside_meta, path_child(path, "items"), depth + 1);
            steps.pop_back();
        }
        for (const schema::Property& property : schema.properties) {
            const bool is_meta =
                is_object && (property.name == "metadata" || property.name == "apiVersion" ||
                              property.name == "kind");
            steps.emplace_back(property.name);
            walk(*property.schema, *loose.find_property(property.name), root, steps,
                 property.schema->embedded_resource, is_inside_meta || is_meta,
                 path_key(path_child(path, "properties"), property.name), depth + 1);
            steps.pop_back();
        }
    }

private:
    [[nodiscard]] FieldErrors validate(const Schema& schema, const Schema& loose,
                                       const std::string& place) const {
        const schema::Validator validator(SchemaPtr(loose_, &loose),
                                          schema::Validator::Formats::all);
        FieldErrors out = validator.validate(*schema.default_value);
        put_below(out, place);
        return out;
    }

    static void put_below(FieldErrors& found, const std::string& place) {
        for (schema::FieldError& error : found) {
            const std::string_view below = error.path;
            const bool is_joined = below.empty() || below.starts_with('.');
            error.path = cat(place, is_joined ? "" : ".", below);
        }
    }

    void check(const Schema& schema, const Schema& loose, bool is_object,
               const std::string& place) {
        const Value& value = *schema.default_value;
        if (require_pruned_) {
            Value pruned = value;
            schema::prune(pruned, &schema, {.is_resource_root = is_object});
            if (!(pruned == value)) {
                errors.push_back(field_invalid(place, value, "must not have unknown fields"));
            }
        }
        Value coerced = value;
        FieldErrors found;
        if (auto error = schema::coerce_object_meta(go_types(), coerced, &schema,
                                                    {.is_resource_root = is_object})) {
            found.push_back(std::move(*error));
            put_below(found, place);
        } else if (found = validate_embedded(value, &schema, is_object); !found.empty()) {
            put_below(found, place);
        } else {
            found = validate(schema, loose, place);
        }
        if (found.empty()) {
            found = check_rules(schema, is_object, place);
        }
        std::ranges::move(found, std::back_inserter(errors));
    }

    // A default must pass both as what stays as it is and as what is new.
    [[nodiscard]] FieldErrors check_rules(const Schema& schema, bool is_object,
                                          const std::string& place) const {
        const auto rules = Rules::make(SchemaPtr(owner_, &schema), is_object);
        if (rules == nullptr) {
            return {};
        }
        const Value& value = *schema.default_value;
        const RuleLimits limits{.ratchets = false, .path = place};
        FieldErrors found = rules->validate(value, &value, limits);
        return found.empty() ? rules->validate(value, nullptr, limits) : found;
    }

    void check_inside_meta(const Schema& schema, const Schema& loose, const Schema& root,
                           const Steps& steps, const std::string& place) {
        Value object = surround(*schema.default_value, steps);
        const auto refuse = [&](std::string_view why) {
            errors.push_back(field_invalid(place, *schema.default_value,
                                           cat("must result in valid metadata: ", why)));
        };
        if (const auto error = schema::coerce_object_meta(go_types(), object, &root)) {
            refuse(error->text());
        } else if (const FieldErrors found = validate_embedded(object, &root, true);
                   !found.empty()) {
            refuse(schema::aggregate_text(found));
        } else {
            FieldErrors own = validate(schema, loose, place);
            if (own.empty()) {
                own = check_rules(schema, false, place);
            }
            std::ranges::move(own, std::back_inserter(errors));
        }
    }

    SchemaPtr owner_;
    SchemaPtr loose_;  // the same tree, but integers or texts may be anything
    bool require_pruned_;
};

Value without_int_or_string(const Value& schema) {
    if (schema.is_list()) {
        std::vector<Value> items;
        for (const Value& item : schema.items()) {
            items.push_back(without_int_or_string(item));
        }
        return Value::list(std::move(items));
    }
    if (!schema.is_map()) {
        return schema;
    }
    Value out = Value::map_with_capacity(schema.size());
    for (const Member& member : schema.members()) {
        if (member.name() == "x-kubernetes-int-or-string" && member.value.is_bool()) {
            continue;
        }
        const bool is_data = member.name() == "default" || member.name() == "enum";
        out.append_new(member.name(), is_data ? member.value : without_int_or_string(member.value));
    }
    return out;
}

// Cleans the metadata of objects inside the defaults of the JSON, which `schema` is made of.
void clean_default(Value& json, const Schema& schema, size_t depth) {
    if (depth > schema_depth_max || !json.is_map()) {
        return;
    }
    if (const Value* found = json.find("default"); found != nullptr && found->is_map()) {
        Value value = *found;
        const auto error = schema::coerce_object_meta(
            go_types(), value, &schema, {.is_resource_root = schema.embedded_resource});
        if (!error && !(value == *found)) {
            json.set("default", std::move(value));
        }
    }
    const auto descend = [depth](Value& parent, std::string_view name, const Schema* inner) {
        const Value* found = parent.find(name);
        if (found == nullptr || inner == nullptr || !found->is_map()) {
            return;
        }
        Value child = *found;
        clean_default(child, *inner, depth + 1);
        if (!child.is_same(*found)) {
            parent.set(name, std::move(child));
        }
    };
    if (const Value* found = json.find("properties"); found != nullptr && found->is_map()) {
        Value properties = *found;
        for (const schema::Property& property : schema.properties) {
            descend(properties, property.name, property.schema);
        }
        if (!properties.is_same(*found)) {
            json.set("properties", std::move(properties));
        }
    }
    descend(json, "items", schema.items);
}

}  // namespace

FieldErrors validate_defaults(const SchemaPtr& schema, bool is_root, bool require_pruned,
                              const std::string& path) {
    // Upstream does not look at the type of what may be an integer or a text.
    const auto loose = schema::from_open_api(without_int_or_string(schema::to_open_api(*schema)));
    if (!loose) {
        return {field_invalid(path, Value(""), loose.error().message())};
    }
    DefaultsWalk walk(schema, *loose, require_pruned);
    walk.walk(*schema, **loose, schema.get(), {}, is_root || schema->embedded_resource, false, path,
              0);
    return std::move(walk.errors);
}

void clean_defaults(Value& definition) {
    const Value* versions = definition.find("spec", "versions");
    if (versions == nullptr || !versions->is_list()) {
        return;
    }
    for (size_t i = 0; i < versions->size(); ++i) {
        const Value* json = versions->at(i).find("schema", "openAPIV3Schema");
        const bool may_have_some = json != nullptr &&
                                   any_schema(*json,
                                              [](const Value& node) {
                                                  const Value* found = node.find("default");
                                                  return found != nullptr && found->is_map();
                                              }) &&
                                   any_schema(*json, [](const Value& node) {
                                       return is_set(node, "x-kubernetes-embedded-resource");
                                   });
        if (!may_have_some) {
            continue;
        }
        const auto schema = read_schema(*json);
        if (!schema) {
            continue;
        }
        Value cleaned = *json;
        clean_default(cleaned, **schema, 0);
        if (!(cleaned == *json)) {
            definition.mutable_member("spec")
                .mutable_member("versions")
                .mutable_item(i)
                .mutable_member("schema")
                .set("openAPIV3Schema", std::move(cleaned));
            versions = definition.find("spec", "versions");
        }
    }
}

}  // namespace weft::crd::internal
