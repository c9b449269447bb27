// cli/sarif.cc: rules, results and places.

#include "cli/sarif.h"

#include <algorithm>

#include "cli/report.h"
#include "cli/version.h"
#include "graph/diagnostics.h"

namespace weft::cli {

namespace {

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

Value rule_value(const SarifRule& rule) {
    Value help = Value::map_of({{"text", cat("Cure: ", rule.cure)}});
    if (!rule.markdown.empty()) {
        help.set("markdown", rule.markdown);
    }
    return Value::map_of(
        {{"id", rule.id},
         {"shortDescription", text_of(rule.title)},
         {"fullDescription", text_of(rule.why)},
         {"help", std::move(help)},
         {"defaultConfiguration", Value::map_of({{"level", severity_text(rule.severity)}})}});
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

Value result_of(const Diagnostic& diagnostic, const std::vector<SarifRule>& rules) {
    Value out =
        Value::map_of({{"ruleId", diagnostic.id},
                       {"level", severity_text(diagnostic.severity)},
                       {"message", text_of(cat(diagnostic.message, "\ncure: ", diagnostic.cure))}});
    const auto rule = std::ranges::find(rules, std::string_view(diagnostic.id), &SarifRule::id);
    if (rule != rules.end()) {
        out.set("ruleIndex", rule - rules.begin());
    }
    if (!diagnostic.place.file.empty()) {
        out.set("locations", Value::list_of({location_of(diagnostic)}));
    }
    return out;
}

}  // namespace

Value to_sarif(const Diagnostics& diagnostics, const std::vector<SarifRule>& rules) {
    Value rule_list = Value::list();
    for (const SarifRule& rule : rules) {
        rule_list.push_back(rule_value(rule));
    }
    Value results = Value::list();
    for (const Diagnostic& diagnostic : diagnostics) {
        results.push_back(result_of(diagnostic, rules));
    }
    const Value driver = Value::map_of(
        {{"name", "weft"}, {"version", weft_version}, {"rules", std::move(rule_list)}});
    const Value run = Value::map_of({{"tool", Value::map_of({{"driver", driver}})},
                                     {"columnKind", "unicodeCodePoints"},
                                     {"results", std::move(results)}});
    return Value::map_of({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                          {"version", "2.1.0"},
                          {"runs", Value::list_of({run})}});
}

std::vector<SarifRule> diagnostic_rules() {
    std::vector<SarifRule> out;
    for (const graph::DiagnosticEntry& entry : graph::diagnostic_entries()) {
        out.push_back({entry.id, entry.severity, entry.title, entry.why, entry.cure,
                       graph::diagnostic_page(entry)});
    }
    return out;
}

}  // namespace weft::cli
