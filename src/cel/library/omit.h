// cel/library/omit.h: kro's omit(): a value that takes its field away.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// omit() gives a value of type kro.omit, which whoever renders an object looks for. Comparing it
// is an error.
[[nodiscard]] Library omit_library();

}  // namespace weft::cel
