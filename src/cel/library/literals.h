// cel/library/literals.h: Kubernetes' checks of literals before an expression runs.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Durations, timestamps and patterns that are written as literals must be right. Source: cel-go
// cel/validator.go, used by Kubernetes since 1.29.
[[nodiscard]] Library literals_library();

}  // namespace weft::cel
