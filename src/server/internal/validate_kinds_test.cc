// server/internal/validate_kinds_test.cc: proves what is refused of objects that are no workloads:
// storage, secrets, addresses, roles, devices, and the metadata of all of them.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server::kind_tests {
namespace {

using Lines = std::vector<std::string>;

class ValidateKind : public testing::Test {
protected:
    // What is wrong of an object of this name and these members; nothing if it is taken. Nothing is
    // written.
    Lines faults_of(std::string_view target, std::string_view members,
                    std::string_view name = "o") {
        const auto answer =
            api.send("POST", cat(target, "?dryRun=All"),
                     cat(R"({"metadata": {"name": ")", name, R"("}, )", members, "}"));
        return answer.status == 201 ? Lines{} : causes(answer);
    }
    // A device class whose specification has these members.
    Lines faults_of_class(std::string_view members) {
        return faults_of("/apis/resource.k8s.io/v1/deviceclasses",
                         cat(R"("spec": {)", members, "}"));
    }
    // A claim of two devices that must have the same value of an attribute.
    Lines faults_of_attribute(std::string_view attribute) {
        return faults_of("/apis/resource.k8s.io/v1/namespaces/default/resourceclaims",
                         cat(R"("spec": {"devices": {"requests": [{"name": "r", "exactly": {
                    "deviceClassName": "c"}}], "constraints": [{"requests": ["r"],
                    "matchAttribute": ")",
                             attribute, R"("}]}})"));
    }

    TestServer api;
};

TEST_F(ValidateKind, APersistentVolumeHoldsSomething) {
    const auto sized = [](std::string_view size) {
        return cat(R"("spec": {"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/d"},
                      "capacity": {"storage": ")",
                   size, R"("}})");
    };
    EXPECT_EQ(faults_of("/api/v1/persistentvolumes", sized("1Gi")), Lines{});
    EXPECT_EQ(faults_of("/api/v1/persistentvolumes", sized("0")),
              (Lines{"spec.capacity[storage]: Invalid value: \"0\": must be greater than zero"}));
}

TEST_F(ValidateKind, AQuotaOfAScopeThatIsThereOrNotAsksOnlyWhetherItExists) {
    const auto quota = [](std::string_view way) {
        return cat(R"("spec": {"scopeSelector": {"matchExpressions": [{"scopeName": "Terminating",
                      "operator": ")",
                   way, R"("}]}})");
    };
    constexpr std::string_view quotas = "/api/v1/namespaces/default/resourcequotas";
    EXPECT_EQ(faults_of(quotas, quota("Exists")), Lines{});
    EXPECT_EQ(
        faults_of(quotas, quota("DoesNotExist")),
        (Lines{
            "spec.scopeSelector.matchExpressions.operator: Invalid value: \"DoesNotExist\": must "
            "be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
            "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
            "ResourceQuotaScopeNotBestEffort or "
            "ResourceQuotaScopeCrossNamespacePodAffinity"}));
}

TEST_F(ValidateKind, AHandOfAPriorityLevelMayBeAllItsQueues) {
    const auto level = [](int queues, int hand) {
        return cat(
            R"("spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 1, "limitResponse":
               {"type": "Queue", "queuing": {"queueLengthLimit": 5, "queues": )",
            queues, R"(, "handSize": )", hand, "}}}}");
    };
    constexpr std::string_view levels =
        "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations";
    EXPECT_EQ(faults_of(levels, level(4, 4)), Lines{});
    EXPECT_EQ(faults_of(levels, level(4, 5)),
              (Lines{"spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be "
                     "greater than queues (4)"}));
}

TEST_F(ValidateKind, SharedCountersOfASliceAreNotEmpty) {
    const auto slice = [](std::string_view counters) {
        return cat(R"("spec": {"driver": "d.example.com", "nodeName": "n", "pool": {"name": "p",
                      "generation": 1, "resourceSliceCount": 1}, "sharedCounters": [{"name": "s",
                      "counters": )",
                   counters, "}]}");
    };
    constexpr std::string_view slices = "/apis/resource.k8s.io/v1/resourceslices";
    EXPECT_EQ(faults_of(slices, slice(R"({"c": {"value": "1"}})")), Lines{});
    EXPECT_EQ(faults_of(slices, slice("{}")),
              (Lines{"spec.sharedCounters[0].counters: Required value"}));
}

TEST_F(ValidateKind, ParametersOfAStorageClassHaveNames) {
    constexpr std::string_view classes = "/apis/storage.k8s.io/v1/storageclasses";
    EXPECT_EQ(faults_of(classes, R"("provisioner": "example.com/p", "parameters": {"a": ""})"),
              Lines{});
    EXPECT_EQ(faults_of(classes, R"("provisioner": "example.com/p", "parameters": {"": "a"})"),
              (Lines{"parameters: Invalid value: \"\": field can not be empty."}));
}

TEST_F(ValidateKind, ASecretOfATypeHasWhatTheTypeIsFor) {
    constexpr std::string_view secrets = "/api/v1/namespaces/default/secrets";
    EXPECT_EQ(faults_of(secrets, R"("type": "kubernetes.io/service-account-token")"),
              (Lines{"metadata.annotations[kubernetes.io/service-account.name]: Required value"}));
    EXPECT_EQ(faults_of(secrets, R"("type": "kubernetes.io/basic-auth")"),
              (Lines{"data[username]: Required value", "data[password]: Required value"}));
    EXPECT_EQ(faults_of(secrets, R"("type": "kubernetes.io/basic-auth", "data": {
                  "password": "eA=="})"),
              Lines{});
}

