// schema/internal/protobuf_message.h: one message, read by the tables.

#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "schema/internal/backward.h"
#include "schema/internal/tables.h"

namespace weft::schema::internal {

// The members that the message holds, as JSON; absent ones are left out, order is that of the
// tables.
[[nodiscard]] Result<Value> read_message(const Tables& tables, uint16_t definition,
                                         std::string_view bytes);

// The fields of each definition that are in its message, by ascending path. Unpacking a row costs
// more than writing its field, so the rows of a definition are unpacked once. One thread at a time.
class FieldsInOrder {
public:
    explicit FieldsInOrder(const Tables* tables) : tables_(tables) {}
    [[nodiscard]] std::span<const FieldRow> of(uint16_t definition) const;
    [[nodiscard]] const Tables& tables() const { return *tables_; }

private:
    const Tables* tables_;
    mutable std::vector<std::unique_ptr<const std::vector<FieldRow>>> rows_;  // by definition
};

// The message of a JSON object, before what was written. Go writes fields by ascending number,
// scalars and structs that are no pointers always.
[[nodiscard]] Status write_message(const FieldsInOrder& fields, uint16_t definition,
                                   const Value& value, BackwardWriter& out);

}  // namespace weft::schema::internal
