// kube/config.h: where an API server is and who we are: kubeconfig files and service accounts.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "io/io.h"

namespace weft::kube {

// How files that a configuration names are read: the roof gives the real one.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct Config {
    io::http::ClientOptions client;
    std::string namespace_ = "default";
    std::string context;  // the name of the one that was used
};

// A kubeconfig (`file` is its path: relative paths inside are relative to it). `context` "" means
// current-context. Certificates and keys by file or data, tokens by file or value, basic
// verification settings. Exec and auth-provider plugins are refused with a message that says so.
[[nodiscard]] Result<Config> parse_kubeconfig(std::string_view text, const std::string& file,
                                              std::string_view context, const ReadFile& read);

// The configuration of a pod (/var/run/secrets/kubernetes.io/serviceaccount); `host` and `port`
// are KUBERNETES_SERVICE_HOST and _PORT.
[[nodiscard]] Result<Config> in_cluster_config(std::string_view host, std::string_view port,
                                               const ReadFile& read);

// A kubeconfig with one cluster, user and context of the same name.
struct KubeconfigEntry {
    std::string name = "weft";
    std::string server;
    std::string ca_pem;
    std::string certificate_pem;
    std::string key_pem;
    std::string token;
};
[[nodiscard]] std::string write_kubeconfig(const KubeconfigEntry& entry);

}  // namespace weft::kube
