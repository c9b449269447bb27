// cluster/internal/deployment.h: rollouts: a ReplicaSet for each template, and moving between them.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// RollingUpdate with surge and unavailability, Recreate, pausing, revisions, the history limit, and
// the conditions Available and Progressing with the real controller's reasons and messages. Not
// there: scaling several ReplicaSets in proportion while a rollout runs (they get there by the
// rollout's own steps).
[[nodiscard]] Outcome reconcile_deployment(const Object& deployment, const View& view,
                                           const Moment& moment);

}  // namespace weft::cluster
