// tests/integration/events_test.cc: what users are told by `kubectl get events` and `kubectl
// describe`.

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/in_world.h"

namespace weft::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const kube::Resource event_kind{{"", "v1", "events"}, "Event", true, false};

struct Told {
    std::string line;  // "TYPE COMPONENT REASON KIND/NAME MESSAGE xCOUNT", names of Pods cut
    std::string name;
};

// Random endings of names (web-7d5bc8f4c9-x2k4q) become "*", so that lines can be compared.
std::string without_endings(std::string text, std::string_view base) {
    size_t at = 0;
    while ((at = text.find(cat(base, "-"), at)) != std::string::npos) {
        const size_t begin = at + base.size() + 1;
        size_t end = begin;
        while (end < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-')) {
            ++end;
        }
        text.replace(begin, end - begin, "*");
        at = begin;
    }
    return text;
}

io::Task<Result<std::vector<std::string>>> told(World* world, std::string base) {
    kube::ListOptions options;
    options.namespace_ = "default";
    const kube::List list = CO_TRY(co_await world->client()->list(event_kind, std::move(options)));
    std::vector<std::string> lines;
    for (const Object& event : list.items) {
        const Value& value = event.value();
        lines.push_back(without_endings(
            cat(value.string_at("type"), " ", value.string_at("source", "component"), " ",
                value.string_at("reason"), " ", value.string_at("involvedObject", "kind"), "/",
                value.string_at("involvedObject", "name"), " ", value.string_at("message"), " x",
                value.int_at(0, "count")),
            base));
    }
    std::ranges::sort(lines);
    co_return lines;
}

constexpr std::string_view web_yaml = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "IMAGE"}]}
)";

Object web_of(std::string_view replicas, std::string_view image) {
    return Object(*parse_yaml_value(
        replace_all(replace_all(web_yaml, "REPLICAS", replicas), "IMAGE", image)));
}

void with_events(cluster::WorkloadMode mode, io::Task<Status> (*body)(World*)) {
    in_world({.seed = 3, .workloads = mode, .controllers = false}, body);
}

io::Task<Status> deploy(World* world) {
    CO_TRY(co_await world->apply(web_of("1", "nginx:1")));
    CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
    const auto lines = CO_TRY(co_await told(world, "web"));
    EXPECT_THAT(
        lines,
        ElementsAre(
            "Normal default-scheduler Scheduled Pod/web-* Successfully assigned default/web-* to "
            "embedded-0 x1",
            "Normal deployment-controller ScalingReplicaSet Deployment/web Scaled up replica set "
            "web-* from 0 to 1 x1",
            "Normal kubelet Created Pod/web-* Container created x1",
            "Normal kubelet Pulled Pod/web-* Container image \"nginx:1\" already present on "
            "machine and can be accessed by the pod x1",
            "Normal kubelet Started Pod/web-* Container started x1",
            "Normal replicaset-controller SuccessfulCreate ReplicaSet/web-* Created pod: web-* "
            "x1"));
    CO_TRY(co_await world->apply(web_of("1", "nginx:fail")));
    CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
    const auto more = CO_TRY(co_await told(world, "web"));
    EXPECT_THAT(more, Contains("Warning kubelet Failed Pod/web-* Error: ImagePullBackOff x1"));
    EXPECT_THAT(more, Contains("Normal kubelet BackOff Pod/web-* Back-off pulling image "
                               "\"nginx:fail\" x1"));
    // An hour later nobody knows of it.
    CO_TRY(co_await io::sleep(world->loop(), 3700 * io::second));
    EXPECT_THAT(CO_TRY(co_await told(world, "web")), ElementsAre());
    co_return Status{};
}

TEST(Events, TellOfADeploymentAndGoAfterAnHour) {
    with_events(cluster::WorkloadMode::instant, deploy);
    with_events(cluster::WorkloadMode::delayed, deploy);
}

io::Task<Status> many(World* world) {
    CO_TRY(co_await world->apply(web_of("100", "nginx:1")));
    CO_TRY(co_await io::sleep(world->loop(), 60 * io::second));
    const auto lines = CO_TRY(co_await told(world, "web"));
    const auto of_set = std::ranges::count_if(
        lines, [](const std::string& line) { return line.contains(" ReplicaSet/"); });
    EXPECT_EQ(of_set, 10);
    // 25 in all: nine of their own, the others combined.
    EXPECT_THAT(lines, Contains("Normal replicaset-controller SuccessfulCreate ReplicaSet/web-* "
                                "(combined from similar events): Created pod: web-* x16"));
    co_return Status{};
}

TEST(Events, ThatAreAlikeAreCombinedAndLimited) {
    with_events(cluster::WorkloadMode::instant, many);
}

io::Task<Status> others(World* world) {
    for (const std::string_view yaml : {R"(
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: default}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
)",
                                        R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: i}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
)",
                                        R"(
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick, namespace: default}
spec:
  schedule: "* * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}
)"}) {
        CO_TRY(co_await world->apply(Object(*parse_yaml_value(yaml))));
    }
    CO_TRY(co_await io::sleep(world->loop(), 130 * io::second));
    const auto jobs = CO_TRY(co_await told(world, "once"));
    EXPECT_THAT(jobs,
                Contains("Normal job-controller SuccessfulCreate Job/once Created pod: once-* x1"));
    EXPECT_THAT(jobs, Contains("Normal job-controller Completed Job/once Job completed x1"));
    EXPECT_THAT(jobs, Contains("Normal statefulset-controller SuccessfulCreate StatefulSet/db "
                               "create Pod db-0 in StatefulSet db successful x1"));
    EXPECT_THAT(jobs, Contains("Normal statefulset-controller SuccessfulCreate StatefulSet/db "
                               "create Claim data-db-0 Pod db-0 in StatefulSet db success x1"));
    EXPECT_THAT(jobs, Contains(HasSubstr("ProvisioningSucceeded PersistentVolumeClaim/data-db-0 "
                                         "Successfully provisioned volume pvc-")));
    const auto ticks = CO_TRY(co_await told(world, "tick"));
    EXPECT_THAT(ticks, Contains("Normal cronjob-controller SuccessfulCreate CronJob/tick Created "
                                "job tick-* x1"));
    EXPECT_THAT(ticks, Contains("Normal cronjob-controller SawCompletedJob CronJob/tick Saw "
                                "completed job: tick-*, condition: Complete x1"));
    co_return Status{};
}

TEST(Events, TellOfJobsSetsAndClaims) {
    with_events(cluster::WorkloadMode::delayed, others);
}

}  // namespace
}  // namespace weft::test
