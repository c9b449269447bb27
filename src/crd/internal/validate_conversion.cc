// crd/internal/validate_conversion.cc: webhooks that convert objects.

#include "crd/internal/validate_conversion.h"

#include <algorithm>
#include <set>

#include "base/base.h"
#include "crd/internal/internal_form.h"
#include "object/names.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;

namespace {

constexpr int64_t port_max = 65535;

bool is_accepted_version(std::string_view version) {
    return version == "v1" || version == "v1beta1";
}

// PEM certificates, by their frame: what they hold is looked at when they are used.
bool is_pem_bundle(std::string_view bundle) {
    const size_t begin = bundle.find("-----BEGIN CERTIFICATE-----");
    return begin != std::string_view::npos &&
           bundle.find("-----END CERTIFICATE-----", begin) != std::string_view::npos;
}

struct Url {
    std::string_view scheme;
    std::string_view host;
    bool has_user = false;
    bool has_fragment = false;
    bool has_query = false;
};

Url parse_url(std::string_view text) {
    Url url;
    if (const size_t colon = text.find("://"); colon != std::string_view::npos) {
        url.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 3);
    } else if (const size_t only = text.find(':'); only != std::string_view::npos) {
        url.scheme = text.substr(0, only);
        text = {};
    } else {
        text = {};
    }
    url.has_fragment = text.contains('#');
    text = text.substr(0, text.find('#'));
    url.has_query = text.contains('?');
    text = text.substr(0, text.find('?'));
    url.host = text.substr(0, text.find('/'));
    if (const size_t at = url.host.rfind('@'); at != std::string_view::npos) {
        url.has_user = true;
        url.host.remove_prefix(at + 1);
    }
    return url;
}

void check_url(std::string_view text, const std::string& path, FieldErrors& out) {
    constexpr std::string_view form = "; desired format: https://host[/path]";
    if (text.starts_with(':')) {
        out.push_back(field_required(path, cat("url must be a valid URL: parse ", quote(text),
                                               ": missing protocol scheme", form)));
        return;
    }
    const Url url = parse_url(text);
    if (url.scheme != "https") {
        out.push_back(field_invalid(path, Value(url.scheme),
                                    cat("'https' is the only allowed URL scheme", form)));
    }
    if (url.host.empty()) {
        out.push_back(field_invalid(path, Value(url.host), cat("host must be specified", form)));
    }
    if (url.has_user) {
        out.push_back(
            field_invalid(path, Value(text), "user information is not permitted in the URL"));
    }
    if (url.has_fragment) {
        out.push_back(field_invalid(path, Value(text), "fragments are not permitted in the URL"));
    }
    if (url.has_query) {
        out.push_back(
            field_invalid(path, Value(text), "query parameters are not permitted in the URL"));
    }
}

void check_service(const Value& service, const std::string& path, FieldErrors& out) {
    if (service.string_at("name").empty()) {
        out.push_back(field_required(path_child(path, "name"), "service name is required"));
    }
    if (service.string_at("namespace").empty()) {
        out.push_back(
            field_required(path_child(path, "namespace"), "service namespace is required"));
    }
    if (const Value* port = get(service, "port")) {
        if (!port->is_int() || port->as_int() < 1 || port->as_int() > port_max) {
            out.push_back(
                field_invalid(path_child(path, "port"), *port,
                              "port is not valid: must be between 1 and 65535, inclusive"));
        }
    }
    const Value* found = get(service, "path");
    if (found == nullptr) {
        return;
    }
    const std::string_view text = found->is_string() ? found->as_string() : "";
    const std::string place = path_child(path, "path");
    if (text == "/") {
        return;
    }
    if (text == "//") {
        out.push_back(field_invalid(place, *found, "segment[0] may not be empty"));
        return;
    }
    if (!text.starts_with('/')) {
        out.push_back(field_invalid(place, *found, "must start with a '/'"));
    }
    std::string_view inner = text.substr(std::min<size_t>(1, text.size()));
    inner = inner.ends_with('/') ? inner.substr(0, inner.size() - 1) : inner;
    size_t i = 0;
    for (const std::string_view segment : split(inner, '/')) {
        if (segment.empty()) {
            out.push_back(field_invalid(place, *found, cat("segment[", i, "] may not be empty")));
        }
        for (const std::string& problem : check_dns1123_subdomain(segment)) {
            if (!segment.empty()) {
                out.push_back(field_invalid(place, *found, cat("segment[", i, "]: ", problem)));
            }
        }
        ++i;
    }
}

