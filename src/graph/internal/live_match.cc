// graph/internal/live_match.cc: a walk over desired, live, and the fields we own, side by side.

#include "graph/internal/live_match.h"

#include <algorithm>
#include <vector>

#include "graph/labels.h"
#include "graph/limits.h"
#include "schema/builtin.h"
#include "schema/builtin_defaults.h"
#include "schema/defaults.h"
#include "schema/go_json.h"
#include "schema/strategy.h"

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

// A leaf or an atomic map or list: what is below it is owned with it.
bool is_owned_whole(const Value* owned) {
    return owned != nullptr && owned->empty();
}

// Whether an item has the key's values; those that the item leaves out are the server's defaults.
bool has_key(const Value& item, const Value& key) {
    return std::ranges::all_of(key.members(), [&item](const Member& part) {
        const Value* found = item.find(part.name());
        return found == nullptr || *found == part.value || same_number(*found, part.value);
    });
}

// Equal as JSON would be; nulls and empty maps and lists may be left out by either side.
bool is_same_whole(const Value& a, const Value& b, size_t depth) {
    const auto is_nothing = [](const Value& value) {
        return value.is_null() || ((value.is_map() || value.is_list()) && value.empty());
    };
    if (depth > limits::template_depth) {
        return false;
    }
    if (a.is_map() && b.is_map()) {
        const auto holds = [&is_nothing, depth](const Value& whole, const Value& part) {
            return std::ranges::all_of(part.members(), [&](const Member& member) {
                const Value* found = whole.find(member.name());
                return found == nullptr ? is_nothing(member.value)
                                        : is_same_whole(*found, member.value, depth + 1);
            });
        };
        return holds(a, b) && holds(b, a);
    }
    if (a.is_list() && b.is_list()) {
        return a.size() == b.size() &&
               std::ranges::equal(a.items(), b.items(), [depth](const Value& x, const Value& y) {
                   return is_same_whole(x, y, depth + 1);
               });
    }
    return a == b || same_number(a, b) || (is_nothing(a) && is_nothing(b));
}

// Walks what is desired. `expected` is the same as the server would print it: null where it would
// leave the value out.
class Comparison {
public:
    explicit Comparison(size_t most) : most_(most) {}

    // True once `most` differences are found; found() has them.
    bool differs(const Value& desired, const Value* expected, const Value* live, const Value* owned,
                 size_t depth) {
        if (desired.is_null()) {
            return live != nullptr && !live->is_null() && tell("differs");
        }
        if (live == nullptr || live->is_null()) {
            // Servers drop what is empty, and Go what is zero: then it is enough that we own it.
            const bool is_nothing = (desired.is_map() || desired.is_list()) && desired.empty();
            const bool is_left_out = expected == nullptr && owned != nullptr;
            return !is_nothing && !is_left_out && tell("is missing");
        }
        if (depth > limits::template_depth) {
            return tell("is too deep to compare");
        }
        const Value& wanted = expected == nullptr ? desired : *expected;
        if (is_owned_whole(owned) && !desired.empty()) {
            // Nobody else can have put anything below it: what is more than wanted was ours.
            return !is_same_whole(wanted, *live, depth) && tell("differs");
        }
        if (desired.is_map() && wanted.is_map() && live->is_map()) {
            return map_differs(desired, wanted, *live, owned, depth);
        }
        if (desired.is_list() && wanted.is_list() && live->is_list()) {
            return is_keyed(owned) ? keyed_list_differs(desired, wanted, *live, *owned, depth)
                                   : list_differs(desired, wanted, *live, owned, depth);
        }
        return wanted != *live && !same_number(wanted, *live) && tell("differs");
    }

    // "spec.replicas differs", …
    [[nodiscard]] const std::vector<std::string>& found() const { return found_; }

private:
    bool tell(std::string_view what) {
        found_.push_back(cat(path_.text(), " ", what));
        return found_.size() >= most_;
    }

    bool map_differs(const Value& desired, const Value& wanted, const Value& live,
                     const Value* owned, size_t depth) {
        for (const Member& member : desired.members()) {
            const Value* owned_member =
                owned == nullptr ? nullptr : owned->find(cat(field_prefix, member.name()));
            const Value* live_member = live.find(member.name());
            path_.push(member.name());
            if (differs(member.value, wanted.find(member.name()), live_member, owned_member,
                        depth + 1)) {
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
                if (tell("is no longer wanted")) {
                    return true;
                }
                path_.pop();
            }
        }
        return false;
    }

