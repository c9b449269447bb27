// server/internal/schema_prose.h: the descriptions of a definition's schema, apart from the schema.
//
// People read them (`kubectl explain`), nothing that validates does. As part of a schema's nodes
// they would cost several times their text in every kind that is served.

#pragma once

#include <string>
#include <string_view>

#include "object/value.h"

namespace weft::server {

// The descriptions of an openAPIV3Schema and of what lies below its properties, items and
// additionalProperties, as a text for `add_prose`; empty if there are none.
[[nodiscard]] std::string prose_of(const Value& schema);

// Puts them back, in front of the other members of each node. Nodes that `schema` does not have are
// passed over.
void add_prose(Value& schema, std::string_view prose);

}  // namespace weft::server
