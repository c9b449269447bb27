// object/json_test.cc: JSON is read and written as Go does.

#include "object/json.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "object/internal/json_exact.h"
#include "object/limits.h"

namespace weft {
namespace {

Value read(std::string_view text) {
    Result<Value> value = parse_json(text);
    EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().text());
    return value ? *std::move(value) : Value("failed");
}

std::string refusal(std::string_view text) {
    const Result<Value> value = parse_json(text);
    return value ? "accepted" : value.error().message();
}

TEST(Json, ReadsEveryKindAndKeepsTheOrderOfMembers) {
    const Value value = read(R"( {"z":[1,-2,3.5,1e2,true,false,null,"a longer text than inline"],
        "a":{},"m":[]} )");

    EXPECT_EQ(to_json(value),
              R"({"z":[1,-2,3.5,100,true,false,null,"a longer text than inline"],"a":{},"m":[]})");
    EXPECT_TRUE(value.find("z")->at(0).is_int());
    EXPECT_TRUE(value.find("z")->at(3).is_double());
}

TEST(Json, IntegersThatFitStayIntegersAndOthersBecomeDoubles) {
    EXPECT_EQ(read("9223372036854775807").as_int(), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(read("-9223372036854775808").as_int(), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(read("9223372036854775808").as_double(), 9223372036854775808.0);
    EXPECT_EQ(read("18446744073709551616").as_double(), 18446744073709551616.0);
    EXPECT_EQ(read("-9223372036854775809").as_double(), -9223372036854775808.0);
    EXPECT_EQ(read("-0").as_int(), 0);
    EXPECT_TRUE(std::signbit(read("-0.0").as_double()));
    EXPECT_TRUE(read("1.0").is_double());
    EXPECT_EQ(read("1e-400").as_double(), 0.0);
    EXPECT_EQ(read("4.9e-324").as_double(), 4.9e-324);
}

TEST(Json, RefusesWithTheWordsOfGo) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "unexpected end of JSON input"},
        {"  ", "unexpected end of JSON input"},
        {"}", "invalid character '}' looking for beginning of value"},
        {"{", "unexpected end of JSON input"},
        {"[1,", "unexpected end of JSON input"},
        {"[1,]", "invalid character ']' looking for beginning of value"},
        {"{,}", "invalid character ',' looking for beginning of object key string"},
        {R"({"a":1,})", "invalid character '}' looking for beginning of object key string"},
        {R"({"a" 1})", "invalid character '1' after object key"},
        {R"({"a":1 x)", "invalid character 'x' after object key:value pair"},
        {"[1 2]", "invalid character '2' after array element"},
        {"[1}", "invalid character '}' after array element"},
        {"1 2", "invalid character '2' after top-level value"},
        {"{}}", "invalid character '}' after top-level value"},
        {"tru", "invalid character ' ' in literal true (expecting 'e')"},
        {"nul!", "invalid character '!' in literal null (expecting 'l')"},
        {"fAlse", "invalid character 'A' in literal false (expecting 'a')"},
        {"-", "invalid character ' ' in numeric literal"},
        {"-x", "invalid character 'x' in numeric literal"},
        {"01", "invalid character '1' after top-level value"},
        {"1.", "invalid character ' ' after decimal point in numeric literal"},
        {"1.x", "invalid character 'x' after decimal point in numeric literal"},
        {"1e", "invalid character ' ' in exponent of numeric literal"},
        {"1e+", "invalid character ' ' in exponent of numeric literal"},
        {"+1", "invalid character '+' looking for beginning of value"},
        {"\"abc", "unexpected end of JSON input"},
        {"\"a\nb\"", R"(invalid character '\n' in string literal)"},
        {R"("\x")", "invalid character 'x' in string escape code"},
        {R"("\u12g4")", "invalid character 'g' in \\u hexadecimal character escape"},
        {"'a'", R"(invalid character '\'' looking for beginning of value)"},
        {"[\"a\"\"b\"]", R"(invalid character '"' after array element)"},
        {"\xEF\xBB\xBF{}", "invalid character 'ï' looking for beginning of value"},
        {"1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"},
        {"[1e400", "unexpected end of JSON input"},
    };

    for (const auto& [text, message] : cases) {
        EXPECT_EQ(refusal(text), message) << text;
    }
}

TEST(Json, SaysLineAndColumnOfAMistake) {
    const Result<Value> value = parse_json("{\n  \"a\": 1,\n  \"b\" 2\n}");

    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().text(), "line 3, column 7: invalid character '2' after object key");
    EXPECT_EQ(value.error().reason(), Reason::bad_request);
}

TEST(Json, ReplacesWhatIsNotUtf8AndLoneSurrogates) {
    EXPECT_EQ(read("\"a\xFF\xC3z\"").as_string(), "a\uFFFD\uFFFDz");
    EXPECT_EQ(read("\"\xE2\x82\"").as_string(), "\uFFFD\uFFFD");
    EXPECT_EQ(read(R"("\ud800")").as_string(), "\uFFFD");
    EXPECT_EQ(read(R"("\udc00x")").as_string(), "\uFFFDx");
    EXPECT_EQ(read(R"("\ud800\u0041")").as_string(), "\uFFFDA");
    EXPECT_EQ(read(R"("\ud83d\ude00 \ud800\ud83d\ude00")").as_string(),
              "\U0001F600 \uFFFD\U0001F600");
}

