// cli/report.cc: diagnostics as JSON; text for XML.

#include "cli/report.h"

namespace weft::cli {

std::string_view severity_text(Severity severity) {
    switch (severity) {
        case Severity::error:
            return "error";
        case Severity::warning:
            return "warning";
        case Severity::note:
            break;
    }
    return "note";
}

Value to_value(const Diagnostic& diagnostic) {
    return Value::map_of({{"id", diagnostic.id},
                          {"severity", severity_text(diagnostic.severity)},
                          {"file", diagnostic.place.file},
                          {"line", diagnostic.place.line},
                          {"column", diagnostic.place.column},
                          {"path", diagnostic.path},
                          {"message", diagnostic.message},
                          {"excerpt", diagnostic.excerpt},
                          {"cure", diagnostic.cure}});
}

std::string_view no_definition_text() {
    return "weft: no ResourceGraphDefinition in what was named\n  cure: name a file or folder with "
           "one (kind: ResourceGraphDefinition, apiVersion: kro.run/v1alpha1)\n";
}

std::string escape_markup(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
                out += "&#10;";
                break;
            default:
                // XML 1.0 has no place for other control characters.
                out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
        }
    }
    return out;
}

}  // namespace weft::cli
