// crd/internal/map_list.h: items of lists of type map, found by their keys.
//
// Source of the behaviour: apiserver pkg/cel/common MakeMapList.

#pragma once

#include "object/value.h"
#include "schema/schema.h"

namespace weft::crd::internal {

// The first item of `list` whose keys equal those of `item`; null pointer if there is none, if one
// lacks a key, or if the schema is no list of type map.
[[nodiscard]] const Value* find_map_item(const Value& list, const Value& item,
                                         const schema::Schema& schema);

}  // namespace weft::crd::internal
