// cluster/internal/workloads_test.cc: reconcilers run over a handful of objects until all is still.

#include <gtest/gtest.h>

#include "cluster/internal/deployment.h"
#include "cluster/internal/job.h"
#include "cluster/internal/namespace.h"
#include "cluster/internal/pod.h"
#include "cluster/internal/reconcile.h"
#include "object/json.h"
#include "object/yaml.h"

namespace weft::cluster {
namespace {

// Objects and what an API server would do to them on a write; everything is looked at in turn.
class Objects : public View {
public:
    using Table = std::map<NamespacedName, Object>;

    const Object* find(Kind kind, const NamespacedName& name) const override {
        const auto table = tables_.find(kind);
        if (table == tables_.end()) {
            return nullptr;
        }
        const auto found = table->second.find(name);
        return found == table->second.end() ? nullptr : &found->second;
    }
    std::vector<const Object*> owned(Kind kind, std::string_view namespace_,
                                     std::string_view uid) const override {
        std::vector<const Object*> out;
        for (const Object* object : in(kind, namespace_)) {
            const Value* controller = controller_of(*object);
            if ((controller == nullptr ? "" : controller->string_at("uid")) == uid) {
                out.push_back(object);
            }
        }
        return out;
    }
    std::vector<const Object*> in(Kind kind, std::string_view namespace_) const override {
        std::vector<const Object*> out;
        const auto table = tables_.find(kind);
        if (table != tables_.end()) {
            for (const auto& [name, object] : table->second) {
                if (namespace_.empty() || name.namespace_ == namespace_) {
                    out.push_back(&object);
                }
            }
        }
        return out;
    }
    bool has_pod_address(std::string_view address) const override {
        return std::ranges::any_of(in(Kind::pod, ""), [&](const Object* pod) {
            return pod->value().string_at("status", "podIP") == address;
        });
    }

    const Object& add(std::string_view yaml) {
        Object object(*parse_yaml_value(yaml));
        const Kind kind = *kind_of(object.api_version(), object.kind());
        return create(kind, std::move(object));
    }
    const Object& create(Kind kind, Object object) {
        ++writes;
        Value& metadata = object.metadata();
        if (object.name().empty()) {
            metadata.set("name", cat(metadata.string_at("generateName"), "x", ++serial_));
        }
        metadata.set("uid", cat("uid-", ++serial_));
        metadata.set("resourceVersion", cat(++serial_));
        metadata.set("generation", 1);
        metadata.set("creationTimestamp", format_rfc3339(moment.now));
        const NamespacedName name = object.key();
        CHECK(!tables_[kind].contains(name));
        return tables_[kind].emplace(name, std::move(object)).first->second;
    }
    // The object of a status write, with what an earlier write of the same outcome made of it.
    Object written_now(const Change& change) const {
        const auto found = in_outcome_.find({change.kind, change.object.key()});
        return found == in_outcome_.end() ? change.object : found->second;
    }
    void write(const Change& change) {
        ++writes;
        Table& table = tables_[change.kind];
        const NamespacedName name = change.object.key();
        if (change.verb == Change::Verb::create) {
            --writes;
            create(change.kind, change.object);
            return;
        }
        const auto found = table.find(name);
        CHECK(found != table.end());
        Object& object = found->second;
        const Value before = object.value();
        switch (change.verb) {
            case Change::Verb::create:
                break;
            case Change::Verb::remove:
                remove(change);
                return;
            case Change::Verb::update_status:
                // As the real server: only spec and labels are kept from the stored object.
                if (const Value* status = change.object.value().find("status")) {
                    object.mutable_value().set("status", *status);
                } else {
                    object.mutable_value().erase("status");
                }
                if (const Value* annotations =
                        written_now(change).value().find("metadata", "annotations")) {
                    object.metadata().set("annotations", *annotations);
                } else {
                    object.metadata().erase("annotations");
                }
                break;
            case Change::Verb::bind:
            case Change::Verb::update: {
                const Value* status = object.value().find("status");
                Object next(change.object);
                next.mutable_value().erase("status");
                if (status != nullptr) {
                    next.mutable_value().set("status", *status);
                }
                const Value* spec = next.value().find("spec");
                if (spec != nullptr && !(*spec == *object.value().find("spec"))) {
                    next.metadata().set("generation", object.generation() + 1);
                }
                object = std::move(next);
                break;
            }
        }
        EXPECT_FALSE(before == object.value()) << "a write without a change: " << to_json(before);
        object.metadata().set("resourceVersion", cat(++serial_));
        in_outcome_.insert_or_assign(Key{change.kind, name}, object);
    }
    void remove(const Change& change) {
        Table& table = tables_[change.kind];
        const auto found = table.find(change.object.key());
        const bool waits = change.kind == Kind::pod && !change.grace_period_seconds.has_value() &&
                           !found->second.value().string_at("spec", "nodeName").empty() &&
                           is_pod_active(found->second);
        if (waits) {
            found->second.metadata().set("deletionTimestamp", format_rfc3339(moment.now));
            found->second.metadata().set("deletionGracePeriodSeconds", 30);
            return;
        }
        const std::string uid(found->second.uid());
        table.erase(found);
        for (auto& [kind, other] : tables_) {  // Background garbage collection.
            std::vector<Object> gone;
            for (const auto& [name, object] : other) {
                const Value* controller = controller_of(object);
                if (controller != nullptr && controller->string_at("uid") == uid) {
                    gone.push_back(object);
                }
            }
            for (Object& object : gone) {
                remove({Change::Verb::remove, kind, std::move(object), 0});
            }
        }
    }
    // A change by a user.
    void edit(Kind kind, std::string_view name, const std::function<void(Value&)>& change) {
        Object object(*find(kind, {"default", std::string(name)}));
        change(object.mutable_value());
        write({Change::Verb::update, kind, std::move(object)});
    }

