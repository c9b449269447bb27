// store/limits.h: how much a store takes, keeps and does at a time, and why that much.

#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::store {

// Keys are paths of names; Kubernetes names have at most 253 bytes each.
constexpr size_t key_bytes_max = 4096;
// A Kubernetes request has at most 3 MiB, an object in etcd 1.5 MiB; room for what is not one.
constexpr size_t value_bytes_max = size_t{32} * 1024 * 1024;
// A commit is applied in one turn of the loop.
constexpr size_t commit_writes_max = 10'000;

// History that is remembered for old reads and for watches: about five minutes of a very busy
// server (etcd compacts every five minutes), in memory that does not hurt a laptop.
constexpr size_t history_events_max = 200'000;
constexpr size_t history_bytes_max = size_t{256} * 1024 * 1024;
// What a remembered version counts besides its value: its change, its place among the versions of
// its key, and what an allocator adds.
constexpr size_t version_bytes = 768;
// Of it, what is older than a kube-apiserver keeps at most (it compacts every five minutes what is
// older than five) is forgotten, except for so many changes: a watch of a quiet server that was
// away for a night goes on where it was.
constexpr int64_t history_age_max = 600'000'000'000;  // nanoseconds
constexpr size_t history_events_kept = 10'000;
// Changes that one commit forgets because of their age: far more than it makes, and less than a
// tenth of a millisecond.
constexpr size_t history_aged_slice = 256;

// Positions of events (8 bytes each) that wait for a reader. A reader that is further behind reads
// from the history instead, and is expired when that has been forgotten.
constexpr size_t watch_buffer_max = 4096;
// Events handed out at once; the commit that crosses the line is handed out whole.
constexpr size_t watch_batch_max = 1024;

// What one turn of the loop may look at: about half a millisecond of scanning.
constexpr size_t list_slice = 4096;
constexpr size_t watch_scan_slice = 16'384;
constexpr size_t compact_slice = 2048;

// Paged lists whose number of remaining entries is remembered, so that the next page need not
// count again. More clients than that page at once: they count.
constexpr size_t list_cursors_max = 64;

// One group of commits, one sync. What a disk writes in a few milliseconds; the commits behind it
// wait that long.
constexpr size_t group_commits_max = 4096;
constexpr size_t group_bytes_max = size_t{8} * 1024 * 1024;
// Callers that run on in one turn of the loop after their group is done.
constexpr size_t answers_at_once = 64;
// How long a group waits to grow in Sync::group: less than people notice, more than a sync takes.
constexpr int64_t group_wait = 2'000'000;  // nanoseconds

// Commits that wait for their group. Beyond it the caller is told to come again.
constexpr size_t queue_commits_max = 65'536;
constexpr size_t queue_bytes_max = size_t{256} * 1024 * 1024;

// Frames (4 KiB) in the write-ahead log that start a checkpoint: a slice of a few milliseconds.
constexpr int checkpoint_frames = 1000;
// Rows of the log deleted in one transaction, and how many too many start that by themselves.
constexpr int64_t trim_rows = 1000;
constexpr int64_t trim_slack_rows = 10'000;
// Pages (4 KiB) copied in one step of a backup.
constexpr int backup_pages = 256;

}  // namespace weft::store
