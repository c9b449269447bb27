// graph/deletion.cc: children in waves, dependents first; needs no graph and no CEL.

#include <algorithm>

#include "graph/internal/status_resources.h"
#include "graph/labels.h"
#include "graph/limits.h"
#include "graph/plan.h"

namespace weft::graph {

namespace {

// 0, the last wave, for what carries no order.
int64_t apply_order(const Object& member) {
    const std::optional<int64_t> order = parse_int(member.annotation(annotation_apply_order));
    return order && *order > 0 ? *order : 0;
}

// How far a deletion is, where the status lists objects: then its kind has the fields.
void add_progress(Value& status, const std::vector<const Object*>& left, int64_t wave) {
    if (!status.contains(managed_resources)) {
        return;
    }
    ResourceList list;
    Value waits_for = Value::list();
    for (const Object* member : left) {
        const ObjectKey key{member->group_version_kind(), member->key()};
        const int64_t order = apply_order(*member);
        list.add(member->label(label_node_id), key, "DELETING", false,
                 order == wave ? std::string(member->is_deleting() ? "is being deleted" : "")
                               : cat("waits for wave ", wave, " to be gone"));
        if (order == wave && waits_for.size() < limits::waited_for_named) {
            waits_for.push_back(cat(member->kind(), " ", member->key().text()));
        }
    }
    status.set(managed_resources, list.take());
    status.set(deletion_progress, Value::map_of({{"remaining", static_cast<int64_t>(left.size())},
                                                 {"wave", wave},
                                                 {"waitsFor", std::move(waits_for)}}));
}

}  // namespace

InstanceStatus deletion_status(const Object& instance, bool has_author_conditions,
                               std::string_view message, Time now) {
    InstanceStatus out;
    const Value* found = instance.value().find("status");
    out.value = found == nullptr || !found->is_map() ? Value::map() : *found;
    ConditionSet conditions = instance_conditions(instance, now);
    conditions.set_unknown("ResourcesReady", "UnderDeletion", message);
    if (has_author_conditions) {
        // Only this one stands over what the author's expressions left.
        std::vector<Condition> all = conditions_from(out.value.find("conditions"));
        std::erase_if(
            all, [](const Condition& condition) { return condition.type == "ResourcesReady"; });
        all.push_back(*conditions.find("ResourcesReady"));
        out.value.set("conditions", to_value(all));
    } else {
        out.value.set("conditions", to_value(conditions.own()));
    }
    out.state = "DELETING";
    out.value.set("state", out.state);
    return out;
}

Result<DeletionPlan> deletion_plan(const Object& instance, const std::vector<Object>& members,
                                   bool has_author_conditions, const PlanOptions& options) {
    if (Status status = check_inventory(instance); !status) {
        return make_error(Reason::invalid,
                          "validate deletion inventory: ", status.error().message());
    }
    const std::string id = apply_set_id(instance);
    std::vector<const Object*> ours;
    int64_t wave = 0;
    for (const Object& member : members) {
        if (member.label(label_part_of) != id) {
            continue;
        }
        const std::string_view on_delete = member.annotation(annotation_on_delete);
        if (on_delete == "protect") {
            return make_error(Reason::forbidden, member.kind(), " ", member.key().text(),
                              " is protected: change lifecycle.onDelete of its node, or the "
                              "annotation ",
                              annotation_on_delete, " of the object");
        }
        if (on_delete != "retain") {
            ours.push_back(&member);
            wave = std::max(wave, apply_order(member));
        }
    }
    DeletionPlan out;
    out.status =
        deletion_status(instance, has_author_conditions, "deleting resources", options.now);
    if (ours.empty()) {
        out.is_done = true;
        return out;
    }
    add_progress(out.status.value, ours, wave);
    out.why = cat("deleting apply-order wave ", wave);
    for (const Object* member : ours) {
        if (apply_order(*member) != wave || member->is_deleting()) {
            continue;
        }
        out.actions.push_back({Prune{std::string(member->label(label_node_id)),
                                     {member->group_version_kind(), member->key()},
                                     std::string(member->uid())},
                               out.why});
    }
    return out;
}

}  // namespace weft::graph
