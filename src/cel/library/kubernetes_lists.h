// cel/library/kubernetes_lists.h: isSorted, sum, min, max, indexOf, lastIndexOf, and includes.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/lists.go. `includes` is there from version 1.
[[nodiscard]] Library kubernetes_lists_library(int version);

}  // namespace weft::cel
