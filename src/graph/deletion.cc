// graph/deletion.cc: children in waves, dependents first; needs no graph and no CEL.

#include <algorithm>

#include "graph/labels.h"
#include "graph/plan.h"

namespace weft::graph {

namespace {

// 0, the last wave, for what carries no order.
int64_t apply_order(const Object& member) {
    const std::optional<int64_t> order = parse_int(member.annotation(annotation_apply_order));
    return order && *order > 0 ? *order : 0;
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
