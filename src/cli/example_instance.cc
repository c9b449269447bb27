// cli/example_instance.cc: a walk over an OpenAPI schema that writes YAML with comments.

#include "cli/example_instance.h"

#include <algorithm>
#include <vector>

#include "cli/limits.h"

namespace weft::cli {

namespace {

const Value& spec_schema(const Value& crd) {
    static const Value none = Value::map();
    const Value* versions = crd.find("spec", "versions");
    if (versions == nullptr || versions->empty()) {
        return none;
    }
    const Value* found = versions->at(0).find("schema", "openAPIV3Schema", "properties", "spec");
    return found == nullptr ? none : *found;
}

std::string api_version_of(const Value& crd) {
    const Value* versions = crd.find("spec", "versions");
    const std::string_view version =
        versions == nullptr || versions->empty() ? "" : versions->at(0).string_at("name");
    return cat(crd.string_at("spec", "group"), "/", version);
}

bool requires_member(const Value& schema, std::string_view name) {
    const Value* required = schema.find("required");
    return required != nullptr && std::ranges::any_of(required->items(), [name](const Value& item) {
               return item.is_string() && item.as_string() == name;
           });
}

// A value on one line of YAML.
std::string inline_text(const Value& value) {
    if (value.is_list() || value.is_map()) {
        return to_json(value);
    }
    std::string text = to_yaml(value);
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text.contains('\n') ? to_json(value) : text;
}

// A scalar that the schema takes, as far as its plain constraints tell.
Value placeholder(const Value& schema) {
    if (const Value* choices = schema.find("enum"); choices != nullptr && !choices->empty()) {
        return choices->at(0);
    }
    const std::string_view type = schema.string_at("type");
    if (type == "integer" || type == "number") {
        const Value* least = schema.find("minimum");
        const Value* most = schema.find("maximum");
        Value value = 1;
        if (least != nullptr && least->is_number() && least->to_double() > 1) {
            value = *least;
        }
        if (most != nullptr && most->is_number() && most->to_double() < value.to_double()) {
            value = *most;
        }
        return value;
    }
    if (type == "boolean") {
        return false;
    }
    if (type == "string") {
        std::string text = "TODO";
        const auto least = static_cast<size_t>(
            std::clamp<int64_t>(schema.int_at(0, "minLength"), 0, placeholder_max));
        text.append(text.size() < least ? least - text.size() : 0, 'x');
        const int64_t most = schema.int_at(placeholder_max, "maxLength");
        return text.substr(0, static_cast<size_t>(std::max<int64_t>(most, 0)));
    }
    return Value::map();
}

std::string constraints_text(const Value& schema) {
    std::vector<std::string> parts;
    const std::string_view type = schema.string_at("type");
    if (type == "array") {
        const std::string_view of = schema.string_at("items", "type");
        parts.push_back(of.empty() ? "list" : cat("list of ", of));
    } else if (!type.empty()) {
        parts.emplace_back(type);
    }
    if (const Value* choices = schema.find("enum")) {
        std::vector<std::string> words;
        for (const Value& choice : choices->items()) {
            words.push_back(inline_text(choice));
        }
        parts.push_back(cat("one of ", join(words, ", ")));
    }
    constexpr auto bounds = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"minimum", "at least "},
         {"maximum", "at most "},
         {"minLength", "no shorter than "},
         {"maxLength", "no longer than "},
         {"minItems", "items from "},
         {"maxItems", "items up to "},
         {"pattern", "matches "}});
    for (const auto& [name, words] : bounds) {
        if (const Value* bound = schema.find(name)) {
            parts.push_back(cat(words, inline_text(*bound)));
        }
    }
    return join(parts, ", ");
}

class ExampleWriter {
public:
    std::string out;

    void members(const Value& schema, size_t depth, bool is_comment) {
        const Value* properties = schema.find("properties");
        if (properties == nullptr || depth > example_depth_max) {
            return;
        }
        for (const Member& member : properties->members()) {
            field(member.name(), member.value, requires_member(schema, member.name()), depth,
                  is_comment);
        }
    }

private:
    void line(size_t depth, bool is_comment, std::string_view text) {
        out.append(2 * depth, ' ');
        append(out, is_comment ? "#" : "", text, "\n");
    }

    // Required members that have no default: a map with such cannot be left to its defaults.
    static bool must_be_given(const Value& schema) {
        const Value* properties = schema.find("properties");
        return properties != nullptr &&
               std::ranges::any_of(properties->members(), [&schema](const Member& member) {
                   return requires_member(schema, member.name()) &&
                          !member.value.contains("default");
               });
    }

