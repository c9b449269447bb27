// cli/sarif.h: diagnostics in the form that code-review tools read.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::cli {

// What diagnostics refer to by id.
struct SarifRule {
    std::string_view id;
    Severity severity = Severity::error;
    std::string_view title;
    std::string_view why;
    std::string_view cure;
    std::string markdown;  // its page; "" for none
};

// A SARIF 2.1.0 log of one run: its rules, and what was found.
[[nodiscard]] Value to_sarif(const Diagnostics& diagnostics, const std::vector<SarifRule>& rules);
// The table of diagnostics as rules.
[[nodiscard]] std::vector<SarifRule> diagnostic_rules();

}  // namespace weft::cli
