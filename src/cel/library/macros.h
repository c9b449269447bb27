// cel/library/macros.h: has, all, exists, exists_one, map, filter.

#pragma once

#include "cel/library.h"

namespace weft::cel {

[[nodiscard]] Library macros_library();

// The name of a loop variable; null, and the error reported, if the node cannot be one.
[[nodiscard]] const std::string_view* loop_variable(MacroContext& context, const Expr* argument,
                                                    std::string_view complaint);

}  // namespace weft::cel
