// cel/library/named_format.h: format.named(), format.dns1123Label() and their like.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Source: apiserver pkg/cel/library/format.go.
[[nodiscard]] Library named_format_library();

}  // namespace weft::cel
