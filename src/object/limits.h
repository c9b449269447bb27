// object/limits.h: how much of a foreign text we take, and why.

#pragma once

#include <cstddef>

namespace weft {

// Nesting of maps and lists: the limit of Go's encoding/json, which clients see.
inline constexpr size_t json_depth_max = 10'000;

// What is nested deeper than this is left to the exact parser, which keeps its own stack: the fast
// path recurses, and no real object comes near it.
inline constexpr size_t json_fast_depth_max = 256;

// One JSON text. The server bounds request bodies at 3 MiB long before; this is for files and
// answers of other servers, and keeps every length well inside 32 bits.
inline constexpr size_t json_bytes_max = size_t{1} << 30;

// The buffers of the fast parser (up to fourteen times the text, of which it touches a third) are
// kept by a thread up to texts of this size: a page of 500 objects or a request body at its limit.
// Making them anew costs as much as a fifth of the parsing.
inline constexpr size_t json_kept_bytes_max = size_t{8} << 20;

// sigs.k8s.io/json stops collecting duplicate fields here.
inline constexpr size_t json_duplicates_max = 100;

// One YAML text: libyaml's marks are 32 bits in our nodes, and rendered charts stay below some MB.
inline constexpr size_t yaml_bytes_max = size_t{256} << 20;

// Nesting of YAML nodes: JSON's limit, since every document must be expressible in it.
inline constexpr size_t yaml_depth_max = 10'000;

// libyaml looks at every open [ and { for every token. This bounds the sum beyond what a mean depth
// of `yaml_flow_depth_mean` costs to a fifth of a second.
inline constexpr size_t yaml_flow_work_max = 100'000'000;
inline constexpr size_t yaml_flow_depth_mean = 100;

// Nodes that a document may gain by aliases and merges. go-yaml allows 99 % of 400,000 and less in
// larger documents; ours is one number of that order, so a "billion laughs" costs milliseconds.
inline constexpr size_t yaml_alias_nodes_max = 400'000;

}  // namespace weft
