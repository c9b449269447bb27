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
// The first and the longest wait after a failure.
constexpr int64_t retry_min = 5 * io::millisecond;
constexpr int64_t retry_max = 30 * io::second;

}  // namespace weft::cluster