TEST_F(ValidateKind, EndpointsHavePortsThatExist) {
    constexpr std::string_view endpoints = "/api/v1/namespaces/default/endpoints";
    EXPECT_EQ(faults_of(endpoints, R"("subsets": [{"addresses": [{"ip": "10.0.0.1"}],
                  "ports": [{"port": 65535}]}])"),
              Lines{});
    EXPECT_EQ(faults_of(endpoints, R"("subsets": [{"addresses": [{"ip": "10.0.0.1"}],
                  "ports": [{"port": 65536}]}])"),
              (Lines{"subsets[0].ports[0].port: Invalid value: 65536: must be between 1 and 65535, "
                     "inclusive"}));
}

TEST_F(ValidateKind, AddressesOfABalancerAreAddresses) {
    constexpr std::string_view services = "/api/v1/namespaces/default/services";
    api.send("POST", std::string(services),
             R"({"metadata": {"name": "s"}, "spec": {"type": "LoadBalancer",
                 "ports": [{"port": 80}]}})");
    const auto answer = api.send("PATCH", cat(services, "/s/status"),
                                 R"({"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0"}]}}})",
                                 "application/merge-patch+json");
    EXPECT_EQ(causes(answer),
              (Lines{"status.loadBalancer.ingress[0].ip: Invalid value: \"10.0.0\": must be a "
                     "valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"}));
}

TEST_F(ValidateKind, SubjectsOfABindingAreOfTheGroupOfTheirKind) {
    const auto bound = [](std::string_view subject) {
        return cat(R"("roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                      "name": "view"}, "subjects": [)",
                   subject, "]");
    };
    constexpr std::string_view bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    EXPECT_EQ(faults_of(bindings, bound(R"({"kind": "User", "name": "u",
                  "apiGroup": "rbac.authorization.k8s.io"})")),
              Lines{});
    EXPECT_EQ(faults_of(bindings, bound(R"({"kind": "User", "name": "u", "apiGroup": "other"})")),
              (Lines{"subjects[0].apiGroup: Unsupported value: \"other\": supported values: "
                     "\"rbac.authorization.k8s.io\""}));
    EXPECT_EQ(faults_of(bindings, bound(R"({"kind": "ServiceAccount", "name": "s"})")),
              (Lines{"subjects[0].namespace: Required value"}));
}

TEST_F(ValidateKind, AnAggregatedRoleSelectsByLabels) {
    constexpr std::string_view roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    EXPECT_EQ(faults_of(roles, R"("aggregationRule": {"clusterRoleSelectors": [
                  {"matchLabels": {"a": "b"}}, {"matchLabels": {"c": "d"}}]})"),
              Lines{});
    EXPECT_EQ(faults_of(roles, R"("aggregationRule": {"clusterRoleSelectors": []})"),
              (Lines{"aggregationRule.clusterRoleSelectors: Required value: at least one "
                     "clusterRoleSelector required if aggregationRule is non-nil"}));
}

