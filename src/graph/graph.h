// graph/graph.h: the front door of graph: definition -> Graph -> Plan -> InstanceStatus.
//
// compile() finds everything a user can get wrong in a definition; plan() says what can be done for
// an instance now. Both are pure: no clock, no network, the same answer for the same question.

#pragma once

#include "graph/apply_set.h"          // IWYU pragma: export
#include "graph/bounds.h"             // IWYU pragma: export
#include "graph/compile.h"            // IWYU pragma: export
#include "graph/conditions.h"         // IWYU pragma: export
#include "graph/crd.h"                // IWYU pragma: export
#include "graph/crd_compatibility.h"  // IWYU pragma: export
#include "graph/definition.h"         // IWYU pragma: export
#include "graph/diagnostics.h"        // IWYU pragma: export
#include "graph/labels.h"             // IWYU pragma: export
#include "graph/plan.h"               // IWYU pragma: export
#include "graph/rollout.h"            // IWYU pragma: export
#include "graph/status.h"             // IWYU pragma: export
