// bench/micro/yaml_bench.cc: reading and writing a stream of Deployments of about 1 MB.

#include <benchmark/benchmark.h>
#include <string>

#include "object/yaml.h"

namespace weft {
namespace {

constexpr std::string_view deployment = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: production
  labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: "web-production"}
  annotations:
    description: |
      Serves the shop.
      Owned by team-web.
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
    spec:
      containers:
      - name: web
        image: registry.example.com/shop/web:v1.42.0
        args: ["--listen=:8080", "--log-level=info"]
        ports:
        - name: http
          containerPort: 8080
        resources:
          limits: {cpu: "2", memory: 1Gi}
        readinessProbe:
          httpGet:
            path: /healthz
            port: 8080
---
)";

const std::string& stream() {
    static const std::string text = [] {
        std::string out;
        while (out.size() < 1'000'000) {
            out += deployment;
        }
        return out;
    }();
    return text;
}

void read_stream(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(parse_yaml(stream()));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream().size()));
}
BENCHMARK(read_stream)->Unit(benchmark::kMillisecond);

void write_objects(benchmark::State& state) {
    Value list = Value::list();
    for (YamlDocument& document : *parse_yaml(stream())) {
        list.push_back(std::move(document.value));
    }
    size_t bytes = 0;
    for (auto _ : state) {
        const std::string out = to_yaml(list);
        bytes += out.size();
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(write_objects)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft

BENCHMARK_MAIN();
