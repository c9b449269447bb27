// cli/yaml_layout.h: definitions in canonical order and indentation, with their comments.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::cli {

struct FormattedText {
    std::string text;
    // Documents that were left as they are, each with its place and the reason.
    std::vector<std::string> untouched;
};

// Every document of a YAML text: two blanks a level, list items below their key indented, one
// blank line at most between entries, one blank behind a colon; apiVersion, kind, metadata, spec
// first, and the members of a ResourceGraphDefinition in the order in which its documentation has
// them. Fields of spec.schema.spec, of templates and all lists keep their order. Comments stay with
// the entry they stand above or beside. Scalars and flow collections are never rewritten.
//
// Formatting twice gives the same text, and the text means the same: a document for which that
// cannot be shown, or that uses anchors, aliases or tags, is left as it is. bad_request with the
// place for what is no YAML.
[[nodiscard]] Result<FormattedText> format_yaml(std::string_view text, const std::string& file);

}  // namespace weft::cli
