// cluster/limits.h: how much a simulated cluster makes, and why that much.

#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"

namespace weft::cluster {

// Pods of one owner: what a large node pool would run; beyond it a typing error is more likely.
constexpr int64_t pods_of_one_owner_max = 5000;
// Objects made or removed for one owner in one turn, so that others get theirs.
constexpr size_t changes_at_once_max = 100;
// Endpoints in one EndpointSlice, as the real controller has it.
constexpr size_t endpoints_per_slice = 100;
// Objects that are looked at side by side.
constexpr size_t workers = 8;
// Owners known not to exist any more: saves asking again for each of their dependents.
constexpr size_t absent_owners_max = 500;
// Schedules of a CronJob that are looked through for missed runs (five years of daily ones).
constexpr int missed_runs_max = 100;
// A namespace whose content goes slowly is looked at again, even if no event tells of it.
constexpr int64_t namespace_recheck = io::second;
// A quota is counted anew so long after what it counts has come or gone: a namespace that is filled
// or emptied is counted a few times, not once for each object.
constexpr int64_t quota_recount = 50 * io::millisecond;
// How long an evicted pod that is still there counts as gone (the real controller's time).
constexpr int64_t disrupted_pod_timeout = 120 * io::second;
// Stages that an object may go through without a change of its own: more are stages that undo each
// other.
constexpr int stage_turns_max = 50;
// The longest delay of a stage: a day.
constexpr uint64_t stage_delay_max = uint64_t{24} * 3600 * io::second;
// How deep values are made up inside a status: schemas are foreign and may be deep.
constexpr int stage_fill_depth_max = 8;
// The first and the longest wait after a failure.
constexpr int64_t retry_min = 5 * io::millisecond;
constexpr int64_t retry_max = 30 * io::second;
// Writes for one object, with no look between them that finds nothing to do, that nobody compares:
// almost everything settles before.
constexpr int unchecked_writes_max = 5;
// Writes of what was written just before: more mean that something undoes them.
constexpr int repeated_writes_max = 5;
// Writes without rest whatever they write: more than the largest owner has Pods, each of which may
// change its status twice.
constexpr int unsettled_writes_max = 4 * static_cast<int>(pods_of_one_owner_max);
// Events that wait to be written: client-go's queue. More are lost.
constexpr size_t events_waiting_max = 1000;
// Events that are known, to be counted when they come again; similar ones and budgets as many
// (client-go's maxLruCacheEntries).
constexpr size_t events_known_max = 4096;
// So many that differ in their message only, within the interval, and the rest is combined.
constexpr size_t events_similar_max = 10;
constexpr int64_t events_similar_interval = 600 * io::second;
// What one object may cause at once, and how fast it may cause more (client-go's spam filter).
constexpr double events_burst = 25;
constexpr int64_t events_refill_interval = 300 * io::second;
// The first wait of a controller and a server that do not agree; each doubles it, to `retry_max`.
constexpr int64_t disagreement_wait_min = 50 * io::millisecond;

}  // namespace weft::cluster
