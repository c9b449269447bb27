// server/internal/non_resource.cc: /version, health, discovery and OpenAPI.

#include <algorithm>
#include <array>

#include "server/internal/backup.h"
#include "server/internal/core.h"
#include "server/internal/discovery.h"
#include "server/internal/open_api.h"
#include "server/internal/tokens.h"

namespace weft::server {

namespace {

using io::http::Response;

Response text_answer(int status, std::string body) {
    Response response = Response::text(status, "text/plain; charset=utf-8", std::move(body));
    response.headers.set("x-content-type-options", "nosniff");
    return response;
}

constexpr std::string_view health_checks[] = {"ping", "log", "etcd"};

// /healthz, /livez, /readyz, and single checks below them.
std::optional<Response> serve_health(const Call& call) {
    std::string_view path = call.info.path;
    std::string_view kind;
    for (const std::string_view root : {"/healthz", "/livez", "/readyz"}) {
        if (path == root || (path.starts_with(root) && path[root.size()] == '/')) {
            kind = root.substr(1);
        }
    }
    if (kind.empty()) {
        return std::nullopt;
    }
    std::vector<std::string_view> checks(std::begin(health_checks), std::end(health_checks));
    if (kind == "readyz") {
        checks.push_back("etcd-readiness");
        checks.push_back("informer-sync");
    }
    std::string_view rest = path.substr(kind.size() + 1);
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
    }
    if (!rest.empty()) {
        if (std::ranges::find(checks, rest) == checks.end()) {
            return respond_plain_not_found();
        }
        return text_answer(200, "ok");
    }
    if (!call.target.parameter("verbose")) {
        return text_answer(200, "ok");
    }
    std::vector<std::string> excluded;
    for (const auto& [key, value] : call.target.query) {
        if (key == "exclude") {
            excluded.push_back(value);
        }
    }
    std::string body;
    for (const std::string_view check : checks) {
        const auto found = std::ranges::find(excluded, check);
        if (found != excluded.end()) {
            append(body, "[+]", check, " excluded: ok\n");
            excluded.erase(found);
        } else {
            append(body, "[+]", check, " ok\n");
        }
    }
    if (!excluded.empty()) {
        std::vector<std::string> quoted;
        for (const std::string& name : excluded) {
            quoted.push_back(quote(name));
        }
        append(body, "warn: some health checks cannot be excluded: no matches for ",
               join(quoted, ","), "\n");
    }
    append(body, kind, " check passed\n");
    return text_answer(200, std::move(body));
}

Response serve_version(const Call& call) {
    const std::string& version = call.core->options.version;
    Value out = Value::map();
    out.append_new("major", "1");
    out.append_new("minor", "36");
    out.append_new("emulationMajor", "1");
    out.append_new("emulationMinor", "36");
    out.append_new("minCompatibilityMajor", "1");
    out.append_new("minCompatibilityMinor", "35");
    out.append_new("gitVersion", version);
    out.append_new("gitCommit", "");
    out.append_new("gitTreeState", "clean");
    out.append_new("buildDate", "1970-01-01T00:00:00Z");
    out.append_new("goVersion", "");
    out.append_new("compiler", "clang");
    out.append_new("platform", "linux/amd64");
    Response response;
    response.headers.set("content-type", "application/json");
    response.pieces.push_back(io::http::share(to_json(out, {.indent = 2})));
    return response;
}

Response not_modified(const std::string& etag) {
    Response response;
    response.status = 304;
    response.headers.set("etag", etag);
    return response;
}

bool wants_aggregated(const Call& call, std::string* content_type) {
    for (const AcceptClause& clause : parse_accept(call.request.headers.get("accept"))) {
        if (clause.type == "application" && clause.subtype == "json") {
            if (clause.parameter("g") == "apidiscovery.k8s.io" && clause.parameter("v") == "v2" &&
                clause.parameter("as") == "APIGroupDiscoveryList") {
                *content_type =
                    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
                return true;
            }
            if (clause.parameter("as").empty()) {
                return false;
            }
        } else if (clause.type == "*") {
            return false;
        }
    }
    return false;
}

// 406 of an endpoint that has one form only.
std::optional<Response> refuse_all_but(const Call& call, std::string_view media) {
    if (accepts_only(call.request.headers.get("accept"), media)) {
        return std::nullopt;
    }
    return respond_value(
        call, 406,
        generic_status(Reason::not_acceptable, 406,
                       cat("406: Not Acceptable\n\nAvailable representations: ", media)));
}

Response raw_not_acceptable() {
    Response response;
    response.status = 406;
    response.headers.set("content-type", "application/json");
    const Value status =
        status_of(make_error(Reason::not_acceptable,
                             "only the following media types are accepted: application/json, "
                             "application/yaml, application/vnd.kubernetes.protobuf"));
    response.pieces.push_back(io::http::share(to_json(status, {.indent = 2})));
    return response;
}

// Discovery documents: JSON, YAML or (aggregated) JSON with an ETag.
std::optional<Response> serve_discovery(Call* call) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(call->info.path, '/')) {
        if (!part.empty()) {
            parts.emplace_back(part);
        }
    }
    if (parts.empty() || (parts[0] != "api" && parts[0] != "apis")) {
        return std::nullopt;
    }
    Discovery& discovery = *call->core->discovery;
    const Registry& registry = call->core->registry;
    if (parts.size() == 1) {
        std::string content_type;
        if (wants_aggregated(*call, &content_type)) {
            const Discovery::Aggregated& document = discovery.aggregated(parts[0] == "api");
            if (call->request.headers.get("if-none-match") == document.etag) {
                return not_modified(document.etag);
            }
            Response response;
            response.headers.set("content-type", content_type);
            response.headers.set("etag", document.etag);
            response.headers.set("vary", "Accept");
            response.headers.set("cache-control", "public");
            response.pieces.push_back(document.json);
            return response;
        }
    }
    const bool is_core = parts[0] == "api";
    const GroupInfo* group =
        registry.find_group(is_core || parts.size() == 1 ? std::string_view() : parts[1]);
    if (group == nullptr) {
        return respond_plain_not_found();
    }
    // Groups are told by the aggregator, which has no routes to choose from.
    const bool has_route = is_core || parts.size() > 2;
    if (has_route && !accepts_any(call->request.headers.get("accept"))) {
        const Value status =
            generic_status(Reason::not_acceptable, 406,
                           "406: Not Acceptable\n\nAvailable representations: application/json, "
                           "application/yaml, application/vnd.kubernetes.protobuf");
        Response response;
        response.status = 406;
        response.headers.set("content-type", "application/json");
        response.pieces.push_back(io::http::share(to_json(status, {.indent = 2})));
        return response;
    }
    if (!negotiate(call->request, call->target, {.protobuf = true, .transforms = false})) {
        return raw_not_acceptable();
    }
    if (parts.size() == 1) {
        return respond_value(*call, 200, is_core ? discovery.api_versions() : discovery.groups());
    }
    if (!is_core && parts.size() == 2) {
        return respond_value(*call, 200, discovery.group(*group, true));
    }
    const std::string& wanted = parts[is_core ? 1 : 2];
    for (const GroupVersionInfo& version : group->versions) {
        if (version.version == wanted) {
            return respond_value(*call, 200, discovery.resources(*group, version));
        }
    }
    if (!registry.is_builtin_group(group->group)) {
        return respond_plain_not_found();
    }
    return respond_value(
        *call, 404,
        generic_status(Reason::not_found, 404, "the server could not find the requested resource"));
}

