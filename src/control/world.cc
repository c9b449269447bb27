// control/world.cc: the controllers' own kinds, and status patches.

#include "control/world.h"

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

Value status_patch(const Value* before, const Value& after) {
    Value status = after;
    if (before != nullptr) {
        for (const Member& member : before->members()) {
            if (!after.contains(member.name())) {
                status.set(member.name(), Value());
            }
        }
    }
    return Value::map_of({{"status", std::move(status)}});
}

}  // namespace weft::control
