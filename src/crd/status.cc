// crd/status.cc: conditions, accepted names, finalizers.

#include "crd/status.h"

#include <algorithm>
#include <set>

#include "crd/definition.h"
#include "crd/internal/approval.h"
#include "crd/internal/internal_form.h"
#include "crd/internal/structural.h"

namespace weft::crd {

namespace {

using Names = std::set<std::string, std::less<>>;

struct Claims {
    Names resources;
    Names kinds;
};

void claim(Claims& claims, const Value& definition) {
    const Value* accepted = definition.find("status", "acceptedNames");
    if (accepted == nullptr) {
        return;
    }
    for (const std::string_view name : {"plural", "singular"}) {
        claims.resources.emplace(accepted->string_at(name));
    }
    if (const Value* short_names = accepted->find("shortNames")) {
        for (const Value& name : short_names->items()) {
            claims.resources.emplace(name.is_string() ? name.as_string() : "");
        }
    }
    for (const std::string_view name : {"kind", "listKind"}) {
        claims.kinds.emplace(accepted->string_at(name));
    }
}

Claims claims_of(const Value& definition, std::span<const Value* const> others) {
    Claims claims;
    claim(claims, definition);
    for (const Value* other : others) {
        if (other->string_at("spec", "group") == definition.string_at("spec", "group")) {
            claim(claims, *other);
        }
    }
    return claims;
}

std::string in_use(std::string_view name) {
    return cat(quote(name), " is already in use");
}

bool is_listed(const Value* list, std::string_view text) {
    return list != nullptr && std::ranges::any_of(list->items(), [text](const Value& item) {
               return item.is_string() && item.as_string() == text;
           });
}

void set_text(Value& names, std::string_view key, std::string_view text) {
    const bool always = key == "plural" || key == "kind";
    if (text.empty() && !always) {
        names.erase(key);
    } else {
        names.set(key, Value(text));
    }
}

void set_list(Value& names, std::string_view key, const Value* list) {
    if (list == nullptr || list->empty()) {
        names.erase(key);
    } else {
        names.set(key, *list);
    }
}

// The order that Go's struct has.
Value in_order(const Value& names) {
    Value out = Value::map();
    for (const std::string_view key :
         {"plural", "singular", "shortNames", "kind", "listKind", "categories"}) {
        if (const Value* found = names.find(key)) {
            out.append_new(key, *found);
        }
    }
    return out;
}

}  // namespace

bool update_names(Value& definition, std::span<const Value* const> others, Time now) {
    const Value* found = definition.find("spec", "names");
    const Value requested = found == nullptr ? Value::map() : *found;
    const Value* old = definition.find("status", "acceptedNames");
    const Value accepted = old == nullptr ? Value::map() : *old;
    // So upstream does it: conditions that somebody took away do not come back then.
    if (requested == accepted) {
        return false;
    }
    const Claims claims = claims_of(definition, others);
    Value names = accepted;
    Condition condition{.type = "NamesAccepted",
                        .status = "True",
                        .reason = "NoConflicts",
                        .message = "no conflicts found"};

    const auto settle = [&](std::string_view key, const Names& taken, std::string_view reason) {
        const std::string_view wanted = requested.string_at(key);
        if (wanted != accepted.string_at(key) && taken.contains(wanted)) {
            condition = {.type = "NamesAccepted",
                         .status = "False",
                         .reason = std::string(reason),
                         .message = in_use(wanted)};
        } else {
            set_text(names, key, wanted);
        }
    };
    settle("plural", claims.resources, "PluralConflict");
    settle("singular", claims.resources, "SingularConflict");

    const Value* short_names = requested.find("shortNames");
    std::vector<std::string> conflicts;
    for (const Value& name : short_names == nullptr ? Value().items() : short_names->items()) {
        const std::string_view text = name.is_string() ? name.as_string() : "";
        const bool is_ours = is_listed(accepted.find("shortNames"), text) ||
                             text == accepted.string_at("plural") ||
                             text == accepted.string_at("singular");
        if (!is_ours && claims.resources.contains(text) &&
            std::ranges::find(conflicts, in_use(text)) == conflicts.end()) {
            conflicts.push_back(in_use(text));
        }
    }
    if (conflicts.empty()) {
        set_list(names, "shortNames", short_names);
    } else {
        condition = {
            .type = "NamesAccepted",
            .status = "False",
            .reason = "ShortNamesConflict",
            .message = conflicts.size() == 1 ? conflicts[0] : cat("[", join(conflicts, ", "), "]")};
    }
    settle("kind", claims.kinds, "KindConflict");
    settle("listKind", claims.kinds, "ListKindConflict");
    set_list(names, "categories", requested.find("categories"));

    bool changed = false;
    names = in_order(names);
    if (!(names == accepted)) {
        definition.mutable_member("status").set("acceptedNames", std::move(names));
        changed = true;
    }
    const bool are_accepted = condition.status == "True";
    changed = set_condition(definition, condition, now) || changed;
    if (!is_established(definition)) {
        const Condition installing{.type = "Established",
                                   .status = "False",
                                   .reason = "Installing",
                                   .message = "the initial names have been accepted"};
        const Condition refused{.type = "Established",
                                .status = "False",
                                .reason = "NotAccepted",
                                .message = "not all names are accepted"};
        if (are_accepted || find_condition(definition, "Established") == nullptr) {
            changed =
                set_condition(definition, are_accepted ? installing : refused, now) || changed;
        }
    }
    return changed;
}

bool establish(Value& definition, Time now) {
    if (is_established(definition) || !is_condition_true(definition, "NamesAccepted")) {
        return false;
    }
    return set_condition(definition,
                         {.type = "Established",
                          .status = "True",
                          .reason = "InitialNamesAccepted",
                          .message = "the initial names have been accepted"},
                         now);
}

namespace {

bool update_non_structural(Value& definition, Time now) {
    const schema::FieldErrors errors =
        internal::structural_errors(internal::to_internal(definition));
    if (errors.empty()) {
        if (find_condition(definition, "NonStructuralSchema") == nullptr) {
            return false;
        }
        remove_condition(definition, "NonStructuralSchema");
        return true;
    }
    return set_condition(definition,
                         {.type = "NonStructuralSchema",
                          .status = "True",
                          .reason = "Violations",
                          .message = schema::aggregate_text(errors)},
                         now);
}

bool update_approval(Value& definition, Time now) {
    const std::string_view group = definition.string_at("spec", "group");
    if (!is_protected_group(group)) {
        return false;
    }
    const auto [state, message] = internal::approval_of(definition.find("metadata", "annotations"));
    Condition condition{
        .type = "KubernetesAPIApprovalPolicyConformant", .status = "False", .message = message};
    switch (state) {
        case internal::Approval::invalid:
            condition.reason = "InvalidAnnotation";
            break;
        case internal::Approval::missing:
            condition.reason = "MissingAnnotation";
            break;
        case internal::Approval::approved:
            condition.status = "True";
            condition.reason = "ApprovedAnnotation";
            break;
        case internal::Approval::bypassed:
            condition.reason = "UnapprovedAnnotation";
            break;
    }
    return set_condition(definition, condition, now);
}

bool set_terminating(Value& definition, std::string_view status, std::string_view reason,
                     std::string_view message, Time now) {
    return set_condition(definition,
                         {.type = "Terminating",
                          .status = std::string(status),
                          .reason = std::string(reason),
                          .message = std::string(message)},
                         now);
}

}  // namespace

const Value* find_condition(const Value& definition, std::string_view type) {
    const Value* conditions = definition.find("status", "conditions");
    if (conditions == nullptr) {
        return nullptr;
    }
    const auto items = conditions->items();
    const auto found =
        std::ranges::find(items, type, [](const Value& c) { return c.string_at("type"); });
    return found == items.end() ? nullptr : &*found;
}

bool is_condition_true(const Value& definition, std::string_view type) {
    const Value* condition = find_condition(definition, type);
    return condition != nullptr && condition->string_at("status") == "True";
}

bool set_condition(Value& definition, const Condition& condition, Time now) {
    const Value* old = find_condition(definition, condition.type);
    if (old != nullptr && old->string_at("status") == condition.status &&
        old->string_at("reason") == condition.reason &&
        old->string_at("message") == condition.message) {
        return false;
    }
    const bool keeps_time = old != nullptr && old->string_at("status") == condition.status &&
                            old->contains("lastTransitionTime");
    const Value time = keeps_time ? *old->find("lastTransitionTime") : Value(format_rfc3339(now));
    Value written = Value::map_of({{"type", Value(condition.type)},
                                   {"status", Value(condition.status)},
                                   {"lastTransitionTime", time}});
    if (!condition.reason.empty()) {
        written.set("reason", Value(condition.reason));
    }
    if (!condition.message.empty()) {
        written.set("message", Value(condition.message));
    }
    Value& conditions = definition.mutable_member("status").mutable_member("conditions");
    if (!conditions.is_list()) {
        conditions = Value::list();
    }
    for (size_t i = 0; i < conditions.size(); ++i) {
        if (conditions.at(i).string_at("type") == condition.type) {
            conditions.mutable_item(i) = std::move(written);
            return true;
        }
    }
    conditions.push_back(std::move(written));
    return true;
}

void remove_condition(Value& definition, std::string_view type) {
    Value* status = definition.find_mutable("status");
    Value* conditions = status == nullptr ? nullptr : status->find_mutable("conditions");
    if (conditions == nullptr || !conditions->is_list()) {
        return;
    }
    for (size_t i = conditions->size(); i > 0; --i) {
        if (conditions->at(i - 1).string_at("type") == type) {
            conditions->erase_at(i - 1);
        }
    }
}

bool update_status(Value& definition, std::span<const Value* const> others, Time now) {
    bool changed = update_approval(definition, now);
    changed = update_names(definition, others, now) || changed;
    // One server serves the kind from here on, so there is nobody to wait for.
    changed = establish(definition, now) || changed;
    return update_non_structural(definition, now) || changed;
}

bool set_deletion_pending(Value& definition, Time now) {
    return set_terminating(definition, "True", "InstanceDeletionPending",
                           "CustomResourceDefinition marked for deletion; CustomResource deletion "
                           "will begin soon",
                           now);
}
bool set_deletion_in_progress(Value& definition, Time now) {
    return set_terminating(definition, "True", "InstanceDeletionInProgress",
                           "CustomResource deletion is in progress", now);
}
bool set_deletion_completed(Value& definition, Time now) {
    return set_terminating(definition, "False", "InstanceDeletionCompleted",
                           "removed all instances", now);
}
bool set_deletion_failed(Value& definition, std::string_view message, Time now) {
    return set_terminating(definition, "True", "InstanceDeletionFailed", message, now);
}

bool has_finalizer(const Value& definition, std::string_view finalizer) {
    return is_listed(definition.find("metadata", "finalizers"), finalizer);
}

void remove_finalizer(Value& definition, std::string_view finalizer) {
    Value* metadata = definition.find_mutable("metadata");
    Value* list = metadata == nullptr ? nullptr : metadata->find_mutable("finalizers");
    if (list == nullptr || !list->is_list()) {
        return;
    }
    for (size_t i = list->size(); i > 0; --i) {
        if (list->at(i - 1) == Value(finalizer)) {
            list->erase_at(i - 1);
        }
    }
    if (list->empty()) {
        metadata->erase("finalizers");
    }
}

}  // namespace weft::crd
