// graph/markers.h: what stands behind the `|` of a SimpleSchema field.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// One `key=value`. The key is one of the known ones; the value has lost its quotes.
struct Marker {
    std::string key;
    std::string value;

    bool operator==(const Marker&) const = default;
};

// Reads markers as kro's scanner does, with its oddities: blanks inside a key vanish, brackets of
// all kinds share one counter, an empty text or a blank after the last value is an error. One
// difference: a value that is a single quote is an error, where kro crashes. invalid with kro's
// texts: `invalid marker key "x": unknown marker: x`, "unclosed quote", …
[[nodiscard]] Result<std::vector<Marker>> parse_markers(std::string_view text);

// What markers do besides changing the schema of their field.
struct MarkerEffects {
    bool required = false;
};

// Applies the markers of a field, in order, to the field's OpenAPI schema. invalid with kro's
// texts.
[[nodiscard]] Result<MarkerEffects> apply_markers(const std::vector<Marker>& markers,
                                                  Value& schema);

}  // namespace weft::graph
