// server/internal/service_account_token.cc: checks a TokenRequest and answers it.

#include "server/internal/service_account_token.h"

#include "server/internal/admit.h"
#include "server/internal/body.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/tokens.h"
#include "server/internal/validate.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

constexpr int64_t seconds_default = 3600;
constexpr int64_t seconds_min = 600;
constexpr int64_t seconds_max = int64_t{1} << 32;

Status check_request(const Call& call, const Value& request, int64_t seconds) {
    Checker check;
    const Place root;
    const Place metadata = root.member("metadata");
    const std::string_view name = request.string_at("metadata", "name");
    if (!name.empty() && name != call.info.name) {
        check.invalid(metadata.member("name"), name,
                      "must match the service account name if specified");
        return schema::invalid_error("authentication.k8s.io", "TokenRequest", call.info.name,
                                     check.errors());
    }
    const Place spec = root.member("spec");
    if (seconds < seconds_min) {
        check.invalid(spec.member("expirationSeconds"), seconds,
                      "may not specify a duration less than 10 minutes");
    }
    if (seconds > seconds_max) {
        check.invalid(spec.member("expirationSeconds"), seconds,
                      "may not specify a duration larger than 2^32 seconds");
    }
    if (check.errors().empty()) {
        return {};
    }
    return schema::invalid_error("authentication.k8s.io", "TokenRequest", "", check.errors());
}

// Fills in what the token is bound to; the object must be there.
io::Task<Status> bind_token(Call* call, Value ref, TokenClaims* claims) {
    const std::string kind(ref.string_at("kind"));
    GroupVersion version;
    if (const auto parsed = parse_api_version(ref.string_at("apiVersion"))) {
        version = *parsed;
    }
    if (!version.group.empty() || !is_one_of(kind, {"Pod", "Secret", "Node"})) {
        co_return bad_request(cat("cannot bind token to object of type ", version.group, "/",
                                  version.version, ", Kind=", kind));
    }
    const std::string plural = cat(to_lower(kind), "s");
    const ResourcePtr resource = call->core->registry.find("", "v1", plural);
    const std::string name(ref.string_at("name"));
    if (name.empty()) {
        co_return bad_request("Name parameter required.");
    }
    const auto entry = CO_TRY(co_await call->core->store->get(
        resource->key(resource->namespaced ? call->info.namespace_ : "", name), {}));
    if (!entry) {
        co_return not_found(resource->group_resource(), name);
    }
    const Value object = CO_TRY(StoredView(*entry->value).to_value(entry->modified));
    const std::string_view uid = object.string_at("metadata", "uid");
    if (const std::string_view wanted = ref.string_at("uid"); !wanted.empty() && wanted != uid) {
        co_return conflict({"", kind}, name,
                           cat("the UID in the bound object reference (", wanted,
                               ") does not match the UID in record. The object might have been "
                               "deleted and then recreated"));
    }
    if (kind == "Pod" && object.string_at("spec", "serviceAccountName") != call->info.name) {
        co_return bad_request(cat("cannot bind token for serviceaccount ", quote(call->info.name),
                                  " to pod running with different serviceaccount name."));
    }
    claims->bound_kind = to_lower(kind);
    claims->bound_name = name;
    claims->bound_uid = uid;
    co_return Status{};
}

}  // namespace

io::Task<Answer> issue_token(Call* call) {
    Core* core = call->core;
    Value object = CO_TRY(read_object(call));
    CO_TRY(co_await admit_write(call, "CREATE", &object, nullptr));
    CO_TRY(settle_namespace(*call, object));
    manage_answer(call, object);
    TokenClaims claims;
    claims.namespace_ = call->info.namespace_;
    claims.name = call->info.name;
    claims.seconds = object.int_at(seconds_default, "spec", "expirationSeconds");
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const std::string uid(StoredView(*entry.value).uid());
    claims.uid = uid;
    CO_TRY(check_request(*call, object, claims.seconds));
    for (const Value& audience : items_of(map_of(object, "spec"), "audiences")) {
        claims.audiences.emplace_back(audience.as_string());
    }
    if (claims.audiences.empty()) {
        claims.audiences.push_back(core->tokens->issuer());
        object.mutable_member("spec").set("audiences", Value::list_of({core->tokens->issuer()}));
    }
    Time now = core->loop->now();
    Value& metadata = object.mutable_member("metadata");
    if (metadata.is_null()) {
        metadata = Value::map();
    }
    set_metadata(metadata, "name", call->info.name);
    set_metadata(metadata, "namespace", call->info.namespace_);
    set_metadata(metadata, "uid", Value(uid));
    set_metadata(metadata, "creationTimestamp", Value(format_rfc3339(now)));
    CO_TRY(co_await validate_write(call, "CREATE", &object, nullptr));
    if (const Value* ref = given(map_of(object, "spec"), "boundObjectRef")) {
        CO_TRY(co_await bind_token(call, *ref, &claims));
    }
    CO_TRY(co_await core->tokens->ensure_key(core->store));
    const std::string token = core->tokens->make(claims, now, make_uid(core->loop));
    now.seconds += claims.seconds;
    object.set("status",
               Value::map_of({{"token", token}, {"expirationTimestamp", format_rfc3339(now)}}));
    co_return respond_value(*call, 201, object);
}

}  // namespace weft::server
