// object/internal/json_exact.h: the JSON parser that says everything Go's says.

#pragma once

#include <string_view>

#include "base/base.h"
#include "object/json.h"

namespace weft::internal {

// As parse_json, byte by byte: the reference that the fast path must agree with. Slower by some
// factor; taken for texts that the fast path refuses or cannot answer exactly.
[[nodiscard]] Result<Value> parse_json_exactly(std::string_view text, const JsonOptions& options);

// The fast path alone: nothing where it refuses. For tests that compare both.
enum class FastJson : uint8_t { done, refused };
[[nodiscard]] FastJson parse_json_fast(std::string_view text, const JsonOptions& options,
                                       Value& out);

}  // namespace weft::internal
