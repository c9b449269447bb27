// control/limits.h: how far the controllers go, and why so far.

#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"

namespace weft::control {

// Plans an instance may take in one pass. Each turn releases at least one node, so this bounds a
// graph's depth; what is left comes in the next pass.
constexpr int turns_max = 1000;
// Requests of one instance that are under way at once.
constexpr size_t actions_in_flight_max = 32;
// How long a generated CRD may take to be established (kro's own limit).
constexpr int64_t established_timeout = 120 * io::second;
// How long the first answer of a new watch may take before the pass is given up and tried again.
constexpr int64_t sync_timeout = 30 * io::second;
// Objects of one plan that are worked on before others get their turn: some ten microseconds each,
// so that nothing holds the loop for more than a millisecond.
constexpr size_t plan_slice = 32;
constexpr size_t observe_slice = 256;
// How long an answer of 429 may hold requests back, and how often one is sent: client-go's figure.
constexpr int64_t retry_after_max = 30 * io::second;
constexpr int throttled_attempts_max = 10;
// What a watch waits for a storage that kube-apiserver makes at this moment; tens of milliseconds
// are enough, and the second that it asks for would be a second of every new definition.
constexpr int64_t storage_wait = 50 * io::millisecond;
// Bytes of a refusal that are looked at.
constexpr size_t refusal_bytes_max = 64UL << 10;
// How often passes under way are looked at while the process ends.
constexpr int64_t drain_interval = 5 * io::millisecond;
// Requests fail, and none was answered for so long: not ready. Longer than a server's restart.
constexpr int64_t silence_max = 30 * io::second;
// A pass that has not ended after this is stuck: requests time out after a minute, and the longest
// wait in a pass is that for a CRD.
constexpr int64_t pass_time_max = 600 * io::second;
// First and longest wait before a definition that failed is tried again.
constexpr int64_t definition_retry_min = 50 * io::millisecond;
constexpr int64_t definition_retry_max = 60 * io::second;

}  // namespace weft::control
