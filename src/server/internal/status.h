// server/internal/status.h: errors as Kubernetes Status answers, with the words clients know.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/http.h"
#include "object/object.h"
#include "schema/field_error.h"

namespace weft::server {

using schema::FieldError;
using schema::FieldErrors;

// The group and plural of a resource, for messages: "deployments.apps".
struct GroupResource {
    std::string group;
    std::string resource;
    [[nodiscard]] std::string text() const {
        return group.empty() ? resource : resource + "." + group;
    }
};

[[nodiscard]] Error not_found(const GroupResource& resource, std::string_view name);
[[nodiscard]] Error already_exists(const GroupResource& resource, std::string_view name);
[[nodiscard]] Error conflict(const GroupResource& resource, std::string_view name,
                             std::string_view why);
[[nodiscard]] Error modified_conflict(const GroupResource& resource, std::string_view name);
[[nodiscard]] Error forbidden(const GroupResource& resource, std::string_view name,
                              std::string_view why);
[[nodiscard]] Error method_not_supported(const GroupResource& resource, std::string_view verb);
[[nodiscard]] Error bad_request(std::string message);
[[nodiscard]] Error internal_error(std::string_view message);

// The Status object of an error.
[[nodiscard]] Value status_of(const Error& error);
// A Status as apiserver's own HTTP layer answers: details are there and empty.
[[nodiscard]] Value generic_status(Reason reason, int code, std::string_view message);
[[nodiscard]] int code_of(const Error& error);

}  // namespace weft::server
