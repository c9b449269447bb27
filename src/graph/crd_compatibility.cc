// graph/crd_compatibility.cc: a walk over two schemas side by side.

#include "graph/crd_compatibility.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "graph/limits.h"

namespace weft::graph {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> constraints = {{
    {"minimum", "MINIMUM"},
    {"maximum", "MAXIMUM"},
    {"minLength", "MIN_LENGTH"},
    {"maxLength", "MAX_LENGTH"},
    {"minItems", "MIN_ITEMS"},
    {"maxItems", "MAX_ITEMS"},
}};

// A bound as Go prints it with %f and no needless digits.
std::string number_text(const Value& value) {
    return value.is_int() ? cat(value.as_int()) : format_double(value.to_double());
}

std::string json_or_empty(const Value* value) {
    return value == nullptr ? "" : to_json(*value);
}

bool lists(const Value& schema, std::string_view name) {
    const Value* required = schema.find("required");
    return required != nullptr && std::ranges::any_of(required->items(), [name](const Value& item) {
               return item.is_string() && item.as_string() == name;
           });
}

class SchemaComparison {
public:
    CrdChanges changes;

    void compare(const std::string& path, const Value& before, const Value& after, size_t depth) {
        if (before.is_null() || after.is_null()) {
            if (!after.is_null()) {
                harmless(path, "PROPERTY_ADDED", "", "");
            } else if (!before.is_null()) {
                breaking(path, "PROPERTY_REMOVED", "", "");
            }
            return;
        }
        compare_annotations(path, before, after);
        const std::string_view old_type = before.string_at("type");
        const std::string_view new_type = after.string_at("type");
        if (old_type != new_type) {
            breaking(path + ".type", "TYPE_CHANGED", old_type, new_type);
            return;
        }
        compare_pattern(path, before, after);
        for (const auto& [name, word] : constraints) {
            compare_constraint(path, name, word, before.find(name), after.find(name));
        }
        if (depth < limits::schema_depth) {
            compare_properties(path, before, after, depth);
        }
        compare_required(path, before, after);
        compare_enum(path, before, after);
        if (old_type == "array" && depth < limits::schema_depth) {
            const Value none;
            const Value* old_items = before.find("items");
            const Value* new_items = after.find("items");
            compare(path + ".items", old_items == nullptr ? none : *old_items,
                    new_items == nullptr ? none : *new_items, depth + 1);
        }
    }

    void breaking(std::string path, std::string_view type, std::string_view before,
                  std::string_view after) {
        changes.breaking.push_back(
            {std::move(path), std::string(type), std::string(before), std::string(after)});
    }
    void harmless(std::string path, std::string_view type, std::string_view before,
                  std::string_view after) {
        changes.harmless.push_back(
            {std::move(path), std::string(type), std::string(before), std::string(after)});
    }

private:
    void compare_annotations(const std::string& path, const Value& before, const Value& after) {
        const std::string_view old_description = before.string_at("description");
        const std::string_view new_description = after.string_at("description");
        if (old_description != new_description) {
            harmless(path + ".description", "DESCRIPTION_CHANGED", old_description,
                     new_description);
        }
        const Value* old_default = before.find("default");
        const Value* new_default = after.find("default");
        const bool same = old_default == nullptr || new_default == nullptr
                              ? old_default == new_default
                              : *old_default == *new_default;
        if (!same) {
            harmless(path + ".default", "DEFAULT_CHANGED", json_or_empty(old_default),
                     json_or_empty(new_default));
        }
    }

    void compare_pattern(const std::string& path, const Value& before, const Value& after) {
        const std::string_view old_pattern = before.string_at("pattern");
        const std::string_view new_pattern = after.string_at("pattern");
        if (old_pattern == new_pattern) {
            return;
        }
        if (new_pattern.empty()) {
            harmless(path + ".pattern", "PATTERN_REMOVED", old_pattern, "");
        } else {
            breaking(path + ".pattern", old_pattern.empty() ? "PATTERN_ADDED" : "PATTERN_CHANGED",
                     old_pattern, new_pattern);
        }
    }

