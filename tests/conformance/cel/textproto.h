// tests/conformance/cel/textproto.h: reads protobuf's text format into a plain tree.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::conformance {

// A field: a scalar's text, or a message's fields. Names of extensions and Any keep brackets.
struct TextField {
    std::string name;
    std::string text;
    bool is_message = false;
    bool is_quoted = false;
    std::vector<TextField> fields;
    int line = 0;

    [[nodiscard]] const TextField* find(std::string_view field) const;
    // The text of a field; "" if it is absent.
    [[nodiscard]] std::string_view text_of(std::string_view field) const;
};

// The message as a field without a name.
[[nodiscard]] Result<TextField> parse_textproto(std::string_view text);

}  // namespace weft::conformance
