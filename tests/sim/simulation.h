// tests/sim/simulation.h: one run: a world, faults and users from one seed, and what came of it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/definitions.h"
#include "sim/faults.h"

namespace weft::sim {

struct Options {
    uint64_t seed = 1;
    int64_t seconds = 1000;  // of virtual time with faults; then the world must come to rest
    bool prints_trace = false;
    Dialect dialect = Dialect::kro;
};

struct Outcome {
    std::optional<std::string> violation;  // the first broken promise
    FaultCounts faults;
    uint64_t requests = 0;
    uint64_t trace_hash = 0;  // of every request, answer and moment
    int64_t virtual_seconds = 0;
};

// The same options give the same outcome. Everything the product does is real; only time, the disk
// and the network are simulated.
[[nodiscard]] Outcome run(const Options& options);

}  // namespace weft::sim
