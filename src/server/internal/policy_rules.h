// server/internal/policy_rules.h: rules of roles as values, and whether some cover others.
//
// Source of the behaviour and the texts: Kubernetes' component-helpers auth/rbac/validation, 1.36.

#pragma once

#include <string>
#include <vector>

#include "server/auth.h"

namespace weft::server {

// One rule of a Role or ClusterRole.
struct PolicyRule {
    std::vector<std::string> verbs;
    std::vector<std::string> groups;
    std::vector<std::string> resources;
    std::vector<std::string> names;
    std::vector<std::string> urls;

    bool operator==(const PolicyRule&) const = default;
    [[nodiscard]] bool allows(const Attributes& attributes) const;
    // `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`
    [[nodiscard]] std::string text() const;
};

// The member `rules` of a role.
[[nodiscard]] std::vector<PolicyRule> parse_rules(const Value& role);

// What of `wanted` no single rule of `held` covers, verb by verb and resource by resource; empty if
// all is covered.
[[nodiscard]] std::vector<PolicyRule> missing_rules(const std::vector<PolicyRule>& held,
                                                    const std::vector<PolicyRule>& wanted);

// What makes a role or binding of an earlier run equal to the policy of this version.
enum class PolicyChange : uint8_t {
    none,        // all is there, or its annotation autoupdate: "false" says to leave it alone
    added,       // labels, annotations, rules, selectors or subjects
    other_role,  // a binding names another role, which cannot change: it must be made anew
};
// Adds to `stored` what `wanted` has and it lacks, and takes nothing away. Source of the behaviour:
// component-helpers auth/rbac/reconciliation.
[[nodiscard]] PolicyChange reconcile_policy(const Value& wanted, Value& stored);

// Rules about the same single resource joined into one with all their verbs.
[[nodiscard]] std::vector<PolicyRule> compact_rules(const std::vector<PolicyRule>& rules);

}  // namespace weft::server
