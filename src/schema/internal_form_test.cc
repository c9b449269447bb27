// schema/internal_form_test.cc: proves that values print as Kubernetes' internal types do.

#include "schema/internal_form.h"

#include <gtest/gtest.h>

#include "schema/text_diff.h"

namespace weft::schema {
namespace {

std::string form(std::string_view definition, std::string_view json) {
    return to_json(
        internal_form(Builtin::get(), cat("io.k8s.api.", definition), *parse_json(json)));
}

TEST(InternalForm, HasGoNamesAndEveryField) {
    EXPECT_EQ(form("apps.v1.StatefulSetUpdateStrategy", R"({"type":"X"})"),
              R"({"Type":"X","RollingUpdate":null})");
    EXPECT_EQ(form("core.v1.ServicePort", R"({"protocol":"TCP","port":80})"),
              R"({"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,)"
              R"("NodePort":0})");
    EXPECT_EQ(form("rbac.v1.RoleRef", R"({"apiGroup":"g","kind":"Role","name":"n"})"),
              R"({"APIGroup":"g","Kind":"Role","Name":"n"})");
}

TEST(InternalForm, KeepsTheNamesOfTypesThatHaveTags) {
    EXPECT_EQ(form("policy.v1.PodDisruptionBudgetSpec",
                   R"({"minAvailable":1,"selector":{"matchLabels":{"a":"b"}}})"),
              R"({"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":null,)"
              R"("UnhealthyPodEvictionPolicy":null})");
}

TEST(InternalForm, MovesAPodsHostSettingsIntoItsSecurityContext) {
    const std::string text = form("core.v1.PodSpec", R"({"hostNetwork":true,"containers":[]})");

    EXPECT_TRUE(text.contains(R"("SecurityContext":{"HostNetwork":true,"HostPID":false)"));
    EXPECT_FALSE(text.contains(R"(},"HostNetwork")"));
}

TEST(InternalForm, LeavesWhatItDoesNotKnowAsItIs) {
    EXPECT_EQ(form("no.v1.Such", R"({"a":1})"), R"({"a":1})");
}

TEST(InternalDiff, ShowsThreeLinesAroundAChange) {
    const Value before = *parse_json(R"({"hostPath":{"path":"/d","type":""}})");
    const Value after = *parse_json(R"({"hostPath":{"path":"/e","type":""}})");

    EXPECT_EQ(
        internal_diff(Builtin::get(), "io.k8s.api.core.v1.PersistentVolumeSource", before, after),
        "@@ -2,7 +2,7 @@\n  \"GCEPersistentDisk\": null,\n  \"AWSElasticBlockStore\": null,\n"
        "  \"HostPath\": {\n-  \"Path\": \"/d\",\n+  \"Path\": \"/e\",\n   \"Type\": \"\"\n"
        "  },\n  \"Glusterfs\": null,\n");
}

TEST(UnifiedDiff, JoinsChangesThatAreNearAndSplitsThoseThatAreFar) {
    EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nb\nc\n"), "");
    EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nx\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n"),
              "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
    EXPECT_EQ(unified_diff("a\n", "a\nb\n"), "@@ -1 +1,2 @@\n a\n+b\n");
}

}  // namespace
}  // namespace weft::schema
