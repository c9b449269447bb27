// cli/definition_diff.cc: the API, its schema, the resources, and when they count as ready.

#include "cli/definition_diff.h"

#include <algorithm>

#include "cli/limits.h"
#include "merge/field_diff.h"
#include "schema/strategy.h"

namespace weft::cli {

namespace {

using graph::Definition;
using graph::ResourceEntry;

// ".properties.spec.properties.items.items.type" as people write it: "spec.items[]".
std::string people_path(std::string_view path) {
    std::string out;
    bool is_name = false;  // the step before said "properties": this one is a name
    for (const std::string_view step : split(path, '.')) {
        if (is_name) {
            append(out, out.empty() ? "" : ".", step);
            is_name = false;
        } else if (step == "properties") {
            is_name = true;
        } else if (step == "items") {
            out += "[]";
        } else if (step == "additionalProperties") {
            out += "[*]";
        }
    }
    return out;
}

std::string list_text(const std::vector<std::string>& list) {
    return list.empty() ? "none" : join(list, " and ");
}

// kro's words, but for what they leave unsaid.
std::string description_of(const graph::CrdChange& change) {
    if (change.type == "DEFAULT_CHANGED" && change.new_value.empty()) {
        return cat("Default value ", change.old_value, " was removed");
    }
    if (change.type == "DEFAULT_CHANGED" && change.old_value.empty()) {
        return cat("Default value ", change.new_value, " was added");
    }
    return change.description();
}

class DefinitionComparison {
public:
    DefinitionComparison(const Version& before, const Version& after)
        : before_(before), after_(after) {}

    std::vector<DefinitionChange> run() {
        compare_api();
        compare_crds();
        compare_resources();
        std::ranges::stable_sort(changes_, {}, &DefinitionChange::level);
        return std::move(changes_);
    }

private:
    void tell(Level level, std::string category, std::string path, std::string message) {
        changes_.push_back({level, std::move(category), std::move(path), std::move(message)});
    }

    // --- The API ---

    void compare_word(std::string_view name, const std::string& before, const std::string& after,
                      std::string_view consequence) {
        if (before != after) {
            tell(Level::breaking, "api", cat("schema.", name),
                 cat("changes from ", before, " to ", after, ": ", consequence));
        }
    }

    void compare_api() {
        const Definition& a = *before_.definition;
        const Definition& b = *after_.definition;
        compare_word("kind", a.kind, b.kind,
                     "it is another API; instances of the old one are lost");
        compare_word("group", a.group, b.group,
                     "it is another API; instances of the old one are lost");
        compare_word("apiVersion", a.api_version, b.api_version,
                     "clients of the old version are refused");
        compare_word("scope", a.scope, b.scope, "a CRD's scope cannot change");
        if (a.name != b.name) {
            tell(Level::breaking, "api", "metadata.name",
                 cat("changes from ", a.name, " to ", b.name,
                     ": the new definition may not take over the CRD of the old one"));
        }
    }

    // --- Its schema ---

    void compare_crds() {
        const Value* old_schema = schema_of(before_.graph->crd);
        const Value* new_schema = schema_of(after_.graph->crd);
        if (old_schema == nullptr || new_schema == nullptr) {
            return;
        }
        take(graph::compare_schemas(*old_schema, *new_schema), "");
        compare_further("", *old_schema, *new_schema, 0);
    }

    static const Value* schema_of(const Value& crd) {
        const Value* versions = crd.find("spec", "versions");
        return versions == nullptr || versions->empty()
                   ? nullptr
                   : versions->at(0).find("schema", "openAPIV3Schema");
    }

    void take(const graph::CrdChanges& changes, const std::string& prefix) {
        for (const auto* list : {&changes.breaking, &changes.harmless}) {
            for (const graph::CrdChange& change : *list) {
                const std::string path = people_path(prefix + change.path);
                const bool is_status = path == "status" || path.starts_with("status.");
                tell(list == &changes.breaking ? Level::breaking : Level::safe,
                     is_status ? "status" : "schema", path, description_of(change));
            }
        }
    }

    // What kro's comparison passes over: new enums, rules, maps of schemas.
    void compare_further(const std::string& path, const Value& before, const Value& after,
                         size_t depth) {
        if (depth > example_depth_max || !before.is_map() || !after.is_map()) {
            return;
        }
        const bool is_status = path.starts_with(".properties.status");
        const std::string category = is_status ? "status" : "schema";
        const Value* old_enum = before.find("enum");
        const Value* new_enum = after.find("enum");
        if (old_enum == nullptr && new_enum != nullptr) {
            tell(Level::breaking, category, people_path(path),
                 cat("only ", to_json(*new_enum), " is allowed from now on"));
        } else if (old_enum != nullptr && new_enum == nullptr) {
            tell(Level::safe, category, people_path(path), "any value is allowed from now on");
        }
        compare_rules(category, path, before.find("x-kubernetes-validations"),
                      after.find("x-kubernetes-validations"));
        for (const std::string_view name : {"additionalProperties", "items"}) {
            const Value* a = before.find(name);
            const Value* b = after.find(name);
            if (a == nullptr || b == nullptr) {
                continue;
            }
            if (name == "additionalProperties" && a->is_map() && b->is_map()) {
                take(graph::compare_schemas(*a, *b), cat(path, ".", name));
            }
            compare_further(cat(path, ".", name), *a, *b, depth + 1);
        }
        if (const Value* properties = before.find("properties")) {
            for (const Member& property : properties->members()) {
                if (const Value* now = after.find("properties", property.name())) {
                    compare_further(cat(path, ".properties.", property.name()), property.value,
                                    *now, depth + 1);
                }
            }
        }
    }

