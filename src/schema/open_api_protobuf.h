// schema/open_api_protobuf.h: OpenAPI documents in the protobuf form that Kubernetes' clients read.
//
// Source of the form: gnostic's openapi.v2 and openapi.v3 messages, as kube-openapi makes them of a
// document in JSON. Where those cannot hold what the document says (a default that is no scalar in
// version 3), it is lost as it is there.

#pragma once

#include <string>

#include "object/value.h"

namespace weft::schema {

// `document` is one of ours (swagger 2.0, openapi 3.0.0): members that our documents never have
// (callbacks, links, headers, …) are not written.
[[nodiscard]] std::string open_api_v2_protobuf(const Value& document);
[[nodiscard]] std::string open_api_v3_protobuf(const Value& document);

}  // namespace weft::schema
