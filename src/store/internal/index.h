// store/internal/index.h: the ordered map with its recent past, in memory: what every store reads.
//
// A store decides when a commit is durable and then calls `apply`; from that moment, and not
// before, readers and watchers see it. Loop thread only.

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/limits.h"
#include "store/store.h"

namespace weft::store::internal {

// What a key was from one commit to the next. A null value: it was absent.
struct Version {
    Revision modified = 0;
    Revision created = 0;
    Bytes value;
};

struct IndexLimits {
    size_t history_events = history_events_max;
    size_t history_bytes = history_bytes_max;
    int64_t history_age = history_age_max;
    size_t history_kept = history_events_kept;
    size_t watch_buffer = watch_buffer_max;
};

// Keys as commits that are not visible yet leave them.
using Overlay = std::unordered_map<std::string, Version>;

class IndexWatch;

class Index {
public:
    explicit Index(io::Loop* loop, IndexLimits limits = {});
    Index(const Index&) = delete;
    Index& operator=(const Index&) = delete;
    ~Index();

    [[nodiscard]] Revision newest() const { return newest_; }
    [[nodiscard]] Revision oldest() const { return oldest_; }
    [[nodiscard]] size_t live() const { return live_; }
    [[nodiscard]] size_t history_events() const { return log_.size(); }
    [[nodiscard]] size_t history_bytes() const { return log_bytes_; }

    // The newest version of a key; null if it is absent. Borrowed until the next `apply`.
    [[nodiscard]] const Version* find(std::string_view key) const;
    [[nodiscard]] Result<std::optional<Entry>> get(std::string key, At at) const;
    [[nodiscard]] io::Task<Result<Page>> list(ListRequest request);
    [[nodiscard]] Result<std::unique_ptr<Watch>> watch(std::string prefix, Revision since);

    // Whether a commit may be done after those of `overlay`: conflict, or what is wrong with it.
    // The value says if it changes anything.
    [[nodiscard]] Result<bool> check(std::span<const Write> writes,
                                     const Overlay* overlay = nullptr) const;
    // Makes a checked commit visible. `revision` is newer than all before.
    void apply(Revision revision, std::vector<Write> writes);

    // Forgets history up to `before`, a slice a turn.
    [[nodiscard]] io::Task<Status> compact(Revision before);
    // Every watch ends with `cancelled`; no watch can begin.
    void close();

    // Filling a fresh index from disk: first the live entries by key, then the past from the
    // newest change backwards, then `loaded`.
    void load(Entry entry);
    // The change of `key` at `revision`, told by what the key was before. An error if that does
    // not fit what is there: the file lies.
    [[nodiscard]] Status load_past(Revision revision, const std::string& key, Version previous);
    void loaded(Revision newest, Revision oldest);
    // False as soon as the past that was loaded fills what may be remembered.
    [[nodiscard]] bool takes_more_past() const {
        return log_.size() < limits_.history_events && log_bytes_ < limits_.history_bytes;
    }

private:
    friend class IndexWatch;

    // Every version of a key that some remembered revision shows; `older` by revision.
    struct Record {
        Version latest;
        std::unique_ptr<std::deque<Version>> older;
    };
    using Map = std::map<std::string, Record, std::less<>>;
    using Node = Map::value_type;

    // One change. The node lives as long as a change of its key is remembered.
    struct Change {
        Revision revision = 0;
        Node* node = nullptr;
        Version now;
        Version before;
        int64_t at = 0;  // by the monotonic clock
    };

    // Where a paged list stands: how many entries come from `start` on.
    struct Cursor {
        Revision revision = 0;
        std::string prefix;
        std::string start;
        size_t entries = 0;
    };
    class Pin;

    [[nodiscard]] Result<Revision> resolve(At at) const;
    [[nodiscard]] Revision revision_of(const std::string& key, const Overlay* overlay) const;
    [[nodiscard]] static const Version* version_at(const Record& record, Revision revision);
    [[nodiscard]] Map::const_iterator first_of(const ListRequest& request,
                                               std::string_view after) const;
    [[nodiscard]] io::Task<size_t> count(std::string prefix, std::string after, Revision revision);
    [[nodiscard]] std::optional<size_t> known_count(const ListRequest& request,
                                                    Revision revision) const;
    void remember_cursor(Cursor cursor);
    void count_live(std::string_view key, bool appears);
    Node* node_of(std::string key);
    void put_change(Revision revision, Write write);
    void forget_change();
    void forget_versions(Node* node, Revision up_to);
    // Forgets what is more than the limits allow. Only commits do: a store at rest does nothing.
    void trim();
    [[nodiscard]] bool is_front_aged(int64_t now) const;
    [[nodiscard]] bool is_front_pinned() const;
    [[nodiscard]] Event event_of(const Change& change) const;
    [[nodiscard]] uint64_t log_end() const { return log_first_ + log_.size(); }

    void add_watch(IndexWatch* watch);
    void remove_watch(IndexWatch* watch);
    void route(uint64_t first);

    io::Loop* loop_;
    IndexLimits limits_;
    int64_t opened_at_;  // what was loaded counts as changed then
    Revision newest_ = 1;
    Revision oldest_ = 1;
    size_t live_ = 0;
    bool closed_ = false;

    Map map_;
    std::unordered_map<std::string_view, Node*> by_key_;
    // Live keys under each prefix that ends in a slash.
    std::unordered_map<std::string, size_t> live_under_;
    std::deque<Cursor> cursors_;
    std::multiset<Revision> pins_;

    // Changes by revision; a change's number is log_first_ plus its position.
    std::deque<Change> log_;
    uint64_t log_first_ = 0;
    size_t log_bytes_ = 0;

    // Watches by the hash of their prefix, and how many prefixes have which length: a key asks once
    // per length in use, whatever the number of watches.
    std::unordered_map<uint64_t, std::vector<IndexWatch*>> watches_;
    std::map<size_t, size_t> prefix_lengths_;
};

}  // namespace weft::store::internal
