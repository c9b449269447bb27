// server/internal/delete_object.cc: deletion as apiserver's generic registry does it.

#include "server/internal/delete_object.h"

#include <algorithm>

#include "server/internal/admit.h"
#include "server/internal/body.h"
#include "server/internal/crd_registration.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"
#include "server/internal/services.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

namespace {

Result<DeleteOptions> options_of(Call* call, const Value& body) {
    DeleteOptions options;
    const auto text = [&](std::string_view key) -> std::optional<std::string> {
        if (const Value* found = body.find(key); found != nullptr && found->is_string()) {
            return std::string(found->as_string());
        }
        if (const auto parameter = call->target.parameter(key)) {
            return std::string(*parameter);
        }
        return std::nullopt;
    };
    if (const Value* grace = body.find("gracePeriodSeconds"); grace != nullptr && grace->is_int()) {
        options.grace_period = grace->as_int();
    } else if (const auto parameter = call->target.parameter("gracePeriodSeconds")) {
        const auto number = parse_int(*parameter);
        if (!number) {
            return bad_request(
                cat("strconv.ParseInt: parsing ", quote(*parameter), ": invalid syntax"));
        }
        options.grace_period = number;
    }
    if (const Value* orphan = body.find("orphanDependents");
        orphan != nullptr && orphan->is_bool()) {
        options.orphan_dependents = orphan->as_bool();
    } else if (call->target.parameter("orphanDependents")) {
        options.orphan_dependents = bool_parameter(call->target, "orphanDependents");
    }
    options.propagation = text("propagationPolicy").value_or("");
    if (const Value* uid = body.find("preconditions", "uid"); uid != nullptr && uid->is_string()) {
        options.uid = std::string(uid->as_string());
    }
    if (const Value* version = body.find("preconditions", "resourceVersion");
        version != nullptr && version->is_string()) {
        options.resource_version = std::string(version->as_string());
    }
    std::vector<Value> dry_runs;
    if (const Value* list = body.find("dryRun")) {
        dry_runs.assign(list->items().begin(), list->items().end());
    } else {
        for (const auto& [key, value] : call->target.query) {
            if (key == "dryRun") {
                dry_runs.emplace_back(value);
            }
        }
    }
    FieldErrors errors;
    if (options.orphan_dependents && !options.propagation.empty()) {
        errors.push_back(
            schema::field_invalid("propagationPolicy", options.propagation,
                                  "orphanDependents and deletionPropagation cannot be both set"));
    }
    const Value* given = body.find("propagationPolicy");
    const bool is_given = (given != nullptr && given->is_string()) ||
                          call->target.parameter("propagationPolicy").has_value();
    if ((is_given || !options.propagation.empty()) && options.propagation != "Orphan" &&
        options.propagation != "Background" && options.propagation != "Foreground") {
        errors.push_back(
            schema::field_not_supported("propagationPolicy", options.propagation,
                                        {"Foreground", "Background", "Orphan", "nil"}));
    }
    if (!dry_runs.empty()) {
        const bool all = std::ranges::all_of(dry_runs, [](const Value& value) {
            return value.is_string() && value.as_string() == "All";
        });
        if (all) {
            call->dry_run = true;
        } else {
            errors.push_back(
                schema::field_not_supported("dryRun", Value::list(std::move(dry_runs)), {"All"}));
        }
    }
    if (!errors.empty()) {
        return schema::invalid_error("meta.k8s.io", "DeleteOptions", "", errors);
    }
    Value& shown = call->delete_options;
    if (options.grace_period) {
        shown.set("gracePeriodSeconds", *options.grace_period);
    }
    if (const Value* preconditions = body.find("preconditions");
        preconditions != nullptr && preconditions->is_map()) {
        shown.set("preconditions", *preconditions);
    }
    if (options.orphan_dependents) {
        shown.set("orphanDependents", *options.orphan_dependents);
    }
    if (!options.propagation.empty()) {
        shown.set("propagationPolicy", options.propagation);
    }
    return options;
}

}  // namespace

Result<DeleteOptions> read_delete_options(Call* call) {
    if (call->request.body.empty()) {
        return options_of(call, Value::map());
    }
    const Document document = TRY(read_document(*call, "DeleteOptions"));
    const std::string_view kind = document.value.string_at("kind");
    const std::string_view api_version = document.value.string_at("apiVersion");
    if (!kind.empty() && kind != "DeleteOptions") {
        return bad_request(cat("no kind ", quote(kind), " is registered for version ",
                               quote(api_version), " in scheme \"pkg/runtime/scheme.go:111\""));
    }
    const Value options = TRY(call->core->go_types.canonical(
        schema::Builtin::get().find_every_version_kind("DeleteOptions"), document.value));
    return options_of(call, options);
}

