// cli/offline.cc: schemas from files, and definitions in an order in which they compile.

#include "cli/offline.h"

#include <algorithm>

namespace weft::cli {

namespace {

using Kinds = std::map<GroupVersionKind, Result<graph::KindFacts>>;

void add_crd(const Value& crd, Kinds* kinds) {
    const Value* versions = crd.find("spec", "versions");
    if (versions == nullptr) {
        return;
    }
    const std::string group(crd.string_at("spec", "group"));
    const std::string kind(crd.string_at("spec", "names", "kind"));
    for (const Value& version : versions->items()) {
        const std::string name(version.string_at("name"));
        kinds->insert_or_assign(GroupVersionKind{group, name, kind},
                                graph::kind_facts_of_crd(crd, name));
    }
}

Result<graph::KindFacts> find_kind(const Kinds& kinds, const GroupVersionKind& kind) {
    if (const auto found = kinds.find(kind); found != kinds.end()) {
        return found->second;
    }
    if (Result<graph::KindFacts> facts = graph::builtin_kind_facts(kind)) {
        return facts;
    }
    return make_error(Reason::not_found, "no matches for kind ", quote(kind.kind), " in version ",
                      quote(kind.api_version()));
}

bool is_crd(const Object& object) {
    return object.kind() == "CustomResourceDefinition" &&
           object.api_version() == "apiextensions.k8s.io/v1";
}

}  // namespace

bool is_definition(const Object& object) {
    return object.kind() == "ResourceGraphDefinition" && object.api_version() == "kro.run/v1alpha1";
}

std::vector<OfflineDefinition> compile_offline(const std::vector<FileObject>& objects,
                                               const std::vector<FileObject>& crds) {
    Kinds kinds;
    std::vector<OfflineDefinition> out;
    for (const std::vector<FileObject>* source : {&crds, &objects}) {
        for (const FileObject& file : *source) {
            if (is_crd(file.object)) {
                add_crd(file.object.value(), &kinds);
            }
        }
    }
    for (const FileObject& file : objects) {
        if (is_definition(file.object)) {
            out.push_back({&file, {}});
        }
    }
    graph::CompileContext context;
    context.find_kind = [&](const GroupVersionKind& kind) { return find_kind(kinds, kind); };
    context.gates.cel_omit_function = true;
    // Each round compiles what the rounds before made possible; it ends when nothing new compiles.
    bool progressed = true;
    while (progressed) {
        progressed = false;
        for (OfflineDefinition& definition : out) {
            if (definition.compiled.graph != nullptr) {
                continue;
            }
            Diagnostics shape;
            const graph::Definition parsed =
                graph::parse_definition(definition.file->object, &shape);
            definition.compiled = graph::compile(parsed, context);
            definition.compiled.diagnostics.insert(definition.compiled.diagnostics.begin(),
                                                   shape.begin(), shape.end());
            if (definition.compiled.graph != nullptr) {
                add_crd(definition.compiled.graph->crd, &kinds);
                progressed = true;
            }
        }
    }
    std::map<GroupVersionKind, std::string> owners;
    for (OfflineDefinition& definition : out) {
        if (definition.compiled.graph == nullptr) {
            continue;
        }
        const GroupVersionKind& kind = definition.compiled.graph->instance_kind;
        const std::string name(definition.file->object.name());
        const auto [owner, is_first] = owners.emplace(kind, name);
        if (!is_first && owner->second != name) {
            Diagnostic twice;
            twice.severity = Severity::warning;
            twice.path = "spec.schema.kind";
            twice.message = cat("definition ", owner->second, " makes the kind ", kind.kind, " of ",
                                kind.api_version(), " too; on one server the second is refused");
            twice.cure = "give one of them another kind or group, or apply only one";
            definition.compiled.diagnostics.push_back(std::move(twice));
        }
    }
    return out;
}

Diagnostics placed(const FileObject& file, const Diagnostics& diagnostics) {
    Diagnostics out = diagnostics;
    for (Diagnostic& diagnostic : out) {
        const Result<Path> path = Path::parse(diagnostic.path);
        diagnostic.place = file.document.place_of(path ? *path : Path());
    }
    std::ranges::stable_sort(out, {}, [](const Diagnostic& diagnostic) {
        return std::pair(diagnostic.place.line, diagnostic.place.column);
    });
    return out;
}

}  // namespace weft::cli
