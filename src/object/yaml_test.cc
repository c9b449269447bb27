// object/yaml_test.cc: YAML is read and written as sigs.k8s.io/yaml does, and places are right.

#include "object/yaml.h"

#include <gtest/gtest.h>

#include "object/json.h"
#include "object/limits.h"

namespace weft {
namespace {

// The first document as JSON, or what was refused.
std::string yaml_as_json(std::string_view text) {
    const Result<Value> value = parse_yaml_value(text, {.file = "x.yaml"});
    return value ? to_json(*value) : value.error().message();
}

// Recorded from sigs.k8s.io/yaml v1.4.0, YAMLToJSONStrict and then util/json.
TEST(Yaml, ResolvesScalarsAsGoYamlDoes) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"y", "true"},
        {"n", "false"},
        {"Yes", "true"},
        {"OFF", "false"},
        {"tRue", R"("tRue")"},
        {"~", "null"},
        {"NULL", "null"},
        {"0644", "420"},
        {"0o17", "15"},
        {"0x_1F", "31"},
        {"0b11", "3"},
        {"-0b11", "-3"},
        {"1_000", "1000"},
        {"+12", "12"},
        {"08", "8"},
        {"1e3", "1000"},
        {"12e03", "12000"},
        {".5", "0.5"},
        {"1.0", "1"},
        {"-0", "0"},
        {"1.5e-10", "1.5e-10"},
        {"9223372036854775807", "9223372036854775807"},
        {"99999999999999999999", "100000000000000000000"},
        {"1e400", R"("1e400")"},
        {"1:30", R"("1:30")"},
        {"2001-01-01", R"("2001-01-01")"},
        {"2001-01-01T10:00:00Z", R"("2001-01-01T10:00:00Z")"},
        {"\"1\"", R"("1")"},
        {"'yes'", R"("yes")"},
        {"!!str 4", R"("4")"},
        {"!!int \"3\"", "3"},
        {"!!float 3", "3"},
        {"!!binary aGk=", R"("hi")"},
        {"!foo bar", R"("bar")"},
        {"!!map {a: 1}", R"({"a":1})"},
        {"|\n  a\n  b\n", R"("a\nb\n")"},
        {">-\n  a\n  b\n", R"("a b")"},
        {"\"\\u00e9\\x41\\t\"", "\"éA\\t\""},
    };
    for (const auto& [text, json] : cases) {
        EXPECT_EQ(yaml_as_json(text), json) << text;
    }
}

TEST(Yaml, KeysBecomeTexts) {
    EXPECT_EQ(yaml_as_json("y: 1\n2: 1\n1.5: 1\n1e6: 1\n0x10: 1\n'1': 1\n2001-01-01: 1\n.inf: 1"),
              R"({"true":1,"2":1,"1.5":1,"1e+06":1,"16":1,"1":1,"2001-01-01":1,".inf":1})");
}

TEST(Yaml, RefusesWithPlaceReasonAndCure) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"a: 1\nb:\n  x: 1\n  x: 2\n",
         "x.yaml:4:3: key \"x\" already set in map; it stands in line 3 already: remove one of the "
         "two"},
        {"a:\n\tb: 1\n", "x.yaml:2:1: a tab cannot indent; indent with blanks, never with tabs"},
        {"a: 1\nb: \"open\nc: 1\n",
         "x.yaml:2:4: this quote is never closed; close it with the same kind of quote"},
        {"a: b: c\n",
         "x.yaml:1:5: mapping values are not allowed in this context; quote a text that holds \": "
         "\", or put this key below the one it belongs to"},
        {"a:\n  b: 1\n c: 2\n",
         "x.yaml:3:2: did not find expected key; indent this line exactly as the other keys of its "
         "map, or quote the text before it"},
        {"a: [1, 2\nb: 3\n",
         "x.yaml:1:4: did not find expected ',' or ']'; close the list that began here with ']'"},
        {"é: @x\n", "x.yaml:1:5: no plain text may begin with @; put the text in quotes"},
        {"a: .inf", "x.yaml:1:4: .inf cannot be written in JSON; quote it if a text is meant"},
        {"~: 1", "x.yaml:1:1: null cannot be a key; quote it if a text is meant"},
        {"? [a]\n: b",
         "x.yaml:1:3: a list cannot be a key; keys are texts; quote a text that begins with [ or "
         "{"},
        {"a: *x",
         "x.yaml:1:4: unknown anchor 'x' referenced; define &x before it, or quote a text "
         "that begins with *"},
        {"a: &x [*x]", "x.yaml:1:8: anchor 'x' value contains itself; name another anchor"},
        {"a: !!int x",
         "x.yaml:1:4: cannot decode !!str `x` as a !!int; take the tag out or change "
         "the value"},
        {"<<: 1",
         "x.yaml:1:1: map merge requires map or sequence of maps as the value; write "
         "\"<<: *name\" or \"<<: [*one, *two]\""},
        {"a: 1\n---\nb: 1\n",
         "x.yaml:3:1: one document was expected, this is the second; put it in "
         "a file of its own"},
        {"a: \x01",
         "x.yaml:1:4: control characters are not allowed; take the character out, or "
         "write it as \\x.. in double quotes"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_EQ(yaml_as_json(text), message) << text;
    }
    EXPECT_EQ(parse_yaml("a: [").error().reason(), Reason::bad_request);
    EXPECT_TRUE(parse_yaml("\"").error().message().starts_with("-:1:1: "));
}

