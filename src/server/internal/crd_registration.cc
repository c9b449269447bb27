// server/internal/crd_registration.cc: what becomes of a CustomResourceDefinition.
//
// A real server has controllers for this and a definition is usable some moments after it was
// created. Here the status is written, and the kind served, before the create is answered.

#include "server/internal/crd_registration.h"

#include <algorithm>

#include "server/internal/custom_kind.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/watch_hub.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view cleanup_finalizer = "customresourcecleanup.apiextensions.k8s.io";

void set_condition(Value& status, std::string_view type, std::string_view value,
                   std::string_view reason, std::string_view message, std::string_view now) {
    Value conditions =
        status.find("conditions") != nullptr ? *status.find("conditions") : Value::list();
    Value condition = Value::map_of({{"type", type},
                                     {"status", value},
                                     {"lastTransitionTime", now},
                                     {"reason", reason},
                                     {"message", message}});
    for (size_t i = 0; i < conditions.size(); ++i) {
        if (conditions.at(i).string_at("type") == type) {
            if (conditions.at(i).string_at("status") == value) {
                condition.set("lastTransitionTime", *conditions.at(i).find("lastTransitionTime"));
            }
            conditions.mutable_item(i) = std::move(condition);
            status.set("conditions", std::move(conditions));
            return;
        }
    }
    conditions.push_back(std::move(condition));
    status.set("conditions", std::move(conditions));
}

// Names another definition or a builtin kind has taken in the same group.
std::string name_conflict(const Registry& registry, const Value& names, const std::string& group,
                          const std::string& plural, std::string_view* reason) {
    const GroupInfo* info = registry.find_group(group);
    if (info == nullptr) {
        return {};
    }
    const std::string_view kind = names.string_at("kind");
    const std::string_view list_kind = names.string_at("listKind");
    const std::string_view singular = names.string_at("singular");
    for (const GroupVersionInfo& version : info->versions) {
        for (const ResourcePtr& other : version.resources) {
            if (other->gvr.resource == plural) {
                continue;
            }
            const auto taken = [&](std::string_view name) {
                return other->gvr.resource == name || other->singular == name ||
                       std::ranges::find(other->short_names, name) != other->short_names.end();
            };
            if (taken(plural)) {
                *reason = "PluralConflict";
                return cat(quote(plural), " is already in use");
            }
            if (taken(singular)) {
                *reason = "SingularConflict";
                return cat(quote(singular), " is already in use");
            }
            if (const Value* short_names = names.find("shortNames")) {
                for (const Value& name : short_names->items()) {
                    if (name.is_string() && taken(name.as_string())) {
                        *reason = "ShortNamesConflict";
                        return cat(quote(name.as_string()), " is already in use");
                    }
                }
            }
            if (other->kind == kind || other->list_kind == kind) {
                *reason = "KindConflict";
                return cat(quote(kind), " is already in use");
            }
            if (other->kind == list_kind || other->list_kind == list_kind) {
                *reason = "ListKindConflict";
                return cat(quote(list_kind), " is already in use");
            }
        }
    }
    return {};
}

void add_stored_version(Value& status, const Value& spec) {
    std::string storage;
    if (const Value* versions = spec.find("versions")) {
        for (const Value& version : versions->items()) {
            if (version.find("storage") != nullptr && *version.find("storage") == Value(true)) {
                storage = version.string_at("name");
            }
        }
    }
    Value stored =
        status.find("storedVersions") != nullptr && status.find("storedVersions")->is_list()
            ? *status.find("storedVersions")
            : Value::list();
    if (std::ranges::find(stored.items(), Value(storage)) == stored.items().end()) {
        stored.push_back(Value(storage));
    }
    status.set("storedVersions", std::move(stored));
}

}  // namespace

void CustomResources::prepare(Value& object, const Value* old_object) const {
    Value status = old_object != nullptr && old_object->find("status") != nullptr
                       ? *old_object->find("status")
                       : Value::map();
    if (old_object == nullptr) {
        status = Value::map_of({{"acceptedNames", Value::map_of({{"plural", ""}, {"kind", ""}})}});
    } else if (const Value* given = object.find("status")) {
        status = *given;
    }
    add_stored_version(status, *object.find("spec"));
    object.set("status", std::move(status));
}

