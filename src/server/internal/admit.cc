// server/internal/admit.cc: makes the admission request and asks everybody in order.

#include "server/internal/admit.h"

namespace weft::server {

namespace {

AdmissionRequest admission_request(Call* call, std::string operation, const Value* object,
                                   const Value* old_object) {
    AdmissionRequest request;
    request.operation = std::move(operation);
    request.kind = call->resource->gvk();
    request.resource = call->resource->gvr;
    request.subresource = call->info.subresource;
    request.namespace_ = call->info.namespace_;
    request.name = call->info.name;
    if (request.name.empty() && object != nullptr) {
        request.name = object->string_at("metadata", "name");
    }
    request.user = call->user;
    request.dry_run = call->dry_run;
    request.object = object != nullptr ? *object : Value();
    request.old_object = old_object != nullptr ? *old_object : Value();
    request.warnings = &call->warnings;
    return request;
}

}  // namespace

io::Task<Status> admit_write(Call* call, std::string operation, Value* object,
                             const Value* old_object) {
    const std::vector<Admission*>& chain = call->core->options.admission;
    if (chain.empty()) {
        co_return Status{};
    }
    AdmissionRequest request = admission_request(call, std::move(operation), object, old_object);
    for (Admission* admission : chain) {
        CO_TRY(co_await admission->admit(&request));
    }
    if (object != nullptr) {
        *object = std::move(request.object);
    }
    co_return Status{};
}

io::Task<Status> validate_write(Call* call, std::string operation, const Value* object,
                                const Value* old_object) {
    const std::vector<Admission*>& chain = call->core->options.admission;
    if (chain.empty()) {
        co_return Status{};
    }
    const AdmissionRequest request =
        admission_request(call, std::move(operation), object, old_object);
    for (Admission* admission : chain) {
        CO_TRY(co_await admission->validate(&request));
    }
    co_return Status{};
}

}  // namespace weft::server
