// cel/library/bindings.h: cel.bind.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library bindings_library();

}  // namespace weft::cel