TEST_F(ValidateKind, ADeviceClassSelectsAndConfiguresDevices) {
    EXPECT_EQ(faults_of_class(R"("selectors": [{"cel": {"expression":
                  "device.driver == 'd.example'"}}], "config": [{"opaque": {
                  "driver": "d.example", "parameters": {"a": 1}}}])"),
              Lines{});
    EXPECT_EQ(
        faults_of_class(R"("selectors": [{}], "config": [{}])"),
        (Lines{"spec.selectors[0].cel: Required value", "spec.config[0].opaque: Required value"}));
    EXPECT_EQ(faults_of_class(R"("config": [{"opaque": {"driver": "d.example"}}])"),
              (Lines{"spec.config[0].opaque.parameters: Required value"}));
}

TEST_F(ValidateKind, AnAttributeOfDevicesIsADomainAndAnIdentifier) {
    for (const std::string_view fine : {"d.example/a", "d.example/z", "d.example/A", "d.example/Z",
                                        "d.example/_", "d.example/a0", "d.example/a9"}) {
        EXPECT_EQ(faults_of_attribute(fine), Lines{}) << fine;
    }
    for (const std::string_view wrong : {"d.example/0", "d.example/a-b", "d.example/a[",
                                         "d.example/a`", "d.example/a@", "d.example/a{"}) {
        const Lines faults = faults_of_attribute(wrong);
        ASSERT_EQ(faults.size(), 1U) << wrong;
        EXPECT_TRUE(faults[0].contains("a valid C identifier must start with")) << faults[0];
    }
}

TEST_F(ValidateKind, AnnotationsHoldAQuarterOfAMebibyte) {
    const auto annotated = [&](size_t bytes) {
        const auto answer = api.send("POST", "/api/v1/namespaces/default/configmaps?dryRun=All",
                                     cat(R"({"metadata": {"name": "m", "annotations": {"a": ")",
                                         std::string(bytes - 1, 'x'), R"("}}})"));
        return answer.status == 201 ? Lines{} : causes(answer);
    };
    EXPECT_EQ(annotated(262144), Lines{});
    EXPECT_EQ(annotated(262145).at(0),
              "metadata.annotations: Too long: may not be more than 262144 bytes");
}

TEST_F(ValidateKind, APolicyNamesItsVariablesAndHasTwentyAnnotations) {
    const auto policy = [&](std::string_view variable, size_t annotations) {
        std::string list;
        for (size_t i = 0; i < annotations; ++i) {
            append(list, i == 0 ? "" : ", ", R"({"key": "k)", i, R"(", "valueExpression": "'v'"})");
        }
        return faults_of(
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
            cat(R"("spec": {"matchConstraints": {"resourceRules": [{"apiGroups": [""],
                    "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]},
                    "variables": [{"name": ")",
                variable, R"(", "expression": "1"}], "auditAnnotations": [)", list, "]}"));
    };
    for (const std::string_view fine : {"a", "z", "A", "Z", "_", "a0", "a9"}) {
        EXPECT_EQ(policy(fine, 20), Lines{}) << fine;
    }
    EXPECT_EQ(policy("0", 20).size(), 1U);
    EXPECT_EQ(policy("while", 20).size(), 1U);
    const Lines many = policy("a", 21);
    ASSERT_EQ(many.size(), 1U);
    EXPECT_TRUE(many[0].ends_with("must not have more than 20 auditAnnotations")) << many[0];
}

TEST_F(ValidateKind, WhoManagesFieldsHasAShortName) {
    api.send("POST", "/api/v1/namespaces/default/configmaps",
             R"({"metadata": {"name": "m"}, "data": {"a": "b"}})");
    const auto managed = [&](size_t manager, size_t subresource) {
        const auto answer = api.send(
            "PUT", "/api/v1/namespaces/default/configmaps/m?dryRun=All",
            cat(R"({"metadata": {"name": "m", "managedFields": [{"manager": ")",
                std::string(manager, 'm'), R"(", "operation": "Update", "apiVersion": "v1", )",
                R"("fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}}, "subresource": ")",
                std::string(subresource, 's'), R"("}]}, "data": {"a": "b"}})"));
        return answer.status == 200 ? Lines{} : causes(answer);
    };
    EXPECT_EQ(managed(128, 256), Lines{});
    // Each step that checks an update tells both.
    Lines faults = managed(129, 257);
    ASSERT_GE(faults.size(), 2U);
    faults.resize(2);
    EXPECT_EQ(faults,
              (Lines{"metadata.managedFields[0].manager: Too long: may not be more than 128 bytes",
                     "metadata.managedFields[0].subresource: Too long: may not be more than 256 "
                     "bytes"}));
}

}  // namespace
}  // namespace weft::server::kind_tests
