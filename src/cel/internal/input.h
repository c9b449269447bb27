// cel/internal/input.h: how documents enter, with the schema that says what their texts mean.
//
// Source: apiserver pkg/cel/common UnstructuredToVal, and kro's fork of it, which also takes whole
// doubles for integers and shows fields that the schema does not know.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"
#include "schema/schema.h"

namespace weft::cel {

// What a bound text, number or bool stands for: a text may be a time, a duration or bytes; a whole
// number may be a double.
[[nodiscard]] Value read_scalar(const Value& value, const schema::Schema& schema, Arena& arena);

// A text of this schema: itself, or the time, the duration or the bytes that its format says.
[[nodiscard]] Value read_text(std::string_view text, const schema::Schema& schema, Arena& arena);
[[nodiscard]] Value read_input(const weft::Value& input, const schema::Schema* schema,
                               Arena& arena);

// A member of an object or map that `schema` describes. A property that is null is absent; null in
// a map's values is not.
[[nodiscard]] std::optional<Value> find_member(const weft::Value& map, std::string_view name,
                                               const schema::Schema& schema, Arena& arena);

// The other way of `escape_property` (cel/type.h).
[[nodiscard]] std::string unescape_property(std::string_view identifier);

// strfmt.ParseDuration: Go's form, and "3 days", "1 hour 30 minutes" and their like.
[[nodiscard]] std::optional<int64_t> parse_loose_duration(std::string_view text);

}  // namespace weft::cel
