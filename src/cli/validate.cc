// cli/validate.cc: `weft validate`: every mistake of every definition, with its place.

#include <algorithm>

#include "cli/commands.h"
#include "cli/offline.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

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
                          {"cure", diagnostic.cure}});
}

}  // namespace

int run_validate(const ValidateOptions& options) {
    Diagnostics all;
    const std::vector<FileObject> crds = read_objects(options.crds, &all);
    const std::vector<FileObject> objects = read_objects(options.paths, &all);
    size_t count = 0;
    size_t good = 0;
    for (const OfflineDefinition& definition : compile_offline(objects, crds)) {
        ++count;
        const Diagnostics found = placed(*definition.file, definition.compiled.diagnostics);
        good += has_errors(found) ? 0 : 1;
        all.insert(all.end(), found.begin(), found.end());
    }
    if (options.format != Format::text) {
        Value list = Value::list();
        for (const Diagnostic& diagnostic : all) {
            list.push_back(to_value(diagnostic));
        }
        const Value report =
            Value::map_of({{"definitions", count}, {"valid", good}, {"diagnostics", list}});
        print(options.format == Format::json ? to_json(report, {.indent = 2}) + "\n"
                                             : to_yaml(report));
        return has_errors(all) ? exit_failed : exit_ok;
    }
    for (const Diagnostic& diagnostic : all) {
        print(to_text(diagnostic));
    }
    if (count == 0 && all.empty()) {
        complain(
            "weft: no ResourceGraphDefinition in what was named\n  cure: name a file or folder "
            "with "
            "one (kind: ResourceGraphDefinition, apiVersion: kro.run/v1alpha1)\n");
        return exit_failed;
    }
    if (count == 0) {
        return has_errors(all) ? exit_failed : exit_ok;
    }
    print(cat(good, " of ", count, count == 1 ? " definition is" : " definitions are", " valid\n"));
    return has_errors(all) ? exit_failed : exit_ok;
}

}  // namespace weft::cli
