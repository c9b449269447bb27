// tests/sim/definitions.cc: the graphs, as a user would write them.

#include "sim/definitions.h"

namespace weft::sim {

namespace {

constexpr std::string_view chain_text = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: chain}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Chain
    spec: {value: 'integer | default=0', extra: 'boolean | default=false'}
    status: {last: "${c.metadata.name}"}
  resources:
    - id: c
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-c"}, data: {before: "${b.metadata.name}"}}
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-a"}, data: {variant: "VARIANT", value: "${string(schema.spec.value)}"}}
    - id: b
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-b"}, data: {before: "${a.metadata.name}", value: "${a.data.value}"}}
    - id: extra
      includeWhen: ["${schema.spec.extra}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-extra"}, data: {after: "${b.metadata.name}"}}
)yaml";

constexpr std::string_view app_text = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec: {value: 'integer | default=0', items: 'integer | default=1'}
    status: {endpoint: "${db.status.endpoint}"}
  resources:
    - id: db
      readyWhen: ["${db.status.ready == true}"]
      template: {apiVersion: sim.example.com/v1, kind: Database, metadata: {name: "${schema.metadata.name}-db"}, spec: {size: "${schema.spec.value}", variant: "VARIANT"}}
    - id: config
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-config"}, data: {endpoint: "${db.status.endpoint}", setting: "${settings.data.setting}"}}
    - id: settings
      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: shared-settings, namespace: default}}
    - id: parts
      forEach: [{number: "${lists.range(schema.spec.items)}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name + '-item-' + string(number)}"}, data: {config: "${config.metadata.name}", number: "${string(number)}"}}
)yaml";

constexpr std::string_view team_text = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: team}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Team
    spec: {value: 'integer | default=0'}
    status: {chain: "${chain.status.state}"}
  resources:
    - id: note
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.metadata.name}-note"}, data: {variant: "VARIANT", chain: "${chain.metadata.name}"}}
    - id: chain
      readyWhen: ["${chain.status.state == 'ACTIVE'}"]
      template: {apiVersion: kro.run/v1alpha1, kind: Chain, metadata: {name: "${schema.metadata.name}-chain"}, spec: {value: "${schema.spec.value}"}}
)yaml";

constexpr std::string_view crd_text = R"yaml(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.sim.example.com}
spec:
  group: sim.example.com
  names: {kind: Database, plural: databases, singular: database, listKind: DatabaseList}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}, variant: {type: string}}}
            status: {type: object, properties: {ready: {type: boolean}, endpoint: {type: string}}}
)yaml";

Object read(std::string text, int64_t variant) {
    const std::string_view mark = "VARIANT";
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
        text.replace(at, mark.size(), cat("v", variant));
    }
    auto value = parse_yaml_value(text);
    CHECK(value.has_value());
    return Object(*std::move(value));
}

// Rollouts go on whatever becomes of an instance: with these faults, one turns bad all the time.
constexpr std::string_view rollout_text =
    "{share: 50%, maxUnavailable: 100%, pauseOnFailure: false, progressDeadlineSeconds: 30}";
constexpr std::string_view values_text =
    R"yaml({id: names, def: {prefix: "${schema.metadata.name}", number: 7}})yaml";

Value parse(std::string_view text) {
    auto value = parse_yaml_value(text);
    CHECK(value.has_value());
    return *std::move(value);
}

constexpr std::array<std::array<std::string_view, 3>, 4> reported = {{{"Chain", "c", "before"},
                                                                      {"Chain", "extra", "after"},
                                                                      {"App", "config", "endpoint"},
                                                                      {"Team", "note", "chain"}}};

// What goes beyond kro. A chain's `b` carries a text of the value and of the computed field.
void extend(Object* definition) {
    Value& spec = definition->mutable_value().mutable_member("spec");
    spec.set("rollout", parse(rollout_text));
    Value& schema = spec.mutable_member("schema");
    schema.set("managedResources", true);
    const std::string kind(schema.string_at("kind"));
    for (size_t i = 0; i < spec.find("resources")->size(); ++i) {
        Value& resource = spec.mutable_member("resources").mutable_item(i);
        if (!reported_member(kind, resource.string_at("id")).empty()) {
            resource.set("driftPolicy", "Report");
        }
    }
    if (kind != "Chain") {
        return;
    }
    spec.mutable_member("schema").mutable_member("spec").set(
        "host", R"(string | computed="${schema.metadata.name}.sim")");
    Value& resources = spec.mutable_member("resources");
    resources.push_back(parse(values_text));
    for (size_t i = 0; i < resources.items().size(); ++i) {
        if (resources.items()[i].string_at("id") == "b") {
            resources.mutable_item(i)
                .mutable_member("template")
                .mutable_member("data")
                .set("host", "${names.prefix + '/' + schema.spec.host}");
        }
    }
}

