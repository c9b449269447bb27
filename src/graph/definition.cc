// graph/definition.cc: reading the object, field by field.

#include "graph/definition.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/nearest.h"
#include "graph/diagnostics.h"
#include "graph/labels.h"
#include "graph/limits.h"
#include "graph/names.h"
#include "graph/rollout.h"
#include "object/names.h"

namespace weft::graph {

namespace {

constexpr auto object_members =
    std::to_array<std::string_view>({"apiVersion", "kind", "metadata", "spec", "status"});
constexpr auto metadata_members = std::to_array<std::string_view>(
    {"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation",
     "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
     "annotations", "ownerReferences", "finalizers", "managedFields"});
constexpr auto spec_members = std::to_array<std::string_view>({"schema", "resources", "rollout"});
constexpr auto rollout_members = std::to_array<std::string_view>(
    {"share", "labels", "maxUnavailable", "pauseOnFailure", "paused", "progressDeadlineSeconds"});
constexpr auto schema_members = std::to_array<std::string_view>(
    {"kind", "apiVersion", "group", "spec", "types", "status", "scope", "additionalPrinterColumns",
     "shortNames", "categories", "metadata", "managedResources"});
constexpr auto crd_metadata_members = std::to_array<std::string_view>({"labels", "annotations"});
constexpr auto column_members = std::to_array<std::string_view>(
    {"name", "type", "jsonPath", "description", "format", "priority"});
constexpr auto entry_members = std::to_array<std::string_view>(
    {"id", "template", "externalRef", "def", "readyWhen", "includeWhen", "forEach", "propagateWhen",
     "includeItemsWhen", "lifecycle", "driftPolicy"});
constexpr auto external_members =
    std::to_array<std::string_view>({"apiVersion", "kind", "metadata"});
constexpr auto external_metadata_members =
    std::to_array<std::string_view>({"name", "namespace", "selector"});
constexpr auto selector_members =
    std::to_array<std::string_view>({"matchLabels", "matchExpressions"});

// Reads what kro's CRD describes, and says what an API server that has the CRD would say.
class DefinitionReader {
public:
    DefinitionReader(const Object& object, Diagnostics* diagnostics)
        : object_(object.value()), diagnostics_(diagnostics) {}

    Definition read() {
        Definition out;
        check_members(object_, Path(), object_members);
        read_metadata(out);
        const Value* spec = object_.find("spec");
        if (spec == nullptr || !spec->is_map()) {
            tell(spec == nullptr ? Path() : Path{"spec"}, "spec is missing or not a map");
            out.told = {"kind", "apiVersion", "spec", "types", "status"};
            return out;
        }
        out.source = *spec;
        check_members(*spec, Path{"spec"}, spec_members);
        read_schema(out, map_at(*spec, "schema", Path{"spec"}));
        const Path rollout{"spec", "rollout"};
        const Value steps = map_at(*spec, "rollout", Path{"spec"});
        check_members(steps, rollout, rollout_members);
        for (const auto& [name, mistake] : check_rollout(steps)) {
            tell(rollout.child(name), cat(rollout.child(name).text(), " ", mistake));
        }
        const Value resources = list_at(*spec, "resources", Path{"spec"});
        size_t index = 0;
        for (const Value& entry : resources.items()) {
            out.resources.push_back(read_entry(entry, Path{"spec", "resources", index++}));
        }
        return out;
    }

private:
    void read_metadata(Definition& out) {
        out.name = object_.string_at("metadata", "name");
        out.uid = object_.string_at("metadata", "uid");
        out.generation = object_.int_at(0, "metadata", "generation");
        out.allows_breaking_changes =
            object_.string_at("metadata", "annotations", annotation_allow_breaking) == "true";
        const Path path{"metadata"};
        const Value* metadata = object_.find("metadata");
        if (metadata == nullptr || !metadata->is_map()) {
            tell(metadata == nullptr ? Path() : path,
                 "metadata.name: Required value: name or generateName is required");
            return;
        }
        check_members(*metadata, path, metadata_members);
        if (metadata->contains("generateName") && !metadata->contains("name")) {
            return;
        }
        const Value* name = metadata->find("name");
        if (name == nullptr || !name->is_string() || name->as_string().empty()) {
            tell(name == nullptr ? path : path.child("name"),
                 "metadata.name: Required value: name or generateName is required");
            return;
        }
        for (const std::string& mistake : check_dns1123_subdomain(name->as_string())) {
            tell(path.child("name"),
                 cat("metadata.name: Invalid value: ", quote(name->as_string()), ": ", mistake));
        }
    }

