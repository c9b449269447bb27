// server/internal/admit.cc: makes the admission request and asks everybody in order.

#include "server/internal/admit.h"

#include "server/internal/admission/policies.h"
#include "server/internal/admission/quota.h"
#include "server/internal/admission/webhooks.h"

namespace weft::server {

namespace {

// CreateOptions, UpdateOptions, … as the URL says them.
Value options_of(const Call& call, std::string_view operation) {
    if (operation == "CONNECT") {
        return {};
    }
    std::string_view kind = "DeleteOptions";
    if (operation == "CREATE") {  // also by a patch

        kind = "CreateOptions";
    } else if (operation == "UPDATE") {
        kind = "UpdateOptions";
    }
    Value options = Value::map_of({{"kind", kind}, {"apiVersion", "meta.k8s.io/v1"}});
    if (call.dry_run) {
        options.set("dryRun", Value::list_of({"All"}));
    }
    if (kind == "DeleteOptions") {
        for (const Member& member : call.delete_options.members()) {
            options.set(member.name(), member.value);
        }
        return options;
    }
    for (const std::string_view name : {"fieldManager", "fieldValidation"}) {
        if (std::string text = call.parameter(name); !text.empty()) {
            options.set(name, text);
        }
    }
    return options;
}

AdmissionRequest admission_request(Call* call, std::string operation, const Value* object,
                                   const Value* old_object) {
    AdmissionRequest request;
    // Of subresources with a kind of their own (an Eviction of a pod) it is the object's.
    const Value* shown = object != nullptr ? object : old_object;
    request.kind = call->resource->gvk();
    if (auto version = shown == nullptr ? Result<GroupVersion>(bad_request(""))
                                        : parse_api_version(shown->string_at("apiVersion"))) {
        request.kind = {version->group, version->version, std::string(shown->string_at("kind"))};
    }
    request.resource = call->resource->gvr;
    request.subresource = call->info.subresource;
    request.namespace_ = call->info.namespace_;
    request.name = call->info.name;
    if (request.name.empty() && object != nullptr && !call->generates_name) {
        request.name = object->string_at("metadata", "name");
    }
    request.user = call->user;
    request.dry_run = call->dry_run;
    request.object = object != nullptr ? *object : Value();
    request.old_object = old_object != nullptr ? *old_object : Value();
    request.options = options_of(*call, operation);
    request.operation = std::move(operation);
    request.warnings = &call->warnings;
    return request;
}

}  // namespace

io::Task<Status> admit_write(Call* call, std::string operation, Value* object,
                             const Value* old_object) {
    Core& core = *call->core;
    const std::vector<Admission*>& chain = core.options.admission;
    if (chain.empty() && !core.webhooks->may_mutate()) {
        co_return Status{};
    }
    AdmissionRequest request = admission_request(call, std::move(operation), object, old_object);
    for (Admission* admission : chain) {
        CO_TRY(co_await admission->admit(&request));
    }
    CO_TRY(co_await core.webhooks->mutate(call, &request));
    if (object != nullptr) {
        *object = std::move(request.object);
    }
    co_return Status{};
}

io::Task<Status> validate_write(Call* call, std::string operation, const Value* object,
                                const Value* old_object) {
    Core& core = *call->core;
    const std::vector<Admission*>& chain = core.options.admission;
    const bool has_quota = core.quotas->concerns(*call);
    if (chain.empty() && !core.policies->may_judge() && !core.webhooks->may_validate() &&
        !has_quota) {
        co_return Status{};
    }
    const AdmissionRequest request =
        admission_request(call, std::move(operation), object, old_object);
    AdmissionCase admission(call, &request);
    CO_TRY(co_await core.policies->validate(&admission));
    CO_TRY(co_await core.webhooks->validate(&admission));
    for (Admission* other : chain) {
        CO_TRY(co_await other->validate(&request));
    }
    // Last, since it takes from the quota what nobody gives back at once if another refuses.
    if (has_quota) {
        CO_TRY(co_await core.quotas->admit(&request));
    }
    co_return Status{};
}

}  // namespace weft::server
