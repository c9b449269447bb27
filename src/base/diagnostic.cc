// base/diagnostic.cc: diagnostics as text.

#include "base/diagnostic.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace weft {

std::string to_text(const Place& place) {
    if (place.line == 0) {
        return place.file;
    }
    return cat(place.file.empty() ? "-" : place.file, ":", place.line, ":", place.column);
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::ranges::any_of(diagnostics, [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::error;
    });
}

std::string to_text(const Diagnostic& diagnostic) {
    std::string out = to_text(diagnostic.place);
    if (!out.empty()) {
        out += ": ";
    }
    switch (diagnostic.severity) {
        case Severity::error:
            out += "error";
            break;
        case Severity::warning:
            out += "warning";
            break;
        case Severity::note:
            out += "note";
            break;
    }
    if (!diagnostic.id.empty()) {
        append(out, " ", diagnostic.id);
    }
    append(out, ": ");
    if (!diagnostic.path.empty()) {
        append(out, diagnostic.path, ": ");
    }
    append(out, diagnostic.message, "\n");
    if (!diagnostic.cure.empty()) {
        append(out, "  cure: ", diagnostic.cure, "\n");
    }
    return out;
}

}  // namespace weft
