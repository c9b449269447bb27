// control/selector.h: from what a plan is interested in to the watch that tells of it.

#pragma once

#include <string>

#include "control/informers.h"
#include "graph/graph.h"

namespace weft::control {

[[nodiscard]] kube::Resource resource_of(const graph::Interest& interest);

// The watch of all children of a kind: everything that belongs to an ApplySet, ours or not, so that
// what belongs to another is seen before it is taken.
[[nodiscard]] InformerKey children_key(const kube::Resource& resource);

// The watch of an external reference: one object by name, or what a LabelSelector matches.
[[nodiscard]] InformerKey external_key(const graph::Interest& interest);

// A metav1.LabelSelector as the text of a labelSelector parameter: "a=b,c in (d,e),!f". A plan has
// none in it that is wrong; of such a one it is "".
[[nodiscard]] std::string selector_text(const Value& selector);

}  // namespace weft::control
