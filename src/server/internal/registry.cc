// server/internal/registry.cc: the builtin resources from their table, and the custom ones.

#include "server/internal/registry.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace weft::server {

bool Subresource::allows(std::string_view verb) const {
    return std::ranges::find(verbs, verb) != verbs.end();
}

bool Resource::allows(std::string_view verb) const {
    return std::ranges::find(verbs, verb) != verbs.end();
}

const Subresource* Resource::find_subresource(std::string_view name) const {
    for (const Subresource& subresource : subresources) {
        if (subresource.name == name) {
            return &subresource;
        }
    }
    return nullptr;
}

std::string Resource::key(std::string_view namespace_, std::string_view name) const {
    return namespaced ? cat(key_prefix, namespace_, "/", name) : cat(key_prefix, name);
}

std::string Resource::list_prefix(std::string_view namespace_) const {
    return namespaced && !namespace_.empty() ? cat(key_prefix, namespace_, "/") : key_prefix;
}

namespace {

template <typename Texts>
std::vector<std::string> texts_of(const Texts& views) {
    return {views.begin(), views.end()};
}

// "[group/]version/Kind" without the kind.
std::string api_version_of_storage(std::string_view storage) {
    return std::string(storage.substr(0, storage.rfind('/')));
}

// The order of discovery's versions: rank of the stage, then numbers, larger first.
std::tuple<int, int64_t, int64_t> version_rank(std::string_view version) {
    constexpr std::tuple<int, int64_t, int64_t> odd{0, 0, 0};
    if (!version.starts_with('v')) {
        return odd;
    }
    size_t at = 1;
    const auto number = [&]() -> int64_t {
        int64_t value = -1;
        const auto result =
            std::from_chars(version.data() + at, version.data() + version.size(), value);
        at = static_cast<size_t>(result.ptr - version.data());
        return value;
    };
    const int64_t major = number();
    if (major < 1) {
        return odd;
    }
    if (at == version.size()) {
        return {3, major, 0};
    }
    const bool beta = version.substr(at).starts_with("beta");
    if (!beta && !version.substr(at).starts_with("alpha")) {
        return odd;
    }
    at += beta ? 4 : 5;
    const int64_t minor = number();
    if (minor < 1 || at != version.size()) {
        return odd;
    }
    return {beta ? 2 : 1, major, minor};
}

ResourcePtr make_builtin(const schema::BuiltinResource& row) {
    auto resource = std::make_shared<Resource>();
    resource->gvr = {std::string(row.group), std::string(row.version), std::string(row.resource)};
    resource->kind = row.kind;
    resource->list_kind = row.list_kind;
    resource->singular = row.singular;
    resource->short_names = texts_of(row.short_names);
    resource->categories = texts_of(row.categories);
    resource->verbs = texts_of(row.verbs);
    resource->namespaced = row.namespaced;
    resource->storage_hash = row.storage_hash;
    resource->key_prefix = cat("/registry/", row.resource, "/");
    resource->storage_api_version = row.storage_version.empty()
                                        ? resource->gvr.api_version()
                                        : api_version_of_storage(row.storage_version);
    if (row.kind == "CustomResourceDefinition") {
        // The real server stores v1beta1 here, which no longer is served; our bytes are v1.
        resource->storage_api_version = "apiextensions.k8s.io/v1";
    }
    resource->field_labels = texts_of(row.field_labels);
    resource->builtin = &row;
    for (const schema::BuiltinSubresource& from : row.subresources) {
        resource->subresources.push_back(
            {std::string(from.name),
             {std::string(from.group), std::string(from.version), std::string(from.kind)},
             texts_of(from.verbs)});
    }
    return resource;
}

}  // namespace

bool version_before(std::string_view a, std::string_view b) {
    const auto rank_a = version_rank(a);
    const auto rank_b = version_rank(b);
    return rank_a != rank_b ? rank_a > rank_b : a < b;
}

Registry::Registry(bool all_versions) {
    const schema::Builtin& builtin = schema::Builtin::get();
    for (const schema::BuiltinGroup& from : builtin.groups()) {
        GroupInfo group{std::string(from.group), from.priority.value_or(0), {}};
        for (const schema::BuiltinVersion& version : from.versions) {
            GroupVersionInfo info{std::string(version.version), version.priority.value_or(0), {}};
            for (const schema::BuiltinResource& row : builtin.resources()) {
                if (row.group == from.group && row.version == version.version &&
                    (row.is_default || all_versions)) {
                    info.resources.push_back(make_builtin(row));
                }
            }
            if (!info.resources.empty()) {
                group.versions.push_back(std::move(info));
            }
        }
        if (!group.versions.empty()) {
            groups_.push_back(std::move(group));
        }
    }
}

