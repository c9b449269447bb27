// server/internal/body.h: what a request carries, decoded as far as all kinds have in common.

#pragma once

#include <string>
#include <vector>

#include "server/internal/core.h"

namespace weft::server {

enum class FieldValidation : uint8_t { ignore, warn, strict };
// Of the query; "Warn" if absent. The option must have been checked.
[[nodiscard]] FieldValidation field_validation_of(const Call& call);

// The options of a write, checked: dryRun, fieldManager, fieldValidation. `kind` is
// "CreateOptions", "UpdateOptions", "PatchOptions". Sets call->dry_run.
[[nodiscard]] Status check_write_options(Call* call, const std::string& kind);
// The manager of a write: ?fieldManager, else what the User-Agent begins with.
[[nodiscard]] std::string field_manager_of(const Call& call);

struct Document {
    Value value;
    std::vector<std::string> strict;  // `duplicate field "spec.x"`, in order
};

// The body by its Content-Type. unsupported_media_type, or bad_request with Go's words about a body
// that "must be of type `kind`".
[[nodiscard]] Result<Document> read_document(const Call& call, const std::string& kind);

// The object that the body holds, as the served kind of the call's resource: its type checked,
// unknown fields refused, told or dropped as fieldValidation says, defaults filled in.
[[nodiscard]] Result<Value> read_object(Call* call);

// The same of a value that exists already (a patched object). `strict` are findings so far; with
// `by_name` those that come are sorted, as the decoder of values sorts them, and not in the order
// of the text. Errors are those of a decoder, without "cannot be handled as".
[[nodiscard]] Result<Value> decode_object(Call* call, const Value& value,
                                          std::vector<std::string> strict, bool by_name = false);

// All findings of strict decoding as one text; those of the YAML decoder in its own form.
[[nodiscard]] std::string strict_text(const std::vector<std::string>& strict);

// How Go's decoder names a JSON value that it did not want: "bool", "string", "array", "object",
// "number".
[[nodiscard]] std::string_view json_kind(const Value& value);

// As a body's bytes are shown in messages: text behind '{', else hexadecimal, 30 bytes.
[[nodiscard]] std::string body_excerpt(std::string_view body);

// 422 for a custom object of another kind or version of the group than the endpoint's. What no
// schema describes is told as unknown.
[[nodiscard]] Error refuse_other_kind(Call* call, const GroupVersionKind& found,
                                      const Value& value);

}  // namespace weft::server
