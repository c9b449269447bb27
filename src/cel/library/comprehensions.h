// cel/library/comprehensions.h: macros over two variables: index and item, or key and value.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library comprehensions_library();

}  // namespace weft::cel
