// server/internal/validate_pod_test.cc: proves what is refused of pods, their containers and their
// volumes, and what of their neighbours is taken.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server::pod_tests {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view pods = "/api/v1/namespaces/default/pods";

class ValidatePod : public testing::Test {
protected:
    // What is wrong of a pod whose one container and whose spec have these members besides; nothing
    // if it is taken. Nothing is written.
    Lines faults_of(std::string_view container, std::string_view spec = {}) {
        const auto answer = api.send(
            "POST", cat(pods, "?dryRun=All"),
            cat(R"({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i")",
                container.empty() ? "" : ", ", container, "}]", spec.empty() ? "" : ", ", spec,
                "}}"));
        return answer.status == 201 ? Lines{} : causes(answer);
    }
    Lines faults_of_volume(std::string_view source) {
        return faults_of("", cat(R"("volumes": [{"name": "v", )", source, "}]"));
    }

    TestServer api;
};

TEST_F(ValidatePod, AContainerIsResizedByCpuAndMemoryAlone) {
    EXPECT_EQ(faults_of(R"("resizePolicy": [
                  {"resourceName": "cpu", "restartPolicy": "NotRequired"},
                  {"resourceName": "memory", "restartPolicy": "RestartContainer"}])"),
              Lines{});
    EXPECT_EQ(faults_of(R"("resizePolicy": [
                  {"resourceName": "storage", "restartPolicy": "NotRequired"}])"),
              (Lines{"spec.containers[0].resizePolicy: Unsupported value: \"storage\": supported "
                     "values: \"cpu\", \"memory\""}));
}

TEST_F(ValidatePod, APrivilegedContainerCannotBeKeptFromMorePrivileges) {
    EXPECT_EQ(
        faults_of(R"("securityContext": {"privileged": false, "allowPrivilegeEscalation": false})"),
        Lines{});
    const Lines faults =
        faults_of(R"("securityContext": {"privileged": true, "allowPrivilegeEscalation": false})");
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(faults[0].starts_with("spec.containers[0].securityContext: Invalid value: "));
    EXPECT_TRUE(faults[0].ends_with(
        ": cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
}

TEST_F(ValidatePod, AProbeHasOneHandlerAndTheFirstIsLookedAt) {
    EXPECT_EQ(faults_of(R"("livenessProbe": {"exec": {"command": ["true"]}})"), Lines{});
    EXPECT_EQ(faults_of(R"("livenessProbe": {"exec": {"command": []}})"),
              (Lines{"spec.containers[0].livenessProbe.exec.command: Required value"}));
    EXPECT_EQ(faults_of(R"("livenessProbe": {"exec": {"command": ["true"]},
                                             "tcpSocket": {"port": 80}})"),
              (Lines{"spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more "
                     "than 1 handler type"}));
}

TEST_F(ValidatePod, AProfileOfTheNodeHasAName) {
    EXPECT_EQ(faults_of(R"("securityContext": {"appArmorProfile": {"type": "Localhost"},
                                               "seccompProfile": {"type": "Localhost"}})"),
              (Lines{"spec.containers[0].securityContext.seccompProfile.localhostProfile: Required "
                     "value: must be set when seccomp type is Localhost",
                     "spec.containers[0].securityContext.appArmorProfile.localhostProfile: "
                     "Required value: must be set when AppArmor type is Localhost"}));
}

TEST_F(ValidatePod, NamesAreLookedUpOnThreeServersAndThirtyTwoPaths) {
    const auto searching = [](size_t paths) {
        std::string list;
        for (size_t i = 0; i < paths; ++i) {
            append(list, i == 0 ? "" : ", ", "\"a", i, ".example\"");
        }
        return cat(R"("dnsConfig": {"searches": [)", list, "]}");
    };
    EXPECT_EQ(faults_of("", searching(32)), Lines{});
    const Lines faults = faults_of("", searching(33));
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(faults[0].ends_with("must not have more than 32 search paths")) << faults[0];
    EXPECT_EQ(faults_of("", R"("dnsConfig": {"nameservers": ["1.1.1.1", "1.0.0.1", "8.8.8.8"]})"),
              Lines{});
    EXPECT_EQ(faults_of("", R"("dnsConfig": {"nameservers":
                                ["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4"]})"),
              (Lines{"spec.dnsConfig.nameservers: Invalid value: "
                     "[\"1.1.1.1\",\"1.0.0.1\",\"8.8.8.8\",\"8.8.4.4\"]: must not have more than 3 "
                     "nameservers"}));
}

