// control/definition_rollout.cc: a revision that reaches some instances before the others.
//
// Each step is written into the definition's status before it is taken, so that a controller that
// starts anew goes on where the last one was. Whether an instance is well is read from its status;
// that it has been brought to the revision is known from its first pass, also after a restart.

#include <algorithm>

#include "control/internal/definition_pass.h"

namespace weft::control {

namespace {

using Phase = graph::RolloutState::Phase;

constexpr std::string_view condition_type = "RolloutProgressing";
constexpr size_t named_max = 5;

// What the instances of a kind are like, seen from a rollout.
struct Health {
    int64_t total = 0;
    int64_t let_in = 0;
    int64_t waiting = 0;  // let in and not ready
    std::vector<std::string> bad;
    std::vector<uint64_t> places;  // of those outside
    int64_t since = INT64_MAX;     // see find_bad
};

// Since when the instance is in error; nothing if it is not.
std::optional<Time> error_since(const Object& instance) {
    if (instance.value().string_at("status", "state") != "ERROR") {
        return std::nullopt;
    }
    for (const graph::Condition& condition :
         graph::conditions_from(instance.value().find("status", "conditions"))) {
        if (condition.type == "Ready" && condition.last_transition) {
            return condition.last_transition;
        }
    }
    return Time{INT64_MAX, 0};
}

Health look_at(const std::vector<InstanceController::Followed>& instances,
               const graph::RolloutSpec& spec, const graph::RolloutState& state, Time now) {
    Health out;
    const bool is_late = now.seconds - state.step_time.seconds >= spec.deadline;
    for (const InstanceController::Followed& one : instances) {
        ++out.total;
        if (!state.lets_in(spec, *one.instance)) {
            out.places.push_back(graph::rollout_place(*one.instance));
            continue;
        }
        ++out.let_in;
        const bool has_arrived = one.revision == state.revision;
        if (graph::is_suspended(*one.instance) ||
            (has_arrived && one.instance->value().string_at("status", "state") == "ACTIVE")) {
            continue;
        }
        ++out.waiting;
        const std::optional<Time> error =
            has_arrived ? error_since(*one.instance) : std::optional<Time>();
        if (is_late || (error && error->seconds >= state.step_time.seconds)) {
            out.bad.push_back(cat(one.instance->key().text(),
                                  error ? " is in state ERROR" : " is not ready in time"));
        }
    }
    std::ranges::sort(out.places);
    return out;
}

std::string names_of(const std::vector<std::string>& all) {
    const std::vector<std::string> named(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), named_max)));
    return cat(join(named, ", "), all.size() > named.size()
                                      ? cat(", …and ", all.size() - named.size(), " more")
                                      : std::string());
}

}  // namespace

// From here on every instance follows the newest revision.
void DefinitionReconciler::end_rollout(const std::string& name) {
    if (registry_->rollout(name) != nullptr) {
        registry_->end_rollout(name);
        instances_->wake_strays(name);
        instances_->forget_followed(name);
    }
}

// Before instances are worked on: which revision is the stable one, and that it is compiled.
io::Task<Status> DefinitionReconciler::begin_rollout(Pass* pass) {
    const Value* spec = pass->definition.value().find("spec");
    pass->rollout_spec = spec == nullptr ? std::nullopt : graph::rollout_of(*spec);
    if (!pass->rollout_spec) {
        pass->rollout = std::nullopt;
        pass->conditions.remove(condition_type);
        end_rollout(pass->name);
        co_return Status{};
    }
    const auto find_live = [pass](int64_t number) {
        return std::ranges::find(pass->live, number, revision_number);
    };
    const int64_t latest = revision_number(pass->live.back());
    if (!pass->rollout || pass->rollout->revision != latest) {
        graph::RolloutState fresh;
        fresh.revision = latest;
        // Without a record: what was there before this revision was issued, if it was just now.
        fresh.stable = pass->rollout
                           ? (pass->rollout->phase == Phase::complete ? pass->rollout->revision
                                                                      : pass->rollout->stable)
                       : pass->is_new_revision && pass->live.size() > 1
                           ? revision_number(pass->live[pass->live.size() - 2])
                           : latest;
        const auto stable = find_live(fresh.stable);
        const bool is_same = stable == pass->live.end() || fresh.stable == latest ||
                             stable->label(graph::label_revision_hash) == pass->hash;
        fresh.phase = is_same ? Phase::complete : Phase::starting;
        fresh.step_time = world_.loop->now();
        if (!is_same) {
            pass->rollout_news.emplace_back(
                "RolloutStarted",
                cat("revision ", latest, " is rolled out over revision ", fresh.stable));
        } else if (pass->rollout && pass->rollout->phase != Phase::complete) {
            pass->rollout_news.emplace_back(
                "RolloutComplete", cat("revision ", latest, " is what revision ", fresh.stable,
                                       " was: all instances follow it"));
        }
        pass->rollout = fresh;
    }
    if (pass->rollout->phase == Phase::complete) {
        co_return Status{};
    }
    const auto stable = find_live(pass->rollout->stable);
    if (stable == pass->live.end()) {
        // Somebody deleted it: there is nothing to stay with.
        pass->rollout->phase = Phase::complete;
        co_return Status{};
    }
    if (registry_->find(pass->name, pass->rollout->stable) == nullptr) {
        CO_TRY(co_await load_revision(pass, *stable));
    }
    // Nobody is let in by this: what is let in was written down in an earlier pass.
    registry_->put_rollout(pass->name, {*pass->rollout, *pass->rollout_spec});
    co_return Status{};
}

