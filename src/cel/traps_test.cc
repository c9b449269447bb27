// cel/traps_test.cc: where expressions surprise: cel-go's answers, which kro's users know.

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"

namespace weft::cel {
namespace {

struct Trap {
    std::string_view expression;
    std::string_view expected;
};

std::string answer(const Environment& environment, std::string_view text, bool optimize) {
    static const weft::Value document =
        *parse_json(R"({"text":"héllo","count":3,"half":0.5,"nothing":null,"items":[4,5,"six"],)"
                    R"("map":{"one":1,"two-three":23},"on":true,"empty":{}})");
    const Result<Ast> ast = environment.compile(text);
    if (!ast) {
        return cat("COMPILE: ", ast.error().details().causes.empty()
                                    ? ast.error().message()
                                    : ast.error().details().causes[0].message);
    }
    const Result<Program> program = environment.program(*ast, {.optimize = optimize});
    if (!program) {
        return cat("PLAN: ", program.error().message());
    }
    Arena arena;
    const Value value = program->evaluate(
        Activation().bind("doc", document).bind("seven", Value::integer(7)), arena);
    return value.is_error() ? cat("ERR: ", to_text(value)) : to_text(value);
}

void expect_traps(std::span<const Trap> traps, Profile profile = Profile::kro()) {
    const Environment environment = Environment::of(profile)
                                        .extend()
                                        .variable("doc", &types::dyn)
                                        .variable("seven", &types::integer)
                                        .build();
    for (const Trap& trap : traps) {
        EXPECT_EQ(answer(environment, trap.expression, true), trap.expected) << trap.expression;
        EXPECT_EQ(answer(environment, trap.expression, false), trap.expected)
            << trap.expression << " (not optimised)";
    }
}

TEST(CelTraps, NumbersOfOneTypeDoNotMixWithAnother) {
    constexpr Trap traps[] = {
        {"seven + 1u", "COMPILE: found no matching overload for '_+_' applied to '(int, uint)'"},
        {"doc.half + 1", "ERR: no such overload"},
        {"doc.count + 1", "4"},
        {"doc.count == 3.0", "true"},
        {"dyn(-2) < 1u", "true"},
        {"7.5 % 2.0",
         "COMPILE: found no matching overload for '_%_' applied to '(double, double)'"},
        {"9223372036854775807 + 1", "ERR: integer overflow"},
        {"-9223372036854775808 / -1", "ERR: integer overflow"},
        {"0u - 1u", "ERR: unsigned integer overflow"},
        {"3.0 / 0.0", "double(\"Infinity\")"},
        {"[0.0 / 0.0] == [0.0 / 0.0]", "false"},
    };
    expect_traps(traps);
}

TEST(CelTraps, ConversionsAreGosAndStrict) {
    constexpr Trap traps[] = {
        {"int('-12') + int(-3.9) + int(4u)", "-11"},
        {"int('0x1f')", "ERR: type conversion error from 'string' to 'int'"},
        {"int(1e19)", "ERR: integer overflow"},
        {"uint(-0.1)", "ERR: unsigned integer overflow"},
        {"bool('t') && !bool('0')", "true"},
        {"bool('yes')", "ERR: type conversion error from 'string' to 'bool'"},
        {"double('Infinity') == double('inf')", "true"},
        {"string(2000000.0) + string(2.5) + string(7.0)", "\"2e+062.57\""},
        {"string(b'\\xfe')", "ERR: invalid UTF-8 in bytes, cannot convert to string"},
        {"string(null)", "ERR: no such overload: string(null_type)"},
        {"string([1])",
         "COMPILE: found no matching overload for 'string' applied to '(list(int))'"},
    };
    expect_traps(traps);
}

TEST(CelTraps, TextsAreCountedInCodePointsAndOrderedByBytes) {
    constexpr Trap traps[] = {
        {"size(doc.text) == 5 && size(bytes(doc.text)) == 6", "true"},
        {"doc.text.charAt(1)", "\"é\""},
        {"doc.text.substring(1, 3)", "\"él\""},
        {"doc.text.substring(9)", "ERR: index out of range: 9"},
        {"'ab'.substring(2, 1)", "ERR: invalid substring range. start: 2, end: 1"},
        {"'ab'.indexOf('', 9)", "2"},
        {"'Zebra' < 'ant' && 'z' < 'é'", "true"},
        {"''.split(',').size()", "1"},
        {"'ab'.replace('', '.')", "\".a.b.\""},
        {"'a\\tb' == \"a\\x09b\" && r'\\t'.size() == 2", "true"},
        {"'\\ud800'", "COMPILE: invalid unicode code point"},
        {"b'\\u0041'", "COMPILE: unable to unescape string"},
    };
    expect_traps(traps);
}

TEST(CelTraps, WhatIsMissingIsPendingAndWhatIsWrongIsNot) {
    constexpr Trap traps[] = {
        {"doc.map.four", "ERR: no such key: four"},
        {"doc.nothing.more", "ERR: no such key: more"},
        {"doc.text.more", "ERR: no such key: more"},
        {"doc.items[7]", "ERR: index out of bounds: 7"},
        {"doc.items[-1]", "ERR: index out of bounds: -1"},
        {"doc.items['x']", "ERR: unsupported index type 'string' in list"},
        {"doc.items[0.5]", "ERR: unsupported index value 0.5 in list"},
        {"doc.items[1u] + doc.items[0.0]", "9"},
        {"doc.map[2]", "ERR: no such key: 2"},
        {"has(doc.nothing) && !has(doc.nothing.more) && !has(doc.map.four)", "true"},
        {"has(doc.absent.more)", "ERR: no such key: absent"},
        {"has(doc['map'])", "COMPILE: invalid argument to has() macro"},
        {"'x'.more", "COMPILE: type 'string' does not support field selection"},
        {"doc.map.`two-three`", "23"},
    };
    expect_traps(traps);
}

TEST(CelTraps, EqualityKnowsKindsAndOrderDoesNotMixThem) {
    constexpr Trap traps[] = {
        {"doc.count == 'three'", "false"},
        {"doc.count != null && doc.nothing == null", "true"},
        {"doc.count < 'three'", "ERR: no such overload"},
        {"null == 1", "COMPILE: found no matching overload for '_==_' applied to '(null, int)'"},
        {"null < null", "ERR: no such overload: _<_"},
        {"type(doc.count) == int && type([1]) == type(['a'])", "true"},
        {"type(type(1))", "type"},
        {"1 == 2 == false", "true"},
        {"true && 'a'", "COMPILE: expected type 'bool' but found 'string'"},
        {"1 || false", "COMPILE: expected type 'bool' but found 'int'"},
        {"1 < 2 < 3", "COMPILE: found no matching overload for '_<_' applied to '(bool, int)'"},
        {"[1, 2] == [1.0, 2u]", "true"},
        {"{1: 'a', 1: 'b'}", "{1: \"b\"}"},
        {"{1: 'a'}[dyn(1.0)]", "\"a\""},
        {"2.0 in {2.0: true} && !(2 in doc.map)", "true"},
    };
    expect_traps(traps);
}

TEST(CelTraps, OptionalsAreViralAndNullIsAValue) {
    constexpr Trap traps[] = {
        {"doc.?map.one", "optional.of(1)"},
        {"doc.?map.?four.five", "optional.none()"},
        {"doc.?nothing.orValue(1)", "null"},
        {"doc.?absent.orValue(1 / 1)", "1"},
        {"optional.of(1).orValue(1 / 0)", "1"},
        {"optional.none().orValue(1 / 0)", "ERR: division by zero"},
        {"[?doc.?absent, ?doc.?count]", "[3]"},
        {"{?'a': doc.?absent, ?'b': doc.?count}", "{\"b\": 3}"},
        {"optional.of(1) == 1",
         "COMPILE: found no matching overload for '_==_' applied to '(optional_type(int), int)'"},
        {"has(doc.?map.one)", "true"},
        {"doc.?items[9]", "optional.none()"},
        {"doc.?count.more", "optional.none()"},
    };
    expect_traps(traps);
}

TEST(CelTraps, LoopVariablesHideAndALeadingDotLooksPastThem) {
    constexpr Trap traps[] = {
        {"[1].exists(seven, seven == 1 && .seven == 7)", "true"},
        {"[1, 2].map(doc, doc)", "[1, 2]"},
        {"cel.bind(a, 2, cel.bind(a, a * 3, a) + a)", "8"},
        {"[1].map(@result, 1)", "COMPILE: Syntax error: token recognition error at: '@'"},
        {"[1].map(a.b, 1)", "COMPILE: argument is not an identifier"},
        {"{'b': 1, 'a': 2}.map(k, k)", "[\"a\", \"b\"]"},
        {"[2, 1].all(x, 2 / (x - 1) > 0)", "ERR: division by zero"},
        {"[1, 3].all(x, 2 / (x - 1) > 5)", "false"},
        {"[1, 2].exists_one(x, 2 / (x - 1) > 0)", "ERR: division by zero"},
        {"[1].filter(x, x)",
         "COMPILE: found no matching overload for '_?_:_' applied to '(int, list(int), "
         "list(int))'"},
    };
    expect_traps(traps);
}

TEST(CelTraps, ReservedWordsAreFieldsAndNothingElse) {
    constexpr Trap traps[] = {
        {"{'namespace': 1}.namespace", "1"},
        {"doc.if", "ERR: no such key: if"},
        {"if", "COMPILE: reserved identifier: if"},
        {"package.name", "COMPILE: reserved identifier: package"},
        {"1.5.map", "COMPILE: type 'double' does not support field selection"},
        {"0XFF", "COMPILE: Syntax error: extraneous input 'XFF' expecting <EOF>"},
        {"'a' 'b'", "COMPILE: Syntax error: extraneous input ''b'' expecting <EOF>"},
        {"[1, 2,]", "[1, 2]"},
        {"--seven", "7"},
        {"!-1", "COMPILE: found no matching overload for '!_' applied to '(int)'"},
        {"1 // the rest is a comment", "1"},
    };
    expect_traps(traps);
}

TEST(CelTraps, TimesKeepTheirOffsetAndDurationsPrintSeconds) {
    constexpr Trap traps[] = {
        {"string(timestamp('2026-03-01T10:00:00.25-03:30'))", "\"2026-03-01T10:00:00.25-03:30\""},
        {"timestamp('2026-03-01T10:00:00+01:00') == timestamp('2026-03-01T09:00:00Z')", "true"},
        {"timestamp('2026-03-01T10:00:00')",
         "ERR: type conversion error from 'string' to 'google.protobuf.Timestamp'"},
        {"timestamp('2026-02-29T00:00:00Z')",
         "ERR: type conversion error from 'string' to 'google.protobuf.Timestamp'"},
        {"timestamp(253402300800)", "ERR: timestamp overflow"},
        {"string(duration('1m0.5s'))", "\"60.5s\""},
        {"duration('1.5')",
         "ERR: type conversion error from 'string' to 'google.protobuf.Duration'"},
        {"duration('1d')",
         "ERR: type conversion error from 'string' to 'google.protobuf.Duration'"},
        {"int(duration('2s')) / 1000000000", "2"},
        {"duration('1s') * 2",
         "COMPILE: found no matching overload for '_*_' applied to '(duration, int)'"},
        {"timestamp('2026-01-01T00:00:00Z').getHours('05:45')", "5"},
        {"timestamp('2026-01-01T00:00:00Z').getHours('No/Where')",
         "ERR: unknown time zone No/Where"},
    };
    expect_traps(traps);
}

TEST(CelTraps, FormatsAreCheckedBeforeAndPrintPlainly) {
    constexpr Trap traps[] = {
        {"'%s %s'.format([3000000.0, {'b': 1, 'a': null}])", "\"3000000 {a: null, b: 1}\""},
        {"'%d'.format(['x'])",
         "COMPILE: error during formatting: decimal clause can only be used on ints, uints, and "
         "doubles, was given string"},
        {"'%d %d'.format([1])", "COMPILE: index 1 out of range"},
        {"'%s'.format([1, 2])",
         "COMPILE: too many arguments supplied to string.format (expected 1, got 2)"},
        {"'%.1f %x %o %b %%'.format([0.25, 'hi', 8, true])", "\"0.2 6869 10 1 %\""},
        {"'%s'.format([timestamp('2026-01-01T00:00:00+01:00')])", "\"2025-12-31T23:00:00Z\""},
    };
    expect_traps(traps);
}

TEST(CelTraps, KubernetesComparesNumbersOfDifferentTypesAndKroDoesNot) {
    constexpr Trap kro[] = {
        {"1 < 1.5", "COMPILE: found no matching overload for '_<_' applied to '(int, double)'"},
        {"[1, 'a']", "[1, \"a\"]"},
    };
    expect_traps(kro);
    constexpr Trap kubernetes[] = {
        {"1 < 1.5 && 2u > 1", "true"},
        {"[1, 'a']", "COMPILE: expected type 'int' but found 'string'"},
    };
    expect_traps(kubernetes, Profile::kubernetes(36));
}

}  // namespace
}  // namespace weft::cel
