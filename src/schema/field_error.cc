// schema/field_error.cc: the texts of field errors.

#include "schema/field_error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weft::schema {

namespace {

struct TypeTexts {
    std::string_view reason;
    std::string_view title;
};

// In the order of FieldErrorType.
constexpr std::array<TypeTexts, 10> type_texts{{
    {"FieldValueNotFound", "Not found"},
    {"FieldValueRequired", "Required value"},
    {"FieldValueDuplicate", "Duplicate value"},
    {"FieldValueInvalid", "Invalid value"},
    {"FieldValueNotSupported", "Unsupported value"},
    {"FieldValueForbidden", "Forbidden"},
    {"FieldValueTooLong", "Too long"},
    {"FieldValueTooMany", "Too many"},
    {"InternalError", "Internal error"},
    {"FieldValueTypeInvalid", "Invalid value"},
}};

bool shows_value(const FieldError& error) {
    switch (error.type) {
        case FieldErrorType::required:
        case FieldErrorType::forbidden:
        case FieldErrorType::too_long:
        case FieldErrorType::internal:
            return false;
        default:
            return !error.omit_value;
    }
}

FieldError make_field_error(FieldErrorType type, std::string path, Value bad_value,
                            std::string detail) {
    FieldError error;
    error.type = type;
    error.path = std::move(path);
    error.bad_value = std::move(bad_value);
    error.detail = std::move(detail);
    return error;
}

}  // namespace

std::string_view reason_text(FieldErrorType type) {
    return type_texts[static_cast<size_t>(type)].reason;
}

std::string_view title_text(FieldErrorType type) {
    return type_texts[static_cast<size_t>(type)].title;
}

std::string FieldError::body() const {
    std::string out(title_text(type));
    if (shows_value(*this)) {
        out += ": ";
        if (bad_value.is_string()) {
            out += quote(bad_value.as_string());
        } else if (bad_value.is_null() || bad_value.is_bool() || bad_value.is_number()) {
            write_json(out, bad_value);
        } else {
            write_json(out, bad_value, {.escape_html = true});
        }
    }
    if (!detail.empty()) {
        append(out, ": ", detail);
    }
    return out;
}

std::string FieldError::text() const {
    return cat(path.empty() ? std::string_view("<nil>") : std::string_view(path), ": ", body());
}

FieldError field_required(std::string path, std::string detail) {
    return make_field_error(FieldErrorType::required, std::move(path), Value(""),
                            std::move(detail));
}

FieldError field_invalid(std::string path, Value bad_value, std::string detail) {
    return make_field_error(FieldErrorType::invalid, std::move(path), std::move(bad_value),
                            std::move(detail));
}

FieldError field_type_invalid(std::string path, Value bad_value, std::string detail) {
    return make_field_error(FieldErrorType::type_invalid, std::move(path), std::move(bad_value),
                            std::move(detail));
}

FieldError field_forbidden(std::string path, std::string detail) {
    return make_field_error(FieldErrorType::forbidden, std::move(path), Value(""),
                            std::move(detail));
}

FieldError field_duplicate(std::string path, Value bad_value) {
    return make_field_error(FieldErrorType::duplicate, std::move(path), std::move(bad_value), {});
}

FieldError field_not_found(std::string path, Value bad_value) {
    return make_field_error(FieldErrorType::not_found, std::move(path), std::move(bad_value), {});
}

FieldError field_internal(std::string path, std::string detail) {
    return make_field_error(FieldErrorType::internal, std::move(path), Value(), std::move(detail));
}

FieldError field_not_supported(std::string path, Value bad_value,
                               const std::vector<std::string>& supported) {
    std::string detail;
    if (!supported.empty()) {
        detail = "supported values: ";
        for (size_t i = 0; i < supported.size(); ++i) {
            append(detail, i == 0 ? "" : ", ", quote(supported[i]));
        }
    }
    return make_field_error(FieldErrorType::not_supported, std::move(path), std::move(bad_value),
                            std::move(detail));
}

FieldError field_too_long(std::string path, int64_t bytes_max) {
    return make_field_error(FieldErrorType::too_long, std::move(path), Value(),
                            bytes_max < 0 ? "value is too long"
                                          : cat("may not be more than ", bytes_max,
                                                bytes_max == 1 ? " byte" : " bytes"));
}

FieldError field_too_many(std::string path, int64_t actual, int64_t items_max) {
    return make_field_error(
        FieldErrorType::too_many, std::move(path), Value(actual),
        items_max < 0 ? "has too many items"
                      : cat("must have at most ", items_max, items_max == 1 ? " item" : " items"));
}

std::string aggregate_text(const FieldErrors& errors) {
    std::vector<std::string> texts;
    for (const FieldError& error : errors) {
        std::string text = error.text();
        if (std::ranges::find(texts, text) == texts.end()) {
            texts.push_back(std::move(text));
        }
    }
    if (texts.size() == 1) {
        return std::move(texts[0]);
    }
    return texts.empty() ? std::string() : cat("[", join(texts, ", "), "]");
}

Error invalid_error(std::string_view group, std::string_view kind, std::string_view name,
                    const FieldErrors& errors) {
    ErrorDetails details;
    details.group = group;
    details.kind = kind;
    details.name = name;
    for (const FieldError& error : errors) {
        details.causes.push_back({std::string(reason_text(error.type)), error.body(),
                                  error.path.empty() ? "<nil>" : error.path});
    }
    std::string message =
        cat(kind, group.empty() ? "" : ".", group, " ", quote(name), " is invalid");
    if (!errors.empty()) {
        append(message, ": ", aggregate_text(errors));
    }
    return Error(Reason::invalid, std::move(message), std::move(details));
}

std::string path_child(std::string_view path, std::string_view name) {
    return path.empty() ? std::string(name) : cat(path, ".", name);
}

std::string path_index(std::string_view path, size_t index) {
    return cat(path, "[", index, "]");
}

std::string path_key(std::string_view path, std::string_view key) {
    return cat(path, "[", key, "]");
}

}  // namespace weft::schema