    // One look at everything; false if nothing was to do.
    bool step() {
        std::vector<std::pair<Kind, NamespacedName>> all;
        for (const auto& [kind, table] : tables_) {
            for (const auto& [name, object] : table) {
                all.emplace_back(kind, name);
            }
        }
        bool changed = false;
        wait.reset();
        for (const auto& [kind, name] : all) {
            const Object* object = find(kind, name);
            if (object == nullptr) {
                continue;
            }
            const Object copy(*object);
            const Outcome outcome = reconcile(kind, copy, *this, moment);
            in_outcome_.clear();
            for (const Change& change : outcome.changes) {
                write(change);
                changed = true;
            }
            if (outcome.again_after.has_value()) {
                wait = std::min(wait.value_or(*outcome.again_after), *outcome.again_after);
            }
            if (after_each) {
                after_each();
            }
        }
        return changed;
    }
    void advance(int64_t nanos) {
        moment.now.nanos += static_cast<int32_t>(nanos % io::second);
        moment.now.seconds += nanos / io::second + moment.now.nanos / io::second;
        moment.now.nanos %= static_cast<int32_t>(io::second);
    }
    // Until nothing changes without time passing.
    void settle() {
        for (int i = 0; i < 1000; ++i) {
            if (!step()) {
                return;
            }
        }
        FAIL() << "it does not come to rest";
    }
    // Through all waits of up to so long.
    void settle_through(int64_t nanos) {
        const Time end{moment.now.seconds + nanos / io::second, moment.now.nanos};
        settle();
        while (wait.has_value()) {
            const Time before = moment.now;
            advance(*wait);
            if (moment.now > end) {
                moment.now = before;
                return;
            }
            settle();
        }
    }

    [[nodiscard]] std::string names(Kind kind) const {
        std::string out;
        for (const Object* object : in(kind, "")) {
            append(out, out.empty() ? "" : " ", object->name());
        }
        return out;
    }
    [[nodiscard]] Value status(Kind kind, std::string_view name) const {
        const Object* object = find(kind, {"default", std::string(name)});
        const Value* status = object == nullptr ? nullptr : object->value().find("status");
        return status == nullptr ? Value() : *status;
    }
    [[nodiscard]] std::string condition(Kind kind, std::string_view name,
                                        std::string_view type) const {
        const Value held = status(kind, name);
        const Value* found = find_condition(held, type);
        return found == nullptr ? "none"
                                : cat(found->string_at("status"), " ", found->string_at("reason"),
                                      ": ", found->string_at("message"));
    }

