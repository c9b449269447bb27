// server/internal/reviews.cc: kinds that are asked and not stored: reviews of access, identity,
// token.

#include "server/internal/body.h"
#include "server/internal/delete_object.h"
#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/metadata.h"
#include "server/internal/pod_subresources.h"
#include "server/internal/rbac.h"
#include "server/internal/service_account_token.h"
#include "server/internal/texts.h"
#include "server/internal/tokens.h"
#include "server/internal/validate.h"
#include "server/internal/write.h"

namespace weft::server {

namespace {

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

// Operators that are not known may become so, and are let through.
void check_requirements(Checker& check, const Value& selector, const Place& at, bool of_labels) {
    for_items(selector, "requirements", at, [&](const Value& requirement, const Place& place) {
        const std::string_view key = requirement.string_at("key");
        if (!of_labels && key.empty()) {
            check.required(place.member("key"), "must be specified");
        }
        const std::string_view op = requirement.string_at("operator");
        const bool has_values = !items_of(requirement, "values").empty();
        if (is_one_of(op, {"In", "NotIn"}) && !has_values) {
            check.required(place.member("values"),
                           "must be specified when `operator` is 'In' or 'NotIn'");
        } else if (is_one_of(op, {"Exists", "DoesNotExist"}) && has_values) {
            check.forbidden(place.member("values"),
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        if (of_labels) {
            check_label_name(check, place.member("key"), key);
        }
    });
}

void check_selector_attributes(Checker& check, const Value& attributes, const Place& at) {
    for (const std::string_view member : {"fieldSelector", "labelSelector"}) {
        const Value* selector = given(attributes, member);
        if (selector == nullptr) {
            continue;
        }
        const Place place = at.member(member);
        const std::string_view raw = selector->string_at("rawSelector");
        const bool has_requirements = !items_of(*selector, "requirements").empty();
        if (!raw.empty() && has_requirements) {
            check.invalid(place.member("rawSelector"), raw,
                          "may not specified at the same time as requirements");
        } else if (raw.empty() && !has_requirements) {
            check.required(place.member("requirements"),
                           "when " + std::string(member) +
                               " is specified, requirements or rawSelector is required");
        }
        check_requirements(check, *selector, place, member == "labelSelector");
    }
}

Status check_access(const Resource& resource, const Value& object) {
    Checker check;
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    const Value* by_resource = given(spec, "resourceAttributes");
    const Value* by_path = given(spec, "nonResourceAttributes");
    const bool is_local = resource.kind == "LocalSubjectAccessReview";
    const auto shown_path = [&] {
        return Checker::form("authorization.v1.NonResourceAttributes", *by_path);
    };
    if (by_resource != nullptr && by_path != nullptr) {
        check.invalid(at.member("nonResourceAttributes"), shown_path(),
                      "cannot be specified in combination with resourceAttributes");
    } else if (by_resource == nullptr && by_path == nullptr) {
        check.invalid(
            at.member("resourceAttributes"), Value(),
            "exactly one of nonResourceAttributes or resourceAttributes must be specified");
    }
    if (resource.kind != "SelfSubjectAccessReview" && spec.string_at("user").empty() &&
        items_of(spec, "groups").empty()) {
        check.invalid(at.member("user"), "", "at least one of user or group must be specified");
    }
    if (by_resource != nullptr) {
        check_selector_attributes(check, *by_resource, at.member("resourceAttributes"));
    }
    Value metadata = map_of(object, "metadata");
    if (is_local) {
        if (by_resource != nullptr &&
            by_resource->string_at("namespace") != metadata.string_at("namespace")) {
            const Place place = at.member("resourceAttributes");
            check.invalid(place.member("namespace"), by_resource->string_at("namespace"),
                          "must match metadata.namespace");
        }
        if (by_path != nullptr) {
            check.invalid(at.member("nonResourceAttributes"), shown_path(),
                          "disallowed on this kind of request");
        }
        metadata.erase("namespace");
    }
    const Value shown = metadata;
    metadata.erase("managedFields");
    if (!metadata.empty()) {
        check.invalid(root.member("metadata"), shown, "must be empty");
    }
    if (check.errors().empty()) {
        return {};
    }
    // Upstream names no kind here.
    return schema::invalid_error(resource.gvr.group, "", "", check.errors());
}

io::Task<Result<Value>> review_access(Call* call, Value object) {
    const Resource& resource = *call->resource;
    const Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    CO_TRY(check_access(resource, object));
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

io::Task<Result<Value>> review_token(const Call* call, Value object) {
    const std::string token(object.string_at("spec", "token"));
    const Tokens& tokens = *call->core->tokens;
    if (token.empty()) {
        co_return bad_request("token is required for TokenReview in authentication");
    }
    std::vector<std::string> wanted;
    if (const Value* list = object.find("spec", "audiences")) {
        for (const Value& audience : list->items()) {
            wanted.emplace_back(audience.as_string());
        }
    }
    TokenVerdict verdict;
    // Static tokens are meant for the API itself.
    const bool for_api =
        wanted.empty() || std::ranges::find(wanted, tokens.issuer()) != wanted.end();
    for (const StaticToken& known : call->core->options.tokens) {
        if (for_api && known.token == token) {
            verdict.user = known.user;
            if (!verdict.user->is_in_group("system:authenticated")) {
                verdict.user->groups.emplace_back("system:authenticated");
            }
            verdict.audiences = {tokens.issuer()};
        }
    }
    if (!verdict.user) {
        verdict = co_await tokens.check(call->core, token, std::move(wanted));
    }
    Value status = Value::map();
    if (verdict.user) {
        status.append_new("authenticated", true);
        status.append_new("user", user_value(*verdict.user));
        status.append_new("audiences", texts(verdict.audiences));
    } else {
        status.append_new("user", Value::map());
        status.append_new("error", verdict.error.empty()
                                       ? "invalid bearer token"
                                       : cat("[invalid bearer token, ", verdict.error, "]"));
    }
    object.set("status", std::move(status));
    co_return object;
}

// Everything the user may do in a namespace: the rules of his roles.
Result<Value> review_rules(const Call& call, Value object) {
    const std::string_view space = object.string_at("spec", "namespace");
    if (space.empty()) {
        return bad_request("no namespace on request");
    }
    const Rbac::Held held = call.core->rbac->rules_of(call.user, space);
    Value resource_rules = Value::list();
    Value path_rules = Value::list();
    for (const PolicyRule& rule : held.rules) {
        Value out = Value::map_of({{"verbs", texts(rule.verbs)}});
        if (!rule.urls.empty()) {
            out.set("nonResourceURLs", texts(rule.urls));
            path_rules.push_back(std::move(out));
            continue;
        }
        out.set("apiGroups", texts(rule.groups));
        out.set("resources", texts(rule.resources));
        if (!rule.names.empty()) {
            out.set("resourceNames", texts(rule.names));
        }
        resource_rules.push_back(std::move(out));
    }
    Value status = Value::map();
    status.append_new("resourceRules", std::move(resource_rules));
    status.append_new("nonResourceRules", std::move(path_rules));
    status.append_new("incomplete", false);
    if (!held.problems.empty()) {
        status.append_new("evaluationError", join(held.problems, ", "));
    }
    object.set("spec", Value::map());  // the answer does not repeat the question
    object.set("status", std::move(status));
    return object;
}

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
        // A new object: what was sent is not looked at.
        Value metadata =
            Value::map_of({{"creationTimestamp", format_rfc3339(call->core->loop->now())}});
        object.set("metadata", std::move(metadata));
        object.set("status", Value::map_of({{"userInfo", user_value(call->user)}}));
    } else if (kind == "TokenReview") {
        object = CO_TRY(co_await review_token(call, std::move(object)));
    } else if (kind == "SelfSubjectRulesReview") {
        object = CO_TRY(review_rules(*call, std::move(object)));
    } else {
        object = CO_TRY(co_await review_access(call, std::move(object)));
    }
    co_return respond_object(call, 201, reorder_kind(*call->core, *call->resource, object));
}

bool is_special_subresource(const Call& call) {
    if (call.subresource == nullptr) {
        return false;
    }
    const std::string& name = call.subresource->name;
    return name == "scale" || name == "binding" || name == "eviction" || name == "token" ||
           name == "log" || name == "exec" || name == "attach" || name == "portforward" ||
           name == "proxy";
}

io::Task<Answer> serve_special_subresource(Call* call) {
    const std::string& name = call->subresource->name;
    if (name == "scale") {
        co_return co_await serve_scale(call);
    }
    if (name == "token") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        co_return co_await issue_token(call);
    }
    if (name == "eviction") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        co_return co_await evict_pod(call);
    }
    if (name == "binding") {
        CO_TRY(check_write_options(call, "CreateOptions"));
        Value object = CO_TRY(read_object(call));
        co_return co_await bind_pod(call, std::move(object), call->info.name);
    }
    if (call->resource->kind == "Pod") {
        co_return co_await ask_kubelet(call);
    }
    CO_TRY(co_await admit_connect(call));
    CO_TRY(co_await get_entry(call));
    co_return make_error(Reason::not_found, "the embedded API server runs no kubelet: ", name,
                         " of ", call->resource->gvr.resource, " is not available");
}

}  // namespace weft::server
