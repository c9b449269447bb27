// graph/labels.h: the labels, annotations, finalizers and field managers that kro writes (§6.10).
//
// Every word here is on the wire: other tools select on them, and taking over a cluster from kro
// works because they are the same.

#pragma once

#include <string>
#include <string_view>

namespace weft::graph {

inline constexpr std::string_view finalizer = "kro.run/finalizer";

inline constexpr std::string_view manager_children = "kro.run/applyset";
inline constexpr std::string_view manager_parent = "kro.run/applyset-parent";
inline constexpr std::string_view manager_labeller = "kro.run/labeller";

inline constexpr std::string_view label_owned = "kro.run/owned";
inline constexpr std::string_view label_version = "kro.run/kro-version";
inline constexpr std::string_view label_definition_id = "kro.run/resource-graph-definition-id";
inline constexpr std::string_view label_definition_name = "kro.run/resource-graph-definition-name";
inline constexpr std::string_view label_revision_hash = "kro.run/graph-revision-hash";
inline constexpr std::string_view label_instance_id = "kro.run/instance-id";
inline constexpr std::string_view label_instance_name = "kro.run/instance-name";
inline constexpr std::string_view label_instance_namespace = "kro.run/instance-namespace";
inline constexpr std::string_view label_instance_group = "kro.run/instance-group";
inline constexpr std::string_view label_instance_version = "kro.run/instance-version";
inline constexpr std::string_view label_instance_kind = "kro.run/instance-kind";
inline constexpr std::string_view label_node_id = "kro.run/node-id";
inline constexpr std::string_view label_collection_index = "kro.run/collection-index";
inline constexpr std::string_view label_collection_size = "kro.run/collection-size";
inline constexpr std::string_view label_managed_by = "app.kubernetes.io/managed-by";
inline constexpr std::string_view label_part_of = "applyset.kubernetes.io/part-of";
inline constexpr std::string_view label_apply_set_id = "applyset.kubernetes.io/id";

inline constexpr std::string_view annotation_apply_order = "internal.kro.run/apply-order";
inline constexpr std::string_view annotation_reconcile = "kro.run/reconcile";
inline constexpr std::string_view annotation_allow_breaking = "kro.run/allow-breaking-changes";
// Not in kro: "retain" or "protect" on a child, so that deletion needs no graph to respect it.
inline constexpr std::string_view annotation_on_delete = "internal.kro.run/on-delete";
// Not in kro: "Report" or "Repair" on an instance, over what its definition says; and on a child of
// which drift is reported, the hash of what was applied last.
inline constexpr std::string_view annotation_drift_policy = "kro.run/drift-policy";
inline constexpr std::string_view annotation_applied_hash = "internal.kro.run/applied-hash";
// Not in kro: on a definition, what lets a rollout go on that stopped by itself.
inline constexpr std::string_view annotation_rollout_resume = "kro.run/rollout-resume";
inline constexpr std::string_view annotation_tooling = "applyset.kubernetes.io/tooling";
inline constexpr std::string_view annotation_group_kinds =
    "applyset.kubernetes.io/contains-group-kinds";
inline constexpr std::string_view annotation_namespaces =
    "applyset.kubernetes.io/additional-namespaces";
inline constexpr std::string_view annotation_inventory_hash =
    "internal.kro.run/applyset-inventory-hash";

// Prefixes that a template's labels and annotations may not have.
inline constexpr std::string_view reserved_prefix = "kro.run/";
inline constexpr std::string_view internal_prefix = "internal.kro.run/";

// A version as a label value: a plus sign is not allowed there.
[[nodiscard]] std::string version_label(std::string_view version);

}  // namespace weft::graph
