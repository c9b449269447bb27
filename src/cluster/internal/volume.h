// cluster/internal/volume.h: claims and the volumes that are made for them.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// A claim is bound: to the volume that it names, to a free one that fits if its class is "", else
// to one made for it. Lets go of the protection finalizer when no pod uses the claim.
[[nodiscard]] Outcome reconcile_claim(const Object& claim, const View& view, const Moment& moment);

// Available, Bound, Released; deleted with its claim if the policy says so.
[[nodiscard]] Outcome reconcile_volume(const Object& volume, const View& view,
                                       const Moment& moment);

}  // namespace weft::cluster
