// tests/conformance/kro_tables/crd.cc: generated CRDs and their compatibility.

#include <algorithm>

#include "tests/conformance/kro_tables/area.h"

namespace weft::conformance {
namespace {

std::string description_row(const Value& row, const Value&) {
    const Value& change = member(row, "in", "change");
    const std::string got = graph::CrdChange{std::string(change.string_at("Path")),
                                             std::string(change.string_at("ChangeType")),
                                             std::string(change.string_at("OldValue")),
                                             std::string(change.string_at("NewValue"))}
                                .description();
    for (const Value& part : member(row, "in", "contains").items()) {
        if (!got.contains(part.as_string())) {
            return cat(quote(got), " lacks ", quote(part.as_string()));
        }
    }
    return "";
}

// Counts and, where a type is named, that it is among the breaking changes.
std::string check_changes(const Value& row, const graph::CrdChanges& changes) {
    const int64_t breaking = row.int_at(0, "expect", "breakingCount");
    if (static_cast<int64_t>(changes.breaking.size()) != breaking) {
        return cat("want ", breaking, " breaking changes, got ", changes.breaking.size(), ": ",
                   changes.breaking_text());
    }
    if (const Value* harmless = row.find("in", "nonBreakingCount");
        harmless != nullptr &&
        static_cast<int64_t>(changes.harmless.size()) != harmless->as_int()) {
        return cat("want ", harmless->as_int(), " harmless changes, got ", changes.harmless.size());
    }
    for (const std::string_view name : {"expectedChangeType", "checkBreakingType"}) {
        const std::string_view type = row.string_at("expect", name);
        if (!type.empty() && std::ranges::find(changes.breaking, type, &graph::CrdChange::type) ==
                                 changes.breaking.end()) {
            return cat("no change of type ", type);
        }
    }
    return "";
}

std::string schemas_row(const Value& row, const Value&) {
    return check_changes(row, graph::compare_schemas(member(row, "in", "oldSchema"),
                                                     member(row, "in", "newSchema")));
}

// A schema with one member taken from the row, null members left out.
Value with(std::string_view type, std::string_view name, const Value& value) {
    Value out = Value::map_of({{"type", type}});
    if (!value.is_null()) {
        out.set(name, value);
    }
    return out;
}

std::string items_row(const Value& row, const Value&) {
    return check_changes(
        row, graph::compare_schemas(with("array", "items", member(row, "in", "oldItems")),
                                    with("array", "items", member(row, "in", "newItems"))));
}

std::string enum_row(const Value& row, const Value&) {
    return check_changes(
        row, graph::compare_schemas(with("string", "enum", member(row, "in", "oldEnum")),
                                    with("string", "enum", member(row, "in", "newEnum"))));
}

std::string properties_row(const Value& row, const Value&) {
    Value before = with("object", "properties", member(row, "in", "oldProps"));
    Value after = with("object", "properties", member(row, "in", "newProps"));
    if (const Value& required = member(row, "in", "oldRequired"); !required.is_null()) {
        before.set("required", required);
    }
    if (const Value& required = member(row, "in", "newRequired"); !required.is_null()) {
        after.set("required", required);
    }
    return check_changes(row, graph::compare_schemas(before, after));
}

std::string versions_row(const Value& row, const Value&) {
    const auto changes =
        graph::compare_versions(member(row, "in", "oldVersions"), member(row, "in", "newVersions"));
    if (flag(row, "expect", "expectError")) {
        return check_error(true, row.string_at("expect", "errorMessage"),
                           changes ? "" : changes.error().message());
    }
    if (!changes) {
        return changes.error().message();
    }
    return changes->is_compatible() != flag(row, "expect", "expectBreaking") ? ""
                                                                             : "verdict differs";
}

// Definitions as the tables describe a CRD: all fields beside each other.
graph::Definition definition_of(const Value& in) {
    graph::Definition definition;
    definition.group = in.string_at("group");
    definition.api_version = in.string_at("apiVersion");
    definition.kind = in.string_at("kind");
    definition.scope = in.string_at("scope");
    const auto list = [&in](std::string_view name) {
        const Value* found = in.find(name);
        if (found == nullptr) {
            found = in.find("schema", name);
        }
        return found == nullptr ? Value() : *found;
    };
    definition.printer_columns = list("printerColumns");
    definition.short_names = list("shortNames");
    definition.categories = list("categories");
    if (const Value* labels = in.find("schema", "metadata", "labels")) {
        definition.crd_labels = *labels;
    }
    if (const Value* annotations = in.find("schema", "metadata", "annotations")) {
        definition.crd_annotations = *annotations;
    }
    return definition;
}

std::string crd_row(const Value& row, const Value&) {
    const Value& in = *row.find("in");
    const Value crd =
        graph::make_crd(definition_of(in), in.find("spec") ? *in.find("spec") : Value(),
                        in.find("status") ? *in.find("status") : Value());
    const Value& version = crd.find("spec", "versions")->at(0);
    const auto found = [](const Value* value) { return value == nullptr ? Value() : *value; };
    const std::pair<std::string_view, Value> parts[] = {
        {"expectedName", found(crd.find("metadata", "name"))},
        {"expectedGroup", found(crd.find("spec", "group"))},
        {"expectedScope", found(crd.find("spec", "scope"))},
        {"expectedKind", found(crd.find("spec", "names", "kind"))},
        {"expectedPlural", found(crd.find("spec", "names", "plural"))},
        {"expectedSingular", found(crd.find("spec", "names", "singular"))},
        {"expectedShortNames", found(crd.find("spec", "names", "shortNames"))},
        {"expectedCategories", found(crd.find("spec", "names", "categories"))},
        {"expectedPrinterColumns", found(version.find("additionalPrinterColumns"))},
        {"expectedLabels", found(crd.find("metadata", "labels"))},
        {"expectedAnnotations", found(crd.find("metadata", "annotations"))}};
    for (const auto& [name, got] : parts) {
        if (const Value* want = row.find("expect", name)) {
            if (std::string problem = difference(*want, got); !problem.empty()) {
                return cat(name, " ", problem);
            }
        }
    }
    const Value* status =
        version.find("schema", "openAPIV3Schema", "properties", "status", "properties");
    if (flag(row, "expect", "expectedStateField") && !status->contains("state")) {
        return "no state field";
    }
    if (flag(row, "expect", "expectedConditionsField") && !status->contains("conditions")) {
        return "no conditions field";
    }
    return "";
}

const Area crd_areas[] = {
    {"crd-compat__ChangeDescriptions", description_row},
    {"crd-compat__CompareSchemas", schemas_row},
    {"crd-compat__CompareConstraints", schemas_row},
    {"crd-compat__CompareArrayItems", items_row},
    {"crd-compat__CompareEnumValues", enum_row},
    {"crd-compat__CompareProperties", properties_row},
    {"crd-compat__CompareRequiredFields", properties_row},
    {"crd-compat__CompareVersions", versions_row},
    {"crd__NewCRD", crd_row},
    {"crd__NewCRDSchema", crd_row},
    {"crd__SynthesizeCRD", crd_row},
};

}  // namespace
}  // namespace weft::conformance
