// base/error.h: errors are values that carry the reason of a Kubernetes Status.

#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace weft {

// Why something failed, in the words of a Kubernetes Status (apimachinery metav1.StatusReason).
// `cancelled` and `io` never leave the process: the first says that the work was no longer wanted,
// the second that a file or a socket failed.
enum class Reason : uint8_t {
    unknown,  // "": no reason is given.
    bad_request,
    unauthorized,
    forbidden,
    not_found,
    method_not_allowed,
    not_acceptable,
    already_exists,
    conflict,
    gone,
    expired,
    invalid,
    request_entity_too_large,
    unsupported_media_type,
    too_many_requests,
    server_timeout,
    internal_error,
    service_unavailable,
    timeout,
    cancelled,
    io,
};

// The word a Status carries: "NotFound". Empty for `unknown`.
[[nodiscard]] std::string_view reason_text(Reason reason);
// The HTTP code that goes with it: 404. 500 where there is none of its own.
[[nodiscard]] int reason_code(Reason reason);
// The reason with this word; `unknown` if there is none.
[[nodiscard]] Reason reason_from_text(std::string_view text);

// One entry of a Status' details.causes. `reason` is the wire's word ("FieldValueInvalid").
struct Cause {
    std::string reason;
    std::string message;
    std::string field;

    bool operator==(const Cause&) const = default;
};

// What details of a Status say about the object.
struct ErrorDetails {
    std::string name;
    std::string group;
    std::string kind;
    std::string uid;
    std::vector<Cause> causes;
    int retry_after_seconds = 0;
    int code = 0;  // the HTTP code where it is not the reason's: what a webhook answered
};

// An Error is one pointer, copied by sharing. It is immutable once it is passed on.
// Invariant: a moved-from Error may only be destroyed or assigned to.
class Error {
public:
    Error(Reason reason, std::string message);
    Error(Reason reason, std::string message, ErrorDetails details);

    [[nodiscard]] Reason reason() const;
    // The message without the places passed: what a Status says.
    [[nodiscard]] const std::string& message() const;
    [[nodiscard]] const ErrorDetails& details() const;
    // The message with the places it passed in front, outermost first: "applying web: not found".
    [[nodiscard]] std::string text() const;
    // A copy that has passed one more place.
    [[nodiscard]] Error with_context(std::string place) const;

private:
    struct Rep {
        Reason reason;
        std::string message;
        ErrorDetails details;
        std::vector<std::string> places;  // innermost first
    };
    std::shared_ptr<const Rep> rep_;
    explicit Error(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
};

// A T or the Error that says why there is none.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using Base = std::expected<T, Error>;
    using Base::Base;
    Result(Error error)
        : Base(std::unexpected(std::move(error))) {}  // NOLINT(google-explicit-constructor)

    // The same result; an error has passed the place that the pieces name. Joined only on failure.
    template <typename... Pieces>
    Result context(const Pieces&... pieces) && {
        if (!this->has_value()) [[unlikely]] {
            return Result(this->error().with_context(cat(pieces...)));
        }
        return std::move(*this);
    }
};

using Status = Result<void>;

template <typename... Pieces>
[[nodiscard]] Error make_error(Reason reason, const Pieces&... pieces) {
    return Error(reason, cat(pieces...));
}

}  // namespace weft

// The value of a Result, or leaves the function with its error.
#define TRY(...)                                                  \
    ({                                                            \
        auto&& try_result_ = (__VA_ARGS__);                       \
        if (!try_result_.has_value()) [[unlikely]] {              \
            return ::weft::Error(std::move(try_result_).error()); \
        }                                                         \
        std::move(try_result_).operator*();                       \
    })

// TRY in a coroutine. Put co_await inside parentheses: CO_TRY((co_await get(name)).context(…)).
#define CO_TRY(...)                                                  \
    ({                                                               \
        auto&& try_result_ = (__VA_ARGS__);                          \
        if (!try_result_.has_value()) [[unlikely]] {                 \
            co_return ::weft::Error(std::move(try_result_).error()); \
        }                                                            \
        std::move(try_result_).operator*();                          \
    })
