// graph/markers.h: what stands behind the `|` of a SimpleSchema field.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object/object.h"

namespace weft::graph {

// Every marker's name.
[[nodiscard]] std::span<const std::string_view> marker_names();

// One `key=value`. The key is one of the known ones; the value has lost its quotes.
struct Marker {
    std::string key;
    std::string value;
    size_t offset = 0;  // of the key in the text

    // Where a marker stands does not count.
    bool operator==(const Marker& other) const { return key == other.key && value == other.value; }
};

// Reads markers as kro's scanner does, with its oddities: blanks inside a key vanish, brackets of
// all kinds share one counter, an empty text or a blank after the last value is an error. One
// difference: a value that is a single quote is an error, where kro crashes. invalid with kro's
// texts: `invalid marker key "x": unknown marker: x`, "unclosed quote", …
// `mistake_at` (may be null) gets the byte of the text at which the marker of the error begins.
[[nodiscard]] Result<std::vector<Marker>> parse_markers(std::string_view text,
                                                        size_t* mistake_at = nullptr);

// Not in kro: where a schema keeps the text of `computed=` until simple_schema() takes it out.
inline constexpr std::string_view computed_member = "x-computed";

// What markers do besides changing the schema of their field.
struct MarkerEffects {
    bool required = false;
};

// Applies the markers of a field, in order, to the field's OpenAPI schema. invalid with kro's
// texts; `mistake_at` (may be null) gets the offset of the marker that is wrong.
[[nodiscard]] Result<MarkerEffects> apply_markers(const std::vector<Marker>& markers, Value& schema,
                                                  size_t* mistake_at = nullptr);

}  // namespace weft::graph
