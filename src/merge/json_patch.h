// merge/json_patch.h: RFC 6902 as the API server applies it.
//
// Source of the behaviour and the texts: evanphx/json-patch v4 with negative indices on, and
// apiserver's handlers/patch.go. It differs from the RFC: `replace` of a member that is missing
// adds it, `test` takes a missing member for null, and the whole document cannot be replaced.

#pragma once

#include "base/base.h"
#include "object/value.h"

namespace weft::merge {

// The document after all operations of `patch`, a list of {op, path, from, value}. All or nothing.
// Errors carry the library's text and the reason that the server answers with: bad_request for a
// patch that is no patch, request_entity_too_large for too many operations, invalid for an
// operation that does not fit the document.
[[nodiscard]] Result<Value> apply_json_patch(const Value& document, const Value& patch);

// What the server tells clients about such an error: for `invalid` it hides the library's text
// behind "the server rejected our request due to an error in our request".
[[nodiscard]] Error json_patch_client_error(const Error& error);

}  // namespace weft::merge
