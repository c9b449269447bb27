// server/internal/open_api.cc: writes OpenAPI documents from the registry and the schemas.

#include "server/internal/open_api.h"

#include <algorithm>
#include <set>

#include "schema/builtin.h"
#include "schema/open_api.h"
#include "schema/open_api_protobuf.h"
#include "server/internal/custom_kind.h"
#include "server/internal/open_api_roots.h"
#include "server/internal/schema_prose.h"

namespace weft::server {

namespace {

constexpr std::string_view component_prefix = "#/components/schemas/";
constexpr std::string_view definition_prefix = "#/definitions/";

// "com.example.stable.v1.CronTab" of a custom kind.
std::string custom_definition(const Resource& resource) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(resource.gvr.group, '.')) {
        parts.emplace_back(part);
    }
    std::ranges::reverse(parts);
    return cat(join(parts, "."), ".", resource.gvr.version, ".", resource.kind);
}

std::string definition_of(const GroupVersionKind& kind) {
    const schema::SchemaPtr found = schema::Builtin::get().find_kind(kind);
    return found == nullptr ? std::string() : found->definition;
}

Value gvk_value(const GroupVersionKind& kind) {
    return Value::map_of({{"group", kind.group}, {"kind", kind.kind}, {"version", kind.version}});
}

// Every definition a document refers to.
void collect_references(const Value& value, std::set<std::string>& names) {
    if (value.is_map()) {
        for (const Member& member : value.members()) {
            if (member.name() == "$ref" && member.value.is_string()) {
                const std::string_view text = member.value.as_string();
                names.emplace(text.substr(text.rfind('/') + 1));
            } else {
                collect_references(member.value, names);
            }
        }
    } else if (value.is_list()) {
        for (const Value& item : value.items()) {
            collect_references(item, names);
        }
    }
}

// Definitions of Kubernetes that `roots` name, with all they refer to.
Value builtin_components(std::set<std::string> roots, std::string_view prefix) {
    const schema::Builtin& builtin = schema::Builtin::get();
    std::map<std::string, Value> done;
    std::vector<std::string> queue(roots.begin(), roots.end());
    while (!queue.empty()) {
        const std::string name = std::move(queue.back());
        queue.pop_back();
        if (done.contains(name)) {
            continue;
        }
        const schema::SchemaPtr found = builtin.find_definition(name);
        if (found == nullptr) {
            continue;
        }
        Value json = schema::to_open_api(*found, {.reference_prefix = prefix,
                                                  .without_descriptions = true,
                                                  .is_version2 = prefix == definition_prefix});
        const std::vector<GroupVersionKind> kinds = builtin.kinds_of(name);
        if (!kinds.empty()) {
            Value list = Value::list();
            for (const GroupVersionKind& kind : kinds) {
                list.push_back(gvk_value(kind));
            }
            json.set("x-kubernetes-group-version-kind", std::move(list));
        }
        std::set<std::string> references;
        collect_references(json, references);
        queue.insert(queue.end(), references.begin(), references.end());
        done.emplace(name, std::move(json));
    }
    Value out = Value::map_with_capacity(done.size());
    for (auto& [name, json] : done) {
        out.append_new(name, std::move(json));
    }
    return out;
}

Value reference(std::string_view prefix, std::string_view definition) {
    return Value::map_of({{"$ref", cat(prefix, definition)}});
}

// What version 2 cannot say is taken out of a schema (apiextensions' ToStructuralOpenAPIV2), so
// that clients that read it refuse nothing that the server accepts.
void cut_to_version2(Value& schema) {
    if (!schema.is_map()) {
        return;
    }
    const auto is_set = [](const Value& of, std::string_view name) {
        const Value* flag = of.find(name);
        return flag != nullptr && flag->is_bool() && flag->as_bool();
    };
    for (const std::string_view name : {"allOf", "anyOf", "oneOf", "not"}) {
        schema.erase(name);
    }
    const bool is_nullable = is_set(schema, "nullable");
    schema.erase("nullable");
    if (is_nullable) {
        schema.erase("type");
    }
    if (is_nullable || is_set(schema, "x-kubernetes-preserve-unknown-fields")) {
        for (const std::string_view name : {"items", "properties", "additionalProperties"}) {
            schema.erase(name);
        }
    }
    if (const Value* properties = schema.find("properties"); properties != nullptr) {
        if (const Value* required = schema.find("required"); required != nullptr) {
            Value kept = Value::list();
            for (const Value& name : required->items()) {
                const Value* member = properties->find(name.as_string());
                if (member == nullptr || !is_set(*member, "nullable")) {
                    kept.push_back(name);
                }
            }
            if (kept.empty()) {
                schema.erase("required");
            } else {
                schema.set("required", std::move(kept));
            }
        }
        std::vector<std::string> names;
        for (const Member& member : schema.find("properties")->members()) {
            names.emplace_back(member.name());
        }
        Value& inner = schema.mutable_member("properties");
        for (const std::string& name : names) {
            cut_to_version2(inner.mutable_member(name));
        }
    }
    for (const std::string_view name : {"items", "additionalProperties"}) {
        if (const Value* inner = schema.find(name); inner != nullptr && inner->is_map()) {
            cut_to_version2(schema.mutable_member(name));
        }
    }
}