    void read_schema(Definition& out, const Value& schema) {
        const Path path{"spec", "schema"};
        told_ = &out.told;
        if (schema.is_null()) {
            if (object_.find("spec", "schema") == nullptr) {
                tell(Path{"spec"}, "spec.schema: Required value");
            }
            out.told = {"kind", "apiVersion", "spec", "types", "status"};
            return;
        }
        check_members(schema, path, schema_members);
        out.kind = text_at(schema, "kind", path);
        out.api_version = text_at(schema, "apiVersion", path);
        set_if_given(out.group, text_at(schema, "group", path));
        set_if_given(out.scope, text_at(schema, "scope", path));
        check_names(out, schema, path);
        const std::string front =
            cat("failed to build resourcegraphdefinition ", quote(out.name), ": ");
        out.spec = block_at(schema, "spec", cat(front, "failed to unmarshal spec schema"));
        out.types = block_at(schema, "types", cat(front, "failed to unmarshal predefined types"));
        out.status = block_at(schema, "status",
                              "failed to build instance status schema: failed to unmarshal status "
                              "schema");
        out.printer_columns = list_at(schema, "additionalPrinterColumns", path);
        check_columns(out.printer_columns, path.child("additionalPrinterColumns"));
        out.short_names = list_at(schema, "shortNames", path);
        out.categories = list_at(schema, "categories", path);
        for (const std::string_view name : {"shortNames", "categories"}) {
            check_words(name == "shortNames" ? out.short_names : out.categories, path.child(name));
        }
        const Value lists =
            member(schema, "managedResources", path, Value::Kind::boolean, "a boolean");
        out.lists_resources = lists.is_bool() && lists.as_bool();
        const Value metadata = map_at(schema, "metadata", path);
        check_members(metadata, path.child("metadata"), crd_metadata_members);
        out.crd_labels = map_at(metadata, "labels", path.child("metadata"));
        out.crd_annotations = map_at(metadata, "annotations", path.child("metadata"));
        told_ = nullptr;
    }

    void check_names(Definition& out, const Value& schema, const Path& path) {
        for (const std::string_view name : {"kind", "apiVersion"}) {
            if (!schema.contains(name) || schema.find(name)->is_null()) {
                tell(path, cat(path.child(name).text(), ": Required value"));
                out.told.emplace_back(name);
            }
        }
        if (is_upper_camel_case(out.kind) && out.kind.size() > limits::kind_chars) {
            tell_pattern(path.child("kind"), out.kind, "^[A-Z][a-zA-Z0-9]{0,62}$");
        }
        if (!out.api_version.empty() && !is_kubernetes_version(out.api_version)) {
            tell_pattern(path.child("apiVersion"), out.api_version,
                         "^v[0-9]+(alpha[0-9]+|beta[0-9]+)?$");
        }
        if (out.scope != "Namespaced" && out.scope != "Cluster") {
            tell(path.child("scope"),
                 cat("spec.schema.scope: Unsupported value: ", quote(out.scope),
                     ": supported values: \"Namespaced\", \"Cluster\""));
            out.scope = "Namespaced";
        }
        // The CRD's own name is made of it, so a group that is none is refused when it is made.
        const std::vector<std::string> mistakes = check_dns1123_subdomain(out.group);
        if (!mistakes.empty()) {
            tell(path.child("group"),
                 cat("spec.schema.group: Invalid value: ", quote(out.group), ": ", mistakes[0]));
        }
    }

    void tell_pattern(const Path& path, std::string_view value, std::string_view pattern) {
        tell(path, cat(path.text(), ": Invalid value: ", quote(value), ": ", path.text(),
                       " in body should match '", pattern, "'"));
    }

