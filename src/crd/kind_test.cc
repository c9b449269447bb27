// crd/kind_test.cc: what a Kind does to objects.

#include <gtest/gtest.h>

#include "crd/crd.h"
#include "object/json.h"

namespace weft::crd {
namespace {

Value json(std::string_view text) {
    Result<Value> value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? std::move(*value) : Value();
}

Value definition_of(std::string_view schema, std::string_view rest = "{}") {
    Value version = json(rest);
    version.set("name", Value("v1"));
    version.set("served", Value(true));
    version.set("storage", Value(true));
    version.set("schema", Value::map_of({{"openAPIV3Schema", json(schema)}}));
    Value definition = json(R"({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced",
                 "names": {"plural": "widgets", "kind": "Widget"}}})");
    definition.mutable_member("spec").set("versions", Value::list_of({std::move(version)}));
    apply_defaults(definition);
    prepare_create(definition);
    return definition;
}

std::shared_ptr<const Kind> kind_of(const Value& definition) {
    EXPECT_EQ(schema::aggregate_text(validate_create(definition)), "");
    auto kind = Kind::make(definition, "v1");
    EXPECT_TRUE(kind);
    return kind ? std::move(*kind) : nullptr;
}

constexpr std::string_view shop = R"({"type": "object", "properties": {"spec": {
    "type": "object", "properties": {
        "a": {"type": "integer", "default": 3},
        "b": {"type": "string", "maxLength": 20,
              "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed"}]}},
    "x-kubernetes-validations": [{"rule": "self.a < 10", "message": "too many"}]}}})";

TEST(Kind, PrunesDefaultsAndNamesWhatIsUnknown) {
    const auto kind = kind_of(definition_of(shop));
    Value object = json(R"({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w", "odd": 1}, "spec": {"c": 1}, "top": 2})");

    std::vector<std::string> unknown;
    ASSERT_TRUE(kind->decode(object, &unknown));

    EXPECT_EQ(to_json(*object.find("spec")), R"({"a":3})");
    EXPECT_EQ(unknown, (std::vector<std::string>{"metadata.odd", "spec.c", "top"}));
}

TEST(Kind, EvaluatesRulesAndTransitionRules) {
    const auto kind = kind_of(definition_of(shop));
    const Value old = json(R"({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w"}, "spec": {"a": 1, "b": "x"}})");
    const Value changed = json(R"({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w"}, "spec": {"a": 12, "b": "y"}})");

    EXPECT_EQ(schema::aggregate_text(kind->validate_create(old)), "");
    EXPECT_EQ(schema::aggregate_text(kind->validate_create(changed)),
              "spec: Invalid value: too many");
    EXPECT_EQ(schema::aggregate_text(kind->validate_update(changed, old)),
              "[spec: Invalid value: too many, spec.b: Invalid value: \"y\": fixed]");
}

TEST(Kind, LetsPassOnUpdateWhatWasWrongBefore) {
    const auto kind = kind_of(definition_of(shop));
    const Value wrong = json(R"({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w"}, "spec": {"a": 12}})");

    EXPECT_EQ(schema::aggregate_text(kind->validate_update(wrong, wrong)), "");
}

TEST(Kind, KeepsStatusToItsSubresource) {
    const auto kind = kind_of(definition_of(
        R"({"type": "object", "properties": {"spec": {"type": "object"},
            "status": {"type": "object", "properties": {"n": {"type": "integer",
                                                              "maximum": 5}}}}})",
        R"({"subresources": {"status": {}}})"));
    const Value old = json(R"({"metadata": {"name": "w", "generation": 4}, "spec": {},
                               "status": {"n": 1}})");
    Value update = json(R"({"metadata": {"name": "w"}, "spec": {}, "status": {"n": 9}})");

    kind->prepare_update(update, old);
    EXPECT_EQ(to_json(update),
              R"({"metadata":{"name":"w","generation":4},"spec":{},"status":{"n":1}})");

    Value status = json(R"({"metadata": {"name": "w"}, "spec": {"x": 1}, "status": {"n": 9}})");
    kind->prepare_status_update(status, old);
    EXPECT_EQ(schema::aggregate_text(kind->validate_status_update(status, old)),
              "status.n: Invalid value: 9: n in body should be less than or equal to 5");
}

TEST(Kind, ReadsAndWritesScale) {
    const auto kind =
        kind_of(definition_of(R"({"type": "object", "x-kubernetes-preserve-unknown-fields": true})",
                              R"({"subresources": {"scale": {"specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}}})"));
    const Value object = json(R"({"metadata": {"name": "w"}, "spec": {"replicas": 2},
                                  "status": {"selector": "a=b"}})");

    const auto scale = kind->scale_of(object);
    ASSERT_TRUE(scale);
    EXPECT_EQ(to_json(*scale),
              R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"w"},)"
              R"("spec":{"replicas":2},"status":{"replicas":0,"selector":"a=b"}})");
    Value wanted = *scale;
    wanted.mutable_member("spec").set("replicas", Value(7));
    const auto scaled = kind->with_scale(object, wanted);
    ASSERT_TRUE(scaled);
    EXPECT_EQ(scaled->int_at(0, "spec", "replicas"), 7);
    EXPECT_EQ(kind->scale_of(Value::map()).error().message(),
              "Internal error occurred: the spec replicas field \".spec.replicas\" does not exist");
}

TEST(Definition, IsEstablishedInOneStepUnlessItsNamesAreTaken) {
    Value first = definition_of(shop);
    EXPECT_TRUE(update_status(first, {}, Time{}));
    EXPECT_TRUE(is_established(first));
    EXPECT_FALSE(update_status(first, {}, Time{}));

    Value second = definition_of(shop);
    second.mutable_member("spec").mutable_member("names").set("plural", Value("gadgets"));
    const Value* others[] = {&first};
    EXPECT_TRUE(update_status(second, others, Time{}));
    EXPECT_FALSE(is_established(second));
    EXPECT_EQ(find_condition(second, "NamesAccepted")->string_at("reason"), "ListKindConflict");
    EXPECT_EQ(find_condition(second, "Established")->string_at("reason"), "NotAccepted");
}

}  // namespace
}  // namespace weft::crd
