// graph/schema_words_test.cc: the examples of the tables are SimpleSchema.

#include "graph/schema_words.h"

#include <gtest/gtest.h>

#include "graph/simple_schema.h"

namespace weft::graph {

namespace {

// The schema of a field of that text, or the first mistake.
std::string schema_of(std::string_view field) {
    const Value types = Value::map_of({{"Person", Value::map_of({{"name", "string"}})}});
    const SimpleSchemaResult result =
        simple_schema(Value::map_of({{"field", Value(field)}}), types);
    if (!result.mistakes.empty()) {
        return result.mistakes.front().message;
    }
    return to_json(*result.schema.find("properties", "field"));
}

TEST(SchemaWords, EveryTypeOfTheTableIsRead) {
    for (const TypeWord& word : type_words()) {
        EXPECT_TRUE(schema_of(word.example).starts_with("{\"type\":")) << schema_of(word.example);
    }
}

TEST(SchemaWords, EveryMarkerOfTheTableIsReadAndDoesSomething) {
    for (const MarkerWord& word : marker_words()) {
        const std::string_view text = word.example;
        ASSERT_TRUE(text.contains(word.name)) << text;
        const std::string with = schema_of(text);
        EXPECT_TRUE(with.starts_with("{")) << with;
        // `required` shows in the parent.
        if (word.name != "required") {
            EXPECT_NE(with, schema_of(trim(text.substr(0, text.find('|'))))) << text;
        }
    }
}

}  // namespace

}  // namespace weft::graph
