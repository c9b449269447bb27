// base/allocations.h: how often this program has asked the heap for memory.

#pragma once

#include <cstdint>

namespace weft {

// Calls of operator new by all threads since the program began. Whoever asks links operators that
// count; programs that do not ask keep those of the library. For tests and measurements.
[[nodiscard]] uint64_t allocation_count();

}  // namespace weft
