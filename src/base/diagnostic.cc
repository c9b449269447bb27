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

namespace {

// Of a longer line only this much around the place is shown: a JSON file may be one line.
constexpr size_t excerpt_bytes = 160;

// Blanks as wide as the text, with its tabs.
std::string blanks_for(std::string_view text) {
    std::string out;
    for (size_t position = 0; position < text.size();) {
        out += next_code_point(text, position) == '\t' ? '\t' : ' ';
    }
    return out;
}

std::string excerpt_text(const Diagnostic& diagnostic) {
    const std::string number = cat(diagnostic.place.line);
    const std::string margin(std::max<size_t>(number.size(), 5), ' ');
    const size_t before = std::min(diagnostic.excerpt.size(),
                                   static_cast<size_t>(std::max(diagnostic.excerpt_column - 1, 0)));
    return cat(margin.substr(number.size()), number, " | ", diagnostic.excerpt, "\n", margin, " | ",
               blanks_for(std::string_view(diagnostic.excerpt).substr(0, before)), "^\n");
}

}  // namespace

void set_excerpt(Diagnostic& diagnostic, std::string_view source) {
    if (diagnostic.place.line <= 0) {
        return;
    }
    size_t start = 0;
    for (int line = 1; line < diagnostic.place.line; ++line) {
        const size_t end = source.find('\n', start);
        if (end == std::string_view::npos) {
            return;
        }
        start = end + 1;
    }
    std::string_view line = source.substr(start, source.find('\n', start) - start);
    line = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    size_t column = static_cast<size_t>(std::max(diagnostic.place.column, 1));
    diagnostic.character = 1;
    for (size_t position = 0; position + 1 < column && position < line.size();) {
        static_cast<void>(next_code_point(line, position));
        ++diagnostic.character;
    }
    const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
    if (line.size() > excerpt_bytes) {
        size_t first = column > excerpt_bytes / 2 ? column - excerpt_bytes / 2 : 0;
        first = std::min(first, line.size() - excerpt_bytes);
        while (first < line.size() && is_inside(line[first])) {
            ++first;
        }
        size_t last = std::min(first + excerpt_bytes, line.size());
        while (last < line.size() && is_inside(line[last])) {
            ++last;
        }
        line = line.substr(first, last - first);
        column -= std::min(column - 1, first);
    }
    diagnostic.excerpt = line;
    // What a terminal would obey is not shown.
    for (char& c : diagnostic.excerpt) {
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F') {
            c = '?';
        }
    }
    diagnostic.excerpt_column = static_cast<int>(column);
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
    if (!diagnostic.excerpt.empty()) {
        out += excerpt_text(diagnostic);
    }
    if (!diagnostic.cure.empty()) {
        append(out, "  cure: ", diagnostic.cure, "\n");
    }
    return out;
}

}  // namespace weft
