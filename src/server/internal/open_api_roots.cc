// server/internal/open_api_roots.cc: the roots and their answers.

#include "server/internal/open_api_roots.h"

#include <algorithm>
#include <array>

namespace weft::server {

namespace {

constexpr std::string_view meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr std::array<std::string_view, 3> discovery_types = {
    "application/json", "application/vnd.kubernetes.protobuf", "application/yaml"};

OpenApiRoot discovery_root(std::string operation, std::string tag, std::string_view description,
                           std::string_view kind) {
    return {.operation = std::move(operation),
            .tag = std::move(tag),
            .description = description,
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
        return discovery_root("getCoreAPIVersions", "core", "get available API versions",
                              "APIVersions");
    }
    if (path == "apis") {
        return discovery_root("getAPIVersions", "apis", "get available API versions",
                              "APIGroupList");
    }
    if (path == "version") {
        return OpenApiRoot{.operation = "getCodeVersion",
                           .tag = "version",
                           .description = "get the version information for this server",
                           .definition = "io.k8s.apimachinery.pkg.version.Info",
                           .media_types = {"application/json"}};
    }
    if (path == ".well-known/openid-configuration") {
        return OpenApiRoot{.operation = "getServiceAccountIssuerOpenIDConfiguration",
                           .tag = "WellKnown",
                           .description =
                               "get service account issuer OpenID configuration, also "
                               "known as the 'OIDC discovery doc'",
                           .definition = {},
                           .media_types = {"application/json"}};
    }
    if (path == "openid/v1/jwks") {
        return OpenApiRoot{.operation = "getServiceAccountIssuerOpenIDKeyset",
                           .tag = "openid",
                           .description =
                               "get service account issuer OpenID JSON Web Key Set "
                               "(contains public token verification keys)",
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
    return discovery_root(cat("get", word, "APIGroup"), first, "get information of a group",
                          "APIGroup");
}

Value version_info_schema() {
    constexpr std::array<std::string_view, 9> required = {"major",     "minor",        "gitVersion",
                                                          "gitCommit", "gitTreeState", "buildDate",
                                                          "goVersion", "compiler",     "platform"};
    struct Text {
        std::string_view name;
        std::string_view description;
    };
    constexpr std::array<Text, 2> numbers = {{
        {"major", "Major is the major version of the binary version"},
        {"minor", "Minor is the minor version of the binary version"},
    }};
    constexpr std::array<Text, 4> optional = {{
        {"emulationMajor", "EmulationMajor is the major version of the emulation version"},
        {"emulationMinor", "EmulationMinor is the minor version of the emulation version"},
        {"minCompatibilityMajor",
         "MinCompatibilityMajor is the major version of the minimum compatibility version"},
        {"minCompatibilityMinor",
         "MinCompatibilityMinor is the minor version of the minimum compatibility version"},
    }};
    Value names = Value::list();
    Value properties = Value::map();
    for (const std::string_view name : required) {
        names.push_back(Value(name));
        properties.set(name, Value::map_of({{"type", "string"}, {"default", ""}}));
    }
    for (const Text& number : numbers) {
        properties.mutable_member(number.name).set("description", number.description);
    }
    for (const Text& member : optional) {
        properties.set(member.name,
                       Value::map_of({{"description", member.description}, {"type", "string"}}));
    }
    properties.sort_members();
    return Value::map_of({{"description",
                           "Info contains versioning information. how we'll want to distribute "
                           "that information."},
                          {"type", "object"},
                          {"required", std::move(names)},
                          {"properties", std::move(properties)}});
}

}  // namespace weft::server
