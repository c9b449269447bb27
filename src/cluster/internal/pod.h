// cluster/internal/pod.h: scheduler and kubelet in one: a pod on the simulated node.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

constexpr std::string_view node_name = "embedded-0";

// The convention for what does not work: an image with the tag `fail` or `does-not-exist` is never
// pulled; its container waits in ImagePullBackOff.
[[nodiscard]] bool is_image_failing(std::string_view image);

// Binds the pod, starts its containers, and removes it when it is deleted. Pods that do not restart
// (Never, OnFailure) succeed; all others run and are ready.
[[nodiscard]] Outcome reconcile_pod(const Object& pod, const View& view, const Moment& moment);

// The node itself, with its status.
[[nodiscard]] Object make_node(const Moment& moment);

}  // namespace weft::cluster