    void compare_rules(const std::string& category, const std::string& path, const Value* before,
                       const Value* after) {
        const auto has = [](const Value* list, const Value& rule) {
            return list != nullptr &&
                   std::ranges::any_of(list->items(), [&rule](const Value& other) {
                       return other.string_at("rule") == rule.string_at("rule");
                   });
        };
        if (after != nullptr) {
            for (const Value& rule : after->items()) {
                if (!has(before, rule)) {
                    tell(Level::breaking, category, people_path(path),
                         cat("must satisfy `", rule.string_at("rule"), "` from now on"));
                }
            }
        }
        if (before != nullptr) {
            for (const Value& rule : before->items()) {
                if (!has(after, rule)) {
                    tell(Level::safe, category, people_path(path),
                         cat("need not satisfy `", rule.string_at("rule"), "` any more"));
                }
            }
        }
    }

    // --- The resources ---

    static const ResourceEntry* find(const Definition& definition, std::string_view id) {
        const auto found = std::ranges::find(definition.resources, id, &ResourceEntry::id);
        return found == definition.resources.end() ? nullptr : &*found;
    }

    // What an object is known by, as it is written.
    static std::string identity_of(const ResourceEntry& entry) {
        if (is_value(entry)) {
            return cat("def ", entry.id);
        }
        const Value& object = object_of(entry);
        const std::string_view api_version = object.string_at("apiVersion");
        const size_t slash = api_version.find('/');
        const std::string_view group =
            slash == std::string_view::npos ? "" : api_version.substr(0, slash);
        return cat(group, "/", object.string_at("kind"), " ",
                   object.string_at("metadata", "namespace"), "/",
                   object.string_at("metadata", "name"));
    }
    // A def: no object at all.
    static bool is_value(const ResourceEntry& entry) {
        return !entry.def.is_null() && entry.template_.is_null();
    }
    static const Value& object_of(const ResourceEntry& entry) {
        if (is_value(entry)) {
            return entry.def;
        }
        return entry.external_ref.is_null() ? entry.template_ : entry.external_ref;
    }

    void compare_resources() {
        std::vector<std::string> renamed;
        for (const ResourceEntry& old_entry : before_.definition->resources) {
            const std::string path = cat("resources.", old_entry.id);
            if (const ResourceEntry* entry = find(*after_.definition, old_entry.id)) {
                compare_entry(path, old_entry, *entry);
                continue;
            }
            const ResourceEntry* other = nullptr;
            for (const ResourceEntry& entry : after_.definition->resources) {
                if (find(*before_.definition, entry.id) == nullptr &&
                    identity_of(entry) == identity_of(old_entry)) {
                    other = &entry;
                }
            }
            if (other != nullptr) {
                renamed.push_back(other->id);
                tell(Level::safe, "resource", path,
                     cat("is called ", other->id, " now; its objects stay"));
                compare_entry(cat("resources.", other->id), old_entry, *other);
            } else if (is_value(old_entry)) {
                tell(Level::safe, "resource", path, "is gone: it was a value");
            } else if (!old_entry.external_ref.is_null()) {
                tell(Level::safe, "resource", path, "is not read any more");
            } else {
                tell(Level::breaking, "resource", path,
                     cat("is gone: ", old_entry.template_.string_at("kind"),
                         " objects of every instance are deleted"));
            }
        }
        for (const ResourceEntry& entry : after_.definition->resources) {
            if (find(*before_.definition, entry.id) != nullptr ||
                std::ranges::find(renamed, entry.id) != renamed.end()) {
                continue;
            }
            const std::string path = cat("resources.", entry.id);
            if (is_value(entry)) {
                tell(Level::safe, "resource", path, "is a new value");
            } else if (entry.external_ref.is_null()) {
                tell(Level::safe, "resource", path,
                     cat("is new: every instance gets a ", entry.template_.string_at("kind")));
            } else {
                tell(Level::risky, "resource", path,
                     cat("is new: what reads it waits until that ",
                         entry.external_ref.string_at("kind"), " exists"));
            }
        }
    }

