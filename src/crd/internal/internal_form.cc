// crd/internal/internal_form.cc: from v1 to the neutral form.

#include "crd/internal/internal_form.h"

#include <algorithm>
#include <array>

#include "base/base.h"
#include "crd/limits.h"
#include "schema/open_api.h"

namespace weft::crd::internal {

namespace {

bool is_same_in_all(std::span<const Value> versions, std::string_view name) {
    const Value* first = get(versions[0], name);
    return std::ranges::all_of(versions, [&](const Value& version) {
        const Value* other = get(version, name);
        return (first == nullptr) == (other == nullptr) && (first == nullptr || *first == *other);
    });
}

void hoist(Value& spec, std::string_view name, std::string_view top_name) {
    const Value* found = get(spec, "versions");
    if (found == nullptr || !found->is_list() || found->empty()) {
        return;
    }
    Value versions = *found;
    if (!is_same_in_all(versions.items(), name)) {
        return;
    }
    if (const Value* common = get(versions.at(0), name)) {
        const Value kept = *common;
        spec.set(top_name, kept);
        for (size_t i = 0; i < versions.size(); ++i) {
            versions.mutable_item(i).erase(name);
        }
        spec.set("versions", std::move(versions));
    }
}

Value flat_conversion(const Value& conversion) {
    Value out = Value::map();
    out.set("strategy", Value(conversion.string_at("strategy")));
    if (const Value* webhook = get(conversion, "webhook")) {
        if (const Value* client = get(*webhook, "clientConfig")) {
            Value flat = *client;
            // Bytes in Go: base64 is only how they are written.
            if (const auto bundle = base64_decode(client->string_at("caBundle"));
                bundle && !bundle->empty()) {
                flat.set("caBundle", Value(*bundle));
            }
            out.set("webhookClientConfig", std::move(flat));
        }
        if (const Value* versions = get(*webhook, "conversionReviewVersions")) {
            out.set("conversionReviewVersions", *versions);
        }
    }
    return out;
}

Value or_null(const Value* value) {
    return value == nullptr ? Value() : *value;
}

Value columns_as_go(const Value* columns) {
    if (columns == nullptr) {
        return {};
    }
    std::vector<Value> out;
    for (const Value& column : columns->items()) {
        Value go = Value::map_with_capacity(6);
        go.append_new("Name", Value(column.string_at("name")));
        go.append_new("Type", Value(column.string_at("type")));
        go.append_new("Format", Value(column.string_at("format")));
        go.append_new("Description", Value(column.string_at("description")));
        go.append_new("Priority", Value(column.int_at(0, "priority")));
        go.append_new("JSONPath", Value(column.string_at("jsonPath")));
        out.push_back(std::move(go));
    }
    return Value::list(std::move(out));
}

Value fields_as_go(const Value* fields) {
    if (fields == nullptr) {
        return {};
    }
    std::vector<Value> out;
    for (const Value& field : fields->items()) {
        out.push_back(Value::map_of({{"JSONPath", Value(field.string_at("jsonPath"))}}));
    }
    return Value::list(std::move(out));
}

Value subresources_as_go(const Value* subresources) {
    if (subresources == nullptr) {
        return {};
    }
    Value go = Value::map();
    go.append_new("Status", or_null(get(*subresources, "status")));
    const Value* scale = get(*subresources, "scale");
    Value scale_as_go;
    if (scale != nullptr) {
        scale_as_go = Value::map();
        scale_as_go.append_new("SpecReplicasPath", Value(scale->string_at("specReplicasPath")));
        scale_as_go.append_new("StatusReplicasPath", Value(scale->string_at("statusReplicasPath")));
        scale_as_go.append_new("LabelSelectorPath", or_null(get(*scale, "labelSelectorPath")));
    }
    go.append_new("Scale", std::move(scale_as_go));
    return go;
}

// `schema` as the parser of schemas takes it.
Value readable(const Value& schema, size_t depth) {
    if (depth > schema_depth_max) {
        return schema;
    }
    if (schema.is_list()) {
        std::vector<Value> items;
        items.reserve(schema.size());
        for (const Value& item : schema.items()) {
            items.push_back(readable(item, depth + 1));
        }
        return Value::list(std::move(items));
    }
    if (!schema.is_map()) {
        return schema;
    }
    Value out = Value::map_with_capacity(schema.size());
    for (const Member& member : schema.members()) {
        const std::string_view name = member.name();
        const bool is_text = member.value.is_string();
        const bool is_unknown =
            name == "type" && is_text && !schema::type_from_text(member.value.as_string());
        if (is_unknown || (name == "description" && is_text)) {
            continue;
        }
        const bool is_data = name == "default" || name == "enum" || name == "example" ||
                             !(member.value.is_map() || member.value.is_list());
        out.append_new(name, is_data ? member.value : readable(member.value, depth + 1));
    }
    return out;
}

}  // namespace

Result<schema::SchemaPtr> read_schema(const Value& json) {
    return schema::from_open_api(readable(json, 0));
}

Value to_internal(const Value& definition) {
    Value out = definition;
    const Value* found = get(definition, "spec");
    Value spec = found != nullptr && found->is_map() ? *found : Value::map();
    if (const auto versions = items_of(spec, "versions"); !versions.empty()) {
        spec.set("version", Value(versions[0].string_at("name")));
    }
    hoist(spec, "schema", "validation");
    hoist(spec, "subresources", "subresources");
    hoist(spec, "additionalPrinterColumns", "additionalPrinterColumns");
    hoist(spec, "selectableFields", "selectableFields");
    if (const Value* conversion = get(spec, "conversion")) {
        spec.set("conversion", flat_conversion(*conversion));
    }
    if (get(spec, "preserveUnknownFields") == nullptr) {
        spec.set("preserveUnknownFields", Value(false));
    }
    out.set("spec", std::move(spec));
    return out;
}

namespace {

// How a member of a schema is printed.
enum class Shown : uint8_t { text, flag, value, schema, schemas, named, items, or_bool };
struct SchemaMember {
    std::string_view go_name;
    std::string_view name;
    Shown as;
};
constexpr std::array<SchemaMember, 43> schema_members{
    {{"ID", "id", Shown::text},
     {"Schema", "$schema", Shown::text},
     {"Ref", "$ref", Shown::value},
     {"Description", "description", Shown::text},
     {"Type", "type", Shown::text},
     {"Nullable", "nullable", Shown::flag},
     {"Format", "format", Shown::text},
     {"Title", "title", Shown::text},
     {"Default", "default", Shown::value},
     {"Maximum", "maximum", Shown::value},
     {"ExclusiveMaximum", "exclusiveMaximum", Shown::flag},
     {"Minimum", "minimum", Shown::value},
     {"ExclusiveMinimum", "exclusiveMinimum", Shown::flag},
     {"MaxLength", "maxLength", Shown::value},
     {"MinLength", "minLength", Shown::value},
     {"Pattern", "pattern", Shown::text},
     {"MaxItems", "maxItems", Shown::value},
     {"MinItems", "minItems", Shown::value},
     {"UniqueItems", "uniqueItems", Shown::flag},
     {"MultipleOf", "multipleOf", Shown::value},
     {"Enum", "enum", Shown::value},
     {"MaxProperties", "maxProperties", Shown::value},
     {"MinProperties", "minProperties", Shown::value},
     {"Required", "required", Shown::value},
     {"Items", "items", Shown::items},
     {"AllOf", "allOf", Shown::schemas},
     {"OneOf", "oneOf", Shown::schemas},
     {"AnyOf", "anyOf", Shown::schemas},
     {"Not", "not", Shown::schema},
     {"Properties", "properties", Shown::named},
     {"AdditionalProperties", "additionalProperties", Shown::or_bool},
     {"PatternProperties", "patternProperties", Shown::named},
     {"Dependencies", "dependencies", Shown::value},
     {"AdditionalItems", "additionalItems", Shown::or_bool},
     {"Definitions", "definitions", Shown::named},
     {"ExternalDocs", "externalDocs", Shown::value},
     {"Example", "example", Shown::value},
     {"XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", Shown::value},
     {"XEmbeddedResource", "x-kubernetes-embedded-resource", Shown::flag},
     {"XIntOrString", "x-kubernetes-int-or-string", Shown::flag},
     {"XListMapKeys", "x-kubernetes-list-map-keys", Shown::value},
     {"XListType", "x-kubernetes-list-type", Shown::value},
     {"XMapType", "x-kubernetes-map-type", Shown::value}}};

Value schema_at_depth(const Value& schema, size_t depth) {
    if (depth > schema_depth_max) {
        return {};
    }
    const auto inner = [depth](const Value& one) { return schema_at_depth(one, depth + 1); };
    const auto list_of = [](const Value& list, const auto& each) {
        std::vector<Value> out;
        for (const Value& item : list.items()) {
            out.push_back(each(item));
        }
        return Value::list(std::move(out));
    };
    Value go = Value::map_with_capacity(schema_members.size() + 1);
    for (const SchemaMember& member : schema_members) {
        const Value* found = get(schema, member.name);
        Value shown;
        if (member.as == Shown::text) {
            shown = found == nullptr ? Value("") : *found;
        } else if (member.as == Shown::flag) {
            shown = Value(found != nullptr && found->is_bool() && found->as_bool());
        } else if (found == nullptr) {
            shown = Value();
        } else if (member.as == Shown::schema) {
            shown = inner(*found);
        } else if (member.as == Shown::schemas) {
            shown = list_of(*found, inner);
        } else if (member.as == Shown::named) {
            shown = Value::map();
            for (const Member& one : found->members()) {
                shown.set(one.name(), inner(one.value));
            }
            shown.sort_members();
        } else if (member.as == Shown::items) {
            shown = Value::map();
            shown.append_new("Schema", found->is_map() ? inner(*found) : Value());
            shown.append_new("JSONSchemas", found->is_list() ? list_of(*found, inner) : Value());
        } else if (member.as == Shown::or_bool) {
            shown = Value::map();
            shown.append_new("Allows", Value(!found->is_bool() || found->as_bool()));
            shown.append_new("Schema", found->is_map() ? inner(*found) : Value());
        } else {
            shown = *found;
        }
        go.append_new(member.go_name, std::move(shown));
    }
    const Value* rules = get(schema, "x-kubernetes-validations");
    go.append_new("XValidations", rules == nullptr ? Value() : list_of(*rules, rule_as_go));
    return go;
}

Value version_schema_as_go(const Value* schema) {
    if (schema == nullptr) {
        return {};
    }
    const Value* tree = get(*schema, "openAPIV3Schema");
    return Value::map_of(
        {{"OpenAPIV3Schema", tree == nullptr ? Value() : schema_at_depth(*tree, 0)}});
}

}  // namespace

Value schema_as_go(const Value& schema) {
    return schema_at_depth(schema, 0);
}

Value versions_as_go(const Value& spec) {
    const Value* versions = get(spec, "versions");
    if (versions == nullptr) {
        return {};
    }
    std::vector<Value> out;
    if (versions->empty()) {
        return Value::list();  // shown as [], other than none
    }
    for (const Value& version : versions->items()) {
        Value go = Value::map();
        go.append_new("Name", Value(version.string_at("name")));
        go.append_new("Served", Value(is_set(version, "served")));
        go.append_new("Storage", Value(is_set(version, "storage")));
        go.append_new("Deprecated", Value(is_set(version, "deprecated")));
        go.append_new("DeprecationWarning", or_null(get(version, "deprecationWarning")));
        go.append_new("Schema", version_schema_as_go(get(version, "schema")));
        go.append_new("Subresources", subresources_as_go(get(version, "subresources")));
        go.append_new("AdditionalPrinterColumns",
                      columns_as_go(get(version, "additionalPrinterColumns")));
        go.append_new("SelectableFields", fields_as_go(get(version, "selectableFields")));
        out.push_back(std::move(go));
    }
    return Value::list(std::move(out));
}

Value rule_as_go(const Value& rule) {
    Value go = Value::map();
    go.append_new("Rule", Value(rule.string_at("rule")));
    go.append_new("Message", Value(rule.string_at("message")));
    go.append_new("MessageExpression", Value(rule.string_at("messageExpression")));
    go.append_new("Reason", or_null(get(rule, "reason")));
    go.append_new("FieldPath", Value(rule.string_at("fieldPath")));
    go.append_new("OptionalOldSelf", or_null(get(rule, "optionalOldSelf")));
    return go;
}

const Value* schema_of_version(const Value& spec, std::string_view version) {
    if (const Value* top = spec.find("validation", "openAPIV3Schema");
        top != nullptr && !top->is_null()) {
        return top;
    }
    for (const Value& candidate : items_of(spec, "versions")) {
        if (candidate.string_at("name") == version) {
            const Value* schema = candidate.find("schema", "openAPIV3Schema");
            return schema == nullptr || schema->is_null() ? nullptr : schema;
        }
    }
    return nullptr;
}

}  // namespace weft::crd::internal
