// control/kro_crds.cc: the CRDs as JSON; the spec of a definition stands in both.

#include "control/kro_crds.h"

namespace weft::control {

namespace {

// schema: what the instances of a definition look like.
constexpr std::string_view schema_of_schema = R"json({
  "type": "object", "required": ["apiVersion", "kind", "scope"],
  "properties": {
    "additionalPrinterColumns": {"type": "array", "items": {
      "type": "object", "required": ["jsonPath", "name", "type"],
      "properties": {
        "description": {"type": "string"}, "format": {"type": "string"}, "jsonPath": {"type": "string"},
        "name": {"type": "string"}, "priority": {"type": "integer", "format": "int32"}, "type": {"type": "string"}}}},
    "apiVersion": {"type": "string", "pattern": "^v[0-9]+(alpha[0-9]+|beta[0-9]+)?$",
      "x-kubernetes-validations": [{"message": "apiVersion is immutable", "rule": "self == oldSelf"}]},
    "categories": {"type": "array", "maxItems": 32, "x-kubernetes-list-type": "set",
      "items": {"type": "string", "maxLength": 63, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"}},
    "group": {"type": "string", "default": "kro.run",
      "x-kubernetes-validations": [{"message": "group is immutable", "rule": "self == oldSelf"}]},
    "managedResources": {"type": "boolean"},
    "kind": {"type": "string", "pattern": "^[A-Z][a-zA-Z0-9]{0,62}$",
      "x-kubernetes-validations": [{"message": "kind is immutable", "rule": "self == oldSelf"}]},
    "metadata": {"type": "object", "properties": {
      "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}}}},
    "scope": {"type": "string", "default": "Namespaced", "enum": ["Namespaced", "Cluster"],
      "x-kubernetes-validations": [{"message": "scope is immutable", "rule": "self == oldSelf"}]},
    "shortNames": {"type": "array", "maxItems": 32, "x-kubernetes-list-type": "set",
      "items": {"type": "string", "maxLength": 63, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"}},
    "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "types": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})json";

// `def` may hold anything, so it has no type, and a rule sees it through dyn() only.
constexpr std::string_view schema_of_resources = R"json({
  "type": "array", "items": {
    "type": "object", "required": ["id"],
    "properties": {
      "def": {"x-kubernetes-preserve-unknown-fields": true},
      "driftPolicy": {"type": "string", "enum": ["Report", "Repair"]},
      "externalRef": {
        "type": "object", "required": ["apiVersion", "kind", "metadata"],
        "properties": {
          "apiVersion": {"type": "string"}, "kind": {"type": "string"},
          "metadata": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "minLength": 1}, "namespace": {"type": "string"},
              "selector": {
                "type": "object", "x-kubernetes-map-type": "atomic",
                "properties": {
                  "matchExpressions": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {
                    "type": "object", "required": ["key", "operator"],
                    "properties": {
                      "key": {"type": "string"}, "operator": {"type": "string"},
                      "values": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}}}}},
                  "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}}}}},
            "x-kubernetes-validations": [{"message": "exactly one of name or selector must be provided",
              "rule": "(has(self.name) && !has(self.selector)) || (!has(self.name) && has(self.selector))"}]}}},
      "forEach": {"type": "array", "items": {"type": "object", "minProperties": 1, "maxProperties": 1,
        "additionalProperties": {"type": "string"}}},
      "id": {"type": "string"},
      "includeItemsWhen": {"type": "array", "items": {"type": "string"}},
      "includeWhen": {"type": "array", "items": {"type": "string"}},
      "lifecycle": {"type": "object", "properties": {
        "adopt": {"type": "string", "enum": ["Always", "Never"]},
        "onDelete": {"type": "string", "enum": ["Delete", "Retain", "Protect"]}}},
      "propagateWhen": {"type": "array", "items": {"type": "string"}},
      "readyWhen": {"type": "array", "items": {"type": "string"}},
      "template": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
    "x-kubernetes-validations": [{"message": "exactly one of template or externalRef must be provided",
      "rule": "(has(self.template) ? 1 : 0) + (has(self.externalRef) ? 1 : 0) + (has(dyn(self).def) ? 1 : 0) == 1"}]}})json";

// rollout: how a new revision reaches the instances. Not in kro, nor in the hash of a spec.
constexpr std::string_view schema_of_rollout = R"json({
  "type": "object", "properties": {
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "maxUnavailable": {"x-kubernetes-int-or-string": true, "pattern": "^[0-9]+%?$"},
    "pauseOnFailure": {"type": "boolean"},
    "paused": {"type": "boolean"},
    "progressDeadlineSeconds": {"type": "integer", "format": "int64", "minimum": 1},
    "share": {"x-kubernetes-int-or-string": true, "pattern": "^[0-9]+%?$"}}})json";

constexpr std::string_view schema_of_rollout_status = R"json({
  "type": "object", "properties": {
    "paused": {"type": "string"},
    "pauses": {"type": "integer", "format": "int64"},
    "phase": {"type": "string"},
    "revision": {"type": "integer", "format": "int64"},
    "stableRevision": {"type": "integer", "format": "int64"},
    "stepTime": {"type": "string", "format": "date-time"},
    "threshold": {"type": "integer", "format": "int64"}}})json";

// The members that the status of both kinds have.
constexpr std::string_view status_members = R"json({
  "conditions": {"type": "array", "items": {
    "type": "object", "required": ["status", "type"],
    "properties": {
      "lastTransitionTime": {"type": "string", "format": "date-time"}, "message": {"type": "string"},
      "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0}, "reason": {"type": "string"},
      "status": {"type": "string"}, "type": {"type": "string"}}}},
  "resources": {"type": "array", "items": {"type": "object", "properties": {
    "dependencies": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
    "id": {"type": "string"}}}},
  "topologicalOrder": {"type": "array", "items": {"type": "string"}}})json";

