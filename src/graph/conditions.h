// graph/conditions.h: a list of conditions with one root that sums the others up (§6.2.4).

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

struct Condition {
    std::string type;
    std::string status;  // "True", "False", "Unknown"
    std::optional<std::string> reason;
    std::optional<std::string> message;
    std::optional<Time> last_transition;
    int64_t observed_generation = 0;

    [[nodiscard]] bool is_true() const { return status == "True"; }
    [[nodiscard]] bool is_false() const { return status == "False"; }
    [[nodiscard]] bool is_unknown() const { return status == "Unknown"; }
    bool operator==(const Condition&) const = default;
};

[[nodiscard]] Value to_value(const Condition& condition);
// Entries that are no conditions (no map, no type) are left out.
[[nodiscard]] std::vector<Condition> conditions_from(const Value* list);
[[nodiscard]] Value to_value(const std::vector<Condition>& conditions);

// Which object the conditions are of.
struct ConditionSubject {
    int64_t generation = 0;
    Time created;
    bool is_deleting = false;

    [[nodiscard]] static ConditionSubject of(const Object& object);
};

// The conditions of one object while they change. Rules, as kro's: a type that is first seen is
// Unknown since the object's creation; the time of transition moves only when the status does;
// the list is ordered by that time, the root last; the root is True when every dependent is True at
// the current generation, else it repeats the newest False, or else the newest Unknown.
class ConditionSet {
public:
    // `existing` is what the object holds (may be null). `now` is the time of every transition made
    // through this set.
    ConditionSet(std::string root, std::vector<std::string> dependents, ConditionSubject subject,
                 const Value* existing, Time now);

    void set(std::string_view type, std::string_view status, std::string_view reason,
             std::string_view message);
    void set_true(std::string_view type, std::string_view reason, std::string_view message) {
        set(type, "True", reason, message);
    }
    void set_false(std::string_view type, std::string_view reason, std::string_view message) {
        set(type, "False", reason, message);
    }
    void set_unknown(std::string_view type, std::string_view reason, std::string_view message) {
        set(type, "Unknown", reason, message);
    }
    // Takes a type out that is no longer used ("ResourceGraphAccepted"). Not for the root or a
    // dependent.
    void remove(std::string_view type);

    [[nodiscard]] const Condition* find(std::string_view type) const;
    // The root is True and was computed for the current generation.
    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] const std::vector<Condition>& all() const { return conditions_; }
    // Those of this set only: what others put into the list is left out.
    [[nodiscard]] std::vector<Condition> own() const;

private:
    [[nodiscard]] bool is_own(std::string_view type) const;
    void put(Condition condition);
    void recompute_root();

    std::string root_;
    std::vector<std::string> dependents_;
    ConditionSubject subject_;
    Time now_;
    std::vector<Condition> conditions_;
};

// The sets of kro's three kinds, in their declared order.
[[nodiscard]] ConditionSet definition_conditions(const Object& definition, Time now);
[[nodiscard]] ConditionSet revision_conditions(const Object& revision, Time now);
[[nodiscard]] ConditionSet instance_conditions(const Object& instance, Time now);

}  // namespace weft::graph
