// object/internal/yaml_shape.h: in which styles YAML can hold a text.

#pragma once

#include <string_view>

namespace weft::internal {

// Which ways to write a text are open.
struct YamlShape {
    bool is_multiline = false;
    bool plain = true;
    bool single_quoted = true;
    bool block = true;
};

// As goyaml.v2's emitter analyzes a scalar (outside of flow style).
[[nodiscard]] YamlShape yaml_shape_of(std::string_view text);

// U+2028 or U+2029.
[[nodiscard]] bool is_yaml_line_separator(char32_t c);
// What that emitter takes for printable: no tab, no CR, nothing beyond U+FFFF.
[[nodiscard]] bool is_yaml_printable(char32_t c);
// What ends a line in YAML 1.1.
[[nodiscard]] bool is_yaml_break(char32_t c);

}  // namespace weft::internal
