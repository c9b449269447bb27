// cluster/internal/volume.cc: binding, both ways.

#include "cluster/internal/volume.h"

#include <algorithm>

namespace weft::cluster {

namespace {

constexpr int64_t bind_min = 50 * io::millisecond;
constexpr int64_t bind_max = 1500 * io::millisecond;
constexpr std::string_view claim_protection = "kubernetes.io/pvc-protection";
constexpr std::string_view volume_protection = "kubernetes.io/pv-protection";

Value without_finalizer(const Object& object, std::string_view name) {
    Value out = Value::list();
    if (const Value* finalizers = object.value().find("metadata", "finalizers")) {
        for (const Value& finalizer : finalizers->items()) {
            if (!finalizer.is_string() || finalizer.as_string() != name) {
                out.push_back(finalizer);
            }
        }
    }
    return out;
}

void drop_finalizer(Kind kind, const Object& object, std::string_view name, Outcome* outcome) {
    if (object.has_finalizer(name)) {
        Object freed(object);
        freed.metadata().set("finalizers", without_finalizer(object, name));
        outcome->update(kind, std::move(freed));
    }
}

bool is_used(const Object& claim, const View& view) {
    return std::ranges::any_of(view.in(Kind::pod, claim.namespace_()), [&](const Object* pod) {
        const Value* volumes = pod->value().find("spec", "volumes");
        const std::string_view phase = pod->value().string_at("status", "phase");
        return volumes != nullptr && phase != "Succeeded" && phase != "Failed" &&
               std::ranges::any_of(volumes->items(), [&](const Value& volume) {
                   return volume.string_at("persistentVolumeClaim", "claimName") == claim.name();
               });
    });
}

Value claim_reference(const Object& claim) {
    return Value::map_of({{"kind", "PersistentVolumeClaim"},
                          {"namespace", claim.namespace_()},
                          {"name", claim.name()},
                          {"uid", claim.uid()},
                          {"apiVersion", "v1"},
                          {"resourceVersion", claim.resource_version()}});
}

Value member_or(const Object& object, std::string_view name, Value otherwise) {
    const Value* found = object.value().find("spec", name);
    return found == nullptr ? std::move(otherwise) : *found;
}

Object volume_for(const Object& claim) {
    const Value* storage = claim.value().find("spec", "resources", "requests", "storage");
    Value spec = Value::map_of(
        {{"capacity", Value::map_of({{"storage", storage == nullptr ? Value("1Gi") : *storage}})},
         {"hostPath", Value::map_of({{"path", cat("/simulated/pvc-", claim.uid())},
                                     {"type", "DirectoryOrCreate"}})},
         {"accessModes", member_or(claim, "accessModes", Value::list_of({"ReadWriteOnce"}))},
         {"claimRef", claim_reference(claim)},
         {"persistentVolumeReclaimPolicy", "Delete"},
         {"volumeMode", member_or(claim, "volumeMode", "Filesystem")}});
    if (const auto name = claim.value().string_at("spec", "storageClassName"); !name.empty()) {
        spec.set("storageClassName", name);
    }
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "PersistentVolume"},
         {"metadata",
          Value::map_of({{"name", cat("pvc-", claim.uid())},
                         {"annotations", Value::map_of({{"pv.kubernetes.io/provisioned-by",
                                                         "embedded.weft.dev/simulated"}})}})},
         {"spec", std::move(spec)}}));
}

bool includes_modes(const Object& volume, const Object& claim) {
    const Value* wanted = claim.value().find("spec", "accessModes");
    const Value* has = volume.value().find("spec", "accessModes");
    return wanted == nullptr ||
           (has != nullptr && std::ranges::all_of(wanted->items(), [&](const Value& mode) {
                return std::ranges::find(has->items(), mode) != has->items().end();
            }));
}

// The volume that is meant for the claim, or free and fitting; by name.
const Object* find_volume(const Object& claim, const View& view) {
    const std::string_view named = claim.value().string_at("spec", "volumeName");
    if (!named.empty()) {
        return view.find(Kind::volume, {"", std::string(named)});
    }
    const Object* free = nullptr;
    for (const Object* volume : view.in(Kind::volume, "")) {
        const std::string_view uid = volume->value().string_at("spec", "claimRef", "uid");
        if (uid == claim.uid()) {
            return volume;
        }
        const bool is_reserved =
            volume->value().string_at("spec", "claimRef", "name") == claim.name() &&
            volume->value().string_at("spec", "claimRef", "namespace") == claim.namespace_();
        const bool is_free = volume->value().find("spec", "claimRef") == nullptr &&
                             volume->value().string_at("spec", "storageClassName") ==
                                 claim.value().string_at("spec", "storageClassName") &&
                             includes_modes(*volume, claim);
        if (uid.empty() && !volume->is_deleting() &&
            (is_reserved || (is_free && free == nullptr))) {
            free = volume;
        }
    }
    return free;
}

}  // namespace