    void field(std::string_view name, const Value& schema, bool is_required, size_t depth,
               bool is_comment) {
        const Value* properties = schema.find("properties");
        const bool is_map = properties != nullptr && !properties->empty();
        const Value* preset = schema.find("default");
        const std::string_view description = schema.string_at("description");
        if (!description.empty()) {
            for (const std::string_view text : split(description, '\n')) {
                line(depth, false, cat("# ", text));
            }
        }
        line(depth, false,
             cat("# ", is_required && preset == nullptr ? "required: " : "",
                 constraints_text(schema)));
        const std::string key = inline_text(Value(name));
        if (is_map) {
            const bool is_left_out =
                is_comment || (!is_required && preset == nullptr && must_be_given(schema));
            line(depth, is_left_out, cat(key, ":"));
            members(schema, depth + 1, is_left_out);
            return;
        }
        if (preset != nullptr) {
            line(depth, is_comment, cat(key, ": ", inline_text(*preset)));
            return;
        }
        list_or_scalar(key, schema, depth, is_comment || !is_required);
    }

    void list_or_scalar(const std::string& key, const Value& schema, size_t depth,
                        bool is_comment) {
        const Value* items = schema.find("items");
        if (schema.string_at("type") != "array" || items == nullptr) {
            line(depth, is_comment, cat(key, ": ", inline_text(placeholder(schema))));
            return;
        }
        line(depth, is_comment, cat(key, ":"));
        const Value* properties = items->find("properties");
        if (properties == nullptr || properties->empty()) {
            line(depth + 1, is_comment, cat("- ", inline_text(placeholder(*items))));
            return;
        }
        // The first member's line takes the dash; what is said about it stands above.
        ExampleWriter inner;
        inner.members(*items, depth + 2, is_comment);
        const std::string mark = is_comment ? "#" : "";
        const std::string first(2 * depth + 4, ' ');
        bool has_dash = false;
        for (const std::string_view text : split(inner.out, '\n')) {
            const bool is_member = !text.empty() && !trim(text).starts_with("# ");
            if (is_member && !has_dash) {
                append(out, std::string(2 * depth + 2, ' '), mark, "- ",
                       text.substr(first.size() + mark.size()), "\n");
                has_dash = true;
            } else if (!text.empty()) {
                // A line that is commented out keeps its place behind the mark.
                append(out,
                       is_comment && is_member ? cat(std::string(2 * depth + 2, ' '), mark, "  ",
                                                     text.substr(first.size() + mark.size()))
                                               : std::string(text),
                       "\n");
            }
        }
    }
};

// What JSON schema has no word for is said in its own words or left out.
Value to_json_schema(const Value& schema, size_t depth) {
    Value out = Value::map();
    if (!schema.is_map() || depth > example_depth_max) {
        return out;
    }
    for (const Member& member : schema.members()) {
        const std::string_view name = member.name();
        if (name == "properties") {
            Value& properties = out.mutable_member(name);
            properties = Value::map();
            for (const Member& property : member.value.members()) {
                properties.set(property.name(), to_json_schema(property.value, depth + 1));
            }
        } else if (name == "items" || (name == "additionalProperties" && member.value.is_map())) {
            out.set(name, to_json_schema(member.value, depth + 1));
        } else if (!name.starts_with("x-kubernetes-") && name != "nullable") {
            out.set(name, member.value);
        }
    }
    const Value* open = schema.find("x-kubernetes-preserve-unknown-fields");
    const bool is_open = open != nullptr && open->is_bool() && open->as_bool();
    if (out.contains("properties") && !out.contains("additionalProperties") && !is_open) {
        out.set("additionalProperties", false);
    }
    const Value* either = schema.find("x-kubernetes-int-or-string");
    if (either != nullptr && either->is_bool() && either->as_bool()) {
        out.erase("type");
        out.set("type", Value::list_of({"integer", "string"}));
    }
    return out;
}

}  // namespace

std::string example_instance(const Value& crd, std::string_view name) {
    ExampleWriter writer;
    append(writer.out, "apiVersion: ", api_version_of(crd),
           "\nkind: ", crd.string_at("spec", "names", "kind"), "\nmetadata:\n  name: ", name, "\n");
    if (crd.string_at("spec", "scope") == "Namespaced") {
        writer.out += "  namespace: default\n";
    }
    const size_t before = writer.out.size();
    writer.members(spec_schema(crd), 1, false);
    // A map whose members are all comments would read as null.
    std::string body = writer.out.substr(before);
    bool has_member = false;
    for (const std::string_view text : split(body, '\n')) {
        has_member = has_member || (!trim(text).empty() && !trim(text).starts_with('#'));
    }
    return cat(writer.out.substr(0, before), has_member ? "spec:\n" : "spec: {}\n", body);
}

Value instance_json_schema(const Value& crd) {
    const std::string kind(crd.string_at("spec", "names", "kind"));
    Value properties = Value::map_of(
        {{"apiVersion", Value::map_of({{"const", api_version_of(crd)}})},
         {"kind", Value::map_of({{"const", kind}})},
         {"metadata", Value::map_of({{"type", "object"}, {"required", Value::list_of({"name"})}})},
         {"spec", to_json_schema(spec_schema(crd), 0)}});
    return Value::map_of({{"$schema", "http://json-schema.org/draft-07/schema#"},
                          {"title", kind},
                          {"type", "object"},
                          {"properties", std::move(properties)},
                          {"required", Value::list_of({"apiVersion", "kind", "metadata"})}});
}

}  // namespace weft::cli
