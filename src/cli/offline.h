// cli/offline.h: compiling definitions from files, without any server.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/files.h"
#include "cli/live.h"
#include "graph/graph.h"

namespace weft::cli {

// A definition of the files, and what came of it.
struct OfflineDefinition {
    const FileObject* file = nullptr;
    graph::Compiled compiled;
};

struct OfflineOptions {
    LiveCluster* cluster = nullptr;
    graph::Budget budget = {};
    bool keep_graphs = true;  // false: `compiled.graph` is null; a thousand graphs are many bytes
};

// Compiles every ResourceGraphDefinition among the objects. Kinds come from the
// CustomResourceDefinitions among `objects` and `crds`, from the definitions themselves (one that
// uses another's kind is compiled after it), and else from the cluster, or, if there is none,
// from the program. A kind that nobody knows is a warning. Order of the result: as in the files.
// `objects` must outlive the result.
[[nodiscard]] std::vector<OfflineDefinition> compile_offline(const std::vector<FileObject>& objects,
                                                             const std::vector<FileObject>& crds,
                                                             const OfflineOptions& options = {});

// The diagnostics of a definition with places in its file.
[[nodiscard]] Diagnostics placed(const FileObject& file, const Diagnostics& diagnostics);

[[nodiscard]] bool is_definition(const Object& object);

}  // namespace weft::cli
