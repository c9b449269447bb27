// merge/updater.cc: moves ownership between managers, and prunes.

#include "merge/updater.h"

#include <utility>

namespace weft::merge {
namespace {

bool is_missing_version(const Error& error) {
    return error.reason() == Reason::not_found;
}

Error failed(std::string_view what, const Error& error) {
    return Error(error.reason(), cat("failed to ", what, ": ", error.message()), error.details());
}

void take(Managers& managers, const ManagerId& manager, const FieldSet& set) {
    const auto found = managers.find(manager);
    CHECK(found != managers.end());
    found->second.set = found->second.set.difference(set);
}

}  // namespace

Result<TypedObject> Updater::convert(const TypedObject& object,
                                     std::string_view api_version) const {
    if (object.api_version == api_version) {
        return object;
    }
    if (converter == nullptr) {
        return make_error(Reason::not_found, "no conversion to ", api_version);
    }
    return converter->convert(object, api_version);
}

const FieldFilter* Updater::filter_of(std::string_view api_version) const {
    if (ignored == nullptr) {
        return nullptr;
    }
    const auto filter = ignored->find(api_version);
    return filter == ignored->end() ? nullptr : &filter->second;
}

FieldSet Updater::filtered(const FieldSet& set, std::string_view api_version) const {
    const FieldFilter* filter = filter_of(api_version);
    return filter == nullptr ? set : filter->apply(set);
}

Comparison Updater::filtered(Comparison comparison, std::string_view api_version) const {
    const FieldFilter* filter = filter_of(api_version);
    return filter == nullptr ? comparison : comparison.filtered(*filter);
}

Result<Managers> Updater::reconciled(const TypedObject& live, Managers managers) const {
    std::map<std::string, TypeRef, std::less<>> versions;
    for (auto entry = managers.begin(); entry != managers.end();) {
        VersionedSet& owned = entry->second;
        auto version = versions.find(owned.api_version);
        if (version == versions.end()) {
            Result<TypedObject> converted = convert(live, owned.api_version);
            if (!converted) {
                if (!is_missing_version(converted.error())) {
                    return converted.error();
                }
                entry = managers.erase(entry);
                continue;
            }
            version = versions.emplace(owned.api_version, converted->type).first;
        }
        std::optional<FieldSet> changed = reconcile_with_schema(owned.set, version->second);
        if (changed) {
            owned.set = *std::move(changed);
        }
        ++entry;
    }
    return managers;
}

Result<Updater::Moved> Updater::take_from_others(const TypedObject& before,
                                                 const TypedObject& after, Managers& managers,
                                                 const ManagerId& writer, bool force) const {
    const bool unchanged = before.value.is_same(after.value);
    std::map<std::string, Comparison, std::less<>> versions;
    if (unchanged) {
        versions.emplace(after.api_version, Comparison{});
    } else {
        Comparison comparison = TRY(compare_typed(before.value, after.value, after.type));
        versions.emplace(after.api_version, filtered(std::move(comparison), after.api_version));
    }
    std::vector<std::pair<ManagerId, FieldSet>> conflicts;
    std::vector<std::pair<ManagerId, FieldSet>> removals;
    for (auto entry = managers.begin(); entry != managers.end();) {
        const auto& [manager, owned] = *entry;
        // Where nothing changed, nothing changed in any other version.
        if (manager == writer || unchanged) {
            ++entry;
            continue;
        }
        auto version = versions.find(owned.api_version);
        if (version == versions.end()) {
            Result<TypedObject> old_version = convert(before, owned.api_version);
            if (!old_version && is_missing_version(old_version.error())) {
                entry = managers.erase(entry);
                continue;
            }
            if (!old_version) {
                return failed("convert old object", old_version.error());
            }
            Result<TypedObject> new_version = convert(after, owned.api_version);
            if (!new_version && is_missing_version(new_version.error())) {
                entry = managers.erase(entry);
                continue;
            }
            if (!new_version) {
                return failed("convert new object", new_version.error());
            }
            Result<Comparison> comparison =
                compare_typed(old_version->value, new_version->value, new_version->type);
            if (!comparison) {
                return failed("compare objects", comparison.error());
            }
            version =
                versions
                    .emplace(owned.api_version, filtered(*std::move(comparison), owned.api_version))
                    .first;
        }
        const Comparison& comparison = version->second;
        FieldSet conflict =
            owned.set.intersection(comparison.modified.union_with(comparison.added));
        if (!conflict.empty()) {
            conflicts.emplace_back(manager, std::move(conflict));
        }
        if (!comparison.removed.empty()) {
            removals.emplace_back(manager, comparison.removed);
        }
        ++entry;
    }

    Moved moved;
    if (!force && !conflicts.empty()) {
        for (const auto& [manager, set] : conflicts) {
            set.for_each(
                [&](const FieldPath& path) { moved.conflicts.push_back({manager, path}); });
        }
        return moved;
    }
    for (const auto& [manager, set] : conflicts) {
        take(managers, manager, set);
    }
    for (const auto& [manager, set] : removals) {
        take(managers, manager, set);
    }
    std::erase_if(managers, [](const auto& entry) { return entry.second.set.empty(); });
    moved.comparison = std::move(versions.find(after.api_version)->second);
    return moved;
}

Result<Managers> Updater::update(const TypedObject& live, const TypedObject& changed,
                                 Managers managers, const ManagerId& manager) const {
    managers = TRY(reconciled(live, std::move(managers)));
    const Moved moved = TRY(take_from_others(live, changed, managers, manager, true));
    VersionedSet& owned = managers[manager];
    owned.set = filtered(owned.set.difference(moved.comparison.removed)
                             .union_with(moved.comparison.modified)
                             .union_with(moved.comparison.added),
                         changed.api_version);
    owned.api_version = changed.api_version;
    owned.is_applied = false;
    if (owned.set.empty()) {
        managers.erase(manager);
    }
    return managers;
}

Result<Updater::Applied> Updater::apply(const TypedObject& live, const TypedObject& config,
                                        Managers managers, const ManagerId& manager,
                                        bool force) const {
    managers = TRY(reconciled(live, std::move(managers)));
    Result<Value> merged_value = merge_typed(live.value, config.value, config.type);
    if (!merged_value) {
        return failed("merge config", merged_value.error());
    }
    TypedObject merged{*std::move(merged_value), live.type, live.api_version};

    VersionedSet& owned = managers[manager];
    const VersionedSet last = std::exchange(
        owned, {.set = filtered(to_field_set(config.value, config.type), config.api_version),
                .api_version = config.api_version,
                .is_applied = true});
    // What is still applied is not pruned; mostly that is all.
    const bool may_prune = !last.set.empty() && (last.api_version != owned.api_version ||
                                                 !last.set.difference(owned.set).empty());
    if (may_prune) {
        Result<TypedObject> kept = pruned(merged, managers, last, config.api_version);
        if (!kept) {
            return failed("prune fields", kept.error());
        }
        merged = *std::move(kept);
    }

    Moved moved = TRY(take_from_others(live, merged, managers, manager, force));
    Applied applied;
    if (!moved.conflicts.empty()) {
        applied.conflicts = std::move(moved.conflicts);
        return applied;
    }
    applied.managers = std::move(managers);
    if (!equal_values(live.value, merged.value)) {
        applied.object = std::move(merged.value);
    }
    return applied;
}

// Removes an item or a field iff the applier applied it last time, does not now, and nobody else
// owns it.
Result<TypedObject> Updater::pruned(const TypedObject& merged, const Managers& managers,
                                    const VersionedSet& last, std::string_view api_version) const {
    Result<TypedObject> old_version = convert(merged, last.api_version);
    if (!old_version) {
        if (is_missing_version(old_version.error())) {
            return merged;
        }
        return failed("convert merged object to last applied version", old_version.error());
    }
    const TypedObject& whole = *old_version;
    const FieldSet last_set = with_named_fields(last.set, whole.type);
    TypedObject left{remove_items(whole.value, whole.type, last_set), whole.type,
                     whole.api_version};

    // What any manager owns comes back; first in the version at hand, since a conversion may need
    // fields that were pruned.
    std::map<std::string, FieldSet, std::less<>> owned_by_version;
    for (const auto& [manager, owned] : managers) {
        FieldSet& all = owned_by_version[owned.api_version];
        all = all.union_with(owned.set);
    }
    TypedObject all = whole;
    const auto back = [&](std::string_view version, const FieldSet& owned) -> Status {
        auto result = with_owned_back(std::move(all), std::move(left), version, owned);
        if (!result) {
            return failed("add back owned items", result.error());
        }
        all = std::move(result->first);
        left = std::move(result->second);
        return {};
    };
    if (const auto first = owned_by_version.find(whole.api_version);
        first != owned_by_version.end()) {
        TRY(back(first->first, first->second));
        owned_by_version.erase(first);
    }
    for (const auto& [version, owned] : owned_by_version) {
        TRY(back(version, owned));
    }

    // What nobody owned comes back too: only what the applier itself owned may go.
    Result<TypedObject> left_then = convert(left, last.api_version);
    if (!left_then) {
        if (is_missing_version(left_then.error())) {
            return merged;
        }
        return failed(
            "add back dangling items: failed to convert pruned object to last applied version",
            left_then.error());
    }
    const FieldSet left_set =
        with_named_fields(to_field_set(left_then->value, left_then->type), whole.type);
    const FieldSet whole_set = with_named_fields(to_field_set(whole.value, whole.type), whole.type);
    TypedObject result{remove_items(whole.value, whole.type,
                                    whole_set.difference(left_set).intersection(last_set)),
                       whole.type, whole.api_version};
    return convert(result, api_version);
}

Result<std::pair<TypedObject, TypedObject>> Updater::with_owned_back(TypedObject merged,
                                                                     TypedObject pruned,
                                                                     std::string_view api_version,
                                                                     const FieldSet& owned) const {
    Result<TypedObject> all = convert(merged, api_version);
    if (!all) {
        if (is_missing_version(all.error())) {
            return std::pair(std::move(merged), std::move(pruned));
        }
        return failed(cat("convert merged object at version ", api_version), all.error());
    }
    Result<TypedObject> left = convert(pruned, api_version);
    if (!left) {
        if (is_missing_version(left.error())) {
            return std::pair(*std::move(all), std::move(pruned));
        }
        return failed(cat("convert pruned object at version ", api_version), left.error());
    }
    const TypeRef type = all->type;
    const FieldSet all_set = with_named_fields(to_field_set(all->value, type), type);
    const FieldSet left_set = with_named_fields(to_field_set(left->value, type), type);
    const FieldSet unowned =
        all_set.difference(left_set.union_with(with_named_fields(owned, type)));
    TypedObject back{remove_items(all->value, type, unowned), type, all->api_version};
    return std::pair(*std::move(all), std::move(back));
}

}  // namespace weft::merge
