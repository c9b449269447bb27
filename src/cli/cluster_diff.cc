// cli/cluster_diff.cc: `weft diff --from-cluster`: who would change, and how, if a definition were
// applied.

#include <map>
#include <variant>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/files.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "control/control.h"
#include "merge/field_diff.h"

namespace weft::cli {

namespace {

// What one instance's preview comes to, as text.
struct Told {
    size_t changes = 0;
    size_t refusals = 0;
    std::string text;
};

std::string object_name(const ObjectKey& key) {
    return cat(key.kind.kind, " ", key.name.text());
}

void tell_fields(const control::PreviewedChange& change, std::string* out) {
    for (const merge::FieldDifference& difference :
         merge::field_diff(change.before->value(), change.after->value())) {
        append(*out, "      ", merge::to_text(difference), "\n");
    }
}

Told tell(const control::Preview& preview) {
    Told out;
    for (const control::PreviewedChange& change : preview.changes) {
        if (const Prune* prune = std::get_if<Prune>(&change.action.what)) {
            ++out.changes;
            append(out.text, "  - ", object_name(prune->key), "  (", change.action.why, ")\n");
            continue;
        }
        const Apply& apply = std::get<Apply>(change.action.what);
        const std::string name =
            object_name({apply.desired.group_version_kind(), apply.desired.key()});
        if (!change.refusal.empty()) {
            ++out.refusals;
            append(out.text, "  ! ", name, "  the server refuses it: ", change.refusal, "\n");
            continue;
        }
        std::string fields;
        if (change.before) {
            tell_fields(change, &fields);
            if (fields.empty()) {
                continue;  // Only who owns what changes.
            }
        }
        ++out.changes;
        append(out.text, change.before ? "  ~ " : "  + ", name,
               apply.node.empty() ? "" : cat("  (", apply.node, ")"), "\n", fields);
    }
    for (const graph::NodePlan& node : preview.plan.nodes) {
        const bool is_held =
            node.state == graph::NodeState::error || node.state == graph::NodeState::in_progress;
        if (is_held) {
            append(out.text, "  ? ", node.id, "  ", node.why, "\n");
        }
    }
    return out;
}

// The CRD that the definition would make against the one that is there.
io::Task<Status> diff_crd(Connection connection, graph::SharedGraph graph, bool* is_changed) {
    const std::string name(graph->crd.string_at("metadata", "name"));
    const Result<Object> present =
        co_await connection.client->get(control::crd_resource(), {"", name});
    if (!present) {
        if (present.error().reason() != Reason::not_found) {
            co_return Error(present.error());
        }
        print(cat("+ CustomResourceDefinition ", name, "\n"));
        *is_changed = true;
        co_return Status{};
    }
    const Value* before = present->value().find("spec", "versions");
    const Value* after = graph->crd.find("spec", "versions");
    const graph::CrdChanges changes = CO_TRY(graph::compare_versions(*before, *after));
    if (changes.empty()) {
        co_return Status{};
    }
    *is_changed = true;
    print(cat("~ CustomResourceDefinition ", name, "\n"));
    if (!changes.is_compatible()) {
        print(cat("  ! breaking changes: ", changes.breaking_text(),
                  "\n    cure: keep the fields, or set the annotation "
                  "kro.run/allow-breaking-changes: \"true\" on the definition\n"));
    }
    co_return Status{};
}

io::Task<Result<int>> diff_definition(Connection connection, const FileObject* file,
                                      const DiffOptions* options) {
    Object definition = file->object;
    // The revision that is served knows the uid; a new definition has none yet.
    const Result<Object> present =
        co_await connection.client->get(control::definition_resource(), definition.key());
    if (present) {
        definition.metadata().set("uid", present->uid());
    } else if (present.error().reason() != Reason::not_found) {
        co_return Error(present.error());
    }
    const graph::Compiled compiled =
        CO_TRY(co_await compile_served(connection, definition, options->control.gates));
    for (const Diagnostic& diagnostic : placed(*file, compiled.diagnostics)) {
        complain(to_text(diagnostic));
    }
    const graph::SharedGraph graph = compiled.graph;
    if (graph == nullptr) {
        co_return exit_failed;
    }
    bool is_changed = false;
    CO_TRY(co_await diff_crd(connection, graph, &is_changed));
    const auto resource = co_await connection.mapper->for_kind(graph->instance_kind);
    if (!resource) {
        if (resource.error().reason() != Reason::not_found) {
            co_return Error(resource.error());
        }
        print(cat(definition.name(), ": no instances yet\n"));
        co_return is_changed ? 1 : 0;
    }
    const kube::List instances = CO_TRY(
        co_await connection.client->list_all(*resource, {.namespace_ = options->namespace_}));
    size_t touched = 0;
    size_t objects = 0;
    size_t refused = 0;
    for (const Object& instance : instances.items) {
        if (instance.is_deleting()) {
            continue;
        }
        graph::PlanOptions plan;
        plan.version = options->control.version;
        plan.collection_size = options->control.collection_size_max;
        const control::Preview preview = CO_TRY(co_await control::preview(
            connection.loop, connection.client, connection.mapper, graph, instance, plan, false));
        const Told told = tell(preview);
        if (told.changes == 0 && told.refusals == 0) {
            continue;
        }
        ++touched;
        objects += told.changes;
        refused += told.refusals;
        print(cat(instance.kind(), " ", instance.key().text(), "\n", told.text));
    }
    print(cat(definition.name(), ": ", touched, " of ", instances.items.size(),
              " instances would change, ", objects, objects == 1 ? " object" : " objects",
              refused == 0 ? "" : cat(", ", refused, " refused"), "\n"));
    is_changed = is_changed || touched > 0;
    co_return is_changed ? 1 : 0;
}

io::Task<Result<int>> diff_all(Connection connection, const std::vector<FileObject>* definitions,
                               const DiffOptions* options) {
    int code = exit_ok;
    for (const FileObject& definition : *definitions) {
        const int one = CO_TRY(co_await diff_definition(connection, &definition, options));
        code = std::max(code, one);
    }
    co_return code;
}

}  // namespace

int run_cluster_diff(const DiffOptions& options) {
    Diagnostics diagnostics;
    std::vector<std::string> paths = {options.before};
    if (!options.after.empty()) {
        paths.push_back(options.after);
    }
    std::vector<FileObject> definitions = read_objects(paths, &diagnostics);
    std::erase_if(definitions, [](const FileObject& file) { return !is_definition(file.object); });
    for (const Diagnostic& diagnostic : diagnostics) {
        complain(to_text(diagnostic));
    }
    if (has_errors(diagnostics)) {
        return exit_failed;
    }
    if (definitions.empty()) {
        complain(no_definition_text());
        return exit_failed;
    }
    return run_connected({options.kubeconfig, options.context}, [&](Connection connection) {
        return diff_all(connection, &definitions, &options);
    });
}

}  // namespace weft::cli
