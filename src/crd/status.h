// crd/status.h: what the controllers of the API server write into a definition's status.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/controller/{status,
// establish,nonstructuralschema,apiapproval,finalizer}, 0.36.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "object/value.h"

namespace weft::crd {

struct Condition {
    std::string type;
    std::string status;  // "True", "False", "Unknown"
    std::string reason;
    std::string message;
};

// Null if there is none of that type.
[[nodiscard]] const Value* find_condition(const Value& definition, std::string_view type);
[[nodiscard]] bool is_condition_true(const Value& definition, std::string_view type);
// Sets it; lastTransitionTime moves only if the status changes. True if anything changed.
bool set_condition(Value& definition, const Condition& condition, Time now);
void remove_condition(Value& definition, std::string_view type);

[[nodiscard]] inline bool is_established(const Value& definition) {
    return is_condition_true(definition, "Established");
}

// Brings status up to date: acceptedNames as far as no other definition of the group has accepted
// them, NamesAccepted, Established (at once: there is one server only), NonStructuralSchema and
// KubernetesAPIApprovalPolicyConformant. `others`: the other definitions (whole objects); those of
// other groups are passed over. True if status changed: then it must be written. Call it after a
// create or update of the definition, and for the others of its group after an update or deletion,
// since names may have become free.
bool update_status(Value& definition, std::span<const Value* const> others, Time now);

// The parts of it: NamesAccepted and, while it is not established, "Installing" or "NotAccepted" …
bool update_names(Value& definition, std::span<const Value* const> others, Time now);
// … and Established, if the names are accepted.
bool establish(Value& definition, Time now);

// What a DELETE of the definition does to it besides deletionTimestamp: the condition Terminating.
// "InstanceDeletionPending".
bool set_deletion_pending(Value& definition, Time now);
bool set_deletion_in_progress(Value& definition, Time now);
bool set_deletion_completed(Value& definition, Time now);
// Deleting failed or waits ("InstanceDeletionFailed", …).
bool set_deletion_failed(Value& definition, std::string_view message, Time now);

[[nodiscard]] bool has_finalizer(const Value& definition, std::string_view finalizer);
void remove_finalizer(Value& definition, std::string_view finalizer);

}  // namespace weft::crd
