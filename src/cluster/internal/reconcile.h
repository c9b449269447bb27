// cluster/internal/reconcile.h: which function looks after which kind, and who must hear of what.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// An object to look at.
struct Key {
    Kind kind = Kind::pod;
    NamespacedName name;
    auto operator<=>(const Key&) const = default;
};

// Kinds that are looked after in every mode: what a namespace gets.
[[nodiscard]] bool is_always_on(Kind kind);
// Kinds that a function here looks after at all.
[[nodiscard]] bool is_reconciled(Kind kind);

[[nodiscard]] Outcome reconcile(Kind kind, const Object& object, const View& view,
                                const Moment& moment);

// The objects to look at again because this one has come, changed or gone.
[[nodiscard]] std::vector<Key> affected_by(Kind kind, const Object& object, const View& view);

}  // namespace weft::cluster