Outcome reconcile_claim(const Object& claim, const View& view, const Moment& moment) {
    Outcome outcome;
    if (claim.is_deleting()) {
        if (!is_used(claim, view)) {
            drop_finalizer(Kind::volume_claim, claim, claim_protection, &outcome);
        }
        return outcome;
    }
    const int64_t wait =
        nanos_until(claim.value().string_at("metadata", "creationTimestamp"),
                    moment.delays.of(claim.uid(), "bind", bind_min, bind_max), moment.now);
    const Object* volume = find_volume(claim, view);
    const Value* class_name = claim.value().find("spec", "storageClassName");
    const bool is_static =
        class_name != nullptr && class_name->is_string() && class_name->as_string().empty();
    const bool must_wait =
        wait > 0 || (volume == nullptr &&
                     (is_static || !claim.value().string_at("spec", "volumeName").empty()));
    if (must_wait) {
        if (wait > 0) {
            outcome.look_again(wait);
        }
        if (claim.value().string_at("status", "phase").empty()) {
            outcome.set_status(Kind::volume_claim, claim, Value::map_of({{"phase", "Pending"}}));
        }
        return outcome;
    }
    if (volume == nullptr) {
        outcome.create(Kind::volume, volume_for(claim));
        return outcome;  // Comes again with the volume.
    }
    if (volume->value().string_at("spec", "claimRef", "uid").empty()) {
        Object bound(*volume);
        bound.mutable_value().mutable_member("spec").set("claimRef", claim_reference(claim));
        outcome.update(Kind::volume, std::move(bound));
        return outcome;
    }
    if (claim.value().string_at("spec", "volumeName").empty()) {
        Object bound(claim);
        bound.mutable_value().mutable_member("spec").set("volumeName", volume->name());
        bound.set_annotation("pv.kubernetes.io/bind-completed", "yes");
        bound.set_annotation("pv.kubernetes.io/bound-by-controller", "yes");
        outcome.update(Kind::volume_claim, std::move(bound));
        return outcome;
    }
    Value status = Value::map_of({{"phase", "Bound"},
                                  {"accessModes", member_or(*volume, "accessModes", Value::list())},
                                  {"capacity", member_or(*volume, "capacity", Value::map())}});
    outcome.set_status(Kind::volume_claim, claim, std::move(status));
    return outcome;
}

Outcome reconcile_volume(const Object& volume, const View& view, const Moment& moment) {
    Outcome outcome;
    const std::string_view uid = volume.value().string_at("spec", "claimRef", "uid");
    const Object* claim = nullptr;
    if (!uid.empty()) {
        claim = view.find(Kind::volume_claim,
                          {std::string(volume.value().string_at("spec", "claimRef", "namespace")),
                           std::string(volume.value().string_at("spec", "claimRef", "name"))});
        if (claim != nullptr && claim->uid() != uid) {
            claim = nullptr;
        }
    }
    if (volume.is_deleting()) {
        if (claim == nullptr) {
            drop_finalizer(Kind::volume, volume, volume_protection, &outcome);
        }
        return outcome;
    }
    const std::string_view before = volume.value().string_at("status", "phase");
    std::string_view phase = "Available";
    if (claim != nullptr) {
        phase = "Bound";
    } else if (!uid.empty()) {
        // Not yet seen is not gone: only a volume that was bound can be released.
        phase = before == "Bound" || before == "Released" ? "Released" : before;
    }
    if (phase == "Released" &&
        volume.value().string_at("spec", "persistentVolumeReclaimPolicy") == "Delete") {
        outcome.remove(Kind::volume, volume);
        return outcome;
    }
    if (phase != before && !phase.empty()) {
        outcome.set_status(
            Kind::volume, volume,
            Value::map_of({{"phase", phase}, {"lastPhaseTransitionTime", moment.text()}}));
    }
    return outcome;
}

}  // namespace weft::cluster
