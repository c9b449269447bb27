// cluster/internal/owner_graph_test.cc: edges, and what becomes of a dependent.

#include "cluster/internal/owner_graph.h"

#include <gtest/gtest.h>

#include "object/yaml.h"

namespace weft::cluster {
namespace {

const kube::Resource config_maps{{"", "v1", "configmaps"}, "ConfigMap", true, false};

Item item(std::string uid, const std::vector<std::string>& owners = {}) {
    Item out;
    out.resource = config_maps;
    out.name = {"default", uid};
    out.uid = std::move(uid);
    for (const std::string& owner : owners) {
        out.owners.push_back({"v1", "ConfigMap", owner, owner, true});
    }
    return out;
}

std::string uids_of(const std::vector<const Item*>& items) {
    std::string out;
    for (const Item* each : items) {
        append(out, out.empty() ? "" : " ", each->uid);
    }
    return out;
}

TEST(OwnerGraph, FollowsReferencesThatChange) {
    OwnerGraph graph;
    graph.put(item("b", {"a"}));  // Before its owner is known.
    graph.put(item("a"));
    graph.put(item("c", {"a", "b"}));
    EXPECT_EQ(uids_of(graph.dependents("a")), "b c");
    graph.put(item("c", {"b"}));
    EXPECT_EQ(uids_of(graph.dependents("a")), "b");
    graph.remove("b");
    EXPECT_EQ(uids_of(graph.dependents("a")), "");
    EXPECT_EQ(uids_of(graph.dependents("b")), "c");
    EXPECT_EQ(graph.size(), 2U);
}

TEST(OwnerGraph, ReadsAnObject) {
    const Object object(*parse_yaml_value(R"(
kind: ConfigMap
metadata:
  name: x
  namespace: default
  uid: u
  deletionTimestamp: "2026-01-01T00:00:00Z"
  finalizers: [foregroundDeletion]
  ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: pu, blockOwnerDeletion: true}]
)"));
    const Item read = Item::of(config_maps, object);
    EXPECT_TRUE(read.is_deleting_dependents());
    EXPECT_FALSE(read.orphans);
    ASSERT_EQ(read.owners.size(), 1U);
    EXPECT_EQ(read.owners[0].uid, "pu");
    EXPECT_TRUE(read.owners[0].blocks);
}

TEST(Judge, KeepsWhatHasASolidOwnerAndDropsTheOtherReferences) {
    using enum Presence;
    EXPECT_EQ(judge(item("x"), {}, {}).act, Verdict::Act::keep);
    EXPECT_EQ(judge(item("x", {"a"}), {solid}, {}).act, Verdict::Act::keep);
    const Verdict mixed = judge(item("x", {"a", "b", "c"}), {absent, solid, waiting}, {});
    EXPECT_EQ(mixed.act, Verdict::Act::drop_references);
    EXPECT_EQ(mixed.uids, (std::vector<std::string>{"a", "c"}));
}

TEST(Judge, RemovesAsTheFinalizersAndOwnersSay) {
    using enum Presence;
    EXPECT_EQ(judge(item("x", {"a"}), {absent}, {}).propagation, "Background");
    Item orphaning = item("x", {"a"});
    orphaning.orphans = true;
    EXPECT_EQ(judge(orphaning, {absent}, {}).propagation, "Orphan");
    Item slow = item("x", {"a"});
    slow.is_foreground = true;
    EXPECT_EQ(judge(slow, {absent}, {}).propagation, "Foreground");
    // An owner that waits passes its way on, but only if there is somebody to wait for.
    const Item dependent = item("y", {"x"});
    EXPECT_EQ(judge(item("x", {"a"}), {waiting}, {&dependent}).propagation, "Foreground");
    EXPECT_EQ(judge(item("x", {"a"}), {waiting}, {}).propagation, "Background");
}

TEST(Judge, ADependentThatWaitsAlreadyMayCloseACircle) {
    Item dependent = item("y", {"x"});
    dependent.is_deleting = true;
    dependent.is_foreground = true;
    EXPECT_EQ(judge(item("x", {"y"}), {Presence::waiting}, {&dependent}).act,
              Verdict::Act::unblock);
}

}  // namespace
}  // namespace weft::cluster
