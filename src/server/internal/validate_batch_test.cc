// server/internal/validate_batch_test.cc: proves what is refused of jobs: the rules of their
// policies, their indexes, and times that cannot be.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/base.h"
#include "server/server_testing.h"

namespace weft::server::batch_tests {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view jobs = "/apis/batch/v1/namespaces/default/jobs";

class ValidateJob : public testing::Test {
protected:
    // What is wrong of a job with these members besides its template; nothing if it is taken.
    // Nothing is written.
    Lines faults_of(std::string_view members) {
        const auto answer = api.send(
            "POST", cat(jobs, "?dryRun=All"),
            cat(R"({"metadata": {"name": "j"}, "spec": {)", members, members.empty() ? "" : ", ",
                R"("template": {"spec": {"restartPolicy": "Never",
                   "containers": [{"name": "c", "image": "i"}]}}}})"));
        return answer.status == 201 ? Lines{} : causes(answer);
    }
    Lines faults_of_failures(std::string_view rule) {
        return faults_of(cat(R"("podFailurePolicy": {"rules": [)", rule, "]}"));
    }
    Lines faults_of_indexes(std::string_view indexes) {
        return faults_of(cat(R"("completionMode": "Indexed", "completions": 5, "successPolicy": {)",
                             R"("rules": [{"succeededIndexes": ")", indexes, R"("}]})"));
    }

    TestServer api;
};

TEST_F(ValidateJob, ARuleOfFailuresIsByExitCodesOrByConditions) {
    EXPECT_EQ(faults_of_failures(R"({"action": "FailJob", "onExitCodes": {
                  "operator": "In", "values": [1, 3]}})"),
              Lines{});
    EXPECT_EQ(faults_of_failures(R"({"action": "Ignore", "onPodConditions": [
                  {"type": "DisruptionTarget", "status": "True"}]})"),
              Lines{});
    EXPECT_EQ(faults_of_failures(R"({"action": "FailJob"})"),
              (Lines{"spec.podFailurePolicy.rules[0]: Invalid value: specifying one of "
                     "OnExitCodes and OnPodConditions is required"}));
    EXPECT_EQ(faults_of_failures(R"({"action": "FailJob", "onExitCodes": {
                  "operator": "In", "values": [1]}, "onPodConditions": [
                  {"type": "DisruptionTarget", "status": "True"}]})"),
              (Lines{"spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes "
                     "and OnPodConditions is not supported"}));
}

TEST_F(ValidateJob, ExitCodesRiseAndAreNamedOnce) {
    EXPECT_EQ(faults_of_failures(R"({"action": "FailJob", "onExitCodes": {
                  "operator": "In", "values": [3, 1]}})"),
              (Lines{"spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1]: "
                     "must be ordered"}));
    EXPECT_EQ(faults_of_failures(R"({"action": "FailJob", "onExitCodes": {
                  "operator": "In", "values": [1, 1]}})"),
              (Lines{"spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Duplicate value: 1"}));
}

TEST_F(ValidateJob, AnIndexedJobSaysHowManyItHas) {
    EXPECT_EQ(faults_of(R"("completionMode": "Indexed", "completions": 2)"), Lines{});
    EXPECT_EQ(faults_of(R"("completionMode": "Indexed", "parallelism": 2)"),
              (Lines{"spec.completions: Required value: when completion mode is Indexed"}));
}

TEST_F(ValidateJob, IndexesOfSuccessAreIntervalsThatRiseBelowTheCompletions) {
    EXPECT_EQ(faults_of_indexes("0,2-4"), Lines{});
    const auto told = [](std::string_view indexes, std::string_view why) {
        return Lines{cat(R"(spec.successPolicy.rules[0].succeededIndexes: Invalid value: ")",
                         indexes, R"(": error parsing succeededIndexes: )", why)};
    };
    EXPECT_EQ(faults_of_indexes("0-2-4"),
              told("0-2-4",
                   "the fragment 0-2-4 violates the requirement that an index interval "
                   "can have at most two parts separated by '-'"));
    EXPECT_EQ(faults_of_indexes("a"),
              told("a", R"(cannot convert string to integer for index: "a")"));
    EXPECT_EQ(faults_of_indexes("5"), told("5", R"(too large index: "5")"));
    EXPECT_EQ(faults_of_indexes("2,1"),
              told("2,1", "non-increasing order, previous: 2, current: 1"));
    EXPECT_EQ(faults_of_indexes("2-2"),
              told("2-2", "non-increasing order, previous: 2, current: 2"));
}

// Kubernetes checks an update's specification in both of its steps and tells both.
TEST_F(ValidateJob, AnUpdateIsToldItsFaultsTwice) {
    EXPECT_EQ(faults_of(R"("parallelism": -1)"),
              (Lines{"spec.parallelism: Invalid value: -1: must be greater than or equal to 0"}));
    api.send("POST", std::string(jobs), R"({"metadata": {"name": "j"}, "spec": {"template": {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}})");
    const auto answer = api.send("PATCH", cat(jobs, "/j"), R"({"spec": {"parallelism": -1}})",
                                 "application/merge-patch+json");
    EXPECT_EQ(causes(answer),
              (Lines{"spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
                     "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"}));
}

TEST_F(ValidateJob, EndsInTheSecondInWhichItBeganButNotBefore) {
    api.send("POST", std::string(jobs), R"({"metadata": {"name": "j"}, "spec": {"template": {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}})");
    const auto end = [&](std::string_view time) {
        return api.send(
            "PATCH", cat(jobs, "/j/status?dryRun=All"),
            cat(R"({"status": {"startTime": "2026-01-01T00:00:10Z", "completionTime": ")", time,
                R"(", "conditions": [
                                {"type": "SuccessCriteriaMet", "status": "True"},
                                {"type": "Complete", "status": "True"}]}})"),
            "application/merge-patch+json");
    };
    const auto at_once = end("2026-01-01T00:00:10Z");
    EXPECT_EQ(at_once.status, 200) << at_once.body();
    EXPECT_EQ(causes(end("2026-01-01T00:00:09Z")),
              (Lines{"status.completionTime: Invalid value: \"2026-01-01T00:00:09Z\": "
                     "completionTime cannot be set before startTime"}));
}

}  // namespace
}  // namespace weft::server::batch_tests
