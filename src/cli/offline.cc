// cli/offline.cc: schemas from files, and definitions in an order in which they compile.

#include "cli/offline.h"

#include <algorithm>
#include <optional>

namespace weft::cli {

namespace {

bool is_crd(const Object& object) {
    return object.kind() == "CustomResourceDefinition" &&
           object.api_version() == "apiextensions.k8s.io/v1";
}

// Compiles each definition after those whose kinds it uses.
class OfflineCompiler {
public:
    explicit OfflineCompiler(const OfflineOptions& options) : options_(options) {
        context_.find_kind = [this](const GroupVersionKind& kind) { return find_kind(kind); };
        context_.gates.cel_omit_function = true;
        context_.allow_unknown_kinds = true;
        context_.budget = options.budget;
    }

    void add_crd(const Value& crd) {
        const Value* versions = crd.find("spec", "versions");
        if (versions == nullptr) {
            return;
        }
        const std::string group(crd.string_at("spec", "group"));
        const std::string kind(crd.string_at("spec", "names", "kind"));
        for (const Value& version : versions->items()) {
            const std::string name(version.string_at("name"));
            kinds_.insert_or_assign(GroupVersionKind{group, name, kind},
                                    CrdKind{crd, std::nullopt});
        }
    }

    std::vector<OfflineDefinition> run(const std::vector<FileObject>& objects) {
        for (const FileObject& file : objects) {
            if (is_definition(file.object)) {
                OfflineDefinition& definition = definitions_.emplace_back();
                definition.file = &file;
                parsed_.push_back(
                    graph::parse_definition(file.object, &definition.compiled.diagnostics));
            }
        }
        for (size_t i = 0; i < parsed_.size(); ++i) {
            makers_.emplace(parsed_[i].instance_kind(), i);
        }
        states_.assign(parsed_.size(), State::waiting);
        for (size_t i = 0; i < parsed_.size(); ++i) {
            compile(i);
        }
        tell_second_makers();
        return std::move(definitions_);
    }

private:
    enum class State : uint8_t { waiting, running, done };
    // A kind that a CRD defines. Schemas are read when a definition wants them: a folder of CRDs
    // holds many that nobody does.
    struct CrdKind {
        Value crd;
        std::optional<Result<graph::KindFacts>> facts;
    };

    Result<graph::KindFacts> find_kind(const GroupVersionKind& kind) {
        if (const auto found = kinds_.find(kind); found != kinds_.end()) {
            CrdKind& known = found->second;
            if (!known.facts) {
                known.facts = graph::kind_facts_of_crd(known.crd, kind.version);
            }
            return *known.facts;
        }
        // Its definition has mistakes, which are told there.
        if (makers_.contains(kind)) {
            return graph::unknown_kind_facts(kind);
        }
        if (options_.cluster != nullptr) {
            return options_.cluster->find_kind(kind);
        }
        if (Result<graph::KindFacts> facts = graph::builtin_kind_facts(kind)) {
            return facts;
        }
        return make_error(Reason::not_found, "no matches for kind ", quote(kind.kind),
                          " in version ", quote(kind.api_version()));
    }

    // Definitions that others need come first; depth is bounded by their number, and so by memory.
    void compile(size_t first) {
        std::vector<size_t> waiting = {first};
        while (!waiting.empty()) {
            const size_t at = waiting.back();
            if (states_[at] == State::done) {
                waiting.pop_back();
                continue;
            }
            if (states_[at] == State::waiting) {
                states_[at] = State::running;
                if (push_needed(at, waiting)) {
                    continue;
                }
            }
            compile_one(at);
            states_[at] = State::done;
            waiting.pop_back();
        }
    }

