// graph/crd_test.cc: generated CRDs, their compatibility, spec hashes, conditions, ApplySets.

#include "graph/crd.h"

#include <gtest/gtest.h>

#include "graph/apply_set.h"
#include "graph/conditions.h"
#include "graph/crd_compatibility.h"
#include "graph/definition.h"
#include "graph/diagnostics.h"
#include "graph/labels.h"

namespace weft::graph {
namespace {

Value json(std::string_view text) {
    Result<Value> value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? *std::move(value) : Value();
}

Definition definition_of(std::string_view spec) {
    const Object object(
        Value::map_of({{"metadata", Value::map_of({{"name", "d"}})}, {"spec", json(spec)}}));
    Diagnostics diagnostics;
    Definition definition = parse_definition(object, &diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << to_text(diagnostics[0]);
    return definition;
}

TEST(Crd, HasKrosShape) {
    const Definition definition =
        definition_of(R"({"schema":{"kind":"WebPolicy","apiVersion":"v1alpha1"}})");

    Value crd = make_crd(definition, json(R"({"type":"object"})"), Value());
    set_crd_ownership(crd, "v1+x", "u-1", "d");

    EXPECT_EQ(crd.string_at("metadata", "name"), "webpolicies.kro.run");
    EXPECT_EQ(crd.string_at("metadata", "labels", "kro.run/kro-version"), "v1-x");
    EXPECT_EQ(crd.find("spec", "versions")->at(0).find("additionalPrinterColumns")->size(), 3U);
    const Value* status = crd.find("spec", "versions")
                              ->at(0)
                              .find("schema", "openAPIV3Schema", "properties", "status");
    EXPECT_TRUE(status->find("properties", "conditions", "items") != nullptr);
    EXPECT_EQ(crd_owner(crd, "d"), CrdOwner::this_definition);
    EXPECT_EQ(crd_owner(crd, "e"), CrdOwner::other_definition);
    EXPECT_EQ(crd_owner(Value::map(), "d"), CrdOwner::nobody);
}

TEST(CrdCompatibility, NamesThreeBreakingChangesAndCountsTheRest) {
    const Value before = json(
        R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"},
            "c":{"type":"integer","minimum":1},"d":{"type":"string","enum":["x","y"]}}})");
    const Value after = json(
        R"({"type":"object","required":["e"],"properties":{"b":{"type":"integer"},
            "c":{"type":"integer","minimum":2.5},"d":{"type":"string","enum":["x"]},
            "e":{"type":"string"}}})");

    EXPECT_EQ(compare_schemas(before, after).breaking_text(),
              "Property a was removed; Type changed from string to integer; Minimum was increased "
              "from 1 to 2.5; and 2 more changes");
    EXPECT_TRUE(compare_schemas(before, before).empty());
}

// kro's own text for a new required field calls it optional; clients match it.
TEST(CrdCompatibility, CallsANewRequiredFieldOptionalAsKroDoes) {
    const Value before = json(R"({"type":"object"})");
    const Value after =
        json(R"({"type":"object","required":["e"],"properties":{"e":{"type":"string"}}})");

    EXPECT_EQ(compare_schemas(before, after).breaking_text(), "Optional property e was added");
}

TEST(SpecHash, DoesNotSeeOrderAndDefaults) {
    const Value a = json(R"({"schema":{"kind":"A","apiVersion":"v1","spec":{"x":"string","a":1}},
        "resources":[{"id":"b","template":{"k":1}},{"id":"a","readyWhen":["y","x"]}]})");
    const Value b = json(R"({"schema":{"group":"kro.run","scope":"Namespaced","kind":"A",
        "apiVersion":"v1","spec":{"a":1.0,"x":"string"},"shortNames":[]},
        "resources":[{"id":"a","readyWhen":["x","y"],"includeWhen":[]},{"id":"b","template":{"k":1}}]})");
    Value c = b;
    c.mutable_member("schema").set("kind", "B");

    EXPECT_EQ(spec_hash(a), spec_hash(b));
    EXPECT_NE(spec_hash(a), spec_hash(c));
    EXPECT_EQ(spec_hash(a).size(), 16U);
}

