// bench/micro/json_bench.cc: reading and writing a list of pods of about 5 MB.

#include <benchmark/benchmark.h>
#include <string>

#include "object/internal/json_exact.h"
#include "object/json.h"

namespace weft {
namespace {

// Shaped as a kubelet's pods are, with managed fields and conditions.
constexpr std::string_view pod_text = R"({"apiVersion":"v1","kind":"Pod","metadata":{
"name":"web-6d4cf56db6-x7kq2","generateName":"web-6d4cf56db6-","namespace":"production",
"uid":"5a4f3b1e-7a3c-4f0e-9b59-3f0a4c1d2e3f","resourceVersion":"18273645",
"creationTimestamp":"2026-01-15T10:32:47Z","labels":{"app.kubernetes.io/name":"web",
"app.kubernetes.io/instance":"web-production","pod-template-hash":"6d4cf56db6"},
"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"8080",
"description":"Serves the shop.\nOwned by \"team-web\"."},
"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d4cf56db6",
"uid":"0c7a9b1d-1111-4222-8333-944455556666","controller":true,"blockOwnerDeletion":true}],
"managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1",
"time":"2026-01-15T10:32:47Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},
"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}}},"f:spec":{"f:containers":{
"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{},"f:resources":{}}}}}}]},
"spec":{"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",
"serviceAccountName":"web","nodeName":"node-17","schedulerName":"default-scheduler","priority":0,
"containers":[{"name":"web","image":"registry.example.com/shop/web:v1.42.0",
"args":["--listen=:8080","--log-level=info"],"ports":[{"name":"http","containerPort":8080,
"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}],
"env":[{"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"database","key":"url"}}},
{"name":"CACHE_SIZE","value":"256"}],"resources":{"limits":{"cpu":"2","memory":"1Gi"},
"requests":{"cpu":"250m","memory":"256Mi"}},"volumeMounts":[{"name":"kube-api-access-abcde",
"readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
"readinessProbe":{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,
"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
"imagePullPolicy":"IfNotPresent"}],"tolerations":[{"key":"node.kubernetes.io/not-ready",
"operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]},
"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null,
"lastTransitionTime":"2026-01-15T10:33:01Z"},{"type":"PodScheduled","status":"True",
"lastProbeTime":null,"lastTransitionTime":"2026-01-15T10:32:47Z"}],"hostIP":"10.0.3.17",
"podIP":"10.244.17.23","podIPs":[{"ip":"10.244.17.23"}],"startTime":"2026-01-15T10:32:47Z",
"containerStatuses":[{"name":"web","state":{"running":{"startedAt":"2026-01-15T10:32:59Z"}},
"lastState":{},"ready":true,"restartCount":0,"image":"registry.example.com/shop/web:v1.42.0",
"started":true}],"qosClass":"Burstable"}})";

// As the server sends it: without white space.
const std::string& pods() {
    static const std::string text = [] {
        const std::string pod = to_json(*parse_json(pod_text));
        std::string out = R"({"apiVersion":"v1","kind":"PodList","items":[)";
        while (out.size() < 5'000'000) {
            out += pod;
            out += ',';
        }
        out.back() = ']';
        return out + "}";
    }();
    return text;
}

void count_bytes(benchmark::State& state, size_t bytes) {
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

void read_pods(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(parse_json(pods()));
    }
    count_bytes(state, pods().size());
}
BENCHMARK(read_pods)->Unit(benchmark::kMillisecond);

void read_one_pod(benchmark::State& state) {
    const std::string pod = to_json(*parse_json(pod_text));
    for (auto _ : state) {
        benchmark::DoNotOptimize(parse_json(pod));
    }
    count_bytes(state, pod.size());
}
BENCHMARK(read_one_pod);

void read_pods_exactly(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(internal::parse_json_exactly(pods(), {}));
    }
    count_bytes(state, pods().size());
}
BENCHMARK(read_pods_exactly)->Unit(benchmark::kMillisecond);

void write_pods(benchmark::State& state) {
    const Value value = *parse_json(pods());
    for (auto _ : state) {
        std::string out;
        write_json(out, value);
        benchmark::DoNotOptimize(out);
    }
    count_bytes(state, pods().size());
}
BENCHMARK(write_pods)->Unit(benchmark::kMillisecond);

void write_pods_sorted(benchmark::State& state) {
    const Value value = *parse_json(pods());
    for (auto _ : state) {
        std::string out;
        write_json(out, value, {.sort_keys = true});
        benchmark::DoNotOptimize(out);
    }
    count_bytes(state, pods().size());
}
BENCHMARK(write_pods_sorted)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft

BENCHMARK_MAIN();
