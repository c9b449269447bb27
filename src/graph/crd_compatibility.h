// graph/crd_compatibility.h: whether existing instances survive a new version of their CRD (§5.3).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// One difference. `type` is kro's word: "PROPERTY_REMOVED", "MINIMUM_INCREASED", ….
struct CrdChange {
    std::string path;  // ".properties.spec.properties.x"
    std::string type;
    std::string old_value;
    std::string new_value;

    // "Property x was removed".
    [[nodiscard]] std::string description() const;
    bool operator==(const CrdChange&) const = default;
};

struct CrdChanges {
    std::vector<CrdChange> breaking;
    std::vector<CrdChange> harmless;

    [[nodiscard]] bool is_compatible() const { return breaking.empty(); }
    [[nodiscard]] bool empty() const { return breaking.empty() && harmless.empty(); }
    // "<d1>; <d2>; <d3>; and N more changes"; "no breaking changes" if there are none.
    [[nodiscard]] std::string breaking_text() const;
};

// Compares two OpenAPI schemas (JSON). Properties, items and their constraints; not
// additionalProperties, oneOf, anyOf.
[[nodiscard]] CrdChanges compare_schemas(const Value& old_schema, const Value& new_schema);

// Compares two CRDs' spec.versions. invalid, in kro's words, unless both have exactly one version
// with a schema.
[[nodiscard]] Result<CrdChanges> compare_versions(const Value& old_versions,
                                                  const Value& new_versions);

}  // namespace weft::graph
