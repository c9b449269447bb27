// server/internal/non_resource.cc: /version, health, discovery and OpenAPI.

#include <algorithm>

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

// Whether some clause of the Accept header asks for no transformation.
bool accepts_plain(const Call& call) {
    const std::vector<AcceptClause> clauses = parse_accept(call.request.headers.get("accept"));
    return clauses.empty() || std::ranges::any_of(clauses, [](const AcceptClause& clause) {
               return clause.parameter("as").empty();
           });
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
    if (!accepts_any(call->request.headers.get("accept"))) {
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
    if (parts.size() == 1 && !accepts_plain(*call)) {
        return raw_not_acceptable();
    }
    if (parts.size() == 1) {
        Response response = respond_value(
            *call, 200, parts[0] == "api" ? discovery.api_versions() : discovery.groups());
        response.headers.set("vary", "Accept");
        return response;
    }
    const bool is_core = parts[0] == "api";
    const GroupInfo* group = registry.find_group(is_core ? "" : parts[1]);
    if (group == nullptr) {
        return respond_plain_not_found();
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

Response json_document(const Call& call, const OpenApi::Document& document) {
    const std::string etag = cat("\"", document.hash, "\"");
    if (call.request.headers.get("if-none-match") == etag) {
        return not_modified(etag);
    }
    Response response;
    response.headers.set("content-type", "application/json");
    response.headers.set("etag", etag);
    response.headers.set("vary", "Accept");
    response.pieces.push_back(document.json);
    return response;
}

std::optional<Response> serve_open_api(Call* call) {
    const std::string& path = call->info.path;
    OpenApi& open_api = *call->core->open_api;
    if (path == "/openapi/v2") {
        const std::string_view accept = call->request.headers.get("accept");
        const bool json = trim(accept).empty() || accept.contains("*/*") ||
                          accept.contains("application/json") || accept.contains("application/*");
        if (!json) {
            return text_answer(406, "");
        }
        return json_document(*call, open_api.version2());
    }
    if (path == "/openapi/v3") {
        Response index = json_document(*call, open_api.index());
        if (index.status == 200) {
            index.headers.set("content-type", "text/plain; charset=utf-8");  // as the real server
        }
        return index;
    }
    constexpr std::string_view prefix = "/openapi/v3/";
    if (!path.starts_with(prefix)) {
        return std::nullopt;
    }
    const OpenApi::Document* document = open_api.version3(path.substr(prefix.size()));
    if (document == nullptr) {
        return respond_plain_not_found();
    }
    const auto hash = call->target.parameter("hash");
    if (hash && *hash != document->hash) {
        Response response;
        response.status = 301;
        response.headers.set("location", cat(path, "?hash=", document->hash));
        return response;
    }
    Response response = json_document(*call, *document);
    if (hash) {
        response.headers.set("cache-control", "public, immutable");
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
    if (path == "/version" || path == "/version/") {
        if (!accepts_any(call->request.headers.get("accept")) ||
            call->negotiated.encoding == Encoding::yaml) {
            co_return respond_value(
                *call, 406,
                generic_status(Reason::not_acceptable, 406,
                               "406: Not Acceptable\n\nAvailable representations: "
                               "application/json"));
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
    if (path == "/.well-known/openid-configuration") {
        const std::string& issuer = call->core->tokens->issuer();
        Value out = Value::map();
        out.append_new("issuer", issuer);
        out.append_new("jwks_uri", cat("https://", call->core->options.advertise_address, ":",
                                       call->core->options.advertise_port, "/openid/v1/jwks"));
        out.append_new("response_types_supported", Value::list_of({"id_token"}));
        out.append_new("subject_types_supported", Value::list_of({"public"}));
        out.append_new("id_token_signing_alg_values_supported", Value::list_of({"HS256"}));
        Response response;
        response.headers.set("content-type", "application/json");
        response.headers.set("cache-control", "public, max-age=3600");
        response.pieces.push_back(io::http::share(to_json(out)));
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
