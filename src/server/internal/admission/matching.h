// server/internal/admission/matching.h: which requests a policy or a webhook is about.
//
// Source of the behaviour: apiserver pkg/admission/plugin/policy/matching and webhook/predicates.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/internal/core.h"
#include "server/internal/selectors.h"

namespace weft::server {

// One rule of operations and resources.
struct OperationRule {
    std::vector<std::string> operations;
    std::vector<std::string> groups;
    std::vector<std::string> versions;
    std::vector<std::string> resources;
    std::vector<std::string> names;  // of policies only; empty: all
    std::string scope;               // "", "*", "Cluster", "Namespaced"
};

struct MatchCriteria {
    std::vector<OperationRule> rules;
    std::vector<OperationRule> excluded;
    // A rule for another version (or group) of the same resource matches, too.
    bool is_equivalent = true;
    // No rules at all match everything (bindings) or nothing (policies, webhooks).
    bool matches_without_rules = false;
    LabelSelector namespaces;
    LabelSelector objects;
    std::string selector_error;  // a selector that cannot be read; "" if all is well
};

// Of {resourceRules, excludeResourceRules, matchPolicy, namespaceSelector, objectSelector}, or of a
// webhook, whose rules are called `rules`.
[[nodiscard]] MatchCriteria parse_criteria(const Value& object, std::string_view rules_member);

// The name that a refusal is about: where a request has none, the base of the one to come.
[[nodiscard]] std::string refusal_name(const AdmissionRequest& request);

// One request as admission looks at it, with what is read for it at most once.
class AdmissionCase {
public:
    AdmissionCase(Call* call, const AdmissionRequest* request) : call_(call), request_(request) {}

    [[nodiscard]] Call* call() const { return call_; }
    [[nodiscard]] const AdmissionRequest& request() const { return *request_; }

    // Kinds that configure admission are never judged by it, or nobody could repair it.
    [[nodiscard]] bool is_exempt() const;
    // The namespace the request happens in; null if it is in none. not_found.
    [[nodiscard]] io::Task<Result<const Value*>> namespace_object();
    // The resource (in the version) that a rule names; nothing if none matches.
    [[nodiscard]] io::Task<Result<ResourcePtr>> match(const MatchCriteria* criteria);
    // The object or old object in the shape of another version of the resource.
    [[nodiscard]] Result<Value> convert(const Value& object, const Resource& target) const;
    // The way back.
    [[nodiscard]] Result<Value> restore(const Value& object, const Resource& source) const;
    // AdmissionRequest as policies and webhooks see it, without uid and objects.
    [[nodiscard]] Value describe(const Resource& matched) const;

private:
    // The object is one of the resource's kind, and not of a subresource with a kind of its own.
    [[nodiscard]] bool is_own_kind() const;
    [[nodiscard]] bool matches_rule(const OperationRule& rule,
                                    const GroupVersionResource& gvr) const;
    [[nodiscard]] ResourcePtr match_rules(const std::vector<OperationRule>& rules,
                                          bool is_equivalent);
    [[nodiscard]] io::Task<Result<bool>> matches_namespace(const LabelSelector* selector);

    Call* call_;
    const AdmissionRequest* request_;
    std::optional<Value> namespace_;  // null: there is none
    std::optional<std::vector<ResourcePtr>> equivalents_;
};

}  // namespace weft::server
