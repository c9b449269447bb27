// cluster/internal/scaling.h: HorizontalPodAutoscaler and PodDisruptionBudget.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// There are no metrics here: every target has the size it should have, within the bounds. A target
// outside of them is scaled.
[[nodiscard]] Outcome reconcile_autoscaler(const Object& autoscaler, const View& view,
                                           const Moment& moment);

[[nodiscard]] Outcome reconcile_disruption_budget(const Object& budget, const View& view,
                                                  const Moment& moment);

}  // namespace weft::cluster
