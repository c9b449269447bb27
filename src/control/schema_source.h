// control/schema_source.h: the facts about kinds that compiling a definition needs.

#pragma once

#include <map>
#include <vector>

#include "control/instruments.h"
#include "graph/graph.h"
#include "kube/kube.h"

namespace weft::control {

// Builtin kinds come from the program itself; others from their CRD, else from the server's
// OpenAPI. What was read stays until its kind is forgotten (its CRD changed). Loop thread only.
class SchemaSource {
public:
    SchemaSource(io::Loop* loop, kube::Client* client, kube::RestMapper* mapper,
                 Instruments* instruments)
        : loop_(loop), client_(client), mapper_(mapper), instruments_(instruments) {}

    // Reads what is not known yet. A kind that is not served is no error here: `find` tells.
    io::Task<Status> load(std::vector<GroupVersionKind> kinds);
    // not_found, in words that follow "failed to get schema for resource X: ".
    [[nodiscard]] Result<graph::KindFacts> find(const GroupVersionKind& kind) const;
    // A CRD of this group was written or went.
    void forget(std::string_view group);

private:
    // As kro's resolver says it: the kind or the whole group version is not there.
    [[nodiscard]] Error not_served(const GroupVersionKind& kind) const;
    io::Task<Result<graph::KindFacts>> read(GroupVersionKind kind);
    io::Task<Result<schema::SchemaPtr>> read_open_api(GroupVersionKind kind);

    io::Loop* loop_;
    kube::Client* client_;
    kube::RestMapper* mapper_;
    Instruments* instruments_;
    std::map<GroupVersionKind, Result<graph::KindFacts>> known_;
};

// The kinds that a definition's resources name, each once.
[[nodiscard]] std::vector<GroupVersionKind> kinds_of(const graph::Definition& definition);

}  // namespace weft::control