// What the naming and establishing controllers of a real server write.
bool CustomResources::settle_status(Value& object) const {
    const std::string now = format_rfc3339(core_->loop->now());
    const Value spec = *object.find("spec");
    const Value names = spec.find("names") != nullptr ? *spec.find("names") : Value::map();
    Value status = *object.find("status");
    if (status.find("conditions") == nullptr || status.find("conditions")->is_null()) {
        status.set("conditions", Value::list());
    }
    const Value before = status;
    std::string_view reason;
    const std::string group(spec.string_at("group"));
    const std::string plural(names.string_at("plural"));
    const std::string conflict_text = name_conflict(core_->registry, names, group, plural, &reason);
    if (conflict_text.empty()) {
        status.set("acceptedNames", names);
        set_condition(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
        set_condition(status, "Established", "True", "InitialNamesAccepted",
                      "the initial names have been accepted", now);
    } else {
        set_condition(status, "NamesAccepted", "False", reason, conflict_text, now);
        set_condition(status, "Established", "False", "NotAccepted", "not all names are accepted",
                      now);
    }
    if (status == before) {
        return false;
    }
    object.set("status", std::move(status));
    return true;
}

io::Task<Value> CustomResources::settle(Value object) {
    const ResourcePtr definitions =
        core_->registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const std::string key = definitions->key("", object.string_at("metadata", "name"));
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        auto entry = co_await core_->store->get(key, {});
        if (!entry || !*entry) {
            co_return object;
        }
        auto current =
            decode_stored(*core_, *definitions, StoredView(*(*entry)->value), (*entry)->modified);
        if (!current || current->find("metadata", "deletionTimestamp") != nullptr) {
            co_return object;
        }
        Value settled = *current;
        if (!settle_status(settled)) {
            co_return settled;
        }
        settled = manage_controller_update(*core_, definitions, *current, std::move(settled));
        settled = reorder_kind(*core_, *definitions, std::move(settled));
        std::vector<store::Write> writes;
        writes.push_back({key,
                          std::make_shared<const std::string>(encode_kind(*definitions, settled)),
                          (*entry)->modified});
        auto revision = co_await core_->store->commit(std::move(writes));
        if (revision) {
            co_return settled;
        }
    }
    co_return object;
}

void CustomResources::mark_terminating(Value& object) const {
    const std::string now = format_rfc3339(core_->loop->now());
    Value& metadata = object.mutable_member("metadata");
    set_metadata(metadata, "deletionTimestamp", Value(now));
    Value finalizers =
        metadata.find("finalizers") != nullptr ? *metadata.find("finalizers") : Value::list();
    if (std::ranges::find(finalizers.items(), Value(cleanup_finalizer)) ==
        finalizers.items().end()) {
        finalizers.push_back(Value(cleanup_finalizer));
        set_metadata(metadata, "finalizers", std::move(finalizers));
    }
    Value status = object.find("status") != nullptr ? *object.find("status") : Value::map();
    set_condition(
        status, "Terminating", "True", "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin "
        "soon",
        now);
    object.set("status", std::move(status));
}

void CustomResources::serve(const Value& object) {
    const std::string group(object.string_at("spec", "group"));
    const std::string plural(object.string_at("spec", "names", "plural"));
    bool established = false;
    if (const Value* conditions = object.find("status", "conditions")) {
        for (const Value& condition : conditions->items()) {
            established = established || (condition.string_at("type") == "Established" &&
                                          condition.string_at("status") == "True");
        }
    }
    if (!established) {
        core_->registry.set_custom(group, plural, {});
        return;
    }
    const auto kind = CustomKind::make(object);
    if (!kind) {
        core_->registry.set_custom(group, plural, {});
        return;
    }
    core_->registry.set_custom(group, plural, (*kind)->resources(*kind));
}

io::Task<Status> CustomResources::load() {
    const ResourcePtr definitions =
        core_->registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    store::ListRequest request;
    request.prefix = definitions->key_prefix;
    const store::Page page = CO_TRY(co_await core_->store->list(request));
    for (const store::Entry& entry : page.entries) {
        const StoredView view(*entry.value);
        const Value object = CO_TRY(decode_stored(*core_, *definitions, view, entry.modified));
        serve(object);
        if (view.is_deleting()) {
            scope_.spawn(finish_deletion(std::string(object.string_at("metadata", "name"))));
        }
    }
    co_return Status{};
}

io::Task<void> CustomResources::definition_changed(Value object, Value old_object) {
    if (object.is_null()) {
        const std::string group(old_object.string_at("spec", "group"));
        const std::string plural(old_object.string_at("spec", "names", "plural"));
        core_->registry.set_custom(group, plural, {});
        core_->hubs->end_watchers(cat("/registry/", group, "/", plural, "/"));
        co_return;
    }
    const Value settled = co_await settle(object);
    serve(settled);
    // Only once: the deletion goes on by itself.
    if (object.find("metadata", "deletionTimestamp") != nullptr &&
        old_object.find("metadata", "deletionTimestamp") == nullptr) {
        scope_.spawn(finish_deletion(std::string(object.string_at("metadata", "name"))));
    }
}

