// server/internal/status.cc: the wordings of apimachinery/pkg/api/errors and validation/field.

#include "server/internal/status.h"

#include <algorithm>

namespace weft::server {

namespace {

ErrorDetails details_of(const GroupResource& resource, std::string_view name) {
    ErrorDetails details;
    details.name = std::string(name);
    details.group = resource.group;
    details.kind = resource.resource;
    return details;
}

}  // namespace

Error not_found(const GroupResource& resource, std::string_view name) {
    return {Reason::not_found, cat(resource.text(), " ", quote(name), " not found"),
            details_of(resource, name)};
}

Error already_exists(const GroupResource& resource, std::string_view name) {
    return {Reason::already_exists, cat(resource.text(), " ", quote(name), " already exists"),
            details_of(resource, name)};
}

Error conflict(const GroupResource& resource, std::string_view name, std::string_view why) {
    return {Reason::conflict,
            cat("Operation cannot be fulfilled on ", resource.text(), " ", quote(name), ": ", why),
            details_of(resource, name)};
}

Error modified_conflict(const GroupResource& resource, std::string_view name) {
    return conflict(resource, name,
                    "the object has been modified; please apply your changes to the latest "
                    "version and try again");
}

Error forbidden(const GroupResource& resource, std::string_view name, std::string_view why) {
    if (resource.resource.empty()) {
        return {Reason::forbidden, cat("forbidden: ", why), ErrorDetails{}};
    }
    return {Reason::forbidden,
            name.empty() ? cat(resource.text(), " is forbidden: ", why)
                         : cat(resource.text(), " ", quote(name), " is forbidden: ", why),
            details_of(resource, name)};
}

Error method_not_supported(const GroupResource& resource, std::string_view verb) {
    return {Reason::method_not_allowed,
            cat(verb, " is not supported on resources of kind ", quote(resource.text())),
            details_of(resource, "")};
}

Error bad_request(std::string message) {
    return {Reason::bad_request, std::move(message)};
}

Error internal_error(std::string_view message) {
    ErrorDetails details;
    details.causes.push_back({"", std::string(message), ""});
    return {Reason::internal_error, cat("Internal error occurred: ", message), std::move(details)};
}

int code_of(const Error& error) {
    if (error.details().code != 0) {
        return error.details().code;
    }
    return reason_code(error.reason());
}

namespace {

Value status_head(std::string_view message) {
    Value status = Value::map_with_capacity(8);
    status.append_new("kind", "Status");
    status.append_new("apiVersion", "v1");
    status.append_new("metadata", Value::map());
    status.append_new("status", "Failure");
    status.append_new("message", message);
    return status;
}

void set_text(Value& map, std::string_view key, const std::string& text) {
    if (!text.empty()) {
        map.append_new(key, text);
    }
}

}  // namespace

Value status_of(const Error& error) {
    Value status = status_head(error.message());
    const std::string_view reason = reason_text(error.reason());
    if (!reason.empty()) {
        status.append_new("reason", reason);
    }
    const ErrorDetails& from = error.details();
    Value details = Value::map();
    set_text(details, "name", from.name);
    set_text(details, "group", from.group);
    set_text(details, "kind", from.kind);
    set_text(details, "uid", from.uid);
    if (!from.causes.empty()) {
        Value causes = Value::list();
        for (const Cause& cause : from.causes) {
            Value entry = Value::map();
            set_text(entry, "reason", cause.reason);
            set_text(entry, "message", cause.message);
            set_text(entry, "field", cause.field);
            causes.push_back(std::move(entry));
        }
        details.append_new("causes", std::move(causes));
    }
    if (from.retry_after_seconds > 0) {
        details.append_new("retryAfterSeconds", from.retry_after_seconds);
    }
    // Go's constructors of these reasons always set details.
    const bool always = error.reason() == Reason::forbidden || error.reason() == Reason::conflict ||
                        error.reason() == Reason::not_found || error.reason() == Reason::invalid ||
                        error.reason() == Reason::already_exists ||
                        error.reason() == Reason::method_not_allowed;
    if (always || !details.empty()) {
        status.append_new("details", std::move(details));
    }
    status.append_new("code", code_of(error));
    return status;
}

Value generic_status(Reason reason, int code, std::string_view message) {
    Value status = status_head(message);
    status.append_new("reason", reason_text(reason));
    status.append_new("details", Value::map());
    status.append_new("code", code);
    return status;
}

}  // namespace weft::server
