// graph/schema_words.cc: the two tables.

#include "graph/schema_words.h"

#include <array>

namespace weft::graph {

namespace {

constexpr auto type_table = std::to_array<TypeWord>({
    {"string", "type: string", "a text", "string"},
    {"integer", "type: integer", "a whole number of 64 bits", "integer"},
    {"float", "type: number", "a number", "float"},
    {"boolean", "type: boolean", "true or false", "boolean"},
    {"object", "type: object, x-kubernetes-preserve-unknown-fields: true",
     "a map of anything; nothing in it is checked", "object"},
    {"[]T", "type: array, items: T", "a list", "[]string"},
    {"map[string]T", "type: object, additionalProperties: T", "a map from texts to T",
     "map[string]integer"},
    {"Name", "the type of that name in spec.schema.types, copied",
     "a custom type: a map of fields, or another type with markers", "Person"},
});

constexpr auto marker_table = std::to_array<MarkerWord>({
    {"required", "true or false", "", "the field must be given", "string | required=true"},
    {"default", "a value of the type; JSON for lists and maps", "",
     "what an API server fills in where the field is missing", "integer | default=3"},
    {"computed", "a text with ${…} that reads schema", "",
     "the value that expressions see where the user gives none; not in kro, see extensions.md",
     "string | computed=\"${schema.metadata.name}.example.com\""},
    {"description", "a text", "", "what the field means, for `kubectl explain`",
     "string | description=\"the name of the application\""},
    {"minimum", "a number", "integer, float", "the least value", "integer | minimum=1"},
    {"maximum", "a number", "integer, float", "the greatest value", "integer | maximum=20"},
    {"validation", "a CEL rule over self", "",
     "a value for which the rule is false is refused; may be repeated",
     "string | validation=\"self.startsWith('a')\""},
    {"enum", "values with commas between", "string, integer", "the only values",
     "string | enum=\"small,large\""},
    {"immutable", "true or false", "", "the value cannot be changed later",
     "string | immutable=true"},
    {"pattern", "a regular expression (RE2)", "string", "the text matches it",
     "string | pattern=\"^[a-z]+$\""},
    {"minLength", "a whole number", "string", "the least number of characters",
     "string | minLength=1"},
    {"maxLength", "a whole number", "string", "the greatest number of characters",
     "string | maxLength=63"},
    {"uniqueItems", "true or false", "list", "no item is there twice; the list is a set",
     "[]string | uniqueItems=true"},
    {"minItems", "a whole number", "list", "the least number of items", "[]string | minItems=1"},
    {"maxItems", "a whole number", "list", "the greatest number of items",
     "[]string | maxItems=10"},
    {"listType", "atomic, set or map", "list", "how server-side apply merges the list",
     "[]string | listType=atomic"},
    {"listMapKey", "the name of a field", "list",
     "with listType=map: by which field items are known; may be repeated",
     "[]Person | listType=map listMapKey=name"},
});

}  // namespace

std::span<const TypeWord> type_words() {
    return type_table;
}

std::span<const MarkerWord> marker_words() {
    return marker_table;
}

}  // namespace weft::graph
