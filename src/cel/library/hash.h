// cel/library/hash.h: kro's hash.fnv64a, hash.sha256 and hash.md5.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library hash_library();

}  // namespace weft::cel