    bool keyed_list_differs(const Value& desired, const Value& wanted, const Value& live,
                            const Value& owned, size_t depth) {
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
            const auto item = find_item(desired);
            const auto existing = find_item(live);
            if (item == desired.items().end()) {
                return existing != live.items().end() && tell("holds an item no longer wanted");
            }
            const auto index = static_cast<size_t>(item - desired.items().begin());
            seen[index] = true;
            path_.push(index);
            // A list keeps its length and order when the server reads it.
            const Value* expected =
                wanted.size() == desired.size() ? &wanted.at(index) : &desired.at(index);
            const Value* found = existing == live.items().end() ? nullptr : &*existing;
            if (differs(*item, expected, found, &member.value, depth + 1)) {
                return true;
            }
            path_.pop();
        }
        return std::ranges::find(seen, false) != seen.end() && tell("lacks an item");
    }

    bool list_differs(const Value& desired, const Value& wanted, const Value& live,
                      const Value* owned, size_t depth) {
        const bool is_set =
            owned != nullptr && std::ranges::any_of(owned->members(), [](const Member& member) {
                return member.name().starts_with("v:");
            });
        if (is_set) {
            const auto lacks = [](const Value& list, const Value& item) {
                return std::ranges::find(list.items(), item) == list.items().end();
            };
            for (const Value& item : wanted.items()) {
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
        return !is_same_whole(wanted, live, depth) && tell("differs");
    }

    size_t most_;
    Path path_;
    std::vector<std::string> found_;
};

// The object as an API server would print it after reading it: defaults filled in, zeros left out,
// quantities, times and bytes in their canonical form. Nothing if it cannot be read.
std::optional<Value> as_printed(const Object& desired, const schema::Schema* schema) {
    Value out = desired.value();
    const schema::Builtin& builtin = schema::Builtin::get();
    const schema::SchemaPtr kind = builtin.find_kind(desired.group_version_kind());
    if (kind == nullptr) {
        schema::prune_non_nullable_nulls(out, schema);
        schema::apply_defaults(out, schema);
        return out;
    }
    // Tables made of the program's own data: the same for everybody.
    static const schema::GoTypes types(&builtin);
    static const schema::BuiltinDefaults defaults(&builtin);
    if (desired.kind() == "Secret" && out.contains("stringData")) {
        schema::fold_string_data(out);
    }
    Result<Value> printed = types.canonical(kind->definition, out);
    if (printed && defaults.apply(kind->definition, *printed, Time{})) {
        printed = types.canonical(kind->definition, *printed);
    }
    if (!printed) {
        return std::nullopt;
    }
    return *std::move(printed);
}

// What another version of the controller applied is good as it is: its version label, and that it
// wrote no order for deletion (kro 0.9.3 does not). Otherwise taking over would write every child.
Object as_other_version_wants(const Object& desired, const Object& live, const Value& owned) {
    const std::string_view version = live.label(label_version);
    const Value* owned_label =
        owned.find("f:metadata", "f:labels", cat(field_prefix, label_version));
    if (version.empty() || version == desired.label(label_version) || owned_label == nullptr) {
        return desired;
    }
    Object out = desired;
    out.set_label(label_version, version);
    if (live.annotation(annotation_apply_order).empty()) {
        Value& annotations = out.metadata().mutable_member("annotations");
        annotations.erase(annotation_apply_order);
        if (annotations.empty()) {
            out.metadata().erase("annotations");
        }
    }
    return out;
}

// stringData is read and not kept; what was put into data by it is compared there.
Object without_string_data(const Object& desired, const Value& printed) {
    Object out = desired;
    if (desired.kind() == "Secret" && desired.value().contains("stringData")) {
        out.mutable_value().erase("stringData");
        if (const Value* data = printed.find("data")) {
            out.mutable_value().set("data", *data);
        }
    }
    return out;
}

}  // namespace

std::vector<std::string> find_differences(const Object& ours, const Object& live,
                                          std::string_view manager, const schema::Schema* schema,
                                          size_t most) {
    const Value* owned = owned_fields(live, manager);
    if (owned == nullptr) {
        return {cat("not applied by ", manager, " yet")};
    }
    const Object desired = as_other_version_wants(ours, live, *owned);
    Comparison literal(1);
    literal.differs(desired.value(), &desired.value(), &live.value(), owned, 0);
    if (literal.found().empty()) {
        return {};
    }
    const std::optional<Value> printed = as_printed(desired, schema);
    if (!printed) {
        return literal.found();
    }
    const Object wanted = without_string_data(desired, *printed);
    Comparison comparison(most);
    comparison.differs(wanted.value(), &*printed, &live.value(), owned, 0);
    return comparison.found();
}

std::optional<std::string> find_difference(const Object& desired, const Object& live,
                                           std::string_view manager, const schema::Schema* schema) {
    const std::vector<std::string> all = find_differences(desired, live, manager, schema, 1);
    if (all.empty()) {
        return std::nullopt;
    }
    return all[0].starts_with("not applied by ") ? all[0] : cat("field ", all[0]);
}

bool is_same_but_for_status(const Object& a, const Object& b) {
    const auto without_counters = [](const Object& object) {
        Value out = object.value();
        out.erase("status");
        if (Value* metadata =
                out.contains("metadata") ? &out.mutable_member("metadata") : nullptr) {
            for (const std::string_view counter :
                 {"resourceVersion", "generation", "managedFields"}) {
                metadata->erase(counter);
            }
        }
        return out;
    };
    return without_counters(a) == without_counters(b);
}

}  // namespace weft::graph
