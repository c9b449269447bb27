// server/internal/admission/validate_webhooks.cc: webhook configurations.

#include <algorithm>
#include <set>

#include "object/names.h"
#include "schema/webhook_client.h"
#include "server/internal/admission/validate.h"

namespace weft::server {

namespace {

using schema::field_duplicate;
using schema::field_invalid;
using schema::field_required;
using schema::path_child;
using schema::path_index;

void check_webhook_name(std::string_view name, const std::string& path, FieldErrors& errors) {
    if (name.empty()) {
        errors.push_back(field_required(path));
        return;
    }
    if (const auto texts = check_dns1123_subdomain(name); !texts.empty()) {
        errors.push_back(field_invalid(path, name, join(texts, ",")));
        return;
    }
    if (split(name, '.').size() < 3) {
        errors.push_back(field_invalid(
            path, name, "should be a domain with at least three segments separated by dots"));
    }
}

void check_client(const Value* config, const std::string& path, FieldErrors& errors) {
    const Value* url = config == nullptr ? nullptr : config->find("url");
    const Value* service = config == nullptr ? nullptr : config->find("service");
    const bool has_url = url != nullptr && url->is_string();
    const bool has_service = service != nullptr && service->is_map();
    if (has_url == has_service) {
        errors.push_back(field_required(path, "exactly one of url or service is required"));
    } else if (has_url) {
        schema::validate_webhook_url(url->as_string(), path_child(path, "url"), errors);
    } else {
        schema::validate_webhook_service(*service, path_child(path, "service"), errors);
    }
}

void check_review_versions(const Value& hook, const std::string& path, FieldErrors& errors) {
    const std::string at = path_child(path, "admissionReviewVersions");
    const Value* versions = hook.find("admissionReviewVersions");
    if (versions == nullptr || versions->empty()) {
        errors.push_back(field_required(at, "must specify one of v1, v1beta1"));
        return;
    }
    bool is_known = false;
    std::set<std::string_view> seen;
    for (size_t i = 0; i < versions->size(); ++i) {
        const std::string_view version = versions->at(i).as_string();
        if (!seen.insert(version).second) {
            errors.push_back(field_invalid(path_index(at, i), version, "duplicate version"));
            continue;
        }
        if (const auto texts = check_dns1035_label(version); !texts.empty()) {
            errors.push_back(field_invalid(path_index(at, i), version, join(texts, ",")));
        }
        is_known = is_known || version == "v1" || version == "v1beta1";
    }
    if (!is_known) {
        errors.push_back(field_invalid(at, *versions, "must include at least one of v1, v1beta1"));
    }
}

void check_webhook(const Value& hook, const std::string& path, bool is_mutating,
                   FieldErrors& errors) {
    check_webhook_name(hook.string_at("name"), path_child(path, "name"), errors);
    const Value* rules = hook.find("rules");
    for (size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
        validate_operation_rule(rules->at(i), path_index(path_child(path, "rules"), i), errors);
    }
    validate_choice(hook, "failurePolicy", path, {"Fail", "Ignore"}, errors);
    validate_choice(hook, "matchPolicy", path, {"Equivalent", "Exact"}, errors);
    if (const Value* effects = hook.find("sideEffects"); effects == nullptr || effects->is_null()) {
        errors.push_back(field_required(path_child(path, "sideEffects"),
                                        "must specify one of None, NoneOnDryRun"));
    } else {
        validate_choice(hook, "sideEffects", path, {"None", "NoneOnDryRun"}, errors);
    }
    constexpr int64_t timeout_max = 30;
    if (const Value* timeout = hook.find("timeoutSeconds");
        timeout != nullptr && timeout->is_int() &&
        (timeout->as_int() < 1 || timeout->as_int() > timeout_max)) {
        errors.push_back(field_invalid(path_child(path, "timeoutSeconds"), *timeout,
                                       "the timeout value must be between 1 and 30 seconds"));
    }
    for (const std::string_view member : {"namespaceSelector", "objectSelector"}) {
        validate_label_selector(hook.find(member), path_child(path, member), errors);
    }
    if (is_mutating) {
        validate_choice(hook, "reinvocationPolicy", path, {"IfNeeded", "Never"}, errors);
    }
    check_client(hook.find("clientConfig"), path_child(path, "clientConfig"), errors);
    validate_match_conditions(hook, path, false, errors);
    check_review_versions(hook, path, errors);
}

}  // namespace

FieldErrors validate_webhooks(const Value& object, bool is_mutating) {
    FieldErrors errors;
    const Value* hooks = object.find("webhooks");
    std::set<std::string_view> names;
    for (size_t i = 0; hooks != nullptr && i < hooks->size(); ++i) {
        const std::string path = path_index("webhooks", i);
        check_webhook(hooks->at(i), path, is_mutating, errors);
        const std::string_view name = hooks->at(i).string_at("name");
        if (!name.empty() && !names.insert(name).second) {
            errors.push_back(field_duplicate(path_child(path, "name"), name));
        }
    }
    return errors;
}

}  // namespace weft::server