    Moment moment{.now = {1'700'000'000, 0}};
    std::optional<int64_t> wait;
    std::function<void()> after_each;
    size_t writes = 0;

private:
    std::map<Kind, Table> tables_;
    std::map<Key, Object> in_outcome_;
    int64_t serial_ = 0;
};

std::string deployment_yaml(int64_t replicas, std::string_view image,
                            std::string_view strategy = "{type: RollingUpdate}") {
    return cat(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default, annotations: {team: a}}
spec:
  replicas: )",
               replicas, R"(
  selector: {matchLabels: {app: web}}
  strategy: )",
               strategy, R"(
  progressDeadlineSeconds: 600
  revisionHistoryLimit: 1
  template:
    metadata: {labels: {app: web}}
    spec:
      restartPolicy: Always
      containers: [{name: web, image: ")",
               image, R"("}]
)");
}

void set_image(Objects& objects, std::string_view image) {
    objects.edit(Kind::deployment, "web", [&](Value& value) {
        value.mutable_member("spec")
            .mutable_member("template")
            .mutable_member("spec")
            .mutable_member("containers")
            .mutable_item(0)
            .set("image", image);
    });
}

TEST(Workloads, ADeploymentBecomesAvailable) {
    Objects objects;
    objects.add(deployment_yaml(3, "nginx:1.27"));
    objects.settle();
    const auto sets = objects.in(Kind::replica_set, "");
    ASSERT_EQ(sets.size(), 1U);
    const Object& set = *sets[0];
    EXPECT_EQ(set.name(), cat("web-", set.label("pod-template-hash")));
    EXPECT_EQ(set.annotation("deployment.kubernetes.io/revision"), "1");
    EXPECT_EQ(set.annotation("deployment.kubernetes.io/desired-replicas"), "3");
    EXPECT_EQ(set.annotation("deployment.kubernetes.io/max-replicas"), "4");
    EXPECT_EQ(set.annotation("team"), "a");
    EXPECT_EQ(set.value().string_at("spec", "selector", "matchLabels", "pod-template-hash"),
              set.label("pod-template-hash"));
    EXPECT_EQ(objects.in(Kind::pod, "").size(), 3U);
    const Value status = objects.status(Kind::deployment, "web");
    for (const auto* name : {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"}) {
        EXPECT_EQ(status.int_at(0, name), 3) << name;
    }
    EXPECT_FALSE(status.contains("unavailableReplicas"));
    EXPECT_EQ(status.int_at(0, "observedGeneration"), 1);
    EXPECT_EQ(objects.condition(Kind::deployment, "web", "Available"),
              "True MinimumReplicasAvailable: Deployment has minimum availability.");
    EXPECT_EQ(objects.condition(Kind::deployment, "web", "Progressing"),
              cat("True NewReplicaSetAvailable: ReplicaSet \"", set.name(),
                  "\" has successfully progressed."));
    EXPECT_EQ(objects.find(Kind::deployment, {"default", "web"})
                  ->annotation("deployment.kubernetes.io/revision"),
              "1");
}

TEST(Workloads, AWorldAtRestIsNotWrittenTo) {
    Objects objects;
    objects.add(deployment_yaml(2, "nginx"));
    objects.settle();
    objects.advance(1000 * io::second);
    const size_t writes = objects.writes;
    EXPECT_FALSE(objects.step());
    EXPECT_EQ(objects.writes, writes);
}

TEST(Workloads, ARolloutKeepsItsBoundsAndItsHistory) {
    Objects objects;
    objects.add(deployment_yaml(4, "nginx:1"));
    objects.settle();
    int64_t most = 0;
    int64_t least = 100;
    objects.after_each = [&] {
        int64_t active = 0;
        int64_t ready = 0;
        for (const Object* pod : objects.in(Kind::pod, "")) {
            active += is_pod_active(*pod) ? 1 : 0;
            ready += is_pod_active(*pod) && is_pod_ready(*pod) ? 1 : 0;
        }
        most = std::max(most, active);
        least = std::min(least, ready);
    };
    for (const auto* image : {"nginx:2", "nginx:3"}) {
        set_image(objects, image);
        objects.settle();
        for (const Object* pod : objects.in(Kind::pod, "")) {
            EXPECT_EQ(pod->value().find("spec", "containers")->at(0).string_at("image"), image);
        }
    }
    EXPECT_EQ(most, 5);                                       // maxSurge 25%
    EXPECT_EQ(least, 3);                                      // maxUnavailable 25%
    EXPECT_EQ(objects.in(Kind::replica_set, "").size(), 2U);  // One of the history, and the new.
    set_image(objects, "nginx:2");                            // Back: the old set is taken again.
    objects.settle();
    const auto sets = objects.in(Kind::replica_set, "");
    ASSERT_EQ(sets.size(), 2U);
    const Object& again = *sets[sets[0]->value().int_at(0, "spec", "replicas") == 4 ? 0 : 1];
    EXPECT_EQ(again.annotation("deployment.kubernetes.io/revision"), "4");
    EXPECT_EQ(again.annotation("deployment.kubernetes.io/revision-history"), "2");
}

TEST(Workloads, RecreateNeverRunsTwoVersions) {
    Objects objects;
    objects.add(deployment_yaml(3, "nginx:1", "{type: Recreate}"));
    objects.settle();
    objects.after_each = [&] {
        std::set<std::string> images;
        for (const Object* pod : objects.in(Kind::pod, "")) {
            images.emplace(pod->value().find("spec", "containers")->at(0).string_at("image"));
        }
        EXPECT_LE(images.size(), 1U);
    };
    set_image(objects, "nginx:2");
    objects.settle();
    EXPECT_EQ(objects.status(Kind::deployment, "web").int_at(0, "availableReplicas"), 3);
}

TEST(Workloads, AnImageThatFailsKeepsTheOldPodsAndTimesOut) {
    Objects objects;
    objects.add(deployment_yaml(4, "nginx:1"));
    objects.settle();
    set_image(objects, "nginx:does-not-exist");
    objects.settle();
    EXPECT_EQ(objects.condition(Kind::deployment, "web", "Available").substr(0, 4), "True");
    EXPECT_THAT(objects.condition(Kind::deployment, "web", "Progressing"),
                testing::HasSubstr("is progressing."));
    EXPECT_EQ(objects.status(Kind::deployment, "web").int_at(0, "availableReplicas"), 3);
    objects.settle_through(700 * io::second);
    EXPECT_THAT(objects.condition(Kind::deployment, "web", "Progressing"),
                testing::HasSubstr("False ProgressDeadlineExceeded: ReplicaSet \"web-"));
    set_image(objects, "nginx:1");
    objects.settle();
    EXPECT_EQ(objects.status(Kind::deployment, "web").int_at(0, "availableReplicas"), 4);
    EXPECT_THAT(objects.condition(Kind::deployment, "web", "Progressing"),
                testing::HasSubstr("True NewReplicaSetAvailable"));
}

TEST(Workloads, APodWhoseImageFailsSaysSoAsAKubeletDoes) {
    Objects objects;
    const Object& pod = objects.add(R"(
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: default}
spec:
  containers: [{name: good, image: "a.b:5000/x"}, {name: bad, image: "reg:80/app:fail"}]
)");
    objects.settle();
    EXPECT_EQ(pod.value().string_at("status", "phase"), "Pending");
    const Value& bad = pod.value().find("status", "containerStatuses")->at(1);
    EXPECT_EQ(bad.string_at("state", "waiting", "reason"), "ImagePullBackOff");
    EXPECT_TRUE(bad.string_at("state", "waiting", "message")
                    .starts_with("Back-off pulling image \"reg:80/app:fail\": ErrImagePull"));
    EXPECT_EQ(objects.condition(Kind::pod, "bad", "ContainersReady"),
              "False ContainersNotReady: containers with unready status: [bad]");
    EXPECT_EQ(pod.value().find("status", "containerStatuses")->at(0).string_at("image"),
              "a.b:5000/x:latest");
}

TEST(Workloads, ScalingAndPausing) {
    Objects objects;
    objects.add(deployment_yaml(2, "nginx:1"));
    objects.settle();
    const auto scale = [&](int64_t replicas) {
        objects.edit(Kind::deployment, "web",
                     [&](Value& value) { value.mutable_member("spec").set("replicas", replicas); });
        objects.settle();
        return objects.in(Kind::pod, "").size();
    };
    EXPECT_EQ(scale(7), 7U);
    EXPECT_EQ(scale(1), 1U);
    objects.edit(Kind::deployment, "web",
                 [](Value& value) { value.mutable_member("spec").set("paused", true); });
    set_image(objects, "nginx:2");
    objects.settle();
    EXPECT_EQ(objects.in(Kind::replica_set, "").size(), 1U);
    EXPECT_EQ(objects.condition(Kind::deployment, "web", "Progressing"),
              "Unknown DeploymentPaused: Deployment is paused");
    objects.edit(Kind::deployment, "web",
                 [](Value& value) { value.mutable_member("spec").erase("paused"); });
    objects.settle();
    EXPECT_EQ(objects.in(Kind::replica_set, "").size(), 2U);
    EXPECT_THAT(objects.condition(Kind::deployment, "web", "Progressing"),
                testing::HasSubstr("NewReplicaSetAvailable"));
    EXPECT_EQ(scale(0), 0U);
    EXPECT_EQ(objects.condition(Kind::deployment, "web", "Available").substr(0, 4), "True");
}

TEST(Workloads, DelayedWorkloadsTakeTheirTimeTheSameEveryRun) {
    std::vector<Time> ends;
    for (const uint64_t seed : {1U, 1U, 2U}) {
        Objects objects;
        objects.moment.delays = Delays(seed);
        objects.add(deployment_yaml(3, "nginx:1"));
        objects.settle();
        EXPECT_EQ(objects.condition(Kind::deployment, "web", "Available").substr(0, 5), "False");
        objects.settle_through(100 * io::second);
        EXPECT_EQ(objects.status(Kind::deployment, "web").int_at(0, "availableReplicas"), 3);
        ends.push_back(objects.moment.now);
    }
    EXPECT_EQ(ends[0], ends[1]);
    EXPECT_NE(ends[0], ends[2]);
    EXPECT_GT(ends[0].seconds, 1'700'000'000);
}

TEST(Workloads, AJobCompletes) {
    Objects objects;
    objects.add(R"(
apiVersion: batch/v1
kind: Job
metadata: {name: pi, namespace: default}
spec:
  completions: 5
  parallelism: 2
  ttlSecondsAfterFinished: 60
  template:
    spec: {restartPolicy: Never, containers: [{name: pi, image: perl}]}
)");
    objects.settle();
    const Value status = objects.status(Kind::job, "pi");
    EXPECT_EQ(status.int_at(0, "succeeded"), 5);
    EXPECT_FALSE(status.contains("active"));
    EXPECT_FALSE(status.string_at("completionTime").empty());
    EXPECT_EQ(objects.condition(Kind::job, "pi", "Complete"),
              "True CompletionsReached: Reached expected number of succeeded pods");
    EXPECT_EQ(objects.condition(Kind::job, "pi", "SuccessCriteriaMet").substr(0, 4), "True");
    EXPECT_EQ(objects.in(Kind::pod, "").size(), 5U);
    objects.settle_through(120 * io::second);
    EXPECT_EQ(objects.names(Kind::job), "");
}

TEST(Workloads, AnIndexedJobHasEachIndexOnce) {
    Objects objects;
    objects.add(R"(
apiVersion: batch/v1
kind: Job
metadata: {name: shards, namespace: default}
spec:
  completions: 4
  parallelism: 3
  completionMode: Indexed
  template:
    spec: {restartPolicy: Never, containers: [{name: pi, image: perl}]}
)");
    objects.settle();
    EXPECT_EQ(objects.status(Kind::job, "shards").string_at("completedIndexes"), "0-3");
    EXPECT_EQ(objects.status(Kind::job, "shards").int_at(0, "succeeded"), 4);
}

TEST(Workloads, AJobThatCannotRunMissesItsDeadline) {
    Objects objects;
    objects.add(R"(
apiVersion: batch/v1
kind: Job
metadata: {name: late, namespace: default}
spec:
  activeDeadlineSeconds: 30
  template:
    spec: {restartPolicy: Never, containers: [{name: pi, image: "perl:fail"}]}
)");
    objects.settle_through(100 * io::second);
    EXPECT_EQ(objects.condition(Kind::job, "late", "Failed"),
              "True DeadlineExceeded: Job was active longer than specified deadline");
}

TEST(Workloads, ACronJobMakesJobsOnTimeAndForgetsOldOnes) {
    Objects objects;
    objects.add(R"(
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick, namespace: default}
spec:
  schedule: "*/5 * * * *"
  successfulJobsHistoryLimit: 2
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: pi, image: perl}]}
)");
    objects.settle_through(3600 * io::second);
    const auto jobs = objects.in(Kind::job, "");
    EXPECT_EQ(jobs.size(), 2U);
    const Value status = objects.status(Kind::cron_job, "tick");
    EXPECT_EQ(status.string_at("lastScheduleTime"), "2023-11-14T23:10:00Z");
    EXPECT_FALSE(status.contains("active"));
    EXPECT_EQ(jobs.back()->name(), cat("tick-", 1'700'003'400 / 60));
}

constexpr std::string_view stateful = R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}
  template:
    metadata: {labels: {app: db}}
    spec: {restartPolicy: Always, containers: [{name: db, image: "pg:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}
)";

TEST(Workloads, AStatefulSetComesInOrderWithItsClaims) {
    Objects objects;
    objects.moment.delays = Delays(3);
    objects.add(stateful);
    objects.after_each = [&] {
        const auto pods = objects.in(Kind::pod, "");
        for (size_t i = 0; i + 1 < pods.size(); ++i) {
            EXPECT_TRUE(is_pod_ready(*pods[i])) << pods[i]->name();
        }
    };
    objects.settle_through(100 * io::second);
    EXPECT_EQ(objects.names(Kind::pod), "db-0 db-1 db-2");
    EXPECT_EQ(objects.names(Kind::volume_claim), "data-db-0 data-db-1 data-db-2");
    EXPECT_EQ(objects.status(Kind::volume_claim, "data-db-1").string_at("phase"), "Bound");
    EXPECT_EQ(objects.status(Kind::volume_claim, "data-db-1").string_at("capacity", "storage"),
              "5Gi");
    const Value status = objects.status(Kind::stateful_set, "db");
    EXPECT_EQ(status.int_at(0, "readyReplicas"), 3);
    EXPECT_EQ(status.int_at(0, "currentReplicas"), 3);
    EXPECT_EQ(status.string_at("currentRevision"), status.string_at("updateRevision"));
    const Object* pod = objects.find(Kind::pod, {"default", "db-1"});
    EXPECT_EQ(pod->label("statefulset.kubernetes.io/pod-name"), "db-1");
    EXPECT_EQ(pod->label("apps.kubernetes.io/pod-index"), "1");
    EXPECT_EQ(pod->value().string_at("spec", "subdomain"), "db");
}

TEST(Workloads, AStatefulSetUpdatesFromTheTopDownToThePartition) {
    Objects objects;
    objects.add(stateful);
    objects.settle();
    const std::string first(objects.status(Kind::stateful_set, "db").string_at("updateRevision"));
    objects.edit(Kind::stateful_set, "db", [](Value& value) {
        Value& spec = value.mutable_member("spec");
        spec.mutable_member("updateStrategy").mutable_member("rollingUpdate").set("partition", 1);
        spec.mutable_member("template")
            .mutable_member("spec")
            .mutable_member("containers")
            .mutable_item(0)
            .set("image", "pg:2");
    });
    objects.settle();
    const auto image = [&](std::string name) {
        return std::string(objects.find(Kind::pod, {"default", std::move(name)})
                               ->value()
                               .find("spec", "containers")
                               ->at(0)
                               .string_at("image"));
    };
    EXPECT_EQ(image("db-0"), "pg:1");
    EXPECT_EQ(image("db-1"), "pg:2");
    EXPECT_EQ(image("db-2"), "pg:2");
    const Value status = objects.status(Kind::stateful_set, "db");
    EXPECT_EQ(status.string_at("currentRevision"), first);
    EXPECT_NE(status.string_at("updateRevision"), first);
    EXPECT_EQ(status.int_at(0, "updatedReplicas"), 2);
    EXPECT_EQ(status.int_at(0, "currentReplicas"), 1);
    objects.edit(Kind::stateful_set, "db",
                 [](Value& value) { value.mutable_member("spec").set("replicas", 1); });
    objects.settle();
    EXPECT_EQ(objects.names(Kind::pod), "db-0");
    EXPECT_EQ(objects.names(Kind::volume_claim), "data-db-0 data-db-1 data-db-2");
}

TEST(Workloads, OldRevisionsOfAStatefulSetAreForgotten) {
    Objects objects;
    objects.add(replace_all(stateful, "replicas: 3", "replicas: 1\n  revisionHistoryLimit: 2"));
    objects.settle();
    for (int i = 2; i < 8; ++i) {
        objects.edit(Kind::stateful_set, "db", [&](Value& value) {
            value.mutable_member("spec")
                .mutable_member("template")
                .mutable_member("spec")
                .mutable_member("containers")
                .mutable_item(0)
                .set("image", cat("pg:", i));
        });
        objects.settle();
    }
    const auto revisions = objects.in(Kind::controller_revision, "");
    ASSERT_EQ(revisions.size(), 3U);  // The one in use and two of the past.
    int64_t newest = 0;
    for (const Object* revision : revisions) {
        newest = std::max(newest, revision->value().int_at(0, "revision"));
    }
    EXPECT_EQ(newest, 7);
}

TEST(Workloads, ADaemonSetRunsOnTheNode) {
    Objects objects;
    objects.create(Kind::node, make_node(objects.moment));
    objects.add(R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: default}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {restartPolicy: Always, containers: [{name: agent, image: "agent:1"}]}
)");
    objects.settle();
    const Value status = objects.status(Kind::daemon_set, "agent");
    for (const auto* name : {"desiredNumberScheduled", "currentNumberScheduled", "numberReady",
                             "numberAvailable", "updatedNumberScheduled"}) {
        EXPECT_EQ(status.int_at(0, name), 1) << name;
    }
    objects.edit(Kind::daemon_set, "agent", [](Value& value) {
        value.mutable_member("spec")
            .mutable_member("template")
            .mutable_member("spec")
            .mutable_member("containers")
            .mutable_item(0)
            .set("image", "agent:2");
    });
    objects.settle();
    EXPECT_EQ(objects.status(Kind::daemon_set, "agent").int_at(0, "updatedNumberScheduled"), 1);
    EXPECT_EQ(objects.in(Kind::pod, "").size(), 1U);
}

TEST(Workloads, AServiceFindsItsPods) {
    Objects objects;
    objects.add(deployment_yaml(3, "nginx:1"));
    objects.add(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default, labels: {a: b}}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}]
)");
    objects.settle();
    const Object* service = objects.find(Kind::service, {"default", "web"});
    EXPECT_TRUE(service->value().string_at("spec", "clusterIP").starts_with("10."));
    EXPECT_TRUE(service->value()
                    .find("status", "loadBalancer", "ingress")
                    ->at(0)
                    .string_at("ip")
                    .starts_with("198."));
    const Object* endpoints = objects.find(Kind::endpoints, {"default", "web"});
    ASSERT_NE(endpoints, nullptr);
    const Value& subset = endpoints->value().find("subsets")->at(0);
    EXPECT_EQ(subset.find("addresses")->size(), 3U);
    EXPECT_EQ(subset.find("ports")->at(0).int_at(0, "port"), 8080);
    const auto slices = objects.in(Kind::endpoint_slice, "");
    ASSERT_EQ(slices.size(), 1U);
    EXPECT_EQ(slices[0]->label("kubernetes.io/service-name"), "web");
    EXPECT_EQ(slices[0]->value().find("endpoints")->size(), 3U);
    std::set<std::string_view> addresses;
    for (const Object* pod : objects.in(Kind::pod, "")) {
        addresses.insert(pod->value().string_at("status", "podIP"));
    }
    EXPECT_EQ(addresses.size(), 3U);
    objects.edit(Kind::deployment, "web",
                 [](Value& value) { value.mutable_member("spec").set("replicas", 0); });
    objects.settle();
    EXPECT_FALSE(objects.find(Kind::endpoints, {"default", "web"})->value().contains("subsets"));
}

