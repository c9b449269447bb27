// server/internal/admission/validate.cc: rules, selectors and conditions, whoever has them.

#include "server/internal/admission/validate.h"

#include <algorithm>
#include <set>

#include "object/names.h"
#include "server/internal/admission/expressions.h"
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

bool has_star(const Value& list) {
    return std::ranges::find(list.items(), Value("*")) != list.items().end();
}

// A list that must not be empty, and in which a star stands alone.
void check_starred(const Value& rule, std::string_view member, const std::string& path,
                   std::string_view others, FieldErrors& errors) {
    const Value* list = rule.find(member);
    const std::string at = path_child(path, member);
    if (list == nullptr || list->empty()) {
        errors.push_back(field_required(at));
    } else if (list->size() > 1 && has_star(*list)) {
        errors.push_back(
            field_invalid(at, *list, cat("if '*' is present, must not specify other ", others)));
    }
}

void check_resources(const Value& rule, const std::string& path, FieldErrors& errors) {
    const std::string at = path_child(path, "resources");
    const Value* list = rule.find("resources");
    if (list == nullptr || list->empty()) {
        errors.push_back(field_required(at));
        return;
    }
    bool has_all = false;
    bool has_any = false;
    bool has_plain = false;
    std::set<std::string_view> with_all_subresources;
    std::set<std::string_view> of_all_resources;
    for (size_t i = 0; i < list->size(); ++i) {
        const std::string_view text = list->at(i).as_string();
        const std::string here = path_index(at, i);
        if (text.empty()) {
            errors.push_back(field_required(here));
            continue;
        }
        has_all = has_all || text == "*/*";
        has_any = has_any || text == "*";
        const size_t slash = text.find('/');
        if (slash == std::string_view::npos) {
            has_plain = has_plain || text != "*";
            continue;
        }
        const std::string_view resource = text.substr(0, slash);
        const std::string_view subresource = text.substr(slash + 1);
        if (with_all_subresources.contains(resource)) {
            errors.push_back(field_invalid(
                here, text, cat("if '", resource, "/*' is present, must not specify ", text)));
        }
        if (of_all_resources.contains(subresource)) {
            errors.push_back(field_invalid(
                here, text, cat("if '*/", subresource, "' is present, must not specify ", text)));
        }
        if (subresource == "*") {
            with_all_subresources.insert(resource);
        }
        if (resource == "*") {
            of_all_resources.insert(subresource);
        }
    }
    if (list->size() > 1 && has_all) {
        errors.push_back(
            field_invalid(at, *list, "if '*/*' is present, must not specify other resources"));
    }
    if (has_any && has_plain) {
        errors.push_back(field_invalid(at, *list,
                                       "if '*' is present, must not specify other resources "
                                       "without subresources"));
    }
}

