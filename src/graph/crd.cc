// graph/crd.cc: one version, served and stored, with a status subresource.

#include "graph/crd.h"

#include "graph/labels.h"
#include "graph/pluralize.h"

namespace weft::graph {

namespace {

Value typed(std::string_view type) {
    return Value::map_of({{"type", type}});
}

Value conditions_schema() {
    Value properties = Value::map();
    for (const std::string_view name :
         {"type", "status", "reason", "message", "lastTransitionTime"}) {
        properties.set(name, typed("string"));
    }
    properties.set("observedGeneration", typed("integer"));
    return Value::map_of(
        {{"type", "array"},
         {"items", Value::map_of({{"type", "object"}, {"properties", std::move(properties)}})}});
}

Value default_columns() {
    return Value::list_of(
        {Value::map_of({{"name", "State"},
                        {"description", "The state of a ResourceGraphDefinition instance"},
                        {"priority", 0},
                        {"type", "string"},
                        {"jsonPath", ".status.state"}}),
         Value::map_of({{"name", "Ready"},
                        {"description", "Whether a ResourceGraphDefinition instance is ready"},
                        {"priority", 0},
                        {"type", "string"},
                        {"jsonPath", ".status.conditions[?(@.type==\"Ready\")].status"}}),
         Value::map_of({{"name", "Age"},
                        {"description", "Age of the resource"},
                        {"priority", 0},
                        {"type", "date"},
                        {"jsonPath", ".metadata.creationTimestamp"}})});
}

// See status_resources.h.
void add_resource_lists(Value& fields) {
    Value item = Value::map();
    for (const std::string_view name :
         {"id", "apiVersion", "kind", "namespace", "name", "state", "message"}) {
        item.set(name, typed("string"));
    }
    item.set("ready", typed("boolean"));
    fields.set(
        "managedResources",
        Value::map_of(
            {{"type", "array"},
             {"items", Value::map_of({{"type", "object"}, {"properties", std::move(item)}})}}));
    fields.set("deletion",
               Value::map_of(
                   {{"type", "object"},
                    {"properties",
                     Value::map_of({{"remaining", typed("integer")},
                                    {"wave", typed("integer")},
                                    {"waitsFor", Value::map_of({{"type", "array"},
                                                                {"items", typed("string")}})}})}}));
}

Value root_schema(Value spec, Value status, bool lists_resources) {
    if (status.is_null()) {
        status.set("type", "object");
    }
    Value& fields = status.mutable_member("properties");
    if (!fields.contains("state")) {
        fields.set("state", typed("string"));
    }
    if (!fields.contains("conditions")) {
        fields.set("conditions", conditions_schema());
    }
    if (lists_resources) {
        add_resource_lists(fields);
    }
    Value properties = Value::map_of({{"apiVersion", typed("string")},
                                      {"kind", typed("string")},
                                      {"metadata", typed("object")},
                                      {"spec", std::move(spec)},
                                      {"status", std::move(status)}});
    return Value::map_of({{"type", "object"}, {"properties", std::move(properties)}});
}

// A list, empty if it is absent, for comparison.
Value list_or_empty(const Value* value) {
    return value == nullptr || value->is_null() ? Value::list() : *value;
}

}  // namespace

std::string crd_name(std::string_view kind, std::string_view group) {
    return cat(pluralize(to_lower(kind)), ".", group);
}

Value make_crd(const Definition& definition, Value spec, Value status) {
    const std::string singular = to_lower(definition.kind);
    Value names = Value::map_of({{"kind", definition.kind},
                                 {"listKind", cat(definition.kind, "List")},
                                 {"plural", pluralize(singular)},
                                 {"singular", singular}});
    if (!definition.short_names.empty()) {
        names.set("shortNames", definition.short_names);
    }
    if (!definition.categories.empty()) {
        names.set("categories", definition.categories);
    }
    Value version = Value::map_of(
        {{"name", definition.api_version},
         {"served", true},
         {"storage", true},
         {"schema",
          Value::map_of({{"openAPIV3Schema", root_schema(std::move(spec), std::move(status),
                                                         definition.lists_resources)}})},
         {"subresources", Value::map_of({{"status", Value::map()}})},
         {"additionalPrinterColumns",
          definition.printer_columns.empty() ? default_columns() : definition.printer_columns}});
    Value metadata = Value::map_of({{"name", crd_name(definition.kind, definition.group)}});
    if (!definition.crd_labels.empty()) {
        metadata.set("labels", definition.crd_labels);
    }
    if (!definition.crd_annotations.empty()) {
        metadata.set("annotations", definition.crd_annotations);
    }
    return Value::map_of({{"apiVersion", "apiextensions.k8s.io/v1"},
                          {"kind", "CustomResourceDefinition"},
                          {"metadata", std::move(metadata)},
                          {"spec", Value::map_of({{"group", definition.group},
                                                  {"names", std::move(names)},
                                                  {"scope", definition.scope},
                                                  {"versions", Value::list_of({version})}})}});
}

void set_crd_ownership(Value& crd, std::string_view version, std::string_view definition_uid,
                       std::string_view definition_name) {
    Value& labels = crd.mutable_member("metadata").mutable_member("labels");
    labels.set(label_owned, "true");
    labels.set(label_version, version_label(version));
    labels.set(label_definition_id, definition_uid);
    labels.set(label_definition_name, definition_name);
}

CrdOwner crd_owner(const Value& crd, std::string_view definition_name) {
    const Value* owned = crd.find("metadata", "labels", label_owned);
    const bool is_owned = owned != nullptr
                              ? owned->is_string() && owned->as_string() == "true"
                              : crd.string_at("metadata", "labels", label_managed_by) == "kro";
    if (!is_owned) {
        return CrdOwner::nobody;
    }
    return crd.string_at("metadata", "labels", label_definition_name) == definition_name
               ? CrdOwner::this_definition
               : CrdOwner::other_definition;
}

bool has_same_names(const Value& a, const Value& b) {
    for (const std::string_view name : {"kind", "listKind", "plural", "singular"}) {
        if (a.string_at("spec", "names", name) != b.string_at("spec", "names", name)) {
            return false;
        }
    }
    for (const std::string_view name : {"shortNames", "categories"}) {
        if (list_or_empty(a.find("spec", "names", name)) !=
            list_or_empty(b.find("spec", "names", name))) {
            return false;
        }
    }
    return true;
}

}  // namespace weft::graph
