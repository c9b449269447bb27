// schema/field_error.h: what is wrong with one field of an object, in apimachinery's words.
//
// Source of the behaviour and of the texts: k8s.io/apimachinery util/validation/field, 0.36.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::schema {

enum class FieldErrorType : uint8_t {
    not_found,
    required,
    duplicate,
    invalid,
    not_supported,
    forbidden,
    too_long,
    too_many,
    internal,
    type_invalid,
};

// The word of a Status cause: "FieldValueInvalid". "InternalError" for `internal`.
[[nodiscard]] std::string_view reason_text(FieldErrorType type);
// The words of the text form: "Invalid value".
[[nodiscard]] std::string_view title_text(FieldErrorType type);

// A FieldError is a value. `path` is the text of a field.Path ("spec.ports[0].name",
// "metadata.labels[app]"); "" stands for Go's nil path and reads "<nil>".
struct FieldError {
    FieldErrorType type = FieldErrorType::invalid;
    std::string path;
    Value bad_value;
    std::string detail;
    bool omit_value = false;  // the value is not shown

    // "Invalid value: \"y\": detail": what a Status cause says.
    [[nodiscard]] std::string body() const;
    // "spec.x: Invalid value: \"y\": detail".
    [[nodiscard]] std::string text() const;
};
using FieldErrors = std::vector<FieldError>;

[[nodiscard]] FieldError field_required(std::string path, std::string detail = {});
[[nodiscard]] FieldError field_invalid(std::string path, Value bad_value, std::string detail);
[[nodiscard]] FieldError field_type_invalid(std::string path, Value bad_value, std::string detail);
[[nodiscard]] FieldError field_forbidden(std::string path, std::string detail);
[[nodiscard]] FieldError field_duplicate(std::string path, Value bad_value);
[[nodiscard]] FieldError field_not_found(std::string path, Value bad_value);
[[nodiscard]] FieldError field_internal(std::string path, std::string detail);
// `supported values: "a", "b"`, in the order given (Go sorts before).
[[nodiscard]] FieldError field_not_supported(std::string path, Value bad_value,
                                             const std::vector<std::string>& supported);
// "may not be more than 5 bytes".
[[nodiscard]] FieldError field_too_long(std::string path, int64_t bytes_max);
// "must have at most 5 items".
[[nodiscard]] FieldError field_too_many(std::string path, int64_t actual, int64_t items_max);

// Go's ToAggregate().Error(): "" for none, the text of a single one, "[a, b]" for several; equal
// texts once.
[[nodiscard]] std::string aggregate_text(const FieldErrors& errors);

// The 422 of apimachinery's errors.NewInvalid: `Deployment.apps "web" is invalid: …` with one cause
// for each error.
[[nodiscard]] Error invalid_error(std::string_view group, std::string_view kind,
                                  std::string_view name, const FieldErrors& errors);

// The text of a field.Path, step by step: "" + "spec" = "spec"; "spec" + "x" = "spec.x".
[[nodiscard]] std::string path_child(std::string_view path, std::string_view name);
[[nodiscard]] std::string path_index(std::string_view path, size_t index);        // "spec.x[0]"
[[nodiscard]] std::string path_key(std::string_view path, std::string_view key);  // "spec.x[k]"

}  // namespace weft::schema
