// cel/library/json_patch.h: what expressions that make JSON patches use.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// jsonpatch.escapeKey and the type JSONPatch. In no profile: Kubernetes gives it to mutating
// admission policies only. Source: apiserver pkg/cel/library/jsonpatch.go, pkg/cel/mutation.
[[nodiscard]] Library json_patch_library();

}  // namespace weft::cel
