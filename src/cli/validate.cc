// cli/validate.cc: `weft validate`: every mistake of every definition, with its place.

#include "cli/commands.h"
#include "cli/report.h"
#include "cli/sarif.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

// What came of one definition that is valid.
struct Line {
    std::string name;
    graph::Bounds bounds;
};

std::string line_text(const Line& line) {
    return cat(line.name, ": at most ", graph::bound_text(line.bounds.objects),
               line.bounds.objects == 1 ? " object" : " objects", ", cost at most ",
               graph::bound_text(line.bounds.cost),
               line.bounds.costliest().driver.empty()
                   ? ""
                   : cat(", since ", line.bounds.costliest().driver),
               "\n");
}

struct Report {
    Diagnostics diagnostics;
    std::vector<Line> lines;
    size_t count = 0;
    size_t valid = 0;
};

void print_report(const Report& report, ReportFormat format) {
    if (format == ReportFormat::sarif) {
        print(to_json(to_sarif(report.diagnostics, diagnostic_rules()), {.indent = 2}) + "\n");
        return;
    }
    if (format == ReportFormat::json || format == ReportFormat::yaml) {
        Value list = Value::list();
        for (const Diagnostic& diagnostic : report.diagnostics) {
            list.push_back(to_value(diagnostic));
        }
        const Value value = Value::map_of(
            {{"definitions", report.count}, {"valid", report.valid}, {"diagnostics", list}});
        print(format == ReportFormat::json ? to_json(value, {.indent = 2}) + "\n" : to_yaml(value));
        return;
    }
    std::string out;
    for (const Diagnostic& diagnostic : report.diagnostics) {
        out += to_text(diagnostic);
    }
    for (const Line& line : report.lines) {
        out += line_text(line);
    }
    if (report.count > 0) {
        append(out, report.valid, " of ", report.count,
               report.count == 1 ? " definition is" : " definitions are", " valid\n");
    }
    print(out);
}

}  // namespace

int run_validate(const ValidateOptions& options) {
    const Workbench bench(options.paths, options.crds,
                          {.cluster = options.cluster,
                           .budget = options.budget,
                           .keep_graphs = options.format == ReportFormat::wide});
    if (!bench.complain_if_unreachable()) {
        return exit_failed;
    }
    Report report;
    report.diagnostics = bench.diagnostics();
    for (const OfflineDefinition& definition : bench.definitions()) {
        ++report.count;
        report.valid += has_errors(definition.compiled.diagnostics) ? 0 : 1;
        if (definition.compiled.graph != nullptr) {
            report.lines.push_back({std::string(definition.file->object.name()),
                                    graph::bounds_of(*definition.compiled.graph)});
        }
    }
    print_report(report, options.format);
    const bool is_read =
        options.format == ReportFormat::text || options.format == ReportFormat::wide;
    if (is_read && report.diagnostics.empty() && !bench.complain_if_none()) {
        return exit_failed;
    }
    const bool fails =
        has_errors(report.diagnostics) || (options.strict && !report.diagnostics.empty());
    return fails ? exit_failed : exit_ok;
}

}  // namespace weft::cli
