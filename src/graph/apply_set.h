// graph/apply_set.h: which children an instance has, as KEP-3659 ApplySets record it (§6.7).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

struct GroupKind {
    std::string group;  // "" for core
    std::string kind;

    [[nodiscard]] std::string text() const;  // "Deployment.apps", "ConfigMap"
    [[nodiscard]] static GroupKind parse(std::string_view text);
    auto operator<=>(const GroupKind&) const = default;
};

// "applyset-<base64url of sha256>-v1" of "<name>.<namespace>.<kind>.<group>".
[[nodiscard]] std::string apply_set_id(std::string_view name, std::string_view namespace_,
                                       std::string_view kind, std::string_view group);
[[nodiscard]] std::string apply_set_id(const Object& instance);

// Where members of an ApplySet may be. Sorted, each once; the instance's own namespace is left out
// of `namespaces`.
struct ApplySetScope {
    std::string id;
    std::vector<GroupKind> group_kinds;
    std::vector<std::string> namespaces;

    // "ConfigMap,Deployment.apps" and "a,b"; what the annotations hold.
    [[nodiscard]] std::string group_kinds_text() const;
    [[nodiscard]] std::string namespaces_text() const;
    // "sha256:…" over id, kinds and namespaces.
    [[nodiscard]] std::string inventory_hash() const;

    void add(const GroupVersionKind& kind, std::string_view namespace_,
             std::string_view instance_namespace);
    void merge(const ApplySetScope& other);
    bool operator==(const ApplySetScope&) const = default;
};

// What the annotations of an instance say; kinds and namespaces are empty if there are none.
[[nodiscard]] ApplySetScope recorded_scope(const Object& instance);
// True if the instance holds any of an ApplySet's metadata.
[[nodiscard]] bool has_inventory(const Object& instance);

// Nothing may be deleted on the word of annotations that somebody else wrote: the id must be the
// computed one, the tooling "kro/…", lists well-formed and the hash (if any) right. invalid, in
// words for "deletion blocked: validate deletion inventory: …".
Status check_inventory(const Object& instance);

// The label and annotations, as the apply for the field manager kro.run/applyset-parent: only
// identity and these.
[[nodiscard]] Object parent_patch(const Object& instance, const ApplySetScope& scope,
                                  std::string_view version);
// True if the instance already says the same.
[[nodiscard]] bool has_scope(const Object& instance, const ApplySetScope& scope,
                             std::string_view version);

}  // namespace weft::graph
