// schema/limits.h: how much of a foreign schema or object this folder is willing to walk.

#pragma once

#include <cstddef>

namespace weft::schema {

// Nesting of a schema document. Kubernetes' own parser stops at 10,000 levels of JSON; real CRDs
// stay below 30, and our walks recurse once a level.
inline constexpr size_t schema_depth_max = 256;

// Nodes of one schema, those behind $ref counted once. The largest published CRDs have about
// 20,000.
inline constexpr size_t schema_nodes_max = 200'000;

// Nesting of an object that is pruned, defaulted, validated or transcoded. Our walks recurse once a
// level with small frames; an object that is deeper is refused or left as it is.
inline constexpr size_t object_depth_max = 1'000;

// Field errors and dropped paths kept of one object. More would only drown the first.
inline constexpr size_t field_errors_max = 10'000;

// A pattern of a schema: RE2 compiles in memory that grows with it.
inline constexpr size_t pattern_memory_max = 8U << 20;

// One protobuf request: as the body limit of a Kubernetes API server, 3 MiB.
inline constexpr size_t protobuf_bytes_max = 3U << 20;
// Values that one protobuf message may make: two bytes of input can make a message of many zero
// members, so the bytes alone bound nothing.
inline constexpr size_t protobuf_values_max = 4'000'000;

// A printer column's JSONPath: real ones have under ten steps and no filter inside a filter.
inline constexpr size_t json_path_steps_max = 256;
inline constexpr size_t json_path_depth_max = 8;
// Values one path may lead to: a column shows the first.
inline constexpr size_t json_path_results_max = 10'000;

// Lines of each side of a diff in an error text. The longest pod specs print as about 5,000; a diff
// of random texts costs the square of it.
inline constexpr size_t text_diff_lines_max = 10'000;

// A label selector with more requirements than this is refused: matching is linear.
inline constexpr size_t selector_requirements_max = 1'000;

}  // namespace weft::schema