TEST(Workloads, AVolumeGoesWithItsClaim) {
    Objects objects;
    objects.add(R"(
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: default}
spec: {storageClassName: standard, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
)");
    objects.settle();
    EXPECT_EQ(objects.status(Kind::volume_claim, "data").string_at("phase"), "Bound");
    const Object& volume = *objects.in(Kind::volume, "").at(0);
    EXPECT_EQ(volume.value().string_at("status", "phase"), "Bound");
    EXPECT_EQ(volume.value().string_at("spec", "claimRef", "name"), "data");
    objects.write({Change::Verb::remove, Kind::volume_claim,
                   *objects.find(Kind::volume_claim, {"default", "data"})});
    objects.settle();
    EXPECT_EQ(objects.names(Kind::volume), "");
}

TEST(Workloads, ABudgetAndAnAutoscalerFollowADeployment) {
    Objects objects;
    objects.add(deployment_yaml(1, "nginx:1"));
    objects.add(R"(
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: default}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
)");
    objects.add(R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: default}
spec: {minReplicas: 4, maxReplicas: 8, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
)");
    objects.settle();
    EXPECT_EQ(objects.in(Kind::pod, "").size(), 4U);
    EXPECT_EQ(objects.status(Kind::autoscaler, "web").int_at(0, "currentReplicas"), 4);
    EXPECT_EQ(objects.condition(Kind::autoscaler, "web", "AbleToScale"),
              "True SucceededGetScale: the HPA controller was able to get the target's current "
              "scale");
    // Nothing measures anything here, and the autoscaler says so instead of making it up.
    EXPECT_EQ(objects.condition(Kind::autoscaler, "web", "ScalingActive"),
              "False FailedGetResourceMetric: the HPA was unable to compute the replica count: "
              "failed to get cpu utilization: unable to get metrics for resource cpu: unable to "
              "fetch metrics from resource metrics API: the server could not find the requested "
              "resource (get pods.metrics.k8s.io)");
    EXPECT_EQ(objects.status(Kind::disruption_budget, "web").int_at(0, "disruptionsAllowed"), 2);
}

