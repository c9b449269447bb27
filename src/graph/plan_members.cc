// graph/plan_members.cc: what all nodes together want: conflicts, the record of children, prunes.

#include <algorithm>

#include "graph/internal/planner.h"
#include "graph/labels.h"

namespace weft::graph {

namespace {

ObjectKey member_key(const Object& object) {
    return {object.group_version_kind(), object.key()};
}

}  // namespace

void Planner::drop_children_actions() {
    std::erase_if(plan_.actions, [](const Action& action) {
        const Apply* apply = std::get_if<Apply>(&action.what);
        return apply == nullptr || !apply->node.empty();
    });
}

// Two nodes that want one object would fight for ever.
void Planner::find_conflicts() {
    std::map<ObjectKey, std::string> owners;
    std::vector<std::string> conflicts;
    for (const NodeWork& work : works_) {
        if (!work.node->makes_objects() || !work.is_rendered) {
            continue;
        }
        for (size_t i = 0; i < work.desired.size(); ++i) {
            const std::string id = work.node->type == NodeType::collection
                                       ? cat(work.node->id, "-", i)
                                       : work.node->id;
            const auto [position, is_new] = owners.emplace(member_key(work.desired[i]), id);
            if (!is_new) {
                conflicts.push_back(
                    cat("resourceID: ", id, " conflicts with resourceID: ", position->second));
            }
        }
    }
    has_conflict_ = !conflicts.empty();
    if (has_conflict_ && fatal_.empty()) {
        fatal_ = cat("found resources with conflicts: ", join(conflicts, ", "));
    }
}

// The record of where children are goes onto the instance before the first child of a new kind is
// made, and shrinks only when nothing is left elsewhere.
void Planner::plan_apply_set() {
    ApplySetScope batch;
    batch.id = apply_set_id_;
    bool is_settled = fatal_.empty() && deleting_.empty();
    for (const NodeWork& work : works_) {
        const bool is_open = work.plan.state == NodeState::in_progress ||
                             work.plan.state == NodeState::error || work.has_pending_apply;
        is_settled = is_settled && !is_open;
        if (!work.node->makes_objects()) {
            continue;
        }
        for (const Object& object : work.desired) {
            batch.add(work.node->kind, object.namespace_(), instance_.namespace_());
        }
    }
    size_t orphans = 0;
    if (is_settled) {
        if (const std::vector<Object>* members = observed_.members()) {
            const size_t before = plan_.actions.size();
            plan_prunes(*members);
            orphans = plan_.actions.size() - before;
        } else {
            plan_.needs_members = true;
        }
    }
    const bool may_shrink =
        is_settled && orphans == 0 && !has_dying_orphan_ && !plan_.needs_members;
    if (may_shrink) {
        plan_.scope = batch;
    } else {
        plan_.scope.merge(batch);
    }
    if (!has_scope(instance_, plan_.scope, options_.version) && !has_conflict_) {
        plan_.actions.insert(plan_.actions.begin(),
                             {Apply{"", parent_patch(instance_, plan_.scope, options_.version),
                                    std::string(manager_parent), false},
                              "the record of its children differs"});
    }
}

void Planner::plan_prunes(const std::vector<Object>& members) {
    std::set<std::string> wanted;
    const auto key_text = [](const GroupVersionKind& kind, const Object& object) {
        return cat(kind.group, "/", kind.kind, "/", object.key().text());
    };
    for (const NodeWork& work : works_) {
        if (work.node->makes_objects()) {
            for (const Object& object : work.desired) {
                wanted.insert(key_text(work.node->kind, object));
            }
        }
    }
    struct Orphan {
        size_t position;
        const Object* object;
    };
    std::vector<Orphan> orphans;
    for (const Object& member : members) {
        const bool is_ours = member.label(label_part_of) == apply_set_id_;
        const std::string_view on_delete = member.annotation(annotation_on_delete);
        if (!is_ours || on_delete == "retain" ||
            wanted.contains(key_text(member.group_version_kind(), member))) {
            continue;
        }
        if (member.is_deleting()) {
            // As kro 0.9.3 does: nothing is settled until it is gone. Its going wakes the instance.
            has_dying_orphan_ = true;
            continue;
        }
        if (on_delete == "protect") {
            node_errors_.push_back(cat("prune refused: ", member.kind(), " ", member.key().text(),
                                       " is protected by its lifecycle"));
            continue;
        }
        const ObservedObject* seen = observed_.find(member_key(member));
        if (seen != nullptr && seen->error) {
            node_errors_.push_back(cat("prune failed: ", seen->error->message()));
            continue;
        }
        // Nodes that are gone from the graph have no known dependents and go first.
        const auto found = index_.find(member.label(label_node_id));
        orphans.push_back({found == index_.end() ? works_.size() : found->second, &member});
    }
    std::ranges::sort(orphans, [](const Orphan& a, const Orphan& b) {
        return a.position != b.position ? a.position > b.position
                                        : a.object->key() < b.object->key();
    });
    for (const Orphan& orphan : orphans) {
        plan_.actions.push_back(
            {Prune{std::string(orphan.object->label(label_node_id)), member_key(*orphan.object),
                   std::string(orphan.object->uid())},
             "no longer wanted by any node"});
    }
}

}  // namespace weft::graph