    void compare_constraint(const std::string& path, std::string_view name, std::string_view word,
                            const Value* before, const Value* after) {
        const bool was = before != nullptr && before->is_number();
        const bool is = after != nullptr && after->is_number();
        const std::string where = cat(path, ".", name);
        if (!was && is) {
            breaking(where, cat(word, "_ADDED"), "", number_text(*after));
        } else if (was && !is) {
            harmless(where, cat(word, "_REMOVED"), number_text(*before), "");
        } else if (was && before->to_double() != after->to_double()) {
            const bool increased = after->to_double() > before->to_double();
            const bool tightened = increased == name.starts_with("min");
            const std::string type = cat(word, increased ? "_INCREASED" : "_DECREASED");
            if (tightened) {
                breaking(where, type, number_text(*before), number_text(*after));
            } else {
                harmless(where, type, number_text(*before), number_text(*after));
            }
        }
    }

    void compare_properties(const std::string& path, const Value& before, const Value& after,
                            size_t depth) {
        const Value none = Value::map();
        const Value* old_found = before.find("properties");
        const Value* new_found = after.find("properties");
        const Value& old_properties = old_found == nullptr ? none : *old_found;
        const Value& new_properties = new_found == nullptr ? none : *new_found;
        for (const Member& property : old_properties.members()) {
            const std::string where = cat(path, ".properties.", property.name());
            if (const Value* now = new_properties.find(property.name())) {
                compare(where, property.value, *now, depth + 1);
            } else {
                breaking(where, "PROPERTY_REMOVED", "", "");
            }
        }
        for (const Member& property : new_properties.members()) {
            if (old_properties.contains(property.name())) {
                continue;
            }
            const std::string where = cat(path, ".properties.", property.name());
            if (lists(after, property.name()) && !property.value.contains("default")) {
                breaking(where, "PROPERTY_ADDED", "required=false", "required=true");
            } else {
                harmless(where, "PROPERTY_ADDED", "", "");
            }
        }
    }

    // Only of properties that existed: new ones are judged where they are added.
    void compare_required(const std::string& path, const Value& before, const Value& after) {
        const std::string where = path + ".required";
        const auto names_of = [](const Value& schema) {
            const Value* found = schema.find("required");
            return found == nullptr ? std::span<const Value>() : found->items();
        };
        for (const Value& name : names_of(after)) {
            if (!name.is_string() || before.find("properties", name.as_string()) == nullptr) {
                continue;
            }
            const std::string_view text = name.as_string();
            if (!lists(before, text)) {
                breaking(where, "REQUIRED_ADDED", "", text);
            } else if (before.find("properties", text, "default") != nullptr &&
                       after.find("properties", text, "default") == nullptr) {
                breaking(where, "REQUIRED_DEFAULT_REMOVED", text, "");
            }
        }
        for (const Value& name : names_of(before)) {
            if (name.is_string() && !lists(after, name.as_string())) {
                harmless(where, "REQUIRED_REMOVED", name.as_string(), "");
            }
        }
    }

    void compare_enum(const std::string& path, const Value& before, const Value& after) {
        const Value* old_enum = before.find("enum");
        const Value* new_enum = after.find("enum");
        if (old_enum == nullptr || new_enum == nullptr || old_enum->empty() || new_enum->empty()) {
            return;
        }
        const auto has = [](const Value& list, const Value& item) {
            return std::ranges::find(list.items(), item) != list.items().end();
        };
        for (const Value& item : old_enum->items()) {
            if (!has(*new_enum, item)) {
                breaking(path + ".enum", "ENUM_RESTRICTED", to_json(item), "");
            }
        }
        for (const Value& item : new_enum->items()) {
            if (!has(*old_enum, item)) {
                harmless(path + ".enum", "ENUM_EXPANDED", "", to_json(item));
            }
        }
    }
};

// "MIN_LENGTH" -> "MinLength".
std::string camel(std::string_view word) {
    std::string out;
    for (const std::string_view part : split(word, '_')) {
        append(out, part.substr(0, 1), to_lower(part.substr(1)));
    }
    return out;
}

std::string constraint_description(const CrdChange& change) {
    const size_t cut = change.type.rfind('_');
    const std::string name = camel(std::string_view(change.type).substr(0, cut));
    const std::string_view verb = std::string_view(change.type).substr(cut + 1);
    if (verb == "ADDED") {
        return cat(name, " constraint ", change.new_value, " was added");
    }
    if (verb == "REMOVED") {
        return cat(name, " constraint ", change.old_value, " was removed");
    }
    return cat(name, " was ", to_lower(verb), " from ", change.old_value, " to ", change.new_value);
}

}  // namespace

