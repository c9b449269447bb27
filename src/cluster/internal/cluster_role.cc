// cluster/internal/cluster_role.cc: aggregation, as Kubernetes' clusterrole-aggregation-controller.

#include "cluster/internal/cluster_role.h"

#include <algorithm>

namespace weft::cluster {

Outcome reconcile_cluster_role(const Object& role, const View& view) {
    Outcome outcome;
    const Value* selectors = role.value().find("aggregationRule", "clusterRoleSelectors");
    if (selectors == nullptr || role.is_deleting()) {
        return outcome;
    }
    std::vector<const Object*> others = view.in(Kind::cluster_role, "");
    std::ranges::sort(others, {}, [](const Object* other) { return other->name(); });
    Value rules = Value::list();
    for (const Object* other : others) {
        const bool is_meant = other->name() != role.name() &&
                              std::ranges::any_of(selectors->items(), [&](const Value& selector) {
                                  return selects(&selector, *other);
                              });
        const Value* own = is_meant ? other->value().find("rules") : nullptr;
        for (const Value& rule : own == nullptr ? std::span<const Value>() : own->items()) {
            if (std::ranges::find(rules.items(), rule) == rules.items().end()) {
                rules.push_back(rule);
            }
        }
    }
    const Value* had = role.value().find("rules");
    const bool is_same = had == nullptr || had->is_null() ? rules.empty() : *had == rules;
    if (!is_same) {
        Object renewed(role);
        renewed.mutable_value().set("rules", std::move(rules));
        outcome.update(Kind::cluster_role, std::move(renewed));
    }
    return outcome;
}

}  // namespace weft::cluster
