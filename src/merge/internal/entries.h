// merge/internal/entries.h: managedFields between the wire and the sets that an operation changes.

#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/base.h"
#include "merge/updater.h"
#include "object/value.h"

namespace weft::merge::internal {

// The entries of one object during one operation. Entries that do not change are written back as
// they were read.
class Entries {
public:
    // Null and [] give no entries.
    [[nodiscard]] static Result<Entries> read(const Value* managed_fields);
    [[nodiscard]] Value write() const;

    [[nodiscard]] bool empty() const { return managers.empty(); }
    [[nodiscard]] std::optional<Time> time_of(const ManagerId& id) const;
    void set_time(const ManagerId& id, Time time) { origins_[id].time = time; }
    // The same managers own the same fields; times may differ.
    [[nodiscard]] bool same_owners(const Entries& other) const {
        return managers == other.managers;
    }

    Managers managers;

private:
    // What an entry was when it was read.
    struct Origin {
        std::optional<Time> time;
        std::optional<Time> written_time;
        Value entry;
        VersionedSet set;
    };
    std::map<ManagerId, Origin> origins_;
};

// More than update_managers_max updaters: the oldest become one entry per version.
void cap_updaters(Entries& entries);

// How conflicts name a manager: `"kubectl" using apps/v1`.
[[nodiscard]] std::string manager_text(const ManagerId& id);
[[nodiscard]] Error conflict_error(const std::vector<Conflict>& conflicts);

}  // namespace weft::merge::internal
