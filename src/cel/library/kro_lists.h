// cel/library/kro_lists.h: kro's lists.setAtIndex, insertAtIndex and removeAtIndex.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library kro_lists_library();

}  // namespace weft::cel
