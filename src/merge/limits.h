// merge/limits.h: how much one patch, one set of fields and one list of managers may ask for.

#pragma once

#include <cstddef>

namespace weft::merge {

// Nesting of values and field sets that we follow. Parsed documents may nest 10,000 deep; every
// level costs up to two stack frames of some hundred bytes here, and no real object has 100.
inline constexpr size_t depth_max = 1000;

// Operations of one JSON patch: apiserver's maxJSONPatchOperations.
inline constexpr size_t json_patch_operations_max = 10'000;

// Bytes that the copy operations of one JSON patch may add: apiserver's JSONPatchMaxCopyBytes. It
// keeps a patch of a few hundred bytes from doubling a value until memory ends.
inline constexpr size_t json_patch_copy_bytes_max = size_t{3} * 1024 * 1024;

// Entries with operation Update that an object keeps: fieldmanager's DefaultMaxUpdateManagers.
inline constexpr size_t update_managers_max = 10;

// Entries of metadata.managedFields that we read: more than any real object has, and every one is
// compared with the rest.
inline constexpr size_t managers_max = 1000;

// Differences that field_diff tells: more than anybody reads, and each holds two values.
inline constexpr size_t differences_max = 1000;

}  // namespace weft::merge