TEST(SpecHash, IsThatOfKrosStructsAsJson) {
    const Value spec = json(R"({"schema":{"kind":"A","apiVersion":"v1"}})");

    // FNV-64a of {"schema":{"kind":"A","apiVersion":"v1","group":"kro.run","spec":null,…}}.
    const std::string text = R"({"schema":{"kind":"A","apiVersion":"v1","group":"kro.run",)"
                             R"("spec":null,"types":null,"status":null,"scope":"Namespaced"}})";
    std::string hex;
    const uint64_t hash = fnv64a(text);
    for (int shift = 60; shift >= 0; shift -= 4) {
        hex += "0123456789abcdef"[(hash >> shift) & 15];
    }
    EXPECT_EQ(spec_hash(spec), hex);
}

TEST(Conditions, StartUnknownAtCreationAndKeepTheRootLast) {
    const Object instance(
        json(R"({"metadata":{"generation":2,"creationTimestamp":"2026-01-01T00:00:00Z"}})"));
    const Time now = *parse_rfc3339("2026-01-01T00:01:00Z");
    ConditionSet set = instance_conditions(instance, now);

    set.set_true("InstanceManaged", "Managed", "");
    set.set_false("ResourcesReady", "NotReady", "db");

    ASSERT_EQ(set.all().size(), 4U);
    EXPECT_EQ(set.all()[0].type, "GraphResolved");
    EXPECT_EQ(set.all()[0].message, "condition \"GraphResolved\" is awaiting reconciliation");
    EXPECT_EQ(set.all()[3].type, "Ready");
    EXPECT_EQ(set.all()[3].status, "False");
    EXPECT_EQ(set.all()[3].reason, "NotReady");
    EXPECT_EQ(set.all()[3].last_transition, now);
}

TEST(Conditions, MoveTheTimeOnlyWithTheStatus) {
    const Object instance(
        json(R"({"metadata":{"generation":2,"creationTimestamp":"2026-01-01T00:00:00Z"}})"));
    const Time first = *parse_rfc3339("2026-01-01T00:01:00Z");
    const Time later = *parse_rfc3339("2026-01-01T00:02:00Z");
    ConditionSet set = instance_conditions(instance, first);
    set.set_true("InstanceManaged", "Managed", "");
    set.set_true("GraphResolved", "Resolved", "");
    set.set_true("ResourcesReady", "AllResourcesReady", "");
    EXPECT_TRUE(set.is_ready());
    EXPECT_EQ(set.find("Ready")->message, "");
    Object stored = instance;
    stored.mutable_value().mutable_member("status").set("conditions", to_value(set.all()));

    ConditionSet again = instance_conditions(stored, later);
    again.set_true("InstanceManaged", "Managed", "other words");
    again.set_false("ResourcesReady", "NotReady", "");

    EXPECT_EQ(again.find("InstanceManaged")->last_transition, first);
    EXPECT_EQ(again.find("ResourcesReady")->last_transition, later);
    EXPECT_FALSE(again.is_ready());
}

TEST(ApplySet, WritesAndTrustsItsInventory) {
    const Object instance(json(
        R"({"apiVersion":"kro.run/v1","kind":"Web","metadata":{"name":"a","namespace":"n"}})"));
    ApplySetScope scope;
    scope.id = apply_set_id(instance);
    scope.add({"apps", "v1", "Deployment"}, "n", "n");
    scope.add({"", "v1", "Secret"}, "other", "n");
    const Object patch = parent_patch(instance, scope, "v0.9.3");

    EXPECT_EQ(patch.annotation(annotation_group_kinds), "Deployment.apps,Secret");
    EXPECT_EQ(patch.annotation(annotation_namespaces), "other");
    EXPECT_TRUE(check_inventory(patch));
    EXPECT_EQ(recorded_scope(patch), scope);
    EXPECT_TRUE(has_scope(patch, scope, "v0.9.3"));

    Object forged = patch;
    forged.set_annotation(annotation_namespaces, "kube-system");
    EXPECT_TRUE(check_inventory(forged).error().message().contains("inventory-hash"));
    EXPECT_TRUE(scope.id.starts_with("applyset-"));
    EXPECT_EQ(scope.id.size(), 9U + 43U + 3U);
}

TEST(Diagnostics, EachHasACure) {
    for (const DiagnosticEntry& entry : diagnostic_entries()) {
        EXPECT_FALSE(entry.cure.empty()) << entry.id;
    }
    EXPECT_EQ(find_diagnostic_entry("G999"), nullptr);
}

}  // namespace
}  // namespace weft::graph
