// server/internal/admission/validate_policy.cc: ValidatingAdmissionPolicies and their bindings.

#include <algorithm>
#include <set>

#include "object/names.h"
#include "server/internal/admission/expressions.h"
#include "server/internal/admission/validate.h"
#include "server/limits.h"

namespace weft::server {

namespace {

using schema::field_duplicate;
using schema::field_forbidden;
using schema::field_invalid;
using schema::field_not_supported;
using schema::field_required;
using schema::path_child;
using schema::path_index;

bool has_newlines(std::string_view text) {
    return text.find_first_of("\r\n") != std::string_view::npos;
}

bool is_cel_identifier(std::string_view text) {
    static constexpr std::string_view reserved[] = {
        "as",       "break",   "const",  "continue", "else", "false", "for",
        "function", "if",      "import", "in",       "let",  "loop",  "namespace",
        "null",     "package", "return", "true",     "var",  "void",  "while"};
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
    }) && std::ranges::find(reserved, text) == std::end(reserved);
}

void check_param_kind(const Value& kind, const std::string& path, FieldErrors& errors) {
    const std::string_view api_version = kind.string_at("apiVersion");
    const std::string at = path_child(path, "apiVersion");
    if (api_version.empty()) {
        errors.push_back(field_required(at));
    } else if (std::ranges::count(api_version, '/') > 1) {
        errors.push_back(
            field_invalid(at, api_version, cat("unexpected GroupVersion string: ", api_version)));
    } else {
        const size_t slash = api_version.find('/');
        const std::string_view group =
            slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
        const std::string_view version =
            slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
        if (!group.empty()) {
            if (const auto texts = check_dns1123_subdomain(group); !texts.empty()) {
                errors.push_back(field_invalid(at, group, join(texts, ",")));
            }
        }
        if (version.empty()) {
            errors.push_back(field_required(at, "version must be specified"));
        } else if (const auto texts = check_dns1035_label(version); !texts.empty()) {
            errors.push_back(field_invalid(at, version, join(texts, ",")));
        }
    }
    const std::string_view name = kind.string_at("kind");
    const std::string name_path = path_child(path, "kind");
    if (name.empty()) {
        errors.push_back(field_required(name_path));
    } else if (const auto texts = check_dns1035_label(to_lower(name)); !texts.empty()) {
        errors.push_back(field_invalid(
            name_path, name,
            cat("may have mixed case, but should otherwise match: ", join(texts, ","))));
    }
}

void check_match_resources(const Value& resources, const std::string& path, FieldErrors& errors) {
    if (resources.find("matchPolicy") == nullptr) {
        errors.push_back(field_required(path_child(path, "matchPolicy")));
    } else {
        validate_choice(resources, "matchPolicy", path, {"Equivalent", "Exact"}, errors);
    }
    const auto check_selector = [&](std::string_view member) {
        const Value* selector = resources.find(member);
        if (selector == nullptr) {
            errors.push_back(field_required(path_child(path, member)));
        } else {
            validate_label_selector(selector, path_child(path, member), errors);
        }
    };
    check_selector("namespaceSelector");
    check_selector("objectSelector");
    for (const std::string_view member : {"resourceRules", "excludeResourceRules"}) {
        const Value* rules = resources.find(member);
        for (size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
            validate_operation_rule(rules->at(i), path_index(path_child(path, member), i), errors);
        }
    }
}

class PolicyCheck {
public:
    PolicyCheck(const Value& object, FieldErrors& errors)
        : name_(object.string_at("metadata", "name")), errors_(errors) {}

