// cel/cel_test.cc: expressions through the front door.

#include "cel/cel.h"

#include <gtest/gtest.h>

#include "object/json.h"

namespace weft::cel {
namespace {

// What an expression gives over `o` and `x`, as text; errors as "ERR: …", checking as the message.
std::string evaluate(const Environment& environment, std::string_view text, bool optimize = true) {
    static const weft::Value o = *parse_json(
        R"({"s":"hello","i":3,"d":2.5,"n":null,"l":[1,2,"x"],"m":{"a":1,"b-c":2},"t":true,)"
        R"("e":{},"el":[]})");
    const Result<Ast> ast = environment.compile(text);
    if (!ast) {
        return cat("CHECK: ", ast.error().details().causes.empty()
                                  ? ast.error().message()
                                  : ast.error().details().causes[0].message);
    }
    const Result<Program> program = environment.program(*ast, {.optimize = optimize});
    if (!program) {
        return cat("PLAN: ", program.error().message());
    }
    Arena arena;
    const Value value =
        program->evaluate(Activation().bind("o", o).bind("x", Value::integer(7)), arena);
    return value.is_error() ? cat("ERR: ", to_text(value)) : to_text(value);
}

const Environment& kro() {
    static const Environment environment = Environment::of(Profile::kro())
                                               .extend()
                                               .variable("o", &types::dyn)
                                               .variable("x", &types::integer)
                                               .build();
    return environment;
}

struct Case {
    std::string_view expression;
    std::string_view expected;
};

void expect_all(const Environment& environment, std::span<const Case> cases) {
    for (const Case& test : cases) {
        EXPECT_EQ(evaluate(environment, test.expression), test.expected) << test.expression;
        EXPECT_EQ(evaluate(environment, test.expression, false), test.expected)
            << test.expression << " (not optimised)";
    }
}

TEST(Cel, NumbersFollowGo) {
    constexpr Case cases[] = {
        {"1 + 2 * 3", "7"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-(-9223372036854775808)", "ERR: integer overflow"},
        {"9223372036854775808", "CHECK: invalid int literal"},
        {"7u - 8u", "ERR: unsigned integer overflow"},
        {"-7 / 2", "-3"},
        {"-7 % 2", "-1"},
        {"5 / 0", "ERR: division by zero"},
        {"5 % 0", "ERR: modulus by zero"},
        {"0.0/0.0 == 0.0/0.0", "false"},
        {"0.0/0.0 < 1.0", "ERR: NaN values cannot be ordered"},
        {"dyn(9007199254740993) == 9007199254740992.0", "true"},
        {"int(' 1')", "ERR: type conversion error from 'string' to 'int'"},
        {"int('+5')", "5"},
        {"double('0x1p-2')", "0.25"},
        {"string(1000000.0)", "\"1e+06\""},
        {"string(0.00001)", "\"1e-05\""},
        {"1 == 1u", "CHECK: found no matching overload for '_==_' applied to '(int, uint)'"},
        {"1 < 2.0", "CHECK: found no matching overload for '_<_' applied to '(int, double)'"},
        {"o.d + 1", "ERR: no such overload"},
    };
    expect_all(kro(), cases);
}

TEST(Cel, ErrorsAreAbsorbedWhereTheOtherOperandDecides) {
    constexpr Case cases[] = {
        {"1/0 > 0 || true", "true"},
        {"1/0 > 0 || false", "ERR: division by zero"},
        {"1/0 > 0 && false", "false"},
        {"dyn('a') || true", "true"},
        {"dyn('a') || false", "ERR: no such overload"},
        {"[0, 1].exists(i, 4/i == 4)", "true"},
        {"[0, 1].all(i, 4/i == 4)", "ERR: division by zero"},
        {"[0, 2].all(i, 4/i == 4)", "false"},
        {"[1, 0].exists_one(i, 4/i == 4)", "ERR: division by zero"},
        {"(1/0 > 0) ? 1 : 2", "ERR: division by zero"},
    };
    expect_all(kro(), cases);
}

TEST(Cel, SelectingTellsWhatIsMissingAsCelGoDoes) {
    constexpr Case cases[] = {
        {"has(o.m.a)", "true"},
        {"has(o.zz.a)", "ERR: no such key: zz"},
        {"has(o.s.a)", "false"},
        {"has(o.l.a)", "ERR: unsupported index type 'string' in list"},
        {"o.s.a", "ERR: no such key: a"},
        {"o.l[3]", "ERR: index out of bounds: 3"},
        {"o.l[-1]", "ERR: index out of bounds: -1"},
        {"o.l[1.0]", "2"},
        {"o.l[1.5]", "ERR: unsupported index value 1.5 in list"},
        {"o.m['b-c']", "2"},
        {"o.m.`b-c`", "2"},
        {"o.m[1]", "ERR: no such key: 1"},
        {"nosuch", "CHECK: undeclared reference to 'nosuch' (in container '')"},
        {"o.?zz.?a.orValue(0)", "0"},
        {"o.?m.?a", "optional.of(1)"},
        {"o.?n", "optional.of(null)"},
        {"o.?m.a", "optional.of(1)"},
        {"o.?m.zz", "optional.none()"},
        {"o.?m.?a.zz", "optional.none()"},
        {"o.zz.?a", "ERR: no such key: zz"},
        {"o.m.?a", "optional.of(1)"},
        {"o.?s.?a", "optional.none()"},
        {"o.?l.?a", "ERR: unsupported index type 'string' in list"},
        {"optional.of(o).m.?a", "optional.of(1)"},
        {"optional.of(o).?m['a'].value()", "1"},
        {"{'k': optional.of(o)}.k.?m.a.orValue(0)", "1"},
        {"optional.none().value()", "ERR: optional.none() dereference"},
        {"o.?l[0]", "optional.of(1)"},
        {"has(o)", "CHECK: invalid argument to has() macro"},
    };
    expect_all(kro(), cases);
}

TEST(Cel, KubernetesWantsItemsOfOneType) {
    const Environment environment =
        Environment::of(Profile::kubernetes(36)).extend().variable("o", &types::dyn).build();
    constexpr Case cases[] = {
        {"[1, 'a']", "CHECK: expected type 'int' but found 'string'"},
        {"[o.i, 1]", "CHECK: expected type 'dyn' but found 'int'"},
        {"[?o.?zz, 1]", "CHECK: expected type 'dyn' but found 'int'"},
        {"{'a': 1, 'b': o.i}", "CHECK: expected type 'int' but found 'dyn'"},
        {"{'a': o.i, 'b': o.s}", "{\"a\": 3, \"b\": \"hello\"}"},
        {"[[], [1]]", "[[], [1]]"},
        {"'%s %d'.format(['a', 1])", "\"a 1\""},
    };
    expect_all(environment, cases);
}

TEST(Cel, KubernetesRefusesWhatItsCelGoRefuses) {
    const Environment environment =
        Environment::of(Profile::kubernetes(36)).extend().variable("o", &types::dyn).build();
    constexpr Case cases[] = {
        {"int('x')", "PLAN: type conversion error from 'string' to 'int'"},
        {"string(null)", "PLAN: no such overload: string(null_type)"},
        {"o.`b`", "CHECK: unsupported syntax: '`'"},
        {"o.true", "CHECK: Syntax error: mismatched input 'true' expecting IDENTIFIER"},
    };
    for (const Case& test : cases) {
        EXPECT_EQ(evaluate(environment, test.expression), test.expected) << test.expression;
    }
}

TEST(Cel, ValuesPrintAsCelGoPrintsThem) {
    constexpr Case cases[] = {
        {"5.0 / 0.0", "double(\"Infinity\")"},
        {"-5.0 / 0.0", "double(\"-Infinity\")"},
        {"0.0 / 0.0", "double(\"NaN\")"},
        {"double(9223372036854775807)", "9223372036854776000.0"},
        {"1e-7", "0.0000001"},
        {"b'hi'", "b\"\\150\\151\""},
    };
    expect_all(kro(), cases);
}

TEST(Cel, MacrosBindTheirVariables) {
    constexpr Case cases[] = {
        {"[1].exists(x, .x == 7)", "true"},
        {"[1,2,3].map(i, i > 1, i * 2)", "[4, 6]"},
        {"[1,2,3].filter(i, i % 2 == 1)", "[1, 3]"},
        {"{1: 2, 3: 4}.map(k, k)", "[1, 3]"},
        {"[{'a':x,'b':x,'c':x,'d':x,'e':x,'f':x,'g':x,'h':x,'i':8,'j':x}][0].i", "8"},
        {"[{'a':x,'a':2}][0].a", "2"},
        {"cel.bind(x, 1, cel.bind(x, 2, x) + x)", "3"},
        {"[1,2,3].transformList(i, v, i * v)", "[0, 2, 6]"},
        {"{'a':1}.transformMap(k, v, v + 1)", "{\"a\": 2}"},
        {"[1,2,3].transformMapEntry(i, v, {v: i})", "{1: 0, 2: 1, 3: 2}"},
        {"[1,1].transformMapEntry(i, v, {v: i})", "ERR: insert failed: key 1 already exists"},
        {"optional.of(1).optMap(v, v + 1)", "optional.of(2)"},
        {"[1].map(__result__, 1)", "CHECK: iteration variable overwrites accumulator variable"},
        {"'abc'.exists(c, true)",
         "CHECK: expression of type 'string' cannot be range of a comprehension (must be list, "
         "map, or dynamic)"},
    };
    expect_all(kro(), cases);
}

TEST(Cel, TimesAreGo) {
    constexpr Case cases[] = {
        {"string(duration('1h30m'))", "\"5400s\""},
        {"string(timestamp('2020-01-01T00:00:00.5+02:00'))", "\"2020-01-01T00:00:00.5+02:00\""},
        {"timestamp('2020-01-01T00:00:00Z').getHours('-05:30')", "18"},
        {"timestamp('2020-01-01T00:00:00Z').getHours('Nope/Zone')",
         "ERR: unknown time zone Nope/Zone"},
        {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "ERR: timestamp overflow"},
        {"duration('2562047h47m16.854775807s') + duration('1ns')", "ERR: integer overflow"},
        {"timestamp('2020-01-01T00:00:00Z').getDayOfWeek()", "3"},
    };
    expect_all(kro(), cases);
}

TEST(Cel, MistakesShowTheirPlaceAllAtOnce) {
    const Result<Ast> ast = kro().compile("1 + y > 0\n && z");

    ASSERT_FALSE(ast);
    EXPECT_EQ(ast.error().message(),
              "ERROR: <input>:1:5: undeclared reference to 'y' (in container '')\n"
              " | 1 + y > 0\n"
              " | ....^\n"
              "ERROR: <input>:2:5: undeclared reference to 'z' (in container '')\n"
              " |  && z\n"
              " | ....^");
}

TEST(Cel, DeepExpressionsAreRefused) {
    EXPECT_FALSE(kro().parse(std::string(300, '(') + "1" + std::string(300, ')')));
    EXPECT_FALSE(kro().parse("1" + replace_all(std::string(300, '+'), "+", "+1")));
    // Chains inside chains: each is short, the tree is deep.
    std::string deep = "1";
    for (int i = 0; i < 200; ++i) {
        deep = cat("(", deep, replace_all(std::string(100, '+'), "+", "+1"), ")");
    }
    EXPECT_FALSE(kro().parse(deep));
    std::string tall = "1";
    for (int i = 0; i < 150; ++i) {
        tall = cat("(", tall, replace_all(std::string(10, '+'), "+", "+1"), ")");
    }
    EXPECT_EQ(evaluate(kro(), tall), "1501");
    EXPECT_TRUE(kro().parse("true" + replace_all(std::string(3000, '|'), "|", " || true")));
}

TEST(Cel, LoopsInLoopsEnd) {
    const weft::Value many =
        *parse_json(cat("[1", replace_all(std::string(99, ','), ",", ",1"), "]"));
    const Environment environment =
        Environment::of(Profile::kro()).extend().variable("l", "list(int)").build();
    const Program program = *environment.program(
        *environment.compile("l.all(a, l.all(b, l.exists(c, l.exists_one(d, d < 0))))"));
    Arena arena;

    const Outcome outcome =
        program.evaluate(Activation().bind("l", many), arena, {.turns_max = 10'000});

    EXPECT_EQ(to_text(outcome.value), "operation interrupted: more than 10000 turns of loops");
}

TEST(Cel, HugeResultsEndAtTheLimitOfMemory) {
    std::string doubled = "'0123456789abcdef'";
    for (int i = 0; i < 40; ++i) {
        doubled = cat("cel.bind(x, ", doubled, ", x + x)");
    }
    constexpr Case cases[] = {
        {"lists.range(9999999).map(x, [x, x, x]).size()", "ERR: memory limit exceeded"},
        {"lists.range(10000001)",
         "ERR: lists.range: size 10000001 exceeds maximum allowed (10000000)"},
    };
    EXPECT_EQ(evaluate(kro(), doubled), "ERR: memory limit exceeded");
    EXPECT_EQ(evaluate(kro(), cases[0].expression), cases[0].expected);
    EXPECT_EQ(evaluate(kro(), cases[1].expression), cases[1].expected);
    EXPECT_EQ(evaluate(kro(), "'x'.matches('((a{100}){100}){100}')").substr(0, 27),
              "ERR: error parsing regexp: ");
}

TEST(Cel, ReferencesLeaveLoopVariablesOut) {
    const Ast ast =
        *kro().parse("schema.spec.list.map(i, i.name + web.status.url) + [optional.of(a.?b.c)]");

    const References references = kro().references(ast);

    std::vector<std::string> identifiers;
    for (const FreeIdentifier& identifier : references.identifiers) {
        identifiers.push_back(identifier.text());
    }
    EXPECT_EQ(identifiers,
              (std::vector<std::string>{"schema.spec.list", "web.status.url", "a.b.c"}));
    ASSERT_EQ(references.functions.size(), 1U);
    EXPECT_EQ(references.functions[0].name, "optional.of");
}

TEST(Cel, ATreeAsTextParsesToTheSameTree) {
    constexpr std::string_view texts[] = {
        "a.b[0].c == \"x\" && !(d || e) ? f(1, -2) : [1.0, 2u, b\"\\377\"]",
        "a.all(x, x.y > 1 && has(x.z)).map(i, {\"k\": i})",
        "(a + b) * c - (d - (e - f))",
        "a.?b[?\"c\"].orValue(null)",
        "-(-(1)) + -a.b",
        "-(1.f(2)[0].g) - -(1)",
        "a.`b-c`.d(.e)",
        "cel.bind(v, [?a], v.filter(w, true))",
    };
    for (const std::string_view text : texts) {
        const Result<Ast> ast = kro().parse(text);
        ASSERT_TRUE(ast) << text << ast.error().message();
        EXPECT_EQ(ast->text(), text);
    }
}

TEST(Cel, ResultsBecomeOwningValues) {
    const weft::Value document = *parse_json(R"({"a": {"b": [1, 2, 3]}})");
    const Environment environment =
        Environment::of(Profile::kro()).extend().variable("o", &types::dyn).build();
    const Program program = *environment.program(*environment.compile("{'x': o.a, 'y': [1u]}"));

    const Result<weft::Value> value = program.evaluate_native(Activation().bind("o", document));

    ASSERT_TRUE(value);
    EXPECT_EQ(to_json(*value), R"({"x":{"b":[1,2,3]},"y":[1]})");
}

}  // namespace
}  // namespace weft::cel
