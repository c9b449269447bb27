// server/recorded_test.cc: proves answers that a kube-apiserver 1.36.3 gave to the same requests.

#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server {
namespace {

// As text, with members by name.
std::string sorted(Value value) {
    if (value.is_map()) {
        value.sort_members();
        std::string out = "{";
        for (const Member& member : value.members()) {
            append(out, member.name(), ":", sorted(member.value), ",");
        }
        return out + "}";
    }
    if (value.is_list()) {
        std::string out = "[";
        for (const Value& item : value.items()) {
            append(out, sorted(item), ",");
        }
        return out + "]";
    }
    return to_json(value);
}

constexpr const char* merge_patch = "application/merge-patch+json";

// Each line of the file is a request (`path`, `body`) and what it was refused with.
TEST(Recorded, RefusalsHaveTheSameWords) {
    std::ifstream file("src/server/recorded_refusals.jsonl");
    ASSERT_TRUE(file) << "run it from the root of the repository";
    TestServer api(true);
    std::string line;
    size_t count = 0;
    while (std::getline(file, line)) {
        const auto row = parse_json(line);
        ASSERT_TRUE(row.has_value()) << line;
        const Value answer =
            api.json("POST", std::string(row->string_at("path")), to_json(*row->find("body")));
        EXPECT_EQ(answer.string_at("message"), row->string_at("message")) << line;
        ++count;
    }
    EXPECT_GT(count, 0U);
}

// Each line of the file is a request, and of its answer the code and warnings, the message of a
// refusal, or spec, metadata and (where they are told) status and owned fields without what each
// server makes up. They build on one another. Returns how many there were.
size_t replay(const char* path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << "run it from the root of the repository";
    TestServer api;
    for (const std::string_view space : {"w1", "w2", "w3"}) {
        api.send("POST", "/api/v1/namespaces", cat(R"({"metadata": {"name": ")", space, "\"}}"));
    }
    std::string line;
    size_t count = 0;
    while (std::getline(file, line)) {
        const auto row = parse_json(line);
        if (!row) {
            ADD_FAILURE() << line;
            return 0;
        }
        const Value* body = row->find("body");
        const io::http::Response answer =
            api.send(std::string(row->string_at("method")), std::string(row->string_at("path")),
                     body == nullptr ? "" : to_json(*body), std::string(row->string_at("type")),
                     std::string(row->string_at("accept")));
        EXPECT_EQ(answer.status, row->int_at(0, "code")) << line << answer.body();
        std::vector<std::string> warnings;
        if (const Value* texts = row->find("warnings")) {
            for (const Value& text : texts->items()) {
                warnings.push_back(cat("299 - \"", text.as_string(), '"'));
            }
        }
        const auto given = answer.headers.all("warning");
        EXPECT_EQ(std::vector<std::string>(given.begin(), given.end()), warnings) << line;
        if (const Value* text = row->find("text")) {
            EXPECT_EQ(answer.body(), text->as_string()) << line;
            ++count;
            continue;
        }
        const auto object = parse_json(answer.body());
        if (!object) {
            ADD_FAILURE() << line << answer.body();
            return 0;
        }
        EXPECT_EQ(object->string_at("message"), row->string_at("message")) << line;
        for (const std::string_view member : {"spec", "status"}) {
            if (const Value* wanted = row->find(member)) {
                const Value* found = object->find(member);
                EXPECT_EQ(found == nullptr ? "" : sorted(*found), sorted(*wanted)) << line;
            }
        }
        if (const Value* wanted = row->find("managed")) {
            std::multiset<std::string> found;
            const Value* entries = object->find("metadata", "managedFields");
            for (const Value& entry : entries == nullptr ? Value().items() : entries->items()) {
                found.insert(sorted(*entry.find("fieldsV1")));
            }
            std::multiset<std::string> sets;
            for (const Value& set : wanted->items()) {
                sets.insert(sorted(set));
            }
            EXPECT_EQ(found, sets) << line;
        }
        for (const std::string_view member : {"labels", "annotations", "finalizers"}) {
            const Value* wanted = row->find("metadata", member);
            const Value* found = object->find("metadata", member);
            EXPECT_EQ(found == nullptr ? "" : sorted(*found),
                      wanted == nullptr ? "" : sorted(*wanted))
                << line;
        }
        ++count;
    }
    return count;
}

TEST(Recorded, ChangesHaveTheSameWarningsAndOutcome) {
    EXPECT_GT(replay("src/server/recorded_changes.jsonl"), 40U);
}

