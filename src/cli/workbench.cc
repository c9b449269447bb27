// cli/workbench.cc: reading, compiling, and what an API server does to an instance.

#include "cli/workbench.h"

#include <algorithm>

#include "base/nearest.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "crd/definition.h"

namespace weft::cli {

namespace {

bool is_crd_of(const Object& object, const GroupVersionKind& kind) {
    return object.kind() == "CustomResourceDefinition" &&
           object.value().string_at("spec", "group") == kind.group &&
           object.value().string_at("spec", "names", "kind") == kind.kind;
}

// "spec.items[0].name" as field errors write it; their map keys stand in brackets without quotes,
// which is no path: then the part before them has the place.
void set_place(const FileObject& file, Diagnostic* diagnostic) {
    if (file.document.nodes.empty() && file.list == nullptr) {
        return;  // it was made, not read
    }
    const std::string whole = diagnostic->path;
    while (!diagnostic->path.empty() && !Path::parse(diagnostic->path)) {
        const size_t cut = diagnostic->path.find_last_of(".[");
        diagnostic->path.resize(cut == std::string::npos ? 0 : cut);
    }
    file.place(*diagnostic);
    diagnostic->path = whole;
}

}  // namespace

Workbench::Workbench(const std::vector<std::string>& paths, const std::vector<std::string>& crds,
                     const WorkbenchSettings& settings) {
    if (settings.cluster.from_cluster) {
        auto connected = LiveCluster::connect(settings.cluster);
        if (!connected) {
            reached_ = connected.error();
            return;
        }
        cluster_ = *std::move(connected);
    }
    crds_ = read_objects(crds, &diagnostics_);
    objects_ = read_objects(paths, &diagnostics_);
    definitions_ = compile_offline(objects_, crds_,
                                   {.cluster = cluster_.get(),
                                    .budget = settings.budget,
                                    .keep_graphs = settings.keep_graphs});
    for (const OfflineDefinition& definition : definitions_) {
        const Diagnostics found = placed(*definition.file, definition.compiled.diagnostics);
        diagnostics_.insert(diagnostics_.end(), found.begin(), found.end());
    }
}

bool Workbench::complain_if_unreachable() const {
    if (!reached_) {
        complain(cat("weft: ", reached_.error().text(), "\n"));
    }
    return reached_.has_value();
}

bool Workbench::complain_if_none() const {
    if (!definitions_.empty()) {
        return true;
    }
    complain(no_definition_text());
    for (const FileObject& file : objects_) {
        static constexpr std::string_view wanted[] = {"kro.run/v1alpha1 ResourceGraphDefinition"};
        const std::string found = cat(file.object.api_version(), " ", file.object.kind());
        const std::string hint = suggestion(found, wanted);
        if (!hint.empty()) {
            Diagnostic at;
            file.place(at);
            complain(cat(at.place.file, ":", at.place.line, ":", at.place.column, ": ",
                         quote(found), " is none; ", trim(hint), "\n"));
        }
    }
    return false;
}

bool Workbench::complain_if_broken(bool needs_definition) const {
    if (!complain_if_unreachable()) {
        return false;
    }
    for (const Diagnostic& diagnostic : diagnostics_) {
        complain(to_text(diagnostic));
    }
    if (has_errors(diagnostics_)) {
        return false;
    }
    return !needs_definition || complain_if_none();
}

graph::SharedGraph Workbench::graph_of(const GroupVersionKind& kind) const {
    for (const OfflineDefinition& definition : definitions_) {
        const graph::SharedGraph& graph = definition.compiled.graph;
        if (graph != nullptr && graph->instance_kind == kind) {
            return graph;
        }
    }
    return nullptr;
}

const OfflineDefinition* Workbench::only_definition() const {
    if (definitions_.size() == 1) {
        return definitions_.data();
    }
    std::string names;
    for (const OfflineDefinition& definition : definitions_) {
        append(names, names.empty() ? "" : ", ", definition.file->object.name());
    }
    complain(cat("weft: ", definitions_.size(), " definitions in what was named: ", names,
                 "\n  cure: name the file of one of them\n"));
    return nullptr;
}

std::string Workbench::kinds_text() const {
    std::string out;
    for (const OfflineDefinition& definition : definitions_) {
        if (definition.compiled.graph != nullptr) {
            const GroupVersionKind& kind = definition.compiled.graph->instance_kind;
            append(out, out.empty() ? "" : ", ", kind.kind, " (", kind.api_version(), ")");
        }
    }
    return out;
}

schema::SchemaPtr Workbench::schema_of(const GroupVersionKind& kind) const {
    for (const std::vector<FileObject>* files : {&crds_, &objects_}) {
        for (const FileObject& file : *files) {
            if (is_crd_of(file.object, kind)) {
                if (const auto facts =
                        graph::kind_facts_of_crd(file.object.value(), kind.version)) {
                    return facts->schema;
                }
            }
        }
    }
    if (const graph::SharedGraph graph = graph_of(kind)) {
        if (const auto facts = graph::kind_facts_of_crd(graph->crd, kind.version)) {
            return facts->schema;
        }
    }
    const auto facts =
        cluster_ != nullptr ? cluster_->find_kind(kind) : graph::builtin_kind_facts(kind);
    return facts ? facts->schema : nullptr;
}

Object admit_instance(const graph::Graph& graph, const FileObject& file, Diagnostics* diagnostics) {
    Value value = file.object.value();
    const auto tell = [&](Severity severity, std::string_view path, std::string message,
                          std::string cure) {
        Diagnostic diagnostic;
        diagnostic.severity = severity;
        diagnostic.path = path;
        diagnostic.message = std::move(message);
        diagnostic.cure = std::move(cure);
        set_place(file, &diagnostic);
        diagnostics->push_back(std::move(diagnostic));
    };
    if (!value.contains("metadata")) {
        value.set("metadata", Value::map());
    }
    const Value* metadata = value.find("metadata");
    if (!metadata->is_map() || value.string_at("metadata", "name").empty()) {
        tell(Severity::error, "metadata", "the instance has no metadata.name", "give it a name");
        return Object(std::move(value));
    }
    Value crd = graph.crd;
    crd::apply_defaults(crd);
    const auto kind = crd::Kind::make(crd, graph.instance_kind.version);
    if (!kind) {
        tell(Severity::error, "", kind.error().text(), "");
        return Object(std::move(value));
    }
    std::vector<std::string> unknown;
    if (const Status decoded = (*kind)->decode(value, &unknown); !decoded) {
        tell(Severity::error, "", decoded.error().text(), "");
        return Object(std::move(value));
    }
    for (const std::string& path : unknown) {
        tell(Severity::warning, path, "unknown field: an API server drops it",
             "correct its name, or add it to spec.schema.spec of the definition");
    }
    if (graph.namespaced && value.string_at("metadata", "namespace").empty()) {
        value.mutable_member("metadata").set("namespace", "default");
    }
    for (const schema::FieldError& error : (*kind)->validate_create(value)) {
        tell(Severity::error, error.path, error.body(),
             "write what spec.schema of the definition asks for");
    }
    return Object(std::move(value));
}

std::vector<Object> objects_of(std::vector<FileObject> files) {
    std::vector<Object> out;
    out.reserve(files.size());
    for (FileObject& file : files) {
        out.push_back(std::move(file.object));
    }
    return out;
}

Result<Object> observed_instance(const Object& instance, ObjectSource* source) {
    const std::optional<Object> live =
        TRY(source->get(instance.group_version_kind(), instance.key()));
    if (!live) {
        return instance;
    }
    Value merged = instance.value();
    Value metadata = Value::map();
    if (const Value* found = live->value().find("metadata"); found != nullptr && found->is_map()) {
        metadata = *found;
    }
    for (const std::string_view map : {"labels", "annotations"}) {
        if (const Value* given = instance.value().find("metadata", map)) {
            for (const Member& member : given->members()) {
                metadata.mutable_member(map).set(member.name(), member.value);
            }
        }
    }
    merged.set("metadata", std::move(metadata));
    if (const Value* status = live->value().find("status")) {
        merged.set("status", *status);
    }
    return Object(std::move(merged));
}

bool rehearse_all(
    const Workbench& bench, const Rehearsed& what, RehearsalOptions options,
    const std::function<void(const Rehearsal& rehearsal, const graph::Graph& graph)>& each) {
    Diagnostics diagnostics;
    const std::vector<FileObject> instances = read_objects({what.instance}, &diagnostics);
    FileSource files(objects_of(read_objects(what.observed, &diagnostics)));
    ClusterSource live(bench.cluster(), &files);
    ObjectSource* source = &files;
    if (bench.cluster() != nullptr) {
        source = &live;
    }
    size_t played = 0;
    for (const FileObject& file : instances) {
        const graph::SharedGraph graph = bench.graph_of(file.object.group_version_kind());
        if (graph == nullptr) {
            continue;
        }
        ++played;
        const Object admitted = admit_instance(*graph, file, &diagnostics);
        if (has_errors(diagnostics)) {
            break;
        }
        Result<Object> instance = observed_instance(admitted, source);
        if (!instance) {
            complain(cat("weft: ", instance.error().text(), "\n"));
            return false;
        }
        Rehearsal rehearsal(
            graph.get(), *std::move(instance), source,
            [&](const GroupVersionKind& kind) { return bench.schema_of(kind); }, options);
        if (const Status status = rehearsal.run(); !status) {
            complain(cat("weft: ", status.error().text(), "\n"));
            return false;
        }
        each(rehearsal, *graph);
    }
    for (const Diagnostic& diagnostic : diagnostics) {
        complain(to_text(diagnostic));
    }
    if (has_errors(diagnostics)) {
        return false;
    }
    if (played == 0) {
        complain(cat("weft: no instance of ", what.definition, " in ", what.instance,
                     "\n  cure: write an object of ", bench.kinds_text(), " there\n"));
        return false;
    }
    return true;
}

}  // namespace weft::cli
