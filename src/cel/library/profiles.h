// cel/library/profiles.h: which libraries each language has.

#pragma once

#include <vector>

#include "cel/environment.h"
#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] std::vector<Library> libraries_of(Profile profile);

}  // namespace weft::cel
