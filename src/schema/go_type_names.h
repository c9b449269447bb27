// schema/go_type_names.h: Go's names of the types of members that are texts or maps of a type
// of their own, as "v1.Protocol" and "v1.ResourceList".
//
// Source: what a kube-apiserver 1.36.3 says of each member that is sent with a wrong value.

#pragma once

#include <cstdint>
#include <string_view>

namespace weft::schema {

struct GoTypeNames {
    std::string_view element;  // of the value, or of each item; empty: Go's own type
    std::string_view whole;    // of the map or list; empty: map[string] or [] of the element
};
[[nodiscard]] GoTypeNames go_type_names(std::string_view definition, std::string_view field);

// What a name of the table stands for.
enum class GoTypeForm : uint8_t { other, text, map, list };
[[nodiscard]] GoTypeForm form_of_go_type(std::string_view name);

}  // namespace weft::schema
