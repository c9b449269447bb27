// bench/cel_cases.h: the expressions that weft and cel-go are measured by.

#pragma once

#include <string>
#include <vector>

#include "cel/cel.h"
#include "object/value.h"

namespace weft::bench {

// Each case as {"list", "name", "expression", "variables": {name: type}, "inputs": {name: value}},
// read below `shared`: bench/cel-expressions.json ("bench"), every expression of the examples of
// kro
// ("kro"), and Appendix A of reference/cel.md ("appendix"). An error names the file that is not
// there.
//
// kro's examples come without data, so theirs are made: the paths that an expression reads are
// filled with values of different kinds until it evaluates without an error, if any do.
[[nodiscard]] Result<std::vector<Value>> cel_cases(const std::string& shared);

// kro's environment with a case's variables.
[[nodiscard]] cel::Environment environment_of(const cel::Environment& kro, const Value& variables);

}  // namespace weft::bench
