// cel/internal/checker.h: types of a tree.

#pragma once

#include <memory>

#include "cel/internal/ast_rep.h"

namespace weft::cel {

// Source: cel-go checker/checker.go and types.go; the messages are its.
[[nodiscard]] Result<std::shared_ptr<const Checked>> check_expression(
    const Parsed& parsed, std::shared_ptr<const Environment::Rep> environment);

}  // namespace weft::cel
