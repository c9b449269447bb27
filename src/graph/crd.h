// graph/crd.h: the CustomResourceDefinition that a definition generates (§5.1).

#pragma once

#include <string>
#include <string_view>

#include "graph/definition.h"

namespace weft::graph {

// "webapps.kro.run".
[[nodiscard]] std::string crd_name(std::string_view kind, std::string_view group);

// The CRD of a definition. `spec` and `status` are OpenAPI; `state` and `conditions` are added to
// the status where its author did not define them. The user's labels and annotations are on it;
// those of kro (§5.1) come with set_crd_ownership.
[[nodiscard]] Value make_crd(const Definition& definition, Value spec, Value status);

// The labels by which a CRD is known to be generated, and by which definition.
void set_crd_ownership(Value& crd, std::string_view version, std::string_view definition_uid,
                       std::string_view definition_name);

// Whose a CRD is, from its labels.
enum class CrdOwner { nobody, this_definition, other_definition };
[[nodiscard]] CrdOwner crd_owner(const Value& crd, std::string_view definition_name);

// `spec.names` of two CRDs say the same. An absent list is an empty one.
[[nodiscard]] bool has_same_names(const Value& a, const Value& b);

}  // namespace weft::graph
