// cel/library/sets.h: lists as sets: sets.contains, sets.equivalent, sets.intersects.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: cel-go ext.Sets, version 0.
[[nodiscard]] Library sets_library();

}  // namespace weft::cel
