// schema/webhook_client.h: where a webhook is reached, of conversions and of admission alike.
//
// Source of the behaviour and of the texts: k8s.io/apiserver pkg/util/webhook/validation.go, 0.36.

#pragma once

#include <string>
#include <string_view>

#include "schema/field_error.h"

namespace weft::schema {

// "https://host[/path]" and nothing more.
void validate_webhook_url(std::string_view url, const std::string& path, FieldErrors& errors);

// `port` and `service_path` with their defaults: 443 and "".
void validate_webhook_service(std::string_view space, std::string_view name,
                              std::string_view service_path, int64_t port, const std::string& path,
                              FieldErrors& errors);

}  // namespace weft::schema
