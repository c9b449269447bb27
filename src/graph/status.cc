// graph/status.cc: statuses that need no plan.

#include "graph/status.h"

#include <algorithm>

#include "graph/labels.h"

namespace weft::graph {

namespace {

// Equal as JSON text would be: 3 and 3.0 are one number, members may stand in any order.
bool same_json(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        return a.to_double() == b.to_double();
    }
    if (a.kind() != b.kind() || a.size() != b.size()) {
        return false;
    }
    if (a.is_map()) {
        return std::ranges::all_of(a.members(), [&b](const Member& member) {
            const Value* other = b.find(member.name());
            return other != nullptr && same_json(member.value, *other);
        });
    }
    if (a.is_list()) {
        return std::ranges::equal(a.items(), b.items(), same_json);
    }
    return a == b;
}

Value status_of(const Object& instance) {
    const Value* found = instance.value().find("status");
    return found == nullptr || !found->is_map() ? Value::map() : *found;
}

}  // namespace

bool is_suspended(const Object& instance) {
    const std::string word = to_lower(instance.annotation(annotation_reconcile));
    return word == "suspended" || word == "disabled";
}

bool InstanceStatus::is_same_as(const Value* existing) const {
    return existing != nullptr && same_json(value, *existing);
}

InstanceStatus unresolved_status(const Object& instance, bool has_author_conditions,
                                 std::string_view message, bool pending, Time now) {
    InstanceStatus out;
    out.value = status_of(instance);
    const std::string before(out.value.string_at("state"));
    if (pending && !before.empty()) {
        // A revision is on its way; what the instance says of the old one is still true.
        out.state = before;
        return out;
    }
    out.state = pending ? "IN_PROGRESS" : "ERROR";
    if (!has_author_conditions) {
        ConditionSet conditions = instance_conditions(instance, now);
        conditions.set_false("GraphResolved", "ResolutionFailed", message);
        out.value.set("conditions", to_value(conditions.all()));
    }
    out.value.set("state", out.state);
    return out;
}

InstanceStatus unobserved_status(const Object& instance, bool has_author_conditions,
                                 std::string_view message, Time now) {
    InstanceStatus out;
    out.value = status_of(instance);
    out.state = "ERROR";
    if (!has_author_conditions) {
        ConditionSet conditions = instance_conditions(instance, now);
        conditions.set_false("ResourcesReady", "NotReady",
                             cat("resource reconciliation failed: ", message));
        out.value.set("conditions", to_value(conditions.all()));
    }
    out.value.set("state", out.state);
    return out;
}

}  // namespace weft::graph
