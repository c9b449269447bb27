// cel/typed_test.cc: documents read with their schema, as kro and Kubernetes type them.

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"
#include "schema/open_api.h"

namespace weft::cel {
namespace {

constexpr std::string_view web_schema = R"({
  "type": "object",
  "properties": {
    "metadata": {"type": "object", "properties": {
      "name": {"type": "string"}, "namespace": {"type": "string"},
      "creationTimestamp": {"type": "string", "format": "date-time"}}},
    "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
    "spec": {"type": "object", "properties": {
      "replicas": {"type": "integer"},
      "ratio": {"type": "number"},
      "port": {"x-kubernetes-int-or-string": true},
      "dash-ed": {"type": "string"},
      "hosts": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
      "ports": {"type": "array", "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"], "items": {"type": "object", "properties": {
          "name": {"type": "string"}, "port": {"type": "integer"}}}},
      "containers": {"type": "array", "items": {"type": "object", "properties": {
        "image": {"type": "string"}}}},
      "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}})";

constexpr std::string_view web = R"({
  "metadata": {"name": "a", "namespace": "b", "creationTimestamp": "2026-01-02T03:04:05+01:00"},
  "data": {"key": "aGk="},
  "spec": {"replicas": 3.0, "ratio": 1, "port": "http", "dash-ed": "x", "hosts": ["p", "q"],
           "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
           "containers": [{"image": "nginx"}], "free": {"a": 1}}})";

class CelTyped : public testing::Test {
protected:
    CelTyped()
        : environment_(
              Environment::of(Profile::kro())
                  .extend()
                  .object("web", *schema::from_open_api(*parse_json(web_schema)), "__type_web")
                  .build()) {}

    std::string evaluate(std::string_view text, bool raw = false) {
        const Result<Ast> ast = environment_.compile(text);
        if (!ast) {
            return ast.error().details().causes[0].message;
        }
        const Program program = *environment_.program(*ast);
        Activation activation;
        raw ? activation.bind_raw("web", document_) : activation.bind("web", document_);
        Arena arena;
        return to_text(program.evaluate(activation, arena));
    }
    std::string type_of(std::string_view text) {
        const Result<Ast> ast = environment_.compile(text);
        return ast ? to_text(ast->result_type()) : ast.error().details().causes[0].message;
    }

