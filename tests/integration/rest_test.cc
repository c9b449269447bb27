// tests/integration/rest_test.cc: values that a server writes in another form cost nothing.

#include <gtest/gtest.h>

#include "graph/labels.h"
#include "integration/in_world.h"

namespace weft::test {
namespace {

// Quantities, zeros that Go leaves out, an empty environment variable, stringData, a time with an
// offset, and an atomic list into which the server puts a default.
constexpr std::string_view definition_text = R"yaml(
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: rewritten}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Rewritten
    spec: {value: 'string | default="x"', effect: 'boolean | default=true'}
  resources:
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "${schema.metadata.name}-web"}
        spec:
          replicas: 0
          minReadySeconds: 0
          paused: false
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, creationTimestamp: null}
            spec:
              hostNetwork: false
              nodeName: ""
              containers:
                - name: web
                  image: nginx
                  tty: false
                  args: []
                  resources:
                    requests: {cpu: "0.5", memory: 1024Mi, ephemeral-storage: "1073741824"}
                    limits: {cpu: 1000m, memory: 1.5Gi}
                  env:
                    - {name: EMPTY, value: ""}
                    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
              tolerations:
                - {key: a, operator: Exists, value: "", effect: NoSchedule}
              volumes:
                - {name: v, emptyDir: {sizeLimit: 2048Mi}}
                - {name: c, configMap: {name: some}}
    - id: secret
      template:
        apiVersion: v1
        kind: Secret
        metadata: {name: "${schema.metadata.name}-secret"}
        stringData: {password: "${schema.spec.value}"}
        immutable: false
    - id: claim
      template:
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: "${schema.metadata.name}-claim"}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}
    - id: limit
      template:
        apiVersion: v1
        kind: LimitRange
        metadata: {name: "${schema.metadata.name}-limit"}
        spec: {limits: [{type: Container, default: {cpu: 1000m}, max: {memory: "1048576Ki"}}]}
    - id: marker
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-marker"}
        data: {v: "${schema.spec.value}"}
)yaml";

Object rewritten(std::string_view value) {
    return document(
        cat("{apiVersion: kro.run/v1alpha1, kind: Rewritten, metadata: {name: one, "
            "namespace: default}, spec: {value: ",
            value, "}}"));
}

void in_rest_world(io::Task<Status> (*body)(World*)) {
    in_world({.workloads = cluster::WorkloadMode::off}, body);
}

io::Task<Status> define(World* world) {
    CO_TRY(co_await world->apply(document(definition_text)));
    CO_TRY(co_await world->wait("kro.run/v1alpha1", "ResourceGraphDefinition", "rewritten",
                                is_active));
    CO_TRY(co_await world->apply(rewritten("x")));
    CO_TRY(co_await world->wait("kro.run/v1alpha1", "Rewritten", "one", is_active));
    co_return co_await io::sleep(world->loop(), 10 * io::second);
}

std::string applies_since(World* world, size_t mark) {
    std::string out;
    for (size_t i = mark; i < world->sent()->lines.size(); ++i) {
        const std::string& line = world->sent()->lines[i];
        if (line.contains("fieldManager=kro.run%2Fapplyset&")) {
            append(out, line.substr(0, line.find('?')), "\n");
        }
    }
    return out;
}

TEST(Rest, ValuesThatTheServerRewritesAreNotAppliedAgain) {
    in_rest_world([](World* world) -> io::Task<Status> {
        CO_TRY(co_await define(world));
        const size_t mark = world->sent()->lines.size();
        CO_TRY(co_await world->apply(rewritten("z")));
        CO_TRY(co_await world->wait("v1", "ConfigMap", "one-marker", [](const Object& map) {
            return map.value().string_at("data", "v") == "z";
        }));
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        EXPECT_EQ(applies_since(world, mark),
                  "PATCH /api/v1/namespaces/default/secrets/one-secret\n"
                  "PATCH /api/v1/namespaces/default/configmaps/one-marker\n");
        co_return Status{};
    });
}

TEST(Rest, NorAfterTheControllersStartAnew) {
    in_rest_world([](World* world) -> io::Task<Status> {
        CO_TRY(co_await define(world));
        co_await world->stop_controllers();
        CO_TRY(co_await world->start_controllers());
        CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
        std::string writes;
        for (const std::string& line : world->sent()->lines) {
            // The CRDs of kro are always tried.
            if (!line.starts_with("GET ") && !line.starts_with("POST /apis/apiextensions")) {
                append(writes, line, "\n");
            }
        }
        EXPECT_EQ(writes, "");
        co_return Status{};
    });
}

TEST(Rest, WhatWasTakenOutOfAnAtomicListGoes) {
    in_rest_world([](World* world) -> io::Task<Status> {
        CO_TRY(co_await define(world));
        Object definition = document(definition_text);
        Value* pod = &definition.mutable_value();
        for (const char* step : {"spec", "resources"}) {
            pod = &pod->mutable_member(step);
        }
        pod = &pod->mutable_item(0);
        for (const char* step : {"template", "spec", "template", "spec", "tolerations"}) {
            pod = &pod->mutable_member(step);
        }
        pod->mutable_item(0).erase("effect");
        CO_TRY(co_await world->apply(definition));
        CO_TRY(co_await world->wait("apps/v1", "Deployment", "one-web", [](const Object& web) {
            const Value* list = web.value().find("spec", "template", "spec", "tolerations");
            return list != nullptr && list->size() == 1 && !list->at(0).contains("effect");
        }));
        co_return Status{};
    });
}

}  // namespace
}  // namespace weft::test