Value deleted_status(const Resource& resource, std::string_view name, std::string_view uid) {
    Value details = Value::map();
    details.append_new("name", name);
    if (!resource.gvr.group.empty()) {
        details.append_new("group", resource.gvr.group);
    }
    details.append_new("kind", resource.gvr.resource);
    details.append_new("uid", uid);
    Value status = Value::map();
    status.append_new("kind", "Status");
    status.append_new("apiVersion", "v1");
    status.append_new("metadata", Value::map());
    status.append_new("status", "Success");
    status.append_new("details", std::move(details));
    return status;
}

void warn_about_deletion(Call* call, const DeleteOptions& options) {
    if (call->resource->kind == "Job" && call->resource->gvr.group == "batch" &&
        options.propagation.empty() && !options.orphan_dependents) {
        call->warn(
            "child pods are preserved by default when jobs are deleted; set "
            "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to "
            "suppress this warning");
    }
}

namespace {

constexpr std::string_view orphan_finalizer = "orphan";
constexpr std::string_view foreground_finalizer = "foregroundDeletion";

std::vector<std::string> finalizers_of(const Value& object) {
    std::vector<std::string> out;
    if (const Value* list = object.find("metadata", "finalizers")) {
        for (const Value& item : list->items()) {
            if (item.is_string()) {
                out.emplace_back(item.as_string());
            }
        }
    }
    return out;
}

schema::DefaultPropagation default_propagation(const Resource& resource) {
    return resource.builtin == nullptr ? schema::DefaultPropagation::background
                                       : resource.builtin->default_propagation;
}

bool should_orphan(const Resource& resource, const std::vector<std::string>& finalizers,
                   const DeleteOptions& options) {
    if (options.orphan_dependents) {
        return *options.orphan_dependents;
    }
    if (!options.propagation.empty()) {
        return options.propagation == "Orphan";
    }
    for (const std::string& finalizer : finalizers) {
        if (finalizer == orphan_finalizer) {
            return true;
        }
        if (finalizer == foreground_finalizer) {
            return false;
        }
    }
    return default_propagation(resource) == schema::DefaultPropagation::orphan;
}

bool should_delete_foreground(const std::vector<std::string>& finalizers,
                              const DeleteOptions& options) {
    if (options.orphan_dependents) {
        return false;
    }
    if (!options.propagation.empty()) {
        return options.propagation == "Foreground";
    }
    for (const std::string& finalizer : finalizers) {
        if (finalizer == foreground_finalizer) {
            return true;
        }
        if (finalizer == orphan_finalizer) {
            return false;
        }
    }
    return false;
}

// The finalizers that the propagation policy asks for; true if they changed.
bool set_gc_finalizers(const Resource& resource, const DeleteOptions& options, Value& object) {
    if (default_propagation(resource) == schema::DefaultPropagation::none) {
        return false;
    }
    const std::vector<std::string> before = finalizers_of(object);
    std::vector<std::string> after;
    for (const std::string& finalizer : before) {
        if (finalizer != orphan_finalizer && finalizer != foreground_finalizer) {
            after.push_back(finalizer);
        }
    }
    if (should_orphan(resource, before, options)) {
        after.emplace_back(orphan_finalizer);
    }
    if (should_delete_foreground(before, options)) {
        after.emplace_back(foreground_finalizer);
    }
    std::vector<std::string> sorted_before = before;
    std::vector<std::string> sorted_after = after;
    std::ranges::sort(sorted_before);
    std::ranges::sort(sorted_after);
    if (sorted_before == sorted_after) {
        return false;
    }
    Value& metadata = object.mutable_member("metadata");
    if (after.empty()) {
        metadata.erase("finalizers");
    } else {
        Value list = Value::list();
        for (const std::string& finalizer : after) {
            list.push_back(Value(finalizer));
        }
        set_metadata(metadata, "finalizers", std::move(list));
    }
    return true;
}

void bump_generation(Value& metadata) {
    if (const int64_t generation = metadata.int_at(0, "generation"); generation > 0) {
        set_metadata(metadata, "generation", Value(generation + 1));
    }
}

void mark_deleting(Value& object, Time now) {
    Value& metadata = object.mutable_member("metadata");
    if (!metadata.contains("deletionTimestamp")) {
        bump_generation(metadata);
        set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(now)));
    }
    set_metadata(metadata, "deletionGracePeriodSeconds", Value(0));
}

