// control/kro_crds.h: the two CRDs of kro's API, v0.9.3: ResourceGraphDefinition, GraphRevision.

#pragma once

#include "object/object.h"

namespace weft::control {

// Field for field what the upstream chart installs, without descriptions; and the fields of
// docs/reference/extensions.md, which upstream does not have.
[[nodiscard]] Object definition_crd();
[[nodiscard]] Object revision_crd();

}  // namespace weft::control
