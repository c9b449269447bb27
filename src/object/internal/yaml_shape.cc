// object/internal/yaml_shape.cc: in which styles YAML can hold a text.

#include "object/internal/yaml_shape.h"

#include "base/base.h"

namespace weft::internal {

bool is_yaml_line_separator(char32_t c) {
    return c == 0x2028 || c == 0x2029;
}

bool is_yaml_printable(char32_t c) {
    return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF);
}

bool is_yaml_break(char32_t c) {
    return c == '\n' || c == '\r' || c == 0x85 || is_yaml_line_separator(c);
}

YamlShape yaml_shape_of(std::string_view text) {
    YamlShape shape;
    if (text.empty()) {
        shape.block = false;
        return shape;
    }
    if (text.starts_with("---") || text.starts_with("...")) {
        shape.plain = false;
    }
    bool previous_space = false;
    bool previous_break = false;
    bool after_blank = true;
    for (size_t i = 0; i < text.size();) {
        size_t next = i;
        const char32_t c = next_code_point(text, next);
        size_t after = next;
        const char32_t following = next < text.size() ? next_code_point(text, after) : U'\0';
        const bool before_blank = next >= text.size() || following == ' ' || following == '\t';
        if (i == 0) {
            constexpr std::string_view indicators = "#,[]{}&*!|>'\"%@`";
            if ((c < 0x80 && indicators.contains(static_cast<char>(c))) ||
                ((c == '?' || c == ':' || c == '-') && before_blank)) {
                shape.plain = false;
            }
        } else if ((c == ':' && before_blank) || (c == '#' && after_blank)) {
            shape.plain = false;
        }
        bool is_special = !is_yaml_printable(c);
        if (c == ' ') {
            if (i == 0 || next == text.size()) {
                shape.plain = false;
            }
            if (next == text.size()) {
                shape.block = false;
            }
            if (previous_break) {
                shape.plain = false;
                shape.single_quoted = false;
            }
            previous_space = true;
            previous_break = false;
        } else if (is_yaml_break(c)) {
            shape.is_multiline = true;
            shape.plain = false;
            is_special |= previous_space;
            previous_space = false;
            previous_break = true;
        } else {
            previous_space = false;
            previous_break = false;
        }
        if (is_special) {
            shape.plain = false;
            shape.single_quoted = false;
            shape.block = false;
        }
        after_blank = c == ' ' || c == '\t' || is_yaml_break(c) || c == 0;
        i = next;
    }
    return shape;
}

}  // namespace weft::internal