TEST(Workloads, ANamespaceGetsItsAccountAndCertificate) {
    Objects objects;
    objects.moment.ca_pem = "CA";
    objects.add("{apiVersion: v1, kind: Namespace, metadata: {name: team}}");
    objects.settle();
    EXPECT_NE(objects.find(Kind::service_account, {"team", "default"}), nullptr);
    EXPECT_EQ(objects.find(Kind::config_map, {"team", "kube-root-ca.crt"})
                  ->value()
                  .string_at("data", "ca.crt"),
              "CA");
    objects.write({Change::Verb::remove, Kind::service_account,
                   *objects.find(Kind::service_account, {"team", "default"})});
    objects.settle();
    EXPECT_NE(objects.find(Kind::service_account, {"team", "default"}), nullptr);
}

TEST(Namespace, SaysWhatRemainsInTheRealWords) {
    const Object ending(*parse_yaml_value("{kind: Namespace, metadata: {name: a}, status: {}}"));
    Remains remains;
    remains.resources = {{"pods.", 2}, {"things.example.com", 1}};
    remains.finalizers = {{"example.com/f", 1}};
    const Value status = ending_status(ending, remains, {.now = {1'700'000'000, 0}});
    EXPECT_EQ(find_condition(status, "NamespaceContentRemaining")->string_at("message"),
              "Some resources are remaining: pods. has 2 resource instances, "
              "things.example.com has 1 resource instances");
    EXPECT_EQ(find_condition(status, "NamespaceFinalizersRemaining")->string_at("message"),
              "Some content in the namespace has finalizers remaining: example.com/f in 1 "
              "resource instances");
    EXPECT_EQ(find_condition(status, "NamespaceDeletionContentFailure")->string_at("status"),
              "False");
}

}  // namespace
}  // namespace weft::cluster
