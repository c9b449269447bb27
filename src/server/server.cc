// server/server.cc: starts a server and walks each request through its chain.

#include "server/server.h"

#include <algorithm>

#include "server/internal/admission/policies.h"
#include "server/internal/admission/quota.h"
#include "server/internal/admission/webhooks.h"
#include "server/internal/authenticate.h"
#include "server/internal/bootstrap.h"
#include "server/internal/core.h"
#include "server/internal/crd_registration.h"
#include "server/internal/custom_kind.h"
#include "server/internal/discovery.h"
#include "server/internal/event_expiry.h"
#include "server/internal/flow_control.h"
#include "server/internal/impersonate.h"
#include "server/internal/open_api.h"
#include "server/internal/plugins.h"
#include "server/internal/protobuf_cache.h"
#include "server/internal/rbac.h"
#include "server/internal/services.h"
#include "server/internal/tokens.h"
#include "server/internal/watch_hub.h"
#include "server/limits.h"

namespace weft::server {

Core::Core(Options given)
    : options(std::move(given)),
      loop(options.loop),
      store(options.store),
      registry(options.all_versions),
      go_types(&schema::Builtin::get()),
      defaults(&schema::Builtin::get()),
      protobuf(&schema::Builtin::get()),
      hubs(std::make_unique<WatchHubs>(loop, store)),
      rbac(std::make_unique<Rbac>(this)),
      discovery(std::make_unique<Discovery>(this)),
      open_api(std::make_unique<OpenApi>(this)),
      services(std::make_unique<ServiceAllocator>(loop, options.service_cidr, options.node_port_min,
                                                  options.node_port_max)),
      customs(std::make_unique<CustomResources>(this)),
      tokens(std::make_unique<Tokens>(options.token_issuer)),
      policies(std::make_unique<AdmissionPolicies>(this)),
      webhooks(std::make_unique<AdmissionWebhooks>(this)),
      quotas(std::make_unique<Quotas>(this)),
      event_expiry(std::make_unique<EventExpiry>(this)),
      flow_control(std::make_unique<FlowControl>(this)),
      protobuf_cache(std::make_unique<ProtobufCache>()) {}

Core::~Core() = default;

ApiServer::ApiServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
ApiServer::~ApiServer() = default;

io::Task<Result<std::unique_ptr<ApiServer>>> ApiServer::start(Options options) {
    CHECK(options.loop != nullptr && options.store != nullptr);
    std::unique_ptr<ApiServer> server(new ApiServer(std::make_unique<Core>(std::move(options))));
    CO_TRY(co_await server->core_->customs->load());
    CO_TRY(co_await server->core_->tokens->load(server->core_->store));
    CO_TRY(co_await bootstrap(server->core_.get(), server.get()));
    co_return std::move(server);
}

io::Task<void> ApiServer::close() {
    co_await core_->policies->close();
    co_await core_->event_expiry->close();
    co_await core_->flow_control->close();
    co_await core_->hubs->close();
    co_await core_->customs->close();
}

namespace {

using io::http::Response;

Attributes attributes_of(const Call& call) {
    Attributes attributes;
    attributes.user = call.user;
    attributes.verb = call.info.verb;
    attributes.is_resource = call.info.is_resource;
    attributes.group = call.info.group;
    attributes.version = call.info.version;
    attributes.namespace_ = call.info.namespace_;
    attributes.resource = call.info.resource;
    attributes.subresource = call.info.subresource;
    attributes.name = call.info.name;
    attributes.path = call.info.path;
    return attributes;
}

Error refusal(const Call& call, const Attributes& attributes, const Decision& decision) {
    std::string why = refusal_text(attributes);
    if (!decision.reason.empty()) {
        append(why, ": ", decision.reason);
    }
    return forbidden(call.group_resource(), call.info.name, why);
}

// 404 as apiserver's resource handlers say it for paths of groups that are served.
Response resource_not_found(const Call& call) {
    return respond_value(
        call, 404,
        generic_status(Reason::not_found, 404, "the server could not find the requested resource"));
}

Response method_not_allowed(const Call& call) {
    return respond_value(
        call, 405,
        generic_status(Reason::method_not_allowed, 405,
                       "the server does not allow this method on the requested resource"));
}

// Whether the URL has the shape that the resource's scope asks for.
bool fits_scope(const Call& call) {
    const RequestInfo& info = call.info;
    const bool is_namespace_itself = info.resource == "namespaces" && info.group.empty();
    if (call.resource->namespaced) {
        if (info.namespace_.empty()) {
            // Across all namespaces only lists, watches and (of virtual kinds) nothing else.
            return info.verb == "list" || info.verb == "watch" || info.parts.size() == 1;
        }
        return true;
    }
    return info.namespace_.empty() || is_namespace_itself;
}

io::Task<Answer> dispatch(Call* call) {
    const std::string& verb = call->info.verb;
    if (call->resource->builtin != nullptr && call->resource->builtin->is_virtual) {
        co_return co_await serve_review(call);
    }
    if (is_special_subresource(*call)) {
        co_return co_await serve_special_subresource(call);
    }
    if (verb == "create") {
        co_return co_await serve_create(call);
    }
    if (verb == "get") {
        co_return co_await serve_get(call);
    }
    if (verb == "list") {
        co_return co_await serve_list(call);
    }
    if (verb == "watch") {
        co_return co_await serve_watch(call);
    }
    if (verb == "update") {
        co_return co_await serve_update(call);
    }
    if (verb == "patch") {
        co_return co_await serve_patch(call);
    }
    if (verb == "delete") {
        co_return co_await serve_delete(call);
    }
    co_return co_await serve_delete_collection(call);
}

bool allows_method(const Call& call) {
    const std::string& verb = call.info.verb;
    const bool has_name = call.info.parts.size() >= 2;
    if (call.request.method == "HEAD" && call.resource->is_builtin()) {
        return false;  // No route has it; the handler of custom kinds does not look.
    }
    if (!call.info.subresource.empty()) {
        return call.subresource->allows(verb);
    }
    if (call.resource->namespaced && call.info.namespace_.empty() && verb != "list" &&
        verb != "watch") {
        const bool reviews =
            call.resource->builtin != nullptr && call.resource->builtin->is_virtual;
        return reviews && verb == "create";  // LocalSubjectAccessReview has a namespace, though
    }
    if (verb == "create") {
        return !has_name && call.resource->allows("create");
    }
    if (verb == "update" || verb == "patch") {
        return has_name && call.resource->allows(verb);
    }
    return call.resource->allows(verb);
}

Response not_acceptable(const Call& call, bool by_route) {
    constexpr std::string_view plain_types =
        "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    constexpr std::string_view stream_types =
        "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
    const bool is_watch = call.info.verb == "watch";
    // The route of a collection offers both. Of a watch its object's form is looked at first.
    const std::string types = by_route && (is_watch || call.info.verb == "list")
                                  ? cat(plain_types, ", ", stream_types)
                                  : std::string(plain_types);
    Value status =
        by_route ? generic_status(Reason::not_acceptable, 406,
                                  cat("406: Not Acceptable\n\nAvailable representations: ", types))
                 : status_of(make_error(Reason::not_acceptable,
                                        "only the following media types are accepted: ", types));
    const auto plain =
        negotiate(call.request, call.target, {.yaml = true, .protobuf = true, .transforms = false});
    if (plain) {
        Call as_plain;
        as_plain.core = call.core;
        as_plain.negotiated = *plain;
        return respond_value(as_plain, 406, status);
    }
    Response response;
    response.status = 406;
    response.headers.set("content-type", "application/json");
    response.pieces.push_back(io::http::share(to_json(status, {.indent = 2})));
    return response;
}

void warn_of_custom_version(Call* call) {
    if (call->resource->custom != nullptr) {
        const crd::Kind& kind = call->resource->custom->of(*call->resource);
        if (kind.deprecation_warning()) {
            call->warn(*kind.deprecation_warning());
        }
    }
}

// Finds what the URL names, and answers at once where it names nothing.
std::optional<Response> route(Call* call) {
    const RequestInfo& info = call->info;
    const Registry& registry = call->core->registry;
    if (info.prefix == "apis" && !registry.has_group(info.group)) {
        return respond_plain_not_found();
    }
    const bool served = info.prefix == "api" ? info.group.empty() : !info.group.empty();
    call->resource = served ? registry.find(info.group, info.version, info.resource) : nullptr;
    // Only a proxy's path goes on behind the subresource.
    const bool is_too_long = info.parts.size() > 3 && info.subresource != "proxy";
    if (call->resource == nullptr || is_too_long) {
        if (!registry.is_builtin_group(info.group)) {
            // Groups of CRDs answer for unknown resources in plain text.
            return respond_plain_not_found();
        }
        return resource_not_found(*call);
    }
    if (!info.subresource.empty()) {
        call->subresource = call->resource->find_subresource(info.subresource);
        if (call->subresource == nullptr) {
            warn_of_custom_version(call);
            return call->resource->custom != nullptr
                       ? respond_error(*call,
                                       not_found(call->resource->group_resource(), info.name))
                       : resource_not_found(*call);
        }
    }
    const bool is_named_review = call->resource->builtin != nullptr &&
                                 call->resource->builtin->is_virtual && info.parts.size() > 1;
    if (is_named_review) {
        return resource_not_found(*call);  // reviews have no URL of their own
    }
    if (!fits_scope(*call)) {
        return call->resource->custom != nullptr ? respond_plain_not_found()
                                                 : resource_not_found(*call);
    }
    const auto warn_if_deprecated = [call] {
        if (std::string text = deprecation_of(call->resource->gvk()); !text.empty()) {
            call->warn(std::move(text));
        }
    };
    if (!allows_method(*call)) {
        if (info.verb == "watch" && call->resource->allows("list")) {
            warn_if_deprecated();
        }
        if (call->resource->custom != nullptr ||
            (info.verb == "watch" && call->resource->allows("list"))) {
            return respond_error(*call,
                                 method_not_supported(call->resource->group_resource(), info.verb));
        }
        return method_not_allowed(*call);
    }
    warn_if_deprecated();
    return std::nullopt;
}

io::Task<Response> serve_resource(Call* call) {
    if (auto answer = route(call)) {
        co_return std::move(*answer);
    }
    if (!accepts_any(call->request.headers.get("accept"))) {
        co_return not_acceptable(*call, true);
    }
    const bool is_builtin = call->resource->is_builtin();
    const bool is_virtual = is_builtin && call->resource->builtin->is_virtual;
    // These endpoints of a pod have no columns, as in the real server.
    const bool is_part_of_pod =
        call->subresource != nullptr &&
        (call->subresource->name == "ephemeralcontainers" || call->subresource->name == "resize");
    // A scale has a Go type of its own, whoever has it.
    const bool has_go_type =
        is_builtin || (call->subresource != nullptr && call->subresource->name == "scale");
    const auto negotiated =
        negotiate(call->request, call->target,
                  {.protobuf = has_go_type, .transforms = !is_virtual, .table = !is_part_of_pod});
    if (!negotiated) {
        co_return not_acceptable(*call, false);
    }
    call->negotiated = *negotiated;
    const std::string include = call->parameter("includeObject");
    if (call->negotiated.is_table() && !include.empty() && include != "None" &&
        include != "Metadata" && include != "Object") {
        co_return respond_error(
            *call,
            bad_request(cat("Unable to convert to Table as requested: includeObject: Invalid "
                            "value: ",
                            quote(include), ": must be 'Metadata', 'Object', 'None', or empty")));
    }
    warn_of_custom_version(call);
    Answer answer = co_await dispatch(call);
    if (!answer) {
        co_return respond_error(*call, answer.error());
    }
    co_return std::move(*answer);
}

}  // namespace

io::Task<Response> ApiServer::handle(io::http::Request request) {
    Call call;
    call.core = core_.get();
    call.request = std::move(request);
    auto target = io::http::Target::parse(call.request.target);
    if (!target) {
        co_return Response::text(400, "text/plain; charset=utf-8", "400 Bad Request");
    }
    call.target = std::move(*target);
    call.info = request_info(call.request.method, call.target);
    if (const auto negotiated =
            negotiate(call.request, call.target, {.protobuf = true, .transforms = false})) {
        call.negotiated = *negotiated;
    }
    if (const auto timeout = call.target.parameter("timeout");
        timeout && !timeout->empty() && call.info.verb != "watch" && !parse_duration(*timeout)) {
        co_return respond_error(
            call, bad_request(cat("invalid timeout specified in the request URL - time: invalid "
                                  "duration ",
                                  quote(*timeout))));
    }
    Response response;
    auto user = co_await authenticate(core_.get(), &call.request);
    if (!user) {
        response = respond_error(call, user.error());
    } else {
        call.user = std::move(*user);
        Status changed = co_await impersonate(&call, attributes_of(call));
        const Attributes attributes = attributes_of(call);
        Decision decision;
        if (changed) {
            decision = co_await authorize(core_.get(), attributes);
        }
        if (!changed || !decision.allowed) {
            response = respond_error(
                call, !changed ? changed.error() : refusal(call, attributes, decision));
            response.headers.set("x-content-type-options", "nosniff");
        } else if (call.info.is_resource) {
            response = co_await serve_resource(&call);
        } else {
            response = co_await serve_non_resource(&call);
        }
    }
    add_warnings(call, response);
    if (!response.headers.has("cache-control")) {
        response.headers.set("cache-control", "no-cache, private");
    }
    const std::string_view audit = call.request.headers.get("audit-id");
    if (!audit.empty()) {
        response.headers.set("audit-id", std::string(audit.substr(0, 64)));
    }
    co_return response;
}

}  // namespace weft::server
