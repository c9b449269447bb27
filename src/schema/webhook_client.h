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

// A service by its name, namespace, path and port (443 if it has none).
void validate_webhook_service(const Value& service, const std::string& path, FieldErrors& errors);

}  // namespace weft::schema
