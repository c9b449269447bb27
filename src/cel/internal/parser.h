// cel/internal/parser.h: text to tree.

#pragma once

#include <memory>
#include <string_view>

#include "cel/environment.h"
#include "cel/internal/ast_rep.h"

namespace weft::cel {

// Parses with the macros of an environment; errors as Environment::parse says.
[[nodiscard]] Result<std::shared_ptr<const Parsed>> parse_expression(
    std::string_view text, const Environment::Rep& environment);

}  // namespace weft::cel
