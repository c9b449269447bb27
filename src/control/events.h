// control/events.h: Kubernetes Events for changes of an instance's conditions (kro's gate
// InstanceConditionEvents).

#pragma once

#include <vector>

#include "graph/graph.h"

namespace weft::control {

// One Event for each condition whose status differs between the two statuses: reason is the
// condition's type, the message "<old|none> -> <new>: <reason>", Normal if it is True now.
// `random` makes the names unique; source "kro/<crd name>-controller" as kro 0.9.3 has it.
[[nodiscard]] std::vector<Object> condition_events(const Object& instance,
                                                   std::string_view crd_name, const Value* before,
                                                   const Value& after, Time now, uint64_t random);

// An Event that says something happened to an object: of type Normal, or Warning.
[[nodiscard]] Object plain_event(const Object& about, std::string_view crd_name,
                                 std::string_view reason, std::string_view message, bool is_normal,
                                 Time now, uint64_t random);

}  // namespace weft::control