void DefinitionReconciler::step_rollout(Pass* pass) {
    if (!pass->rollout) {
        return;
    }
    graph::RolloutState& state = *pass->rollout;
    const graph::RolloutSpec& spec = *pass->rollout_spec;
    const Time now = world_.loop->now();
    const auto tell = [pass](std::string_view status, std::string_view reason,
                             std::string_view message) {
        pass->conditions.set(condition_type, status, reason, message);
    };
    if (!state.paused.empty() &&
        pass->definition.annotation(graph::annotation_rollout_resume) == state.resume_token()) {
        pass->rollout_news.emplace_back("RolloutResumed", cat("revision ", state.revision));
        state.paused.clear();
        state.step_time = now;
    }
    const std::vector<InstanceController::Followed> instances = instances_->followed(pass->name);
    Health health = look_at(instances, spec, state, now);
    const auto let_in = [&](int64_t count) {
        const size_t at = std::min(static_cast<size_t>(count), health.places.size());
        if (at > 0) {
            state.threshold = health.places[at - 1] + 1;
        }
        state.step_time = now;
        health = look_at(instances, spec, state, now);
    };
    if (state.phase == Phase::starting && !spec.is_paused) {
        state.phase = Phase::first;
        let_in(spec.share ? std::max<int64_t>(spec.share->of(health.total) - health.let_in, 0) : 0);
    }
    if (state.phase != Phase::complete && state.paused.empty() && spec.pauses_on_failure &&
        !health.bad.empty()) {
        ++state.pauses;
        state.paused = names_of(health.bad);
        pass->rollout_news.emplace_back("RolloutPaused",
                                        cat("revision ", state.revision, ": ", state.paused));
    }
    const bool may_go_on = state.paused.empty() && !spec.is_paused;
    if (may_go_on && state.phase == Phase::first && health.waiting == 0) {
        state.phase = Phase::rest;
    }
    if (may_go_on && state.phase == Phase::rest) {
        const int64_t room =
            std::max<int64_t>(spec.max_unavailable.of(health.total), 1) - health.waiting;
        if (room > 0 && !health.places.empty()) {
            let_in(room);
        }
        if (health.places.empty() && health.waiting == 0) {
            state.phase = Phase::complete;
            pass->rollout_news.emplace_back("RolloutComplete",
                                            cat("all instances follow revision ", state.revision));
        }
    }
    const std::string progress =
        cat("revision ", state.revision, ": ", health.let_in, " of ", health.total, " instances");
    if (state.phase == Phase::complete) {
        tell("True", "RolloutComplete", cat("all instances follow revision ", state.revision));
    } else if (!state.paused.empty()) {
        tell("False", "RolloutPaused", cat(progress, "; paused: ", state.paused));
    } else if (spec.is_paused) {
        tell("Unknown", "RolloutPaused", cat(progress, "; paused by spec.rollout.paused"));
    } else {
        tell("True", "RollingOut", progress);
    }
    if (state.phase != Phase::complete && state.paused.empty() && health.waiting > 0) {
        // Whoever is not ready by then is bad.
        const int64_t left = state.step_time.seconds + spec.deadline - now.seconds;
        if (left > 0) {
            wake_after_(pass->name, (left + 1) * io::second);
        }
    }
}

// What was written down is carried out.
io::Task<void> DefinitionReconciler::carry_out_rollout(Pass* pass) {
    if (!pass->rollout) {
        co_return;
    }
    if (pass->rollout->phase == Phase::complete) {
        end_rollout(pass->name);
    } else {
        registry_->put_rollout(pass->name, {*pass->rollout, *pass->rollout_spec});
        instances_->wake_strays(pass->name);
    }
    std::vector<Object> events;
    for (const auto& [reason, message] : pass->rollout_news) {
        events.push_back(plain_event(pass->definition, "resourcegraphdefinitions.kro.run", reason,
                                     message, reason != "RolloutPaused", world_.loop->now(),
                                     world_.loop->random()));
    }
    co_await tell_events(world_, std::move(events));
}

}  // namespace weft::control