    void check(const Value& spec) {
        has_params_ = spec.find("paramKind") != nullptr && spec.find("paramKind")->is_map();
        if (spec.find("failurePolicy") == nullptr) {
            errors_.push_back(field_required("spec.failurePolicy"));
        } else {
            validate_choice(spec, "failurePolicy", "spec", {"Fail", "Ignore"}, errors_);
        }
        if (has_params_) {
            check_param_kind(*spec.find("paramKind"), "spec.paramKind", errors_);
        }
        const Value* constraints = spec.find("matchConstraints");
        if (constraints == nullptr || constraints->is_null()) {
            errors_.push_back(field_required("spec.matchConstraints"));
        } else {
            check_match_resources(*constraints, "spec.matchConstraints", errors_);
            const Value* rules = constraints->find("resourceRules");
            if (rules == nullptr || rules->empty()) {
                errors_.push_back(field_required("spec.matchConstraints.resourceRules"));
            }
        }
        validate_match_conditions(spec, "spec", has_params_, errors_);
        const Value* variables = spec.find("variables");
        if (variables != nullptr && !variables->empty()) {
            compiler_.declare_variables();
        }
        for (size_t i = 0; variables != nullptr && i < variables->size(); ++i) {
            check_variable(variables->at(i), path_index("spec.variables", i));
        }
        check_outcomes(spec.find("validations"), spec.find("auditAnnotations"));
    }

private:
    [[nodiscard]] ExpressionScope scope(bool with_authorizer) const {
        return {.has_params = has_params_, .has_authorizer = with_authorizer};
    }
    void report(const CompiledExpression& compiled, const std::string& path) {
        if (!compiled.program) {
            errors_.push_back(field_invalid(path, compiled.text, compiled.error));
        }
    }

    void check_variable(const Value& variable, const std::string& path) {
        const std::string_view name = variable.string_at("name");
        if (trim(name).empty()) {
            errors_.push_back(field_required(path_child(path, "name"), "name is not specified"));
        } else if (!is_cel_identifier(name)) {
            errors_.push_back(
                field_invalid(path_child(path, "name"), name, "must be a valid CEL identifier"));
        }
        const std::string_view expression = variable.string_at("expression");
        if (trim(expression).empty()) {
            errors_.push_back(
                field_required(path_child(path, "expression"), "expression is not specified"));
            return;
        }
        report(compiler_.add_variable(std::string(name), expression, scope(true)),
               path_child(path, "expression"));
    }

    void check_outcomes(const Value* validations, const Value* annotations) {
        const size_t validation_count = validations == nullptr ? 0 : validations->size();
        const size_t annotation_count = annotations == nullptr ? 0 : annotations->size();
        if (validation_count + annotation_count == 0) {
            for (const std::string_view member : {"validations", "auditAnnotations"}) {
                errors_.push_back(field_required(
                    path_child("spec", member),
                    "validations or auditAnnotations must contain at least one item"));
            }
            return;
        }
        for (size_t i = 0; i < validation_count; ++i) {
            check_validation(validations->at(i), path_index("spec.validations", i));
        }
        if (annotation_count > limits::audit_annotations_max) {
            errors_.push_back(
                field_invalid("spec.auditAnnotations", *annotations,
                              cat("must not have more than ", limits::audit_annotations_max,
                                  " auditAnnotations")));
        }
        std::set<std::string_view> keys;
        for (size_t i = 0; i < annotation_count; ++i) {
            const std::string path = path_index("spec.auditAnnotations", i);
            check_annotation(annotations->at(i), path);
            const std::string_view key = annotations->at(i).string_at("key");
            if (!keys.insert(key).second) {
                errors_.push_back(field_duplicate(path_child(path, "key"), key));
            }
        }
    }

    void check_validation(const Value& validation, const std::string& path) {
        const std::string_view expression = validation.string_at("expression");
        if (trim(expression).empty()) {
            errors_.push_back(
                field_required(path_child(path, "expression"), "expression is not specified"));
        } else {
            report(compiler_.compile(expression, Outcome::boolean, scope(true)),
                   path_child(path, "expression"));
        }
        const std::string_view message_expression = validation.string_at("messageExpression");
        if (!message_expression.empty() && trim(message_expression).empty()) {
            errors_.push_back(field_invalid(path_child(path, "messageExpression"),
                                            message_expression, "must be non-empty if specified"));
        } else if (!message_expression.empty()) {
            report(compiler_.compile(message_expression, Outcome::text, scope(false)),
                   path_child(path, "messageExpression"));
        }
        const std::string_view message = validation.string_at("message");
        const std::string message_path = path_child(path, "message");
        if (!message.empty() && trim(message).empty()) {
            errors_.push_back(
                field_invalid(message_path, message, "must be non-empty if specified"));
        } else if (has_newlines(trim(message))) {
            errors_.push_back(field_invalid(message_path, message, "must not contain line breaks"));
        }
        validate_choice(validation, "reason", path,
                        {"Forbidden", "Invalid", "RequestEntityTooLarge"}, errors_);
    }

