// cli/explain.cc: `weft explain`: what a diagnostic means, and what a definition may cost.

#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/workbench.h"

namespace weft::cli {

namespace {

Value to_value(const graph::DiagnosticEntry& entry) {
    return Value::map_of({{"id", entry.id},
                          {"severity", entry.severity == Severity::error ? "error" : "warning"},
                          {"title", entry.title},
                          {"why", entry.why},
                          {"cure", entry.cure},
                          {"example", graph::example_file(entry)}});
}

void list_entries(PageFormat format) {
    if (format == PageFormat::json) {
        Value list = Value::list();
        for (const graph::DiagnosticEntry& entry : graph::diagnostic_entries()) {
            list.push_back(to_value(entry));
        }
        print(to_json(list, {.indent = 2}) + "\n");
        return;
    }
    std::string out;
    if (format == PageFormat::markdown) {
        out =
            "# Diagnostics\n\nWhat `weft validate` can find, made by `weft explain -o markdown`. "
            "`weft explain ID` prints one of these.\n";
        for (const graph::DiagnosticEntry& entry : graph::diagnostic_entries()) {
            append(out, "\n", graph::diagnostic_page(entry, 2));
        }
        print(out);
        return;
    }
    for (const graph::DiagnosticEntry& entry : graph::diagnostic_entries()) {
        append(out, entry.id, "  ", entry.title, "\n");
    }
    print(out);
}

Value to_value(const graph::CostlyExpression& expression) {
    return Value::map_of({{"expression", expression.text},
                          {"path", expression.path},
                          {"cost", graph::bound_text(expression.cost)},
                          {"times", graph::bound_text(expression.times)},
                          {"driver", expression.driver}});
}

Value to_value(const graph::Bounds& bounds, const std::string& name) {
    Value nodes = Value::list();
    for (const graph::NodeBound& node : bounds.nodes) {
        Value loops = Value::list();
        for (const graph::LoopBound& loop : node.loops) {
            loops.push_back(Value::map_of({{"list", loop.list},
                                           {"items", graph::bound_text(loop.items)},
                                           {"driver", loop.driver}}));
        }
        nodes.push_back(Value::map_of({{"id", node.id},
                                       {"objects", graph::bound_text(node.objects)},
                                       {"cost", graph::bound_text(node.cost)},
                                       {"loops", std::move(loops)},
                                       {"costliest", to_value(node.costliest)}}));
    }
    return Value::map_of({{"definition", name},
                          {"objects", graph::bound_text(bounds.objects)},
                          {"cost", graph::bound_text(bounds.cost)},
                          {"statusCost", graph::bound_text(bounds.status_cost)},
                          {"costliest", to_value(bounds.costliest())},
                          {"resources", std::move(nodes)}});
}

// " (`schema.spec.zones` has no maxItems)"; nothing without a driver.
std::string driver_text(const std::string& driver) {
    return driver.empty() ? "" : cat(" (", driver, ")");
}

std::string bounds_text(const graph::Bounds& bounds, const std::string& name) {
    std::string out = cat(name, ": at most ", graph::bound_text(bounds.objects),
                          bounds.objects == 1 ? " object" : " objects",
                          " of one instance; its expressions cost at most ",
                          graph::bound_text(bounds.cost), " for one plan\n");
    for (const graph::NodeBound& node : bounds.nodes) {
        append(out, "  ", node.id, ": objects ", graph::bound_text(node.objects),
               node.is_limited ? " (the collection limit)" : "", ", cost ",
               graph::bound_text(node.cost), "\n");
        for (const graph::LoopBound& loop : node.loops) {
            append(out, "    loop over ", loop.list, ": at most ", graph::bound_text(loop.items),
                   " items", driver_text(loop.driver), "\n");
        }
        if (!node.costliest.text.empty()) {
            append(out, "    most of it: ", node.costliest.text, " at ", node.costliest.path,
                   node.costliest.times > 1
                       ? cat(", ", graph::bound_text(node.costliest.times), " times")
                       : "",
                   driver_text(node.costliest.driver), "\n");
        }
    }
    append(out, "  status: cost ", graph::bound_text(bounds.status_cost),
           driver_text(bounds.status_costliest.driver), "\n");
    return out;
}

int explain_files(const ExplainOptions& options) {
    const Workbench bench({options.what}, options.crds, {.cluster = options.cluster});
    if (!bench.complain_if_broken(false)) {
        return exit_failed;
    }
    Value list = Value::list();
    std::string out;
    for (const OfflineDefinition& definition : bench.definitions()) {
        const graph::Bounds bounds = graph::bounds_of(*definition.compiled.graph);
        const std::string name(definition.file->object.name());
        out += bounds_text(bounds, name);
        list.push_back(to_value(bounds, name));
    }
    if (list.empty()) {
        complain(
            cat("weft: no ResourceGraphDefinition in ", options.what,
                "\n  cure: name a diagnostic as `weft explain` lists them, or a file or folder "
                "with a definition\n"));
        return exit_failed;
    }
    print(options.format == PageFormat::json ? to_json(list, {.indent = 2}) + "\n" : out);
    return exit_ok;
}

}  // namespace

int run_explain(const ExplainOptions& options) {
    if (options.what.empty()) {
        list_entries(options.format);
        return exit_ok;
    }
    std::string id = options.what;
    for (char& c : id) {
        c = c == 'g' ? 'G' : c == 'f' ? 'F' : c;
    }
    const graph::DiagnosticEntry* entry = graph::find_diagnostic_entry(id);
    if (entry == nullptr) {
        const bool looks_like_id =
            id.size() == 4 && (id[0] == 'G' || id[0] == 'F') && parse_int(id.substr(1));
        if (looks_like_id) {
            complain(cat("weft: no diagnostic ", id, "\n  cure: `weft explain` lists them\n"));
            return exit_failed;
        }
        return explain_files(options);
    }
    print(options.format == PageFormat::json ? to_json(to_value(*entry), {.indent = 2}) + "\n"
                                             : graph::diagnostic_page(*entry));
    return exit_ok;
}

}  // namespace weft::cli
