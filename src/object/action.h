// object/action.h: what a plan asks of the world. *Make* writes actions, *reach* carries them out.

#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "object/kind.h"

namespace weft {

// Which object an action is about.
struct ObjectKey {
    GroupVersionKind kind;
    NamespacedName name;

    [[nodiscard]] std::string text() const {
        return kind.group + "/" + kind.version + "/" + kind.kind + " " + name.text();
    }
    auto operator<=>(const ObjectKey&) const = default;
};

// Server-side apply of the whole object, by force, for one field manager.
struct Apply {
    std::string node;  // the node that wants it; "" for the instance itself
    Object desired;
    std::string field_manager;
    bool status_subresource = false;
};

// The object must be read (and watched) before more can be planned.
struct Observe {
    std::string node;
    ObjectKey key;
};

// The object must go. `uid` is a precondition.
struct Prune {
    std::string node;
    ObjectKey key;
    std::string uid;
};

struct Action {
    std::variant<Apply, Observe, Prune> what;
    std::string why;  // for people: "field spec.replicas differs", "does not exist"
};

}  // namespace weft
