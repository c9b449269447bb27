// crd/internal/validate_conversion.cc: webhooks that convert objects.

#include "crd/internal/validate_conversion.h"

#include <algorithm>
#include <set>

#include "base/base.h"
#include "crd/internal/internal_form.h"
#include "object/names.h"
#include "schema/webhook_client.h"

namespace weft::crd::internal {

using schema::field_forbidden;
using schema::field_invalid;
using schema::field_required;
using schema::FieldErrors;
using schema::path_child;
using schema::path_index;

namespace {

bool is_accepted_version(std::string_view version) {
    return version == "v1" || version == "v1beta1";
}

// PEM certificates, by their frame: what they hold is looked at when they are used.
bool is_pem_bundle(std::string_view bundle) {
    const size_t begin = bundle.find("-----BEGIN CERTIFICATE-----");
    return begin != std::string_view::npos &&
           bundle.find("-----END CERTIFICATE-----", begin) != std::string_view::npos;
}

void check_client(const Value& client, const ConversionOptions& options, const std::string& path,
                  FieldErrors& out) {
    const Value* url = get(client, "url");
    const Value* service = get(client, "service");
    if ((url == nullptr) == (service == nullptr)) {
        out.push_back(field_required(path, "exactly one of url or service is required"));
    } else if (url != nullptr) {
        schema::validate_webhook_url(client.string_at("url"), path_child(path, "url"), out);
    } else {
        schema::validate_webhook_service(*service, path_child(path, "service"), out);
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
