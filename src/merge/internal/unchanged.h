// merge/internal/unchanged.h: seeing at once that an apply changes nothing.

#pragma once

#include <string_view>

#include "merge/updater.h"
#include "object/value.h"

namespace weft::merge::internal {

struct UnchangedQuestion {
    const Value& live;
    const Value& config;
    const ManagerId& manager;
    std::string_view api_version;
    TypeRef type;
    const FieldSet& stripped;    // what no manager owns
    const FieldFilter* ignored;  // what this endpoint ignores; may be null
};

// Whether `config` is in `live` already, in that order, and its applier owns exactly its fields:
// then applying it gives `live` and the managers it has. One walk over `config` beside the live
// object and its FieldsV1 as stored; no set is made. False means "cannot be told so": configs that
// changed, entries of other versions, null members, ignored fields.
//
// One thing is left for the next write: entries that a change of the schema would reshape.
[[nodiscard]] bool applies_nothing(const UnchangedQuestion& question);

}  // namespace weft::merge::internal
