// server/internal/kinds.h: one kind's objects on their way in and out: decode, default, check.
//
// Builtin kinds go by the tables of schema, custom kinds by crd. This is the only place that knows
// both; the verbs do not ask which it is.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/internal/core.h"

namespace weft::server {

// The kind a body of this call must hold: the resource's, or that of its subresource.
[[nodiscard]] GroupVersionKind expected_kind(const Call& call);

// The error for a body of another kind or version than expected.
[[nodiscard]] Status check_kind(const Call& call, const GroupVersionKind& found,
                                const GroupVersionKind& wanted,
                                const std::function<Error(std::string_view)>& cannot);

[[nodiscard]] Result<Value> read_protobuf(const Call& call, const std::string& kind);

// The value as an object of the kind: types checked, unknown fields dropped and named in `strict`
// (`unknown field "spec.x"`), defaults filled in.
[[nodiscard]] Result<Value> decode_kind(const Core& core, const Resource& resource,
                                        const Subresource* subresource, const Value& value,
                                        std::vector<std::string>* strict);

// What an empty object of a builtin definition prints as. Lives as long as the core.
[[nodiscard]] const Value* zero_object(const Core& core, const std::string& definition);

// Members into the order they are printed, after a strategy has changed them. Empty lists of
// members that are never absent become null, as in what is stored, unless they are kept.
[[nodiscard]] Value reorder_kind(const Core& core, const Resource& resource, Value object,
                                 bool keeps_empty = false);

// What the kind's strategy does before an object is stored.
void prepare_create(const Core& core, const Resource& resource, Value& object,
                    std::string_view uid);
void prepare_update(const Core& core, const Resource& resource, const Subresource* subresource,
                    Value& object, const Value& old_object);
// What is wrong with it besides its metadata.
[[nodiscard]] FieldErrors validate_create(const Core& core, const Resource& resource,
                                          const Value& object);
[[nodiscard]] FieldErrors validate_update(const Core& core, const Resource& resource,
                                          const Subresource* subresource, const Value& object,
                                          const Value& old_object);

// Every object of the resource, as it is stored; for the start.
[[nodiscard]] io::Task<Result<std::vector<Value>>> load_objects(const Core* core,
                                                                ResourcePtr resource);
// The bytes that are stored of an object, and a stored object as this version of the resource.
[[nodiscard]] std::string encode_kind(const Resource& resource, const Value& object);
[[nodiscard]] Result<Value> decode_stored(const Core& core, const Resource& resource,
                                          const StoredView& stored, store::Revision revision);
// True if stored bytes must be made anew for this version (decode_stored) instead of being sent.
[[nodiscard]] bool needs_conversion(const Resource& resource, const StoredView& stored);

// The fields that selectors of this kind may name, with their values.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> selector_fields(
    const Resource& resource, const Value& object);

}  // namespace weft::server
