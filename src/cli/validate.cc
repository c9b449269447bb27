// cli/validate.cc: `weft validate`: every mistake of every definition, with its place.

#include "cli/commands.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/sarif.h"
#include "cli/terminal.h"

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
               graph::bound_text(line.bounds.cost), "\n");
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
    std::unique_ptr<LiveCluster> cluster;
    if (options.cluster.from_cluster) {
        auto connected = LiveCluster::connect(options.cluster);
        if (!connected) {
            complain(cat("weft: ", connected.error().text(), "\n"));
            return exit_failed;
        }
        cluster = *std::move(connected);
    }
    Report report;
    const std::vector<FileObject> crds = read_objects(options.crds, &report.diagnostics);
    const std::vector<FileObject> objects = read_objects(options.paths, &report.diagnostics);
    OfflineOptions offline;
    offline.cluster = cluster.get();
    offline.budget = options.budget;
    offline.keep_graphs = options.format == ReportFormat::wide;
    for (const OfflineDefinition& definition : compile_offline(objects, crds, offline)) {
        ++report.count;
        const Diagnostics found = placed(*definition.file, definition.compiled.diagnostics);
        report.valid += has_errors(found) ? 0 : 1;
        report.diagnostics.insert(report.diagnostics.end(), found.begin(), found.end());
        if (definition.compiled.graph != nullptr) {
            report.lines.push_back({std::string(definition.file->object.name()),
                                    graph::bounds_of(*definition.compiled.graph)});
        }
    }
    print_report(report, options.format);
    const bool is_read =
        options.format == ReportFormat::text || options.format == ReportFormat::wide;
    if (is_read && report.count == 0 && report.diagnostics.empty()) {
        complain(
            "weft: no ResourceGraphDefinition in what was named\n  cure: name a file or folder "
            "with "
            "one (kind: ResourceGraphDefinition, apiVersion: kro.run/v1alpha1)\n");
        return exit_failed;
    }
    const bool fails =
        has_errors(report.diagnostics) || (options.strict && !report.diagnostics.empty());
    return fails ? exit_failed : exit_ok;
}

}  // namespace weft::cli