// The schema of a custom kind, with Kubernetes' members grafted in.
Value custom_component(const Resource& resource, std::string_view prefix) {
    Value json =
        resource.schema == nullptr
            ? Value::map_of({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}})
            : schema::to_open_api(*resource.schema);
    if (prefix == definition_prefix) {
        cut_to_version2(json);
    }
    add_prose(json, resource.custom->prose(resource));
    Value properties = json.find("properties") != nullptr ? *json.find("properties") : Value::map();
    properties.set("apiVersion", Value::map_of({{"type", "string"}}));
    properties.set("kind", Value::map_of({{"type", "string"}}));
    properties.set("metadata",
                   reference(prefix, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
    properties.sort_members();
    if (resource.schema != nullptr) {
        json.set("properties", std::move(properties));
    }
    json.set("x-kubernetes-group-version-kind", Value::list_of({gvk_value(resource.gvk())}));
    return json;
}

Value custom_list_component(const Resource& resource, std::string_view prefix) {
    const std::string definition = custom_definition(resource);
    GroupVersionKind kind = resource.gvk();
    kind.kind = resource.list_kind;
    return Value::map_of(
        {{"type", "object"},
         {"required", Value::list_of({"items"})},
         {"properties",
          Value::map_of(
              {{"apiVersion", Value::map_of({{"type", "string"}})},
               {"items",
                Value::map_of({{"type", "array"}, {"items", reference(prefix, definition)}})},
               {"kind", Value::map_of({{"type", "string"}})},
               {"metadata", reference(prefix, "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta")}})},
         {"x-kubernetes-group-version-kind", Value::list_of({gvk_value(kind)})}});
}

struct Parameter {
    std::string_view name;
    std::string_view type;
};
constexpr Parameter list_parameters[] = {{"allowWatchBookmarks", "boolean"},
                                         {"continue", "string"},
                                         {"fieldSelector", "string"},
                                         {"labelSelector", "string"},
                                         {"limit", "integer"},
                                         {"resourceVersion", "string"},
                                         {"resourceVersionMatch", "string"},
                                         {"sendInitialEvents", "boolean"},
                                         {"timeoutSeconds", "integer"},
                                         {"watch", "boolean"}};
constexpr Parameter write_parameters[] = {
    {"dryRun", "string"}, {"fieldManager", "string"}, {"fieldValidation", "string"}};
constexpr Parameter patch_parameters[] = {{"dryRun", "string"},
                                          {"fieldManager", "string"},
                                          {"fieldValidation", "string"},
                                          {"force", "boolean"}};
constexpr Parameter delete_parameters[] = {{"dryRun", "string"},
                                           {"gracePeriodSeconds", "integer"},
                                           {"orphanDependents", "boolean"},
                                           {"propagationPolicy", "string"}};

// Writes the operations of one document's paths, in the form of version 3 or 2.
class PathWriter {
public:
    explicit PathWriter(bool is_v2) : is_v2_(is_v2) {}

    void add(Value& paths, const Resource& resource, const std::string& definition) const {
        const std::string root = resource.gvr.group.empty()
                                     ? cat("/api/", resource.gvr.version)
                                     : cat("/apis/", resource.gvr.group, "/", resource.gvr.version);
        const std::string scope = resource.namespaced ? "/namespaces/{namespace}" : "";
        const std::string collection = cat(root, scope, "/", resource.gvr.resource);
        Value item = Value::map();
        if (resource.allows("list")) {
            item.append_new("get", operation(resource, "list", list_parameters, definition));
        }
        if (resource.allows("create")) {
            item.append_new("post", operation(resource, "post", write_parameters, definition));
        }
        if (resource.allows("deletecollection")) {
            item.append_new("delete",
                            operation(resource, "deletecollection", delete_parameters, definition));
        }
        if (!item.empty()) {
            add_path_parameters(item, resource, false);
            paths.set(collection, std::move(item));
        }
        if (resource.namespaced && resource.allows("list")) {
            Value all = Value::map();
            all.append_new("get", operation(resource, "list", list_parameters, definition));
            paths.set(cat(root, "/", resource.gvr.resource), std::move(all));
        }
        Value object = object_item(resource, resource.verbs, resource.gvk(), definition);
        if (!object.empty()) {
            add_path_parameters(object, resource, true);
            paths.set(collection + "/{name}", std::move(object));
        }
        for (const Subresource& subresource : resource.subresources) {
            const std::string own = definition_of(subresource.kind);
            Value sub = object_item(resource, subresource.verbs, subresource.kind,
                                    own.empty() ? definition : own);
            if (subresource.allows("create")) {
                sub.append_new("post", operation_of(subresource.kind, "post", write_parameters,
                                                    own.empty() ? definition : own));
            }
            if (!sub.empty()) {
                add_path_parameters(sub, resource, true);
                paths.set(cat(collection, "/{name}/", subresource.name), std::move(sub));
            }
        }
    }

private:
    [[nodiscard]] Value object_item(const Resource& resource, const std::vector<std::string>& verbs,
                                    const GroupVersionKind& kind,
                                    const std::string& definition) const {
        const auto allows = [&](std::string_view verb) {
            return std::ranges::find(verbs, verb) != verbs.end();
        };
        (void)resource;
        Value item = Value::map();
        if (allows("get")) {
            item.append_new("get", operation_of(kind, "get", {}, definition));
        }
        if (allows("update")) {
            item.append_new("put", operation_of(kind, "put", write_parameters, definition));
        }
        if (allows("patch")) {
            item.append_new("patch", operation_of(kind, "patch", patch_parameters, definition,
                                                  resource.is_builtin()));
        }
        if (allows("delete")) {
            item.append_new("delete", operation_of(kind, "delete", delete_parameters, definition));
        }
        return item;
    }

    [[nodiscard]] Value operation(const Resource& resource, std::string_view action,
                                  std::span<const Parameter> parameters,
                                  const std::string& definition) const {
        return operation_of(resource.gvk(), action, parameters, definition, resource.is_builtin());
    }

    [[nodiscard]] Value operation_of(const GroupVersionKind& kind, std::string_view action,
                                     std::span<const Parameter> parameters,
                                     const std::string& definition, bool strategic = true) const {
        Value out = Value::map();
        const bool lists = action == "list" || action == "deletecollection";
        const std::string answered = action == "list" ? definition + "List"
                                     : action == "delete" || action == "deletecollection"
                                         ? status_definition()
                                         : definition;
        (void)lists;
        if (!parameters.empty()) {
            Value list = Value::list();
            for (const Parameter& parameter : parameters) {
                list.push_back(query_parameter(parameter));
            }
            out.append_new("parameters", std::move(list));
        }
        const bool has_body = action == "post" || action == "put" || action == "patch";
        if (has_body) {
            add_body(out, action == "patch", strategic, definition);
        }
        out.append_new("responses", responses(answered));
        out.append_new("x-kubernetes-action", std::string(action));
        out.append_new("x-kubernetes-group-version-kind", gvk_value(kind));
        return out;
    }

    static std::string status_definition() { return "io.k8s.apimachinery.pkg.apis.meta.v1.Status"; }

    [[nodiscard]] Value query_parameter(const Parameter& parameter) const {
        Value out = Value::map_of({{"name", parameter.name}, {"in", "query"}});
        if (is_v2_) {
            out.set("type", parameter.type);
            out.set("uniqueItems", true);
        } else {
            out.set("schema", Value::map_of({{"type", parameter.type}, {"uniqueItems", true}}));
        }
        return out;
    }

    void add_body(Value& out, bool is_patch, bool strategic, const std::string& definition) const {
        const std::string patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
        const std::string& body = is_patch ? patch : definition;
        std::vector<std::string_view> types = {"*/*"};
        if (is_patch) {
            types = {"application/apply-patch+yaml", "application/json-patch+json",
                     "application/merge-patch+json"};
            if (strategic) {
                types.push_back("application/strategic-merge-patch+json");
            }
        }
        if (is_v2_) {
            Value parameters =
                out.find("parameters") != nullptr ? *out.find("parameters") : Value::list();
            parameters.insert(0, Value::map_of({{"name", "body"},
                                                {"in", "body"},
                                                {"required", true},
                                                {"schema", reference(definition_prefix, body)}}));
            out.set("parameters", std::move(parameters));
            Value consumes = Value::list();
            for (const std::string_view type : types) {
                consumes.push_back(Value(type));
            }
            out.set("consumes", std::move(consumes));
            return;
        }
        Value content = Value::map();
        for (const std::string_view type : types) {
            content.set(type, Value::map_of({{"schema", reference(component_prefix, body)}}));
        }
        out.append_new("requestBody",
                       Value::map_of({{"content", std::move(content)}, {"required", true}}));
    }

    [[nodiscard]] Value responses(const std::string& definition) const {
        Value ok = Value::map_of({{"description", "OK"}});
        if (is_v2_) {
            ok.set("schema", reference(definition_prefix, definition));
        } else {
            ok.set("content",
                   Value::map_of(
                       {{"application/json",
                         Value::map_of({{"schema", reference(component_prefix, definition)}})}}));
        }
        return Value::map_of({{"200", std::move(ok)}});
    }

    void add_path_parameters(Value& item, const Resource& resource, bool has_name) const {
        Value list = Value::list();
        const auto add_one = [&](std::string_view name) {
            Value parameter = Value::map_of({{"name", name}, {"in", "path"}, {"required", true}});
            if (is_v2_) {
                parameter.set("type", "string");
                parameter.set("uniqueItems", true);
            } else {
                parameter.set("schema", Value::map_of({{"type", "string"}, {"uniqueItems", true}}));
            }
            list.push_back(std::move(parameter));
        };
        if (has_name) {
            add_one("name");
        }
        if (resource.namespaced) {
            add_one("namespace");
        }
        if (!list.empty()) {
            item.append_new("parameters", std::move(list));
        }
    }

    bool is_v2_;
};

Value info() {
    return Value::map_of({{"title", "Kubernetes"}, {"version", "1.36"}});
}

// Clients prove who they are by a bearer token.
Value security_schemes() {
    return Value::map_of(
        {{"BearerToken", Value::map_of({{"type", "apiKey"},
                                        {"name", "authorization"},
                                        {"in", "header"},
                                        {"description", "Bearer Token authentication"}})}});
}

// The document of one path that answers one thing.
Value root_document(const std::string& path, const OpenApiRoot& root) {
    const Value answer = root.definition.empty() ? Value::map_of({{"type", "string"}})
                                                 : reference(component_prefix, root.definition);
    Value content = Value::map();
    for (const std::string_view type : root.media_types) {
        content.set(type, Value::map_of({{"schema", answer}}));
    }
    Value ok = Value::map_of({{"description", "OK"}, {"content", std::move(content)}});
    Value responses = Value::map_of(
        {{"200", std::move(ok)}, {"401", Value::map_of({{"description", "Unauthorized"}})}});
    Value operation = Value::map_of({{"tags", Value::list_of({Value(root.tag)})},
                                     {"description", root.description},
                                     {"operationId", root.operation},
                                     {"responses", std::move(responses)}});
    Value schemas = Value::map();
    if (root.definition == "io.k8s.apimachinery.pkg.version.Info") {
        schemas.set(root.definition, version_info_schema());
    } else if (!root.definition.empty()) {
        schemas = builtin_components({root.definition}, component_prefix);
    }
    Value components = Value::map();
    if (!schemas.empty()) {
        components.append_new("schemas", std::move(schemas));
    }
    components.append_new("securitySchemes", security_schemes());
    Value item = Value::map_of({{"get", std::move(operation)}});
    return Value::map_of({{"openapi", "3.0.0"},
                          {"info", info()},
                          {"paths", Value::map_of({{cat("/", path, "/"), std::move(item)}})},
                          {"components", std::move(components)}});
}

// Paths and definitions of some versions.
struct Parts {
    Value paths = Value::map();
    Value definitions = Value::map();
};

Parts parts_of(const std::vector<const GroupVersionInfo*>& versions, bool is_v2) {
    Parts parts;
    const PathWriter writer(is_v2);
    const std::string_view prefix = is_v2 ? definition_prefix : component_prefix;
    std::set<std::string> roots = {"io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
                                   "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
                                   "io.k8s.apimachinery.pkg.apis.meta.v1.Status"};
    std::map<std::string, Value> customs;
    for (const GroupVersionInfo* version : versions) {
        for (const ResourcePtr& resource : version->resources) {
            if (resource->custom != nullptr) {
                const std::string definition = custom_definition(*resource);
                customs.emplace(definition, custom_component(*resource, prefix));
                customs.emplace(definition + "List", custom_list_component(*resource, prefix));
                roots.emplace("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
                roots.emplace("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta");
                if (resource->find_subresource("scale") != nullptr) {
                    roots.emplace("io.k8s.api.autoscaling.v1.Scale");
                }
                writer.add(parts.paths, *resource, definition);
                continue;
            }
            const std::string definition = definition_of(resource->gvk());
            roots.emplace(definition);
            roots.emplace(definition + "List");
            for (const Subresource& subresource : resource->subresources) {
                roots.emplace(definition_of(subresource.kind));
            }
            writer.add(parts.paths, *resource, definition);
        }
    }
    parts.definitions = builtin_components(std::move(roots), prefix);
    for (auto& [name, json] : customs) {
        parts.definitions.set(name, std::move(json));
    }
    parts.definitions.sort_members();
    parts.paths.sort_members();
    return parts;
}

}  // namespace

OpenApi::Document OpenApi::finish(const Value& value, bool is_v2) const {
    Document document;
    std::string json = to_json(value);
    document.hash = hex_encode_upper(sha512(json));
    document.json = io::http::share(std::move(json));
    document.made = core_->loop->now();
    document.is_v2 = is_v2;
    return document;
}

io::http::SharedBytes OpenApi::protobuf_of(Document& document) {
    if (document.protobuf == nullptr) {
        const auto value = parse_json(*document.json);
        CHECK(value.has_value());
        document.protobuf = io::http::share(document.is_v2 ? schema::open_api_v2_protobuf(*value)
                                                           : schema::open_api_v3_protobuf(*value));
    }
    return document.protobuf;
}

void OpenApi::forget_stale() {
    if (generation_ == core_->registry.generation()) {
        return;
    }
    generation_ = core_->registry.generation();
    // Builtin groups do not change; their documents stay.
    std::erase_if(documents_, [this](const auto& entry) {
        const std::string_view path = entry.first;
        if (path == "api/v1") {
            return false;
        }
        const auto parts = split(path, '/');
        return parts.size() != 3 || !core_->registry.is_builtin_group(parts[1]);
    });
    index_.reset();
    version2_.reset();
}

OpenApi::Document* OpenApi::version3(const std::string& path) {
    forget_stale();
    if (const auto known = documents_.find(path); known != documents_.end()) {
        return &known->second;
    }
    if (const auto root = find_open_api_root(core_->registry, path)) {
        return &documents_.emplace(path, finish(root_document(path, *root), false)).first->second;
    }
    const auto parts = split(path, '/');
    const bool is_core = parts.size() == 2 && parts[0] == "api";
    if (!is_core && !(parts.size() == 3 && parts[0] == "apis")) {
        return nullptr;
    }
    const GroupInfo* group = core_->registry.find_group(is_core ? std::string_view() : parts[1]);
    if (group == nullptr) {
        return nullptr;
    }
    for (const GroupVersionInfo& version : group->versions) {
        if (version.version != parts.back()) {
            continue;
        }
        Parts made = parts_of({&version}, false);
        Value out = Value::map();
        out.append_new("openapi", "3.0.0");
        out.append_new("info", info());
        out.append_new("paths", std::move(made.paths));
        out.append_new("components", Value::map_of({{"schemas", std::move(made.definitions)}}));
        return &documents_.emplace(path, finish(out, false)).first->second;
    }
    return nullptr;
}

OpenApi::Document& OpenApi::index() {
    forget_stale();
    if (index_) {
        return *index_;
    }
    std::vector<std::string> documented = open_api_roots(core_->registry);
    for (const GroupInfo& group : core_->registry.groups()) {
        for (const GroupVersionInfo& version : group.versions) {
            documented.push_back(group.group.empty()
                                     ? cat("api/", version.version)
                                     : cat("apis/", group.group, "/", version.version));
        }
    }
    Value paths = Value::map_with_capacity(documented.size());
    for (const std::string& path : documented) {
        const Document* document = version3(path);
        CHECK(document != nullptr);
        paths.set(path, Value::map_of({{"serverRelativeURL",
                                        cat("/openapi/v3/", path, "?hash=", document->hash)}}));
    }
    paths.sort_members();
    index_ = finish(Value::map_of({{"paths", std::move(paths)}}), false);
    return *index_;
}

OpenApi::Document& OpenApi::version2() {
    forget_stale();
    if (version2_) {
        return *version2_;
    }
    std::vector<const GroupVersionInfo*> versions;
    for (const GroupInfo& group : core_->registry.groups()) {
        for (const GroupVersionInfo& version : group.versions) {
            versions.push_back(&version);
        }
    }
    Parts made = parts_of(versions, true);
    Value out = Value::map();
    out.append_new("swagger", "2.0");
    out.append_new("info", info());
    out.append_new("paths", std::move(made.paths));
    out.append_new("definitions", std::move(made.definitions));
    version2_ = finish(out, true);
    return *version2_;
}

}  // namespace weft::server
