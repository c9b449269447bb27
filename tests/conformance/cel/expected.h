// tests/conformance/cel/expected.h: cel.expr.Value and cel.expr.Type of the cases as ours.

#pragma once

#include <optional>
#include <string>

#include "cel/cel.h"
#include "tests/conformance/cel/textproto.h"

namespace weft::conformance {

class Messages;

// The value; an error if it needs what the messages do not know.
[[nodiscard]] Result<cel::Value> value_of(const TextField& value, cel::Arena& arena,
                                          const Messages* messages);
[[nodiscard]] Result<const cel::Type*> type_of(const TextField& type, cel::Arena& arena,
                                               const Messages* messages);

// The same kind and content, entries in any order, NaN like NaN.
[[nodiscard]] bool is_identical(const cel::Value& a, const cel::Value& b, cel::Arena& arena);

}  // namespace weft::conformance
