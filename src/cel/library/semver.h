// cel/library/semver.h: semver(), isSemver() and comparing them.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/semverlib.go, blang/semver v4. Version 1 has a second argument,
// which forgives short versions, a leading v and leading zeros.
[[nodiscard]] Library semver_library(int version);

}  // namespace weft::cel
