// cli/envtest.h: weft under the names `kube-apiserver` and `etcd`, as test environments start them.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// The exit code, if the program was started under one of these names ("…/kube-apiserver"); nothing
// otherwise. Takes their flags; those that mean nothing here are ignored.
[[nodiscard]] std::optional<int> run_stand_in(std::string_view program,
                                              const std::vector<std::string>& arguments);

struct EnvtestOptions {
    std::string folder;
};
// `weft envtest install DIR`: a folder for KUBEBUILDER_ASSETS.
[[nodiscard]] int run_envtest_install(const EnvtestOptions& options);

}  // namespace weft::cli
