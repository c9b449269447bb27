// graph/rollout.h: how a new revision reaches the instances: some first, the rest in steps.
//
// Not in kro, where all move at once. What is asked for stands in spec.rollout of the definition;
// how far it is, in its status.rollout: nothing of it is in memory only. Which instances go early
// follows from their uid, so that nothing has to be written on them.

#pragma once

#include <optional>
#include <string>

#include "object/object.h"

namespace weft::graph {

// A number of instances, or a part of all.
struct Share {
    int64_t value = 0;
    bool is_percent = false;

    // Rounded up: at least one of a total that is not 0, unless the value is 0.
    [[nodiscard]] int64_t of(int64_t total) const;
    [[nodiscard]] static std::optional<Share> from(const Value& value);  // 3, "3", "10%"
};

// spec.rollout.
struct RolloutSpec {
    std::optional<Share> share;  // of the instances that go first
    Value labels;                // instances that have them go first, too; null: none do for that
    Share max_unavailable{25, true};
    bool pauses_on_failure = true;
    int64_t deadline = 600;  // seconds for an instance to become ready
    bool is_paused = false;  // by the user
};
// Nothing where a definition's spec has none. Members that are of a wrong type count as absent.
[[nodiscard]] std::optional<RolloutSpec> rollout_of(const Value& spec);
// What is wrong with spec.rollout, each with the member's name below it; for diagnostics.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> check_rollout(const Value& rollout);

// status.rollout.
struct RolloutState {
    enum class Phase : uint8_t { starting, first, rest, complete };

    int64_t revision = 0;  // that is rolled out
    int64_t stable = 0;    // that the other instances follow
    Phase phase = Phase::complete;
    uint64_t threshold = 0;  // instances at places below it follow `revision`
    Time step_time;          // when instances were last let in
    std::string paused;      // why it stopped by itself; "" if it did not
    int64_t pauses = 0;      // how often it did

    [[nodiscard]] static std::optional<RolloutState> from(const Value* status);
    [[nodiscard]] Value to_value() const;
    // What resumes this pause, as the value of annotation_rollout_resume: no other one.
    [[nodiscard]] std::string resume_token() const { return cat(revision, ".", pauses); }
    // Whether an instance follows `revision` by now.
    [[nodiscard]] bool lets_in(const RolloutSpec& spec, const Object& instance) const;
};
[[nodiscard]] std::string_view text(RolloutState::Phase phase);  // "First", …

// Places are spread evenly over [0, 2^32).
inline constexpr uint64_t rollout_places = 1ULL << 32;
[[nodiscard]] uint64_t rollout_place(const Object& instance);

}  // namespace weft::graph