TEST(Json, ALaterMemberReplacesAnEarlierOneUnlessAsked) {
    constexpr std::string_view text = R"({"a":1,"l":[0,{"x":{"b":1,"b":2,"b":3}}],"a":{"c":1}})";
    EXPECT_EQ(to_json(read(text)), R"({"a":{"c":1},"l":[0,{"x":{"b":3}}]})");

    const Result<Value> refused = parse_json(text, {.refuse_duplicates = true});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), R"(duplicate field "l[1].x.b")");

    std::vector<std::string> duplicates;
    ASSERT_TRUE(parse_json(text, {.duplicates = &duplicates}));
    EXPECT_EQ(duplicates, (std::vector<std::string>{"l[1].x.b", "a"}));

    EXPECT_EQ(to_json(*parse_json(
                  R"({"a":{"x":1,"y":{"p":1}},"a":{"y":{"q":2},"x":3},"b":{"x":1},"b":[]})",
                  {.merge_duplicates = true})),
              R"({"a":{"x":3,"y":{"p":1,"q":2}},"b":[]})");

    duplicates.clear();
    ASSERT_TRUE(parse_json(R"([{"a":1,"a":2,"b.c":{"x":1,"x":2}}])", {.duplicates = &duplicates}));
    EXPECT_EQ(duplicates, (std::vector<std::string>{"[0].a", "[0].b.c.x"}));
}

TEST(Json, NestsUpToTheLimitOfGo) {
    const auto nested = [](size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };

    EXPECT_TRUE(parse_json(nested(json_depth_max)));
    EXPECT_EQ(refusal(nested(json_depth_max + 1)), "invalid character '[' exceeded max depth");
    EXPECT_EQ(to_json(read(nested(json_depth_max))), nested(json_depth_max));
}

TEST(Json, WritesTextsAsGoDoes) {
    EXPECT_EQ(to_json("a\"\\\b\f\n\r\t\x01\x1f\x7f/<>&"),
              "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/<>&\"");
    EXPECT_EQ(to_json("<>&", {.escape_html = true}), R"("\u003c\u003e\u0026")");
    EXPECT_EQ(to_json("\u2028\u2029é\U0001F600\uFFFD"), "\"\\u2028\\u2029é\U0001F600\uFFFD\"");
    EXPECT_EQ(to_json("a\xFF\xC3"), R"("a\ufffd\ufffd")");
    EXPECT_EQ(to_json(std::string(100, 'x') + "\n"), "\"" + std::string(100, 'x') + "\\n\"");
}

TEST(Json, WritesNumbersAsGoDoes) {
    const std::pair<double, std::string_view> cases[] = {
        {3.0, "3"},
        {0.1, "0.1"},
        {1e21, "1e+21"},
        {1e20, "100000000000000000000"},
        {1.2345678901234568e20, "123456789012345680000"},
        {123456789.125, "123456789.125"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {1.5e-10, "1.5e-10"},
        {5e-324, "5e-324"},
        {-0.0, "-0"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {std::numeric_limits<double>::infinity(), "null"},
        {std::nan(""), "null"},
    };
    for (const auto& [number, text] : cases) {
        EXPECT_EQ(to_json(number), text);
    }
}

TEST(Json, SortsAndIndentsWhenAsked) {
    const Value value = read(R"({"b":{"y":1,"x":[]},"a":[1,{}],"B":2})");

    EXPECT_EQ(to_json(value, {.sort_keys = true}), R"({"B":2,"a":[1,{}],"b":{"x":[],"y":1}})");
    EXPECT_EQ(
        to_json(value, {.indent = 2}),
        "{\n  \"b\": {\n    \"y\": 1,\n    \"x\": []\n  },\n  \"a\": [\n    1,\n    {}\n  ],\n"
        "  \"B\": 2\n}");
}

TEST(Json, AppendsToWhatIsThere) {
    std::string out = "data: ";
    write_json(out, Value::map_of({{"a", 1}}));
    write_json_string(out, "x");
    EXPECT_EQ(out, R"(data: {"a":1}"x")");
}

TEST(Json, TheFastPathAndTheExactOneAgree) {
    const std::string_view texts[] = {R"({"a":[1,2.5,{"b":"c\u00e9\n\ud83d\ude00"}],"d":null})",
                                      "[]",
                                      "\"\"",
                                      "0",
                                      "-0",
                                      "-1",
                                      "18446744073709551615",
                                      "1e308",
                                      "[1e5,1E+5,1e-5,0.1,-0.0]",
                                      R"({"a":1,"a":2})",
                                      "\"\\u0000\"",
                                      "\"\x7f\"",
                                      "true",
                                      "[[[[1]]]]",
                                      "\t\r\n {} "};
    for (const std::string_view text : texts) {
        Value fast;
        ASSERT_EQ(internal::parse_json_fast(text, {}, fast), internal::FastJson::done) << text;
        const Result<Value> exact = internal::parse_json_exactly(text, {});
        ASSERT_TRUE(exact) << text;
        EXPECT_EQ(fast, *exact) << text;
    }
}

}  // namespace
}  // namespace weft
