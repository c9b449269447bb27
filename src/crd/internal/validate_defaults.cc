// crd/internal/validate_defaults.cc: defaults that fit their own schema.

#include <algorithm>
#include <variant>

#include "base/base.h"
#include "crd/internal/object_meta.h"
#include "crd/internal/rules.h"
#include "crd/internal/validate_schema.h"
#include "crd/limits.h"
#include "schema/object_meta.h"
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
    DefaultsWalk(SchemaPtr owner, bool require_pruned)
        : owner_(std::move(owner)), require_pruned_(require_pruned) {}

    FieldErrors errors;

    void walk(const Schema& schema, const Schema* root, Steps steps, bool is_object,
              bool is_inside_meta, const std::string& path, size_t depth) {
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
                check_inside_meta(schema, *root, steps, place);
            } else {
                check(schema, is_object, place);
            }
        }
        // Defaults below additionalProperties are refused elsewhere.
        if (schema.items != nullptr) {
            steps.emplace_back();
            walk(*schema.items, root, steps, schema.items->embedded_resource, is_inside_meta,
                 path_child(path, "items"), depth + 1);
            steps.pop_back();
        }
        for (const schema::Property& property : schema.properties) {
            const bool is_meta =
                is_object && (property.name == "metadata" || property.name == "apiVersion" ||
                              property.name == "kind");
            steps.emplace_back(property.name);
            walk(*property.schema, root, steps, property.schema->embedded_resource,
                 is_inside_meta || is_meta, path_key(path_child(path, "properties"), property.name),
                 depth + 1);
            steps.pop_back();
        }
    }

private:
    [[nodiscard]] FieldErrors validate(const Schema& schema, const std::string& place) const {
        const schema::Validator validator(SchemaPtr(owner_, &schema));
        FieldErrors out = validator.validate(*schema.default_value);
        put_below(out, place);
        return out;
    }

    static void put_below(FieldErrors& found, const std::string& place) {
        for (schema::FieldError& error : found) {
            error.path = error.path.empty() ? place : cat(place, ".", error.path);
        }
    }

    void check(const Schema& schema, bool is_object, const std::string& place) {
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
            found = validate(schema, place);
        }
        if (found.empty()) {
            if (const auto rules = Rules::make(SchemaPtr(owner_, &schema), is_object)) {
                found = rules->validate(value, nullptr, {.ratchets = false, .path = place});
            }
        }
        std::ranges::move(found, std::back_inserter(errors));
    }

    void check_inside_meta(const Schema& schema, const Schema& root, const Steps& steps,
                           const std::string& place) {
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
            std::ranges::move(validate(schema, place), std::back_inserter(errors));
        }
    }

    SchemaPtr owner_;
    bool require_pruned_;
};

}  // namespace

FieldErrors validate_defaults(const SchemaPtr& schema, bool is_root, bool require_pruned,
                              const std::string& path) {
    DefaultsWalk walk(schema, require_pruned);
    walk.walk(*schema, schema.get(), {}, is_root || schema->embedded_resource, false, path, 0);
    return std::move(walk.errors);
}

}  // namespace weft::crd::internal
