// server/internal/admission/policies.h: ValidatingAdmissionPolicies at work.
//
// Source of the behaviour and the texts: apiserver pkg/admission/plugin/policy/validating, 1.36.
// Audit actions and annotations lead nowhere: there is no audit log. Their expressions are
// evaluated all the same, since their failure refuses a request.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/internal/admission/expressions.h"
#include "server/internal/admission/matching.h"

namespace weft::server {

struct CompiledPolicy;

// The policies and bindings of the store, compiled: read again after a write to them, so that the
// next request already goes by them. A server without policies pays one comparison per write.
class AdmissionPolicies {
public:
    explicit AdmissionPolicies(Core* core) : core_(core), scope_(core->loop) {}

    // A policy or binding was written (`object`) or deleted (null).
    void changed(const Resource& resource, const Value& object);
    // Waits for what runs. To be called before destruction.
    io::Task<void> close() { return scope_.close(); }
    // False: nothing can be said about any request.
    [[nodiscard]] bool may_judge() const { return seen_ != changes_ || !hooks_->empty(); }
    // Refuses with what a policy says; adds warnings to the call.
    [[nodiscard]] io::Task<Status> validate(AdmissionCase* admission);

private:
    struct Binding {
        std::string name;
        Value param_ref;  // null: none
        std::vector<std::string> actions;
        MatchCriteria criteria;
    };
    struct Hook {
        std::shared_ptr<const CompiledPolicy> policy;
        std::vector<Binding> bindings;
    };
    using Hooks = std::vector<Hook>;

    struct Denial {
        std::string text;
        std::string reason;
    };
    struct Judgement;

    io::Task<Status> refresh();
    io::Task<void> check_types(std::string name);
    io::Task<Status> judge(AdmissionCase* admission, const Hook* hook,
                           std::vector<Denial>* denials);
    // The parameters of a binding, resolved; a null stands for "without". `invalid` with the text
    // of a misconfigured binding.
    io::Task<Result<std::vector<Value>>> collect_params(const AdmissionCase* admission,
                                                        const CompiledPolicy* policy,
                                                        const Binding* binding);
    void evaluate(const AdmissionCase& admission, const Hook& hook, const Binding& binding,
                  const Judgement& judgement, std::vector<Denial>& denials) const;

    Core* core_;
    io::Scope scope_;
    uint64_t changes_ = 1;
    uint64_t seen_ = 0;  // the change up to which `hooks_` is true
    std::shared_ptr<const Hooks> hooks_ = std::make_shared<const Hooks>();
    // By name: what need not be compiled again while nothing about it changes.
    std::map<std::string, std::shared_ptr<const CompiledPolicy>> compiled_;
};

// A policy with its expressions, ready to run.
struct CompiledPolicy {
    struct Validation {
        CompiledExpression expression;
        std::optional<CompiledExpression> message_expression;
        std::string message;
        std::string reason;
    };

    explicit CompiledPolicy(const Value& object);

    std::string name;
    std::string version;  // uid and resourceVersion: what it was compiled from
    bool fails = true;    // failurePolicy
    std::optional<GroupVersionKind> param_kind;
    std::string param_kind_text;
    MatchCriteria criteria;
    std::vector<CompiledExpression> conditions;
    std::vector<Validation> validations;
    std::vector<CompiledExpression> audit_annotations;
    std::shared_ptr<const std::deque<ExpressionCompiler::Variable>> variables;
};

// Answers expressions by RBAC.
class RbacAuthorizer final : public cel::Authorizer {
public:
    RbacAuthorizer(const Core* core, const UserInfo* user) : core_(core), user_(user) {}
    [[nodiscard]] cel::AuthorizationAnswer decide(
        const cel::AuthorizationQuestion& question) const override;

private:
    const Core* core_;
    const UserInfo* user_;
};

// What `authorizer.requestResource` asks about.
[[nodiscard]] cel::AuthorizationQuestion resource_question(const AdmissionRequest& request);

// Whether all conditions hold. An error is a condition that failed and `fails` says that this is to
// be told; with it off, a failure means no.
[[nodiscard]] Result<bool> conditions_hold(const std::vector<CompiledExpression>& conditions,
                                           ExpressionRun& run, bool fails);

}  // namespace weft::server