Value literal(std::string_view json) {
    auto value = parse_json(json);
    CHECK(value.has_value());
    return *std::move(value);
}

Value object_schema(Value properties, Value required) {
    Value out = Value::map_of({{"type", "object"}, {"properties", std::move(properties)}});
    if (!required.empty()) {
        out.set("required", std::move(required));
    }
    return out;
}

Value definition_spec_schema() {
    return object_schema(Value::map_of({{"resources", literal(schema_of_resources)},
                                        {"rollout", literal(schema_of_rollout)},
                                        {"schema", literal(schema_of_schema)}}),
                         Value::list_of({"schema"}));
}

struct Names {
    std::string_view group;
    std::string_view kind;
    std::string_view plural;
    std::string_view short_name;
};

Object crd(const Names& names, Value columns, Value spec, Value status) {
    Value root = Value::map_of({{"apiVersion", Value::map_of({{"type", "string"}})},
                                {"kind", Value::map_of({{"type", "string"}})},
                                {"metadata", Value::map_of({{"type", "object"}})},
                                {"spec", std::move(spec)},
                                {"status", object_schema(std::move(status), Value())}});
    Value version = Value::map_of(
        {{"name", "v1alpha1"},
         {"served", true},
         {"storage", true},
         {"additionalPrinterColumns", std::move(columns)},
         {"schema", Value::map_of({{"openAPIV3Schema", object_schema(std::move(root), Value())}})},
         {"subresources", Value::map_of({{"status", Value::map()}})}});
    return Object(Value::map_of(
        {{"apiVersion", "apiextensions.k8s.io/v1"},
         {"kind", "CustomResourceDefinition"},
         {"metadata", Value::map_of({{"name", cat(names.plural, ".", names.group)}})},
         {"spec", Value::map_of(
                      {{"group", names.group},
                       {"names", Value::map_of({{"kind", names.kind},
                                                {"listKind", cat(names.kind, "List")},
                                                {"plural", names.plural},
                                                {"shortNames", Value::list_of({names.short_name})},
                                                {"singular", to_lower(names.kind)}})},
                       {"scope", "Cluster"},
                       {"versions", Value::list_of({std::move(version)})}})}}));
}

}  // namespace

Object definition_crd() {
    Value status = literal(status_members);
    status.set("state", Value::map_of({{"type", "string"}}));
    status.set("rollout", literal(schema_of_rollout_status));
    status.set("lastIssuedRevision", Value::map_of({{"type", "integer"}, {"format", "int64"}}));
    return crd({"kro.run", "ResourceGraphDefinition", "resourcegraphdefinitions", "rgd"},
               literal(R"json([
      {"jsonPath": ".spec.schema.apiVersion", "name": "APIVERSION", "type": "string"},
      {"jsonPath": ".spec.schema.kind", "name": "KIND", "type": "string"},
      {"jsonPath": ".status.state", "name": "STATE", "type": "string"},
      {"jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "name": "READY", "type": "string"},
      {"jsonPath": ".status.topologicalOrder", "name": "TOPOLOGICALORDER", "priority": 1, "type": "string"},
      {"jsonPath": ".metadata.creationTimestamp", "name": "AGE", "type": "date"}])json"),
               definition_spec_schema(), std::move(status));
}

Object revision_crd() {
    Value snapshot = object_schema(
        Value::map_of({{"generation", Value::map_of({{"type", "integer"}, {"format", "int64"}})},
                       {"name", Value::map_of({{"type", "string"}})},
                       {"spec", definition_spec_schema()}}),
        Value::list_of({"generation", "name", "spec"}));
    Value spec = object_schema(
        Value::map_of({{"revision",
                        Value::map_of({{"type", "integer"}, {"format", "int64"}, {"minimum", 1}})},
                       {"snapshot", std::move(snapshot)}}),
        Value::list_of({"revision", "snapshot"}));
    spec.set("x-kubernetes-validations",
             Value::list_of(
                 {Value::map_of({{"message", "spec is immutable"}, {"rule", "self == oldSelf"}})}));
    Object out = crd({"internal.kro.run", "GraphRevision", "graphrevisions", "gr"}, literal(R"json([
      {"jsonPath": ".spec.snapshot.name", "name": "RGD", "priority": 1, "type": "string"},
      {"jsonPath": ".spec.revision", "name": "REVISION", "type": "integer"},
      {"jsonPath": ".metadata.labels.kro\\.run/graph-revision-hash", "name": "HASH", "priority": 1, "type": "string"},
      {"jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "name": "READY", "type": "string"},
      {"jsonPath": ".metadata.creationTimestamp", "name": "AGE", "type": "date"}])json"),
                     std::move(spec), literal(status_members));
    Value& version =
        out.mutable_value().mutable_member("spec").mutable_member("versions").mutable_item(0);
    version.set("selectableFields",
                Value::list_of({Value::map_of({{"jsonPath", ".spec.snapshot.name"}})}));
    return out;
}

}  // namespace weft::control
