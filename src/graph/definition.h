// graph/definition.h: a ResourceGraphDefinition as it was written, field by field.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// One dimension of a forEach.
struct ForEach {
    std::string variable;
    std::string list;  // "${…}"
    Path path;         // of the list in the definition
};

// One entry of spec.resources.
// What becomes of the objects of an entry when others have a claim on them. Not in kro: the field
// `lifecycle` of a resource.
struct Lifecycle {
    enum class OnDelete : uint8_t {
        remove,   // deleted with the instance, or when no longer wanted
        retain,   // left behind, with its labels; an instance of the same name takes it up again
        protect,  // nothing is deleted while it is there
    };
    OnDelete on_delete = OnDelete::remove;
    bool adopts = true;  // takes over an object of its name that no instance owns

    bool operator==(const Lifecycle&) const = default;
};

struct ResourceEntry {
    std::string id;
    Value template_;     // null if there is none
    Value external_ref;  // null if there is none
    // Not in kro: a value with a name, made of expressions; no object. Null if there is none.
    Value def;
    std::vector<std::string> ready_when;    // "${…}" each
    std::vector<std::string> include_when;  // likewise
    std::vector<ForEach> for_each;
    // Not in kro: `propagateWhen` holds changes of objects that exist back while one is false;
    // `includeItemsWhen` leaves out the items of a forEach for which one is false.
    std::vector<std::string> propagate_when;
    std::vector<std::string> include_items_when;
    Lifecycle lifecycle;
    bool reports_drift = false;  // driftPolicy: Report
    Path path;                   // of the entry in the definition
    // Members that were told to have the wrong type and read as absent.
    std::vector<std::string> told;

    [[nodiscard]] bool was_told(std::string_view member) const;
};

// A Definition is a value: what the object says, defaults filled in, nothing checked yet.
struct Definition {
    std::string name;
    std::string uid;
    int64_t generation = 0;
    bool allows_breaking_changes = false;

    std::string group = "kro.run";
    std::string api_version;  // "v1alpha1": the generated kind's version, without a group
    std::string kind;
    std::string scope = "Namespaced";

    Value spec;    // SimpleSchema; null if absent
    Value types;   // likewise
    Value status;  // projections; null if absent
    Value printer_columns;
    Value short_names;
    Value categories;
    Value crd_labels;
    Value crd_annotations;
    // Not in kro: the instance's status lists its objects (`managedResources`).
    bool lists_resources = false;
    std::vector<ResourceEntry> resources;
    std::vector<std::string> told;  // members of spec.schema, likewise

    Value source;  // the object's spec, for its hash

    [[nodiscard]] bool was_told(std::string_view member) const;
    [[nodiscard]] bool is_namespaced() const { return scope != "Cluster"; }
    [[nodiscard]] GroupVersionKind instance_kind() const { return {group, api_version, kind}; }
};

// Reads the object. What an API server with kro's CRD would refuse is told in `diagnostics`, so
// that a file can be checked before any server has seen it; members of the wrong JSON type are read
// as absent. Members that such a server would drop are warnings.
[[nodiscard]] Definition parse_definition(const Object& object, Diagnostics* diagnostics);

// The hash by which a changed spec is known: 16 hex digits, kro's §4.6. The order of resources and
// of conditions does not matter, nor whether a default is written.
[[nodiscard]] std::string spec_hash(const Value& spec);

}  // namespace weft::graph
