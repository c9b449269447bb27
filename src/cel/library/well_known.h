// cel/library/well_known.h: the types of google.protobuf that CEL has values of its own for.

#pragma once

#include "cel/library.h"

namespace weft::cel {

// Wrappers, Timestamp, Duration, Value, Struct and ListValue as `google.protobuf.X{…}`.
[[nodiscard]] Library well_known_library();

// A value as JSON's kinds of values, as protobuf's Value holds it: numbers are doubles (integers
// that a double cannot hold are strings), bytes base64. An error for what JSON cannot say.
[[nodiscard]] Value to_json_value(Arena& arena, const Value& value);

}  // namespace weft::cel
