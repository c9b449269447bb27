// tests/sim/definitions.h: the graphs that a simulated world runs, and what each must lead to.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "object/object.h"

namespace weft::sim {

inline constexpr std::string_view api_version = "kro.run/v1alpha1";

// Chain: three ConfigMaps, each named by the one before it; a fourth if `extra`.
// App: a Database that somebody else makes ready, what reads its status, one ConfigMap for each
//   name, and settings from outside.
// Team: an instance of Chain.
[[nodiscard]] std::vector<std::string> kinds();

// Whether definitions use only what kro has, or also what goes beyond it: a value (`def`), a
// computed field, managedResources, revisions that go to half of the instances first, and nodes
// whose drift is reported and left.
enum class Dialect : uint8_t { kro, extended };

// The definition of a kind. Variants differ in a value that every child of the first node carries.
[[nodiscard]] Object definition_of(const std::string& kind, int64_t variant, Dialect dialect);
// The same with an expression that reads what does not exist.
[[nodiscard]] Object broken_definition_of(const std::string& kind, Dialect dialect);

[[nodiscard]] Object instance_of(const std::string& kind, const std::string& name, int64_t value,
                                 bool extra, int64_t items);

// The CRD of Database, which comes late, and the object that App reads from outside.
[[nodiscard]] Object database_crd();
[[nodiscard]] Object settings(int64_t value);

// Ids of the nodes that a node must not be applied before.
[[nodiscard]] const std::vector<std::string>& needs_of(const std::string& kind,
                                                       const std::string& node);

// The member of a node's data that strangers change although its drift is only reported; "" of the
// other nodes.
[[nodiscard]] std::string_view reported_member(const std::string& kind, std::string_view node);

// What a child must look like when the world is at rest.
struct Expected {
    std::string kind;  // "ConfigMap"
    std::string name;
    std::map<std::string, std::string> data;  // members of data (ConfigMap) or spec
    std::string_view reported = {};           // of `data`, the one whose drift may be left
};
[[nodiscard]] std::vector<Expected> children_of(const Object& instance, int64_t variant,
                                                std::string_view setting, Dialect dialect);

}  // namespace weft::sim
