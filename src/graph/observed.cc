// graph/observed.cc: putting answers where the planner finds them.

#include <algorithm>

#include "graph/plan.h"

namespace weft::graph {

void Observed::see(const ObjectKey& key, std::optional<Object> live) {
    objects_[key].live = std::move(live);
}

void Observed::see_list(std::string_view node, std::vector<Object> items) {
    lists_[std::string(node)] = std::move(items);
}

void Observed::see_members(std::vector<Object> members) {
    members_ = std::move(members);
}

void Observed::see_applied(const ObjectKey& key, Object desired, Object answer) {
    ObservedObject& object = objects_[key];
    object.live = answer;
    object.answer = std::move(answer);
    object.applied = std::move(desired);
    object.error.reset();
}

void Observed::recall_applied(const ObjectKey& key, Object desired, Object answer) {
    ObservedObject& object = objects_[key];
    object.applied = std::move(desired);
    object.answer = std::move(answer);
}

void Observed::see_failed(const ObjectKey& key, Error error) {
    objects_[key].error = std::move(error);
}

void Observed::see_pruned(const ObjectKey& key, std::string_view deleted_at) {
    if (!members_) {
        return;
    }
    const auto found = std::ranges::find_if(*members_, [&key](const Object& member) {
        const GroupVersionKind kind = member.group_version_kind();
        return kind.group == key.kind.group && kind.kind == key.kind.kind &&
               member.key() == key.name;
    });
    if (found == members_->end()) {
        return;
    }
    if (deleted_at.empty()) {
        members_->erase(found);
    } else {
        found->metadata().set("deletionTimestamp", std::string(deleted_at));
    }
}

const ObservedObject* Observed::find(const ObjectKey& key) const {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : &found->second;
}

const std::vector<Object>* Observed::find_list(std::string_view node) const {
    const auto found = lists_.find(node);
    return found == lists_.end() ? nullptr : &found->second;
}

std::string_view text(NodeState state) {
    switch (state) {
        case NodeState::in_progress:
            return "IN_PROGRESS";
        case NodeState::waiting_for_readiness:
            return "WAITING_FOR_READINESS";
        case NodeState::skipped:
            return "SKIPPED";
        case NodeState::synced:
            return "SYNCED";
        case NodeState::deleting:
            return "DELETING";
        case NodeState::error:
            return "ERROR";
    }
    return "";
}

}  // namespace weft::graph
