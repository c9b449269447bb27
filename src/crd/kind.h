// crd/kind.h: one served version of a definition, ready for its objects.
//
// Source of the behaviour and of the texts: apiextensions-apiserver pkg/apiserver
// (customresource_handler.go, schema/), pkg/registry/customresource, 0.36.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "base/time.h"
#include "merge/typed.h"
#include "object/kind.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace weft::crd {

using schema::FieldErrors;

// A column of a Table. `name` is first and always "Name" with format "name".
struct Column {
    std::string name;
    std::string type;  // "string", "integer", "number", "boolean", "date"
    std::string format;
    std::string description;
    int64_t priority = 0;
};

struct ScalePaths {
    std::string spec_replicas;    // ".spec.replicas"
    std::string status_replicas;  // ".status.replicas"
    std::string label_selector;   // ".status.selector"; "" without
};

// A Kind says nothing about other versions than its own and keeps nothing of the definition but
// what it needs. CEL rules and patterns are compiled when first used. What it does to objects is
// the same for the same inputs. Thread rule: one thread (the loop's), since it keeps what it
// compiled; several Kinds may be used by several threads.
class Kind {
public:
    // `definition`: an accepted one. not_found if it has no such version.
    [[nodiscard]] static Result<std::shared_ptr<const Kind>> make(const Value& definition,
                                                                  std::string_view version);
    ~Kind();
    Kind(const Kind&) = delete;
    Kind& operator=(const Kind&) = delete;

    [[nodiscard]] const GroupVersionKind& group_version_kind() const;
    [[nodiscard]] const std::string& plural() const;
    [[nodiscard]] const std::string& list_kind() const;
    [[nodiscard]] bool is_namespaced() const;
    [[nodiscard]] bool has_status_subresource() const;
    // Null without the scale subresource.
    [[nodiscard]] const ScalePaths* scale() const;
    // The text of the Warning header of requests for a deprecated version.
    [[nodiscard]] const std::optional<std::string>& deprecation_warning() const;
    // Null for a version without a schema (of an old definition that preserves unknown fields).
    [[nodiscard]] const schema::SchemaPtr& schema() const;
    // For server-side apply. Lives as long as the Kind.
    [[nodiscard]] merge::TypeRef merge_type() const;

    // --- What becomes of an object that is read, from a request or from the store ---

    // Everything of the following in the server's order: metadata checked and cleaned, pruned,
    // nulls dropped, embedded objects cleaned, defaults filled in. `unknown` (may be null) takes
    // the paths of dropped members for fieldValidation ("spec.foo", "metadata.x"), as upstream
    // orders them. bad_request with upstream's text if metadata, apiVersion or kind, here or in an
    // embedded object, is of the wrong type. `is_stored`: an object of the store, where malformed
    // metadata is dropped instead of refused.
    Status decode(Value& object, std::vector<std::string>* unknown = nullptr,
                  bool is_stored = false) const;
    void prune(Value& object, std::vector<std::string>* unknown = nullptr) const;
    void default_values(Value& object) const;

    // --- What the strategy does before an object is stored ---

    // generation 1; status dropped if it is a subresource.
    void prepare_create(Value& object) const;
    // Status taken from the old object if it is a subresource; generation moved on if anything but
    // metadata changed.
    void prepare_update(Value& object, const Value& old_object) const;
    // Of /status: all but status (and managedFields) taken from the old object.
    void prepare_status_update(Value& object, const Value& old_object) const;

    // --- What is wrong with an object ---

    // Whether apiVersion and kind are this Kind's. If not, these are all the errors to tell.
    [[nodiscard]] FieldErrors validate_type(const Value& object) const;
    // Schema, scale, embedded objects' metadata, list types and rules, in upstream's order and
    // texts, with its cost limits. `metadata_errors`: what the server found about metadata, whose
    // rules are the same for all kinds; they come first in the result and decide with the others
    // whether rules are looked at. On update with ratcheting: what is as it was is let pass.
    [[nodiscard]] FieldErrors validate_create(const Value& object,
                                              FieldErrors metadata_errors = {}) const;
    [[nodiscard]] FieldErrors validate_update(const Value& object, const Value& old_object,
                                              FieldErrors metadata_errors = {}) const;
    [[nodiscard]] FieldErrors validate_status_update(const Value& object, const Value& old_object,
                                                     FieldErrors metadata_errors = {}) const;

    // --- Subresource scale ---

    // The autoscaling/v1 Scale of an object. internal_error with upstream's text if a value is of
    // the wrong type, or if replicas are absent and `needs_replicas` (a GET; after a write absent
    // ones count as 0).
    [[nodiscard]] Result<Value> scale_of(const Value& object, bool needs_replicas = true) const;
    // The object with the Scale's replicas and resourceVersion. bad_request with upstream's text if
    // it is no Scale.
    [[nodiscard]] Result<Value> with_scale(const Value& object, const Value& scale) const;

    // --- Selecting and printing ---

    // Labels of field selectors besides metadata.name and metadata.namespace: "spec.color".
    [[nodiscard]] const std::vector<std::string>& selectable_fields() const;
    // Their values in that order; "" for absent ones.
    [[nodiscard]] std::vector<std::string> selectable_values(const Value& object) const;

    // Name first; without additionalPrinterColumns then Age.
    [[nodiscard]] const std::vector<Column>& columns() const;
    // One cell for each column. `now` is what ages are counted to.
    [[nodiscard]] Value cells(const Value& object, Time now) const;

    // Changes when what is done to objects changes: equal for equal schemas and paths.
    [[nodiscard]] uint64_t stamp() const;

private:
    struct Rep;
    explicit Kind(std::unique_ptr<Rep> rep);
    std::unique_ptr<Rep> rep_;
};
using KindPtr = std::shared_ptr<const Kind>;

}  // namespace weft::crd
