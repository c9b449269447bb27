// base/diagnostic.h: what a user should hear about: all mistakes at once, each with place and cure.

#pragma once

#include <cstdint>
#include <string>
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
};
using Diagnostics = std::vector<Diagnostic>;

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);
// "loop.yaml:9:5: error G007: cycle: web -> db -> web\n  cure: …\n"
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);

}  // namespace weft
