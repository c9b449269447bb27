// graph/limits.h: every bound of this folder, with the reason for its size.

#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::graph::limits {

// Types of SimpleSchema inside each other ("[][]map[string]…"): kro's own number.
inline constexpr int type_nesting = 16;
// Struct maps of SimpleSchema inside each other, counted with inlined types. The API server refuses
// far shallower CRDs; the number keeps recursion off the end of a stack.
inline constexpr size_t schema_depth = 128;
// Nodes that custom types may expand to. Every use inlines a copy, so that twenty types of two uses
// each are a million nodes; no CRD that etcd could store is larger.
inline constexpr size_t schema_nodes = 200'000;
// Levels of a template. JSON from the API server is refused at 10,000; nobody writes 200.
inline constexpr size_t template_depth = 200;
// Def nodes that read each other, one behind the other: each level adds one to the chain of
// environments in which names are looked up.
inline constexpr size_t def_depth = 64;
// Objects in status.managedResources, the bytes of a message in it, and the objects that a deletion
// names: with these an instance's status stays below 64 KiB.
inline constexpr size_t listed_resources = 100;
inline constexpr size_t resource_message = 256;
inline constexpr size_t waited_for_named = 5;
// Fields that a drift report names for one object, and objects that it names.
inline constexpr size_t drifted_fields = 8;
inline constexpr size_t drifted_objects = 5;
// Breaking changes named in one message: kro's own number.
inline constexpr size_t changes_listed = 3;
// Items of one forEach, and its dimensions: kro's defaults; flags may set others.
inline constexpr int64_t collection_size = 1000;
inline constexpr int64_t collection_dimensions = 10;
// Levels a CEL type is expanded into a status schema. Deeper is cut to "any fields".
inline constexpr size_t type_depth = 64;

// A kind's name: what kro's CRD allows.
inline constexpr size_t kind_chars = 63;
// Fields of one expression that are tried when looking for the one that makes it costly.
inline constexpr size_t drivers_tried = 16;
// Expressions that are named when a budget is exceeded.
inline constexpr size_t costs_listed = 3;

}  // namespace weft::graph::limits
