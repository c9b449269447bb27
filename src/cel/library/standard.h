// cel/library/standard.h: the operators and functions of cel-spec's language definition.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// `spec_durations`: getMilliseconds of a duration gives the part below a second, as cel-spec says,
// instead of the total, as cel-go does.
[[nodiscard]] Library standard_library(bool spec_durations = false);

}  // namespace weft::cel
