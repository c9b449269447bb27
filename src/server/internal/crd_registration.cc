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

bool is_deleting(const Value& object) {
    return object.find("metadata", "deletionTimestamp") != nullptr;
}

}  // namespace

void CustomResources::remember_names(const Value& object) {
    const Value* status = object.find("status");
    Value kept = Value::map();
    for (const std::string_view member : {"acceptedNames", "conditions"}) {
        if (const Value* found = status == nullptr ? nullptr : status->find(member)) {
            kept.set(member, *found);
        }
    }
    const std::string name(object.string_at("metadata", "name"));
    const std::string group(object.string_at("spec", "group"));
    names_[group].insert_or_assign(name,
                                   Value::map_of({{"metadata", Value::map_of({{"name", name}})},
                                                  {"spec", Value::map_of({{"group", group}})},
                                                  {"status", std::move(kept)}}));
}

void CustomResources::forget_names(const Value& object) {
    const auto group = names_.find(object.string_at("spec", "group"));
    if (group != names_.end()) {
        group->second.erase(std::string(object.string_at("metadata", "name")));
        if (group->second.empty()) {
            names_.erase(group);
        }
    }
}

std::vector<const Value*> CustomResources::others_of(const Value& object) const {
    std::vector<const Value*> out;
    const auto group = names_.find(object.string_at("spec", "group"));
    if (group != names_.end()) {
        for (const auto& [name, other] : group->second) {
            if (name != object.string_at("metadata", "name")) {
                out.push_back(&other);
            }
        }
    }
    return out;
}

io::Task<Value> CustomResources::settle(Value object) {
    const ResourcePtr definitions =
        core_->registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    const std::string name(object.string_at("metadata", "name"));
    const std::string key = definitions->key("", name);
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        auto entry = co_await core_->store->get(key, {});
        if (!entry || !*entry) {
            co_return object;
        }
        auto current =
            decode_stored(*core_, *definitions, StoredView(*(*entry)->value), (*entry)->modified);
        if (!current || is_deleting(*current)) {
            co_return object;
        }
        Value settled = *current;
        const bool is_changed = crd::update_status(settled, others_of(object), core_->loop->now());
        // Before anything is awaited: of two definitions that want one name the second sees it.
        remember_names(settled);
        if (!is_changed) {
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
    Value& metadata = object.mutable_member("metadata");
    set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(core_->loop->now())));
    if (!crd::has_finalizer(object, crd::cleanup_finalizer)) {
        Value finalizers = object.find("metadata", "finalizers") != nullptr
                               ? *object.find("metadata", "finalizers")
                               : Value::list();
        finalizers.push_back(Value(crd::cleanup_finalizer));
        set_metadata(object.mutable_member("metadata"), "finalizers", std::move(finalizers));
    }
    crd::set_deletion_pending(object, core_->loop->now());
}

void CustomResources::serve(const Value& object) {
    const std::string group(object.string_at("spec", "group"));
    const std::string plural(object.string_at("spec", "names", "plural"));
    if (!crd::is_established(object)) {
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
    std::vector<Value> objects;
    for (const store::Entry& entry : page.entries) {
        objects.push_back(
            CO_TRY(decode_stored(*core_, *definitions, StoredView(*entry.value), entry.modified)));
        remember_names(objects.back());
    }
    // Only now: a name that a later one holds is taken for an earlier one that asks for it.
    for (Value& object : objects) {
        const bool is_ending = is_deleting(object);
        if (!is_ending) {
            // The process may have ended between the definition's write and that of its status.
            object = co_await settle(std::move(object));
        }
        serve(object);
        if (is_ending) {
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
        forget_names(old_object);
        // Names may have become free for others of the group.
        std::vector<Value> refused;
        for (const Value* other : others_of(old_object)) {
            if (!crd::is_condition_true(*other, "NamesAccepted")) {
                refused.push_back(*other);
            }
        }
        for (Value& other : refused) {
            serve(co_await settle(std::move(other)));
        }
        co_return;
    }
    const Value settled = co_await settle(object);
    serve(settled);
    if (old_object.is_null()) {
        const std::string_view group = object.string_at("spec", "group");
        const std::string_view plural = object.string_at("spec", "names", "plural");
        core_->hubs->of(cat("/registry/", group, "/", plural, "/"))
            ->set_floor(core_->store->newest());
    }
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
            crd::set_deletion_in_progress(changed, core_->loop->now());
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
            const bool held = crd::has_finalizer(*object, crd::cleanup_finalizer);
            crd::remove_finalizer(*object, crd::cleanup_finalizer);
            const Value* kept = object->find("metadata", "finalizers");
            std::vector<store::Write> writes;
            if (kept == nullptr || kept->empty()) {
                writes.push_back({key, nullptr, (*entry)->modified});
            } else if (held) {
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
