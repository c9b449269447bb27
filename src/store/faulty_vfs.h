// store/faulty_vfs.h: a file system for SQLite, in memory, that loses power and makes errors.
//
// For tests and the simulator. Everything that happens follows from the seed and the calls.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::store {

struct FaultyOptions {
    uint64_t seed = 1;
    // A planted bug: syncs say that they worked and do nothing.
    bool swallows_sync = false;
    // Chances out of 10,000 that a call fails.
    uint32_t read_error = 0;
    uint32_t write_error = 0;
    uint32_t sync_error = 0;
    uint32_t disk_full = 0;
};

// A SQLite VFS of the name `name()`, registered while it lives. What a file holds is what was
// written; what survives `crash` is what was synced, and of each later write or truncation any
// part, by sectors of 512 bytes. One process, one thread; no locks and no shared memory, so a
// database in WAL mode needs PRAGMA locking_mode=EXCLUSIVE.
class FaultyVfs {
public:
    explicit FaultyVfs(FaultyOptions options);
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;
    ~FaultyVfs();

    [[nodiscard]] const std::string& name() const;
    // Writes, truncations, syncs and deletions so far.
    [[nodiscard]] uint64_t effects() const;
    // The power goes instead of effect number `effect` (counted by `effects`): from then on every
    // call fails.
    void cut_power_at(uint64_t effect);
    [[nodiscard]] bool is_down() const;
    // The power comes back: files are what the cut left, handles from before stay dead.
    void crash();
    // Chances from now on; the seed does not matter.
    void set_faults(FaultyOptions options);
    // Flips one bit of a file; false if it is not that long.
    bool flip_bit(std::string_view path, size_t byte);
    [[nodiscard]] size_t size(std::string_view path) const;  // 0 if there is no such file

    class Files;

private:
    std::unique_ptr<Files> files_;
};

}  // namespace weft::store
