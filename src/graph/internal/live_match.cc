// graph/internal/live_match.cc: a walk over desired, live, and the fields we own, side by side.

#include "graph/internal/live_match.h"

#include <algorithm>
#include <vector>

#include "graph/limits.h"

namespace weft::graph {

namespace {

constexpr std::string_view key_prefix = "k:";
constexpr std::string_view field_prefix = "f:";

// The fields that the manager's last apply left owned; null if it never applied.
const Value* owned_fields(const Object& live, std::string_view manager) {
    const Value* entries = live.value().find("metadata", "managedFields");
    if (entries == nullptr) {
        return nullptr;
    }
    for (const Value& entry : entries->items()) {
        if (entry.string_at("manager") == manager && entry.string_at("operation") == "Apply" &&
            entry.string_at("subresource").empty()) {
            return entry.find("fieldsV1");
        }
    }
    return nullptr;
}

bool same_number(const Value& a, const Value& b) {
    return a.is_number() && b.is_number() && a.to_double() == b.to_double();
}

// The items of an associative list are owned under their keys.
bool is_keyed(const Value* owned) {
    return owned != nullptr && std::ranges::any_of(owned->members(), [](const Member& member) {
               return member.name().starts_with(key_prefix);
           });
}

// Whether an item has the key's values; those that the item leaves out are the server's defaults.
bool has_key(const Value& item, const Value& key) {
    return std::ranges::all_of(key.members(), [&item](const Member& part) {
        const Value* found = item.find(part.name());
        return found == nullptr || *found == part.value || same_number(*found, part.value);
    });
}

class Comparison {
public:
    // The path of the first difference; sets `reason`.
    bool differs(const Value& desired, const Value* live, const Value* owned, size_t depth) {
        if (desired.is_null()) {
            return live != nullptr && !live->is_null() && tell("differs");
        }
        if (live == nullptr || live->is_null()) {
            // Servers drop what is empty.
            const bool is_nothing = (desired.is_map() || desired.is_list()) && desired.empty();
            return !is_nothing && tell("is missing");
        }
        if (depth > limits::template_depth) {
            return tell("is too deep to compare");
        }
        if (desired.is_map() && live->is_map()) {
            return map_differs(desired, *live, owned, depth);
        }
        if (desired.is_list() && live->is_list()) {
            return is_keyed(owned) ? keyed_list_differs(desired, *live, *owned, depth)
                                   : list_differs(desired, *live, owned, depth);
        }
        return desired != *live && !same_number(desired, *live) && tell("differs");
    }

    std::string text() const { return cat("field ", where_, " ", what_); }

private:
    bool tell(std::string_view what) {
        what_ = what;
        where_ = path_.text();
        return true;
    }

    bool map_differs(const Value& desired, const Value& live, const Value* owned, size_t depth) {
        for (const Member& member : desired.members()) {
            const Value* owned_member =
                owned == nullptr ? nullptr : owned->find(cat(field_prefix, member.name()));
            path_.push(member.name());
            if (differs(member.value, live.find(member.name()), owned_member, depth + 1)) {
                return true;
            }
            path_.pop();
        }
        if (owned == nullptr) {
            return false;
        }
        for (const Member& member : owned->members()) {
            if (!member.name().starts_with(field_prefix)) {
                continue;
            }
            const std::string_view name = member.name().substr(field_prefix.size());
            if (!desired.contains(name) && live.contains(name)) {
                path_.push(name);
                return tell("is no longer wanted");
            }
        }
        return false;
    }

    bool keyed_list_differs(const Value& desired, const Value& live, const Value& owned,
                            size_t depth) {
        std::vector<bool> seen(desired.size());
        for (const Member& member : owned.members()) {
            if (!member.name().starts_with(key_prefix)) {
                continue;
            }
            const Result<Value> key = parse_json(member.name().substr(key_prefix.size()));
            if (!key) {
                return tell("has an unreadable owner");
            }
            const auto find_item = [&key](const Value& list) {
                return std::ranges::find_if(
                    list.items(), [&key](const Value& item) { return has_key(item, *key); });
            };
            const auto wanted = find_item(desired);
            const auto existing = find_item(live);
            if (wanted == desired.items().end()) {
                return existing != live.items().end() && tell("holds an item no longer wanted");
            }
            const auto index = static_cast<size_t>(wanted - desired.items().begin());
            seen[index] = true;
            path_.push(index);
            const Value* item = existing == live.items().end() ? nullptr : &*existing;
            if (differs(*wanted, item, &member.value, depth + 1)) {
                return true;
            }
            path_.pop();
        }
        return std::ranges::find(seen, false) != seen.end() && tell("lacks an item");
    }

    bool list_differs(const Value& desired, const Value& live, const Value* owned, size_t depth) {
        const bool is_set =
            owned != nullptr && std::ranges::any_of(owned->members(), [](const Member& member) {
                return member.name().starts_with("v:");
            });
        if (is_set) {
            const auto lacks = [](const Value& list, const Value& item) {
                return std::ranges::find(list.items(), item) == list.items().end();
            };
            for (const Value& item : desired.items()) {
                if (lacks(live, item)) {
                    return tell("lacks an item");
                }
            }
            for (const Member& member : owned->members()) {
                const Result<Value> item = member.name().starts_with("v:")
                                               ? parse_json(member.name().substr(2))
                                               : Result<Value>(Value());
                if (item && !item->is_null() && lacks(desired, *item)) {
                    return tell("holds an item no longer wanted");
                }
            }
            return false;
        }
        if (desired.size() != live.size()) {
            return tell("differs");
        }
        for (size_t i = 0; i < desired.size(); ++i) {
            path_.push(i);
            if (differs(desired.at(i), &live.at(i), nullptr, depth + 1)) {
                return true;
            }
            path_.pop();
        }
        return false;
    }

    Path path_;
    std::string where_;
    std::string_view what_;
};

}  // namespace

std::optional<std::string> find_difference(const Object& desired, const Object& live,
                                           std::string_view manager) {
    const Value* owned = owned_fields(live, manager);
    if (owned == nullptr) {
        return cat("not applied by ", manager, " yet");
    }
    Comparison comparison;
    if (comparison.differs(desired.value(), &live.value(), owned, 0)) {
        return comparison.text();
    }
    return std::nullopt;
}

}  // namespace weft::graph
