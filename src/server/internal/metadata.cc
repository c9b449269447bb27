// server/internal/metadata.cc: fills, keeps and checks metadata.

#include "server/internal/metadata.h"

#include <algorithm>
#include <array>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"
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

namespace {

struct NameRow {
    std::string_view group;
    std::string_view resource;
    Checker::NameCheck check;
};
// A bundle's name may begin with its signer's, each part behind a colon.
std::vector<std::string> check_bundle_name(std::string_view name) {
    const size_t colon = name.rfind(':');
    return check_dns1123_subdomain(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

// Every other builtin kind, and every custom one: a DNS subdomain.
constexpr std::array<NameRow, 12> name_rules{
    {{"", "namespaces", check_dns1123_label},
     {"", "services", check_dns1123_label},
     {"apps", "statefulsets", check_dns1123_label},
     {"rbac.authorization.k8s.io", "roles", check_path_segment_name},
     {"rbac.authorization.k8s.io", "clusterroles", check_path_segment_name},
     {"rbac.authorization.k8s.io", "rolebindings", check_path_segment_name},
     {"rbac.authorization.k8s.io", "clusterrolebindings", check_path_segment_name},
     {"certificates.k8s.io", "certificatesigningrequests", check_path_segment_name},
     {"certificates.k8s.io", "clustertrustbundles", check_bundle_name},
     {"apiregistration.k8s.io", "apiservices", check_path_segment_name},
     {"internal.apiserver.k8s.io", "storageversions", check_path_segment_name},
     {"networking.k8s.io", "ipaddresses", check_ip_address}}};

Checker::NameCheck name_check_of(const Resource& resource) {
    if (resource.custom == nullptr) {
        for (const NameRow& row : name_rules) {
            if (row.resource == resource.gvr.resource && row.group == resource.gvr.group) {
                return row.check;
            }
        }
    }
    return check_dns1123_subdomain;
}

}  // namespace

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

void check_object_name(Checker& check, const Resource& resource, const Value& metadata,
                       const Place& at) {
    const std::string_view name = metadata.string_at("name");
    const std::string_view base = metadata.string_at("generateName");
    const Checker::NameCheck rule = name_check_of(resource);
    if (!base.empty()) {
        // A dash at the end is fine: letters follow.
        std::string prefix(base);
        if (prefix.size() > 1 && prefix.ends_with('-') && rule != check_path_segment_name) {
            prefix.back() = 'a';
        }
        for (std::string& problem : rule(prefix)) {
            check.invalid(at.member("generateName"), base, std::move(problem));
        }
    }
    if (name.empty()) {
        check.required(at.member("name"), "name or generateName is required");
        return;
    }
    check.name(at.member("name"), name, rule);
}

bool is_controller(const Value& owner) {
    return is_true(owner, "controller");
}

void check_owners(Checker& check, const Value& metadata, const Place& metadata_place) {
    const Place at = metadata_place.member("ownerReferences");
    const auto owners = items_of(metadata, "ownerReferences");
    for (const Value& owner : owners) {
        const std::string_view api_version = owner.string_at("apiVersion");
        const auto group_version = parse_api_version(api_version);
        if (!group_version || group_version->version.empty()) {
            check.invalid(at.member("apiVersion"), api_version, "version must not be empty");
        }
        for (const std::string_view key : {"kind", "name", "uid"}) {
            if (owner.string_at(key).empty()) {
                check.invalid(at.member(key), owner.string_at(key), "must not be empty");
            }
        }
        if (api_version == "v1" && owner.string_at("kind") == "Event") {
            check.invalid(at, owner, "/v1, Kind=Event is disallowed from being an owner");
        }
    }
    std::string controller;
    for (const Value& owner : owners) {
        if (!is_controller(owner)) {
            continue;
        }
        const std::string what = cat(owner.string_at("kind"), "/", owner.string_at("name"));
        if (!controller.empty()) {
            check.invalid(at, value_at(metadata, "ownerReferences"),
                          cat("Only one reference can have Controller set to true. Found \"true\" "
                              "in references for ",
                              controller, " and ", what));
        }
        controller = what;
    }
}

void check_finalizers(Checker& check, const Resource& resource, const Value& metadata,
                      const Place& metadata_place) {
    const Place at = metadata_place.member("finalizers");
    const auto finalizers = items_of(metadata, "finalizers");
    bool has_orphan = false;
    bool has_foreground = false;
    for (const Value& item : finalizers) {
        check.name(at, item.as_string(), check_qualified_name);
        has_orphan = has_orphan || item == Value("orphan");
        has_foreground = has_foreground || item == Value("foregroundDeletion");
    }
    if (has_orphan && has_foreground) {
        check.invalid(at, value_at(metadata, "finalizers"),
                      "finalizer orphan and foregroundDeletion cannot be both set");
    }
    // The core API refuses finalizers without a domain; definitions and custom kinds only warn.
    if (resource.custom != nullptr || resource.gvr.group == "apiextensions.k8s.io") {
        return;
    }
    for (size_t i = 0; i < finalizers.size(); ++i) {
        const std::string_view name = finalizers[i].as_string();
        if (!name.contains('/') &&
            !is_one_of(name, {"orphan", "foregroundDeletion", "kubernetes"})) {
            check.invalid(at.item(i), name,
                          "name is neither a standard finalizer name nor is it fully qualified");
        }
    }
}

void check_managed_fields(Checker& check, const Value& metadata, const Place& metadata_place) {
    constexpr size_t subresource_max = 256;
    const Place list = metadata_place.member("managedFields");
    size_t index = 0;
    for (const Value& entry : items_of(metadata, "managedFields")) {
        const Place at = list.item(index++);
        if (entry.string_at("manager").size() > limits::field_manager_bytes_max) {
            check.too_long(at.member("manager"),
                           static_cast<int64_t>(limits::field_manager_bytes_max));
        }
        if (entry.string_at("subresource").size() > subresource_max) {
            check.too_long(at.member("subresource"), static_cast<int64_t>(subresource_max));
        }
    }
}

}  // namespace

FieldErrors validate_metadata(const Resource& resource, const Value& metadata) {
    Checker check;
    const Place root;
    const Place at = root.member("metadata");
    check_object_name(check, resource, metadata, at);
    const std::string_view namespace_ = metadata.string_at("namespace");
    if (resource.namespaced) {
        check.required_name(at.member("namespace"), namespace_, check_dns1123_label);
    } else if (!namespace_.empty()) {
        check.forbidden(at.member("namespace"), "not allowed on this type");
    }
    check.not_negative(metadata, "generation", at);
    check_labels(check, metadata.find("labels"), at.member("labels"));
    check_annotations(check, metadata.find("annotations"), at.member("annotations"));
    check_owners(check, metadata, at);
    check_finalizers(check, resource, metadata, at);
    check_managed_fields(check, metadata, at);
    return check.take();
}

FieldErrors validate_metadata_update(const Value& metadata, const Value& old_metadata) {
    Checker check;
    const Place root;
    const Place at = root.member("metadata");
    if (old_metadata.contains("deletionTimestamp")) {
        std::set<std::string_view> extra;
        const auto before = items_of(old_metadata, "finalizers");
        for (const Value& item : items_of(metadata, "finalizers")) {
            if (item.is_string() && std::ranges::find(before, item) == before.end()) {
                extra.insert(item.as_string());
            }
        }
        if (!extra.empty()) {
            std::vector<std::string> quoted;
            for (const std::string_view name : extra) {
                quoted.push_back(quote(name));
            }
            check.forbidden(at.member("finalizers"),
                            cat("no new finalizers can be added if the object is being deleted, "
                                "found new finalizers []string{",
                                join(quoted, ", "), "}"));
        }
    }
    if (metadata.string_at("resourceVersion").empty()) {
        check.invalid(at.member("resourceVersion"), "", "must be specified for an update");
    }
    if (metadata.int_at(0, "generation") < old_metadata.int_at(0, "generation")) {
        check.invalid(at.member("generation"), metadata.int_at(0, "generation"),
                      "must not be decremented");
    }
    for (const std::string_view key : {"name", "namespace", "uid", "creationTimestamp",
                                       "deletionTimestamp", "deletionGracePeriodSeconds"}) {
        if (differs(metadata, old_metadata, key)) {
            check.invalid(at.member(key), value_at(metadata, key), std::string(immutable_text));
        }
    }
    check_labels(check, metadata.find("labels"), at.member("labels"));
    check_annotations(check, metadata.find("annotations"), at.member("annotations"));
    check_owners(check, metadata, at);
    check_managed_fields(check, metadata, at);
    return check.take();
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
