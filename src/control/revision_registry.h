// control/revision_registry.h: the compiled revisions of every definition.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/graph.h"

namespace weft::control {

enum class RevisionState : uint8_t { pending, active, failed };

struct Revision {
    int64_t number = 0;
    std::string name;  // of its GraphRevision
    std::string hash;
    RevisionState state = RevisionState::pending;
    graph::SharedGraph graph;  // null unless it compiled
    std::string error;         // why it failed
};

// Definition name -> revision number -> what came of it. In memory only: everything in it can be
// made again from the GraphRevisions.
class RevisionRegistry {
public:
    void put(const std::string& definition, Revision revision) {
        const int64_t number = revision.number;
        revisions_[definition][number] = std::move(revision);
    }
    void erase(const std::string& definition, int64_t number) {
        const auto found = revisions_.find(definition);
        if (found != revisions_.end() && found->second.erase(number) > 0 && found->second.empty()) {
            revisions_.erase(found);
        }
    }
    void erase_all(const std::string& definition) { revisions_.erase(definition); }

    [[nodiscard]] Revision* find(const std::string& definition, int64_t number) {
        const auto found = revisions_.find(definition);
        if (found == revisions_.end()) {
            return nullptr;
        }
        const auto revision = found->second.find(number);
        return revision == found->second.end() ? nullptr : &revision->second;
    }
    // The one with the highest number: what instances follow.
    [[nodiscard]] const Revision* latest(const std::string& definition) const {
        const auto found = revisions_.find(definition);
        return found == revisions_.end() ? nullptr : &found->second.rbegin()->second;
    }

private:
    std::map<std::string, std::map<int64_t, Revision>> revisions_;
};

}  // namespace weft::control
