// cel/library/profiles.h: which libraries each language has.

#pragma once

#include <vector>

#include "cel/environment.h"
#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] std::vector<Library> libraries_of(Profile profile);
// Those in no profile, which a host adds where they belong: for mutating admission policies.
[[nodiscard]] std::vector<Library> libraries_of_hosts();

}  // namespace weft::cel
