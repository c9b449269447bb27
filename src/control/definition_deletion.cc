// control/definition_deletion.cc: a definition that goes, and the instances that it leaves.

#include <algorithm>

#include "control/internal/definition_pass.h"

namespace weft::control {

io::Task<Status> DefinitionReconciler::serve_orphans(std::string name) {
    instances_->detach(name);
    std::vector<kube::Resource> resources;
    for (const Object* crd : owned_crds_->cache().all()) {
        const Value* versions = crd->value().find("spec", "versions");
        if (crd->label(graph::label_definition_name) != name || versions == nullptr) {
            continue;
        }
        for (const Value& version : versions->items()) {
            const Value* served = version.find("served");
            if (is_established(*crd) && served != nullptr && served->is_bool() &&
                served->as_bool()) {
                resources.push_back(
                    {{std::string(crd->value().string_at("spec", "group")),
                      std::string(version.string_at("name")),
                      std::string(crd->value().string_at("spec", "names", "plural"))},
                     std::string(crd->value().string_at("spec", "names", "kind")),
                     crd->value().string_at("spec", "scope") == "Namespaced",
                     version.find("subresources", "status") != nullptr});
                break;  // All versions show the same objects.
            }
        }
    }
    for (const kube::Resource& resource : resources) {
        world_.mapper->put(resource);
        CO_TRY(co_await instances_->serve_deletions(name, resource));
    }
    co_return Status{};
}

io::Task<Result<bool>> DefinitionReconciler::is_held(Object definition) {
    if (world_.options->definition_deletion == DefinitionDeletion::detach) {
        co_return false;
    }
    const std::string name(definition.name());
    CO_TRY(co_await serve_orphans(name));
    struct Held {
        kube::Resource resource;
        Object instance;
    };
    std::vector<Held> held;
    for (const Object* instance : instances_->held(name)) {
        held.push_back(
            {instances_->kinds().at(instance->group_version_kind()).resource, *instance});
    }
    if (held.empty()) {
        co_return false;
    }
    std::vector<std::string> names;
    constexpr size_t named_max = 5;
    for (const Held& one : held) {
        if (names.size() < named_max) {
            names.push_back(one.instance.key().text());
        }
    }
    graph::ConditionSet conditions = graph::definition_conditions(definition, world_.loop->now());
    conditions.set_unknown(
        "ControllerReady", "WaitingForInstances",
        cat("waiting for ", held.size(), held.size() == 1 ? " instance" : " instances",
            " to be deleted: ", join(names, ", "), held.size() > names.size() ? ", …" : ""));
    const Value* before = definition.value().find("status");
    Value status = before == nullptr ? Value::map() : *before;
    status.set("conditions", graph::to_value(conditions.all()));
    if (before == nullptr || *before != status) {
        const Result<Object> written = co_await world_.client->patch(
            definition_resource(), definition.key(), kube::PatchType::merge,
            status_patch(before, status), {.subresource = "status"});
        if (written) {
            definitions_->cache().put_written(*written);
        } else if (written.error().reason() != Reason::not_found) {
            co_return Error(written.error());
        }
    }
    if (world_.options->definition_deletion == DefinitionDeletion::drain) {
        for (const Held& one : held) {
            if (one.instance.is_deleting()) {
                continue;
            }
            const auto removed = co_await world_.client->remove(
                one.resource, one.instance.key(),
                {.uid = std::string(one.instance.uid()), .propagation = "Background"});
            if (!removed && removed.error().reason() != Reason::not_found &&
                removed.error().reason() != Reason::conflict) {
                co_return Error(removed.error());
            }
        }
    }
    co_return true;
}

io::Task<Status> DefinitionReconciler::clean_up(Object definition) {
    const std::string name(definition.name());
    const int64_t began = world_.loop->monotonic();
    waiting_for_kinds_.erase(name);
    instances_->detach(name);
    instances_->forget_followed(name);
    if (!definition.has_finalizer(graph::finalizer)) {
        co_return Status{};  // Others hold it; ours is done.
    }
    if (CO_TRY(co_await is_held(definition))) {
        co_return Status{};  // Each instance that goes wakes us.
    }
    if (world_.options->allow_crd_deletion) {
        const Value* spec = definition.value().find("spec", "schema");
        if (spec != nullptr) {
            Diagnostics ignored;
            const graph::Definition parsed = graph::parse_definition(definition, &ignored);
            const std::string crd_name = graph::crd_name(parsed.kind, parsed.group);
            const Object* crd = owned_crds_->cache().find({"", crd_name});
            if (crd != nullptr && crd->label(graph::label_definition_name) == name) {
                const auto removed = co_await world_.client->remove(
                    crd_resource(), crd->key(), {.uid = std::string(crd->uid())});
                if (!removed && removed.error().reason() != Reason::not_found) {
                    co_return Error(removed.error());
                }
            }
        }
    }
    std::vector<Object> revisions;
    for (const Object* revision : revisions_->cache().by_index(std::string(by_definition), name)) {
        revisions.push_back(*revision);
    }
    CO_TRY(co_await remove_finalizer(definition_resource(), definition));
    // Garbage collection deletes the revisions; our finalizer must not hold them.
    for (const Object& revision : revisions) {
        CO_TRY(co_await remove_finalizer(revision_resource(), revision));
    }
    registry_->erase_all(name);
    world_.instruments->count("rgd_deletions_total", {{"name", name}});
    world_.instruments->observe("rgd_deletion_duration_seconds",
                                seconds_between(began, world_.loop->monotonic()), {{"name", name}});
    co_return Status{};
}

io::Task<Status> DefinitionReconciler::remove_finalizer(kube::Resource resource, Object object) {
    if (!object.has_finalizer(graph::finalizer)) {
        co_return Status{};
    }
    Value finalizers = other_finalizers(object);
    const auto patched =
        co_await world_.client->patch(resource, object.key(), kube::PatchType::merge,
                                      merge_metadata("finalizers", std::move(finalizers)), {});
    if (!patched && patched.error().reason() != Reason::not_found) {
        co_return Error(patched.error());
    }
    co_return Status{};
}

}  // namespace weft::control
