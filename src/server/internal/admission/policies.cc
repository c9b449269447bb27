// server/internal/admission/policies.cc: compiling, matching and judging.

#include "server/internal/admission/policies.h"

#include <algorithm>

#include "cel/limits.h"
#include "server/internal/admission/type_check.h"
#include "server/internal/kinds.h"
#include "server/internal/own_call.h"
#include "server/internal/rbac.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view policy_group = "admissionregistration.k8s.io";

// Each item of a list member that is a map.
template <typename Visit>
void each_item(const Value& object, std::string_view member, Visit visit) {
    if (const Value* list = object.find(member)) {
        for (const Value& item : list->items()) {
            visit(item);
        }
    }
}

Reason denial_reason(std::string_view word) {
    const Reason reason = reason_from_text(word);
    return reason == Reason::unknown ? Reason::invalid : reason;
}

}  // namespace

CompiledPolicy::CompiledPolicy(const Value& object)
    : name(object.string_at("metadata", "name")),
      version(cat(object.string_at("metadata", "uid"), "/",
                  object.string_at("metadata", "resourceVersion"))) {
    const Value* found = object.find("spec");
    const Value spec = found == nullptr ? Value::map() : *found;
    fails = spec.string_at("failurePolicy") != "Ignore";
    if (const Value* kind = spec.find("paramKind"); kind != nullptr && kind->is_map()) {
        const std::string_view api_version = kind->string_at("apiVersion");
        param_kind_text = cat(api_version, ", Kind=", kind->string_at("kind"));
        param_kind = GroupVersionKind{};
        if (auto parsed = parse_api_version(api_version)) {
            param_kind = {parsed->group, parsed->version, std::string(kind->string_at("kind"))};
        }
    }
    const Value* constraints = spec.find("matchConstraints");
    criteria =
        parse_criteria(constraints == nullptr ? Value::map() : *constraints, "resourceRules");
    const ExpressionScope scope{.has_params = param_kind.has_value(), .has_authorizer = true};
    const ExpressionScope message_scope{.has_params = param_kind.has_value()};
    ExpressionCompiler compiler;
    each_item(spec, "variables", [&](const Value& variable) {
        compiler.add_variable(std::string(variable.string_at("name")),
                              variable.string_at("expression"), scope);
    });
    each_item(spec, "matchConditions", [&](const Value& condition) {
        conditions.push_back(
            compiler.compile(condition.string_at("expression"), Outcome::boolean, scope));
    });
    each_item(spec, "validations", [&](const Value& validation) {
        Validation one;
        one.expression =
            compiler.compile(validation.string_at("expression"), Outcome::boolean, scope);
        if (const std::string_view text = validation.string_at("messageExpression");
            !text.empty()) {
            one.message_expression = compiler.compile(text, Outcome::text, message_scope);
        }
        one.message = trim(validation.string_at("message"));
        one.reason = validation.string_at("reason");
        validations.push_back(std::move(one));
    });
    each_item(spec, "auditAnnotations", [&](const Value& annotation) {
        audit_annotations.push_back(compiler.compile(annotation.string_at("valueExpression"),
                                                     Outcome::text_or_null, scope));
    });
    variables = compiler.variables();
}

cel::AuthorizationAnswer RbacAuthorizer::decide(const cel::AuthorizationQuestion& question) const {
    Attributes attributes;
    if (question.service_account.empty()) {
        attributes.user = *user_;
    } else {
        const size_t slash = question.service_account.find('/');
        const std::string namespace_ = question.service_account.substr(0, slash);
        attributes.user.name = cat("system:serviceaccount:", namespace_, ":",
                                   question.service_account.substr(slash + 1));
        attributes.user.groups = {"system:serviceaccounts",
                                  cat("system:serviceaccounts:", namespace_)};
    }
    attributes.verb = question.verb;
    attributes.is_resource = question.path.empty();
    attributes.path = question.path;
    attributes.group = question.group;
    attributes.version = "*";
    attributes.resource = question.resource;
    attributes.subresource = question.subresource;
    attributes.namespace_ = question.namespace_name;
    attributes.name = question.name;
    Decision decision = server::decide(*core_, attributes);
    return {.is_allowed = decision.allowed, .reason = std::move(decision.reason), .error = {}};
}

cel::AuthorizationQuestion resource_question(const AdmissionRequest& request) {
    cel::AuthorizationQuestion question;
    question.group = request.resource.group;
    question.resource = request.resource.resource;
    question.subresource = request.subresource;
    question.namespace_name = request.namespace_;
    question.name = request.name;
    return question;
}

