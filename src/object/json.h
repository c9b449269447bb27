// object/json.h: JSON, accepted and refused as Go's encoding/json does, and written as it writes.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "object/value.h"

namespace weft {

struct JsonOptions {
    // A second member of the same name is an error instead of replacing the first.
    bool refuse_duplicates = false;
    // A second member of the same name adds to the first if both are maps: what Go's decoder does
    // with the members of a struct.
    bool merge_duplicates = false;
    // Paths of duplicate members are collected here ("spec.x"), for fieldValidation; may be null.
    std::vector<std::string>* duplicates = nullptr;
    // Paths of all members of the document and of its items ("[0].x"), in the order of the text and
    // as often as they stand there; may be null.
    std::vector<std::string>* members = nullptr;
};

// One JSON document, white space around it allowed. Integers that fit 64 bits become integers, all
// other numbers doubles (apimachinery's util/json). Invalid UTF-8 and lone surrogates become
// U+FFFD, a duplicate key's last value wins, nesting over 10,000 is refused: Go's rules and texts.
// Errors are bad_request with Go's message ("invalid character 'x' looking for …") and "line 3,
// column 7" as their context. Duplicates that are refused: `duplicate field "spec.x"`.
[[nodiscard]] Result<Value> parse_json(std::string_view text, const JsonOptions& options = {});

struct JsonStyle {
    bool sort_keys = false;    // by bytes, as Go's maps are written
    bool escape_html = false;  // <, > and & as \u00XX, as Go's Marshal does
    int indent = 0;            // blanks a level; 0: compact
};

// Appends the document. The order of members is kept unless `sort_keys` is set. Doubles as Go's
// encoding/json writes them; U+2028 and U+2029 are always escaped, and bytes that are not UTF-8
// become \ufffd, as there. NaN and infinities (which no parser makes) are written as null.
void write_json(std::string& out, const Value& value, const JsonStyle& style = {});
[[nodiscard]] std::string to_json(const Value& value, const JsonStyle& style = {});
// A JSON string literal.
void write_json_string(std::string& out, std::string_view text, bool escape_html = false);

}  // namespace weft
