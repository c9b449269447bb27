// server/internal/custom_kind.cc: hands objects of a definition to the right version of it.

#include "server/internal/custom_kind.h"

#include <algorithm>

#include "server/internal/metadata.h"
#include "server/internal/schema_prose.h"

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

bool is_set(const Value& json, std::string_view key) {
    const Value* found = json.find(key);
    return found != nullptr && *found == Value(true);
}

}  // namespace

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
    if (const Value* versions = spec->find("versions")) {
        for (const Value& json : versions->items()) {
            Version version;
            version.name = json.string_at("name");
            version.served = is_set(json, "served");
            version.storage = is_set(json, "storage");
            version.kind = TRY(crd::Kind::make(definition, version.name));
            if (const Value* schema = json.find("schema", "openAPIV3Schema")) {
                version.prose = prose_of(*schema);
            }
            kind->versions_.push_back(std::move(version));
        }
    }
    return std::shared_ptr<const CustomKind>(std::move(kind));
}

const CustomKind::Version& CustomKind::version_of(const Resource& resource) const {
    const auto found = std::ranges::find(versions_, resource.gvr.version, &Version::name);
    CHECK(found != versions_.end());
    return *found;
}

const crd::Kind& CustomKind::of(const Resource& resource) const {
    return *version_of(resource).kind;
}

std::vector<ResourcePtr> CustomKind::resources(
    const std::shared_ptr<const CustomKind>& self) const {
    std::vector<ResourcePtr> out;
    std::string storage;
    for (const Version& version : versions_) {
        if (version.storage) {
            storage = version.name;
        }
    }
    for (const Version& version : versions_) {
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
        for (const std::string& label : version.kind->selectable_fields()) {
            resource->field_labels.push_back(label);
        }
        if (version.kind->has_status_subresource()) {
            resource->subresources.push_back(
                {"status", {group_, version.name, kind_}, {"get", "patch", "update"}});
        }
        if (version.kind->scale() != nullptr) {
            resource->subresources.push_back(
                {"scale", {"autoscaling", "v1", "Scale"}, {"get", "patch", "update"}});
        }
        resource->custom = self;
        resource->schema = version.kind->schema();
        out.push_back(std::move(resource));
    }
    return out;
}

Result<Value> CustomKind::decode(const Resource& resource, const Value& value,
                                 std::vector<std::string>* strict) const {
    Value object = value;
    std::vector<std::string> dropped;
    TRY(of(resource).decode(object, &dropped));
    for (const std::string& path : dropped) {
        strict->push_back(cat("unknown field ", quote(path)));
    }
    return object;
}

Result<Value> CustomKind::from_storage(const Resource& resource, Value object) const {
    const std::string stored(object.string_at("apiVersion"));
    const bool is_known = std::ranges::any_of(versions_, [&](const Version& version) {
        return stored == cat(group_, "/", version.name);
    });
    if (!is_known) {
        return make_error(Reason::unknown,
                          "request to convert CR from an invalid group/version: ", stored);
    }
    object.set("apiVersion", resource.api_version());
    TRY(of(resource).decode(object, nullptr, true));
    return object;
}

void CustomKind::prune_for_storage(const Resource& resource, Value& object) const {
    for (const Version& version : versions_) {
        if (version.storage && version.name != resource.gvr.version) {
            version.kind->prune(object);
        }
    }
}

void CustomKind::prepare_create(const Resource& resource, Value& object) const {
    of(resource).prepare_create(object);
}

void CustomKind::prepare_update(const Resource& resource, std::string_view subresource,
                                Value& object, const Value& old_object) const {
    if (subresource == "status") {
        of(resource).prepare_status_update(object, old_object);
    } else {
        of(resource).prepare_update(object, old_object);
    }
}

FieldErrors CustomKind::validate(const Resource& resource, std::string_view subresource,
                                 const Value& object, const Value* old_object) const {
    if (old_object == nullptr) {
        return of(resource).validate_create(object);
    }
    return subresource == "status" ? of(resource).validate_status_update(object, *old_object)
                                   : of(resource).validate_update(object, *old_object);
}

std::vector<std::pair<std::string, std::string>> CustomKind::selector_fields(
    const Value& object) const {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const Version& version : versions_) {
        const std::vector<std::string>& names = version.kind->selectable_fields();
        if (names.empty()) {
            continue;
        }
        std::vector<std::string> values = version.kind->selectable_values(object);
        for (size_t i = 0; i < names.size(); ++i) {
            const bool known = std::ranges::any_of(
                fields, [&](const auto& entry) { return entry.first == names[i]; });
            if (!known) {
                fields.emplace_back(names[i], std::move(values[i]));
            }
        }
    }
    return fields;
}

}  // namespace weft::server
