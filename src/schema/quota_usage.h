// schema/quota_usage.h: what an object takes of a ResourceQuota.
//
// Source of the behaviour and the texts: Kubernetes pkg/quota/v1 and its evaluators, 1.36.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"
#include "schema/quantity.h"

namespace weft::schema {

// Amounts by resource name: "pods", "requests.cpu", "count/deployments.apps".
using QuotaAmounts = std::map<std::string, Quantity, std::less<>>;

// A ResourceList of an object ("hard", "used"); what is no quantity is left out.
[[nodiscard]] QuotaAmounts parse_amounts(const Value* list);
[[nodiscard]] Value amounts_value(const QuotaAmounts& amounts);
// `cpu=1,pods=2`
[[nodiscard]] std::string amounts_text(const QuotaAmounts& amounts);

// What one object of a resource ("" is the core group) counts for. Finished pods count as objects
// only.
[[nodiscard]] QuotaAmounts quota_usage(std::string_view group, std::string_view resource,
                                       const Value& object);
// Whether objects of the resource may count for this name at all.
[[nodiscard]] bool counts_for(std::string_view group, std::string_view resource,
                              std::string_view name);
// Whether an update may change what the object counts for.
[[nodiscard]] bool counts_on_update(std::string_view group, std::string_view resource);
// Whether the scopes of a quota (spec.scopes and spec.scopeSelector) take the object in.
[[nodiscard]] bool scopes_match(const Value& quota, std::string_view group,
                                std::string_view resource, const Value& object);
// "must specify requests.cpu for: app": containers of a pod that do not say what the quota counts.
// "" if all is said, and for all other resources.
[[nodiscard]] std::string quota_constraint(std::string_view group, std::string_view resource,
                                           const Value& object,
                                           const std::vector<std::string>& names);

}  // namespace weft::schema