    void check_columns(const Value& columns, const Path& path) {
        size_t index = 0;
        for (const Value& column : columns.items()) {
            const Path where = path.child(index++);
            if (!column.is_map()) {
                tell(where, cat(where.text(), " must be a map"));
                continue;
            }
            check_members(column, where, column_members);
            for (const std::string_view name : {"name", "type", "jsonPath"}) {
                if (column.string_at(name).empty()) {
                    tell(where, cat(where.child(name).text(), ": Required value"));
                }
            }
        }
    }

    void check_words(const Value& words, const Path& path) {
        size_t index = 0;
        for (const Value& word : words.items()) {
            const Path where = path.child(index++);
            if (!word.is_string()) {
                tell(where, cat(where.text(), " must be a text"));
            } else if (!check_dns1035_label(word.as_string()).empty()) {
                tell_pattern(where, word.as_string(), "^[a-z]([-a-z0-9]*[a-z0-9])?$");
            }
        }
    }

    void tell(const Path& path, std::string message, std::string_view id = "G001") {
        if (diagnostics_ != nullptr) {
            diagnostics_->push_back(diagnose(id, path, std::move(message)));
        }
    }

    // An API server drops members that the CRD does not have; kubectl refuses them.
    void check_members(const Value& map, const Path& path,
                       std::span<const std::string_view> known) {
        if (diagnostics_ == nullptr) {
            return;
        }
        for (const Member& member : map.members()) {
            if (std::ranges::find(known, member.name()) != known.end()) {
                continue;
            }
            const Path where = path.child(member.name());
            Diagnostic diagnostic =
                diagnose("G026", where, cat("unknown field ", quote(where.text())));
            diagnostic.cure.insert(0, suggestion(member.name(), known));
            diagnostics_->push_back(std::move(diagnostic));
        }
    }

    static void set_if_given(std::string& target, std::string text) {
        if (!text.empty()) {
            target = std::move(text);
        }
    }

    // The member of a kind; null if it is absent, null, or (told) of another kind.
    Value member(const Value& parent, std::string_view name, const Path& path, Value::Kind kind,
                 std::string_view word) {
        const Value* found = parent.find(name);
        if (found == nullptr || found->is_null()) {
            return {};
        }
        if (found->kind() != kind) {
            const Path where = path.child(name);
            tell(where, cat(where.text(), " must be ", word));
            if (told_ != nullptr) {
                told_->emplace_back(name);
            }
            return {};
        }
        return *found;
    }
    Value map_at(const Value& parent, std::string_view name, const Path& path) {
        return member(parent, name, path, Value::Kind::map, "a map");
    }
    // One of the raw blocks of spec.schema, with kro's words for what is no map.
    Value block_at(const Value& schema, std::string_view name, std::string_view words) {
        const Value* found = schema.find(name);
        if (found == nullptr || found->is_null() || found->is_map()) {
            return found == nullptr ? Value() : *found;
        }
        const Path where = Path{"spec", "schema"}.child(name);
        tell(where, cat(words, ": ", where.text(), " must be a map"));
        told_->emplace_back(name);
        return {};
    }
    Value list_at(const Value& parent, std::string_view name, const Path& path) {
        return member(parent, name, path, Value::Kind::list, "a list");
    }
    std::string text_at(const Value& parent, std::string_view name, const Path& path) {
        const Value found = member(parent, name, path, Value::Kind::string, "a text");
        return found.is_string() ? std::string(found.as_string()) : std::string();
    }

    std::vector<std::string> texts_at(const Value& parent, std::string_view name,
                                      const Path& path) {
        std::vector<std::string> out;
        size_t index = 0;
        const Value list = list_at(parent, name, path);
        for (const Value& item : list.items()) {
            const Path where = path.child(name).child(index++);
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            } else {
                tell(where, cat(where.text(), " must be a text"));
            }
        }
        return out;
    }

    Lifecycle read_lifecycle(const Value& block, const Path& path) {
        Lifecycle out;
        const std::string on_delete = text_at(block, "onDelete", path);
        if (on_delete == "Retain") {
            out.on_delete = Lifecycle::OnDelete::retain;
        } else if (on_delete == "Protect") {
            out.on_delete = Lifecycle::OnDelete::protect;
        } else if (!on_delete.empty() && on_delete != "Delete") {
            const Path where = path.child("onDelete");
            tell(where, cat(where.text(), " must be Delete, Retain or Protect"));
        }
        const std::string adopt = text_at(block, "adopt", path);
        out.adopts = adopt != "Never";
        if (!adopt.empty() && adopt != "Never" && adopt != "Always") {
            const Path where = path.child("adopt");
            tell(where, cat(where.text(), " must be Always or Never"));
        }
        return out;
    }

