// server/internal/metadata.cc: fills, keeps and checks metadata.

#include "server/internal/metadata.h"

#include <algorithm>
#include <array>

#include "server/internal/selectors.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view metadata_order[] = {"name",
                                               "generateName",
                                               "namespace",
                                               "selfLink",
                                               "uid",
                                               "resourceVersion",
                                               "generation",
                                               "creationTimestamp",
                                               "deletionTimestamp",
                                               "deletionGracePeriodSeconds",
                                               "labels",
                                               "annotations",
                                               "ownerReferences",
                                               "finalizers",
                                               "managedFields"};

size_t rank_of(std::string_view key) {
    return static_cast<size_t>(std::ranges::find(metadata_order, key) - std::begin(metadata_order));
}

}  // namespace

void set_metadata(Value& metadata, std::string_view key, Value value) {
    if (Value* there = metadata.find_mutable(key)) {
        *there = std::move(value);
        return;
    }
    const size_t rank = rank_of(key);
    const auto members = metadata.members();
    if (members.empty() || rank_of(members.back().name()) < rank) {
        metadata.append_new(key, std::move(value));
        return;
    }
    Value rebuilt = Value::map_with_capacity(members.size() + 1);
    bool placed = false;
    for (const Member& member : members) {
        if (!placed && rank_of(member.name()) > rank) {
            rebuilt.append_new(key, std::exchange(value, {}));
            placed = true;
        }
        rebuilt.append_new(member.name(), member.value);
    }
    if (!placed) {
        rebuilt.append_new(key, std::move(value));
    }
    metadata = std::move(rebuilt);
}

NameRule name_rule_of(const Resource& resource) {
    const std::string& name = resource.gvr.resource;
    if (resource.custom != nullptr) {
        return NameRule::subdomain;
    }
    if (resource.gvr.group == "rbac.authorization.k8s.io") {
        return NameRule::path_segment;
    }
    if (resource.gvr.group.empty() && name == "namespaces") {
        return NameRule::label;
    }
    if (resource.gvr.group.empty() && name == "services") {
        return NameRule::service;
    }
    return NameRule::subdomain;
}

