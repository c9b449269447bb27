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
// First and longest wait before a definition that failed is tried again.
constexpr int64_t definition_retry_min = 50 * io::millisecond;
constexpr int64_t definition_retry_max = 60 * io::second;

}  // namespace weft::control
