// cel/library/kro_test.cc: kro's own functions.

#include <gtest/gtest.h>

#include "cel/cel.h"
#include "object/json.h"

namespace weft::cel {
namespace {

std::string kro_value(std::string_view text) {
    static const weft::Value o = *parse_json(
        R"({"s":"hello","status":{"conditions":[{"type":"Ready","status":"True","reason":"AllOK"},)"
        R"({"type":"Other","status":"False"}]},"bad":{"status":{"conditions":[1]}},"e":{}})");
    static const Environment environment =
        Environment::of(Profile::kro()).extend().variable("o", &types::dyn).build();
    const Result<Ast> ast = environment.compile(text);
    if (!ast) {
        return cat("CHECK: ", ast.error().details().causes.empty()
                                  ? ast.error().message()
                                  : ast.error().details().causes[0].message);
    }
    const Result<Program> program = environment.program(*ast);
    if (!program) {
        return cat("PLAN: ", program.error().message());
    }
    Arena arena;
    const Value value = program->evaluate(Activation().bind("o", o), arena);
    return value.is_error() ? cat("ERR: ", error_text(value.as_error())) : to_text(value);
}

struct KroCase {
    std::string_view expression;
    std::string_view expected;
};

void expect_kro(std::span<const KroCase> cases) {
    for (const KroCase& test : cases) {
        EXPECT_EQ(kro_value(test.expression), test.expected) << test.expression;
    }
}

TEST(KroLibrary, HashesAsGoDoes) {
    constexpr KroCase cases[] = {
        {"base64.encode(hash.fnv64a('hello world'))", "\"d5pl5wI80uc=\""},
        {"base64.encode(hash.md5('hello world'))", "\"XrY7u+Ae7tCTyyK7j1rNww==\""},
        {"base64.encode(hash.sha256('hello world'))",
         "\"uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\""},
        {"hash.md5(123)", "CHECK: found no matching overload for 'hash.md5' applied to '(int)'"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, WritesJsonAsGoDoes) {
    constexpr KroCase cases[] = {
        {R"(json.marshal({"name": "test", "count": 42}))", R"("{\"count\":42,\"name\":\"test\"}")"},
        {"json.marshal([1.0, 1e21, 18446744073709551615u, null, true])",
         "\"[1,1e+21,18446744073709551615,null,true]\""},
        {"json.marshal(b'hello')", R"("\"aGVsbG8=\"")"},
        {"json.marshal('<&>')", R"("\"\\u003c\\u0026\\u003e\"")"},
        {"json.marshal([duration('90m'), timestamp('2026-01-02T03:04:05+01:00')])",
         R"("[\"1h30m0s\",\"2026-01-02T02:04:05Z\"]")"},
        {"json.marshal({'a': optional.none(), 'b': optional.of(1)})", R"("{\"a\":null,\"b\":1}")"},
        {"json.marshal(o.status.conditions[1])", R"("{\"status\":\"False\",\"type\":\"Other\"}")"},
        {"json.marshal(0.0/0.0)",
         "ERR: json.marshal failed to encode value: json: unsupported value: NaN"},
        {"json.marshal(int)", "ERR: json.marshal failed to convert value: unsupported type: type"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, ReadsJsonWithAllNumbersAsDoubles) {
    constexpr KroCase cases[] = {
        {R"(json.unmarshal('{"a":1,"a":2}').a)", "2.0"},
        {"type(json.unmarshal('[1, 2, 3]')[1]) == double", "true"},
        {"json.unmarshal('\"x\"') + 'y'", "\"xy\""},
        {"json.unmarshal('')",
         "ERR: json.unmarshal failed to parse JSON: unexpected end of JSON input"},
        {R"(json.unmarshal('{"invalid"}'))",
         "ERR: json.unmarshal failed to parse JSON: invalid character '}' after object key"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, SeedsTextsAndNumbers) {
    constexpr KroCase cases[] = {
        // The first word of the SHA-256 of "" is 0xe3b0c442.
        {"random.seededString(1, '')", "\"e\""},
        {"random.seededString(16, 'x').size()", "16"},
        {"[random.seededString(16, 'x')].all(s, s.startsWith(random.seededString(8, 'x')) && "
         "s.endsWith(random.seededString(8, 'x')))",
         "true"},
        {"random.seededInt(5, 6, 'seed')", "5"},
        // 0xe3b0c44298fc1c14 % 1000.
        {"random.seededInt(0, 1000, '')", "652"},
        {"random.seededString(0, '')", "ERR: random.seededString length must be positive"},
        {"random.seededInt(1, 1, '')", "ERR: random.seededInt min must be less than max"},
        {"random.seededString(9223372036854775807, '')",
         "ERR: random.seededString length is too large"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, MergesMaps) {
    constexpr KroCase cases[] = {
        {"{'a': 1, 'b': 2}.merge({'a': 3}) == {'a': 3, 'b': 2}", "true"},
        {"{'a': 1}.merge({'a': 'x'})",
         "CHECK: found no matching overload for 'merge' applied to 'map(string, "
         "int).(map(string, string))'"},
        {"{'a': {'x': 1, 'l': [1]}, 'k': 7}.deepMerge({'a': {'y': 2, 'l': [2]}}) == "
         "{'a': {'x': 1, 'y': 2, 'l': [2]}, 'k': 7}",
         "true"},
        {"{'a': {'x': 1}}.deepMerge({'a': 2}) == {'a': 2}", "true"},
        {"o.e.deepMerge({'a': 1}) == {'a': 1}", "true"},
        {"{'a': 1}.deepMerge([1])", "ERR: no such overload"},
        {"1.deepMerge(2)", "ERR: no such overload"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, ChangesOneItemOfAList) {
    constexpr KroCase cases[] = {
        {"lists.setAtIndex([1, 2, 3], 1, 99)", "[1, 99, 3]"},
        {"lists.setAtIndex([1, 2], 2, 9)", "ERR: lists.setAtIndex: index 2 out of bounds [0, 2)"},
        {"lists.insertAtIndex([1, 2], 2, 9)", "[1, 2, 9]"},
        {"lists.insertAtIndex([1, 2], 5, 9)",
         "ERR: lists.insertAtIndex: index 5 out of bounds [0, 2]"},
        {"lists.removeAtIndex([1, 2, 3], 0)", "[2, 3]"},
        {"lists.removeAtIndex([1], -1)", "ERR: lists.removeAtIndex: index -1 out of bounds [0, 1)"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, OmitCannotBeCompared) {
    constexpr KroCase cases[] = {
        {"o.s == '' ? o.s : omit()", "omit()"},
        {"omit() == omit()", "ERR: omit() is a field-removal sentinel and cannot be compared"},
        {"omit() + 1", "ERR: no such overload: _+_"},
    };
    expect_kro(cases);
}

TEST(KroLibrary, MakesAndFindsConditions) {
    constexpr KroCase cases[] = {
        {"runtime.newCondition({type: 'X', status: 'True', reason: 'R', message: 'M'}).message",
         "\"M\""},
        {"runtime.newCondition({type: 'X', status: 'True'}) == "
         "runtime.newCondition({type: 'X', status: 'True', reason: ''})",
         "true"},
        {"runtime.newCondition({type: 'X', status: 'True'}).bogus",
         "CHECK: undefined field 'bogus'"},
        {"runtime.condition(o, 'Ready').reason", "\"AllOK\""},
        {"runtime.condition(o, 'None').status", "\"\""},
        {"runtime.condition(o.e, 'Ready').type", "\"\""},
        {"runtime.condition(o.bad, 'Ready')",
         "ERR: runtime.condition: unexpected condition element type int"},
        {"runtime.condition(1, 'Ready')", "ERR: runtime.condition: obj must be an object, got int"},
        {"runtime.newCondition({type: 'X', status: o.s})",
         "ERR: runtime.newCondition: status must be one of True, False, Unknown (got \"hello\")"},
        {"runtime.newCondition({type: '', status: 'True'})",
         "ERR: runtime.newCondition: type must not be empty"},
        {"runtime.newCondition({type: 'X', status: 'True', extra: ''})",
         "CHECK: runtime.newCondition: unknown key \"extra\" (allowed: type, status, reason, "
         "message)"},
        {"runtime.newCondition({'type': 'X', status: 'True'})",
         "CHECK: runtime.newCondition: keys must be bare identifiers (type, status, reason, "
         "message); quoted or computed keys are not allowed"},
        {"runtime.newCondition({type: 'X', type: 'True'})",
         "CHECK: runtime.newCondition: duplicate key \"type\""},
        {"runtime.newCondition({status: 'True'})",
         "CHECK: runtime.newCondition: 'type' is required"},
        {"runtime.newCondition({type: 'X'})", "CHECK: runtime.newCondition: 'status' is required"},
        {"runtime.newCondition('x')",
         "CHECK: runtime.newCondition: argument must be a map literal"},
    };
    expect_kro(cases);
}

}  // namespace
}  // namespace weft::cel