    // True if another definition has to be compiled before.
    bool push_needed(size_t at, std::vector<size_t>& waiting) {
        const size_t before = waiting.size();
        for (const graph::ResourceEntry& entry : parsed_[at].resources) {
            for (const Value* object : {&entry.template_, &entry.external_ref}) {
                if (!object->is_map()) {
                    continue;
                }
                const GroupVersionKind kind = Object(*object).group_version_kind();
                const auto maker = makers_.find(kind);
                if (maker == makers_.end()) {
                    continue;
                }
                if (states_[maker->second] == State::waiting) {
                    waiting.push_back(maker->second);
                } else if (states_[maker->second] == State::running && !kinds_.contains(kind)) {
                    tell_circle(at, maker->second, entry, kind);
                }
            }
        }
        return waiting.size() > before;
    }

    void tell_circle(size_t at, size_t other, const graph::ResourceEntry& entry,
                     const GroupVersionKind& kind) {
        const Path path =
            entry.path.child(entry.template_.is_map() ? "template" : "externalRef").child("kind");
        definitions_[at].compiled.diagnostics.push_back(graph::diagnose(
            "G028", path,
            at == other ? cat("definition ", parsed_[at].name, " makes objects of its own kind ",
                              kind.kind, ": each would make another")
                        : cat("the kind ", kind.kind, " is made by definition ",
                              parsed_[other].name, ", which needs the kind ", parsed_[at].kind,
                              " of definition ", parsed_[at].name)));
    }

    void compile_one(size_t at) {
        graph::Compiled compiled = graph::compile(parsed_[at], context_);
        Diagnostics& told = definitions_[at].compiled.diagnostics;
        told.insert(told.end(), std::make_move_iterator(compiled.diagnostics.begin()),
                    std::make_move_iterator(compiled.diagnostics.end()));
        if (compiled.graph != nullptr && !has_errors(told)) {
            add_crd(compiled.graph->crd);
            if (options_.keep_graphs) {
                definitions_[at].compiled.graph = std::move(compiled.graph);
            }
        }
    }

    void tell_second_makers() {
        for (size_t i = 0; i < parsed_.size(); ++i) {
            const auto maker = makers_.find(parsed_[i].instance_kind());
            if (maker->second == i || parsed_[maker->second].name == parsed_[i].name) {
                continue;
            }
            const GroupVersionKind& kind = maker->first;
            definitions_[i].compiled.diagnostics.push_back(graph::diagnose(
                "G027", Path{"spec", "schema", "kind"},
                cat("definition ", parsed_[maker->second].name, " makes the kind ", kind.kind,
                    " of ", kind.api_version(), " too; on one server the second is refused")));
        }
    }

    OfflineOptions options_;
    graph::CompileContext context_;
    std::map<GroupVersionKind, CrdKind> kinds_;
    std::vector<OfflineDefinition> definitions_;
    std::vector<graph::Definition> parsed_;      // as definitions_
    std::vector<State> states_;                  // likewise
    std::map<GroupVersionKind, size_t> makers_;  // the first that makes a kind
};

}  // namespace

bool is_definition(const Object& object) {
    return object.kind() == "ResourceGraphDefinition" && object.api_version() == "kro.run/v1alpha1";
}

std::vector<OfflineDefinition> compile_offline(const std::vector<FileObject>& objects,
                                               const std::vector<FileObject>& crds,
                                               const OfflineOptions& options) {
    OfflineCompiler compiler(options);
    for (const std::vector<FileObject>* source : {&crds, &objects}) {
        for (const FileObject& file : *source) {
            if (is_crd(file.object)) {
                compiler.add_crd(file.object.value());
            }
        }
    }
    return compiler.run(objects);
}

Diagnostics placed(const FileObject& file, const Diagnostics& diagnostics) {
    Diagnostics out = diagnostics;
    for (Diagnostic& diagnostic : out) {
        file.place(diagnostic);
    }
    std::ranges::stable_sort(out, {}, [](const Diagnostic& diagnostic) {
        return std::pair(diagnostic.place.line, diagnostic.place.column);
    });
    return out;
}

}  // namespace weft::cli