void check_client(const Value& client, const ConversionOptions& options, const std::string& path,
                  FieldErrors& out) {
    const Value* url = get(client, "url");
    const Value* service = get(client, "service");
    if ((url == nullptr) == (service == nullptr)) {
        out.push_back(field_required(path, "exactly one of url or service is required"));
    } else if (url != nullptr) {
        check_url(url->is_string() ? url->as_string() : "", path_child(path, "url"), out);
    } else {
        check_service(*service, path_child(path, "service"), out);
    }
    const std::string_view bundle = client.string_at("caBundle");
    if (!bundle.empty() && !options.allow_invalid_bundle && !is_pem_bundle(bundle)) {
        out.push_back(
            field_invalid(path_child(path, "caBundle"), Value(base64_encode(bundle)),
                          "unable to load root certificates: unable to parse bytes as PEM block"));
    }
}

void check_review_versions(const Value& conversion, bool require_recognized,
                           const std::string& path, FieldErrors& out) {
    const auto versions = items_of(conversion, "conversionReviewVersions");
    if (versions.empty()) {
        out.push_back(field_required(path));
        return;
    }
    std::set<std::string_view> seen;
    bool has_accepted = false;
    size_t i = 0;
    for (const Value& version : versions) {
        const std::string place = path_index(path, i++);
        const std::string_view text = version.is_string() ? version.as_string() : "";
        if (!seen.insert(text).second) {
            out.push_back(field_invalid(place, version, "duplicate version"));
            continue;
        }
        for (std::string& problem : check_dns1035_label(text)) {
            out.push_back(field_invalid(place, version, std::move(problem)));
        }
        has_accepted = has_accepted || is_accepted_version(text);
    }
    if (require_recognized && !has_accepted) {
        out.push_back(field_invalid(path, *get(conversion, "conversionReviewVersions"),
                                    "must include at least one of v1, v1beta1"));
    }
}

}  // namespace

ConversionOptions conversion_options_for_update(const Value& old_spec, bool is_established) {
    ConversionOptions options;
    const Value* conversion = get(old_spec, "conversion");
    if (conversion != nullptr) {
        const auto versions = items_of(*conversion, "conversionReviewVersions");
        options.require_recognized_version =
            versions.empty() || std::ranges::any_of(versions, [](const Value& version) {
                return version.is_string() && is_accepted_version(version.as_string());
            });
    }
    const std::string_view bundle = conversion == nullptr
                                        ? std::string_view()
                                        : conversion->string_at("webhookClientConfig", "caBundle");
    options.allow_invalid_bundle = !is_established || (!bundle.empty() && !is_pem_bundle(bundle));
    return options;
}

FieldErrors validate_conversion(const Value* conversion, const ConversionOptions& options,
                                const std::string& path) {
    FieldErrors out;
    if (conversion == nullptr) {
        return out;
    }
    const std::string_view strategy = conversion->string_at("strategy");
    if (strategy.empty()) {
        out.push_back(field_required(path_child(path, "strategy")));
    } else if (strategy != "None" && strategy != "Webhook") {
        out.push_back(schema::field_not_supported(path_child(path, "strategy"), Value(strategy),
                                                  {"None", "Webhook"}));
    }
    const Value* client = get(*conversion, "webhookClientConfig");
    const std::string client_path = path_child(path, "webhookClientConfig");
    const std::string versions_path = path_child(path, "conversionReviewVersions");
    if (strategy == "Webhook") {
        if (client == nullptr) {
            out.push_back(field_required(client_path, "required when strategy is set to Webhook"));
        } else {
            check_client(*client, options, client_path, out);
        }
        check_review_versions(*conversion, options.require_recognized_version, versions_path, out);
        return out;
    }
    constexpr std::string_view text = "should not be set when strategy is not set to Webhook";
    if (client != nullptr) {
        out.push_back(field_forbidden(client_path, std::string(text)));
    }
    if (!items_of(*conversion, "conversionReviewVersions").empty()) {
        out.push_back(field_forbidden(versions_path, std::string(text)));
    }
    return out;
}

}  // namespace weft::crd::internal
