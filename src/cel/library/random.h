// cel/library/random.h: kro's random.seededString and random.seededInt, which are no accident.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library random_library();

}  // namespace weft::cel