// The words differ: namespaces have a store of their own.
Status check_delete_preconditions(const Resource& resource, std::string_view name,
                                  const Value& object, const DeleteOptions& options) {
    const std::string_view uid = object.string_at("metadata", "uid");
    const std::string_view version = object.string_at("metadata", "resourceVersion");
    const bool wrong_uid = options.uid && *options.uid != uid;
    const bool wrong_version = options.resource_version && *options.resource_version != version;
    if (!wrong_uid && !wrong_version) {
        return {};
    }
    if (resource.is_builtin() && resource.gvr.group.empty() &&
        resource.gvr.resource == "namespaces") {
        return conflict(resource.group_resource(), name,
                        wrong_uid ? cat("Precondition failed: UID in precondition: ", *options.uid,
                                        ", UID in object meta: ", uid)
                                  : cat("Precondition failed: ResourceVersion in precondition: ",
                                        *options.resource_version,
                                        ", ResourceVersion in object meta: ", version));
    }
    // The events of both groups are stored as those of core.
    const bool is_event = resource.is_builtin() && resource.kind == "Event";
    const GroupResource by_kind{is_event ? std::string() : resource.gvr.group, resource.kind};
    if (wrong_uid) {
        return conflict(by_kind, name,
                        cat("the UID in the precondition (", *options.uid,
                            ") does not match the UID in record (", uid,
                            "). The object might have been deleted and then recreated"));
    }
    return conflict(by_kind, name,
                    cat("the ResourceVersion in the precondition (", *options.resource_version,
                        ") does not match the ResourceVersion in record (", version,
                        "). The object might have been modified"));
}

// What one attempt decided: write this object (or nothing), then take it away (or not).
struct Verdict {
    bool write = false;
    bool remove = false;
    Value object;
};

// How long a pod may take to end.
int64_t pod_grace(const Value& pod, const DeleteOptions& options) {
    int64_t period =
        options.grace_period.value_or(pod.int_at(0, "spec", "terminationGracePeriodSeconds"));
    const std::string_view phase = pod.string_at("status", "phase");
    if (pod.string_at("spec", "nodeName").empty() || phase == "Succeeded" || phase == "Failed") {
        period = 0;
    }
    return period < 0 ? 1 : period;
}

Verdict decide_pod(Value pod, const Resource& resource, const DeleteOptions& options, Time now) {
    Verdict verdict;
    verdict.object = std::move(pod);
    Value& metadata = verdict.object.mutable_member("metadata");
    if (metadata.contains("deletionTimestamp")) {
        const int64_t before = metadata.int_at(0, "deletionGracePeriodSeconds");
        if (before != 0) {
            if (!options.grace_period || *options.grace_period >= before) {
                return verdict;  // pending already; the period can only get shorter
            }
            const int64_t period = std::max<int64_t>(*options.grace_period, 0);
            const auto old_end = parse_rfc3339(metadata.string_at("deletionTimestamp"));
            Time end = old_end.value_or(now);
            end.seconds += period - before;
            set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(end)));
            set_metadata(metadata, "deletionGracePeriodSeconds", Value(period));
            verdict.write = true;
            verdict.remove = period == 0 && finalizers_of(verdict.object).empty();
            return verdict;
        }
        verdict.remove = finalizers_of(verdict.object).empty();
        return verdict;
    }
    const int64_t period = pod_grace(verdict.object, options);
    Time end = now;
    end.seconds += period;
    bump_generation(metadata);
    set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(end)));
    set_metadata(metadata, "deletionGracePeriodSeconds", Value(period));
    set_gc_finalizers(resource, options, verdict.object);
    verdict.write = true;
    verdict.remove = period == 0 && finalizers_of(verdict.object).empty();
    return verdict;
}

Verdict decide_namespace(Value object, const DeleteOptions& options, const Resource& resource,
                         Time now) {
    Verdict verdict;
    verdict.object = std::move(object);
    Value& metadata = verdict.object.mutable_member("metadata");
    if (!metadata.contains("deletionTimestamp")) {
        set_metadata(metadata, "deletionTimestamp", Value(format_rfc3339(now)));
        Value status = verdict.object.find("status") != nullptr ? *verdict.object.find("status")
                                                                : Value::map();
        status.set("phase", "Terminating");
        verdict.object.set("status", std::move(status));
        set_gc_finalizers(resource, options, verdict.object);
        verdict.write = true;
        return verdict;
    }
    const Value* spec_finalizers = verdict.object.find("spec", "finalizers");
    if (spec_finalizers != nullptr && !spec_finalizers->empty()) {
        return verdict;
    }
    verdict.remove = finalizers_of(verdict.object).empty();
    return verdict;
}

