// schema/builtin.cc: groups and resources of the builtin API.

#include "schema/builtin.h"

#include <utility>

#include "schema/builtin/embed.h"
#include "schema/internal/tables.h"
#include "schema/internal/tree.h"

namespace weft::schema {

namespace {

std::vector<std::string_view> texts(const Value* list) {
    std::vector<std::string_view> out;
    if (list != nullptr) {
        out.reserve(list->size());
        for (const Value& item : list->items()) {
            out.push_back(item.as_string());
        }
    }
    return out;
}

bool flag(const Value& row, std::string_view name) {
    const Value* found = row.find(name);
    return found != nullptr && found->is_bool() && found->as_bool();
}

std::optional<int64_t> number(const Value* value) {
    return value != nullptr && value->is_int() ? std::optional(value->as_int()) : std::nullopt;
}

std::vector<ResetFields> reset_fields(const Value* by_version) {
    std::vector<ResetFields> out;
    if (by_version != nullptr) {
        for (const Member& entry : by_version->members()) {
            out.push_back({entry.name(), texts(&entry.value)});
        }
    }
    return out;
}

BuiltinSubresource subresource(const Value& row, const BuiltinResource& parent) {
    BuiltinSubresource out;
    out.name = row.string_at("name");
    out.kind = row.string_at("kind");
    out.group = parent.group;
    out.version = parent.version;
    if (const std::string_view own = row.string_at("gv"); !own.empty()) {
        const size_t slash = own.find('/');
        out.group = slash == std::string_view::npos ? std::string_view() : own.substr(0, slash);
        out.version = slash == std::string_view::npos ? own : own.substr(slash + 1);
    }
    out.verbs = texts(row.find("verbs"));
    out.reset_fields = reset_fields(row.find("resetFields"));
    return out;
}

BuiltinResource resource(const Value& row) {
    BuiltinResource out;
    out.group = row.string_at("group");
    out.version = row.string_at("version");
    out.resource = row.string_at("resource");
    out.singular = row.string_at("singular");
    out.kind = row.string_at("kind");
    out.list_kind = row.string_at("listKind");
    out.short_names = texts(row.find("shortNames"));
    out.categories = texts(row.find("categories"));
    out.verbs = texts(row.find("verbs"));
    out.namespaced = flag(row, "namespaced");
    out.is_default = flag(row, "default");
    out.stage = row.string_at("stage");
    out.gate = row.string_at("gate");
    out.storage_hash = row.string_at("hash");
    out.storage_version = row.string_at("storage");
    out.field_labels = texts(row.find("fieldSelectors"));
    if (const Value* renames = row.find("fieldSelectorRenames")) {
        for (const Member& rename : renames->members()) {
            out.field_label_renames.push_back({rename.name(), rename.value.as_string()});
        }
    }
    out.field_labels_without_value = texts(row.find("fieldSelectorsWithoutValue"));
    out.generation_at_create = number(row.find("generation", "create"));
    out.generation_bumped_by = texts(row.find("generation", "bumpOn"));
    out.graceful = flag(row, "graceful");
    out.create_on_update = flag(row, "createOnUpdate");
    out.unconditional_update = flag(row, "unconditionalUpdate");
    out.returns_deleted_object = flag(row, "returnDeletedObject");
    out.is_virtual = flag(row, "virtual");
    const std::string_view propagation = row.string_at("defaultGC");
    out.default_propagation = propagation == "orphan" ? DefaultPropagation::orphan
                              : propagation == "none" ? DefaultPropagation::none
                                                      : DefaultPropagation::background;
    out.ttl_seconds = number(row.find("ttlSeconds"));
    out.reset_fields = reset_fields(row.find("resetFields"));
    if (const Value* list = row.find("subresources")) {
        for (const Value& item : list->items()) {
            out.subresources.push_back(subresource(item, out));
        }
    }
    return out;
}

// Unpacks a section at its first use.
const Value& section(const internal::Tables& tables, internal::Section which,
                     std::optional<Value>& kept) {
    if (!kept) {
        kept = tables.value(which);
    }
    return *kept;
}

}  // namespace

const BuiltinSubresource* BuiltinResource::find_subresource(std::string_view name) const {
    for (const BuiltinSubresource& candidate : subresources) {
        if (candidate.name == name) {
            return &candidate;
        }
    }
    return nullptr;
}

const Builtin& Builtin::get() {
    static const Builtin instance(internal::embedded_builtin());
    return instance;
}

Builtin::Builtin(std::string_view bytes)
    : tables_(std::make_unique<internal::Tables>(bytes)),
      tree_(std::make_unique<internal::Tree>()) {}

Builtin::~Builtin() = default;

std::span<const BuiltinGroup> Builtin::groups() const {
    if (!groups_) {
        groups_.emplace();
        for (const Value& row :
             section(*tables_, internal::Section::groups, groups_value_).items()) {
            BuiltinGroup group;
            group.group = row.string_at("group");
            group.priority = number(row.find("priority"));
            for (const Value& version : row.find("versions")->items()) {
                group.versions.push_back({version.string_at("version"),
                                          number(version.find("priority")),
                                          flag(version, "default")});
            }
            groups_->push_back(std::move(group));
        }
    }
    return *groups_;
}

std::span<const BuiltinResource> Builtin::resources() const {
    if (!resources_) {
        resources_.emplace();
        for (const Value& row :
             section(*tables_, internal::Section::resources, resources_value_).items()) {
            resources_->push_back(resource(row));
        }
    }
    return *resources_;
}

const BuiltinResource* Builtin::find_resource(std::string_view group, std::string_view version,
                                              std::string_view name) const {
    for (const BuiltinResource& candidate : resources()) {
        if (candidate.resource == name && candidate.group == group &&
            candidate.version == version) {
            return &candidate;
        }
    }
    return nullptr;
}

const BuiltinResource* Builtin::find_resource_of(const GroupVersionKind& kind) const {
    for (const BuiltinResource& candidate : resources()) {
        if (candidate.kind == kind.kind && candidate.group == kind.group &&
            candidate.version == kind.version) {
            return &candidate;
        }
    }
    return nullptr;
}

const Value& Builtin::every() const {
    return section(*tables_, internal::Section::every, every_);
}

std::string_view Builtin::find_every_version_kind(std::string_view kind) const {
    return every().string_at(kind);
}

const Value& Builtin::defaults() const {
    return section(*tables_, internal::Section::defaults, defaults_);
}

const Value& Builtin::immutable() const {
    return section(*tables_, internal::Section::immutable, immutable_);
}

const Value& Builtin::printers() const {
    return section(*tables_, internal::Section::printers, printers_);
}

}  // namespace weft::schema
