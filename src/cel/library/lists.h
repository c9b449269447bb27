// cel/library/lists.h: functions of lists: slice, flatten, sort, sortBy, distinct, reverse, range.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: cel-go ext.Lists, versions 0 to 3. Version 0 has slice, 1 brings flatten, 2 sort, sortBy,
// distinct, reverse and lists.range, 3 the costs. (first and last come with optional values.)
[[nodiscard]] Library lists_library(int version);

}  // namespace weft::cel