TEST(Recorded, CustomObjectsHaveTheSameWarningsAndOutcome) {
    EXPECT_GT(replay("src/server/recorded_custom.jsonl"), 30U);
}

TEST(Recorded, PoliciesAndWebhooksAreRefusedInTheSameWords) {
    EXPECT_GT(replay("src/server/recorded_admission.jsonl"), 15U);
}

TEST(Recorded, DefinitionsHaveTheSameWarningsAndOutcome) {
    EXPECT_GT(replay("src/server/recorded_definitions.jsonl"), 10U);
}

TEST(Recorded, AWrongTypeIsToldByGosNameOfTheRightOne) {
    TestServer api;
    const std::string secrets = "/api/v1/namespaces/default/secrets";
    EXPECT_EQ(
        api.json("POST", secrets, R"({"metadata": {"name": "s"}, "type": 1})").string_at("message"),
        "Secret in version \"v1\" cannot be handled as a Secret: json: cannot unmarshal number "
        "into Go struct field Secret.type of type v1.SecretType");
    api.send("POST", secrets, R"({"metadata": {"name": "s"}})");
    const auto patched = [&](const std::string& patch) {
        return std::string(
            api.json("PATCH", secrets + "/s", patch, "application/strategic-merge-patch+json")
                .string_at("message"));
    };
    EXPECT_TRUE(patched(R"({"type": 5})").ends_with("cannot convert int64 to v1.SecretType"));
    EXPECT_TRUE(api.json("POST", "/api/v1/namespaces/default/pods", R"({"metadata": {"name": "p"},
                         "spec": {"overhead": []}})")
                    .string_at("message")
                    .ends_with("PodSpec.spec.overhead of type v1.ResourceList"));
}

TEST(Recorded, APolicysRefusalKeepsTheWarnings) {
    TestServer api;
    const std::string group = "/apis/admissionregistration.k8s.io/v1/";
    api.send("POST", group + "validatingadmissionpolicies", R"-({"metadata": {"name": "no"},
        "spec": {"matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                 "operations": ["CREATE", "UPDATE"], "resources": ["services"]}]},
                 "validations": [{"expression": "!has(object.metadata.labels)"}]}})-");
    api.send("POST", group + "validatingadmissionpolicybindings", R"({"metadata": {"name": "no"},
        "spec": {"policyName": "no", "validationActions": ["Deny"]}})");
    const std::string services = "/api/v1/namespaces/default/services";
    const auto service = [](std::string_view metadata) {
        return cat(R"({"metadata": {"name": "s")", metadata, R"(}, "spec": {"clusterIP": "None",
            "sessionAffinity": "ClientIP", "ports": [{"port": 80}], "selector": {"a": "b"}}})");
    };
    constexpr std::string_view labels = R"(, "labels": {"a": "b"})";
    constexpr std::string_view warning =
        R"(299 - "spec.SessionAffinity is ignored for headless services")";

    const auto created = api.send("POST", services, service(labels));
    EXPECT_EQ(created.status, 422);
    EXPECT_EQ(created.headers.get("warning"), warning);

    EXPECT_EQ(api.send("POST", services, service("")).status, 201);
    const auto updated = api.send("PUT", services + "/s", service(labels));
    EXPECT_EQ(updated.status, 422);
    EXPECT_EQ(updated.headers.get("warning"), warning);
}

// The older version of autoscalers goes through the newer one before anybody is said to own it: the
// default target is the writer's.
TEST(Recorded, WhoMakesAnAutoscalerOfTheOldVersionOwnsItsDefaultTarget) {
    TestServer api;
    const Value made = api.json(
        "POST", "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers",
        R"({"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"one"},)"
        R"("spec":{"maxReplicas":3,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}}})");
    const Value* owners = made.find("metadata", "managedFields");
    ASSERT_NE(owners, nullptr);
    ASSERT_EQ(owners->size(), 1U);
    EXPECT_EQ(to_json(*owners->at(0).find("fieldsV1")),
              R"({"f:spec":{"f:maxReplicas":{},"f:minReplicas":{},"f:scaleTargetRef":{},)"
              R"("f:targetCPUUtilizationPercentage":{}}})");
}

