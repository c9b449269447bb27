// cli/workbench.h: what the commands for authors begin with: files, and what they compile to.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/files.h"
#include "cli/live.h"
#include "cli/offline.h"
#include "cli/rehearsal.h"
#include "crd/kind.h"
#include "graph/graph.h"

namespace weft::cli {

// What may be said beside the files: which cluster to ask, what is refused, what is kept.
struct WorkbenchSettings {
    ClusterFlags cluster = {};
    graph::Budget budget = {};
    bool keep_graphs = true;  // as in OfflineOptions
};

// The definitions of the named files with the CRDs they need, compiled. Not to be moved: the
// definitions point into the files.
class Workbench {
public:
    // Connects if `cluster` says so, reads and compiles; what is wrong is in `diagnostics()`.
    Workbench(const std::vector<std::string>& paths, const std::vector<std::string>& crds,
              const WorkbenchSettings& settings = {});
    Workbench(const Workbench&) = delete;
    Workbench& operator=(const Workbench&) = delete;
    ~Workbench() = default;

    [[nodiscard]] const std::vector<FileObject>& objects() const { return objects_; }
    [[nodiscard]] const std::vector<OfflineDefinition>& definitions() const { return definitions_; }
    [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }

    // False, and said on standard error, if there is no answer from the cluster that was asked for:
    // then nothing was read.
    [[nodiscard]] bool complain_if_unreachable() const;
    // False, and said on standard error, if no file holds a definition.
    [[nodiscard]] bool complain_if_none() const;
    // Writes the diagnostics to standard error; with `needs_definition`, also that there is none.
    // False if the command cannot go on.
    [[nodiscard]] bool complain_if_broken(bool needs_definition = true) const;

    // The graph whose instances are of this kind; null if there is none.
    [[nodiscard]] graph::SharedGraph graph_of(const GroupVersionKind& kind) const;
    // The only definition; null (and said on standard error) if there are several or none.
    [[nodiscard]] const OfflineDefinition* only_definition() const;
    // The kinds of all definitions, for messages: "WebApp (kro.run/v1alpha1)".
    [[nodiscard]] std::string kinds_text() const;

    // Null without --from-cluster.
    [[nodiscard]] LiveCluster* cluster() const { return cluster_.get(); }

    // The schema of a whole object; null for a kind that nobody knows.
    [[nodiscard]] schema::SchemaPtr schema_of(const GroupVersionKind& kind) const;

private:
    Status reached_;
    std::unique_ptr<LiveCluster> cluster_;
    std::vector<FileObject> crds_;
    std::vector<FileObject> objects_;
    std::vector<OfflineDefinition> definitions_;
    Diagnostics diagnostics_;
};

// An instance as its API server would store it: unknown members dropped (each a warning), defaults
// filled in, a namespace if it needs one. What the generated CRD refuses is an error in
// `diagnostics`, in Kubernetes' words, with its place in the file.
[[nodiscard]] Object admit_instance(const graph::Graph& graph, const FileObject& file,
                                    Diagnostics* diagnostics);

// The objects alone.
[[nodiscard]] std::vector<Object> objects_of(std::vector<FileObject> files);

// The instance with what the source knows of it: identity, status, finalizers and what the
// controller wrote into its metadata; the spec is the given one. The given one if there is none.
[[nodiscard]] Result<Object> observed_instance(const Object& instance, ObjectSource* source);

// What `plan` and `render` play through: the instances of a file, on objects from files and, with
// --from-cluster, from the cluster.
struct Rehearsed {
    std::string definition;  // for messages
    std::string instance;    // the file
    std::vector<std::string> observed;
};

// Plays each instance of the definitions through and gives it to `each`. False, and said on
// standard error, if one cannot be played through, is not valid, or there is none.
[[nodiscard]] bool rehearse_all(
    const Workbench& bench, const Rehearsed& what, RehearsalOptions options,
    const std::function<void(const Rehearsal& rehearsal, const graph::Graph& graph)>& each);

}  // namespace weft::cli
