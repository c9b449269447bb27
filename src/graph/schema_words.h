// graph/schema_words.h: the words of SimpleSchema as tables: types and markers.
//
// The reader of markers takes the names from here, and so does the page of the documentation.

#pragma once

#include <span>
#include <string_view>

namespace weft::graph {

struct TypeWord {
    std::string_view text;      // "[]T"
    std::string_view open_api;  // what it becomes
    std::string_view meaning;
    std::string_view example;  // a whole field's text
};
[[nodiscard]] std::span<const TypeWord> type_words();

struct MarkerWord {
    std::string_view name;
    std::string_view value;  // what stands behind the equals sign
    std::string_view types;  // of fields it may stand at; "" for all
    std::string_view meaning;
    std::string_view example;  // a whole field's text
};
[[nodiscard]] std::span<const MarkerWord> marker_words();

}  // namespace weft::graph
