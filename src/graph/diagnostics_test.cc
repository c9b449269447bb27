// graph/diagnostics_test.cc: for each diagnostic a definition that has the mistake.

#include "graph/diagnostics.h"

#include <gtest/gtest.h>
#include <set>

#include "graph/compile.h"

namespace weft::graph {
namespace {

struct Mistake {
    std::string_view id;
    std::string_view path;  // where it is told
    std::string_view spec;
};

constexpr Mistake mistakes[] = {
    {"G001", "spec.resources[0].readyWhen", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, readyWhen: x}]
)"},
    {"G002", "spec.schema.kind", "schema: {kind: a, apiVersion: v1}"},
    {"G003", "spec.resources[0].id", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: each}]
)"},
    {"G004", "spec.resources[0].forEach[0]", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, forEach: [{a: "${[1]}"}]}]
)"},
    {"G005", "spec.schema.spec.a", "schema: {kind: A, apiVersion: v1, spec: {a: int}}"},
    {"G006", "spec.resources[0]", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a}]
)"},
    {"G007", "spec.resources[1]", R"(
schema: {kind: A, apiVersion: v1}
resources:
- {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b.metadata.name}"}}}
- {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${a.metadata.name}"}}}
)"},
    {"G008", "spec.resources[0].template", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, metadata: {}}}]
)"},
    {"G009", "spec.resources[0].template.kind", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: x.y/v1, kind: Z, metadata: {}}}]
)"},
    {"G010", "spec.resources[0].template.metadata", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: Namespace, metadata: {namespace: b}}}]
)"},
    {"G011", "spec.resources[0].template.metadata", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: Secret, metadata: {labels: {kro.run/b: c}}}}]
)"},
    {"G012", "spec.resources[0].template.date", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {}, date: {}}}]
)"},
    {"G013", "spec.resources[0].includeWhen[0]", R"(
schema: {kind: A, apiVersion: v1}
resources:
- {id: a, includeWhen: ["x ${true}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {}}}
)"},
    {"G014", "spec.resources[0].template.metadata.name", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b.c}"}}}]
)"},
    {"G015", "spec.resources[0].template.metadata.name", R"(
schema: {kind: A, apiVersion: v1}
resources:
- id: a
  forEach: [{b: "${['c']}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
)"},
    {"G016", "spec.resources[0].template.metadata.name", R"(
schema: {kind: A, apiVersion: v1}
resources:
- {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.b}"}}}
)"},
    {"G017", "spec.resources[0].template.metadata.name", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${1}"}}}]
)"},
    {"G018", "spec.resources[0].readyWhen[0]", R"(
schema: {kind: A, apiVersion: v1}
resources:
- id: a
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
  readyWhen: ["${a.metadata.name}"]
)"},
    {"G019", "spec.resources[0].forEach[0]", R"(
schema: {kind: A, apiVersion: v1}
resources:
- id: a
  forEach: [{b: "${'c'}"}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b}"}}
)"},
    {"G020", "spec.resources[0].template.metadata.name", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${omit()}"}}}]
)"},
    {"G021", "spec.schema.status.a", "schema: {kind: A, apiVersion: v1, status: {a: b}}"},
    {"G022", "spec.schema.status.a", "schema: {kind: A, apiVersion: v1, status: {a: '${1}'}}"},
    {"G023", "spec.schema.status.conditions",
     "schema: {kind: A, apiVersion: v1, status: {conditions: a}}"},
    {"G024", "spec.resources[0].forEach", R"(
schema: {kind: A, apiVersion: v1}
resources: [{id: a, forEach: [{b: x}, {c: x}, {d: x}]}]
)"},
};

TEST(Diagnostics, EachIsToldOfADefinitionThatHasTheMistake) {
    std::set<std::string_view> seen;
    for (const Mistake& mistake : mistakes) {
        seen.insert(mistake.id);
        const Result<Value> spec = parse_yaml_value(mistake.spec);
        ASSERT_TRUE(spec) << mistake.id;
        const Object object(
            Value::map_of({{"metadata", Value::map_of({{"name", "a"}})}, {"spec", *spec}}));
        CompileContext context;
        context.find_kind = builtin_kind_facts;
        context.collection_dimensions = 2;
        Diagnostics diagnostics;
        const Definition definition = parse_definition(object, &diagnostics);
        if (diagnostics.empty()) {
            diagnostics = compile(definition, context).diagnostics;
        }
        ASSERT_FALSE(diagnostics.empty()) << mistake.id;
        EXPECT_EQ(diagnostics[0].id, mistake.id) << diagnostics[0].message;
        EXPECT_EQ(diagnostics[0].path, mistake.path) << diagnostics[0].message;
        EXPECT_FALSE(diagnostics[0].cure.empty()) << mistake.id;
    }
    EXPECT_EQ(seen.size(), diagnostic_entries().size());
}

}  // namespace
}  // namespace weft::graph
