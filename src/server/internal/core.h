// server/internal/core.h: what the parts of one server share, and what the parts of a request do.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/http.h"
#include "io/io.h"
#include "schema/builtin_defaults.h"
#include "schema/go_json.h"
#include "schema/protobuf.h"
#include "server/internal/negotiate.h"
#include "server/internal/registry.h"
#include "server/internal/request_info.h"
#include "server/internal/status.h"
#include "server/internal/stored.h"
#include "server/server.h"
#include "store/store.h"

namespace weft::server {

class WatchHubs;
class Rbac;
class Discovery;
class OpenApi;
class ServiceAllocator;
class CustomResources;
class Tokens;
class AdmissionPolicies;
class AdmissionWebhooks;
class Quotas;
class EventExpiry;
class FlowControl;
class ProtobufCache;

// The state of a server. Owned by ApiServer; everything below borrows it.
struct Core {
    explicit Core(Options options);
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    Options options;
    io::Loop* loop;
    store::Store* store;
    Registry registry;
    schema::GoTypes go_types;
    schema::BuiltinDefaults defaults;
    schema::Protobuf protobuf;
    // What empty objects of builtin kinds print as, by definition; made when first needed.
    mutable std::map<std::string, Value, std::less<>> zeros;
    std::unique_ptr<WatchHubs> hubs;
    std::unique_ptr<Rbac> rbac;
    std::unique_ptr<Discovery> discovery;
    std::unique_ptr<OpenApi> open_api;
    std::unique_ptr<ServiceAllocator> services;
    std::unique_ptr<CustomResources> customs;
    std::unique_ptr<Tokens> tokens;
    std::unique_ptr<AdmissionPolicies> policies;
    std::unique_ptr<AdmissionWebhooks> webhooks;
    std::unique_ptr<Quotas> quotas;
    std::unique_ptr<EventExpiry> event_expiry;
    std::unique_ptr<FlowControl> flow_control;
    std::unique_ptr<ProtobufCache> protobuf_cache;
    // When on_failure was called last.
    mutable std::optional<int64_t> failure_reported;
    // Which way of impersonation worked last, by user (see impersonate.cc).
    std::unordered_map<std::string, size_t> last_impersonation;
};

// One request on its way. Lives in the coroutine that serves it.
struct Call {
    Core* core = nullptr;
    io::http::Request request;
    io::http::Target target;
    RequestInfo info;
    UserInfo user;
    Negotiated negotiated;
    ResourcePtr resource;
    const Subresource* subresource = nullptr;  // of *resource
    std::vector<std::string> warnings;
    bool dry_run = false;
    // What a DELETE asks for, by the body or the URL, as admission is shown it.
    Value delete_options = Value::map();
    // The object has a name that the server made up; admission does not know it yet.
    bool generates_name = false;

    [[nodiscard]] std::string parameter(std::string_view name) const {
        return std::string(target.parameter(name).value_or(""));
    }
    [[nodiscard]] GroupResource group_resource() const { return {info.group, info.resource}; }
    void warn(std::string text);
};

// Every verb answers or says why not; the error becomes a Status.
using Answer = Result<io::http::Response>;

// --- Answers (respond.cc) ---

// Members by name, however deep, as Go prints what it decoded into maps.
void sort_all(Value& value);
// The value in the form that was negotiated. What has no protobuf form is answered with 406.
[[nodiscard]] io::http::Response respond_value(const Call& call, int status, const Value& value);
// The bytes of a JSON document; parsed only if another form was negotiated.
[[nodiscard]] io::http::Response respond_json(const Call& call, int status, std::string json);
[[nodiscard]] io::http::Response respond_protobuf(int status, std::string bytes);
[[nodiscard]] io::http::Response respond_error(const Call& call, const Error& error);
// apiserver's own "404 page not found" in plain text.
[[nodiscard]] io::http::Response respond_plain_not_found();
// An object as the client wants to see it: itself, its metadata, or a Table of one row.
[[nodiscard]] Answer respond_object(Call* call, int status, const StoredView& stored,
                                    store::Revision revision);
[[nodiscard]] Answer respond_object(Call* call, int status, const Value& object);
// The form of one object's metadata is not for a list (and the other way round): not_acceptable.
[[nodiscard]] Status check_metadata_form(const Call& call, bool is_list);
void add_warnings(const Call& call, io::http::Response& response);

// --- Verbs ---

[[nodiscard]] io::Task<Answer> serve_create(Call* call);
[[nodiscard]] io::Task<Answer> serve_get(Call* call);
[[nodiscard]] io::Task<Answer> serve_list(Call* call);
[[nodiscard]] io::Task<Answer> serve_watch(Call* call);
[[nodiscard]] io::Task<Answer> serve_update(Call* call);
[[nodiscard]] io::Task<Answer> serve_patch(Call* call);
[[nodiscard]] io::Task<Answer> serve_delete(Call* call);
[[nodiscard]] io::Task<Answer> serve_delete_collection(Call* call);
// Subresources that are more than a view of the object: binding, eviction, token, scale, …
[[nodiscard]] io::Task<Answer> serve_special_subresource(Call* call);
[[nodiscard]] bool is_special_subresource(const Call& call);
[[nodiscard]] io::Task<Answer> serve_scale(Call* call);
// Kinds that store nothing: reviews.
[[nodiscard]] io::Task<Answer> serve_review(Call* call);
// What is no resource: /version, /healthz, discovery, OpenAPI.
[[nodiscard]] io::Task<io::http::Response> serve_non_resource(Call* call);

}  // namespace weft::server