TEST(Recorded, AScaleThatChangesNothingLeavesTheOwnersOfTheRest) {
    TestServer api;
    api.send("POST", "/apis/apps/v1/namespaces/default/deployments?fieldManager=mgr", R"({
        "metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "1"}},
        "template": {"metadata": {"labels": {"a": "1"}},
                     "spec": {"containers": [{"name": "c", "image": "i"}]}}}})");
    const std::string url = "/apis/apps/v1/namespaces/default/deployments/d";
    api.send("PUT", url + "/scale", to_json(api.json("GET", url + "/scale")));
    const Value deployment = api.json("GET", url);
    const Value& fields = *deployment.find("metadata", "managedFields");
    ASSERT_EQ(fields.size(), 2U) << to_json(fields);
    EXPECT_EQ(fields.at(0).find("time"), nullptr);
    EXPECT_EQ(to_json(*fields.at(0).find("fieldsV1")), R"({"f:spec":{"f:replicas":{}}})");
    EXPECT_EQ(fields.at(1).string_at("manager"), "mgr");
    EXPECT_NE(fields.at(1).find("fieldsV1", "f:spec", "f:template"), nullptr);
}

TEST(Recorded, AScaleWarnsOfWhatItDoesNotKnow) {
    TestServer api;
    api.send("POST", "/api/v1/namespaces/default/replicationcontrollers", R"({
        "metadata": {"name": "r"}, "spec": {"template": {"metadata": {"labels": {"a": "1"}},
                     "spec": {"containers": [{"name": "c", "image": "i"}]}}}})");
    const std::string url = "/api/v1/namespaces/default/replicationcontrollers/r/scale";
    const auto answer = api.send("PATCH", url, R"({"status": {"nosuch": 1}})", merge_patch);
    EXPECT_EQ(answer.headers.get("warning"), R"(299 - "unknown field \"status.nosuch\"")");
}

TEST(Recorded, EphemeralContainersAreAllThatTheirEndpointHears) {
    TestServer api;
    api.send(
        "POST", "/api/v1/namespaces/default/pods",
        R"({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})");
    const std::string url = "/api/v1/namespaces/default/pods/p/ephemeralcontainers";
    const Value pod = api.json("PATCH", url, R"({"metadata": {"labels": {"a": "b"}},
        "spec": {"ephemeralContainers": [{"name": "e", "image": "i"}]},
        "status": {"phase": "Running"}})",
                               merge_patch);
    EXPECT_EQ(pod.find("metadata", "labels"), nullptr);
    EXPECT_EQ(pod.find("spec", "ephemeralContainers")->size(), 1U);
    EXPECT_EQ(pod.find("status")->string_at("phase"), "Pending");
    EXPECT_EQ(api.send("GET", url, {}, {}, "application/json;as=Table;v=v1;g=meta.k8s.io").status,
              406);
    EXPECT_EQ(
        api.send("GET", url, {}, {}, "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")
            .status,
        200);
}

TEST(Recorded, ATableOfNothingHasNoRowsWhereTheKindHasNoColumns) {
    TestServer api;
    const std::string table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const auto rows = [&](const std::string& path) {
        return to_json(*parse_json(api.send("GET", path, {}, {}, table).body())->find("rows"));
    };
    EXPECT_EQ(rows("/api/v1/namespaces/default/limitranges"), "null");
    EXPECT_EQ(rows("/api/v1/namespaces/default/pods"), "[]");
}

TEST(Recorded, AnApiServiceOfItsOwnIsAvailableAtOnce) {
    TestServer api;
    const Value made = api.json("POST", "/apis/apiregistration.k8s.io/v1/apiservices", R"({
        "metadata": {"name": "v1.example.com"}, "spec": {"group": "example.com", "version": "v1",
        "groupPriorityMinimum": 1000, "versionPriority": 10}})");
    ASSERT_NE(made.find("status", "conditions"), nullptr);
    EXPECT_EQ(made.find("status", "conditions")->at(0).string_at("reason"), "Local");
}

TEST(Recorded, JobsThatAreDeletedTogetherLeaveTheirPodsWithAWarning) {
    TestServer api;
    const auto answer = api.send("DELETE", "/apis/batch/v1/namespaces/default/jobs");
    EXPECT_TRUE(answer.headers.get("warning").contains("child pods are preserved by default"));
}

TEST(Recorded, TheStatusOfADefinitionTakesMetadataAlong) {
    TestServer api;
    const std::string url = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    api.send("POST", url, R"({"metadata": {"name": "foos.example.com"}, "spec": {
        "group": "example.com", "scope": "Namespaced", "names": {"plural": "foos", "kind": "Foo"},
        "versions": [{"name": "v1", "served": true, "storage": true,
                      "schema": {"openAPIV3Schema": {"type": "object"}}}]}})");
    const Value changed = api.json("PATCH", url + "/foos.example.com/status",
                                   R"({"metadata": {"labels": {"a": "b"}}})", merge_patch);
    EXPECT_EQ(changed.find("metadata", "labels")->string_at("a"), "b");
}

}  // namespace
}  // namespace weft::server
