// base/check.cc: how a broken invariant ends the process.

#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weft::internal {

void check_failed(std::string_view condition, std::string_view file, int line) {
    std::fprintf(stderr, "weft: bug: %.*s:%d: CHECK(%.*s)\n", static_cast<int>(file.size()),
                 file.data(), line, static_cast<int>(condition.size()), condition.data());
    std::abort();
}

}  // namespace weft::internal
