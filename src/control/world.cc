// control/world.cc: the controllers' own kinds, and status patches.

#include "control/world.h"

#include "graph/graph.h"

namespace weft::control {

const kube::Resource& definition_resource() {
    static const kube::Resource resource{{"kro.run", "v1alpha1", "resourcegraphdefinitions"},
                                         "ResourceGraphDefinition",
                                         false,
                                         true};
    return resource;
}

const kube::Resource& revision_resource() {
    static const kube::Resource resource{
        {"internal.kro.run", "v1alpha1", "graphrevisions"}, "GraphRevision", false, true};
    return resource;
}

const kube::Resource& crd_resource() {
    static const kube::Resource resource{
        {"apiextensions.k8s.io", "v1", "customresourcedefinitions"},
        "CustomResourceDefinition",
        false,
        true};
    return resource;
}

const kube::Resource& event_resource() {
    static const kube::Resource resource{{"", "v1", "events"}, "Event", true, false};
    return resource;
}

io::Task<void> tell_events(World world, std::vector<Object> events) {
    for (Object& event : events) {
        const std::string name(event.name());
        const auto told = co_await world.client->create(event_resource(), std::move(event), {});
        if (!told) {
            world.log(LogLevel::warn, "an event could not be written",
                      {{"event", name}, {"error", told.error().text()}});
        }
    }
}

Value other_finalizers(const Object& object) {
    Value out = Value::list();
    if (const Value* finalizers = object.value().find("metadata", "finalizers")) {
        for (const Value& finalizer : finalizers->items()) {
            if (!finalizer.is_string() || finalizer.as_string() != graph::finalizer) {
                out.push_back(finalizer);
            }
        }
    }
    return out;
}

namespace {

// A status is no deeper than its schema.
Value merge_patch(const Value& before, const Value& after) {
    Value out = after;
    for (const Member& member : before.members()) {
        const Value* now = after.find(member.name());
        if (now == nullptr) {
            out.set(member.name(), Value());
        } else if (now->is_map() && member.value.is_map()) {
            out.set(member.name(), merge_patch(member.value, *now));
        }
    }
    return out;
}

}  // namespace

Value status_patch(const Value* before, const Value& after) {
    return Value::map_of({{"status", before == nullptr ? after : merge_patch(*before, after)}});
}

}  // namespace weft::control
