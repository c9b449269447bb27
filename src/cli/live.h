// cli/live.h: a live cluster's schemas and objects, for commands that otherwise read files.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "io/real_loop.h"
#include "kube/kube.h"

namespace weft::cli {

// --from-cluster, --kubeconfig, --context.
struct ClusterFlags {
    bool from_cluster = false;
    std::string kubeconfig;  // "": $KUBECONFIG, the pod's service account, ~/.kube/config
    std::string context;     // "": the current one
};

// Where the server is and who we are. The error names the cure.
[[nodiscard]] Result<kube::Config> find_config(const std::string& kubeconfig,
                                               const std::string& context);

// What commands ask of a cluster; nothing here writes to one. Every call blocks until the server
// has answered. OpenAPI documents are kept below $XDG_CACHE_HOME/weft/openapi (~/.cache), in a
// folder for each server, under the hash that the server gives them: what has not changed is not
// read again.
class LiveCluster {
public:
    // Asks the server which documents it has, so that one that cannot be reached is told here.
    [[nodiscard]] static Result<std::unique_ptr<LiveCluster>> connect(const ClusterFlags& flags);

    // As graph::CompileContext::find_kind wants it. What was found or missed is remembered.
    [[nodiscard]] Result<graph::KindFacts> find_kind(const GroupVersionKind& kind);
    // Which resource serves a kind. not_found "no matches for kind …".
    [[nodiscard]] Result<kube::Resource> find_resource(const GroupVersionKind& kind);

    // The namespace of `name` is left out of the request for cluster-scoped kinds. not_found if
    // there is none.
    [[nodiscard]] Result<Object> get(const GroupVersionKind& kind, const NamespacedName& name);
    // "" means every namespace, and no selector.
    [[nodiscard]] Result<std::vector<Object>> list(const GroupVersionKind& kind,
                                                   const std::string& namespace_,
                                                   const std::string& label_selector);

    // Likewise of a group's kind in the version that is served; nothing if it is not served.
    [[nodiscard]] Result<std::vector<Object>> list_any_version(const std::string& group,
                                                               const std::string& kind,
                                                               const std::string& namespace_,
                                                               const std::string& label_selector);

    // The namespace of the context.
    [[nodiscard]] const std::string& default_namespace() const { return config_.namespace_; }

private:
    explicit LiveCluster(kube::Config config) : config_(std::move(config)) {}
    Status read_index();
    [[nodiscard]] Result<graph::KindFacts> read_kind(const GroupVersionKind& kind);
    [[nodiscard]] Result<const Value*> document_of(const GroupVersionKind& kind);
    [[nodiscard]] Result<Value> read_document(const std::string& name, const std::string& url);

    kube::Config config_;
    std::string cache_;  // the folder; "": none
    io::RealLoop loop_;
    std::unique_ptr<io::http::Transport> transport_;
    std::unique_ptr<kube::Client> client_;
    std::unique_ptr<kube::RestMapper> mapper_;
    std::map<std::string, std::string> urls_;  // "apis/apps/v1" -> the document's, with its hash
    std::map<std::string, Value> documents_;   // those that were needed
    std::map<GroupVersionKind, Result<graph::KindFacts>> kinds_;
};

}  // namespace weft::cli
