// cli/report.h: parts of the reports that several commands write.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::cli {

[[nodiscard]] std::string_view severity_text(Severity severity);

// id, severity, file, line, column, path, message, excerpt, cure.
[[nodiscard]] Value to_value(const Diagnostic& diagnostic);

// That no definition is in what was named, with the cure.
[[nodiscard]] std::string_view no_definition_text();

// For text and attributes of XML and SVG.
[[nodiscard]] std::string escape_markup(std::string_view text);

}  // namespace weft::cli
