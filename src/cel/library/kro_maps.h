// cel/library/kro_maps.h: kro's merge and deepMerge of maps.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library kro_maps_library();

}  // namespace weft::cel
