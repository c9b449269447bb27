// cel/library/time.h: the parts of timestamps and durations.

#pragma once

#include "cel/library.h"

namespace weft::cel {

void declare_times(Library& library, bool spec_durations);

}  // namespace weft::cel
