// server/internal/custom_kind.cc: decoding, pruning, defaulting and validation of custom resources.

#include "server/internal/custom_kind.h"

#include <algorithm>

#include "schema/defaults.h"
#include "schema/list_type.h"
#include "schema/open_api.h"
#include "schema/prune.h"
#include "server/internal/metadata.h"

namespace weft::server {

namespace {

std::vector<std::string> text_list(const Value* list) {
    std::vector<std::string> out;
    if (list != nullptr) {
        for (const Value& item : list->items()) {
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            }
        }
    }
    return out;
}

Result<CustomVersion> read_version(const Value& json) {
    CustomVersion version;
    version.name = json.string_at("name");
    version.served = json.find("served") != nullptr && *json.find("served") == Value(true);
    version.storage = json.find("storage") != nullptr && *json.find("storage") == Value(true);
    if (const Value* schema = json.find("schema", "openAPIV3Schema")) {
        version.schema = TRY(schema::from_open_api(*schema));
        version.has_schema = true;
        version.validator = std::make_shared<const schema::Validator>(version.schema);
    }
    if (const Value* columns = json.find("additionalPrinterColumns")) {
        version.columns = *columns;
    }
    if (const Value* fields = json.find("selectableFields")) {
        for (const Value& field : fields->items()) {
            version.selectable_fields.emplace_back(field.string_at("jsonPath"));
        }
    }
    version.has_status = json.find("subresources", "status") != nullptr;
    if (const Value* scale = json.find("subresources", "scale")) {
        version.scale = *scale;
    }
    if (json.find("deprecated") != nullptr && *json.find("deprecated") == Value(true)) {
        version.deprecation_warning = std::string(json.string_at("deprecationWarning"));
    }
    return version;
}

}  // namespace

const Value* find_simple_path(const Value& object, std::string_view path) {
    const auto parsed = Path::parse(path);
    return parsed ? parsed->find_in(object) : nullptr;
}

Result<std::shared_ptr<const CustomKind>> CustomKind::make(const Value& definition) {
    auto kind = std::make_shared<CustomKind>();
    const Value* spec = definition.find("spec");
    if (spec == nullptr) {
        return make_error(Reason::invalid, "a CustomResourceDefinition without spec");
    }
    const Value* names = spec->find("names");
    const Value* accepted = definition.find("status", "acceptedNames");
    if (accepted != nullptr && !accepted->string_at("plural").empty()) {
        names = accepted;
    }
    kind->terminating_ = definition.find("metadata", "deletionTimestamp") != nullptr;
    kind->group_ = spec->string_at("group");
    kind->plural_ = spec->string_at("names", "plural");
    if (names != nullptr) {
        kind->singular_ = names->string_at("singular");
        kind->kind_ = names->string_at("kind");
        kind->list_kind_ = names->string_at("listKind");
        kind->short_names_ = text_list(names->find("shortNames"));
        kind->categories_ = text_list(names->find("categories"));
    }
    kind->namespaced_ = spec->string_at("scope") == "Namespaced";
    const Value* versions = spec->find("versions");
    std::string stamped(definition.string_at("metadata", "uid"));
    const Value* first_schema = nullptr;
    for (const Value& version : versions == nullptr ? Value().items() : versions->items()) {
        kind->versions_.push_back(TRY(read_version(version)));
        const Value* schema = version.find("schema");
        if (schema != nullptr) {
            stamped += to_json(*schema);
            kind->versions_differ_ =
                kind->versions_differ_ || (first_schema != nullptr && !(*schema == *first_schema));
            first_schema = schema;
        }
        for (const std::string& field : kind->versions_.back().selectable_fields) {
            stamped += field;
        }
    }
    kind->stamp_ = fnv64a(stamped);
    return std::shared_ptr<const CustomKind>(std::move(kind));
}

const CustomVersion* CustomKind::find_version(std::string_view name) const {
    for (const CustomVersion& version : versions_) {
        if (version.name == name) {
            return &version;
        }
    }
    return nullptr;
}

std::vector<ResourcePtr> CustomKind::resources(
    const std::shared_ptr<const CustomKind>& self) const {
    std::vector<ResourcePtr> out;
    std::string storage;
    for (const CustomVersion& version : versions_) {
        if (version.storage) {
            storage = version.name;
        }
    }
    for (const CustomVersion& version : versions_) {
        if (!version.served) {
            continue;
        }
        auto resource = std::make_shared<Resource>();
        resource->gvr = {group_, version.name, plural_};
        resource->kind = kind_;
        resource->list_kind = list_kind_;
        resource->singular = singular_;
        resource->short_names = short_names_;
        resource->categories = categories_;
        resource->verbs = {"delete", "deletecollection", "get",    "list",
                           "patch",  "create",           "update", "watch"};
        resource->namespaced = namespaced_;
        resource->storage_hash =
            base64_encode(sha256(cat(group_, "/", storage, "/", kind_)).substr(0, 8));
        resource->key_prefix = cat("/registry/", group_, "/", plural_, "/");
        resource->storage_api_version = cat(group_, "/", storage);
        resource->field_labels = {"metadata.name", "metadata.namespace"};
        for (const std::string& path : version.selectable_fields) {
            resource->field_labels.push_back(path.substr(path.starts_with('.') ? 1 : 0));
        }
        if (version.has_status) {
            resource->subresources.push_back(
                {"status", {group_, version.name, kind_}, {"get", "patch", "update"}});
        }
        if (!version.scale.is_null()) {
            resource->subresources.push_back(
                {"scale", {"autoscaling", "v1", "Scale"}, {"get", "patch", "update"}});
        }
        resource->custom = self;
        resource->schema = version.schema;
        out.push_back(std::move(resource));
    }
    return out;
}