Verdict decide(const Resource& resource, Value object, const DeleteOptions& options, Time now) {
    if (resource.builtin != nullptr && resource.gvr.group.empty()) {
        if (resource.gvr.resource == "pods") {
            return decide_pod(std::move(object), resource, options, now);
        }
        if (resource.gvr.resource == "namespaces") {
            return decide_namespace(std::move(object), options, resource, now);
        }
    }
    Verdict verdict;
    verdict.object = std::move(object);
    if (resource.kind == "CustomResourceDefinition" && resource.is_builtin() &&
        verdict.object.find("metadata", "deletionTimestamp") == nullptr) {
        verdict.write = true;  // mark_terminating says what
        return verdict;
    }
    const bool was_deleting = verdict.object.find("metadata", "deletionTimestamp") != nullptr;
    const bool changed = set_gc_finalizers(resource, options, verdict.object);
    if (finalizers_of(verdict.object).empty()) {
        verdict.remove = true;
        return verdict;
    }
    const bool had_grace = verdict.object.find("metadata", "deletionGracePeriodSeconds") != nullptr;
    mark_deleting(verdict.object, now);
    verdict.write = changed || !was_deleting || !had_grace;
    return verdict;
}

Status check_protected(const Call& call, std::string_view name) {
    if (call.resource->gvr.group.empty() && call.resource->gvr.resource == "namespaces" &&
        (name == "default" || name == "kube-system" || name == "kube-public")) {
        return forbidden(call.resource->group_resource(), name,
                         "this namespace may not be deleted");
    }
    return {};
}

}  // namespace

io::Task<Result<Deleted>> delete_object(Call* call, std::string key, std::string name,
                                        DeleteOptions options) {
    Core* core = call->core;
    const Resource& resource = *call->resource;
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        auto entry = CO_TRY(co_await core->store->get(key, {}));
        if (!entry) {
            co_return not_found(resource.group_resource(), name);
        }
        const StoredView stored(*entry->value);
        Value object = CO_TRY(decode_stored(*core, resource, stored, entry->modified));
        CO_TRY(check_delete_preconditions(resource, name, object, options));
        CO_TRY(check_protected(*call, name));
        if (!options.bypasses_admission) {
            CO_TRY(co_await admit_write(call, "DELETE", nullptr, &object));
            CO_TRY(co_await validate_write(call, "DELETE", nullptr, &object));
        }
        const Value old_object = object;
        Verdict verdict = decide(resource, std::move(object), options, core->loop->now());
        if (resource.kind == "CustomResourceDefinition" && resource.is_builtin() && verdict.write) {
            core->customs->mark_terminating(verdict.object);
        }
        Deleted deleted;
        deleted.uid = old_object.string_at("metadata", "uid");
        if (verdict.write) {
            verdict.object = reorder_kind(*core, resource, std::move(verdict.object));
        }
        if (call->dry_run) {
            deleted.gone = verdict.remove;
            deleted.object = std::move(verdict.object);
            co_return deleted;
        }
        store::Revision expected = entry->modified;
        if (verdict.write) {
            std::vector<store::Write> writes;
            writes.push_back(
                {key, std::make_shared<const std::string>(encode_kind(resource, verdict.object)),
                 expected});
            auto revision = co_await core->store->commit(std::move(writes));
            if (!revision) {
                if (revision.error().reason() == Reason::conflict) {
                    continue;
                }
                co_return revision.error();
            }
            expected = *revision;
            set_metadata(verdict.object.mutable_member("metadata"), "resourceVersion",
                         Value(cat(expected)));
            co_await after_write(core, &resource, verdict.object, old_object);
        }
        if (verdict.remove) {
            std::vector<store::Write> writes;
            writes.push_back({key, nullptr, expected});
            auto revision = co_await core->store->commit(std::move(writes));
            if (!revision) {
                if (revision.error().reason() == Reason::conflict) {
                    continue;
                }
                co_return revision.error();
            }
            // Who is told of the object sees it at the revision of its deletion.
            set_metadata(verdict.object.mutable_member("metadata"), "resourceVersion",
                         Value(cat(*revision)));
            if (resource.kind == "Service" && resource.gvr.group.empty()) {
                core->services->release(old_object);
                co_await erase_address_object(core, service_address(old_object));
            }
            co_await after_write(core, &resource, Value(), old_object);
        }
        deleted.gone = verdict.remove;
        deleted.object = std::move(verdict.object);
        co_return deleted;
    }
    co_return modified_conflict(resource.group_resource(), name);
}

}  // namespace weft::server
