// server/internal/registry.h: which resources are served, and what is known about each.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"
#include "schema/builtin.h"
#include "schema/schema.h"
#include "server/internal/status.h"

namespace weft::server {

class CustomKind;  // custom_kind.h

struct Subresource {
    std::string name;
    GroupVersionKind kind;
    std::vector<std::string> verbs;

    [[nodiscard]] bool allows(std::string_view verb) const;
};

// One resource in one served version. Immutable once it is served; a change makes a new one.
struct Resource {
    GroupVersionResource gvr;
    std::string kind;
    std::string list_kind;
    std::string singular;
    std::vector<std::string> short_names;
    std::vector<std::string> categories;
    std::vector<std::string> verbs;
    std::vector<Subresource> subresources;
    bool namespaced = false;
    std::string storage_hash;

    // Where its objects lie: all versions of a resource share it.
    std::string key_prefix;  // "/registry/deployments/"
    // What stored objects say they are.
    std::string storage_api_version;  // "apps/v1"
    // Field labels that selectors may name, besides metadata.name and metadata.namespace.
    std::vector<std::string> field_labels;

    // One of the two is set.
    const schema::BuiltinResource* builtin = nullptr;
    std::shared_ptr<const CustomKind> custom;
    schema::SchemaPtr schema;  // of the kind; of a custom kind: in this version

    [[nodiscard]] GroupVersionKind gvk() const { return {gvr.group, gvr.version, kind}; }
    [[nodiscard]] GroupResource group_resource() const { return {gvr.group, gvr.resource}; }
    [[nodiscard]] std::string api_version() const { return gvr.api_version(); }
    [[nodiscard]] bool allows(std::string_view verb) const;
    [[nodiscard]] const Subresource* find_subresource(std::string_view name) const;
    [[nodiscard]] bool has_status() const { return find_subresource("status") != nullptr; }
    [[nodiscard]] bool is_builtin() const { return builtin != nullptr; }
    [[nodiscard]] std::string key(std::string_view namespace_, std::string_view name) const;
    [[nodiscard]] std::string list_prefix(std::string_view namespace_) const;
};
using ResourcePtr = std::shared_ptr<const Resource>;

struct GroupVersionInfo {
    std::string version;
    int64_t priority = 0;
    std::vector<ResourcePtr> resources;  // in discovery order: by name
};

struct GroupInfo {
    std::string group;
    int64_t priority = 0;
    std::vector<GroupVersionInfo> versions;  // preferred first
};

// The table of what is served. Changes with CRDs; `generation` counts the changes, so that what is
// derived of it (discovery, OpenAPI) knows when it is stale.
class Registry {
public:
    // All default versions of the builtin API, or every version ("api/all").
    explicit Registry(bool all_versions);

    [[nodiscard]] ResourcePtr find(std::string_view group, std::string_view version,
                                   std::string_view resource) const;
    [[nodiscard]] ResourcePtr find_kind(const GroupVersionKind& kind) const;
    [[nodiscard]] bool has_group(std::string_view group) const;
    [[nodiscard]] bool has_version(std::string_view group, std::string_view version) const;
    [[nodiscard]] const std::vector<GroupInfo>& groups() const { return groups_; }
    [[nodiscard]] const GroupInfo* find_group(std::string_view group) const;
    [[nodiscard]] uint64_t generation() const { return generation_; }
    // Every stored resource once (of several versions: the preferred).
    [[nodiscard]] std::vector<ResourcePtr> stored_resources() const;
    [[nodiscard]] bool is_builtin_group(std::string_view group) const;

    // Serves these versions of one custom resource instead of what was served under its name.
    // No resources: takes it away.
    void set_custom(const std::string& group, const std::string& plural,
                    std::vector<ResourcePtr> versions);

private:
    void sort_groups();

    std::vector<GroupInfo> groups_;
    std::map<std::string, std::vector<ResourcePtr>, std::less<>> custom_;  // by "plural.group"
    uint64_t generation_ = 1;
};

// Kubernetes' order of versions: v2 before v1 before v1beta2 before v1alpha1 before anything else.
[[nodiscard]] bool version_before(std::string_view a, std::string_view b);

}  // namespace weft::server
