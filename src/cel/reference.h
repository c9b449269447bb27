// cel/reference.h: the page of all functions, made from the tables beside them.

#pragma once

#include <string>

namespace weft::cel {

// docs/reference/cel-functions.md, whole: every function and macro of every profile, with its
// overloads, where it is known, a line about it, and an example with its result.
[[nodiscard]] std::string function_reference();

}  // namespace weft::cel
