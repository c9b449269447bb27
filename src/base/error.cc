// base/error.cc: reasons and their words and codes, as apimachinery's api/errors pairs them.

#include "base/error.h"

#include <array>

#include "base/check.h"

namespace weft {

namespace {

struct ReasonRow {
    Reason reason;
    std::string_view text;
    int code;
};

constexpr std::array reason_rows = {
    ReasonRow{Reason::unknown, "", 500},
    ReasonRow{Reason::bad_request, "BadRequest", 400},
    ReasonRow{Reason::unauthorized, "Unauthorized", 401},
    ReasonRow{Reason::forbidden, "Forbidden", 403},
    ReasonRow{Reason::not_found, "NotFound", 404},
    ReasonRow{Reason::method_not_allowed, "MethodNotAllowed", 405},
    ReasonRow{Reason::not_acceptable, "NotAcceptable", 406},
    ReasonRow{Reason::already_exists, "AlreadyExists", 409},
    ReasonRow{Reason::conflict, "Conflict", 409},
    ReasonRow{Reason::gone, "Gone", 410},
    ReasonRow{Reason::expired, "Expired", 410},
    ReasonRow{Reason::invalid, "Invalid", 422},
    ReasonRow{Reason::request_entity_too_large, "RequestEntityTooLarge", 413},
    ReasonRow{Reason::unsupported_media_type, "UnsupportedMediaType", 415},
    ReasonRow{Reason::too_many_requests, "TooManyRequests", 429},
    ReasonRow{Reason::server_timeout, "ServerTimeout", 500},
    ReasonRow{Reason::internal_error, "InternalError", 500},
    ReasonRow{Reason::service_unavailable, "ServiceUnavailable", 503},
    ReasonRow{Reason::timeout, "Timeout", 504},
    ReasonRow{Reason::cancelled, "Cancelled", 500},
    ReasonRow{Reason::io, "IO", 500},
};

const ReasonRow& row_of(Reason reason) {
    const auto index = static_cast<size_t>(reason);
    CHECK(index < reason_rows.size() && reason_rows[index].reason == reason);
    return reason_rows[index];
}

}  // namespace

std::string_view reason_text(Reason reason) {
    return row_of(reason).text;
}

int reason_code(Reason reason) {
    return row_of(reason).code;
}

Reason reason_from_text(std::string_view text) {
    for (const ReasonRow& row : reason_rows) {
        if (row.text == text) {
            return row.reason;
        }
    }
    return Reason::unknown;
}

Error::Error(Reason reason, std::string message) : Error(reason, std::move(message), {}) {}

Error::Error(Reason reason, std::string message, ErrorDetails details)
    : rep_(std::make_shared<const Rep>(reason, std::move(message), std::move(details),
                                       std::vector<std::string>{})) {}

Reason Error::reason() const {
    return rep_->reason;
}

const std::string& Error::message() const {
    return rep_->message;
}

const ErrorDetails& Error::details() const {
    return rep_->details;
}

std::string Error::text() const {
    std::string out;
    for (auto place = rep_->places.rbegin(); place != rep_->places.rend(); ++place) {
        append(out, *place, ": ");
    }
    return out + rep_->message;
}

Error Error::with_context(std::string place) const {
    Rep copy = *rep_;
    copy.places.push_back(std::move(place));
    return Error(std::make_shared<const Rep>(std::move(copy)));
}

}  // namespace weft