void check_requirement(const Value& requirement, const std::string& path, FieldErrors& errors) {
    const std::string_view op = requirement.string_at("operator");
    const Value* values = requirement.find("values");
    const std::string at = path_child(path, "values");
    if (op == "In" || op == "NotIn") {
        if (values == nullptr || values->empty()) {
            errors.push_back(
                field_required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
    } else if (op == "Exists" || op == "DoesNotExist") {
        if (values != nullptr && !values->empty()) {
            errors.push_back(field_forbidden(
                at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
    } else {
        errors.push_back(
            field_invalid(path_child(path, "operator"), op, "not a valid selector operator"));
    }
    const std::string_view key = requirement.string_at("key");
    for (std::string& text : check_qualified_name(key)) {
        errors.push_back(field_invalid(path_child(path, "key"), key, std::move(text)));
    }
    for (size_t i = 0; values != nullptr && i < values->size(); ++i) {
        const std::string_view value = values->at(i).as_string();
        for (std::string& text : check_label_value(value)) {
            errors.push_back(field_invalid(path_index(at, i), value, std::move(text)));
        }
    }
}

}  // namespace

void validate_choice(const Value& object, std::string_view member, const std::string& path,
                     const std::vector<std::string>& supported, FieldErrors& errors) {
    const Value* given = object.find(member);
    if (given == nullptr || !given->is_string()) {
        return;
    }
    if (std::ranges::find(supported, given->as_string()) == supported.end()) {
        errors.push_back(field_not_supported(path_child(path, member), *given, supported));
    }
}

void validate_operation_rule(const Value& rule, const std::string& path, FieldErrors& errors) {
    static const std::vector<std::string> operations = {"*", "CONNECT", "CREATE", "DELETE",
                                                        "UPDATE"};
    const Value* names = rule.find("resourceNames");
    std::set<std::string_view> seen;
    for (size_t i = 0; names != nullptr && i < names->size(); ++i) {
        const std::string_view name = names->at(i).as_string();
        const std::string at = path_index(path_child(path, "resourceNames"), i);
        for (std::string& text : check_path_segment_name(name)) {
            errors.push_back(field_invalid(at, name, std::move(text)));
        }
        if (!seen.insert(name).second) {
            errors.push_back(field_duplicate(at, name));
        }
    }
    check_starred(rule, "operations", path, "operations", errors);
    if (const Value* given = rule.find("operations")) {
        for (size_t i = 0; i < given->size(); ++i) {
            if (std::ranges::find(operations, given->at(i).as_string()) == operations.end()) {
                errors.push_back(field_not_supported(path_index(path_child(path, "operations"), i),
                                                     given->at(i), operations));
            }
        }
    }
    check_starred(rule, "apiGroups", path, "API groups", errors);
    check_starred(rule, "apiVersions", path, "API versions", errors);
    if (const Value* versions = rule.find("apiVersions")) {
        for (size_t i = 0; i < versions->size(); ++i) {
            if (versions->at(i) == Value("")) {
                errors.push_back(field_required(path_index(path_child(path, "apiVersions"), i)));
            }
        }
    }
    check_resources(rule, path, errors);
    validate_choice(rule, "scope", path, {"*", "Cluster", "Namespaced"}, errors);
}

void validate_match_conditions(const Value& object, const std::string& path, bool has_params,
                               FieldErrors& errors) {
    const Value* conditions = object.find("matchConditions");
    if (conditions == nullptr) {
        return;
    }
    const std::string at = path_child(path, "matchConditions");
    if (conditions->size() > limits::match_conditions_max) {
        errors.push_back(schema::field_too_many(at, static_cast<int64_t>(conditions->size()),
                                                limits::match_conditions_max));
    }
    std::set<std::string_view> names;
    for (size_t i = 0; i < conditions->size(); ++i) {
        const Value& condition = conditions->at(i);
        const std::string here = path_index(at, i);
        const std::string_view expression = trim(condition.string_at("expression"));
        if (expression.empty()) {
            errors.push_back(field_required(path_child(here, "expression")));
        } else {
            const CompiledExpression compiled = compile_plain(
                expression, Outcome::boolean, {.has_params = has_params, .has_authorizer = true});
            if (!compiled.program) {
                errors.push_back(
                    field_invalid(path_child(here, "expression"), expression, compiled.error));
            }
        }
        const std::string_view name = condition.string_at("name");
        const std::string name_path = path_child(here, "name");
        if (name.empty()) {
            errors.push_back(field_required(name_path));
            continue;
        }
        for (std::string& text : check_qualified_name(name)) {
            errors.push_back(field_invalid(name_path, name, std::move(text)));
        }
        if (!names.insert(name).second) {
            errors.push_back(field_duplicate(name_path, name));
        }
    }
}

void validate_label_selector(const Value* selector, const std::string& path, FieldErrors& errors) {
    if (selector == nullptr || !selector->is_map()) {
        return;
    }
    if (const Value* labels = selector->find("matchLabels")) {
        const std::string at = path_child(path, "matchLabels");
        for (const Member& label : labels->members()) {
            for (std::string& text : check_qualified_name(label.name())) {
                errors.push_back(field_invalid(at, label.name(), std::move(text)));
            }
            for (std::string& text : check_label_value(label.value.as_string())) {
                errors.push_back(field_invalid(at, label.value, std::move(text)));
            }
        }
    }
    if (const Value* requirements = selector->find("matchExpressions")) {
        for (size_t i = 0; i < requirements->size(); ++i) {
            check_requirement(requirements->at(i),
                              path_index(path_child(path, "matchExpressions"), i), errors);
        }
    }
}

FieldErrors validate_admission(const Resource& resource, const Value& object) {
    if (resource.gvr.group != "admissionregistration.k8s.io") {
        return {};
    }
    if (resource.kind == "ValidatingAdmissionPolicy") {
        return validate_policy(object);
    }
    if (resource.kind == "ValidatingAdmissionPolicyBinding") {
        return validate_policy_binding(object);
    }
    if (resource.kind == "MutatingWebhookConfiguration" ||
        resource.kind == "ValidatingWebhookConfiguration") {
        return validate_webhooks(object, resource.kind == "MutatingWebhookConfiguration");
    }
    return {};
}

}  // namespace weft::server