Result<Value> CustomKind::decode(const Resource& resource, const Value& value,
                                 std::vector<std::string>* strict) const {
    const CustomVersion* version = find_version(resource.gvr.version);
    CHECK(version != nullptr);
    Value object = value;
    std::vector<std::string> dropped;
    if (version->has_schema) {
        schema::prune(object, version->schema.get(),
                      {.is_resource_root = true, .dropped = &dropped});
        schema::prune_non_nullable_nulls(object, version->schema.get());
        schema::apply_defaults(object, version->schema.get());
    }
    for (const std::string& path : dropped) {
        strict->push_back(cat("unknown field ", quote(path)));
    }
    return object;
}

Result<Value> CustomKind::from_storage(const Resource& resource, Value object) const {
    const CustomVersion* version = find_version(resource.gvr.version);
    CHECK(version != nullptr);
    if (version->has_schema) {
        schema::prune(object, version->schema.get());
        schema::prune_non_nullable_nulls(object, version->schema.get());
        schema::apply_defaults(object, version->schema.get());
    }
    object.set("apiVersion", resource.api_version());
    return object;
}

namespace {

// Whether anything outside of metadata differs.
bool is_changed(const Value& object, const Value& old_object) {
    for (const Value* side : {&object, &old_object}) {
        for (const Member& member : side->members()) {
            const std::string_view name = member.name();
            if (name == "metadata" || name == "apiVersion" || name == "kind") {
                continue;
            }
            const Value* now = object.find(name);
            const Value* before = old_object.find(name);
            if (now == nullptr || before == nullptr || !(*now == *before)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

void CustomKind::prepare_create(const Resource& resource, Value& object) const {
    if (resource.has_status()) {
        object.erase("status");
    }
    set_metadata(object.mutable_member("metadata"), "generation", Value(1));
}

void CustomKind::prepare_update(const Resource& resource, std::string_view subresource,
                                Value& object, const Value& old_object) const {
    const int64_t generation = old_object.int_at(0, "metadata", "generation");
    if (subresource == "status") {
        Value restored = old_object;
        if (const Value* status = object.find("status")) {
            restored.set("status", *status);
        } else {
            restored.erase("status");
        }
        Value& metadata = restored.mutable_member("metadata");
        if (const Value* fields = object.find("metadata", "managedFields")) {
            set_metadata(metadata, "managedFields", *fields);
        }
        object = std::move(restored);
        return;
    }
    if (resource.has_status()) {
        if (const Value* status = old_object.find("status")) {
            object.set("status", *status);
        } else {
            object.erase("status");
        }
    }
    set_metadata(object.mutable_member("metadata"), "generation",
                 Value(is_changed(object, old_object) ? generation + 1 : generation));
}

FieldErrors CustomKind::validate(const Resource& resource, std::string_view /*subresource*/,
                                 const Value& object, const Value* old_object) const {
    const CustomVersion* version = find_version(resource.gvr.version);
    CHECK(version != nullptr);
    if (version->validator == nullptr) {
        return {};
    }
    return version->validator->validate(object, old_object);
}

schema::SchemaPtr CustomKind::merge_schema(const Resource& resource) const {
    const CustomVersion* version = find_version(resource.gvr.version);
    CHECK(version != nullptr);
    return version->schema;
}

std::vector<std::pair<std::string, std::string>> CustomKind::selector_fields(
    const Resource& resource, const Value& object) const {
    std::vector<std::pair<std::string, std::string>> fields;
    (void)resource;
    for (const CustomVersion& version : versions_) {
        for (const std::string& path : version.selectable_fields) {
            const Value* found = find_simple_path(object, path);
            if (found == nullptr || found->is_null()) {
                continue;
            }
            std::string name = path.substr(path.starts_with('.') ? 1 : 0);
            std::string text =
                found->is_string() ? std::string(found->as_string()) : to_json(*found);
            if (std::ranges::find(fields, name, [](const auto& entry) { return entry.first; }) ==
                fields.end()) {
                fields.emplace_back(std::move(name), std::move(text));
            }
        }
    }
    return fields;
}

}  // namespace weft::server
