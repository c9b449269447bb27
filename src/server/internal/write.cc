// server/internal/write.cc: create and update, from the decoded object to the commit.

#include "server/internal/write.h"

#include <algorithm>

#include "server/internal/admission/policies.h"
#include "server/internal/admission/quota.h"
#include "server/internal/admission/webhooks.h"
#include "server/internal/admit.h"
#include "server/internal/crd_registration.h"
#include "server/internal/custom_kind.h"
#include "server/internal/event_expiry.h"
#include "server/internal/flow_control.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/plugins.h"
#include "server/internal/rbac.h"
#include "server/internal/services.h"
#include "server/internal/warnings.h"
#include "server/limits.h"

namespace weft::server {

Status settle_namespace(const Call& call, Value& object) {
    Value& metadata = object.mutable_member("metadata");
    if (metadata.is_null()) {
        metadata = Value::map();
    }
    if (!call.resource->namespaced) {
        metadata.erase("namespace");
        return {};
    }
    const std::string_view given = metadata.string_at("namespace");
    if (given.empty()) {
        if (!call.info.namespace_.empty()) {
            set_metadata(metadata, "namespace", call.info.namespace_);
        }
        return {};
    }
    if (given != call.info.namespace_) {
        return bad_request(
            "the namespace of the provided object does not match the namespace sent on the "
            "request");
    }
    return {};
}

io::Task<Result<store::Entry>> get_entry(Call* call) {
    auto entry = CO_TRY(co_await call->core->store->get(
        call->resource->key(call->info.namespace_, call->info.name), {}));
    if (!entry) {
        co_return not_found(call->resource->group_resource(), call->info.name);
    }
    co_return std::move(*entry);
}

io::Task<Status> check_namespace(Call* call, std::string name, std::string object_name) {
    const ResourcePtr namespaces = call->core->registry.find("", "v1", "namespaces");
    auto entry = CO_TRY(co_await call->core->store->get(namespaces->key("", name), {}));
    if (!entry) {
        co_return not_found(namespaces->group_resource(), name);
    }
    if (StoredView(*entry->value).is_deleting()) {
        const Error refused = forbidden(call->group_resource(), object_name,
                                        cat("unable to create new content in namespace ", name,
                                            " because it is being terminated"));
        ErrorDetails details = refused.details();
        details.causes.push_back({"NamespaceTerminating",
                                  cat("namespace ", name, " is being terminated"),
                                  "metadata.namespace"});
        co_return Error(Reason::forbidden, refused.message(), std::move(details));
    }
    co_return Status{};
}

io::Task<void> after_write(Core* core, const Resource* resource, Value object, Value old_object) {
    if (resource->kind == "CustomResourceDefinition" && resource->is_builtin()) {
        co_await core->customs->definition_changed(std::move(object), std::move(old_object));
        co_return;
    }
    core->rbac->changed(*resource, object, old_object);
    core->policies->changed(*resource, object);
    core->webhooks->changed(*resource);
    core->quotas->changed(*resource, object, old_object);
    core->event_expiry->changed(*resource, object, old_object);
    core->flow_control->changed(*resource, object, old_object);
}

namespace {

void warn_about_owners(Call* call, Value& object) {
    const std::string uids = dedupe_owner_references(object.mutable_member("metadata"));
    if (!uids.empty()) {
        call->warn(
            cat(".metadata.ownerReferences contains duplicate entries; API server dedups owner "
                "references in 1.20+, and may reject such requests as early as 1.24; please fix "
                "your requests; duplicate UID(s) observed: ",
                uids));
    }
}

Error invalid_object(const Call& call, std::string_view name, const FieldErrors& errors) {
    if (call.resource->kind == "Event" && call.resource->is_builtin()) {
        return schema::invalid_error("", "Event", name, errors);  // both groups have one strategy
    }
    return schema::invalid_error(call.resource->gvr.group, call.resource->kind, name, errors);
}

// 409 for a name that is in use, also by an object on its way out.
Error taken(const Resource& resource, std::string_view name, const StoredView& existing) {
    Error error = already_exists(resource.group_resource(), name);
    if (!existing.is_deleting()) {
        return error;
    }
    return {Reason::already_exists, cat("object is being deleted: ", error.message()),
            error.details()};
}

io::Task<Answer> store_new(Call* call, Value object) {
    Core* core = call->core;
    const Resource& resource = *call->resource;
    const std::string name(object.string_at("metadata", "name"));
    const std::string key = resource.key(object.string_at("metadata", "namespace"), name);
    if (call->dry_run) {
        auto existing = CO_TRY(co_await core->store->get(key, {}));
        if (existing) {
            co_return taken(resource, name, StoredView(*existing->value));
        }
        co_return respond_object(call, 201, object);
    }
    const bool is_service = resource.kind == "Service" && resource.gvr.group.empty();
    if (is_service) {
        CO_TRY(co_await put_address_object(core, object));
    }
    auto bytes = std::make_shared<const std::string>(encode_kind(resource, object));
    std::vector<store::Write> writes;
    writes.push_back({key, bytes, 0});
    auto revision = co_await core->store->commit(std::move(writes));
    if (!revision) {
        if (is_service) {
            co_await erase_address_object(core, service_address(object));
        }
        if (revision.error().reason() == Reason::conflict) {
            auto existing = CO_TRY(co_await core->store->get(key, {}));
            if (existing) {
                co_return taken(resource, name, StoredView(*existing->value));
            }
            co_return already_exists(resource.group_resource(), name);
        }
        co_return revision.error();
    }
    co_await after_write(core, &resource, std::move(object), Value());
    co_return respond_object(call, 201, StoredView(*bytes), *revision);
}

}  // namespace

io::Task<Answer> create_object(Call* call, Value object) {
    Core* core = call->core;
    const Resource& resource = *call->resource;
    // What is no number is not looked at.
    const bool has_version =
        parse_uint(object.string_at("metadata", "resourceVersion")).value_or(0) != 0;
    warn_about_owners(call, object);
    if (resource.custom != nullptr && resource.custom->is_terminating()) {
        co_return forbidden(resource.group_resource(), object.string_at("metadata", "name"),
                            "create not allowed while custom resource definition is terminating");
    }
    if (resource.namespaced) {
        CO_TRY(co_await check_namespace(call, call->info.namespace_,
                                        std::string(object.string_at("metadata", "name"))));
    }
    wipe_system_fields(object.mutable_member("metadata"));
    if (call->info.verb != "patch") {
        CO_TRY(manage_update(call, nullptr, object));
    }
    CO_TRY(co_await run_plugins(call, &object, nullptr));
    CO_TRY(co_await admit_write(call, "CREATE", &object, nullptr));
    CO_TRY(co_await check_escalation(call, &object, nullptr));
    fill_for_create(core->loop, object.mutable_member("metadata"));
    prepare_create(*core, resource, object, std::string(object.string_at("metadata", "uid")));
    const std::string base(object.string_at("metadata", "generateName"));
    const bool generates = object.string_at("metadata", "name").empty() && !base.empty();
    call->generates_name = generates;
    ServiceClaim claim(core->services.get());
    for (int attempt = 0;; ++attempt) {
        if (generates) {
            set_metadata(object.mutable_member("metadata"), "name",
                         generate_name(core->loop, base));
        }
        if (attempt == 0) {
            if (resource.kind == "Service" && resource.gvr.group.empty()) {
                CO_TRY(claim.allocate(object, nullptr, call->dry_run));
            }
            // Looked at before it is put in order: errors show empty lists that were sent. (A new
            // definition has none: its versions are made of what else it says.)
            const bool is_definition =
                resource.is_builtin() && resource.kind == "CustomResourceDefinition";
            if (is_definition) {
                object = reorder_kind(*core, resource, std::move(object));
            }
            FieldErrors errors = validate_create(*core, resource, object);
            FieldErrors of_metadata = validate_metadata(resource, *object.find("metadata"));
            errors.insert(errors.begin(), of_metadata.begin(), of_metadata.end());
            if (!errors.empty()) {
                co_return invalid_object(*call, object.string_at("metadata", "name"), errors);
            }
            if (!is_definition) {
                object = reorder_kind(*core, resource, std::move(object));
            }
            warn_about_object(call, object, nullptr);  // A policy that refuses it keeps them.
            CO_TRY(co_await validate_write(call, "CREATE", &object, nullptr));
        }
        if (call->resource->custom != nullptr) {
            call->resource->custom->prune_for_storage(*call->resource, object);
        }
        if (has_version && !call->dry_run) {
            co_return make_error(Reason::unknown,
                                 "resourceVersion should not be set on objects to be created");
        }
        Answer answer = co_await store_new(call, object);
        const bool collided =
            !answer && generates && answer.error().reason() == Reason::already_exists;
        if (collided && attempt + 1 < limits::generate_name_attempts) {
            continue;
        }
        if (answer && !call->dry_run) {
            claim.keep();
        }
        co_return answer;
    }
}

namespace {

// The key as a real server has it, which is not always by the resource's name.
std::string key_in_etcd(const Resource& resource, std::string_view namespace_,
                        std::string_view name) {
    static constexpr std::pair<std::string_view, std::string_view> others[] = {
        {"replicationcontrollers", "controllers"},
        {"nodes", "minions"},
        {"services", "services/specs"},
        {"endpoints", "services/endpoints"},
        {"ingresses", "ingress"},
        {"apiservices", "apiregistration.k8s.io/apiservices"},
        {"customresourcedefinitions", "apiextensions.k8s.io/customresourcedefinitions"}};
    std::string key = resource.key(namespace_, name);
    for (const auto& [plural, stored] : others) {
        const std::string prefix = cat("/registry/", plural, "/");
        if (resource.is_builtin() && key.starts_with(prefix)) {
            return cat("/registry/", stored, "/", std::string_view(key).substr(prefix.size()));
        }
    }
    return key;
}

// Conflicts that the object itself names: its uid (as a precondition) and its resourceVersion.
Status check_preconditions(const Call& call, const Change& change, const Value& object,
                           const Value& old_object, bool* unconditional) {
    const Resource& resource = *call.resource;
    const std::string_view uid = object.string_at("metadata", "uid");
    const std::string_view old_uid = old_object.string_at("metadata", "uid");
    if (change.uid_is_precondition && !uid.empty() && uid != old_uid) {
        return conflict(resource.group_resource(), call.info.name,
                        cat("StorageError: invalid object, Code: 4, Key: ",
                            key_in_etcd(resource, call.info.namespace_, call.info.name),
                            ", ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                            "precondition: ",
                            uid, ", UID in object meta: ", old_uid));
    }
    const std::string_view version = object.string_at("metadata", "resourceVersion");
    *unconditional = version.empty() || version == "0";
    if (*unconditional) {
        const bool allowed = change.may_omit_version || (resource.builtin != nullptr &&
                                                         resource.builtin->unconditional_update);
        if (!allowed && change.uid_is_precondition) {
            return schema::invalid_error(
                resource.gvr.group, resource.gvr.resource, call.info.name,
                {schema::field_invalid("metadata.resourceVersion", Value(0),
                                       "must be specified for an update")});
        }
        return {};
    }
    if (version != old_object.string_at("metadata", "resourceVersion")) {
        if (!parse_uint(version)) {
            return make_error(Reason::unknown, "strconv.ParseUint: parsing ", quote(version),
                              ": invalid syntax");
        }
        return modified_conflict(resource.group_resource(), call.info.name);
    }
    return {};
}

}  // namespace

Status check_identity(const Call& call, Value& object) {
    const std::string_view name = object.string_at("metadata", "name");
    if (name.empty()) {
        return bad_request(cat("the name of the object (", call.info.name,
                               " based on URL) was undeterminable: name must be provided"));
    }
    if (name != call.info.name) {
        return bad_request(cat("the name of the object (", name,
                               ") does not match the name on the URL (", call.info.name, ")"));
    }
    return settle_namespace(call, object);
}

namespace {

bool is_finished(const Value& object, const Value& old_object) {
    const Value* old_metadata = old_object.find("metadata");
    if (!old_metadata->contains("deletionTimestamp") ||
        old_metadata->int_at(0, "deletionGracePeriodSeconds") != 0) {
        return false;
    }
    const Value* finalizers = object.find("metadata", "finalizers");
    const bool empty = finalizers == nullptr || finalizers->empty();
    const Value* spec_finalizers =
        object.string_at("kind") == "Namespace" ? object.find("spec", "finalizers") : nullptr;
    return empty && (spec_finalizers == nullptr || spec_finalizers->empty());
}

// Who makes an object by an update or an apply must be allowed to create it, too.
io::Task<Status> may_create(Call* call) {
    Attributes attributes;
    attributes.user = call->user;
    attributes.verb = "create";
    attributes.is_resource = true;
    attributes.group = call->info.group;
    attributes.version = call->info.version;
    attributes.namespace_ = call->info.namespace_;
    attributes.resource = call->info.resource;
    attributes.name = call->info.name;
    const Decision decision = co_await authorize(call->core, attributes);
    if (decision.allowed) {
        co_return Status{};
    }
    std::string why = refusal_text(attributes);
    if (!decision.reason.empty()) {
        append(why, ": ", decision.reason);
    }
    co_return forbidden(call->group_resource(), call->info.name, why);
}

// Admission of an update, by what of the object it is shown.
io::Task<Status> admit_change(Call* call, const Change* change, Value* object,
                              const Value* old_object) {
    if (change->bypasses_admission) {
        co_return Status{};
    }
    if (change->shown == nullptr) {
        co_return co_await admit_write(call, "UPDATE", object, old_object);
    }
    const Value before = CO_TRY(change->shown(*object));
    const Value old_shown = CO_TRY(change->shown(*old_object));
    Value shown = before;
    CO_TRY(co_await admit_write(call, "UPDATE", &shown, &old_shown));
    if (!(shown == before)) {
        *object = CO_TRY(change->with_shown(*object, shown));
    }
    co_return Status{};
}

io::Task<Status> validate_change(Call* call, const Change* change, const Value* object,
                                 const Value* old_object) {
    if (change->bypasses_admission) {
        co_return Status{};
    }
    if (change->shown == nullptr) {
        co_return co_await validate_write(call, "UPDATE", object, old_object);
    }
    const Value shown = CO_TRY(change->shown(*object));
    const Value old_shown = CO_TRY(change->shown(*old_object));
    co_return co_await validate_write(call, "UPDATE", &shown, &old_shown);
}

// One attempt; nothing if somebody wrote in between and it may be tried again.
io::Task<Result<std::optional<io::http::Response>>> change_once(Call* call, const Change* change) {
    Core* core = call->core;
    const Resource& resource = *call->resource;
    const std::string key = resource.key(call->info.namespace_, call->info.name);
    auto entry = CO_TRY(co_await core->store->get(key, {}));
    if (!entry) {
        if (!change->may_create) {
            co_return not_found(resource.group_resource(), call->info.name);
        }
        CO_TRY(co_await may_create(call));
        Value created = CO_TRY(change->make(nullptr));
        CO_TRY(check_identity(*call, created));
        if (const std::string_view uid = created.string_at("metadata", "uid");
            !uid.empty() && !change->uid_is_precondition) {
            co_return conflict(resource.group_resource(), call->info.name,
                               cat("uid mismatch: the provided object specified uid ", uid,
                                   ", and no existing object was found"));
        }
        created.mutable_member("metadata").erase("resourceVersion");
        co_return CO_TRY(co_await create_object(call, std::move(created)));
    }
    const StoredView stored(*entry->value);
    const Value old_object = CO_TRY(decode_stored(*core, resource, stored, entry->modified));
    Value object = CO_TRY(change->make(&old_object));
    CO_TRY(check_identity(*call, object));
    bool unconditional = false;
    CO_TRY(check_preconditions(*call, *change, object, old_object, &unconditional));
    warn_about_owners(call, object);
    if (!change->fields_are_managed) {
        CO_TRY(manage_update(call, &old_object, object));
    }
    CO_TRY(co_await run_plugins(call, &object, &old_object));
    CO_TRY(co_await admit_change(call, change, &object, &old_object));
    if (call->subresource == nullptr) {
        CO_TRY(co_await check_escalation(call, &object, &old_object));
    }
    set_metadata(object.mutable_member("metadata"), "resourceVersion",
                 Value(old_object.string_at("metadata", "resourceVersion")));
    const Subresource* endpoint = change->scales ? nullptr : call->subresource;
    if (!change->bypasses_strategy) {
        prepare_update(*core, resource, endpoint, object, old_object);
    }
    keep_for_update(*old_object.find("metadata"), object.mutable_member("metadata"));
    ServiceClaim claim(core->services.get());
    if (resource.kind == "Service" && resource.gvr.group.empty() && endpoint == nullptr) {
        CO_TRY(claim.allocate(object, &old_object, call->dry_run));
    }
    // A definition without versions is refused by what was sent: [] or nothing.
    const bool is_definition = resource.is_builtin() && resource.kind == "CustomResourceDefinition";
    object = reorder_kind(*core, resource, std::move(object), is_definition);

    FieldErrors errors =
        validate_metadata_update(*object.find("metadata"), *old_object.find("metadata"));
    FieldErrors more = validate_metadata(resource, *object.find("metadata"));
    errors.insert(errors.end(), more.begin(), more.end());
    if (resource.custom != nullptr) {
        // The strategy of custom kinds finds the same once more; clients see every cause twice.
        const FieldErrors again = errors;
        errors.insert(errors.end(), again.begin(), again.end());
    }
    more = change->bypasses_strategy
               ? FieldErrors{}
               : validate_update(*core, resource, endpoint, object, old_object);
    errors.insert(errors.end(), more.begin(), more.end());
    if (!errors.empty()) {
        co_return invalid_object(*call, call->info.name, errors);
    }
    warn_about_object(call, object, &old_object);
    CO_TRY(co_await validate_change(call, change, &object, &old_object));
    if (is_definition) {
        object = reorder_kind(*core, resource, std::move(object));
    }
    if (resource.custom != nullptr) {
        resource.custom->prune_for_storage(resource, object);
    }

    if (is_finished(object, old_object)) {
        if (!call->dry_run) {
            std::vector<store::Write> writes;
            writes.push_back({key, nullptr, entry->modified});
            auto revision = co_await core->store->commit(std::move(writes));
            if (!revision) {
                if (revision.error().reason() == Reason::conflict) {
                    co_return std::nullopt;
                }
                co_return revision.error();
            }
            claim.release(old_object);
            if (resource.kind == "Service" && resource.gvr.group.empty()) {
                co_await erase_address_object(core, service_address(old_object));
            }
            co_await after_write(core, &resource, Value(), old_object);
        }
        co_return CO_TRY(respond_object(call, 200, object));
    }
    // The real server stores a claim anew with every write, changed or not.
    const bool is_claim = resource.gvr == GroupVersionResource{"", "v1", "persistentvolumeclaims"};
    if (!is_claim && is_same_object(object, old_object)) {
        co_return CO_TRY(respond_object(call, 200, stored, entry->modified));
    }
    if (call->dry_run) {
        co_return CO_TRY(respond_object(call, 200, object));
    }
    const bool moves = resource.kind == "Service" && resource.gvr.group.empty() &&
                       service_address(object) != service_address(old_object);
    if (moves) {
        CO_TRY(co_await put_address_object(core, object));
    }
    auto bytes = std::make_shared<const std::string>(encode_kind(resource, object));
    std::vector<store::Write> writes;
    writes.push_back({key, bytes, entry->modified});
    auto revision = co_await core->store->commit(std::move(writes));
    if (!revision) {
        if (moves) {
            co_await erase_address_object(core, service_address(object));
        }
        if (revision.error().reason() != Reason::conflict) {
            co_return revision.error();
        }
        if (!unconditional) {
            co_return modified_conflict(resource.group_resource(), call->info.name);
        }
        co_return std::nullopt;
    }
    claim.keep();
    if (moves) {
        co_await erase_address_object(core, service_address(old_object));
    }
    co_await after_write(core, &resource, object, old_object);
    co_return CO_TRY(respond_object(call, 200, StoredView(*bytes), *revision));
}

}  // namespace

io::Task<Answer> change_object(Call* call, Change change) {
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        auto done = CO_TRY(co_await change_once(call, &change));
        if (done) {
            co_return std::move(*done);
        }
    }
    co_return modified_conflict(call->resource->group_resource(), call->info.name);
}

}  // namespace weft::server
