// server/internal/admission/validate_webhooks.cc: webhook configurations.

#include <algorithm>
#include <set>

#include "object/names.h"
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

// The parts of a URL that may be wrong, as Go's url.Parse finds them.
struct UrlParts {
    std::string scheme;
    std::string host;
    std::string user;
    std::string fragment;
    std::string query;
    bool has_user = false;
};

UrlParts url_parts(std::string_view url) {
    UrlParts out;
    if (const size_t hash = url.find('#'); hash != std::string_view::npos) {
        out.fragment = url.substr(hash + 1);
        url = url.substr(0, hash);
    }
    if (const size_t colon = url.find(':');
        colon != std::string_view::npos && url.find('/') > colon) {
        out.scheme = to_lower(url.substr(0, colon));
        url = url.substr(colon + 1);
    }
    if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
        out.query = url.substr(mark + 1);
        url = url.substr(0, mark);
    }
    if (!url.starts_with("//")) {
        return out;
    }
    url = url.substr(2);
    std::string_view authority = url.substr(0, url.find('/'));
    if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
        out.user = authority.substr(0, at);
        out.has_user = true;
        authority = authority.substr(at + 1);
    }
    out.host = authority;
    return out;
}

void check_client_url(std::string_view url, const std::string& path, FieldErrors& errors) {
    constexpr std::string_view form = "; desired format: https://host[/path]";
    const UrlParts parts = url_parts(url);
    if (parts.scheme != "https") {
        errors.push_back(
            field_invalid(path, parts.scheme, cat("'https' is the only allowed URL scheme", form)));
    }
    if (parts.host.empty()) {
        errors.push_back(field_invalid(path, parts.host, cat("host must be specified", form)));
    }
    if (parts.has_user) {
        errors.push_back(
            field_invalid(path, parts.user, "user information is not permitted in the URL"));
    }
    if (!parts.fragment.empty()) {
        errors.push_back(
            field_invalid(path, parts.fragment, "fragments are not permitted in the URL"));
    }
    if (!parts.query.empty()) {
        errors.push_back(
            field_invalid(path, parts.query, "query parameters are not permitted in the URL"));
    }
}

void check_service_path(std::string_view path_text, const std::string& path, FieldErrors& errors) {
    if (path_text.empty() || path_text == "/") {
        return;
    }
    if (path_text == "//") {
        errors.push_back(field_invalid(path, path_text, "segment[0] may not be empty"));
        return;
    }
    if (!path_text.starts_with('/')) {
        errors.push_back(field_invalid(path, path_text, "must start with a '/'"));
    }
    std::string_view rest = path_text.substr(1);
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    size_t index = 0;
    for (const std::string_view segment : split(rest, '/')) {
        if (segment.empty()) {
            errors.push_back(
                field_invalid(path, path_text, cat("segment[", index, "] may not be empty")));
        } else {
            for (const std::string& text : check_dns1123_subdomain(segment)) {
                errors.push_back(
                    field_invalid(path, path_text, cat("segment[", index, "]: ", text)));
            }
        }
        ++index;
    }
}

void check_client_service(const Value& service, const std::string& path, FieldErrors& errors) {
    for (const std::string_view member : {"name", "namespace"}) {
        if (service.string_at(member).empty()) {
            errors.push_back(field_required(path_child(path, member)));
        }
    }
    constexpr int64_t port_max = 65535;
    const int64_t port = service.int_at(443, "port");
    if (port < 1 || port > port_max) {
        errors.push_back(
            field_invalid(path_child(path, "port"), port,
                          "port is not valid: must be between 1 and 65535, inclusive"));
    }
    check_service_path(service.string_at("path"), path_child(path, "path"), errors);
}

void check_client(const Value* config, const std::string& path, FieldErrors& errors) {
    const Value* url = config == nullptr ? nullptr : config->find("url");
    const Value* service = config == nullptr ? nullptr : config->find("service");
    const bool has_url = url != nullptr && url->is_string();
    const bool has_service = service != nullptr && service->is_map();
    if (has_url == has_service) {
        errors.push_back(field_required(path, "exactly one of url or service is required"));
    } else if (has_url) {
        check_client_url(url->as_string(), path_child(path, "url"), errors);
    } else {
        check_client_service(*service, path_child(path, "service"), errors);
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
    if (hook.string_at("sideEffects").empty()) {
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
    check_client(hook.find("clientConfig"), path_child(path, "clientConfig"), errors);
    validate_match_conditions(hook, path, false, errors);
    if (is_mutating) {
        validate_choice(hook, "reinvocationPolicy", path, {"IfNeeded", "Never"}, errors);
    }
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