std::string CrdChange::description() const {
    const std::string_view name = std::string_view(path).substr(path.rfind('.') + 1);
    if (type == "PROPERTY_REMOVED") {
        return cat("Property ", name, " was removed");
    }
    if (type == "PROPERTY_ADDED") {
        return cat(new_value == "required" ? "Required" : "Optional", " property ", name,
                   " was added");
    }
    if (type == "TYPE_CHANGED") {
        return cat("Type changed from ", old_value, " to ", new_value);
    }
    if (type == "REQUIRED_ADDED") {
        return cat("Field ", new_value, " is newly required");
    }
    if (type == "REQUIRED_REMOVED") {
        return cat("Field ", old_value, " is no longer required");
    }
    if (type == "REQUIRED_DEFAULT_REMOVED") {
        return cat("Default value removed from required field ", old_value);
    }
    if (type == "ENUM_RESTRICTED") {
        return cat("Enum value ", old_value, " was removed");
    }
    if (type == "ENUM_EXPANDED") {
        return cat("Enum value ", new_value, " was added");
    }
    if (type == "PATTERN_CHANGED") {
        return cat("Validation pattern changed from ", old_value, " to ", new_value);
    }
    if (type == "PATTERN_ADDED") {
        return cat("Validation pattern ", new_value, " was added");
    }
    if (type == "PATTERN_REMOVED") {
        return cat("Validation pattern ", old_value, " was removed");
    }
    if (type == "DESCRIPTION_CHANGED") {
        return cat("Description field was changed from ", old_value, " to ", new_value);
    }
    if (type == "DEFAULT_CHANGED") {
        return cat("Default value was changed from ", old_value, " to ", new_value);
    }
    for (const auto& [unused, word] : constraints) {
        if (type.starts_with(cat(word, "_"))) {
            return constraint_description(*this);
        }
    }
    return cat("Unknown change to ", path);
}

std::string CrdChanges::breaking_text() const {
    if (breaking.empty()) {
        return "no breaking changes";
    }
    std::vector<std::string> texts;
    for (const CrdChange& change : breaking) {
        if (texts.size() == limits::changes_listed) {
            texts.push_back(cat("and ", breaking.size() - limits::changes_listed, " more changes"));
            break;
        }
        texts.push_back(change.description());
    }
    return join(texts, "; ");
}

CrdChanges compare_schemas(const Value& old_schema, const Value& new_schema) {
    SchemaComparison comparison;
    comparison.compare("", old_schema, new_schema, 0);
    return std::move(comparison.changes);
}

Result<CrdChanges> compare_versions(const Value& old_versions, const Value& new_versions) {
    if (old_versions.size() != 1 || new_versions.size() != 1) {
        return make_error(Reason::invalid, "expected exactly one version in each CRD, got ",
                          old_versions.size(), " old and ", new_versions.size(), " new versions");
    }
    const Value& before = old_versions.at(0);
    const Value& after = new_versions.at(0);
    SchemaComparison comparison;
    if (before.string_at("name") != after.string_at("name")) {
        comparison.breaking("version", "TYPE_CHANGED", before.string_at("name"),
                            after.string_at("name"));
        return std::move(comparison.changes);
    }
    const Value* old_schema = before.find("schema", "openAPIV3Schema");
    if (old_schema == nullptr) {
        return make_error(Reason::invalid, "old version ", before.string_at("name"),
                          " has no schema");
    }
    const Value* new_schema = after.find("schema", "openAPIV3Schema");
    if (new_schema == nullptr) {
        return make_error(Reason::invalid, "new version ", after.string_at("name"),
                          " has no schema");
    }
    comparison.compare("", *old_schema, *new_schema, 0);
    const auto is_served = [](const Value& version) {
        const Value* served = version.find("served");
        return served != nullptr && served->is_bool() && served->as_bool();
    };
    if (is_served(before) && !is_served(after)) {
        comparison.breaking("version.served", "TYPE_CHANGED", "true", "false");
    }
    if (before.find("subresources", "status") != nullptr &&
        after.find("subresources", "status") == nullptr) {
        comparison.breaking("version.subresources.status", "PROPERTY_REMOVED", "", "");
    }
    return std::move(comparison.changes);
}

}  // namespace weft::graph
