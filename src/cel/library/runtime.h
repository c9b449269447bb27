// cel/library/runtime.h: kro's `runtime`, with which authors make status conditions.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// The variable `runtime`, runtime.newCondition({type: …, status: …}) and
// runtime.condition(object, type). Both give a kro.run.Condition with the texts `type`, `status`,
// `reason` and `message`.
[[nodiscard]] Library runtime_library();

}  // namespace weft::cel
