// bench/micro/merge_bench.cc: applies, updates and patches of a Deployment.

#include <benchmark/benchmark.h>
#include <string>

#include "base/base.h"
#include "merge/merge.h"
#include "object/object.h"
#include "schema/builtin.h"

namespace {

namespace merge = weft::merge;
using weft::Object;
using weft::Value;

constexpr weft::Time start{.seconds = 1'700'000'000, .nanos = 0};

weft::schema::SchemaPtr schema() {
    return weft::schema::Builtin::get().find_kind(
        {.group = "apps", .version = "v1", .kind = "Deployment"});
}

merge::ApplyOptions by(std::string_view manager) {
    merge::ApplyOptions options;
    options.manager = manager;
    options.api_version = "apps/v1";
    options.now = start;
    options.schema = schema();
    return options;
}

// A Deployment as people write them: a few containers with ports, probes, env and mounts.
Object deployment(int replicas, int containers) {
    std::string text = weft::cat(
        R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default",
        "labels":{"app.kubernetes.io/name":"web","app.kubernetes.io/instance":"prod","team":"payments"},
        "annotations":{"example.com/owner":"team-payments@example.com"}},
        "spec":{"replicas":)",
        replicas,
        R"(,"selector":{"matchLabels":{"app.kubernetes.io/name":"web"}},
        "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":0}},
        "template":{"metadata":{"labels":{"app.kubernetes.io/name":"web","team":"payments"}},
        "spec":{"serviceAccountName":"web","terminationGracePeriodSeconds":30,"securityContext":{"runAsNonRoot":true,"fsGroup":1000},
        "volumes":[{"name":"config","configMap":{"name":"web-config"}},{"name":"tmp","emptyDir":{}}],
        "containers":[)");
    for (int i = 0; i < containers; ++i) {
        weft::append(
            text, i == 0 ? "" : ",", R"({"name":"container-)", i,
            R"(","image":"registry.example.com/web:1.2.)", i,
            R"(","args":["--port=8080","--verbose"],"ports":[{"name":"http","containerPort":)",
            8080 + i, R"(,"protocol":"TCP"},{"name":"metrics","containerPort":)", 9090 + i, R"(}],
            "env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},{"name":"LOG_LEVEL","value":"info"},
            {"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"db","key":"url"}}}],
            "resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},
            "readinessProbe":{"httpGet":{"path":"/ready","port":"http"},"periodSeconds":10},
            "livenessProbe":{"httpGet":{"path":"/healthz","port":"http"},"periodSeconds":20},
            "volumeMounts":[{"name":"config","mountPath":"/etc/web"},{"name":"tmp","mountPath":"/tmp"}]})");
    }
    text += "]}}}}";
    return Object(weft::parse_json(text).value());
}

// The live object: applied by us, with the status that a controller writes.
Object live_of(const Object& applied) {
    Object live = merge::apply(nullptr, applied, by("tool")).value().object;
    live.metadata().set("uid", "8f2c1f6e-5f43-4b0f-9a53-0d8f5b5c1d11");
    live.metadata().set("resourceVersion", "12345");
    Object changed = live;
    changed.mutable_value().set(
        "status", weft::parse_json(
                      R"({"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":2,
            "availableReplicas":2,"conditions":[{"type":"Available","status":"True","reason":"MinimumReplicasAvailable",
            "message":"Deployment has minimum availability.","lastUpdateTime":"2026-01-01T00:00:00Z"}]})")
                      .value());
    merge::WriteOptions options = by("controller");
    options.subresource = "status";
    return merge::update(&live, changed, options);
}

void apply_unchanged(benchmark::State& state) {
    const Object applied = deployment(2, static_cast<int>(state.range(0)));
    const Object live = live_of(applied);
    const merge::ApplyOptions options = by("tool");
    for (auto _ : state) {
        // What arrives over the wire shares nothing with what is stored.
        state.PauseTiming();
        const Object config = deployment(2, static_cast<int>(state.range(0)));
        state.ResumeTiming();
        const auto result = merge::apply(&live, config, options);
        benchmark::DoNotOptimize(result);
        if (!result || result->changed) {
            state.SkipWithError("it changed");
        }
    }
}
BENCHMARK(apply_unchanged)->Arg(1)->Arg(4);

void apply_one_field(benchmark::State& state) {
    const Object live = live_of(deployment(2, static_cast<int>(state.range(0))));
    const Object config = deployment(3, static_cast<int>(state.range(0)));
    const merge::ApplyOptions options = by("tool");
    for (auto _ : state) {
        const auto result = merge::apply(&live, config, options);
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(apply_one_field)->Arg(1)->Arg(4);

void apply_conflict(benchmark::State& state) {
    const Object live = live_of(deployment(2, 1));
    const Object config = deployment(3, 1);
    const merge::ApplyOptions options = by("somebody-else");
    for (auto _ : state) {
        const auto result = merge::apply(&live, config, options);
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(apply_conflict);

void apply_create(benchmark::State& state) {
    const Object config = deployment(2, static_cast<int>(state.range(0)));
    const merge::ApplyOptions options = by("tool");
    for (auto _ : state) {
        const auto result = merge::apply(nullptr, config, options);
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(apply_create)->Arg(1)->Arg(4);

void update_status(benchmark::State& state) {
    const Object live = live_of(deployment(2, 1));
    Object changed = live;
    changed.mutable_value().mutable_member("status").set("readyReplicas", 1);
    merge::WriteOptions options = by("controller");
    options.subresource = "status";
    for (auto _ : state) {
        const Object result = merge::update(&live, changed, options);
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(update_status);

void strategic_merge(benchmark::State& state) {
    const Object live = live_of(deployment(2, 4));
    const Value patch =
        weft::parse_json(
            R"({"spec":{"template":{"spec":{"containers":[{"name":"container-2","image":"x"}]}}}})")
            .value();
    const weft::schema::SchemaPtr type = schema();
    for (auto _ : state) {
        const auto result = merge::apply_strategic_merge_patch(live.value(), patch, type.get());
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(strategic_merge);

void merge_patch(benchmark::State& state) {
    const Object live = live_of(deployment(2, 4));
    const Value patch =
        weft::parse_json(R"({"spec":{"replicas":5},"metadata":{"labels":{"a":"b"}}})").value();
    for (auto _ : state) {
        const auto result = merge::apply_merge_patch(live.value(), patch);
        benchmark::DoNotOptimize(result);
    }
}
BENCHMARK(merge_patch);

void fields_v1_read(benchmark::State& state) {
    const Object live = live_of(deployment(2, 4));
    const Value fields = *live.value().find("metadata", "managedFields")->at(0).find("fieldsV1");
    for (auto _ : state) {
        const auto set = merge::FieldSet::from_value(fields);
        benchmark::DoNotOptimize(set);
    }
}
BENCHMARK(fields_v1_read);

void fields_v1_write(benchmark::State& state) {
    const Object live = live_of(deployment(2, 4));
    const Value fields = *live.value().find("metadata", "managedFields")->at(0).find("fieldsV1");
    const merge::FieldSet set = merge::FieldSet::from_value(fields).value();
    for (auto _ : state) {
        const Value value = set.to_value();
        benchmark::DoNotOptimize(value);
    }
}
BENCHMARK(fields_v1_write);

void validate_deployment(benchmark::State& state) {
    const Object config = deployment(2, 4);
    const weft::schema::SchemaPtr type = schema();
    for (auto _ : state) {
        const auto valid = merge::validate(config.value(), merge::TypeRef::of(type.get(), true),
                                           merge::Duplicates::refused);
        benchmark::DoNotOptimize(valid);
    }
}
BENCHMARK(validate_deployment);

void to_field_set_deployment(benchmark::State& state) {
    const Object config = deployment(2, 4);
    const weft::schema::SchemaPtr type = schema();
    for (auto _ : state) {
        const auto set = merge::to_field_set(config.value(), merge::TypeRef::of(type.get(), true));
        benchmark::DoNotOptimize(set);
    }
}
BENCHMARK(to_field_set_deployment);

void merge_deployment(benchmark::State& state) {
    const Object config = deployment(2, 4);
    const Object live = live_of(deployment(2, 4));
    const weft::schema::SchemaPtr type = schema();
    for (auto _ : state) {
        const auto merged =
            merge::merge_typed(live.value(), config.value(), merge::TypeRef::of(type.get(), true));
        benchmark::DoNotOptimize(merged);
    }
}
BENCHMARK(merge_deployment);

}  // namespace

BENCHMARK_MAIN();
