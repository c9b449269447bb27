// cli/match.h: whether a value is as a test expects it, in part or exactly.

#pragma once

#include <string>
#include <vector>

#include "object/object.h"

namespace weft::cli {

struct Mismatch {
    Path path;  // below the expected value
    std::string message;
};

// Maps may hold more than is expected (unless `exact`); an expected null says that the member is
// absent; lists must have the same length, item by item; 1 is 1.0. `actual` null: there is none.
void match(const Value& expected, const Value* actual, bool exact, const Path& path,
           std::vector<Mismatch>* out);

// The expectation that `actual` meets, with as little as `expected` asks for: the same members, and
// what it now is where it differs.
[[nodiscard]] Value project(const Value& expected, const Value* actual, bool exact);

}  // namespace weft::cli
