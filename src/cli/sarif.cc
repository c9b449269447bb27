// cli/sarif.cc: rules, results and places.

#include "cli/sarif.h"

#include "cli/version.h"
#include "graph/diagnostics.h"

namespace weft::cli {

namespace {

std::string_view level_of(Severity severity) {
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

Value text_of(std::string_view text) {
    return Value::map_of({{"text", text}});
}

// A path as a URI reference: what may not stand in one is escaped.
std::string uri_of(std::string_view file) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    if (file == "<stdin>") {
        return "stdin";
    }
    std::string out = file.starts_with('/') ? "file://" : "";
    for (const char c : file) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            append(out, "%", hex_encode_upper(std::string_view(&c, 1)));
        }
    }
    return out;
}

Value rules() {
    Value out = Value::list();
    for (const graph::DiagnosticEntry& entry : graph::diagnostic_entries()) {
        out.push_back(Value::map_of(
            {{"id", entry.id},
             {"shortDescription", text_of(entry.title)},
             {"fullDescription", text_of(entry.why)},
             {"help", Value::map_of({{"text", cat("Cure: ", entry.cure)},
                                     {"markdown", graph::diagnostic_page(entry)}})},
             {"defaultConfiguration", Value::map_of({{"level", level_of(entry.severity)}})}}));
    }
    return out;
}

Value location_of(const Diagnostic& diagnostic) {
    Value physical = Value::map_of(
        {{"artifactLocation", Value::map_of({{"uri", uri_of(diagnostic.place.file)}})}});
    if (diagnostic.place.line > 0) {
        Value region = Value::map_of({{"startLine", diagnostic.place.line}});
        if (diagnostic.character > 0) {
            region.set("startColumn", diagnostic.character);
        }
        if (!diagnostic.excerpt.empty()) {
            region.set("snippet", text_of(diagnostic.excerpt));
        }
        physical.set("region", std::move(region));
    }
    Value out = Value::map_of({{"physicalLocation", std::move(physical)}});
    if (!diagnostic.path.empty()) {
        out.set("logicalLocations",
                Value::list_of({Value::map_of({{"fullyQualifiedName", diagnostic.path}})}));
    }
    return out;
}

Value result_of(const Diagnostic& diagnostic) {
    Value out =
        Value::map_of({{"ruleId", diagnostic.id},
                       {"level", level_of(diagnostic.severity)},
                       {"message", text_of(cat(diagnostic.message, "\ncure: ", diagnostic.cure))}});
    const std::span<const graph::DiagnosticEntry> entries = graph::diagnostic_entries();
    if (const graph::DiagnosticEntry* entry = graph::find_diagnostic_entry(diagnostic.id)) {
        out.set("ruleIndex", static_cast<int64_t>(entry - entries.data()));
    }
    if (!diagnostic.place.file.empty()) {
        out.set("locations", Value::list_of({location_of(diagnostic)}));
    }
    return out;
}

}  // namespace

Value to_sarif(const Diagnostics& diagnostics) {
    Value results = Value::list();
    for (const Diagnostic& diagnostic : diagnostics) {
        results.push_back(result_of(diagnostic));
    }
    const Value driver =
        Value::map_of({{"name", "weft"}, {"version", weft_version}, {"rules", rules()}});
    const Value run = Value::map_of({{"tool", Value::map_of({{"driver", driver}})},
                                     {"columnKind", "unicodeCodePoints"},
                                     {"results", std::move(results)}});
    return Value::map_of({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                          {"version", "2.1.0"},
                          {"runs", Value::list_of({run})}});
}

}  // namespace weft::cli