std::string make_uid(io::Loop* loop) {
    std::array<unsigned char, 16> bytes{};
    loop->fill_random(bytes);
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
    const std::string hex =
        hex_encode(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    return cat(std::string_view(hex).substr(0, 8), "-", std::string_view(hex).substr(8, 4), "-",
               std::string_view(hex).substr(12, 4), "-", std::string_view(hex).substr(16, 4), "-",
               std::string_view(hex).substr(20));
}

std::string generate_name(io::Loop* loop, std::string_view base) {
    constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string name(base.substr(0, limits::generated_base_max));
    uint64_t random = loop->random();
    for (size_t i = 0; i < limits::generated_suffix; ++i) {
        name += alphabet[random % alphabet.size()];
        random /= alphabet.size();
    }
    return name;
}

void wipe_system_fields(Value& metadata) {
    for (const std::string_view key :
         {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
          "resourceVersion"}) {
        metadata.erase(key);
    }
}

void fill_for_create(io::Loop* loop, Value& metadata) {
    wipe_system_fields(metadata);
    set_metadata(metadata, "uid", make_uid(loop));
    set_metadata(metadata, "creationTimestamp", format_rfc3339(loop->now()));
}

void keep_for_update(const Value& old_metadata, Value& metadata) {
    const auto keep = [&](std::string_view key, bool only_if_absent) {
        const Value* old_value = old_metadata.find(key);
        if (old_value == nullptr) {
            if (!only_if_absent) {
                metadata.erase(key);
            }
            return;
        }
        if (!only_if_absent || !metadata.contains(key)) {
            set_metadata(metadata, key, *old_value);
        }
    };
    keep("uid", true);
    keep("creationTimestamp", false);
    if (old_metadata.contains("deletionTimestamp")) {
        keep("deletionTimestamp", false);
    }
    keep("deletionGracePeriodSeconds", true);
    metadata.erase("selfLink");
}

namespace {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;

void check_name(const Resource& resource, const Value& metadata, FieldErrors& errors) {
    const std::string_view name = metadata.string_at("name");
    const std::string_view base = metadata.string_at("generateName");
    if (name.empty()) {
        errors.push_back(field_required("metadata.name", "name or generateName is required"));
        return;
    }
    const auto wrong_of = [&](std::string_view text) -> std::vector<std::string> {
        switch (name_rule_of(resource)) {
            case NameRule::label:
            case NameRule::service:
                return dns1123_label_errors(text);
            case NameRule::path_segment:
                return path_segment_errors(text);
            case NameRule::subdomain:
                break;
        }
        return dns1123_subdomain_errors(text);
    };
    if (!base.empty()) {
        // A dash at the end is fine: letters follow.
        std::string prefix(base);
        if (prefix.size() > 1 && prefix.ends_with('-') &&
            name_rule_of(resource) != NameRule::path_segment) {
            prefix.back() = 'a';
        }
        for (std::string& text : wrong_of(prefix)) {
            errors.push_back(field_invalid("metadata.generateName", base, std::move(text)));
        }
    }
    std::vector<std::string> wrong = wrong_of(name);
    for (std::string& text : wrong) {
        errors.push_back(field_invalid("metadata.name", name, std::move(text)));
    }
}

void check_labels(const Value& metadata, FieldErrors& errors) {
    const Value* labels = metadata.find("labels");
    if (labels == nullptr) {
        return;
    }
    for (const Member& label : labels->members()) {
        for (std::string& text : qualified_name_errors(label.name())) {
            errors.push_back(field_invalid("metadata.labels", label.name(), std::move(text)));
        }
        if (label.value.is_string()) {
            for (std::string& text : label_value_errors(label.value.as_string())) {
                errors.push_back(field_invalid("metadata.labels", label.value, std::move(text)));
            }
        }
    }
}

void check_annotations(const Value& metadata, FieldErrors& errors) {
    const Value* annotations = metadata.find("annotations");
    if (annotations == nullptr) {
        return;
    }
    size_t bytes = 0;
    for (const Member& annotation : annotations->members()) {
        // Keys of annotations may be in upper case.
        for (std::string& text : qualified_name_errors(to_lower(annotation.name()))) {
            errors.push_back(
                field_invalid("metadata.annotations", annotation.name(), std::move(text)));
        }
        bytes += annotation.name().size() + annotation.value.size();
    }
    if (bytes > limits::annotations_bytes_max) {
        errors.push_back(schema::field_too_long(
            "metadata.annotations", static_cast<int64_t>(limits::annotations_bytes_max)));
    }
}

void check_owners(const Value& metadata, FieldErrors& errors) {
    const Value* owners = metadata.find("ownerReferences");
    if (owners == nullptr) {
        return;
    }
    constexpr std::string_view path = "metadata.ownerReferences";
    std::string controller;
    for (const Value& owner : owners->items()) {
        const std::string_view api_version = owner.string_at("apiVersion");
        const auto group_version = parse_api_version(api_version);
        const std::string version = group_version ? group_version->version : std::string();
        if (version.empty()) {
            errors.push_back(
                field_invalid(cat(path, ".apiVersion"), api_version, "version must not be empty"));
        }
        for (const std::string_view key : {"kind", "name", "uid"}) {
            if (owner.string_at(key).empty()) {
                errors.push_back(
                    field_invalid(cat(path, ".", key), owner.string_at(key), "must not be empty"));
            }
        }
        if (api_version == "v1" && owner.string_at("kind") == "Event") {
            errors.push_back(field_invalid(std::string(path), owner,
                                           "/v1, Kind=Event is disallowed from being an owner"));
        }
    }
    for (const Value& owner : owners->items()) {
        const Value* is_controller = owner.find("controller");
        if (is_controller == nullptr || !is_controller->is_bool() || !is_controller->as_bool()) {
            continue;
        }
        const std::string what = cat(owner.string_at("kind"), "/", owner.string_at("name"));
        if (!controller.empty()) {
            errors.push_back(field_invalid(
                std::string(path), *owners,
                cat("Only one reference can have Controller set to true. Found \"true\" in "
                    "references for ",
                    controller, " and ", what)));
        }
        controller = what;
    }
}

void check_finalizers(const Resource& resource, const Value& metadata, FieldErrors& errors) {
    const Value* finalizers = metadata.find("finalizers");
    if (finalizers == nullptr) {
        return;
    }
    bool has_orphan = false;
    bool has_foreground = false;
    for (const Value& item : finalizers->items()) {
        const std::string_view name = item.is_string() ? item.as_string() : std::string_view();
        for (std::string& text : qualified_name_errors(name)) {
            errors.push_back(field_invalid("metadata.finalizers", name, std::move(text)));
        }
        has_orphan = has_orphan || name == "orphan";
        has_foreground = has_foreground || name == "foregroundDeletion";
    }
    if (has_orphan && has_foreground) {
        errors.push_back(
            field_invalid("metadata.finalizers", *finalizers,
                          "finalizer orphan and foregroundDeletion cannot be both set"));
    }
    // The core API refuses finalizers without a domain; definitions and custom kinds only warn.
    if (resource.custom != nullptr || resource.gvr.group == "apiextensions.k8s.io") {
        return;
    }
    size_t index = 0;
    for (const Value& item : finalizers->items()) {
        const std::string_view name = item.is_string() ? item.as_string() : std::string_view();
        if (!name.contains('/') && name != "orphan" && name != "foregroundDeletion" &&
            name != "kubernetes") {
            errors.push_back(
                field_invalid(schema::path_index("metadata.finalizers", index), name,
                              "name is neither a standard finalizer name nor is it fully "
                              "qualified"));
        }
        ++index;
    }
}

}  // namespace

FieldErrors validate_metadata(const Resource& resource, const Value& metadata) {
    FieldErrors errors;
    check_name(resource, metadata, errors);
    const std::string_view namespace_ = metadata.string_at("namespace");
    if (resource.namespaced) {
        if (namespace_.empty()) {
            errors.push_back(field_required("metadata.namespace"));
        } else {
            for (std::string& text : dns1123_label_errors(namespace_)) {
                errors.push_back(field_invalid("metadata.namespace", namespace_, std::move(text)));
            }
        }
    } else if (!namespace_.empty()) {
        errors.push_back(field_forbidden("metadata.namespace", "not allowed on this type"));
    }
    if (metadata.int_at(0, "generation") < 0) {
        errors.push_back(field_invalid("metadata.generation", *metadata.find("generation"),
                                       "must be greater than or equal to 0"));
    }
    check_labels(metadata, errors);
    check_annotations(metadata, errors);
    check_owners(metadata, errors);
    check_finalizers(resource, metadata, errors);
    return errors;
}

FieldErrors validate_metadata_update(const Value& metadata, const Value& old_metadata) {
    FieldErrors errors;
    if (old_metadata.contains("deletionTimestamp")) {
        std::vector<std::string> extra;
        const Value* old_list = old_metadata.find("finalizers");
        if (const Value* list = metadata.find("finalizers")) {
            for (const Value& item : list->items()) {
                const bool known =
                    old_list != nullptr &&
                    std::ranges::find(old_list->items(), item) != old_list->items().end();
                if (!known && item.is_string()) {
                    extra.emplace_back(item.as_string());
                }
            }
        }
        std::ranges::sort(extra);
        extra.erase(std::unique(extra.begin(), extra.end()), extra.end());
        if (!extra.empty()) {
            std::vector<std::string> quoted;
            for (const std::string& name : extra) {
                quoted.push_back(quote(name));
            }
            errors.push_back(field_forbidden(
                "metadata.finalizers",
                cat("no new finalizers can be added if the object is being deleted, found new "
                    "finalizers []string{",
                    join(quoted, ", "), "}")));
        }
    }
    if (metadata.string_at("resourceVersion").empty()) {
        errors.push_back(field_invalid("metadata.resourceVersion", Value(""),
                                       "must be specified for an update"));
    }
    if (metadata.int_at(0, "generation") < old_metadata.int_at(0, "generation")) {
        errors.push_back(field_invalid("metadata.generation", metadata.int_at(0, "generation"),
                                       "must not be decremented"));
    }
    for (const std::string_view key : {"name", "namespace", "uid", "creationTimestamp",
                                       "deletionTimestamp", "deletionGracePeriodSeconds"}) {
        const Value* now = metadata.find(key);
        const Value* before = old_metadata.find(key);
        const bool same = now == nullptr || before == nullptr ? now == before : *now == *before;
        if (!same) {
            errors.push_back(field_invalid(cat("metadata.", key), now == nullptr ? Value() : *now,
                                           "field is immutable"));
        }
    }
    return errors;
}

std::string dedupe_owner_references(Value& metadata) {
    const Value* owners = metadata.find("ownerReferences");
    if (owners == nullptr || owners->size() < 2) {
        return {};
    }
    std::vector<Value> kept;
    std::vector<std::string> dropped;
    for (const Value& owner : owners->items()) {
        if (std::ranges::find(kept, owner) == kept.end()) {
            kept.push_back(owner);
            continue;
        }
        std::string uid(owner.string_at("uid"));
        if (std::ranges::find(dropped, uid) == dropped.end()) {
            dropped.push_back(std::move(uid));
        }
    }
    if (!dropped.empty()) {
        metadata.set("ownerReferences", Value::list(std::move(kept)));
    }
    return join(dropped, ", ");
}

bool is_same_object(const Value& a, const Value& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (const Member& member : a.members()) {
        const Value* other = b.find(member.name());
        if (other == nullptr) {
            return false;
        }
        if (member.name() != "metadata") {
            if (!(member.value == *other)) {
                return false;
            }
            continue;
        }
        Value left = member.value;
        Value right = *other;
        for (Value* side : {&left, &right}) {
            side->erase("resourceVersion");
            Value* fields = side->find_mutable("managedFields");
            if (fields == nullptr) {
                continue;
            }
            for (size_t i = 0; i < fields->size(); ++i) {
                if (fields->at(i).contains("time")) {
                    fields->mutable_item(i).erase("time");
                }
            }
        }
        if (!(left == right)) {
            return false;
        }
    }
    return true;
}

}  // namespace weft::server
