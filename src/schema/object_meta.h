// schema/object_meta.h: the metadata of custom resources and of objects embedded in them.
//
// Source of the behaviour and of the texts: apiextensions-apiserver
// pkg/apiserver/schema/objectmeta, 0.36. A custom resource has no Go type, but its metadata has: it
// is read as one.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "schema/field_error.h"
#include "schema/go_json.h"
#include "schema/schema.h"

namespace weft::schema {

struct CoerceMeta {
    bool is_resource_root = true;  // the value itself is an object, whatever the schema says
    bool drop_invalid = false;     // what is ill-typed goes instead of being an error (stored data)
    std::vector<std::string>* unknown = nullptr;  // paths of unknown metadata members, sorted
};

// Brings apiVersion, kind and metadata of the object and of every x-kubernetes-embedded-resource in
// it into the form of the Go types: unknown members and nulls go. The first ill-typed member is the
// error, unless those are dropped.
[[nodiscard]] std::optional<FieldError> coerce_object_meta(const GoTypes& types, Value& value,
                                                           const Schema* schema,
                                                           const CoerceMeta& options = {});

// The metadata of one object, as ObjectMeta. Nothing if it has none. With `drop_malformed`, members
// that do not fit are left out; the error is Go's text otherwise.
[[nodiscard]] Result<std::optional<Value>> read_object_meta(const GoTypes& types,
                                                            const Value& object,
                                                            bool drop_malformed,
                                                            std::vector<std::string>* unknown);

// Checks apiVersion, kind and metadata of embedded resources, and of the root if it is an object.
// `validate_meta` is asked about each metadata (already canonical), with its path; null: not
// checked.
using MetaValidator = std::function<FieldErrors(const Value& metadata, const std::string& path)>;
[[nodiscard]] FieldErrors validate_object_meta(const GoTypes& types, const Value& value,
                                               const Schema* schema, bool is_resource_root,
                                               const MetaValidator& validate_meta = {});

// A MetaValidator for embedded objects: name, namespace, labels and annotations as apimachinery's
// ValidateObjectMeta has them. References, finalizers and the rest are the server's.
[[nodiscard]] FieldErrors validate_meta_names(const Value& metadata, const std::string& path);

}  // namespace weft::schema