    ResourceEntry read_entry(const Value& entry, const Path& path) {
        ResourceEntry out;
        out.path = path;
        if (!entry.is_map()) {
            tell(path, cat(path.text(), " must be a map"));
            out.told = {"id", "template", "externalRef"};
            return out;
        }
        told_ = &out.told;
        check_members(entry, path, entry_members);
        out.id = text_at(entry, "id", path);
        if (!entry.contains("id")) {
            tell(path, cat(path.child("id").text(), ": Required value"));
            out.told.emplace_back("id");
        }
        out.template_ = map_at(entry, "template", path);
        out.external_ref = map_at(entry, "externalRef", path);
        check_external(out.external_ref, path.child("externalRef"));
        if (const Value* def = entry.find("def")) {
            out.def = *def;
        }
        out.ready_when = texts_at(entry, "readyWhen", path);
        out.include_when = texts_at(entry, "includeWhen", path);
        out.propagate_when = texts_at(entry, "propagateWhen", path);
        out.include_items_when = texts_at(entry, "includeItemsWhen", path);
        out.lifecycle = read_lifecycle(map_at(entry, "lifecycle", path), path.child("lifecycle"));
        const std::string drift = text_at(entry, "driftPolicy", path);
        out.reports_drift = drift == "Report";
        if (!drift.empty() && drift != "Report" && drift != "Repair") {
            const Path where = path.child("driftPolicy");
            tell(where, cat(where.text(), " must be Report or Repair"));
        }
        const Value dimensions = list_at(entry, "forEach", path);
        size_t index = 0;
        for (const Value& dimension : dimensions.items()) {
            const Path where = path.child("forEach").child(index++);
            if (!dimension.is_map() || dimension.size() != 1 ||
                !dimension.members()[0].value.is_string()) {
                tell(where, cat(where.text(), " must be a map with one member, a text"));
                out.told.emplace_back("forEach");
                continue;
            }
            const Member& only = dimension.members()[0];
            out.for_each.push_back({std::string(only.name()), std::string(only.value.as_string()),
                                    where.child(only.name())});
        }
        told_ = nullptr;
        return out;
    }

    void check_external(const Value& external, const Path& path) {
        if (!external.is_map()) {
            return;
        }
        check_members(external, path, external_members);
        const Value* metadata = external.find("metadata");
        if (metadata == nullptr || !metadata->is_map()) {
            return;  // The compiler tells it.
        }
        const Path where = path.child("metadata");
        check_members(*metadata, where, external_metadata_members);
        const Value* name = metadata->find("name");
        const Value* selector = metadata->find("selector");
        const bool has_name = name != nullptr && !name->is_null();
        const bool has_selector = selector != nullptr && !selector->is_null();
        if (has_name == has_selector) {
            tell(where,
                 cat(where.text(),
                     ": Invalid value: exactly one of name or selector must be "
                     "provided"),
                 "G006");
        }
        if (has_name && (!name->is_string() || name->as_string().empty())) {
            tell(where.child("name"), cat(where.child("name").text(), " must be a text"));
        }
        if (has_selector && !selector->is_map()) {
            tell(where.child("selector"), cat(where.child("selector").text(), " must be a map"));
        } else if (has_selector) {
            check_members(*selector, where.child("selector"), selector_members);
        }
    }

    std::vector<std::string>* told_ = nullptr;  // of what is being read
    const Value& object_;
    Diagnostics* diagnostics_;
};

}  // namespace

bool ResourceEntry::was_told(std::string_view member) const {
    return std::ranges::find(told, member) != told.end();
}

bool Definition::was_told(std::string_view member) const {
    return std::ranges::find(told, member) != told.end();
}

Definition parse_definition(const Object& object, Diagnostics* diagnostics) {
    return DefinitionReader(object, diagnostics).read();
}

}  // namespace weft::graph
