// cluster/internal/namespace_ender.cc: list, delete, count, finalize.

#include "cluster/internal/namespace_ender.h"

#include <algorithm>

namespace weft::cluster {

namespace {

bool has_kubernetes_finalizer(const Object& namespace_) {
    const Value* finalizers = namespace_.value().find("spec", "finalizers");
    return finalizers != nullptr &&
           std::ranges::any_of(finalizers->items(), [](const Value& finalizer) {
               return finalizer.is_string() && finalizer.as_string() == "kubernetes";
           });
}

std::string label_of(const kube::Resource& resource) {
    return cat(resource.gvr.resource, ".", resource.gvr.group);
}

// Asks all objects of a resource to go and counts those that stay for now.
io::Task<void> empty_resource(kube::Client* client, kube::Resource resource, std::string namespace_,
                              Remains* remains) {
    kube::ListOptions options;
    options.namespace_ = namespace_;
    options.metadata_only = true;
    Result<kube::List> list = co_await client->list_all(resource, std::move(options));
    if (!list) {
        // Gone with its CRD, or not to be listed: nothing of it can remain.
        if (list.error().reason() != Reason::not_found &&
            list.error().reason() != Reason::method_not_allowed) {
            remains->failures.push_back(list.error().text());
        }
        co_return;
    }
    for (const Object& object : list->items) {
        bool stays = true;
        if (!object.is_deleting()) {
            kube::DeleteOptions remove;
            remove.uid = object.uid();
            remove.propagation = "Background";
            const auto removed = co_await client->remove(
                resource, {namespace_, std::string(object.name())}, std::move(remove));
            if (!removed && removed.error().reason() != Reason::not_found) {
                remains->failures.push_back(removed.error().text());
            }
            const auto still =
                co_await client->get(resource, {namespace_, std::string(object.name())});
            stays = still.has_value();
        }
        if (!stays) {
            continue;
        }
        ++remains->resources[label_of(resource)];
        if (const Value* finalizers = object.value().find("metadata", "finalizers")) {
            for (const Value& finalizer : finalizers->items()) {
                ++remains->finalizers[std::string(finalizer.as_string())];
            }
        }
    }
}

}  // namespace

io::Task<Result<Ending>> end_namespace(kube::Client* client, Object namespace_,
                                       std::vector<kube::Resource> resources, Moment moment) {
    if (!has_kubernetes_finalizer(namespace_)) {
        co_return Ending{.is_empty = true};
    }
    const std::string name(namespace_.name());
    Remains remains;
    const auto pods =
        std::ranges::find(resources, resource_of(Kind::pod).gvr, &kube::Resource::gvr);
    if (pods != resources.end()) {
        co_await empty_resource(client, *pods, name, &remains);
    }
    if (remains.empty()) {
        for (const kube::Resource& resource : resources) {
            if (resource.namespaced && resource.gvr != resource_of(Kind::pod).gvr) {
                co_await empty_resource(client, resource, name, &remains);
            }
        }
    }
    Ending ending;
    ending.is_empty = remains.empty();
    ending.outcome.set_status(Kind::namespace_, namespace_,
                              ending_status(namespace_, remains, moment));
    co_return ending;
}

io::Task<Status> finalize_namespace(kube::Client* client, Object namespace_) {
    if (!has_kubernetes_finalizer(namespace_)) {
        co_return Status{};
    }
    Value rest = Value::list();
    for (const Value& finalizer : namespace_.value().find("spec", "finalizers")->items()) {
        if (finalizer.as_string() != "kubernetes") {
            rest.push_back(finalizer);
        }
    }
    namespace_.mutable_value().mutable_member("spec").set("finalizers", std::move(rest));
    kube::WriteOptions options;
    options.subresource = "finalize";
    const auto done = co_await client->update(resource_of(Kind::namespace_), std::move(namespace_),
                                              std::move(options));
    if (!done && done.error().reason() != Reason::not_found) {
        co_return Error(done.error());
    }
    co_return Status{};
}

}  // namespace weft::cluster
