// graph/conditions.cc: setting one condition keeps the list ordered and the root true to the rest.

#include "graph/conditions.h"

#include <algorithm>

namespace weft::graph {

namespace {

// A time that is not there sorts before every other.
bool is_earlier(const Condition& a, const Condition& b) {
    return a.last_transition < b.last_transition;
}

// The newest with this status; the earlier in the list of two that are equally new.
const Condition* newest(const std::vector<const Condition*>& conditions, std::string_view status) {
    const Condition* found = nullptr;
    for (const Condition* condition : conditions) {
        if (condition->status == status && (found == nullptr || is_earlier(*found, *condition))) {
            found = condition;
        }
    }
    return found;
}

}  // namespace

Value to_value(const Condition& condition) {
    Value out = Value::map_with_capacity(6);
    out.append_new("type", condition.type);
    out.append_new("status", condition.status);
    if (condition.observed_generation != 0) {
        out.append_new("observedGeneration", condition.observed_generation);
    }
    if (condition.last_transition) {
        out.append_new("lastTransitionTime", format_rfc3339(*condition.last_transition));
    }
    if (condition.reason) {
        out.append_new("reason", *condition.reason);
    }
    if (condition.message) {
        out.append_new("message", *condition.message);
    }
    return out;
}

Value to_value(const std::vector<Condition>& conditions) {
    Value out = Value::list();
    for (const Condition& condition : conditions) {
        out.push_back(to_value(condition));
    }
    return out;
}

std::vector<Condition> conditions_from(const Value* list) {
    std::vector<Condition> out;
    if (list == nullptr) {
        return out;
    }
    for (const Value& item : list->items()) {
        Condition condition;
        condition.type = item.string_at("type");
        if (condition.type.empty()) {
            continue;
        }
        condition.status = item.string_at("status");
        condition.observed_generation = item.int_at(0, "observedGeneration");
        condition.last_transition = parse_rfc3339(item.string_at("lastTransitionTime"));
        if (const Value* reason = item.find("reason"); reason != nullptr && reason->is_string()) {
            condition.reason = reason->as_string();
        }
        if (const Value* message = item.find("message");
            message != nullptr && message->is_string()) {
            condition.message = message->as_string();
        }
        out.push_back(std::move(condition));
    }
    return out;
}

ConditionSubject ConditionSubject::of(const Object& object) {
    const std::string_view created = object.value().string_at("metadata", "creationTimestamp");
    return {object.generation(), parse_rfc3339(created).value_or(Time()), object.is_deleting()};
}

ConditionSet::ConditionSet(std::string root, std::vector<std::string> dependents,
                           ConditionSubject subject, const Value* existing, Time now)
    : root_(std::move(root)),
      dependents_(std::move(dependents)),
      subject_(subject),
      // What is written has seconds; a fraction would make a fresh condition newer than itself.
      now_{now.seconds, 0},
      conditions_(conditions_from(existing)) {
    const auto add_missing = [this](const std::string& type) {
        if (find(type) == nullptr) {
            put({type, "Unknown", "AwaitingReconciliation",
                 cat("condition ", quote(type), " is awaiting reconciliation"), std::nullopt, 0});
        }
    };
    add_missing(root_);
    std::ranges::for_each(dependents_, add_missing);
}

bool ConditionSet::is_own(std::string_view type) const {
    return type == root_ || std::ranges::find(dependents_, type) != dependents_.end();
}

void ConditionSet::set(std::string_view type, std::string_view status, std::string_view reason,
                       std::string_view message) {
    put({std::string(type), std::string(status), std::string(reason), std::string(message),
         std::nullopt, 0});
}

void ConditionSet::put(Condition condition) {
    condition.observed_generation = subject_.generation;
    const auto found = std::ranges::find(conditions_, condition.type, &Condition::type);
    const bool is_root = condition.type == root_;
    if (found == conditions_.end()) {
        condition.last_transition = is_own(condition.type) ? subject_.created : now_;
    } else {
        condition.last_transition =
            found->status == condition.status ? found->last_transition : std::optional(now_);
        if (*found == condition) {
            return;
        }
        conditions_.erase(found);
    }
    if (subject_.is_deleting) {
        for (Condition& other : conditions_) {
            other.observed_generation = subject_.generation;
        }
    }
    const auto position = is_root ? conditions_.end()
                                  : std::ranges::find_if(conditions_, [&](const Condition& other) {
                                        return other.type == root_ || is_earlier(condition, other);
                                    });
    conditions_.insert(position, std::move(condition));
    if (!is_root) {
        recompute_root();
    }
}

void ConditionSet::recompute_root() {
    std::vector<const Condition*> unhealthy;
    for (const Condition& condition : conditions_) {
        const bool is_dependent =
            std::ranges::find(dependents_, condition.type) != dependents_.end();
        if (is_dependent && (condition.is_false() || condition.is_unknown() ||
                             condition.observed_generation != subject_.generation)) {
            unhealthy.push_back(&condition);
        }
    }
    if (unhealthy.empty()) {
        put({root_, "True", root_, "", std::nullopt, 0});
        return;
    }
    const Condition* worst = newest(unhealthy, "False");
    if (worst == nullptr) {
        worst = newest(unhealthy, "Unknown");
    }
    // What is only stale says nothing about the root; it stays as it was.
    if (worst != nullptr) {
        put({root_, worst->status, worst->reason, worst->message, std::nullopt, 0});
    }
}

void ConditionSet::remove(std::string_view type) {
    CHECK(!is_own(type));
    std::erase_if(conditions_,
                  [type](const Condition& condition) { return condition.type == type; });
}

const Condition* ConditionSet::find(std::string_view type) const {
    const auto found = std::ranges::find(conditions_, type, &Condition::type);
    return found == conditions_.end() ? nullptr : &*found;
}

bool ConditionSet::is_ready() const {
    const Condition* root = find(root_);
    return root->is_true() && root->observed_generation == subject_.generation;
}

std::vector<Condition> ConditionSet::own() const {
    std::vector<Condition> out;
    std::ranges::copy_if(conditions_, std::back_inserter(out),
                         [this](const Condition& condition) { return is_own(condition.type); });
    return out;
}

ConditionSet definition_conditions(const Object& definition, Time now) {
    return {"Ready",
            {"GraphRevisionsResolved", "GraphAccepted", "KindReady", "ControllerReady"},
            ConditionSubject::of(definition),
            definition.value().find("status", "conditions"),
            now};
}

ConditionSet revision_conditions(const Object& revision, Time now) {
    return {"Ready",
            {"GraphVerified"},
            ConditionSubject::of(revision),
            revision.value().find("status", "conditions"),
            now};
}

ConditionSet instance_conditions(const Object& instance, Time now) {
    return {"Ready",
            {"InstanceManaged", "GraphResolved", "ResourcesReady"},
            ConditionSubject::of(instance),
            instance.value().find("status", "conditions"),
            now};
}

}  // namespace weft::graph