Result<bool> conditions_hold(const std::vector<CompiledExpression>& conditions, ExpressionRun& run,
                             bool fails) {
    std::vector<std::string> errors;
    for (const CompiledExpression& condition : conditions) {
        auto result = run.run(condition);
        if (!result) {
            if (fails) {
                return result.error();
            }
            return false;
        }
        // One that is false decides, whatever became of the others.
        if (result->is_false()) {
            return false;
        }
        if (result->has_failed() && std::ranges::find(errors, result->error) == errors.end()) {
            errors.push_back(result->error);
        }
    }
    if (errors.empty()) {
        return true;
    }
    if (!fails) {
        return false;
    }
    return make_error(Reason::invalid,
                      errors.size() == 1 ? errors.front() : cat("[", join(errors, ", "), "]"));
}

void AdmissionPolicies::changed(const Resource& resource, const Value& object) {
    if (!resource.is_builtin() || resource.gvr.group != policy_group) {
        return;
    }
    const bool is_policy = resource.kind == "ValidatingAdmissionPolicy";
    if (is_policy || resource.kind == "ValidatingAdmissionPolicyBinding") {
        ++changes_;
    }
    if (is_policy && !object.is_null() && core_->options.checks_policy_types &&
        object.int_at(0, "metadata", "generation") !=
            object.int_at(0, "status", "observedGeneration")) {
        scope_.spawn(check_types(std::string(object.string_at("metadata", "name"))));
    }
}

io::Task<void> AdmissionPolicies::check_types(std::string name) {
    Call call = own_call(core_, {std::string(policy_group), "v1", "validatingadmissionpolicies"},
                         "status", "", name);
    Change change;
    change.may_omit_version = true;
    change.make = [this](const Value* old_object) -> Result<Value> {
        Value status =
            old_object->find("status") == nullptr ? Value::map() : *old_object->find("status");
        Value checking = Value::map();
        if (Value warnings = check_policy_types(*core_, *old_object); !warnings.empty()) {
            checking.set("expressionWarnings", std::move(warnings));
        }
        status.set("observedGeneration", old_object->int_at(0, "metadata", "generation"));
        status.set("typeChecking", std::move(checking));
        Value policy = *old_object;
        policy.set("status", std::move(status));
        policy.mutable_member("metadata").erase("resourceVersion");
        return policy;
    };
    // A policy that went meanwhile needs no status, and a failed disk is told by the next write.
    static_cast<void>(co_await change_object(&call, std::move(change)));
}

io::Task<Status> AdmissionPolicies::refresh() {
    const uint64_t now = changes_;
    std::map<std::string, std::shared_ptr<const CompiledPolicy>> compiled;
    std::map<std::string, std::vector<Binding>> bindings;
    for (const bool is_policy : {true, false}) {
        const ResourcePtr resource = core_->registry.find(
            policy_group, "v1",
            is_policy ? "validatingadmissionpolicies" : "validatingadmissionpolicybindings");
        store::ListRequest request;
        request.prefix = resource->key_prefix;
        const store::Page page = CO_TRY(co_await core_->store->list(request));
        for (const store::Entry& entry : page.entries) {
            const Value object =
                CO_TRY(decode_stored(*core_, *resource, StoredView(*entry.value), entry.modified));
            std::string name(object.string_at("metadata", "name"));
            if (is_policy) {
                const std::string version = cat(object.string_at("metadata", "uid"), "/",
                                                object.string_at("metadata", "resourceVersion"));
                const auto known = compiled_.find(name);
                compiled[name] = known != compiled_.end() && known->second->version == version
                                     ? known->second
                                     : std::make_shared<const CompiledPolicy>(object);
                continue;
            }
            Binding binding;
            binding.name = std::move(name);
            if (const Value* reference = object.find("spec", "paramRef")) {
                binding.param_ref = *reference;
            }
            const Value* actions = object.find("spec", "validationActions");
            for (size_t i = 0; actions != nullptr && i < actions->size(); ++i) {
                binding.actions.emplace_back(actions->at(i).as_string());
            }
            const Value* resources = object.find("spec", "matchResources");
            binding.criteria =
                parse_criteria(resources == nullptr ? Value::map() : *resources, "resourceRules");
            binding.criteria.matches_without_rules = true;
            bindings[std::string(object.string_at("spec", "policyName"))].push_back(
                std::move(binding));
        }
    }
    auto hooks = std::make_shared<Hooks>();
    for (const auto& [name, policy] : compiled) {
        // A policy without bindings judges nothing.
        if (const auto found = bindings.find(name); found != bindings.end()) {
            hooks->push_back({policy, std::move(found->second)});
        }
    }
    compiled_ = std::move(compiled);
    hooks_ = std::move(hooks);
    seen_ = now;
    co_return Status{};
}

// What one policy needs to judge one request; made when the first binding matches.
struct AdmissionPolicies::Judgement {
    Value object;
    Value old_object;
    Value request;
    Value namespace_object;
    Value params;
    bool has_params = false;
};

