// graph/spec_hash.cc: the normal form of a spec, written as Go writes kro's structs, and its hash.

#include <algorithm>
#include <span>

#include "graph/definition.h"

namespace weft::graph {

namespace {

// Copies the members that are there and not empty, in this order (Go's omitempty).
Value pick(const Value& source, std::span<const std::string_view> names) {
    Value out = Value::map();
    for (const std::string_view name : names) {
        const Value* found = source.find(name);
        const bool is_empty =
            found == nullptr || found->is_null() || (!found->is_number() && found->empty());
        if (!is_empty && !(found->is_int() && found->as_int() == 0)) {
            out.append_new(name, *found);
        }
    }
    return out;
}

// A raw block: members sorted, and every number a double, as Go's decoder makes it.
Value canonical(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::map: {
            Value out = Value::map_with_capacity(value.size());
            for (const Member& member : value.members()) {
                out.append_new(member.name(), canonical(member.value));
            }
            out.sort_members();
            return out;
        }
        case Value::Kind::list: {
            Value out = Value::list();
            for (const Value& item : value.items()) {
                out.push_back(canonical(item));
            }
            return out;
        }
        case Value::Kind::integer:
            return {static_cast<double>(value.as_int())};
        default:
            return value;
    }
}

Value raw_block(const Value& parent, std::string_view name) {
    const Value* found = parent.find(name);
    return found == nullptr ? Value() : canonical(*found);
}

void add_unless_empty(Value& out, std::string_view name, Value value) {
    if (!value.empty()) {
        out.append_new(name, std::move(value));
    }
}

Value sorted(const Value* list) {
    if (list == nullptr) {
        return {};
    }
    std::vector<Value> items(list->items().begin(), list->items().end());
    std::ranges::sort(items,
                      [](const Value& a, const Value& b) { return Value::compare(a, b) < 0; });
    return Value::list(std::move(items));
}

Value sorted_map(const Value* map) {
    Value out = map == nullptr ? Value() : *map;
    if (out.is_map()) {
        out.sort_members();
    }
    return out;
}

Value columns(const Value* list) {
    static constexpr std::string_view optional[] = {"format", "description", "priority"};
    Value out = Value::list();
    if (list == nullptr) {
        return out;
    }
    for (const Value& column : list->items()) {
        Value entry =
            Value::map_of({{"name", column.string_at("name")}, {"type", column.string_at("type")}});
        const Value more = pick(column, optional);
        for (const Member& member : more.members()) {
            entry.append_new(member.name(), member.value);
        }
        entry.append_new("jsonPath", column.string_at("jsonPath"));
        out.push_back(std::move(entry));
    }
    return out;
}

Value schema_block(const Value& schema) {
    Value out = Value::map();
    const auto add_text = [&](std::string_view name, std::string_view otherwise) {
        const std::string_view text = schema.string_at(name);
        const std::string_view chosen = text.empty() ? otherwise : text;
        if (!chosen.empty()) {
            out.append_new(name, chosen);
        }
    };
    add_text("kind", "");
    add_text("apiVersion", "");
    add_text("group", "kro.run");
    out.append_new("spec", raw_block(schema, "spec"));
    out.append_new("types", raw_block(schema, "types"));
    out.append_new("status", raw_block(schema, "status"));
    add_text("scope", "Namespaced");
    add_unless_empty(out, "additionalPrinterColumns",
                     columns(schema.find("additionalPrinterColumns")));
    for (const std::string_view name : {"shortNames", "categories"}) {
        if (const Value* list = schema.find(name)) {
            add_unless_empty(out, name, *list);
        }
    }
    if (const Value* metadata = schema.find("metadata");
        metadata != nullptr && metadata->is_map()) {
        Value block = Value::map();
        add_unless_empty(block, "labels", sorted_map(metadata->find("labels")));
        add_unless_empty(block, "annotations", sorted_map(metadata->find("annotations")));
        out.append_new("metadata", std::move(block));
    }
    if (const Value* lists = schema.find("managedResources");
        lists != nullptr && lists->is_bool() && lists->as_bool()) {
        out.append_new("managedResources", true);
    }
    return out;
}

Value selector_block(const Value& selector) {
    Value out = Value::map();
    add_unless_empty(out, "matchLabels", sorted_map(selector.find("matchLabels")));
    Value expressions = Value::list();
    if (const Value* list = selector.find("matchExpressions")) {
        for (const Value& item : list->items()) {
            Value entry = Value::map_of(
                {{"key", item.string_at("key")}, {"operator", item.string_at("operator")}});
            if (const Value* values = item.find("values")) {
                add_unless_empty(entry, "values", *values);
            }
            expressions.push_back(std::move(entry));
        }
    }
    add_unless_empty(out, "matchExpressions", std::move(expressions));
    return out;
}

Value external_block(const Value& reference) {
    Value metadata = Value::map();
    for (const std::string_view name : {"name", "namespace"}) {
        const std::string_view text = reference.string_at("metadata", name);
        if (!text.empty()) {
            metadata.append_new(name, text);
        }
    }
    if (const Value* selector = reference.find("metadata", "selector");
        selector != nullptr && selector->is_map()) {
        metadata.append_new("selector", selector_block(*selector));
    }
    return Value::map_of({{"apiVersion", reference.string_at("apiVersion")},
                          {"kind", reference.string_at("kind")},
                          {"metadata", std::move(metadata)}});
}

Value resource_block(const Value& resource) {
    Value out = Value::map();
    if (!resource.string_at("id").empty()) {
        out.append_new("id", resource.string_at("id"));
    }
    out.append_new("template", raw_block(resource, "template"));
    if (const Value* reference = resource.find("externalRef");
        reference != nullptr && reference->is_map()) {
        out.append_new("externalRef", external_block(*reference));
    }
    add_unless_empty(out, "readyWhen", sorted(resource.find("readyWhen")));
    add_unless_empty(out, "includeWhen", sorted(resource.find("includeWhen")));
    if (const Value* dimensions = resource.find("forEach")) {
        add_unless_empty(out, "forEach", *dimensions);
    }
    // kro has none of these; a definition that has none hashes as kro's does.
    if (const Value* def = resource.find("def"); def != nullptr && !def->is_null()) {
        out.append_new("def", canonical(*def));
    }
    add_unless_empty(out, "propagateWhen", sorted(resource.find("propagateWhen")));
    add_unless_empty(out, "includeItemsWhen", sorted(resource.find("includeItemsWhen")));
    add_unless_empty(out, "lifecycle", sorted_map(resource.find("lifecycle")));
    if (resource.string_at("driftPolicy") == "Report") {
        out.append_new("driftPolicy", "Report");
    }
    return out;
}

}  // namespace

std::string spec_hash(const Value& spec) {
    Value normal = Value::map();
    if (const Value* schema = spec.find("schema"); schema != nullptr && schema->is_map()) {
        normal.append_new("schema", schema_block(*schema));
    }
    if (const Value* resources = spec.find("resources")) {
        std::vector<Value> blocks;
        for (const Value& resource : resources->items()) {
            blocks.push_back(resource_block(resource));
        }
        std::ranges::sort(blocks, [](const Value& a, const Value& b) {
            return a.string_at("id") < b.string_at("id");
        });
        add_unless_empty(normal, "resources", Value::list(std::move(blocks)));
    }
    const uint64_t hash = fnv64a(to_json(normal, {.escape_html = true}));
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) {
        bytes += static_cast<char>(hash >> shift);
    }
    return hex_encode(bytes);
}

}  // namespace weft::graph