// "Thu, 26 Nov 2026 02:30:00 GMT": HTTP's form of a date.
std::string http_date(Time time, std::string_view zone = "GMT") {
    constexpr std::array<std::string_view, 7> days = {"Thu", "Fri", "Sat", "Sun",
                                                      "Mon", "Tue", "Wed"};  // 1970-01-01 first
    constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr int64_t day_seconds = 86'400;
    const int64_t seconds = std::max<int64_t>(time.seconds, 0);
    const int64_t day = seconds / day_seconds;
    const int64_t second = seconds % day_seconds;
    const CivilDate date = civil_from_days(day);
    const auto two = [](int64_t number) { return cat(number < 10 ? "0" : "", number); };
    return cat(days[static_cast<size_t>(day % 7)], ", ", two(date.day), " ",
               months[static_cast<size_t>(date.month - 1)], " ", date.year, " ", two(second / 3600),
               ":", two(second / 60 % 60), ":", two(second % 60), " ", zone);
}

constexpr std::string_view protobuf_v2 = "com.github.proto-openapi.spec.v2.v1.0+protobuf";
constexpr std::string_view protobuf_v2_old = "com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr std::string_view protobuf_v3 = "com.github.proto-openapi.spec.v3.v1.0+protobuf";
constexpr std::string_view protobuf_v3_old = "com.github.proto-openapi.spec.v3@v1.0+protobuf";

