// crd/internal/errors.h: putting lists of errors together.

#pragma once

#include <algorithm>
#include <iterator>

#include "schema/field_error.h"

namespace weft::crd::internal {

inline void add_errors(schema::FieldErrors& out, schema::FieldErrors more) {
    std::ranges::move(more, std::back_inserter(out));
}

}  // namespace weft::crd::internal
