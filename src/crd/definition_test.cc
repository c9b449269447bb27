// crd/definition_test.cc: what a definition may say, in upstream's words and places.

#include "crd/definition.h"

#include <gtest/gtest.h>

#include "object/json.h"

namespace weft::crd {
namespace {

// A definition with this schema of `spec.a`.
Value definition_with(std::string_view schema_of_a) {
    Result<Value> definition = parse_json(cat(R"({"metadata": {"name": "widgets.example.com"},
                "spec": {"group": "example.com", "scope": "Cluster",
                         "names": {"plural": "widgets", "kind": "Widget"},
                         "versions": [{"name": "v1", "served": true, "storage": true,
                                       "schema": {"openAPIV3Schema": {"type": "object",
                                                  "properties": {"a": )",
                                              schema_of_a, "}}}}]}}"));
    EXPECT_TRUE(definition) << schema_of_a;
    Value out = definition ? std::move(*definition) : Value::map();
    apply_defaults(out);
    prepare_create(out);
    return out;
}

std::string errors_of(std::string_view schema_of_a) {
    return schema::aggregate_text(validate_create(definition_with(schema_of_a)));
}

constexpr std::string_view at = "spec.validation.openAPIV3Schema.properties[a]";

TEST(Definition, FillsInNamesAndConversion) {
    const Value definition = definition_with(R"({"type": "string"})");

    EXPECT_EQ(
        to_json(*definition.find("spec", "names")),
        R"({"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"})");
    EXPECT_EQ(definition.string_at("spec", "conversion", "strategy"), "None");
    EXPECT_EQ(to_json(*definition.find("status", "storedVersions")), R"(["v1"])");
}

TEST(Definition, WantsATypeEverywhereOutsideOfConditions) {
    EXPECT_EQ(errors_of("{}"),
              cat(at, ".type: Required value: must not be empty for specified object fields"));
    EXPECT_EQ(errors_of(R"({"type": "string", "anyOf": [{"type": "string"}]})"),
              cat(at, ".anyOf[0].type: Forbidden: must be empty to be structural"));
}

TEST(Definition, TakesIntegersOrTextsInTheirTwoForms) {
    EXPECT_EQ(errors_of(R"({"x-kubernetes-int-or-string": true,
                            "anyOf": [{"type": "integer"}, {"type": "string"}]})"),
              "");
    EXPECT_EQ(errors_of(R"({"x-kubernetes-int-or-string": true,
                            "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]},
                                      {"minimum": 1}]})"),
              "");
}

TEST(Definition, WantsDefaultsToFitAndToBePruned) {
    EXPECT_EQ(errors_of(R"({"type": "integer", "default": "x"})"),
              cat(at, R"(.default: Invalid value: "string":  in body must be of type integer: )",
                  R"("string")"));
    EXPECT_EQ(errors_of(R"({"type": "object", "properties": {"b": {"type": "string"}},
                            "default": {"c": 1}})"),
              cat(at, R"(.default: Invalid value: {"c":1}: must not have unknown fields)"));
}

TEST(Definition, RefusesRulesOfTheWrongTypeOrTooDear) {
    EXPECT_EQ(errors_of(R"({"type": "integer", "x-kubernetes-validations": [{"rule": "self"}]})"),
              cat(at, R"(.x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self",)",
                  R"("Message":"","MessageExpression":"","Reason":null,"FieldPath":"",)",
                  R"("OptionalOldSelf":null}: cel expression must evaluate to a bool)"));
    EXPECT_TRUE(errors_of(R"json({"type": "array", "items": {"type": "string"},
                                  "x-kubernetes-validations": [{"rule":
                                      "self.all(x, self.all(y, x == y))"}]})json")
                    .contains("estimated rule cost exceeds budget by factor of more than 100x"));
}

TEST(Definition, KeepsNamesOnceTheyAreEstablished) {
    Value old = definition_with(R"({"type": "string"})");
    old.mutable_member("status").set(
        "conditions", Value::list_of({Value::map_of(
                          {{"type", Value("Established")}, {"status", Value("True")}})}));
    Value changed = old;
    changed.mutable_member("spec").mutable_member("names").set("kind", Value("Gadget"));

    EXPECT_EQ(schema::aggregate_text(validate_update(changed, old)),
              R"(spec.names.kind: Invalid value: "Gadget": field is immutable)");
}

}  // namespace
}  // namespace weft::crd
