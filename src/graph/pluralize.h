// graph/pluralize.h: the plural that names a generated CRD.

#pragma once

#include <string>
#include <string_view>

namespace weft::graph {

// The plural of a kind in lower case: "webapp" -> "webapps", "policy" -> "policies". The rules and
// irregular words are those of gobuffalo/flect 1.0.3, which kro uses: another plural would be
// another CRD. One difference on purpose: an acronym that ends in s ("dns") becomes "dnses", where
// flect yields a name with upper-case letters that no API server accepts.
[[nodiscard]] std::string pluralize(std::string_view word);

}  // namespace weft::graph
