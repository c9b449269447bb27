// server/internal/validate_builtin.cc: finds the rules of a kind and runs them.

#include <algorithm>
#include <array>

#include "schema/builtin.h"
#include "schema/strategy.h"
#include "server/internal/metadata.h"
#include "server/internal/strategy.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

const KindRules* rules_of(const Resource& resource, std::string_view subresource) {
    for (const auto& family : {core_rules(), pod_rules(), service_rules(), storage_rules(),
                               workload_rules(), batch_rules(), network_rules(), policy_rules(),
                               status_rules(), device_rules(), alpha_rules()}) {
        for (const KindRules& row : family) {
            if (row.kind == resource.kind && row.subresource == subresource &&
                row.group == resource.gvr.group) {
                return &row;
            }
        }
    }
    return nullptr;
}

// Kinds whose validation of an update looks through the whole metadata again.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> checked_again{
    {{"", "ConfigMap"},
     {"", "Secret"},
     {"", "Pod"},
     {"", "Service"},
     {"", "ServiceAccount"},
     {"", "PersistentVolume"},
     {"", "PersistentVolumeClaim"},
     {"", "LimitRange"},
     {"", "Node"},
     {"apps", "StatefulSet"},
     {"apps", "DaemonSet"},
     {"batch", "Job"},
     {"rbac.authorization.k8s.io", "Role"},
     {"rbac.authorization.k8s.io", "ClusterRole"},
     {"rbac.authorization.k8s.io", "RoleBinding"},
     {"rbac.authorization.k8s.io", "ClusterRoleBinding"}}};

bool checks_again(const Resource& resource) {
    return std::ranges::any_of(checked_again, [&](const auto& row) {
        return row.second == resource.kind && row.first == resource.gvr.group;
    });
}

// Kinds that first say what must not change.
bool is_immutable_first(const Resource& resource) {
    const std::string_view group = resource.gvr.group;
    return (group.empty() && resource.kind == "Service") ||
           (group == "apps" && resource.kind == "DaemonSet") ||
           (group == "networking.k8s.io" && resource.kind == "IngressClass");
}

}  // namespace

FieldErrors validate_builtin(const Resource& resource, const Value& object) {
    Checker check;
    if (const KindRules* rules = rules_of(resource, "")) {
        rules->check(check, object, nullptr);
    }
    return check.take();
}

FieldErrors validate_builtin_update(const Resource& resource, std::string_view subresource,
                                    const Value& object, const Value& old_object) {
    Checker check;
    const Value& metadata = *object.find("metadata");
    check.add(validate_metadata_update(metadata, *old_object.find("metadata")));
    if (checks_again(resource) && subresource.empty()) {
        check.add(validate_metadata(resource, metadata));
    }
    FieldErrors immutable = schema::validate_immutable_members(
        schema::Builtin::get(), *resource.builtin, subresource, old_object, object);
    if (resource.gvr.group == "events.k8s.io") {
        immutable = event_changes(object, old_object, std::move(immutable));
    }
    if (is_immutable_first(resource)) {
        check.add(std::move(immutable));
        immutable.clear();
    }
    if (const KindRules* rules = rules_of(resource, subresource)) {
        rules->check(check, object, &old_object);
        // A PersistentVolume's update is validated as a new one first.
        if (resource.kind == "PersistentVolume" && subresource.empty()) {
            rules->check(check, object, &old_object);
        }
    }
    check.add(std::move(immutable));
    return check.take();
}

}  // namespace weft::server
