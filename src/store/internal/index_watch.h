// store/internal/index_watch.h: one reader of an Index' changes under a prefix.

#pragma once

#include <deque>
#include <string>
#include <vector>

#include "store/internal/index.h"

namespace weft::store::internal {

// A watch is in one of two modes. Live: the index gives it the position of every change under its
// prefix as it becomes visible. Behind: it reads the log itself from `position_` on, until it has
// caught up. A live reader that lets too many positions wait falls behind, so a slow reader costs
// no memory; it is expired when the log forgets what it has not read.
class IndexWatch : public Watch {
public:
    IndexWatch(Index* index, std::string prefix, Revision since, uint64_t position);
    IndexWatch(const IndexWatch&) = delete;
    IndexWatch& operator=(const IndexWatch&) = delete;
    ~IndexWatch() override;

    io::Task<Result<std::vector<Event>>> next() override;
    Result<std::vector<Event>> take() override;

    [[nodiscard]] const std::string& prefix() const { return prefix_; }
    [[nodiscard]] uint64_t hash() const { return hash_; }
    [[nodiscard]] Revision since() const { return since_; }
    // A change under the prefix has become visible.
    void offer(uint64_t position);
    // Wakes the reader after the changes of a commit.
    void wake() { changed_.notify_all(); }
    // The index is going away.
    void end();

private:
    // Events from what is there, looking at no more than `scan` changes.
    Result<std::vector<Event>> take_some(size_t scan);
    Result<std::vector<Event>> take_waiting();
    Result<std::vector<Event>> scan_log(size_t scan);
    [[nodiscard]] bool is_forgotten(uint64_t position);

    Index* index_;  // null once it has ended
    std::string prefix_;
    uint64_t hash_;
    Revision since_;
    uint64_t position_;
    bool live_ = false;
    bool expired_ = false;
    std::deque<uint64_t> waiting_;
    io::Signal changed_;
};

}  // namespace weft::store::internal
