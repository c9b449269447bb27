// schema/validate.h: whether a value is as its schema says, in Kubernetes' words.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apiserver/validation and
// kube-openapi pkg/validation, 0.36. CEL rules, list types and embedded metadata are not checked
// here: see `crd`, list_type.h and object_meta.h.

#pragma once

#include <memory>

#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::schema {

// Keeps a schema and what was compiled of it (patterns, at their first use). Make one for a version
// of a CRD and keep it. Not for two threads at once.
class Validator {
public:
    // Which formats count: those of is_known_format, or all. A text or list passes for any type
    // that is no number where a format counts; so upstream looks at defaults, which keep all
    // formats.
    enum class Formats : uint8_t { known, all };

    // The schema is borrowed together with its owner.
    explicit Validator(SchemaPtr schema, Formats formats = Formats::known);
    ~Validator();
    Validator(Validator&&) noexcept;
    Validator& operator=(Validator&&) noexcept;

    // Every error, in the schema's order, equal ones once, at most field_errors_max. With `old`
    // (the stored value, on update) errors of values that are as they were are left out:
    // ratcheting. Members correlate by name, items of lists of type map by their keys, others not.
    [[nodiscard]] FieldErrors validate(const Value& value, const Value* old = nullptr) const;

private:
    class Patterns;
    class Walk;
    SchemaPtr schema_;
    Formats formats_;
    std::unique_ptr<Patterns> patterns_;
};

// For a single use.
[[nodiscard]] FieldErrors validate(const Value& value, const Schema& schema,
                                   const Value* old = nullptr);

// Whether CRDs know the format by that name for values of the type ("" for any); others are not
// checked.
[[nodiscard]] bool is_known_format(std::string_view type, std::string_view format);
// Whether the text has the format; true for formats that are not known.
[[nodiscard]] bool has_format(std::string_view format, std::string_view text);

}  // namespace weft::schema
