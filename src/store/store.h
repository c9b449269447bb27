// store/store.h: an ordered map from keys to bytes that remembers every change for a while.
//
// What a caller or a watcher sees has been made durable first: answers and events leave only after
// the commit of their group returned. Values are immutable shared bytes. Loop thread only.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "io/io.h"

namespace weft::store {

// One counter for the whole store: every commit that changes something adds one. 0 is "before
// anything". A fresh store starts at 1, so that the first write gets 2 (as etcd does).
using Revision = int64_t;
using Bytes = std::shared_ptr<const std::string>;

// A key as it was after some commit.
struct Entry {
    std::string key;
    Bytes value;
    Revision created = 0;   // the commit that made the key (since it was last absent)
    Revision modified = 0;  // the commit that wrote this value
};

// Which moment a read is about: a revision still remembered, or the newest. A revision that is
// compacted: Reason::expired. One that does not exist yet: Reason::timeout.
struct At {
    Revision revision = 0;  // 0: the newest
};

struct ListRequest {
    std::string prefix = {};
    std::string start = {};  // the first key wanted; "" for the prefix' first
    At at = {};
    size_t limit = 0;  // 0: all
    // Only the last entry of a page that has more behind it comes with its key: for readers of
    // large states to whom the values say enough.
    bool without_keys = false;
};

struct Page {
    std::vector<Entry> entries;  // by key
    Revision revision = 0;       // the moment the page shows
    bool more = false;
    size_t remaining = 0;  // entries behind the page
};

// One write of a commit. `expected` is the revision that the key was last modified at, 0: absent.
struct Write {
    std::string key;
    Bytes value;  // null: delete
    Revision expected = 0;
};

struct Event {
    enum class Type : uint8_t { put, erase };
    Type type = Type::put;
    Entry entry;           // for erase: key, and the revision of the deletion as `modified`
    Bytes previous_value;  // null if the key was absent
    Revision previous_modified = 0;
};

// A stream of all changes under a prefix. Destroying it ends it.
class Watch {
public:
    virtual ~Watch() = default;
    // The next batch, in order of revision and without a gap; waits for one. All events of one
    // commit are in one batch. An empty batch never comes. Errors: expired (the reader fell behind
    // what is remembered or buffered), cancelled.
    virtual io::Task<Result<std::vector<Event>>> next() = 0;
    // What is there already, without waiting; empty if nothing is.
    [[nodiscard]] virtual Result<std::vector<Event>> take() = 0;
};

class Store {
public:
    virtual ~Store() = default;

    virtual io::Task<Result<std::optional<Entry>>> get(std::string key, At at) = 0;
    virtual io::Task<Result<Page>> list(ListRequest request) = 0;
    // All writes or none; the revision of the commit. conflict (naming the key) if a key does not
    // have the revision it was expected to have. A commit of no writes gives the newest revision.
    // Commits that come together share one sync (a group), in the order they came.
    virtual io::Task<Result<Revision>> commit(std::vector<Write> writes) = 0;
    // Every change under `prefix` after `since`; expired if that is compacted.
    [[nodiscard]] virtual Result<std::unique_ptr<Watch>> watch(std::string prefix,
                                                               Revision since) = 0;
    // The newest revision that is durable.
    [[nodiscard]] virtual Revision newest() const = 0;
    // The oldest revision that can still be listed or watched from.
    [[nodiscard]] virtual Revision oldest() const = 0;
    // Forgets what only reads before `before` can see. In slices: never holds the loop.
    virtual io::Task<Status> compact(Revision before) = 0;
    // A consistent copy, while running.
    virtual io::Task<Status> backup(std::filesystem::path to) = 0;
    // Lets running commits end and releases the files.
    virtual io::Task<void> close() = 0;
};

// Everything in this process' memory; gone with it.
[[nodiscard]] std::unique_ptr<Store> memory(io::Loop* loop);

enum class Sync : uint8_t {
    full,   // every group of commits is synced before its answers leave
    group,  // as full, but a group waits up to a few milliseconds to grow under load
    off,    // the operating system writes when it likes: survives kill -9, not a power cut
};
struct SqliteOptions {
    std::filesystem::path file;
    Sync sync = Sync::full;
    std::string vfs;  // "": the operating system; for the simulator, a faulty one's name
};
// One SQLite file in WAL mode, locked against a second process (conflict names the holder). All
// live entries and recent history are also kept in memory, so reads never touch the disk.
[[nodiscard]] io::Task<Result<std::unique_ptr<Store>>> open_sqlite(io::Loop* loop,
                                                                   SqliteOptions options);

// Makes a backup the store's file `to`: a copy is checked whole, then renamed, so that `to` is the
// old file or the new one. conflict if a process uses `to`; already_exists if there is one and
// `replace` is off; io with the reason if the backup is torn.
[[nodiscard]] io::Task<Status> restore(io::Loop* loop, std::filesystem::path from,
                                       std::filesystem::path to, bool replace);

// Whether a backup that nobody uses is whole.
[[nodiscard]] io::Task<Status> check_backup(io::Loop* loop, std::filesystem::path file);

}  // namespace weft::store
