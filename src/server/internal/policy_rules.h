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

// Rules about the same single resource joined into one with all their verbs.
[[nodiscard]] std::vector<PolicyRule> compact_rules(const std::vector<PolicyRule>& rules);

}  // namespace weft::server
