// cluster/internal/reconcile.cc: the table of reconcilers and of who depends on whom.

#include "cluster/internal/reconcile.h"

#include <algorithm>

#include "cluster/internal/cluster_role.h"
#include "cluster/internal/deployment.h"
#include "cluster/internal/job.h"
#include "cluster/internal/namespace.h"
#include "cluster/internal/pod.h"
#include "cluster/internal/replica_set.h"
#include "cluster/internal/scaling.h"
#include "cluster/internal/service.h"
#include "cluster/internal/stateful_set.h"
#include "cluster/internal/volume.h"

namespace weft::cluster {

namespace {

class Affected {
public:
    Affected(const View& view, std::string_view namespace_) : view_(view), namespace_(namespace_) {}

    void add(Kind kind, std::string_view namespace_name, std::string_view name) {
        if (!name.empty()) {
            keys_.push_back({kind, {std::string(namespace_name), std::string(name)}});
        }
    }
    // Those of the namespace that the predicate takes.
    template <typename Predicate>
    void add_where(Kind kind, Predicate takes) {
        for (const Object* object : view_.in(kind, namespace_)) {
            if (takes(*object)) {
                add(kind, object->namespace_(), object->name());
            }
        }
    }
    std::vector<Key> take() { return std::move(keys_); }

private:
    const View& view_;
    std::string namespace_;
    std::vector<Key> keys_;
};

void add_for_pod(const Object& pod, Affected& affected) {
    affected.add_where(Kind::service, [&](const Object& service) {
        return selects_plainly(service.value().find("spec", "selector"), pod);
    });
    affected.add_where(Kind::disruption_budget, [&](const Object& budget) {
        const Value* selector = budget.value().find("spec", "selector");
        return selector != nullptr && (selector->empty() || selects(selector, pod));
    });
    if (controller_of(pod) == nullptr) {
        affected.add_where(Kind::replica_set, [&](const Object& set) {
            return selects(set.value().find("spec", "selector"), pod);
        });
        affected.add_where(Kind::replication_controller, [&](const Object& set) {
            return selects_plainly(set.value().find("spec", "selector"), pod);
        });
    }
    // A claim that is being deleted waits for its last pod.
    const Value* volumes = pod.value().find("spec", "volumes");
    for (const Value& volume : volumes == nullptr ? std::span<const Value>() : volumes->items()) {
        affected.add(Kind::volume_claim, pod.namespace_(),
                     volume.string_at("persistentVolumeClaim", "claimName"));
    }
}

void add_for_scaled(const Object& object, Affected& affected) {
    affected.add_where(Kind::autoscaler, [&](const Object& autoscaler) {
        return autoscaler.value().string_at("spec", "scaleTargetRef", "name") == object.name() &&
               autoscaler.value().string_at("spec", "scaleTargetRef", "kind") == object.kind();
    });
}

}  // namespace

bool is_always_on(Kind kind) {
    return kind == Kind::namespace_ || kind == Kind::service_account || kind == Kind::config_map ||
           kind == Kind::cluster_role || kind == Kind::resource_quota;
}

bool is_reconciled(Kind kind) {
    switch (kind) {
        case Kind::node:
        case Kind::endpoints:
        case Kind::endpoint_slice:
        case Kind::controller_revision:
        case Kind::service_account:
        case Kind::config_map:
            return false;
        default:
            return true;
    }
}

Outcome reconcile(Kind kind, const Object& object, const View& view, const Moment& moment) {
    switch (kind) {
        case Kind::pod:
            return reconcile_pod(object, view, moment);
        case Kind::service:
            return reconcile_service(object, view, moment);
        case Kind::replica_set:
        case Kind::replication_controller:
            return reconcile_replica_set(kind, object, view, moment);
        case Kind::deployment:
            return reconcile_deployment(object, view, moment);
        case Kind::stateful_set:
            return reconcile_stateful_set(object, view, moment);
        case Kind::daemon_set:
            return reconcile_daemon_set(object, view, moment);
        case Kind::job:
            return reconcile_job(object, view, moment);
        case Kind::cron_job:
            return reconcile_cron_job(object, view, moment);
        case Kind::volume_claim:
            return reconcile_claim(object, view, moment);
        case Kind::volume:
            return reconcile_volume(object, view, moment);
        case Kind::ingress:
            return reconcile_ingress(object, view, moment);
        case Kind::autoscaler:
            return reconcile_autoscaler(object, view, moment);
        case Kind::disruption_budget:
            return reconcile_disruption_budget(object, view, moment);
        case Kind::namespace_:
            return reconcile_namespace(object, view, moment);
        case Kind::cluster_role:
            return reconcile_cluster_role(object, view);
        case Kind::node:
        case Kind::endpoints:
        case Kind::endpoint_slice:
        case Kind::controller_revision:
        case Kind::service_account:
        case Kind::config_map:
        case Kind::resource_quota:  // counted by quota_counter.h, which must ask the server
            break;
    }
    return {};
}

std::vector<Key> affected_by(Kind kind, const Object& object, const View& view) {
    Affected affected(view, object.namespace_());
    if (is_reconciled(kind)) {
        affected.add(kind, object.namespace_(), object.name());
    }
    if (const Value* controller = controller_of(object)) {
        const std::optional<Kind> owner =
            kind_of(controller->string_at("apiVersion"), controller->string_at("kind"));
        if (owner.has_value() && is_reconciled(*owner)) {
            affected.add(*owner, object.namespace_(), controller->string_at("name"));
        }
    }
    switch (kind) {
        case Kind::pod:
            add_for_pod(object, affected);
            break;
        case Kind::replica_set:
            if (controller_of(object) == nullptr) {
                affected.add_where(Kind::deployment, [&](const Object& deployment) {
                    return selects(deployment.value().find("spec", "selector"), object);
                });
            }
            add_for_scaled(object, affected);
            break;
        case Kind::deployment:
        case Kind::stateful_set:
        case Kind::replication_controller:
            add_for_scaled(object, affected);
            break;
        case Kind::endpoints:
            affected.add(Kind::service, object.namespace_(), object.name());
            break;
        case Kind::volume_claim:
            affected.add(Kind::volume, "", object.value().string_at("spec", "volumeName"));
            // The set that made it is known by its pods only; a set looks at its claims when they
            // change.
            break;
        case Kind::volume:
            affected.add(Kind::volume_claim,
                         object.value().string_at("spec", "claimRef", "namespace"),
                         object.value().string_at("spec", "claimRef", "name"));
            break;
        case Kind::node:
            for (const Object* set : view.in(Kind::daemon_set, "")) {
                affected.add(Kind::daemon_set, set->namespace_(), set->name());
            }
            break;
        case Kind::service_account:
        case Kind::config_map:
            affected.add(Kind::namespace_, "", object.namespace_());
            break;
        case Kind::cluster_role:
            // Whether it was or is one of theirs: they are few, and looking costs nothing.
            affected.add_where(Kind::cluster_role, [](const Object& role) {
                return role.value().find("aggregationRule") != nullptr;
            });
            break;
        default:
            break;
    }
    return affected.take();
}

}  // namespace weft::cluster
