// schema/internal_form.h: a part of a builtin object as Kubernetes' internal Go types print it.
//
// Validation runs on types without JSON tags, so the values that errors show have Go's field names,
// every field, and null where a pointer, list or map is unset: {"Type":"X","RollingUpdate":null}.
// Source of the behaviour: encoding/json with pkg/apis of Kubernetes 1.36, and apimachinery's
// util/diff for the differences that some messages end with.

#pragma once

#include <string>
#include <string_view>

#include "object/object.h"
#include "schema/builtin.h"

namespace weft::schema {

// `value` is canonical and of this definition ("io.k8s.api.core.v1.PodSpec"); null stands for a
// pointer that is unset. A definition that we do not know leaves the value as it is.
[[nodiscard]] Value internal_form(const Builtin& builtin, std::string_view definition,
                                  const Value& value);

// The hunks of a unified diff of both, printed with an indent of one: "@@ -1,6 +1,6 @@\n {\n…".
[[nodiscard]] std::string internal_diff(const Builtin& builtin, std::string_view definition,
                                        const Value& before, const Value& after);

}  // namespace weft::schema
