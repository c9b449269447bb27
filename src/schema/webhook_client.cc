// schema/webhook_client.cc: where a webhook is reached, of conversions and of admission alike.

#include "schema/webhook_client.h"

#include "base/base.h"
#include "base/go_url.h"
#include "object/names.h"

namespace weft::schema {

namespace {

void check_service_path(std::string_view text, const std::string& path, FieldErrors& errors) {
    if (text.empty() || text == "/") {
        return;
    }
    if (text == "//") {
        errors.push_back(field_invalid(path, text, "segment[0] may not be empty"));
        return;
    }
    if (!text.starts_with('/')) {
        errors.push_back(field_invalid(path, text, "must start with a '/'"));
    }
    std::string_view rest = text.substr(1);
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    size_t index = 0;
    for (const std::string_view segment : split(rest, '/')) {
        if (segment.empty()) {
            errors.push_back(
                field_invalid(path, text, cat("segment[", index, "] may not be empty")));
        } else {
            for (const std::string& problem : check_dns1123_subdomain(segment)) {
                errors.push_back(field_invalid(path, text, cat("segment[", index, "]: ", problem)));
            }
        }
        ++index;
    }
}

}  // namespace

void validate_webhook_url(std::string_view url, const std::string& path, FieldErrors& errors) {
    constexpr std::string_view form = "; desired format: https://host[/path]";
    const Result<GoUrl> parts = parse_go_url(url);
    if (!parts) {
        errors.push_back(
            field_required(path, cat("url must be a valid URL: ", parts.error().message(), form)));
        return;
    }
    if (parts->scheme != "https") {
        errors.push_back(field_invalid(path, parts->scheme,
                                       cat("'https' is the only allowed URL scheme", form)));
    }
    if (parts->host.empty()) {
        errors.push_back(field_invalid(path, parts->host, cat("host must be specified", form)));
    }
    if (parts->has_user) {
        errors.push_back(
            field_invalid(path, parts->user, "user information is not permitted in the URL"));
    }
    if (!parts->fragment.empty()) {
        errors.push_back(
            field_invalid(path, parts->fragment, "fragments are not permitted in the URL"));
    }
    if (!parts->raw_query.empty()) {
        errors.push_back(
            field_invalid(path, parts->raw_query, "query parameters are not permitted in the URL"));
    }
}

void validate_webhook_service(const Value& service, const std::string& path, FieldErrors& errors) {
    // Upstream takes the one for the other.
    if (service.string_at("namespace").empty()) {
        errors.push_back(field_required(path_child(path, "name")));
    }
    if (service.string_at("name").empty()) {
        errors.push_back(field_required(path_child(path, "namespace")));
    }
    constexpr int64_t https_port = 443;
    const int64_t port = service.int_at(https_port, "port");
    constexpr int64_t port_max = 65535;
    if (port < 1 || port > port_max) {
        errors.push_back(
            field_invalid(path_child(path, "port"), port,
                          "port is not valid: must be between 1 and 65535, inclusive"));
    }
    check_service_path(service.string_at("path"), path_child(path, "path"), errors);
}

}  // namespace weft::schema