TEST(Yaml, ResolvesAnchorsAndMergesInOrder) {
    EXPECT_EQ(yaml_as_json("a: &x {k: [1]}\nb: *x\nc: *x\n"),
              R"({"a":{"k":[1]},"b":{"k":[1]},"c":{"k":[1]}})");
    EXPECT_EQ(yaml_as_json("&k a: 1\nb: *k\n"), R"({"a":1,"b":"a"})");
    EXPECT_EQ(yaml_as_json("d: &d {a: 1, b: 2}\ne: {<<: *d, b: 3, c: 4}\n"),
              R"({"d":{"a":1,"b":2},"e":{"a":1,"b":3,"c":4}})");
    EXPECT_EQ(yaml_as_json("d: &d {a: 1}\nf: &f {a: 2, b: 2}\ne:\n  <<: [*d, *f]\n"),
              R"({"d":{"a":1},"f":{"a":2,"b":2},"e":{"a":1,"b":2}})");
    EXPECT_EQ(yaml_as_json("\"<<\": 1"), R"({"<<":1})");
}

TEST(Yaml, BoundsDepthAndAliases) {
    const auto nested = [](size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(parse_yaml(nested(yaml_depth_max)));
    EXPECT_EQ(parse_yaml(nested(yaml_depth_max + 1)).error().message(),
              "-:1:10001: nested deeper than 10000 levels; take levels out");

    std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'm'; ++c) {
        const char before = static_cast<char>(c - 1);
        append(laughs, c, ": &", c, " [");
        for (int i = 0; i < 9; ++i) {
            append(laughs, i == 0 ? "*" : ", *", before);
        }
        append(laughs, "]\n");
    }
    const Result<std::vector<YamlDocument>> refused = parse_yaml(laughs);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message().contains("document contains excessive aliasing"));

    // Each alias is cheap, but they nest.
    std::string tower = "a0: &a0 x\n";
    for (int i = 1; i < 20'000; ++i) {
        append(tower, "a", i, ": &a", i, " [*a", i - 1, "]\n");
    }
    EXPECT_FALSE(parse_yaml(tower));

    // libyaml's work is quadratic here: it must stop early.
    std::string wide(9'000, '[');
    for (int i = 0; i < 200'000; ++i) {
        wide += "1,";
    }
    EXPECT_TRUE(parse_yaml(wide).error().message().contains("nested too deeply for its size"));
}

TEST(Yaml, ReadsStreamsAndLeavesEmptyDocumentsOut) {
    const Result<std::vector<YamlDocument>> read = parse_yaml(
        "\xEF\xBB\xBF# only a comment\n---\n---\r\na: 1\r\nb: |\r\n  x\r\n...\n---\n"
        "{\"json\": [1, \"\\u0041\"]}\n---\nnull\n---\n# nothing\n",
        {.file = "s.yaml"});
    ASSERT_TRUE(read) << read.error().message();

    ASSERT_EQ(read->size(), 3U);
    EXPECT_EQ(to_json((*read)[0].value), R"({"a":1,"b":"x\n"})");
    EXPECT_EQ((*read)[0].start, (Place{"s.yaml", 4, 1}));
    EXPECT_EQ(to_json((*read)[1].value), R"({"json":[1,"A"]})");
    EXPECT_TRUE((*read)[2].value.is_null());
    EXPECT_TRUE(parse_yaml_value("# nothing\n")->is_null());
    EXPECT_TRUE(parse_yaml("")->empty());
}

TEST(Yaml, KnowsThePlaceOfEveryNode) {
    const std::string text =
        "# head\n"
        "spec:\n"
        "  list:\n"
        "  - name: a\n"
        "    é: {x: 1, \"ü\": [1,\n"
        "      2]}\n"
        "  - - deep\n"
        "base: &b {k: v}\n"
        "use:\n"
        "  own: 1\n"
        "  <<: *b\n"
        "  alias: *b\n";
    const Result<std::vector<YamlDocument>> read = parse_yaml(text, {.file = "f.yaml"});
    ASSERT_TRUE(read) << read.error().message();
    const YamlDocument& document = read->front();
    const auto place = [&](std::string_view path) {
        return to_text(document.place_of(*Path::parse(path)));
    };

    EXPECT_EQ(to_text(document.start), "f.yaml:2:1");
    EXPECT_EQ(place(""), "f.yaml:2:1");
    EXPECT_EQ(place("spec"), "f.yaml:2:1");
    EXPECT_EQ(place("spec.list"), "f.yaml:3:3");
    EXPECT_EQ(place("spec.list[0]"), "f.yaml:4:5");
    EXPECT_EQ(place("spec.list[0].name"), "f.yaml:4:5");
    EXPECT_EQ(place("spec.list[0].é"), "f.yaml:5:5");
    EXPECT_EQ(place("spec.list[0].é.x"), "f.yaml:5:10");
    EXPECT_EQ(place("spec.list[0].é.ü"), "f.yaml:5:16");
    EXPECT_EQ(place("spec.list[0].é.ü[0]"), "f.yaml:5:23");
    EXPECT_EQ(place("spec.list[0].é.ü[1]"), "f.yaml:6:7");
    EXPECT_EQ(place("spec.list[1][0]"), "f.yaml:7:7");
    EXPECT_EQ(place("use.own"), "f.yaml:10:3");
    EXPECT_EQ(place("use.k"), "f.yaml:11:3");
    EXPECT_EQ(place("use.alias.k"), "f.yaml:12:3");
    EXPECT_EQ(place("spec.missing.more"), "f.yaml:2:1");
    EXPECT_EQ(place("spec.list[7]"), "f.yaml:3:3");
}

// Recorded from sigs.k8s.io/yaml v1.4.0, Marshal.
TEST(Yaml, WritesScalarsAsGoYamlDoes) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"("")", "\"\"\n"},
        {R"("plain text")", "plain text\n"},
        {R"("y")", "\"y\"\n"},
        {R"("1")", "\"1\"\n"},
        {R"("0x1f")", "\"0x1f\"\n"},
        {R"("1:30")", "\"1:30\"\n"},
        {R"("2001-01-01")", "\"2001-01-01\"\n"},
        {R"("1e400")", "1e400\n"},
        {R"("<<")", "<<\n"},
        {R"("=")", "=\n"},
        {R"("- a")", "'- a'\n"},
        {R"("-a")", "-a\n"},
        {R"("a: b")", "'a: b'\n"},
        {R"("a:b")", "a:b\n"},
        {R"("a #b")", "'a #b'\n"},
        {R"("it's")", "it's\n"},
        {R"("'it's'")", "'''it''s'''\n"},
        {R"("{a}")", "'{a}'\n"},
        {R"("${a}")", "${a}\n"},
        {R"("*")", "'*'\n"},
        {R"(" a")", "' a'\n"},
        {R"("---")", "'---'\n"},
        {R"("a\tb")", "\"a\\tb\"\n"},
        {R"("é日本")", "é日本\n"},
        {R"("\ud83d\ude00")", "\"\\U0001F600\"\n"},
        {R"("\u0001\u001b\u0085")", "\"\\x01\\e\\N\"\n"},
        {R"("a\nb")", "|-\n  a\n  b\n"},
        {R"("a\nb\n")", "|\n  a\n  b\n"},
        {R"("a\n\n")", "|+\n  a\n\n"},
        {R"(" a\nb")", "|2-\n   a\n  b\n"},
        {R"("a \nb")", "\"a \\nb\"\n"},
        {"1.5", "1.5\n"},
        {"3.0", "3\n"},
        {"1234567.5", "1.2345675e+06\n"},
        {"1e21", "1e+21\n"},
        {"null", "null\n"},
        {"[]", "[]\n"},
        {"{}", "{}\n"},
    };
    for (const auto& [json, yaml] : cases) {
        EXPECT_EQ(to_yaml(*parse_json(json)), yaml) << json;
    }
}

TEST(Yaml, WritesNestedValuesAsGoYamlDoes) {
    const Value value = *parse_json(
        R"({"a":[1,{"b":"x\ny","c":[]},[[2],{}]],"m":{"x":{"o":null}},"1":true,"k: ":"v","":0})");
    EXPECT_EQ(to_yaml(value),
              "a:\n- 1\n- b: |-\n    x\n    y\n  c: []\n- - - 2\n  - {}\nm:\n  x:\n    o: null\n"
              "\"1\": true\n'k: ': v\n\"\": 0\n");
    EXPECT_EQ(to_yaml(Value::map_of({{"a\nb", Value::list_of({1})}, {"<<", 1}})),
              "? |-\n  a\n  b\n: - 1\n\"<<\": 1\n");
    EXPECT_EQ(
        to_yaml(Value::map_of({{"a10", 1}, {"a2", 1}, {"_", 1}, {"B", 1}}), {.sort_keys = true}),
        "_: 1\nB: 1\na2: 1\na10: 1\n");
}

TEST(Yaml, FoldsLongTextsUnlessToldNot) {
    std::string words;
    for (int i = 0; i < 20; ++i) {
        words += "word: ";
    }
    words += "end";
    const Value value = Value::map_of({{"k", words}});
    EXPECT_EQ(to_yaml(value),
              "k: 'word: word: word: word: word: word: word: word: word: word: word: word: word:\n"
              "  word: word: word: word: word: word: word: end'\n");
    EXPECT_EQ(to_yaml(value, {.fold = false}), "k: '" + words + "'\n");
    EXPECT_EQ(*parse_yaml_value(to_yaml(value)), value);
}

TEST(Yaml, WhatIsWrittenReadsTheSame) {
    const Value value = *parse_json(
        R"({"apiVersion":"v1","data":{"a":"yes","b":"0644","c":"#","d":"\u2028x","e":"\ufeffz",
        "f":"line\n  indented\n\n","g":"trailing \n","h":" ","i":"a: b: c","j":"\t","k":"~",
        "l":"\\\"'","m":"- x","n":"\r\n","o":"\u0085"},"l":[[[]],[{"x":[{"y":{}}]}]],"n":-1.5e-9})");
    const Result<Value> again = parse_yaml_value(to_yaml(value));
    ASSERT_TRUE(again) << again.error().message() << to_yaml(value);
    EXPECT_EQ(*again, value);
}

// Where the text "HERE" of the only member's value is found: in its source, and by its place.
std::pair<std::string, std::string> found_and_true(std::string_view source) {
    const std::vector<YamlDocument> documents = *parse_yaml(source);
    const Path path{"a"};
    const std::string text(path.find_in(documents[0].value)->as_string());
    const Place place =
        place_in_scalar(source, documents[0].value_place_of(path), text, text.find("HERE"));
    const size_t at = source.find("HERE");
    const std::string_view before = source.substr(0, at);
    const size_t line_start = before.rfind('\n') + 1;
    return {cat(place.line, ":", place.column),
            cat(std::ranges::count(before, '\n') + 1, ":", at - line_start + 1)};
}

TEST(Yaml, AForgottenQuoteIsToldWhereItOpens) {
    const auto read = parse_yaml("a:\n  b: \"one\n  c: \"two\"\n");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message(),
              "-:2:6: this quoted text goes on to line 3, and something else follows it there; "
              "close the quote where the text ends");
}

TEST(Yaml, APlaceInsideAScalarIsFoundInItsSource) {
    for (const std::string_view source :
         {"a: x HERE", "a: &x !!str  x HERE", "a: 'it''s HERE'", "a: \"tab\\t \\u00e4 HERE\"",
          "a: \"one\n  two\n\n  three HERE\"", "a: \"cut\\\n   HERE\"", "a: 'one\n\n  two HERE'",
          "a: one\n  two\n\n  HERE", "a: |\n  one\n   two\n\n  x HERE\n", "a: |2-\n    one\n  HERE",
          "a: >\n  one\n  two\n\n  three HERE\n", "a: >-\n  one\n    more\n  HERE",
          "a: |\r\n  one\r\n  HERE\r\n", "b: 1\na: |+\n\n  one\n  HERE\n\n"}) {
        const auto [found, expected] = found_and_true(source);
        EXPECT_EQ(found, expected) << source;
    }
}

TEST(Yaml, DuplicateKeysCanBeTold) {
    std::vector<std::string> duplicates;
    const auto value = parse_yaml_value("a: 1\nb: 2\na: 3\n", {.duplicates = &duplicates});
    ASSERT_TRUE(value);
    EXPECT_EQ(to_json(*value), R"({"a":3,"b":2})");
    EXPECT_EQ(duplicates, (std::vector<std::string>{R"(line 3: key "a" already set in map)"}));
}

}  // namespace
}  // namespace weft
