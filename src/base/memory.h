// base/memory.h: what the process holds of the machine's memory.

#pragma once

namespace weft {

// Gives the system what is held and not in use: free parts of the heap, and the mapped pages of
// program and libraries that nobody may have written to. What is needed again is mapped again, from
// the page cache where it still is: some microseconds for 64 KB. Half of what a small process
// occupies is code that only its start ran. Takes about a millisecond for 10 MB of heap; any
// thread.
void give_back_memory();

}  // namespace weft