    void check_annotation(const Value& annotation, const std::string& path) {
        const std::string_view key = annotation.string_at("key");
        const std::string full = name_.empty() ? std::string(key) : cat(name_, "/", key);
        for (std::string& text : check_qualified_name(full)) {
            errors_.push_back(field_invalid(path_child(path, "key"), full, std::move(text)));
        }
        const std::string_view expression = annotation.string_at("valueExpression");
        const std::string at = path_child(path, "valueExpression");
        if (trim(expression).empty()) {
            errors_.push_back(field_required(at, "valueExpression is not specified"));
        } else if (trim(expression).size() > limits::policy_message_bytes_max) {
            errors_.push_back(field_required(at, "must not exceed 5kb in length"));
        } else {
            report(compiler_.compile(expression, Outcome::text_or_null, scope(true)), at);
        }
    }

    std::string name_;
    FieldErrors& errors_;
    ExpressionCompiler compiler_;
    bool has_params_ = false;
};

void check_param_ref(const Value& reference, FieldErrors& errors) {
    const std::string path = "spec.paramRef";
    const std::string_view name = reference.string_at("name");
    const Value* selector = reference.find("selector");
    const bool has_selector = selector != nullptr && selector->is_map();
    constexpr std::string_view exclusive = "name and selector are mutually exclusive";
    if (!name.empty()) {
        for (std::string& text : check_path_segment_name(name)) {
            errors.push_back(field_invalid(path_child(path, "name"), name, std::move(text)));
        }
        if (has_selector) {
            errors.push_back(field_forbidden(path_child(path, "name"), std::string(exclusive)));
        }
    }
    if (has_selector) {
        validate_label_selector(selector, path_child(path, "selector"), errors);
        if (!name.empty()) {
            errors.push_back(field_forbidden(path_child(path, "selector"), std::string(exclusive)));
        }
    }
    if (name.empty() && !has_selector) {
        errors.push_back(field_required(path, "one of name or selector must be specified"));
    }
    if (reference.string_at("parameterNotFoundAction").empty()) {
        errors.push_back(field_required(path_child(path, "parameterNotFoundAction")));
    } else {
        validate_choice(reference, "parameterNotFoundAction", path, {"Deny", "Allow"}, errors);
    }
}

void check_actions(const Value* actions, FieldErrors& errors) {
    const std::string path = "spec.validationActions";
    static const std::vector<std::string> supported = {"Audit", "Deny", "Warn"};
    if (actions == nullptr || actions->empty()) {
        errors.push_back(field_required(path, "at least one validation action is required"));
        return;
    }
    std::set<std::string_view> seen;
    for (size_t i = 0; i < actions->size(); ++i) {
        const std::string_view action = actions->at(i).as_string();
        if (std::ranges::find(supported, action) == supported.end()) {
            errors.push_back(field_not_supported(path_index(path, i), action, supported));
        }
        if (!seen.insert(action).second) {
            errors.push_back(field_duplicate(path_index(path, i), action));
        }
    }
    if (seen.contains("Deny") && seen.contains("Warn")) {
        errors.push_back(field_invalid(
            path, *actions,
            "must not contain both Deny and Warn (repeating the same validation failure "
            "information in the API response and headers serves no purpose)"));
    }
}

}  // namespace

FieldErrors validate_policy(const Value& object) {
    FieldErrors errors;
    const Value* spec = object.find("spec");
    PolicyCheck(object, errors).check(spec == nullptr ? Value::map() : *spec);
    return errors;
}

FieldErrors validate_policy_binding(const Value& object) {
    FieldErrors errors;
    const Value* found = object.find("spec");
    const Value spec = found == nullptr ? Value::map() : *found;
    const std::string_view policy = spec.string_at("policyName");
    if (policy.empty()) {
        errors.push_back(field_required("spec.policyName"));
    } else {
        for (std::string& text : check_dns1123_subdomain(policy)) {
            errors.push_back(field_invalid("spec.policyName", policy, std::move(text)));
        }
    }
    if (const Value* reference = spec.find("paramRef");
        reference != nullptr && reference->is_map()) {
        check_param_ref(*reference, errors);
    }
    if (const Value* resources = spec.find("matchResources");
        resources != nullptr && resources->is_map()) {
        check_match_resources(*resources, "spec.matchResources", errors);
    }
    check_actions(spec.find("validationActions"), errors);
    return errors;
}

}  // namespace weft::server
