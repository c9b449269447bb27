// schema/builtin.h: the builtin API of Kubernetes 1.36: groups, resources, kinds and their schemas.
//
// The facts lie packed in the program (src/schema/builtin/builtin.bin, made by tools/pack_builtin)
// and are read when they are asked for. Starting costs nothing; a kind's schema is made once, when
// first asked for, with everything it refers to.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.h"

namespace weft::schema {

namespace internal {
class Tables;
class Tree;
struct FieldRow;
}  // namespace internal

struct BuiltinVersion {
    std::string_view version;
    std::optional<int64_t> priority;
    bool is_default = false;  // some resource of it is on without extra flags
};

struct BuiltinGroup {
    std::string_view group;  // "" for core
    std::optional<int64_t> priority;
    std::vector<BuiltinVersion> versions;  // preferred first
};

// Paths that appliers and updaters of an endpoint cannot own, for one apiVersion ("apps/v1").
struct ResetFields {
    std::string_view api_version;
    std::vector<std::string_view> paths;  // ".spec", ".metadata.labels"
};

struct BuiltinSubresource {
    std::string_view name;  // "status"
    std::string_view kind;
    std::string_view group;  // of the kind: the parent's unless it differs
    std::string_view version;
    std::vector<std::string_view> verbs;
    std::vector<ResetFields> reset_fields;
};

struct FieldLabelRename {
    std::string_view from;
    std::string_view to;
};

// What an unset propagationPolicy means.
enum class DefaultPropagation : uint8_t { background, orphan, none };

struct BuiltinResource {
    std::string_view group;
    std::string_view version;
    std::string_view resource;  // plural
    std::string_view singular;
    std::string_view kind;
    std::string_view list_kind;  // "" if it cannot be listed
    std::vector<std::string_view> short_names;
    std::vector<std::string_view> categories;
    std::vector<std::string_view> verbs;
    bool namespaced = false;
    bool is_default = false;           // on without extra flags
    std::string_view stage;            // "ga", "beta", "alpha"
    std::string_view gate;             // feature gate it needs besides its version; "" for none
    std::string_view storage_hash;     // storageVersionHash; "" if it is not stored
    std::string_view storage_version;  // "apps/v1/Deployment"
    std::vector<std::string_view> field_labels;  // accepted by fieldSelector
    std::vector<FieldLabelRename> field_label_renames;
    std::vector<std::string_view> field_labels_without_value;
    std::optional<int64_t> generation_at_create;         // nothing: generation stays 0
    std::vector<std::string_view> generation_bumped_by;  // "spec"; "*": all outside metadata
    bool graceful = false;
    bool create_on_update = false;
    bool unconditional_update = false;
    bool returns_deleted_object = false;
    bool is_virtual = false;  // create only, nothing is stored
    DefaultPropagation default_propagation = DefaultPropagation::background;
    std::optional<int64_t> ttl_seconds;
    std::vector<ResetFields> reset_fields;
    std::vector<BuiltinSubresource> subresources;

    [[nodiscard]] const BuiltinSubresource* find_subresource(std::string_view name) const;
};

// Thread rule: what is made on demand is kept, so calls belong to one thread at a time (the
// loop's). Texts, rows and nodes that were returned live as long as the Builtin and may be read
// anywhere.
class Builtin {
public:
    [[nodiscard]] static const Builtin& get();
    // Of bytes that tools/pack_builtin made, which must outlive it. For tests with more types.
    explicit Builtin(std::string_view bytes);
    ~Builtin();
    Builtin(const Builtin&) = delete;
    Builtin& operator=(const Builtin&) = delete;

    // In discovery order.
    [[nodiscard]] std::span<const BuiltinGroup> groups() const;
    [[nodiscard]] std::span<const BuiltinResource> resources() const;
    [[nodiscard]] const BuiltinResource* find_resource(std::string_view group,
                                                       std::string_view version,
                                                       std::string_view resource) const;
    [[nodiscard]] const BuiltinResource* find_resource_of(const GroupVersionKind& kind) const;

    // The schema of a kind; null if it is none of ours. Kinds of every group version
    // (DeleteOptions, WatchEvent, …) are found in any. The pointer does not own: the Builtin does.
    // Properties stand in Go's order. `default_value` holds what the OpenAPI document says (zero
    // values and {} included), which is not what defaulting does: that is builtin_defaults.h.
    [[nodiscard]] SchemaPtr find_kind(const GroupVersionKind& kind) const;
    [[nodiscard]] SchemaPtr find_definition(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> definition_names() const;  // sorted
    // For x-kubernetes-group-version-kind; empty for a definition that is no kind and for the kinds
    // of every group version.
    [[nodiscard]] std::vector<GroupVersionKind> kinds_of(std::string_view definition) const;
    // "DeleteOptions" → its definition, for the kinds that every group version has.
    [[nodiscard]] std::string_view find_every_version_kind(std::string_view kind) const;

    [[nodiscard]] const internal::Tables& tables() const { return *tables_; }
    // Packed facts for the other parts of this folder, unpacked at the first call.
    [[nodiscard]] const Value& defaults() const;
    [[nodiscard]] const Value& immutable() const;
    [[nodiscard]] const Value& printers() const;

private:
    Schema* node_of(uint16_t definition) const;
    Schema* field_node(const internal::FieldRow& row) const;
    Schema* element_node(const internal::FieldRow& row, bool with_default) const;
    const Value& every() const;

    std::unique_ptr<const internal::Tables> tables_;
    mutable std::optional<std::vector<BuiltinGroup>> groups_;
    mutable std::optional<std::vector<BuiltinResource>> resources_;
    mutable std::optional<Value> groups_value_;  // the texts of groups_ and resources_ live here
    mutable std::optional<Value> resources_value_;
    mutable std::optional<Value> every_;
    mutable std::optional<Value> unions_;
    mutable std::optional<Value> defaults_;
    mutable std::optional<Value> immutable_;
    mutable std::optional<Value> printers_;
    mutable std::unique_ptr<internal::Tree> tree_;
    mutable std::vector<Schema*> nodes_;  // by definition; null: not made yet
    mutable std::map<std::string, Schema*, std::less<>> fields_;  // equal fields share a node
};

}  // namespace weft::schema
