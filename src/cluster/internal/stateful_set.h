// cluster/internal/stateful_set.h: numbered pods with their own claims; pods of every node.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// Ordered or parallel, rolling updates with partition from the highest ordinal, OnDelete, claims
// of the templates (kept when pods go, unless the retention policy says Delete on scaling).
[[nodiscard]] Outcome reconcile_stateful_set(const Object& set, const View& view,
                                             const Moment& moment);

// A pod on every node that the node selector takes; updates by maxUnavailable, or OnDelete.
[[nodiscard]] Outcome reconcile_daemon_set(const Object& set, const View& view,
                                           const Moment& moment);

// The name of the revision of a set's template, and the ControllerRevision if it is not there yet.
[[nodiscard]] std::string ensure_revision(Kind kind, const Object& set, const View& view,
                                          Outcome* outcome);

}  // namespace weft::cluster
