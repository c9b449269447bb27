// graph/internal/omit.h: a field that an expression takes away: omit().

#pragma once

#include "cel/cel.h"
#include "object/object.h"

namespace weft::graph {

// True for what the function omit() returns.
[[nodiscard]] bool is_omit(const cel::Value& value);

// A plain value that stands for omit() inside a rendered object until `remove_omitted`. It is equal
// to itself only; no input can hold it.
[[nodiscard]] const Value& omitted();

// A result as plain data, omit() inside of it as `omitted()`.
[[nodiscard]] Result<Value> to_native_with_omit(const cel::Value& value, cel::Arena& arena);

// Takes every member and item out that is `omitted()`.
void remove_omitted(Value& value);

}  // namespace weft::graph
