// server/internal/reviews.cc: kinds that are asked and not stored: reviews of access, identity,
// token.

#include "server/internal/body.h"
#include "server/internal/delete_object.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/rbac.h"
#include "server/internal/tokens.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

Value texts(const std::vector<std::string>& list) {
    Value out = Value::list();
    for (const std::string& text : list) {
        out.push_back(Value(text));
    }
    return out;
}

Value user_value(const UserInfo& user) {
    Value out = Value::map();
    out.append_new("username", user.name);
    if (!user.uid.empty()) {
        out.append_new("uid", user.uid);
    }
    out.append_new("groups", texts(user.groups));
    if (!user.extra.empty()) {
        Value extra = Value::map();
        for (const auto& [key, values] : user.extra) {
            extra.append_new(key, texts(values));
        }
        out.append_new("extra", std::move(extra));
    }
    return out;
}

Attributes attributes_of_spec(const Value& spec, UserInfo user) {
    Attributes attributes;
    attributes.user = std::move(user);
    if (const Value* resource = spec.find("resourceAttributes")) {
        attributes.is_resource = true;
        attributes.verb = resource->string_at("verb");
        attributes.group = resource->string_at("group");
        attributes.version = resource->string_at("version");
        attributes.resource = resource->string_at("resource");
        attributes.subresource = resource->string_at("subresource");
        attributes.namespace_ = resource->string_at("namespace");
        attributes.name = resource->string_at("name");
    } else if (const Value* path = spec.find("nonResourceAttributes")) {
        attributes.verb = path->string_at("verb");
        attributes.path = path->string_at("path");
    }
    return attributes;
}

UserInfo user_of_spec(const Value& spec) {
    UserInfo user;
    user.name = spec.string_at("user");
    user.uid = spec.string_at("uid");
    if (const Value* groups = spec.find("groups")) {
        for (const Value& group : groups->items()) {
            if (group.is_string()) {
                user.groups.emplace_back(group.as_string());
            }
        }
    }
    return user;
}

