// graph/diagnostics_test.cc: each entry's example has that mistake and no other; mistakes do not
// hide each other.

#include "graph/diagnostics.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "graph/compile.h"

namespace weft::graph {
namespace {

Diagnostics compile_text(std::string_view text) {
    const Result<std::vector<YamlDocument>> documents = parse_yaml(text);
    EXPECT_TRUE(documents) << text;
    CompileContext context;
    context.find_kind = builtin_kind_facts;
    context.allow_unknown_kinds = true;
    Diagnostics told;
    const Definition definition = parse_definition(Object((*documents)[0].value), &told);
    const Diagnostics more = compile(definition, context).diagnostics;
    told.insert(told.end(), more.begin(), more.end());
    return told;
}

// "G003 spec.resources[0].id", …, in the order in which they were told.
std::vector<std::string> places(const Diagnostics& diagnostics) {
    std::vector<std::string> out;
    for (const Diagnostic& diagnostic : diagnostics) {
        out.push_back(cat(diagnostic.id, " ", diagnostic.path));
    }
    return out;
}

// Every id there ever was, so that none is lost or used for something else.
constexpr std::string_view of_one_definition[] = {
    "G001", "G002", "G003", "G004", "G005", "G006", "G007", "G008", "G009",
    "G010", "G011", "G012", "G013", "G014", "G015", "G016", "G017", "G018",
    "G019", "G020", "G021", "G022", "G023", "G024", "G025", "G026", "G030"};
// Those that files have, several definitions together, or a budget: tests/clients/diagnostics.sh.
constexpr std::string_view of_more[] = {"F001", "F002", "F003", "G027", "G028", "G029"};

TEST(Diagnostics, EachExampleHasExactlyThatMistake) {
    EXPECT_EQ(diagnostic_entries().size(), std::size(of_one_definition) + std::size(of_more));
    for (const std::string_view id : of_more) {
        EXPECT_NE(find_diagnostic_entry(id), nullptr) << id;
    }
    for (const DiagnosticEntry& entry : diagnostic_entries()) {
        EXPECT_FALSE(entry.cure.empty()) << entry.id;
        EXPECT_FALSE(entry.why.empty()) << entry.id;
        // Several definitions or a budget are the business of whoever compiles them.
        const bool is_of_one =
            entry.id[0] == 'G' && entry.id != "G027" && entry.id != "G028" && entry.id != "G029";
        if (!is_of_one) {
            continue;
        }
        const Diagnostics told = compile_text(example_file(entry));
        ASSERT_EQ(told.size(), 1U) << entry.id << " " << testing::PrintToString(places(told));
        EXPECT_EQ(told[0].id, entry.id) << told[0].message;
        EXPECT_EQ(told[0].severity, entry.severity) << entry.id;
    }
}

TEST(Diagnostics, IndependentMistakesAreToldTogetherAndNoneThatFollows) {
    const Diagnostics told = compile_text(R"(apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: many}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Many
    spec:
      count: int
      name: string
    status:
      first: ${Web.metadata.name}
      second: ${gone.metadata.name}
  resources:
    - id: Web
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.spec.count}"}
        dta: {}
    - id: api
      readyWhen: ["${api.spec.replicas}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "${schema.spec.nam}"}
        spec:
          replica: 2
          paused: ${Web.metadata.name}
)");
    EXPECT_EQ(
        places(told),
        (std::vector<std::string>{
            "G003 spec.resources[0].id", "G005 spec.schema.spec.count",
            "G012 spec.resources[0].template.dta", "G012 spec.resources[1].template.spec.replica",
            "G030 spec.resources[1].template.spec", "G016 spec.resources[1].template.metadata.name",
            "G017 spec.resources[1].template.spec.paused", "G018 spec.resources[1].readyWhen[0]",
            "G014 spec.schema.status.second"}));
}

TEST(Diagnostics, WhatReadsABrokenResourceIsNotToldAgain) {
    const Diagnostics told = compile_text(R"(apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: many}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Many
    status:
      a: ${web-app.metadata.name}
      b: ${twice.data.x}
      c: ${broken.spec.whatever}
  resources:
    - id: web-app
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
    - id: twice
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
    - id: twice
      template: {apiVersion: v1, kind: Secret, metadata: {name: c}}
    - id: broken
      template: 7
    - id: each
      readyWhen: ["${each.metadata.name == 'x'}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
    - id: items
      forEach:
        - web-zone: ${['a']}
        - twice: ${[1]}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${web-zone}-${twice}"}}
)");
    EXPECT_EQ(places(told),
              (std::vector<std::string>{"G001 spec.resources[3].template",
                                        "G003 spec.resources[0].id", "G003 spec.resources[2].id",
                                        "G003 spec.resources[4].id", "G003 spec.resources[5].id",
                                        "G004 spec.resources[5].forEach[0].web-zone",
                                        "G004 spec.resources[5].forEach[1].twice"}));
}

TEST(Diagnostics, ASuggestionStandsInFrontOfTheCure) {
    const Diagnostics told = compile_text(example_file(*find_diagnostic_entry("G026")));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].cure.starts_with("did you mean \"readyWhen\"? ")) << told[0].cure;
}

TEST(Diagnostics, AnExpressionIsPointedAtInsideItsText) {
    const Diagnostics told = compile_text(R"(apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: one}
spec:
  schema: {apiVersion: v1alpha1, kind: One}
  resources:
    - id: a
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: 'a-${"}"}-${gone}'}}
)");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].offset, std::string_view("a-${\"}\"}-${").size());
}

}  // namespace
}  // namespace weft::graph