// Which of JSON and protobuf the first clause that fits asks for; nothing: neither.
std::optional<Encoding> open_api_encoding(const Call& call, bool is_v2) {
    const std::string_view header = trim(call.request.headers.get("accept"));
    for (const AcceptClause& clause : parse_accept(header.empty() ? "*/*" : header)) {
        if (clause.type != "application" && clause.type != "*") {
            continue;
        }
        if (clause.subtype == "json" || clause.subtype == "*") {
            return Encoding::json;
        }
        if (clause.subtype == (is_v2 ? protobuf_v2 : protobuf_v3) ||
            clause.subtype == (is_v2 ? protobuf_v2_old : protobuf_v3_old)) {
            return Encoding::protobuf;
        }
    }
    return std::nullopt;
}

// A document with its ETag, or 304 if the client has it.
Response open_api_document(const Call& call, OpenApi::Document& document, Encoding encoding) {
    const std::string etag = cat("\"", document.hash, "\"");
    const std::string modified = http_date(document.made);
    const std::string_view known = call.request.headers.get("if-none-match");
    if (known.empty() ? call.request.headers.get("if-modified-since") == modified : known == etag) {
        return not_modified(etag);
    }
    Response response;
    const bool is_json = encoding == Encoding::json;
    response.headers.set("content-type", cat("application/", is_json ? std::string_view("json")
                                                             : document.is_v2 ? protobuf_v2
                                                                              : protobuf_v3));
    response.headers.set("etag", etag);
    response.headers.set("last-modified", modified);
    response.headers.set("vary", "Accept");
    response.pieces.push_back(is_json ? document.json : OpenApi::protobuf_of(document));
    return response;
}

Response open_api_not_acceptable() {
    Response response;
    response.status = 406;
    return response;
}

std::optional<Response> serve_open_api(Call* call) {
    const std::string& path = call->info.path;
    OpenApi& open_api = *call->core->open_api;
    if (path == "/openapi/v2") {
        const auto encoding = open_api_encoding(*call, true);
        return encoding ? open_api_document(*call, open_api.version2(), *encoding)
                        : open_api_not_acceptable();
    }
    if (path == "/openapi/v3") {
        // As the real server's: plain text, and no ETag.
        Response index;
        index.headers.set("content-type", "text/plain; charset=utf-8");
        index.pieces.push_back(open_api.index().json);
        return index;
    }
    constexpr std::string_view prefix = "/openapi/v3/";
    if (!path.starts_with(prefix)) {
        return std::nullopt;
    }
    OpenApi::Document* document = open_api.version3(path.substr(prefix.size()));
    if (document == nullptr) {
        Response response;
        response.status = 404;
        return response;
    }
    const auto encoding = open_api_encoding(*call, false);
    if (!encoding) {
        return open_api_not_acceptable();
    }
    const auto hash = call->target.parameter("hash");
    if (hash && *hash != document->hash) {
        Response response;
        response.status = 301;
        response.headers.set("content-type", "application/json");
        response.headers.set("etag", cat("\"", document->hash, "\""));
        response.headers.set("location", cat(path, "?hash=", document->hash));
        return response;
    }
    Response response = open_api_document(*call, *document, *encoding);
    if (hash) {
        constexpr int64_t year_seconds = 365L * 24 * 3600;
        Time expires = call->core->loop->now();
        expires.seconds += year_seconds;
        response.headers.set("cache-control", "public, immutable");
        response.headers.set("expires", http_date(expires, "UTC"));
    }
    return response;
}