    const weft::Value document_ = *parse_json(web);
    const Environment environment_;
};

TEST_F(CelTyped, TypesAreNamedByPath) {
    EXPECT_EQ(type_of("web"), "__type_web");
    EXPECT_EQ(type_of("web.spec.containers"), "list(__type_web.spec.containers.@idx)");
    EXPECT_EQ(type_of("web.spec.containers.map(c, c.image)"), "list(string)");
    EXPECT_EQ(type_of("web.data.key"), "bytes");
    EXPECT_EQ(type_of("web.spec.port"), "dyn");
    EXPECT_EQ(type_of("web.spec.free.any.thing"), "dyn");
    EXPECT_EQ(type_of("web.spec.nope"), "undefined field 'nope'");
    EXPECT_EQ(type_of("web.status"), "undefined field 'status'");
}

TEST_F(CelTyped, FormatsAreDecoded) {
    EXPECT_EQ(evaluate("web.data.key"), "b\"\\150\\151\"");
    EXPECT_EQ(evaluate("string(web.metadata.creationTimestamp)"), "\"2026-01-02T03:04:05+01:00\"");
    EXPECT_EQ(evaluate("web.metadata.creationTimestamp.getFullYear()"), "2026");
    EXPECT_EQ(evaluate("web.spec.replicas + 1"), "4");
    EXPECT_EQ(evaluate("web.spec.ratio + 0.5"), "1.5");
    EXPECT_EQ(evaluate("web.spec.port"), "\"http\"");
    EXPECT_EQ(evaluate("web.spec.free.a + 1"), "2");
}

TEST_F(CelTyped, NamesThatAreNoIdentifiersAreEscapedAndReservedWordsAreNot) {
    EXPECT_EQ(evaluate("web.spec.dash__dash__ed"), "\"x\"");
    EXPECT_EQ(evaluate("web.metadata.namespace"), "\"b\"");
    EXPECT_EQ(evaluate("web.metadata.__namespace__"), "\"b\"");
    EXPECT_EQ(type_of("web.spec.`dash-ed`"), "undefined field 'dash-ed'");
    for (const int minor : {30, 31}) {
        const Environment environment =
            Environment::of(Profile::kubernetes(minor))
                .extend()
                .object("self", *schema::from_open_api(*parse_json(web_schema)), "web")
                .build();
        EXPECT_EQ(environment.compile("self.metadata.namespace").has_value(), minor == 31);
        EXPECT_TRUE(environment.compile("self.metadata.__namespace__"));
    }
}

TEST_F(CelTyped, PresenceTakesNullForAbsent) {
    const weft::Value document = *parse_json(R"({"spec": {"replicas": null, "dash-ed": "x"}})");
    const auto holds = [&](std::string_view text) {
        const Program program = *environment_.program(*environment_.compile(text));
        Arena arena;
        return to_text(program.evaluate(Activation().bind("web", document), arena));
    };

    EXPECT_EQ(holds("has(web.spec.replicas)"), "false");
    EXPECT_EQ(holds("web.spec.replicas"), "no such key: replicas");
    EXPECT_EQ(holds("has(web.spec.dash__dash__ed)"), "true");
    EXPECT_EQ(holds("has(web.spec.ratio)"), "false");
    EXPECT_EQ(holds("has(web.metadata.name)"), "no such key: metadata");
    EXPECT_EQ(holds("web.spec.?ratio.orValue(1.5)"), "1.5");
}

TEST_F(CelTyped, EmbeddedResourcesHaveTheirNames) {
    const Environment environment =
        Environment::of(Profile::kubernetes(34))
            .extend()
            .object("self",
                    *schema::from_open_api(
                        *parse_json(R"({"type": "object", "x-kubernetes-embedded-resource": true,)"
                                    R"("properties": {"spec": {"type": "object"}}})")),
                    "root")
            .build();

    EXPECT_TRUE(environment.compile("self.metadata.name.startsWith(self.kind)"));
    EXPECT_FALSE(environment.compile("self.metadata.labels == self.spec"));
}

TEST_F(CelTyped, SetsCompareAndMergeWithoutOrder) {
    EXPECT_EQ(evaluate("web.spec.hosts == ['q', 'p']"), "true");
    EXPECT_EQ(evaluate("web.spec.hosts + ['q', 'r']"), "[\"p\", \"q\", \"r\"]");
    EXPECT_EQ(evaluate("['q', 'p'] == web.spec.hosts"), "false");
}

TEST_F(CelTyped, SumsOfMapListsAreMapLists) {
    constexpr std::string_view sum = "web.spec.ports + dyn([{'name': 'b', 'port': 3}])";
    EXPECT_EQ(evaluate(cat("(", sum, ").map(p, p.port)")), "[1, 3]");
    EXPECT_EQ(
        evaluate(cat("(", sum, ") == dyn([{'name': 'b', 'port': 3}, {'name': 'a', 'port': 1}])")),
        "true");
}

TEST_F(CelTyped, PresenceOfDataOfTheWrongShapeIsAnError) {
    const weft::Value document =
        *parse_json(R"({"metadata": [], "spec": {"hosts": {}, "port": true, "replicas": "3"}})");
    const auto holds = [&](std::string_view text) {
        const Program program = *environment_.program(*environment_.compile(text));
        Arena arena;
        return to_text(program.evaluate(Activation().bind("web", document), arena));
    };
    EXPECT_EQ(holds("has(web.metadata)"),
              "invalid data, expected a map for the provided schema with type=object");
    EXPECT_EQ(holds("has(web.spec.hosts)"),
              "invalid data, expected an array for the provided schema with type=array");
    EXPECT_EQ(holds("has(web.spec.port)"),
              "invalid data, expected XIntOrString value to be either a string or integer");
    EXPECT_EQ(holds("has(web.spec.replicas)"), "invalid data, expected int, got string");
}

TEST_F(CelTyped, RawDocumentsAreReadAsTheyAre) {
    EXPECT_EQ(evaluate("web.data.key == dyn('aGk=')", true), "true");
}

TEST_F(CelTyped, AMissingVariableIsPendingAndNamesItsPath) {
    const Program program = *environment_.program(*environment_.compile("web.spec.replicas"));
    Arena arena;

    const Value absent = program.evaluate({}, arena);

    EXPECT_EQ(to_text(absent), "no such attribute(s): web");
    EXPECT_TRUE(is_pending(absent.as_error()));
}

TEST_F(CelTyped, AMissingFieldIsPendingAndNamesItsPath) {
    const Program program = *environment_.program(*environment_.compile("web.spec.free.b"));
    Arena arena;

    const Value absent = program.evaluate(Activation().bind("web", document_), arena);

    EXPECT_EQ(to_text(absent), "no such key: b");
    EXPECT_TRUE(is_pending(absent.as_error()));
    EXPECT_EQ(failing_path(program, absent), "web.spec.free.b");
    EXPECT_EQ(located_text(program, absent),
              "ERROR: <input>:1:14: no such key: b\n"
              " | web.spec.free.b\n"
              " | .............^");
}

TEST_F(CelTyped, AFailingPathEndsWhereTheFirstFieldIsMissing) {
    for (const bool optimize : {true, false}) {
        for (const auto& [text, path] :
             {std::pair{"web.spec.free.b.c.d == 1", "web.spec.free.b"},
              {"web.spec.ports[0].name + web.spec.free.x.y", "web.spec.free.x"},
              {"web.spec.ports[5].name", "web.spec.ports[5]"}}) {
            const Program program =
                *environment_.program(*environment_.compile(text), {.optimize = optimize});
            Arena arena;
            const Value absent = program.evaluate(Activation().bind("web", document_), arena);
            EXPECT_EQ(failing_path(program, absent), path) << text;
        }
    }
}

TEST(CelKubernetes, LiteralsMustBeRightAndOfOneType) {
    const Environment environment = Environment::of(Profile::kubernetes(34));
    const auto mistake = [&](std::string_view text) {
        const Result<Ast> ast = environment.compile(text);
        return ast ? std::string() : ast.error().details().causes[0].message;
    };
    EXPECT_EQ(mistake("[1, 'a']"), "expected type 'int' but found 'string'");
    EXPECT_EQ(mistake("'a'.matches('[')"), "invalid matches argument");
    EXPECT_EQ(mistake("duration('1d') == duration('1s')"), "invalid duration argument");
    EXPECT_EQ(mistake("timestamp('x') == timestamp(0)"), "invalid timestamp argument");
    EXPECT_EQ(mistake("1 < 2.0"), "");
    ASSERT_FALSE(environment.program(*environment.compile("int('x') == 1")));
}

}  // namespace
}  // namespace weft::cel
