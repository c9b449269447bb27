// cel/library/kubernetes_regex.h: find and findAll.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/regex.go.
[[nodiscard]] Library kubernetes_regex_library();

}  // namespace weft::cel
