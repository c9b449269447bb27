// bench/micro/compile_bench.cc: from a definition's YAML to its graph, by the number of resources.

#include <benchmark/benchmark.h>
#include <string>

#include "graph/graph.h"

namespace weft::graph {
namespace {

// A chain of Deployments, each with a Service and a ConfigMap, that read each other and the spec.
std::string definition(int64_t resources) {
    std::string out = R"(apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: bench}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Bench
    spec:
      name: string | required=true maxLength=63
      image: string | default="nginx"
      replicas: integer | default=3 minimum=1
      ports: '[]integer | maxItems=8'
    status:
      ready: ${deployment0.status.availableReplicas}
  resources:
)";
    for (int64_t i = 0; i < resources; ++i) {
        const std::string before =
            i < 3 ? "schema.spec.name" : cat("deployment", (i / 3 - 1) * 3, ".metadata.name");
        switch (i % 3) {
            case 0:
                append(out, "    - id: deployment", i, R"(
      readyWhen: ["${deployment)",
                       i, R"(.status.availableReplicas > 0}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: ${schema.spec.name + "-)",
                       i, R"("}
          labels: {app: "${schema.spec.name}", after: "${)",
                       before, R"(}"}
        spec:
          replicas: ${schema.spec.replicas}
          selector: {matchLabels: {app: "${schema.spec.name}"}}
          template:
            metadata: {labels: {app: "${schema.spec.name}"}}
            spec:
              containers:
                - name: main
                  image: ${schema.spec.image}
                  env:
                    - {name: INDEX, value: ")",
                       i, R"("}
)");
                break;
            case 1:
                append(out, "    - id: service", i, R"(
      template:
        apiVersion: v1
        kind: Service
        metadata: {name: "${deployment)",
                       i - 1, R"(.metadata.name}"}
        spec:
          selector: ${deployment)",
                       i - 1, R"(.spec.selector.matchLabels}
          ports: "${schema.spec.ports.map(p, {'port': p, 'name': 'p' + string(p)})}"
)");
                break;
            default:
                append(out, "    - id: config", i, R"(
      includeWhen: ["${schema.spec.replicas > 1}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.spec.name}-c)",
                       i, R"("}
        data:
          host: ${service)",
                       i - 1, R"(.metadata.name}.default.svc
          count: ${string(schema.spec.replicas)}
)");
                break;
        }
    }
    return out;
}

void compile_definition(benchmark::State& state) {
    const std::string text = definition(state.range(0));
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    for (auto _ : state) {
        const Result<Value> value = parse_yaml_value(text);
        Diagnostics told;
        const Compiled compiled = compile(parse_definition(Object(*value), &told), context);
        if (compiled.graph == nullptr) {
            state.SkipWithError(first_error_text(compiled.diagnostics).c_str());
            break;
        }
        benchmark::DoNotOptimize(compiled.graph.get());
    }
}
BENCHMARK(compile_definition)->Arg(5)->Arg(100)->Unit(benchmark::kMicrosecond);

void bound_definition(benchmark::State& state) {
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    const Result<Value> value = parse_yaml_value(definition(state.range(0)));
    Diagnostics told;
    const Compiled compiled = compile(parse_definition(Object(*value), &told), context);
    for (auto _ : state) {
        benchmark::DoNotOptimize(bounds_of(*compiled.graph));
    }
}
BENCHMARK(bound_definition)->Arg(5)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace weft::graph

BENCHMARK_MAIN();