Status check_access_spec(const Resource& resource, const Value& spec) {
    const bool has_resource = spec.find("resourceAttributes") != nullptr;
    const bool has_path = spec.find("nonResourceAttributes") != nullptr;
    FieldErrors errors;
    if (has_resource && has_path) {
        errors.push_back(
            schema::field_invalid("spec.nonResourceAttributes", *spec.find("nonResourceAttributes"),
                                  "cannot be specified in combination with resourceAttributes"));
    } else if (!has_resource && !has_path) {
        errors.push_back(schema::field_invalid(
            "spec.resourceAttributes", Value(),
            "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
    }
    if (resource.kind != "SelfSubjectAccessReview" && spec.string_at("user").empty() &&
        (spec.find("groups") == nullptr || spec.find("groups")->empty())) {
        errors.push_back(schema::field_invalid("spec.user", Value(""),
                                               "at least one of user or group must be specified"));
    }
    if (errors.empty()) {
        return {};
    }
    return schema::invalid_error(resource.gvr.group, resource.kind, "", errors);
}

io::Task<Result<Value>> review_access(Call* call, Value object) {
    const Resource& resource = *call->resource;
    const Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    CO_TRY(check_access_spec(resource, spec));
    UserInfo user = resource.kind == "SelfSubjectAccessReview" ? call->user : user_of_spec(spec);
    const Decision decision =
        co_await authorize(call->core, attributes_of_spec(spec, std::move(user)));
    Value status = Value::map();
    status.append_new("allowed", decision.allowed);
    if (!decision.reason.empty()) {
        status.append_new("reason", decision.reason);
    }
    object.set("status", std::move(status));
    co_return object;
}

Value review_token(const Call& call, Value object) {
    const std::string token(object.string_at("spec", "token"));
    Value status = Value::map();
    std::optional<UserInfo> user;
    std::vector<std::string> audiences;
    for (const StaticToken& known : call.core->options.tokens) {
        if (known.token == token && !token.empty()) {
            user = known.user;
            if (!user->is_in_group("system:authenticated")) {
                user->groups.emplace_back("system:authenticated");
            }
        }
    }
    if (!user && !token.empty()) {
        user = call.core->tokens->check(token);
        if (user) {
            user->groups.emplace_back("system:authenticated");
            audiences = call.core->tokens->audiences(token);
        }
    }
    if (user) {
        status.append_new("authenticated", true);
        status.append_new("user", user_value(*user));
        status.append_new(
            "audiences",
            texts(audiences.empty() ? std::vector<std::string>{call.core->tokens->issuer()}
                                    : audiences));
    } else {
        status.append_new("user", Value::map());
        status.append_new("error", "invalid bearer token");
    }
    object.set("status", std::move(status));
    return object;
}

// Everything the user may do in a namespace, as far as it can be listed: rules of its roles.
Value review_rules(const Call& call, Value object) {
    Value status = Value::map();
    Value resource_rules = Value::list();
    Value path_rules = Value::list();
    if (call.user.is_in_group("system:masters")) {
        resource_rules.push_back(Value::map_of({{"verbs", Value::list_of({"*"})},
                                                {"apiGroups", Value::list_of({"*"})},
                                                {"resources", Value::list_of({"*"})}}));
        path_rules.push_back(Value::map_of(
            {{"verbs", Value::list_of({"*"})}, {"nonResourceURLs", Value::list_of({"*"})}}));
    }
    status.append_new("resourceRules", std::move(resource_rules));
    status.append_new("nonResourceRules", std::move(path_rules));
    status.append_new("incomplete", !call.user.is_in_group("system:masters"));
    object.set("status", std::move(status));
    return object;
}

io::Task<Answer> bind_pod(Call* call, Value binding, std::string name);

}  // namespace

io::Task<Answer> serve_review(Call* call) {
    CO_TRY(check_write_options(call, "CreateOptions"));
    Value object = CO_TRY(read_object(call));
    CO_TRY(settle_namespace(*call, object));
    const std::string& kind = call->resource->kind;
    if (kind == "Binding") {
        std::string name(object.string_at("metadata", "name"));
        co_return co_await bind_pod(call, std::move(object), std::move(name));
    }
    CO_TRY(manage_update(call, nullptr, object));
    if (kind == "SelfSubjectReview") {
        set_metadata(object.mutable_member("metadata"), "creationTimestamp",
                     Value(format_rfc3339(call->core->loop->now())));
        object.set("status", Value::map_of({{"userInfo", user_value(call->user)}}));
    } else if (kind == "TokenReview") {
        object = review_token(*call, std::move(object));
    } else if (kind == "SelfSubjectRulesReview") {
        object = review_rules(*call, std::move(object));
    } else {
        object = CO_TRY(co_await review_access(call, std::move(object)));
    }
    co_return respond_object(call, 201, reorder_kind(*call->core, *call->resource, object));
}

namespace {

Value success_status(int code) {
    Value status = Value::map();
    status.append_new("kind", "Status");
    status.append_new("apiVersion", "v1");
    status.append_new("metadata", Value::map());
    status.append_new("status", "Success");
    status.append_new("code", code);
    return status;
}

// POST …/pods/x/binding: the scheduler's decision.
io::Task<Answer> bind_pod(Call* call, Value binding, std::string name) {
    const std::string node(binding.string_at("target", "name"));
    if (node.empty()) {
        co_return schema::invalid_error("", "Binding", name,
                                        {schema::field_required("target.name")});
    }
    call->resource = call->core->registry.find("", "v1", "pods");
    call->info.resource = "pods";
    call->info.name = name;
    call->subresource = nullptr;
    Change change;
    change.fields_are_managed = true;
    change.make = [node, name, call](const Value* old_object) -> Result<Value> {
        if (!old_object->string_at("spec", "nodeName").empty()) {
            return conflict({"", "pods/binding"}, name,
                            cat("pod ", name, " is already assigned to node ",
                                quote(old_object->string_at("spec", "nodeName"))));
        }
        Value pod = *old_object;
        pod.mutable_member("spec").set("nodeName", node);
        Value status = pod.find("status") != nullptr ? *pod.find("status") : Value::map();
        Value conditions =
            status.find("conditions") != nullptr ? *status.find("conditions") : Value::list();
        conditions.push_back(
            Value::map_of({{"type", "PodScheduled"},
                           {"status", "True"},
                           {"lastProbeTime", Value()},
                           {"lastTransitionTime", format_rfc3339(call->core->loop->now())}}));
        status.set("conditions", std::move(conditions));
        pod.set("status", std::move(status));
        return pod;
    };
    change.bypasses_strategy = true;
    auto bound = co_await change_object(call, std::move(change));
    if (!bound) {
        co_return bound.error();
    }
    co_return respond_value(*call, 201, success_status(201));
}

}  // namespace

bool is_special_subresource(const Call& call) {
    if (call.subresource == nullptr) {
        return false;
    }
    const std::string& name = call.subresource->name;
    return name == "scale" || name == "binding" || name == "eviction" || name == "token" ||
           name == "log" || name == "exec" || name == "attach" || name == "portforward" ||
           name == "proxy";
}

namespace {

io::Task<Answer> make_token(Call* call) {
    Value object = CO_TRY(read_object(call));
    manage_answer(call, object);
    const store::Entry entry = CO_TRY(co_await get_entry(call));
    const StoredView account(*entry.value);
    TokenRequest request;
    request.namespace_ = call->info.namespace_;
    request.name = call->info.name;
    request.uid = account.uid();
    request.seconds = object.int_at(3600, "spec", "expirationSeconds");
    if (const Value* audiences = object.find("spec", "audiences")) {
        for (const Value& audience : audiences->items()) {
            if (audience.is_string()) {
                request.audiences.emplace_back(audience.as_string());
            }
        }
    }
    if (request.audiences.empty()) {
        request.audiences.push_back(call->core->tokens->issuer());
        object.mutable_member("spec").set("audiences", texts(request.audiences));
    }
    if (request.seconds < 600) {
        co_return schema::invalid_error(
            "authentication.k8s.io", "TokenRequest", "",
            {schema::field_invalid("spec.expirationSeconds", request.seconds,
                                   "may not specify a duration less than 10 minutes")});
    }
    if (const Value* bound = object.find("spec", "boundObjectRef")) {
        request.bound_object = *bound;
    }
    Value& metadata = object.mutable_member("metadata");
    if (metadata.is_null()) {
        metadata = Value::map();
    }
    set_metadata(metadata, "name", call->info.name);
    set_metadata(metadata, "namespace", call->info.namespace_);
    set_metadata(metadata, "uid", Value(account.uid()));
    Time now = call->core->loop->now();
    set_metadata(metadata, "creationTimestamp", Value(format_rfc3339(now)));
    now.seconds += request.seconds;
    object.set("status", Value::map_of({{"token", call->core->tokens->make(request)},
                                        {"expirationTimestamp", format_rfc3339(now)}}));
    co_return respond_value(*call, 201, object);
}

io::Task<Answer> evict(Call* call) {
    Value eviction = CO_TRY(read_object(call));
    const std::string_view name = eviction.string_at("metadata", "name");
    if (!name.empty() && name != call->info.name) {
        co_return bad_request(cat(
            "name in URL does not match name in Eviction object: ", call->info.name, " != ", name));
    }
    DeleteOptions options;
    if (const Value* delete_options = eviction.find("deleteOptions")) {
        if (const Value* grace = delete_options->find("gracePeriodSeconds")) {
            options.grace_period = grace->as_int();
        }
        if (const Value* uid = delete_options->find("preconditions", "uid")) {
            options.uid = std::string(uid->as_string());
        }
        if (const Value* dry = delete_options->find("dryRun"); dry != nullptr && !dry->empty()) {
            call->dry_run = true;
        }
    }
    CO_TRY(co_await delete_object(call, call->resource->key(call->info.namespace_, call->info.name),
                                  call->info.name, std::move(options)));
    co_return respond_value(*call, 201, success_status(201));
}

}  // namespace

io::Task<Answer> serve_special_subresource(Call* call) {
    const std::string& name = call->subresource->name;
    if (name == "scale") {
        co_return co_await serve_scale(call);
    }
    if (name == "token") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        co_return co_await make_token(call);
    }
    if (name == "eviction") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        co_return co_await evict(call);
    }
    if (name == "binding") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        Value object = CO_TRY(read_object(call));
        co_return co_await bind_pod(call, std::move(object), call->info.name);
    }
    co_return make_error(Reason::not_found, "the embedded API server runs no kubelet: ", name,
                         " of pods is not available");
}

}  // namespace weft::server