TEST_F(ValidatePod, ADeadlineIsShortenedOnly) {
    api.send("POST", std::string(pods), R"({"metadata": {"name": "p"}, "spec": {
        "activeDeadlineSeconds": 10, "containers": [{"name": "c", "image": "i"}]}})");
    const auto set = [&](std::string_view seconds) {
        return api.send("PATCH", cat(pods, "/p"),
                        cat(R"({"spec": {"activeDeadlineSeconds": )", seconds, "}}"),
                        "application/merge-patch+json");
    };
    EXPECT_EQ(causes(set("11")), (Lines{"spec.activeDeadlineSeconds: Invalid value: 11: must be "
                                        "less than or equal to previous value"}));
    EXPECT_EQ(set("9").status, 200);
    EXPECT_EQ(causes(set("null")),
              (Lines{"spec.activeDeadlineSeconds: Invalid value: null: must not update from a "
                     "positive integer to nil value"}));
}

TEST_F(ValidatePod, FilesOfAVolumeStayInsideOfIt) {
    EXPECT_EQ(faults_of_volume(R"("gitRepo": {"repository": "r", "directory": "a/b"})"), Lines{});
    EXPECT_EQ(faults_of_volume(R"("gitRepo": {"repository": "r", "directory": "../b"})"),
              (Lines{"spec.volumes[0].gitRepo.directory: Invalid value: \"../b\": must not contain "
                     "'..'"}));
    EXPECT_EQ(faults_of_volume(R"("configMap": {"name": "m", "items": [
                  {"key": "k", "path": "a"}, {"key": "", "path": "/a"}]})"),
              (Lines{"spec.volumes[0].configMap.items[1].key: Required value",
                     "spec.volumes[0].configMap.items[1].path: Invalid value: \"/a\": must be a "
                     "relative path"}));
    EXPECT_EQ(faults_of_volume(R"("secret": {"secretName": "s", "items": [
                  {"key": "", "path": "a"}, {"key": "k", "path": "a/../b"}]})"),
              (Lines{"spec.volumes[0].secret.items[0].key: Required value",
                     "spec.volumes[0].secret.items[1].path: Invalid value: \"a/../b\": must not "
                     "contain '..'"}));
}

TEST_F(ValidatePod, AVolumeSaysWhatItIsMadeOf) {
    EXPECT_EQ(faults_of_volume(R"("secret": {})"),
              (Lines{"spec.volumes[0].secret.secretName: Required value"}));
    EXPECT_EQ(faults_of_volume(R"("gitRepo": {"repository": ""})"),
              (Lines{"spec.volumes[0].gitRepo.repository: Required value"}));
    EXPECT_EQ(faults_of_volume(R"("fc": {"targetWWNs": ["w"], "lun": 1})"), Lines{});
    EXPECT_EQ(faults_of_volume(R"("fc": {"wwids": ["w"]})"), Lines{});
    EXPECT_EQ(faults_of_volume(R"("fc": {"targetWWNs": ["w"], "wwids": ["w"], "lun": 1})"),
              (Lines{"spec.volumes[0].fc.targetWWNs: Invalid value: [\"w\"]: targetWWNs and wwids "
                     "can not be specified simultaneously"}));
    EXPECT_EQ(faults_of_volume(R"("fc": {})"),
              (Lines{"spec.volumes[0].fc.targetWWNs: Required value: must specify either "
                     "targetWWNs or wwids, but not both"}));
}

}  // namespace
}  // namespace weft::server::pod_tests
