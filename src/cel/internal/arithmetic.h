// cel/internal/arithmetic.h: the operators on values.

#pragma once

#include "cel/internal/frame.h"

namespace weft::cel {

[[nodiscard]] Value add(const Value& a, const Value& b, Frame& frame, uint32_t id);
[[nodiscard]] Value subtract(const Value& a, const Value& b, Frame& frame, uint32_t id);
[[nodiscard]] Value multiply(const Value& a, const Value& b, Frame& frame, uint32_t id);
[[nodiscard]] Value divide(const Value& a, const Value& b, Frame& frame, uint32_t id);
[[nodiscard]] Value modulo(const Value& a, const Value& b, Frame& frame, uint32_t id);
[[nodiscard]] Value negate(const Value& a, Frame& frame, uint32_t id);
// `a in b`.
[[nodiscard]] Value contains(const Value& a, const Value& b, Frame& frame, uint32_t id);
// -1, 0, 1, or the error of `function` ("_<_").
[[nodiscard]] Value order(const Value& a, const Value& b, std::string_view function, Frame& frame,
                          uint32_t id);

// Whether a kind has an order at all; cel-go tells the operator's name if it has not.
[[nodiscard]] bool is_comparable(Kind kind);

}  // namespace weft::cel
