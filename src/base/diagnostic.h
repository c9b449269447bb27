// base/diagnostic.h: what a user should hear about: all mistakes at once, each with place and cure.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft {

// A place in a text: lines and columns count from 1, columns in bytes. Line 0: place unknown.
struct Place {
    std::string file;
    int line = 0;
    int column = 0;

    bool operator==(const Place&) const = default;
};
// "loop.yaml:9:5"; the file alone where the line is unknown; "" where nothing is known.
[[nodiscard]] std::string to_text(const Place& place);

enum class Severity : uint8_t { error, warning, note };

// One mistake. `id` is its entry in the folder's diagnostics table ("G007").
struct Diagnostic {
    std::string id;
    Severity severity = Severity::error;
    Place place;
    std::string path;  // the field path inside the object: "spec.resources[2].template"
    std::string message;
    std::string cure;
    // The byte of the text at `path` that the mistake is about; nothing: the member itself.
    std::optional<size_t> offset = std::nullopt;
    // The line of the source where it is, without its end; "" if nobody has it.
    std::string excerpt = {};
    // Of the place's column in the excerpt, which may be a part of its line. In bytes, from 1.
    int excerpt_column = 0;
    int character = 0;  // the place's column in code points; 0: unknown
};
using Diagnostics = std::vector<Diagnostic>;

// Takes the excerpt from the text in which the diagnostic's place lies.
void set_excerpt(Diagnostic& diagnostic, std::string_view source);

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);
// "loop.yaml:9:5: error G007: cycle: web -> db -> web\n", then the excerpt with a caret below the
// place, then "  cure: …\n".
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);

}  // namespace weft
