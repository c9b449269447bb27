// server/internal/custom_kind.h: a CustomResourceDefinition that is served, with all its versions.

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crd/crd.h"
#include "server/internal/registry.h"
#include "server/internal/status.h"

namespace weft::server {

// Immutable, shared by the Resources of its versions. What is done to objects is crd's; this says
// which version does it.
class CustomKind {
public:
    // Reads an accepted CustomResourceDefinition.
    [[nodiscard]] static Result<std::shared_ptr<const CustomKind>> make(const Value& definition);

    // A Resource for every served version.
    [[nodiscard]] std::vector<ResourcePtr> resources(
        const std::shared_ptr<const CustomKind>& self) const;

    // Of a served resource's version.
    [[nodiscard]] const crd::Kind& of(const Resource& resource) const;
    // The descriptions of its schema: see schema_prose.h.
    [[nodiscard]] const std::string& prose(const Resource& resource) const {
        return version_of(resource).prose;
    }
    // The definition is being deleted: nothing may be created any more.
    [[nodiscard]] bool is_terminating() const { return terminating_; }
    // Changes when what is done to objects of this version changes.
    [[nodiscard]] uint64_t stamp(const Resource& resource) const { return of(resource).stamp(); }

    // Types of metadata checked, unknown fields pruned and named, defaults set.
    [[nodiscard]] Result<Value> decode(const Resource& resource, const Value& value,
                                       std::vector<std::string>* strict) const;
    // A stored object as this version: pruned and defaulted again.
    [[nodiscard]] Result<Value> from_storage(const Resource& resource, Value object) const;
    // What the version that is stored does not know is not kept.
    void prune_for_storage(const Resource& resource, Value& object) const;
    // At an endpoint: "" or "status".
    void prepare_create(const Resource& resource, Value& object) const;
    void prepare_update(const Resource& resource, std::string_view subresource, Value& object,
                        const Value& old_object) const;
    // `old_object` is null at creation.
    [[nodiscard]] FieldErrors validate(const Resource& resource, std::string_view subresource,
                                       const Value& object, const Value* old_object) const;
    // Labels of field selectors with their values, of every version: a watch of any may ask.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> selector_fields(
        const Value& object) const;

private:
    struct Version {
        std::string name;
        bool served = false;
        bool storage = false;
        crd::KindPtr kind;
        std::string prose;
    };
    [[nodiscard]] const Version& version_of(const Resource& resource) const;

    std::string group_;
    std::string plural_;
    std::string singular_;
    std::string kind_;
    std::string list_kind_;
    std::vector<std::string> short_names_;
    std::vector<std::string> categories_;
    bool namespaced_ = false;
    bool terminating_ = false;
    std::vector<Version> versions_;
};

}  // namespace weft::server