std::vector<Expected> plain_children_of(const Object& instance, int64_t variant,
                                        std::string_view setting, Dialect dialect) {
    const std::string kind(instance.kind());
    const std::string name(instance.name());
    const std::string value = cat(instance.value().int_at(0, "spec", "value"));
    const std::string mark = cat("v", variant);
    if (kind == "Team") {
        return {{"ConfigMap", name + "-note", {{"variant", mark}, {"chain", name + "-chain"}}},
                {"Chain", name + "-chain", {{"value", value}}}};
    }
    if (kind == "App") {
        std::vector<Expected> out = {
            {"Database", name + "-db", {{"size", value}, {"variant", mark}}},
            {"ConfigMap",
             name + "-config",
             {{"endpoint", "at-" + name + "-db"}, {"setting", std::string(setting)}}}};
        for (int64_t n = 0; n < instance.value().int_at(0, "spec", "items"); ++n) {
            out.push_back({"ConfigMap",
                           cat(name, "-item-", n),
                           {{"config", name + "-config"}, {"number", cat(n)}}});
        }
        return out;
    }
    std::vector<Expected> out = {
        {"ConfigMap", name + "-a", {{"variant", mark}, {"value", value}}},
        {"ConfigMap", name + "-b", {{"before", name + "-a"}, {"value", value}}},
        {"ConfigMap", name + "-c", {{"before", name + "-b"}}}};
    if (dialect == Dialect::extended) {
        out[1].data.emplace("host", cat(name, "/", name, ".sim"));
    }
    const Value* extra = instance.value().find("spec", "extra");
    if (extra != nullptr && extra->is_bool() && extra->as_bool()) {
        out.push_back({"ConfigMap", name + "-extra", {{"after", name + "-b"}}});
    }
    return out;
}

std::string_view text_of(const std::string& kind) {
    return kind == "Chain" ? chain_text : kind == "App" ? app_text : team_text;
}

}  // namespace

std::vector<std::string> kinds() {
    return {"Chain", "App", "Team"};
}

Object definition_of(const std::string& kind, int64_t variant, Dialect dialect) {
    Object out = read(std::string(text_of(kind)), variant);
    if (dialect == Dialect::extended) {
        extend(&out);
    }
    return out;
}

Object broken_definition_of(const std::string& kind, Dialect dialect) {
    Object out = definition_of(kind, 0, dialect);
    out.mutable_value()
        .mutable_member("spec")
        .mutable_member("resources")
        .mutable_item(0)
        .mutable_member("template")
        .mutable_member("metadata")
        .set("name", "${nothing.metadata.name}");
    return out;
}

Object instance_of(const std::string& kind, const std::string& name, int64_t value, bool extra,
                   int64_t items) {
    Value spec = Value::map_of({{"value", value}});
    if (kind == "Chain") {
        spec.set("extra", extra);
    } else if (kind == "App") {
        spec.set("items", items);
    }
    return Object(
        Value::map_of({{"apiVersion", api_version},
                       {"kind", kind},
                       {"metadata", Value::map_of({{"name", name}, {"namespace", "default"}})},
                       {"spec", std::move(spec)}}));
}

Object database_crd() {
    return read(std::string(crd_text), 0);
}

Object settings(int64_t value) {
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata", Value::map_of({{"name", "shared-settings"}, {"namespace", "default"}})},
         {"data", Value::map_of({{"setting", cat("s", value)}})}}));
}

const std::vector<std::string>& needs_of(const std::string& kind, const std::string& node) {
    static const std::map<std::string, std::vector<std::string>> needs = {
        {"Chain/b", {"a"}},     {"Chain/c", {"b"}},        {"Chain/extra", {"b"}},
        {"App/config", {"db"}}, {"App/parts", {"config"}}, {"Team/note", {"chain"}}};
    static const std::vector<std::string> none;
    const auto found = needs.find(kind + "/" + node);
    return found == needs.end() ? none : found->second;
}

std::string_view reported_member(const std::string& kind, std::string_view node) {
    for (const auto& [of_kind, of_node, member] : reported) {
        if (of_kind == kind && of_node == node) {
            return member;
        }
    }
    return {};
}

std::vector<Expected> children_of(const Object& instance, int64_t variant, std::string_view setting,
                                  Dialect dialect) {
    std::vector<Expected> out = plain_children_of(instance, variant, setting, dialect);
    for (Expected& child : out) {
        const std::string node = child.name.substr(instance.name().size() + 1);
        if (dialect == Dialect::extended) {
            child.reported = reported_member(std::string(instance.kind()), node);
        }
    }
    return out;
}

}  // namespace weft::sim
