// cli/sarif.h: diagnostics in the form that code-review tools read.

#pragma once

#include "object/object.h"

namespace weft::cli {

// A SARIF 2.1.0 log of one run: its rules are the table of diagnostics, its results what was found.
[[nodiscard]] Value to_sarif(const Diagnostics& diagnostics);

}  // namespace weft::cli
