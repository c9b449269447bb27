// cluster/internal/replica_set.h: so many pods of one template: ReplicaSet, ReplicationController.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// `kind` is replica_set or replication_controller.
[[nodiscard]] Outcome reconcile_replica_set(Kind kind, const Object& set, const View& view,
                                            const Moment& moment);

// The pods of a set in the order in which they are given up: not bound first, then not ready, then
// the younger ones.
void sort_for_removal(std::vector<const Object*>& pods);

// Takes what the selector finds and nobody controls.
void adopt(Kind owner_kind, const Object& owner, Kind kind, const Object& orphan, Outcome* outcome);

}  // namespace weft::cluster
