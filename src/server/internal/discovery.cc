// server/internal/discovery.cc: writes discovery documents.

#include "server/internal/discovery.h"

#include <algorithm>

#include "server/internal/texts.h"

namespace weft::server {

namespace {

// Custom resources are listed in the order their verbs are declared; builtin ones are sorted.
Value resource_entry(const Resource& resource) {
    Value entry = Value::map();
    entry.append_new("name", resource.gvr.resource);
    entry.append_new("singularName", resource.singular);
    entry.append_new("namespaced", resource.namespaced);
    entry.append_new("kind", resource.kind);
    entry.append_new("verbs", texts(resource.verbs));
    if (!resource.short_names.empty()) {
        entry.append_new("shortNames", texts(resource.short_names));
    }
    if (!resource.categories.empty()) {
        entry.append_new("categories", texts(resource.categories));
    }
    if (!resource.storage_hash.empty()) {
        entry.append_new("storageVersionHash", resource.storage_hash);
    }
    return entry;
}

Value subresource_entry(const Resource& resource, const Subresource& subresource) {
    Value entry = Value::map();
    entry.append_new("name", cat(resource.gvr.resource, "/", subresource.name));
    entry.append_new("singularName", "");
    entry.append_new("namespaced", resource.namespaced);
    if (subresource.kind.group != resource.gvr.group ||
        subresource.kind.version != resource.gvr.version) {
        if (!subresource.kind.group.empty()) {
            entry.append_new("group", subresource.kind.group);
        }
        entry.append_new("version", subresource.kind.version);
    }
    entry.append_new("kind", subresource.kind.kind);
    entry.append_new("verbs", texts(subresource.verbs));
    return entry;
}

Value response_kind(const Resource& resource, const GroupVersionKind& kind) {
    const bool same = kind.group == resource.gvr.group && kind.version == resource.gvr.version;
    return Value::map_of({{"group", same && resource.is_builtin() ? "" : kind.group},
                          {"version", same && resource.is_builtin() ? "" : kind.version},
                          {"kind", kind.kind}});
}

Value aggregated_resource(const Resource& resource) {
    Value entry = Value::map();
    entry.append_new("resource", resource.gvr.resource);
    entry.append_new("responseKind", response_kind(resource, resource.gvk()));
    entry.append_new("scope", resource.namespaced ? "Namespaced" : "Cluster");
    entry.append_new("singularResource", resource.singular);
    entry.append_new("verbs", texts(resource.verbs));
    if (!resource.short_names.empty()) {
        entry.append_new("shortNames", texts(resource.short_names));
    }
    if (!resource.categories.empty()) {
        entry.append_new("categories", texts(resource.categories));
    }
    if (!resource.subresources.empty()) {
        Value list = Value::list();
        for (const Subresource& subresource : resource.subresources) {
            Value sub = Value::map();
            sub.append_new("subresource", subresource.name);
            sub.append_new("responseKind", response_kind(resource, subresource.kind));
            sub.append_new("verbs", texts(subresource.verbs));
            list.push_back(std::move(sub));
        }
        entry.append_new("subresources", std::move(list));
    }
    return entry;
}

}  // namespace

Value Discovery::api_versions() const {
    Value address = Value::map_of({{"clientCIDR", "0.0.0.0/0"},
                                   {"serverAddress", cat(core_->options.advertise_address, ":",
                                                         core_->options.advertise_port)}});
    Value out = Value::map();
    out.append_new("kind", "APIVersions");
    out.append_new("versions", Value::list_of({"v1"}));
    out.append_new("serverAddressByClientCIDRs", Value::list_of({std::move(address)}));
    return out;
}

Value Discovery::group(const GroupInfo& info, bool alone) const {
    Value out = Value::map();
    if (alone) {
        out.append_new("kind", "APIGroup");
        out.append_new("apiVersion", "v1");
    }
    out.append_new("name", info.group);
    Value versions = Value::list();
    for (const GroupVersionInfo& version : info.versions) {
        versions.push_back(Value::map_of({{"groupVersion", cat(info.group, "/", version.version)},
                                          {"version", version.version}}));
    }
    const Value preferred = versions.at(0);
    out.append_new("versions", std::move(versions));
    out.append_new("preferredVersion", preferred);
    return out;
}

Value Discovery::groups() const {
    Value list = Value::list();
    for (const GroupInfo& info : core_->registry.groups()) {
        if (!info.group.empty()) {
            list.push_back(group(info, false));
        }
    }
    Value out = Value::map();
    out.append_new("kind", "APIGroupList");
    out.append_new("apiVersion", "v1");
    out.append_new("groups", std::move(list));
    return out;
}

Value Discovery::resources(const GroupInfo& info, const GroupVersionInfo& version) const {
    Value list = Value::list();
    for (const ResourcePtr& resource : version.resources) {
        list.push_back(resource_entry(*resource));
        for (const Subresource& subresource : resource->subresources) {
            list.push_back(subresource_entry(*resource, subresource));
        }
    }
    Value out = Value::map();
    out.append_new("kind", "APIResourceList");
    if (!info.group.empty()) {
        out.append_new("apiVersion", "v1");
    }
    out.append_new("groupVersion",
                   info.group.empty() ? version.version : cat(info.group, "/", version.version));
    out.append_new("resources", std::move(list));
    return out;
}

const Discovery::Aggregated& Discovery::aggregated(bool core_group) {
    if (generation_ != core_->registry.generation()) {
        aggregated_.clear();
        generation_ = core_->registry.generation();
    }
    if (const auto known = aggregated_.find(core_group); known != aggregated_.end()) {
        return known->second;
    }
    Value items = Value::list();
    for (const GroupInfo& info : core_->registry.groups()) {
        if (info.group.empty() != core_group) {
            continue;
        }
        Value versions = Value::list();
        for (const GroupVersionInfo& version : info.versions) {
            Value resources = Value::list();
            for (const ResourcePtr& resource : version.resources) {
                resources.push_back(aggregated_resource(*resource));
            }
            versions.push_back(Value::map_of({{"version", version.version},
                                              {"resources", std::move(resources)},
                                              {"freshness", "Current"}}));
        }
        Value metadata = Value::map();
        if (!info.group.empty()) {
            metadata.set("name", info.group);
        }
        items.push_back(
            Value::map_of({{"metadata", std::move(metadata)}, {"versions", std::move(versions)}}));
    }
    Value out = Value::map();
    out.append_new("kind", "APIGroupDiscoveryList");
    out.append_new("apiVersion", "apidiscovery.k8s.io/v2");
    out.append_new("metadata", Value::map());
    out.append_new("items", std::move(items));
    std::string json = to_json(out);
    Aggregated made;
    made.etag = cat("\"", hex_encode_upper(sha512(json)), "\"");
    made.json = io::http::share(json + "\n");
    return aggregated_.emplace(core_group, std::move(made)).first->second;
}

}  // namespace weft::server