Response serve_root(const Call& call) {
    std::vector<std::string> paths = {"/.well-known/openid-configuration", "/api", "/api/v1",
                                      "/apis", "/apis/"};
    for (const GroupInfo& group : call.core->registry.groups()) {
        if (group.group.empty()) {
            continue;
        }
        paths.push_back("/apis/" + group.group);
        for (const GroupVersionInfo& version : group.versions) {
            paths.push_back(cat("/apis/", group.group, "/", version.version));
        }
    }
    for (const std::string_view path : {"/healthz", "/livez", "/openapi/v2", "/openapi/v3",
                                        "/openid/v1/jwks", "/readyz", "/version"}) {
        paths.emplace_back(path);
    }
    std::ranges::sort(paths);
    Value list = Value::list();
    for (const std::string& path : paths) {
        list.push_back(Value(path));
    }
    Response response;
    response.headers.set("content-type", "application/json");
    response.pieces.push_back(
        io::http::share(to_json(Value::map_of({{"paths", std::move(list)}}), {.indent = 2})));
    return response;
}

}  // namespace

io::Task<Response> serve_non_resource(Call* call) {
    const std::string& path = call->info.path;
    const std::string& method = call->request.method;
    const bool is_read_only = path.starts_with("/api") || path.starts_with("/version");
    if (is_read_only && method != "GET" && method != "HEAD") {
        co_return respond_value(
            *call, 405,
            generic_status(Reason::method_not_allowed, 405,
                           "the server does not allow this method on the requested resource"));
    }
    if (path == "/version" || path == "/version/") {
        if (auto refused = refuse_all_but(*call, "application/json")) {
            co_return std::move(*refused);
        }
        co_return serve_version(*call);
    }
    if (auto health = serve_health(*call)) {
        co_return std::move(*health);
    }
    if (auto discovery = serve_discovery(call)) {
        co_return std::move(*discovery);
    }
    if (path.starts_with("/openapi/")) {
        if (auto document = serve_open_api(call)) {
            co_return std::move(*document);
        }
    }
    if (path == "/") {
        co_return serve_root(*call);
    }
    if (path == "/weft/backup") {
        co_return co_await serve_backup(call);
    }
    if (path == "/.well-known/openid-configuration") {
        if (auto refused = refuse_all_but(*call, "application/json")) {
            co_return std::move(*refused);
        }
        const std::string& issuer = call->core->tokens->issuer();
        Value out = Value::map();
        out.append_new("issuer", issuer);
        out.append_new("jwks_uri", cat("https://", call->core->options.advertise_address, ":",
                                       call->core->options.advertise_port, "/openid/v1/jwks"));
        out.append_new("response_types_supported", Value::list_of({"id_token"}));
        out.append_new("subject_types_supported", Value::list_of({"public"}));
        out.append_new("id_token_signing_alg_values_supported", Value::list_of({"RS256"}));
        Response response;
        response.headers.set("content-type", "application/json");
        response.headers.set("cache-control", "public, max-age=3600");
        response.pieces.push_back(io::http::share(to_json(out)));
        co_return response;
    }
    if (path == "/openid/v1/jwks") {
        if (auto refused = refuse_all_but(*call, "application/jwk-set+json")) {
            co_return std::move(*refused);
        }
        if (auto ready = co_await call->core->tokens->ensure_key(call->core->store); !ready) {
            co_return respond_error(*call, ready.error());
        }
        Response response;
        response.headers.set("content-type", "application/jwk-set+json");
        response.headers.set("cache-control", "public, max-age=3600");
        response.pieces.push_back(io::http::share(to_json(call->core->tokens->key_set())));
        co_return response;
    }
    if (path == "/statusz" || path == "/flagz") {
        co_return respond_error(
            *call, make_error(Reason::not_acceptable,
                              "only the following media types are accepted: application/json, "
                              "application/yaml, text/plain"));
    }
    co_return respond_plain_not_found();
}

}  // namespace weft::server