const GroupInfo* Registry::find_group(std::string_view group) const {
    for (const GroupInfo& info : groups_) {
        if (info.group == group) {
            return &info;
        }
    }
    return nullptr;
}

bool Registry::has_group(std::string_view group) const {
    return find_group(group) != nullptr;
}

bool Registry::has_version(std::string_view group, std::string_view version) const {
    const GroupInfo* info = find_group(group);
    return info != nullptr && std::ranges::find(info->versions, version,
                                                &GroupVersionInfo::version) != info->versions.end();
}

ResourcePtr Registry::find(std::string_view group, std::string_view version,
                           std::string_view resource) const {
    const GroupInfo* info = find_group(group);
    if (info == nullptr) {
        return nullptr;
    }
    for (const GroupVersionInfo& candidate : info->versions) {
        if (candidate.version != version) {
            continue;
        }
        for (const ResourcePtr& found : candidate.resources) {
            if (found->gvr.resource == resource) {
                return found;
            }
        }
    }
    return nullptr;
}

ResourcePtr Registry::find_kind(const GroupVersionKind& kind) const {
    const GroupInfo* info = find_group(kind.group);
    if (info == nullptr) {
        return nullptr;
    }
    for (const GroupVersionInfo& version : info->versions) {
        if (version.version != kind.version) {
            continue;
        }
        for (const ResourcePtr& found : version.resources) {
            if (found->kind == kind.kind) {
                return found;
            }
        }
    }
    return nullptr;
}

bool Registry::is_builtin_group(std::string_view group) const {
    for (const schema::BuiltinGroup& from : schema::Builtin::get().groups()) {
        if (from.group == group) {
            return true;
        }
    }
    return false;
}

std::vector<ResourcePtr> Registry::stored_resources() const {
    std::vector<ResourcePtr> out;
    for (const GroupInfo& group : groups_) {
        for (const GroupVersionInfo& version : group.versions) {
            for (const ResourcePtr& resource : version.resources) {
                const bool is_virtual =
                    resource->builtin != nullptr && resource->builtin->is_virtual;
                const bool known = std::ranges::any_of(out, [&](const ResourcePtr& other) {
                    return other->key_prefix == resource->key_prefix;
                });
                if (!is_virtual && !known) {
                    out.push_back(resource);
                }
            }
        }
    }
    return out;
}

// Builtin groups keep their order; groups of CRDs come behind them, all with the priority 1000
// that real CRD groups get, by name. Their versions are in Kubernetes' order of versions.
void Registry::sort_groups() {
    for (GroupInfo& group : groups_) {
        std::ranges::stable_sort(group.versions, [](const auto& a, const auto& b) {
            if (a.priority != b.priority) {
                return a.priority > b.priority;
            }
            return version_before(a.version, b.version);
        });
    }
    std::ranges::stable_sort(groups_, [this](const GroupInfo& a, const GroupInfo& b) {
        const bool builtin_a = is_builtin_group(a.group);
        const bool builtin_b = is_builtin_group(b.group);
        if (builtin_a != builtin_b) {
            return builtin_a;
        }
        return !builtin_a && a.group < b.group;
    });
}

void Registry::set_custom(const std::string& group, const std::string& plural,
                          std::vector<ResourcePtr> versions) {
    ++generation_;
    for (GroupInfo& info : groups_) {
        if (info.group != group) {
            continue;
        }
        for (GroupVersionInfo& version : info.versions) {
            // What goes on being served keeps its place in discovery.
            for (ResourcePtr& resource : version.resources) {
                if (resource->custom == nullptr || resource->gvr.resource != plural) {
                    continue;
                }
                const auto found =
                    std::ranges::find_if(versions, [&](const ResourcePtr& candidate) {
                        return candidate != nullptr && candidate->gvr.version == version.version;
                    });
                resource = found == versions.end() ? nullptr : std::exchange(*found, nullptr);
            }
            std::erase(version.resources, nullptr);
        }
    }
    std::erase(versions, nullptr);
    for (ResourcePtr& resource : versions) {
        auto info = std::ranges::find(groups_, group, &GroupInfo::group);
        if (info == groups_.end()) {
            groups_.push_back({group, 1000, {}});
            info = groups_.end() - 1;
        }
        auto version =
            std::ranges::find(info->versions, resource->gvr.version, &GroupVersionInfo::version);
        if (version == info->versions.end()) {
            info->versions.push_back({resource->gvr.version, 0, {}});
            version = info->versions.end() - 1;
        }
        version->resources.push_back(std::move(resource));
    }
    for (GroupInfo& info : groups_) {
        std::erase_if(info.versions,
                      [](const GroupVersionInfo& version) { return version.resources.empty(); });
    }
    std::erase_if(groups_, [](const GroupInfo& info) { return info.versions.empty(); });
    sort_groups();
}

}  // namespace weft::server
