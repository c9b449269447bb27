// graph/names.h: which words a definition may use as names, and the names that kro reserves.

#pragma once

#include <string>
#include <string_view>

#include "base/base.h"

namespace weft::graph {

// Words that may be neither an id nor a forEach variable: those of a definition and those of CEL.
// Case matters. Source: kro, §4.3 of the reference.
[[nodiscard]] bool is_reserved_word(std::string_view word);

[[nodiscard]] bool is_upper_camel_case(std::string_view text);  // kinds: ^[A-Z][a-zA-Z0-9]*$
[[nodiscard]] bool is_lower_camel_case(std::string_view text);  // ids: ^[a-z][a-zA-Z0-9]*$

// "v1", "v2beta1": what a generated kind's version may be.
[[nodiscard]] bool is_kubernetes_version(std::string_view text);
// invalid with kro's text: "version X is not a valid Kubernetes version".
Status check_kubernetes_version(std::string_view text);

// A DNS label that starts with a letter. Empty if it is one; else what apimachinery says of it.
[[nodiscard]] std::string dns1035_label_mistake(std::string_view text);

// Group, version and kind of a template, as kro reads them. invalid with kro's texts.
struct TypeNames {
    std::string group;
    std::string version;
    std::string kind;
};
[[nodiscard]] Result<TypeNames> parse_type_names(std::string_view api_version,
                                                 std::string_view kind);

}  // namespace weft::graph
