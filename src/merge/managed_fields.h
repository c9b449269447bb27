// merge/managed_fields.h: server-side apply, and the bookkeeping of every other write.
//
// Source of the behaviour and the texts: apimachinery 0.36 pkg/util/managedfields, with the layers
// of its chain: versions, the last-applied annotation of kubectl, objects that were never applied,
// the cap of entries, times, and fields that nobody owns.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "merge/updater.h"
#include "object/object.h"
#include "schema/schema.h"

namespace weft::merge {

// One write at one endpoint.
struct WriteOptions {
    std::string manager;      // "" counts as "unknown"
    std::string subresource;  // "status"; "" for the main endpoint
    std::string api_version;  // the endpoint's: "apps/v1"
    Time now;
    // Of the kind in that version; null: nothing is known (all maps granular, lists atomic). A
    // schema whose definition is one of Kubernetes' own ("io.k8s.…") means a Go type, whose members
    // that are never absent do not count as added by who creates an object.
    schema::SchemaPtr schema;
    // What an empty object of the kind prints as, for who knows it better than the schema tells.
    // Borrowed; null: derived of the schema.
    const Value* zero = nullptr;
    // Borrowed; null: entries of other versions than the endpoint's are dropped.
    const VersionConverter* converter = nullptr;
    // What this endpoint resets, so nobody can own it through it. Borrowed; null: nothing.
    const FiltersByVersion* reset_fields = nullptr;
};

struct ApplyOptions : WriteOptions {
    bool force = false;  // take fields that others own instead of refusing
};

struct ApplyResult {
    Object object;         // with its managedFields
    bool changed = false;  // false: it is the live object, and nothing need be written
};

// Server-side apply of `applied` over `live` (null: it does not exist yet), which is in the
// endpoint's version. Defaults are not filled in and the result is not validated beyond its schema.
// Errors: conflict, with a cause FieldManagerConflict for each field and the message
// `Apply failed with 1 conflict: conflict with "x" using apps/v1: .spec.replicas`; bad_request for
// another apiVersion or if `applied` sets managedFields; unknown (HTTP 500, as the real server) if
// either object does not fit the schema.
[[nodiscard]] Result<ApplyResult> apply(const Object* live, const Object& applied,
                                        const ApplyOptions& options);

// `changed`, what a create, update or patch is about to store over `live` (null: create), with its
// managedFields. managedFields in `changed` are taken for what they say, save at subresources; []
// and [{}] reset them; invalid ones are ignored. Never fails: where the objects cannot be tracked
// (one does not fit its schema, or the schema of an owner's version), all entries go. If nothing
// but times would change, the live entries are kept.
[[nodiscard]] Object update(const Object* live, const Object& changed, const WriteOptions& options);

// The entries of metadata.managedFields as sets, with their times; errors as upstream's.
struct DecodedManagers {
    Managers managers;
    std::map<ManagerId, std::optional<Time>> times;
};
[[nodiscard]] Result<DecodedManagers> decode_managed_fields(const Value& managed_fields);
// In the order of the API: Apply before Update, then by time, manager, apiVersion, subresource.
[[nodiscard]] Value encode_managed_fields(const DecodedManagers& managers);

// The filter that takes out these paths (".spec", ".metadata.labels") and all below.
[[nodiscard]] FieldFilter reset_filter(std::span<const std::string_view> paths);

}  // namespace weft::merge
