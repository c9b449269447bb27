// kube/rest_mapper.cc: discovery documents as a map.

#include "kube/rest_mapper.h"

#include <algorithm>

namespace weft::kube {

namespace {

std::string version_path(const GroupVersion& version) {
    return version.group.empty() ? cat("/api/", version.version)
                                 : cat("/apis/", version.group, "/", version.version);
}

Error no_match(const GroupVersionKind& kind) {
    return make_error(Reason::not_found, "no matches for kind ", quote(kind.kind), " in version ",
                      quote(kind.api_version()));
}

}  // namespace

const Resource* RestMapper::find(const GroupVersionKind& kind) const {
    const auto found = known_.find(kind);
    return found == known_.end() ? nullptr : &found->second;
}

bool RestMapper::serves(const GroupVersion& version) const {
    return std::ranges::any_of(known_, [&](const auto& entry) {
        return entry.first.group == version.group && entry.first.version == version.version;
    });
}

void RestMapper::put(Resource resource) {
    known_[resource.gvk()] = std::move(resource);
}

void RestMapper::forget(const GroupVersion& version) {
    std::erase_if(known_, [&](const auto& entry) {
        return entry.first.group == version.group && entry.first.version == version.version;
    });
}

io::Task<Status> RestMapper::load(GroupVersion version) {
    const Value document = CO_TRY(co_await client_->get_raw(version_path(version)));
    const Value* resources = document.find("resources");
    if (resources == nullptr) {
        co_return Status{};
    }
    for (const Value& entry : resources->items()) {
        const std::string_view name = entry.string_at("name");
        if (name.find('/') != std::string_view::npos) {
            continue;
        }
        const Value* namespaced = entry.find("namespaced");
        Resource resource;
        resource.gvr = {version.group, version.version, std::string(name)};
        resource.kind = entry.string_at("kind");
        resource.namespaced =
            namespaced != nullptr && namespaced->is_bool() && namespaced->as_bool();
        resource.has_status = std::ranges::any_of(resources->items(), [&](const Value& other) {
            return other.string_at("name") == cat(name, "/status");
        });
        put(std::move(resource));
    }
    co_return Status{};
}

io::Task<Result<Resource>> RestMapper::for_kind(GroupVersionKind kind) {
    if (const Resource* known = find(kind)) {
        co_return *known;
    }
    const Status loaded = co_await load({kind.group, kind.version});
    if (!loaded && loaded.error().reason() != Reason::not_found) {
        co_return Error(loaded.error());
    }
    if (const Resource* known = find(kind)) {
        co_return *known;
    }
    co_return no_match(kind);
}

io::Task<Result<Resource>> RestMapper::for_group_kind(std::string group, std::string kind) {
    for (const auto& [gvk, resource] : known_) {
        if (gvk.group == group && gvk.kind == kind) {
            co_return resource;
        }
    }
    if (group.empty()) {
        co_return co_await for_kind({"", "v1", kind});
    }
    const auto document = co_await client_->get_raw(cat("/apis/", group));
    if (!document) {
        if (document.error().reason() == Reason::not_found) {
            co_return no_match({group, "", kind});
        }
        co_return Error(document.error());
    }
    if (const Value* versions = document->find("versions")) {
        for (const Value& version : versions->items()) {
            const GroupVersionKind candidate{group, std::string(version.string_at("version")),
                                             kind};
            const auto found = co_await for_kind(candidate);
            if (found || found.error().reason() != Reason::not_found) {
                co_return found;
            }
        }
    }
    co_return no_match({group, "", kind});
}

}  // namespace weft::kube