io::Task<Status> CustomResources::delete_instances(std::string group, std::string plural) {
    store::ListRequest request;
    request.prefix = cat("/registry/", group, "/", plural, "/");
    const store::Page page = CO_TRY(co_await core_->store->list(request));
    for (const store::Entry& entry : page.entries) {
        const StoredView view(*entry.value);
        Value object = CO_TRY(view.to_value(entry.modified));
        const Value* finalizers = object.find("metadata", "finalizers");
        std::vector<store::Write> writes;
        if (finalizers == nullptr || finalizers->empty()) {
            writes.push_back({entry.key, nullptr, entry.modified});
        } else if (!view.is_deleting()) {
            Value& metadata = object.mutable_member("metadata");
            set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(core_->loop->now())));
            set_metadata(metadata, "deletionGracePeriodSeconds", Value(0));
            set_metadata(metadata, "generation", Value(metadata.int_at(0, "generation") + 1));
            const std::string api_version(object.string_at("apiVersion"));
            const auto group_version = parse_api_version(api_version);
            const ResourcePtr resource =
                group_version ? core_->registry.find(group, group_version->version, plural)
                              : nullptr;
            if (resource == nullptr) {
                continue;
            }
            writes.push_back({entry.key,
                              std::make_shared<const std::string>(encode_kind(*resource, object)),
                              entry.modified});
        }
        if (!writes.empty()) {
            // A conflict means that somebody else was faster; the next turn sees what is left.
            (void)co_await core_->store->commit(std::move(writes));
        }
    }
    co_return Status{};
}

// Deletes the instances, waits until their finalizers let go, then removes the definition's own
// finalizer, which deletes it.
io::Task<void> CustomResources::finish_deletion(std::string name) {
    const ResourcePtr definitions =
        core_->registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const std::string key = definitions->key("", name);
    bool announced = false;
    for (;;) {
        auto entry = co_await core_->store->get(key, {});
        if (!entry || !*entry) {
            co_return;
        }
        const StoredView view(*(*entry)->value);
        auto object = decode_stored(*core_, *definitions, view, (*entry)->modified);
        if (!object || !view.is_deleting()) {
            co_return;
        }
        if (!announced) {
            announced = true;
            Value changed = *object;
            Value status = *changed.find("status");
            set_condition(status, "Terminating", "True", "InstanceDeletionInProgress",
                          "CustomResource deletion is in progress",
                          format_rfc3339(core_->loop->now()));
            changed.set("status", std::move(status));
            changed = manage_controller_update(*core_, definitions, *object, std::move(changed));
            changed = reorder_kind(*core_, *definitions, std::move(changed));
            std::vector<store::Write> writes;
            writes.push_back(
                {key, std::make_shared<const std::string>(encode_kind(*definitions, changed)),
                 (*entry)->modified});
            (void)co_await core_->store->commit(std::move(writes));
            continue;
        }
        const std::string group(object->string_at("spec", "group"));
        const std::string plural(object->string_at("spec", "names", "plural"));
        (void)co_await delete_instances(group, plural);
        store::ListRequest request;
        request.prefix = cat("/registry/", group, "/", plural, "/");
        request.limit = 1;
        auto left = co_await core_->store->list(request);
        if (left && left->entries.empty()) {
            Value& metadata = object->mutable_member("metadata");
            Value kept = Value::list();
            if (const Value* finalizers = metadata.find("finalizers")) {
                for (const Value& item : finalizers->items()) {
                    if (!(item == Value(cleanup_finalizer))) {
                        kept.push_back(item);
                    }
                }
            }
            std::vector<store::Write> writes;
            if (kept.empty()) {
                writes.push_back({key, nullptr, (*entry)->modified});
            } else if (kept.size() != metadata.find("finalizers")->size()) {
                set_metadata(metadata, "finalizers", std::move(kept));
                writes.push_back(
                    {key, std::make_shared<const std::string>(encode_kind(*definitions, *object)),
                     (*entry)->modified});
            }
            const bool removes = !writes.empty() && writes.front().value == nullptr;
            const bool writes_something = !writes.empty();
            auto done = co_await core_->store->commit(std::move(writes));
            if (done) {
                if (removes) {
                    co_await definition_changed(Value(), *object);
                }
                co_return;
            }
            if (!writes_something) {
                co_return;
            }
            continue;
        }
        if (!co_await io::sleep(core_->loop, 100 * io::millisecond)) {
            co_return;
        }
    }
}

io::Task<void> CustomResources::close() {
    co_await scope_.close();
}

}  // namespace weft::server
