// kube/limits.h: how much the client side holds, and why so much.

#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"

namespace weft::kube {

// One answer: a list of 150,000 objects of 1.5 KB, the largest a cluster is built for.
constexpr size_t response_bytes_max = size_t{512} * 1024 * 1024;
// One watch event: the server's limit of an object, twice over for the envelope.
constexpr size_t event_bytes_max = size_t{8} * 1024 * 1024;
// Objects a page, as client-go's pager asks for.
constexpr int64_t page_size = 500;
// Parts of objects that are kept once: the texts and trees of some ten thousand kinds of children;
// 50 bytes each beside the part itself.
constexpr size_t shared_parts_max = 65'536;
// Longer texts are somebody's data and do not repeat.
constexpr size_t shared_text_max = 256;
// Deeper than any object of a builtin kind; the walk is recursive.
constexpr size_t shared_depth_max = 64;
// Waits after a failed watch: quick at first, since the server may only be restarting, and never
// more than client-go's 30 s.
constexpr int64_t backoff_min = 20 * io::millisecond;
constexpr int64_t backoff_max = 30 * io::second;

}  // namespace weft::kube
