// cluster/internal/informers.cc: indexes by owner, namespace and address; discovery.

#include "cluster/internal/informers.h"

#include <algorithm>

namespace weft::cluster {

namespace {

// The index of owners holds the controller's uid, or this and the namespace if there is none.
std::string unowned(std::string_view namespace_) {
    return cat("/", namespace_);
}

bool has_verbs(const Value& resource) {
    const Value* verbs = resource.find("verbs");
    return verbs != nullptr &&
           std::ranges::all_of(std::array<std::string_view, 3>{"list", "watch", "delete"},
                               [&](std::string_view verb) {
                                   return std::ranges::any_of(
                                       verbs->items(), [&](const Value& has) {
                                           return has.is_string() && has.as_string() == verb;
                                       });
                               });
}

void add_resources(const Value& document, const GroupVersion& version,
                   std::vector<kube::Resource>* out) {
    const Value* resources = document.find("resources");
    for (const Value& entry :
         resources == nullptr ? std::span<const Value>() : resources->items()) {
        const std::string_view name = entry.string_at("name");
        if (name.find('/') != std::string_view::npos || !has_verbs(entry)) {
            continue;
        }
        kube::Resource resource;
        resource.gvr = {version.group, version.version, std::string(name)};
        resource.kind = entry.string_at("kind");
        resource.namespaced = is_true(entry.find("namespaced"));
        const std::string status = cat(name, "/status");
        resource.has_status = std::ranges::any_of(resources->items(), [&](const Value& other) {
            return other.string_at("name") == status;
        });
        out->push_back(std::move(resource));
    }
}

}  // namespace

Informer& CachedView::add(io::Loop* loop, kube::Client* client, Kind kind) {
    kube::ReflectorOptions options;
    options.resource = resource_of(kind);
    // Of these only one of each namespace matters.
    if (kind == Kind::service_account) {
        options.field_selector = "metadata.name=default";
    } else if (kind == Kind::config_map) {
        options.field_selector = "metadata.name=kube-root-ca.crt";
    }
    auto& informer = informers_[static_cast<size_t>(kind)];
    informer = std::make_unique<Informer>(loop, client, std::move(options));
    informer->cache().add_index("namespace", [](const Object& object) {
        return std::vector<std::string>{std::string(object.namespace_())};
    });
    informer->cache().add_index("owner", [](const Object& object) {
        const Value* controller = controller_of(object);
        return std::vector<std::string>{controller == nullptr
                                            ? unowned(object.namespace_())
                                            : std::string(controller->string_at("uid"))};
    });
    if (kind == Kind::pod) {
        informer->cache().add_index("address", [](const Object& object) {
            return std::vector<std::string>{
                std::string(object.value().string_at("status", "podIP"))};
        });
    }
    return *informer;
}

const Object* CachedView::find(Kind kind, const NamespacedName& name) const {
    Informer* found = informer(kind);
    return found == nullptr ? nullptr : found->cache().find(name);
}

std::vector<const Object*> CachedView::owned(Kind kind, std::string_view namespace_,
                                             std::string_view uid) const {
    Informer* found = informer(kind);
    if (found == nullptr) {
        return {};
    }
    return found->cache().by_index("owner", uid.empty() ? unowned(namespace_) : std::string(uid));
}

std::vector<const Object*> CachedView::in(Kind kind, std::string_view namespace_) const {
    Informer* found = informer(kind);
    if (found == nullptr) {
        return {};
    }
    return namespace_.empty() ? found->cache().all()
                              : found->cache().by_index("namespace", std::string(namespace_));
}

bool CachedView::has_pod_address(std::string_view address) const {
    Informer* pods = informer(Kind::pod);
    return pods != nullptr && !pods->cache().by_index("address", std::string(address)).empty();
}

io::Task<Result<std::vector<kube::Resource>>> discover(kube::Client* client) {
    std::vector<kube::Resource> resources;
    const Value core = CO_TRY((co_await client->get_raw("/api/v1")).context("discovery"));
    add_resources(core, {"", "v1"}, &resources);
    const Value groups = CO_TRY((co_await client->get_raw("/apis")).context("discovery"));
    const Value* list = groups.find("groups");
    for (const Value& group : list == nullptr ? std::span<const Value>() : list->items()) {
        const std::string version(group.string_at("preferredVersion", "groupVersion"));
        const Result<GroupVersion> parsed = parse_api_version(version);
        if (!parsed) {
            continue;
        }
        // A group that cannot be read now (an API service that is down) must not stop the rest.
        const Result<Value> document = co_await client->get_raw(cat("/apis/", version));
        if (document) {
            add_resources(*document, *parsed, &resources);
        }
    }
    co_return resources;
}

std::optional<kube::Resource> resource_of_crd(const Object& crd) {
    const Value* versions = crd.value().find("spec", "versions");
    if (versions == nullptr || !is_condition_true(crd, "Established")) {
        return std::nullopt;
    }
    const Value* chosen = nullptr;
    for (const Value& version : versions->items()) {
        if (is_true(version.find("served")) &&
            (chosen == nullptr || is_true(version.find("storage")))) {
            chosen = &version;
        }
    }
    if (chosen == nullptr) {
        return std::nullopt;
    }
    kube::Resource resource;
    resource.gvr = {std::string(crd.value().string_at("spec", "group")),
                    std::string(chosen->string_at("name")),
                    std::string(crd.value().string_at("spec", "names", "plural"))};
    resource.kind = crd.value().string_at("spec", "names", "kind");
    resource.namespaced = crd.value().string_at("spec", "scope") == "Namespaced";
    resource.has_status = chosen->find("subresources", "status") != nullptr;
    return resource;
}

const kube::Resource& crd_resource() {
    static const kube::Resource resource = {
        {"apiextensions.k8s.io", "v1", "customresourcedefinitions"},
        "CustomResourceDefinition",
        false,
        true};
    return resource;
}

}  // namespace weft::cluster
