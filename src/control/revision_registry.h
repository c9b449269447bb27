// control/revision_registry.h: the compiled revisions of every definition.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/instruments.h"
#include "graph/graph.h"
#include "graph/rollout.h"

namespace weft::control {

enum class RevisionState : uint8_t { pending, active, failed };

struct Revision {
    int64_t number = 0;
    std::string name;  // of its GraphRevision
    std::string hash;
    RevisionState state = RevisionState::pending;
    graph::SharedGraph graph;  // null unless it compiled
    std::string error;         // why it failed
    // Its instances were told to look again; not yet while its CRD is refused, say.
    bool has_woken_instances = false;
};

// A rollout that is under way, as far as it is written down.
struct Rollout {
    graph::RolloutState state;
    graph::RolloutSpec spec;
};

// Definition name -> revision number -> what came of it. In memory only: everything in it can be
// made again from the GraphRevisions.
class RevisionRegistry {
public:
    explicit RevisionRegistry(Instruments* instruments) : instruments_(instruments) {}

    void put(const std::string& definition, Revision revision) {
        const int64_t number = revision.number;
        const auto known = revisions_[definition].find(number);
        const bool is_new = known == revisions_[definition].end();
        count_transition(is_new ? "none" : text(known->second.state), text(revision.state));
        revisions_[definition][number] = std::move(revision);
    }
    void activate(Revision* revision) {
        count_transition(text(revision->state), text(RevisionState::active));
        revision->state = RevisionState::active;
    }
    void erase(const std::string& definition, int64_t number) {
        const auto found = revisions_.find(definition);
        if (found == revisions_.end() || found->second.erase(number) == 0) {
            return;
        }
        instruments_->count("graph_revision_registry_evictions_total");
        if (found->second.empty()) {
            revisions_.erase(found);
        }
    }
    void erase_all(const std::string& definition) {
        rollouts_.erase(definition);
        const auto found = revisions_.find(definition);
        if (found != revisions_.end()) {
            instruments_->add("graph_revision_registry_evictions_total",
                              static_cast<double>(found->second.size()));
            revisions_.erase(found);
        }
    }
    void read_gauges() const {
        std::map<std::string_view, double> counts = {{"pending", 0}, {"active", 0}, {"failed", 0}};
        for (const auto& [definition, revisions] : revisions_) {
            for (const auto& [number, revision] : revisions) {
                counts[text(revision.state)] += 1;
            }
        }
        for (const auto& [state, count] : counts) {
            instruments_->set("graph_revision_registry_entries", count,
                              {{"state", std::string(state)}});
        }
    }

    [[nodiscard]] Revision* find(const std::string& definition, int64_t number) {
        const auto found = revisions_.find(definition);
        if (found == revisions_.end()) {
            return nullptr;
        }
        const auto revision = found->second.find(number);
        return revision == found->second.end() ? nullptr : &revision->second;
    }
    // What an instance follows: the newest revision, or during a rollout the stable one until the
    // instance is let in.
    [[nodiscard]] const Revision* followed_by(const std::string& definition,
                                              const Object& instance) {
        const Revision* newest = latest(definition);
        const Rollout* under_way = rollout(definition);
        if (newest == nullptr || under_way == nullptr ||
            under_way->state.revision != newest->number ||
            under_way->state.lets_in(under_way->spec, instance)) {
            return newest;
        }
        const Revision* stable = find(definition, under_way->state.stable);
        return stable == nullptr ? newest : stable;
    }
    void put_rollout(const std::string& definition, Rollout rollout) {
        rollouts_.insert_or_assign(definition, std::move(rollout));
    }
    void end_rollout(const std::string& definition) { rollouts_.erase(definition); }
    // Null if none is under way.
    [[nodiscard]] const Rollout* rollout(const std::string& definition) const {
        const auto found = rollouts_.find(definition);
        return found == rollouts_.end() ? nullptr : &found->second;
    }
    // The one with the highest number.
    [[nodiscard]] const Revision* latest(const std::string& definition) const {
        const auto found = revisions_.find(definition);
        return found == revisions_.end() ? nullptr : &found->second.rbegin()->second;
    }

private:
    static std::string_view text(RevisionState state) {
        switch (state) {
            case RevisionState::pending:
                return "pending";
            case RevisionState::active:
                return "active";
            case RevisionState::failed:
                return "failed";
        }
        return "";
    }
    void count_transition(std::string_view from, std::string_view to) {
        if (from != to) {
            instruments_->count("graph_revision_registry_transitions_total",
                                {{"from", std::string(from)}, {"to", std::string(to)}});
        }
    }

    Instruments* instruments_;
    std::map<std::string, std::map<int64_t, Revision>> revisions_;
    std::map<std::string, Rollout> rollouts_;
};

}  // namespace weft::control
