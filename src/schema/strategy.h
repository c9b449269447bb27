// schema/strategy.h: what Kubernetes' strategies do to a builtin object before it is written.
//
// Source of the behaviour: PrepareForCreate, PrepareForUpdate and the update validation of
// Kubernetes 1.36, as far as they need nothing but the objects. What is allocated (clusterIP, node
// ports) and who asks (a CertificateSigningRequest's user) is the server's.

#pragma once

#include <string_view>

#include "schema/builtin.h"
#include "schema/field_error.h"

namespace weft::schema {

// Of a canonical and defaulted object, before metadata is filled in (but for `uid`, which a Job's
// labels hold): status is dropped or set to its first value, generation set, Secrets get their
// stringData folded in, Jobs their selector, and so on. Members may stand out of Go's order after
// it: canonical() and the defaults go once more over what is stored, as reading does in Kubernetes.
void prepare_for_create(const BuiltinResource& resource, Value& object, std::string_view uid,
                        Time now);

// Of an update at an endpoint ("" for the object itself, "status", …): what the endpoint cannot
// change is taken from `old`, and generation grows if the change asks for it. Both are canonical.
void prepare_for_update(const BuiltinResource& resource, std::string_view subresource,
                        const Value& old, Value& object);

// Errors for members that may not change. Both are canonical; metadata rules are included.
[[nodiscard]] FieldErrors validate_immutable(const Builtin& builtin,
                                             const BuiltinResource& resource,
                                             std::string_view subresource, const Value& old,
                                             const Value& object);

// The same without the rules of metadata.
[[nodiscard]] FieldErrors validate_immutable_members(const Builtin& builtin,
                                                     const BuiltinResource& resource,
                                                     std::string_view subresource, const Value& old,
                                                     const Value& object);

// A Secret's stringData written over data, and taken out.
void fold_string_data(Value& secret);

// "Guaranteed", "Burstable" or "BestEffort".
[[nodiscard]] std::string_view pod_qos_class(const Value& pod);

}  // namespace weft::schema
