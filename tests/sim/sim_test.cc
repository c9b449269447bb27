// tests/sim/sim_test.cc: a bounded number of simulated worlds, and those that once broke.

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace weft::sim {
namespace {

void expect_promises_hold(uint64_t seed, int64_t seconds, Dialect dialect = Dialect::kro) {
    const Outcome outcome = run({.seed = seed, .seconds = seconds, .dialect = dialect});
    EXPECT_FALSE(outcome.violation) << "seed " << seed << ": " << *outcome.violation;
}

TEST(Simulation, TheSameSeedGivesTheSameTrace) {
    const Outcome first = run({.seed = 42, .seconds = 120});
    const Outcome second = run({.seed = 42, .seconds = 120});

    EXPECT_GT(first.requests, 100U);
    EXPECT_EQ(first.requests, second.requests);
    EXPECT_EQ(first.trace_hash, second.trace_hash);
    EXPECT_NE(first.trace_hash, run({.seed = 43, .seconds = 120}).trace_hash);
}

TEST(Simulation, PromisesHoldInAHandfulOfWorlds) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        expect_promises_hold(seed, 300);
    }
}

TEST(Simulation, PromisesHoldForWhatGoesBeyondKro) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        expect_promises_hold(seed, 300, Dialect::extended);
    }
}

// Each of these broke a promise once.
class OnceBroken : public testing::TestWithParam<uint64_t> {};

TEST_P(OnceBroken, Holds) {
    expect_promises_hold(GetParam(), 1000);
}

INSTANTIATE_TEST_SUITE_P(Simulation, OnceBroken,
                         testing::Values(
                             // A definition whose status was not written before the power went was
                             // never served.
                             119,
                             // Children were made although the instance's record of what belongs to
                             // it could not be written; deleted while suspended, it left them.
                             18,
                             // Power that is cut while a server starts was taken for a server that
                             // does not come back. (A mistake of the simulator.)
                             79,
                             // A definition that was deleted and is there again: its new uid on a
                             // suspended instance took the record of children away, and with it
                             // the way to delete the instance.
                             522,
                             // Two leaders left children behind; one that their next instance could
                             // not take over counted as there for those that need it.
                             762));

}  // namespace
}  // namespace weft::sim
