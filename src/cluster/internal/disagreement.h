// cluster/internal/disagreement.h: a controller that never agrees with the server about an object
// must not write it without end.
//
// Between two looks at an object at which nothing is left to do, a controller may write what it
// wrote before only a few times: then something undoes it (a webhook, another controller, a
// mistake of ours), and each further try waits longer. What it writes is compared, not counted
// alone, since a rollout writes often and never the same. Times of the present do not make a
// difference. Loop thread only.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "cluster/internal/reconcile.h"

namespace weft::cluster {

class Disagreements {
public:
    struct Verdict {
        int64_t wait = 0;      // nanoseconds until the changes may be written; 0: now
        bool is_news = false;  // the first wait of this disagreement: somebody should hear of it
        int writes = 0;        // so many of the same so far
    };
    // What to do with the changes that a look at `key` asks for. With 0 they are written.
    [[nodiscard]] Verdict look(const Key& key, const std::vector<Change>& changes,
                               const Moment& moment, int64_t monotonic);
    // The object is gone.
    void forget(const Key& key) { open_.erase(key); }
    [[nodiscard]] size_t size() const { return open_.size(); }

private:
    // From the first write on until a look finds nothing to do.
    struct Open {
        std::array<uint64_t, 4> recent = {};  // prints of what was written; states may take turns
        size_t next = 0;
        int writes = 0;   // since nothing was left to do
        int repeats = 0;  // of them the last ones, all of prints that had been there
        int64_t wait = 0;
        int64_t not_before = 0;  // 0: no wait is running
        bool is_told = false;
    };
    std::map<Key, Open> open_;
};

// A hash of the changes without what differs from write to write: versions, bookkeeping, and texts
// that begin with the second of `moment`.
[[nodiscard]] uint64_t print_of(const std::vector<Change>& changes, const Moment& moment);

}  // namespace weft::cluster
