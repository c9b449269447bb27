// server/internal/custom_kind.h: how the objects of one CustomResourceDefinition are treated.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/validate.h"
#include "server/internal/registry.h"
#include "server/internal/status.h"

namespace weft::server {

// What one version of a definition says.
struct CustomVersion {
    std::string name;
    bool served = false;
    bool storage = false;
    bool has_schema = false;
    schema::SchemaPtr schema;
    Value columns;                               // additionalPrinterColumns
    std::vector<std::string> selectable_fields;  // ".spec.color"
    bool has_status = false;
    Value scale;  // subresources.scale; null without
    std::optional<std::string> deprecation_warning;
    std::shared_ptr<const schema::Validator> validator;
};

// A definition that is served: immutable, shared by the Resources of its versions.
class CustomKind {
public:
    // Reads an accepted CustomResourceDefinition.
    [[nodiscard]] static Result<std::shared_ptr<const CustomKind>> make(const Value& definition);

    // A Resource for every served version.
    [[nodiscard]] std::vector<ResourcePtr> resources(
        const std::shared_ptr<const CustomKind>& self) const;

    [[nodiscard]] const CustomVersion* find_version(std::string_view name) const;
    [[nodiscard]] const std::string& group() const { return group_; }
    [[nodiscard]] const std::string& plural() const { return plural_; }
    // The definition is being deleted: nothing may be created any more.
    [[nodiscard]] bool is_terminating() const { return terminating_; }
    // Changes when what is done to objects changes.
    [[nodiscard]] uint64_t stamp() const { return stamp_; }
    // Whether versions have different schemas (then other versions' bytes must be gone through).
    [[nodiscard]] bool versions_differ() const { return versions_differ_; }

    // Types of metadata checked, unknown fields pruned and named, defaults set.
    [[nodiscard]] Result<Value> decode(const Resource& resource, const Value& value,
                                       std::vector<std::string>* strict) const;
    // A stored object as this version: pruned and defaulted again.
    [[nodiscard]] Result<Value> from_storage(const Resource& resource, Value object) const;
    void prepare_create(const Resource& resource, Value& object) const;
    // At an endpoint: "" or "status".
    void prepare_update(const Resource& resource, std::string_view subresource, Value& object,
                        const Value& old_object) const;
    // `old_object` is null at creation.
    [[nodiscard]] FieldErrors validate(const Resource& resource, std::string_view subresource,
                                       const Value& object, const Value* old_object) const;
    // What server-side apply merges by.
    [[nodiscard]] schema::SchemaPtr merge_schema(const Resource& resource) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> selector_fields(
        const Resource& resource, const Value& object) const;

private:
    std::string group_;
    std::string plural_;
    std::string singular_;
    std::string kind_;
    std::string list_kind_;
    std::vector<std::string> short_names_;
    std::vector<std::string> categories_;
    bool namespaced_ = false;
    bool versions_differ_ = false;
    bool terminating_ = false;
    uint64_t stamp_ = 0;
    std::vector<CustomVersion> versions_;
};

// The value at a simple JSON path (".spec.color"); null pointer if there is none.
[[nodiscard]] const Value* find_simple_path(const Value& object, std::string_view path);

}  // namespace weft::server
