// schema/internal/protobuf_message.h: one message, read by the tables.

#pragma once

#include <string_view>

#include "schema/internal/backward.h"
#include "schema/internal/tables.h"

namespace weft::schema::internal {

// The members that the message holds, as JSON; absent ones are left out, order is that of the
// tables.
[[nodiscard]] Result<Value> read_message(const Tables& tables, uint16_t definition,
                                         std::string_view bytes);

// The message of a JSON object, before what was written. Go writes fields by ascending number,
// scalars and structs that are no pointers always.
[[nodiscard]] Status write_message(const Tables& tables, uint16_t definition, const Value& value,
                                   BackwardWriter& out);

}  // namespace weft::schema::internal