    void compare_entry(const std::string& path, const ResourceEntry& before,
                       const ResourceEntry& after) {
        if (is_value(before) != is_value(after)) {
            tell(is_value(after) ? Level::breaking : Level::safe, "resource", path,
                 is_value(after) ? "is a value now: the objects that were made are deleted"
                                 : "is no value any more");
            return;
        }
        if (is_value(before)) {
            if (before.def != after.def) {
                tell(Level::safe, "resource", path, "is another value now");
            }
            return;
        }
        const bool was_external = !before.external_ref.is_null();
        const bool is_external = !after.external_ref.is_null();
        if (was_external != is_external) {
            tell(Level::breaking, "resource", path,
                 is_external
                     ? "is an external reference now: the objects that were made are deleted"
                     : "is a template now: the controller takes over what it only read");
            return;
        }
        compare_cardinality(path, before, after);
        if (identity_of(before) != identity_of(after)) {
            compare_identity(path, before, after);
        } else if (!is_external) {
            compare_immutable(path, before.template_, after.template_);
        }
        compare_conditions(path, before, after);
        compare_template(path, object_of(before), object_of(after));
    }

    void compare_identity(const std::string& path, const ResourceEntry& before,
                          const ResourceEntry& after) {
        const Value& a = object_of(before);
        const Value& b = object_of(after);
        const bool is_external = !before.external_ref.is_null();
        const std::string_view consequence =
            is_external ? "another object is read"
                        : "the objects of every instance are deleted and made anew";
        const Level level = is_external ? Level::risky : Level::breaking;
        for (const std::string_view name : {"kind", "apiVersion"}) {
            if (a.string_at(name) != b.string_at(name)) {
                tell(level, "resource", cat(path, ".template.", name),
                     cat("changes from ", a.string_at(name), " to ", b.string_at(name), ": ",
                         consequence));
            }
        }
        for (const std::string_view name : {"name", "namespace"}) {
            const std::string_view was = a.string_at("metadata", name);
            const std::string_view is = b.string_at("metadata", name);
            if (was != is) {
                tell(level, "resource", cat(path, ".template.metadata.", name),
                     cat("changes from ", quote(was), " to ", quote(is), ": ", consequence));
            }
        }
    }

    void compare_cardinality(const std::string& path, const ResourceEntry& before,
                             const ResourceEntry& after) {
        if (before.for_each.empty() != after.for_each.empty()) {
            tell(Level::breaking, "resource", cat(path, ".forEach"),
                 after.for_each.empty()
                     ? "is gone: one object is left where there was one for each item"
                     : "is new: what reads it gets a list instead of an object");
            return;
        }
        for (size_t i = 0; i < std::max(before.for_each.size(), after.for_each.size()); ++i) {
            const std::string was = i < before.for_each.size() ? before.for_each[i].list : "none";
            const std::string is = i < after.for_each.size() ? after.for_each[i].list : "none";
            if (was != is) {
                tell(
                    Level::risky, "resource", cat(path, ".forEach[", i, "]"),
                    cat("changes from ", was, " to ", is, ": objects without an item are deleted"));
            }
        }
    }

    // The templates as they are written stand for what they render to: where the text of a member
    // that may not change differs, so do, in general, the objects.
    void compare_immutable(const std::string& path, const Value& before, const Value& after) {
        const Object object(after.is_map() ? after : Value::map());
        const schema::Builtin& builtin = schema::Builtin::get();
        const schema::BuiltinResource* resource =
            builtin.find_resource_of(object.group_version_kind());
        if (resource == nullptr) {
            return;
        }
        for (const schema::FieldError& error :
             schema::validate_immutable(builtin, *resource, "", before, after)) {
            if (!error.path.starts_with("metadata")) {
                tell(Level::breaking, "resource", cat(path, ".template.", error.path),
                     "changes, but may not in objects that exist: applying it is refused until "
                     "they are deleted");
            }
        }
    }

    void compare_conditions(const std::string& path, const ResourceEntry& before,
                            const ResourceEntry& after) {
        if (before.include_when != after.include_when) {
            tell(
                Level::risky, "resource", cat(path, ".includeWhen"),
                cat("changes from ", list_text(before.include_when), " to ",
                    list_text(after.include_when), ": objects come or go where it says otherwise"));
        }
        if (before.ready_when != after.ready_when) {
            tell(Level::safe, "readiness", cat(path, ".readyWhen"),
                 cat("changes from ", list_text(before.ready_when), " to ",
                     list_text(after.ready_when), ": what waits for it may wait longer or less"));
        }
    }

    void compare_template(const std::string& path, const Value& before, const Value& after) {
        for (const merge::FieldDifference& field : merge::field_diff(before, after)) {
            const bool is_identity = field.path == "kind" || field.path == "apiVersion" ||
                                     field.path == "metadata.name" ||
                                     field.path == "metadata.namespace";
            if (!is_identity) {
                tell(Level::safe, "resource", cat(path, ".template.", field.path),
                     merge::to_text(field).substr(field.path.size() + 2));
            }
        }
    }

    const Version& before_;
    const Version& after_;
    std::vector<DefinitionChange> changes_;
};

}  // namespace

std::string_view text(Level level) {
    switch (level) {
        case Level::breaking:
            return "breaking";
        case Level::risky:
            return "risky";
        case Level::safe:
            return "safe";
    }
    return "";
}

std::vector<DefinitionChange> compare_definitions(const Version& before, const Version& after) {
    return DefinitionComparison(before, after).run();
}

}  // namespace weft::cli
