// server/internal/open_api_roots.cc: the roots and their answers.

#include "server/internal/open_api_roots.h"

#include <algorithm>
#include <array>

namespace weft::server {

namespace {

constexpr std::string_view meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr std::array<std::string_view, 3> discovery_types = {
    "application/json", "application/vnd.kubernetes.protobuf", "application/yaml"};

OpenApiRoot discovery_root(std::string operation, std::string tag, std::string_view kind) {
    return {.operation = std::move(operation),
            .tag = std::move(tag),
            .definition = cat(meta, kind),
            .media_types = {discovery_types.begin(), discovery_types.end()}};
}

}  // namespace

std::vector<std::string> open_api_roots(const Registry& registry) {
    std::vector<std::string> out = {".well-known/openid-configuration", "api", "apis",
                                    "openid/v1/jwks", "version"};
    for (const GroupInfo& group : registry.groups()) {
        if (!group.group.empty() && registry.is_builtin_group(group.group)) {
            out.push_back("apis/" + group.group);
        }
    }
    return out;
}

std::optional<OpenApiRoot> find_open_api_root(const Registry& registry, std::string_view path) {
    if (path == "api") {
        return discovery_root("getCoreAPIVersions", "core", "APIVersions");
    }
    if (path == "apis") {
        return discovery_root("getAPIVersions", "apis", "APIGroupList");
    }
    if (path == "version") {
        return OpenApiRoot{.operation = "getCodeVersion",
                           .tag = "version",
                           .definition = "io.k8s.apimachinery.pkg.version.Info",
                           .media_types = {"application/json"}};
    }
    if (path == ".well-known/openid-configuration") {
        return OpenApiRoot{.operation = "getServiceAccountIssuerOpenIDConfiguration",
                           .tag = "WellKnown",
                           .definition = {},
                           .media_types = {"application/json"}};
    }
    if (path == "openid/v1/jwks") {
        return OpenApiRoot{.operation = "getServiceAccountIssuerOpenIDKeyset",
                           .tag = "openid",
                           .definition = {},
                           .media_types = {"application/jwk-set+json"}};
    }
    constexpr std::string_view groups = "apis/";
    if (!path.starts_with(groups)) {
        return std::nullopt;
    }
    const std::string_view group = path.substr(groups.size());
    if (group.empty() || registry.find_group(group) == nullptr ||
        !registry.is_builtin_group(group)) {
        return std::nullopt;
    }
    const std::string first(group.substr(0, group.find('.')));
    std::string word = first;
    word[0] = static_cast<char>(word[0] - ('a' - 'A'));
    return discovery_root(cat("get", word, "APIGroup"), first, "APIGroup");
}

Value version_info_schema() {
    constexpr std::array<std::string_view, 9> required = {"major",     "minor",        "gitVersion",
                                                          "gitCommit", "gitTreeState", "buildDate",
                                                          "goVersion", "compiler",     "platform"};
    constexpr std::array<std::string_view, 4> optional = {
        "emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"};
    Value names = Value::list();
    Value properties = Value::map();
    for (const std::string_view name : required) {
        names.push_back(Value(name));
        properties.set(name, Value::map_of({{"type", "string"}, {"default", ""}}));
    }
    for (const std::string_view name : optional) {
        properties.set(name, Value::map_of({{"type", "string"}}));
    }
    properties.sort_members();
    return Value::map_of({{"type", "object"},
                          {"required", std::move(names)},
                          {"properties", std::move(properties)}});
}

}  // namespace weft::server