io::Task<Result<std::vector<Value>>> AdmissionPolicies::collect_params(
    const AdmissionCase* admission, const CompiledPolicy* policy, const Binding* binding) {
    std::vector<Value> out;
    if (!policy->param_kind || binding->param_ref.is_null()) {
        out.emplace_back();
        co_return out;
    }
    const Value& reference = binding->param_ref;
    const ResourcePtr kind = core_->registry.find_kind(*policy->param_kind);
    const std::string_view given = reference.string_at("namespace");
    std::string place;
    if (kind->namespaced) {
        place = given.empty() ? admission->request().namespace_ : std::string(given);
        if (place.empty()) {
            co_return make_error(Reason::invalid,
                                 "cannot use namespaced paramRef in policy binding that matches "
                                 "cluster-scoped resources");
        }
    } else if (!given.empty()) {
        co_return make_error(
            Reason::invalid,
            "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
    }
    const std::string_view name = reference.string_at("name");
    if (!name.empty()) {
        auto entry = CO_TRY(co_await core_->store->get(kind->key(place, name), {}));
        if (entry) {
            out.push_back(
                CO_TRY(decode_stored(*core_, *kind, StoredView(*entry->value), entry->modified)));
        }
    } else if (const Value* selector = reference.find("selector")) {
        const LabelSelector wanted = CO_TRY(LabelSelector::of_object(*selector));
        store::ListRequest request;
        request.prefix = kind->list_prefix(place);
        const store::Page page = CO_TRY(co_await core_->store->list(request));
        for (const store::Entry& entry : page.entries) {
            const StoredView view(*entry.value);
            if (!wanted.matches([&](std::string_view key) { return view.label(key); })) {
                continue;
            }
            if (out.size() == limits::policy_params_max) {
                co_return make_error(Reason::invalid, "more than ", limits::policy_params_max,
                                     " params are selected by the policy binding");
            }
            out.push_back(CO_TRY(decode_stored(*core_, *kind, view, entry.modified)));
        }
    } else {
        co_return make_error(Reason::invalid, "one of name or selector must be provided");
    }
    if (out.empty() && reference.string_at("parameterNotFoundAction") == "Deny") {
        co_return make_error(
            Reason::invalid,
            "no params found for policy binding with `Deny` parameterNotFoundAction");
    }
    co_return out;
}

void AdmissionPolicies::evaluate(const AdmissionCase& admission, const Hook& hook,
                                 const Binding& binding, const Judgement& judgement,
                                 std::vector<Denial>& denials) const {
    const CompiledPolicy& policy = *hook.policy;
    const RbacAuthorizer authorizer(core_, &admission.request().user);
    ExpressionInput input;
    input.object = &judgement.object;
    input.old_object = &judgement.old_object;
    input.request = &judgement.request;
    input.namespace_object = &judgement.namespace_object;
    input.params = &judgement.params;
    input.authorizer = &authorizer;
    input.request_resource = resource_question(admission.request());

    const auto deny = [&](std::string message, std::string reason) {
        for (const std::string& action : binding.actions) {
            if (action == "Deny") {
                denials.push_back(
                    {cat("ValidatingAdmissionPolicy '", policy.name, "' with binding '",
                         binding.name, "' denied request: ", message),
                     reason});
            } else if (action == "Warn") {
                admission.call()->warn(cat("Validation failed for ValidatingAdmissionPolicy '",
                                           policy.name, "' with binding '", binding.name,
                                           "': ", message));
            }
        }
    };
    // A failure is a refusal, or nothing: failurePolicy.
    const auto fail = [&](std::string message) {
        if (policy.fails) {
            deny(std::move(message), "");
        }
    };

    if (!policy.conditions.empty()) {
        ExpressionInput before = input;
        before.namespace_object = nullptr;
        ExpressionRun run(before, policy.variables, cel::match_conditions_cost_budget);
        const auto holds = conditions_hold(policy.conditions, run, policy.fails);
        if (!holds) {
            fail(holds.error().message());
            return;
        }
        if (!*holds) {
            return;
        }
    }

    ExpressionRun run(input, policy.variables, cel::runtime_cost_budget);
    std::vector<ExpressionResult> results;
    for (const CompiledPolicy::Validation& validation : policy.validations) {
        auto result = run.run(validation.expression);
        if (!result) {
            fail(result.error().message());
            return;
        }
        results.push_back(std::move(*result));
    }
    for (size_t i = 0; i < results.size(); ++i) {
        const CompiledPolicy::Validation& validation = policy.validations[i];
        if (results[i].has_failed()) {
            fail(results[i].error);
            continue;
        }
        if (results[i].is_true()) {
            continue;
        }
        std::string message;
        if (validation.message_expression) {
            // One run for all: variables are not computed twice, and the budget is shared.
            auto told = run.run(*validation.message_expression);
            if (!told) {
                fail(cat("failed messageExpression: ", told.error().message()));
                continue;
            }
            if (!told->has_failed() && told->kind == ExpressionResult::Kind::text) {
                message = trim(told->text);
                if (message.size() > limits::policy_message_bytes_max ||
                    message.find('\n') != std::string::npos) {
                    message.clear();
                }
            }
        }
        if (message.empty()) {
            message = validation.message;
        }
        if (message.empty()) {
            message = cat("failed expression: ", trim(validation.expression.text));
        }
        deny(std::move(message), validation.reason);
    }

    if (!policy.audit_annotations.empty()) {
        ExpressionRun annotations(input, policy.variables, cel::runtime_cost_budget);
        for (const CompiledExpression& expression : policy.audit_annotations) {
            auto result = annotations.run(expression);
            if (!result || result->has_failed()) {
                // Told whatever the actions are.
                if (policy.fails) {
                    denials.push_back({cat("ValidatingAdmissionPolicy '", policy.name,
                                           "' with binding '", binding.name, "' denied request: ",
                                           result ? result->error : result.error().message()),
                                       ""});
                }
                if (!result) {
                    return;
                }
            }
        }
    }
}

io::Task<Status> AdmissionPolicies::judge(AdmissionCase* admission, const Hook* hook,
                                          std::vector<Denial>* denials) {
    const CompiledPolicy& policy = *hook->policy;
    const auto misconfigured = [&](std::string_view message, const Binding* binding) {
        if (policy.fails) {
            denials->push_back(
                {binding == nullptr
                     ? cat("ValidatingAdmissionPolicy '", policy.name,
                           "' denied request: failed to configure policy: ", message)
                     : cat("ValidatingAdmissionPolicy '", policy.name, "' with binding '",
                           binding->name,
                           "' denied request: failed to configure binding: ", message),
                 ""});
        }
    };
    auto matched = co_await admission->match(&policy.criteria);
    if (!matched) {
        misconfigured(matched.error().message(), nullptr);
        co_return Status{};
    }
    if (*matched == nullptr) {
        co_return Status{};
    }
    if (policy.param_kind && core_->registry.find_kind(*policy.param_kind) == nullptr) {
        misconfigured(
            cat("failed to find resource referenced by paramKind: '", policy.param_kind_text, "'"),
            nullptr);
        co_return Status{};
    }
    std::optional<Judgement> judgement;
    for (const Binding& binding : hook->bindings) {
        auto applies = co_await admission->match(&binding.criteria);
        if (!applies) {
            misconfigured(applies.error().message(), &binding);
            continue;
        }
        if (*applies == nullptr) {
            continue;
        }
        auto params = co_await collect_params(admission, &policy, &binding);
        if (!params) {
            misconfigured(params.error().message(), &binding);
            continue;
        }
        if (!judgement && !params->empty()) {
            judgement.emplace();
            auto object = admission->convert(admission->request().object, **matched);
            auto old_object = admission->convert(admission->request().old_object, **matched);
            if (!object || !old_object) {
                misconfigured(cat("failed to convert object version: ",
                                  (object ? old_object : object).error().message()),
                              &binding);
                judgement.reset();
                continue;
            }
            judgement->object = std::move(*object);
            judgement->old_object = std::move(*old_object);
            judgement->request = admission->describe(**matched);
            const Value* found = CO_TRY(co_await admission->namespace_object());
            judgement->namespace_object = found == nullptr ? Value() : *found;
        }
        for (Value& one : *params) {
            judgement->params = std::move(one);
            evaluate(*admission, *hook, binding, *judgement, *denials);
        }
    }
    co_return Status{};
}

io::Task<Status> AdmissionPolicies::validate(AdmissionCase* admission) {
    if (seen_ != changes_) {
        CO_TRY(co_await refresh());
    }
    if (hooks_->empty() || admission->is_exempt()) {
        co_return Status{};
    }
    const std::shared_ptr<const Hooks> hooks = hooks_;
    std::vector<Denial> denials;
    for (const Hook& hook : *hooks) {
        CO_TRY(co_await judge(admission, &hook, &denials));
    }
    if (denials.empty()) {
        co_return Status{};
    }
    const Denial& first = denials.front();
    const AdmissionRequest& request = admission->request();
    const Error refused = forbidden({request.resource.group, request.resource.resource},
                                    refusal_name(request), first.text);
    ErrorDetails details = refused.details();
    details.causes.push_back({"", first.text, ""});
    co_return Error(denial_reason(first.reason), refused.message(), std::move(details));
}

}  // namespace weft::server
