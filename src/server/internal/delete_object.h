// server/internal/delete_object.h: taking one object away, gracefully and by its finalizers.

#pragma once

#include <optional>
#include <string>

#include "server/internal/core.h"

namespace weft::server {

struct DeleteOptions {
    std::optional<int64_t> grace_period;
    std::string propagation;  // "Orphan", "Background", "Foreground" or ""
    std::optional<bool> orphan_dependents;
    std::optional<std::string> uid;
    std::optional<std::string> resource_version;
    // Admission has seen what asked for the deletion (an Eviction).
    bool bypasses_admission = false;
};

// Of the body or the query, checked; sets call->dry_run.
[[nodiscard]] Result<DeleteOptions> read_delete_options(Call* call);

// Texts for clients that may not get what they expect of a deletion.
void warn_about_deletion(Call* call, const DeleteOptions& options);

struct Deleted {
    // The object as it is now, if it still is there or its kind returns it; else null.
    Value object;
    bool gone = false;
    std::string uid;
};

// Deletes the object under `key`, or marks it as deleting if something holds it.
[[nodiscard]] io::Task<Result<Deleted>> delete_object(Call* call, std::string key, std::string name,
                                                      DeleteOptions options);

// Status Success of a deletion.
[[nodiscard]] Value deleted_status(const Resource& resource, std::string_view name,
                                   std::string_view uid);

}  // namespace weft::server
