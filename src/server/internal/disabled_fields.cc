// server/internal/disabled_fields.cc: which members, and how they are found.

#include "server/internal/disabled_fields.h"

#include <algorithm>
#include <array>

namespace weft::server {

namespace {

// A path from the object; `*` stands for each item of a list.
struct DisabledField {
    std::string_view group;
    std::string_view kind;
    std::string_view path;
};
constexpr std::array<DisabledField, 5> disabled_fields{
    {{"coordination.k8s.io", "Lease", "spec.strategy"},
     {"coordination.k8s.io", "Lease", "spec.preferredHolder"},
     {"storage.k8s.io", "CSIDriver", "spec.preventPodSchedulingIfMissing"},
     {"", "Node", "spec.configSource"},
     {"scheduling.k8s.io", "Workload", "spec.podGroupTemplates.*.disruptionMode"}}};

// Where the kinds that make pods have their pod's spec.
constexpr std::array<DisabledField, 9> pod_specs{
    {{"", "Pod", "spec"},
     {"", "PodTemplate", "template.spec"},
     {"", "ReplicationController", "spec.template.spec"},
     {"apps", "Deployment", "spec.template.spec"},
     {"apps", "ReplicaSet", "spec.template.spec"},
     {"apps", "StatefulSet", "spec.template.spec"},
     {"apps", "DaemonSet", "spec.template.spec"},
     {"batch", "Job", "spec.template.spec"},
     {"batch", "CronJob", "spec.jobTemplate.spec.template.spec"}}};
constexpr std::array<std::string_view, 3> of_pods{"containers.*.lifecycle.stopSignal",
                                                  "initContainers.*.lifecycle.stopSignal",
                                                  "ephemeralContainers.*.lifecycle.stopSignal"};

bool has_path(const Value& value, std::string_view path) {
    const size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    const std::string_view rest = dot == std::string_view::npos ? "" : path.substr(dot + 1);
    if (step == "*") {
        return value.is_list() && std::ranges::any_of(value.items(), [&](const Value& item) {
                   return has_path(item, rest);
               });
    }
    const Value* member = value.find(step);
    return member != nullptr && (rest.empty() || has_path(*member, rest));
}

void erase_path(Value& value, std::string_view path) {
    const size_t dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    if (dot == std::string_view::npos) {
        value.erase(step);
        return;
    }
    const std::string_view rest = path.substr(dot + 1);
    if (step == "*") {
        for (size_t i = 0; i < value.size(); ++i) {
            erase_path(value.mutable_item(i), rest);
        }
    } else if (Value* member = value.find_mutable(step)) {
        erase_path(*member, rest);
    }
}

// Nothing is copied where there is nothing to take out.
void drop(Value& object, std::string_view path) {
    if (has_path(object, path)) {
        erase_path(object, path);
    }
}

}  // namespace

void drop_disabled_fields(const Resource& resource, Value& object) {
    const auto is_it = [&](const DisabledField& field) {
        return field.kind == resource.kind && field.group == resource.gvr.group;
    };
    for (const DisabledField& field : disabled_fields) {
        if (is_it(field)) {
            drop(object, field.path);
        }
    }
    for (const DisabledField& spec : pod_specs) {
        if (is_it(spec)) {
            for (const std::string_view path : of_pods) {
                drop(object, cat(spec.path, ".", path));
            }
        }
    }
}

}  // namespace weft::server
