// server/internal/pod_subresources.h: what is asked of a pod besides its object.
//
// Source of the behaviour: pkg/registry/core/pod of Kubernetes 1.36.

#pragma once

#include <string>

#include "server/internal/core.h"

namespace weft::server {

// POST …/pods/x/binding, or of a Binding to the collection: the scheduler's decision.
[[nodiscard]] io::Task<Answer> bind_pod(Call* call, Value binding, std::string name);
// POST …/pods/x/eviction: deletes the pod if its disruption budget has room, and counts it there.
[[nodiscard]] io::Task<Answer> evict_pod(Call* call);
// GET …/log, and exec, attach, portforward, proxy: options are checked as ever; a pod that runs
// nowhere has an empty log, and of all others there is no kubelet to ask.
[[nodiscard]] io::Task<Answer> ask_kubelet(Call* call);

// Admission of a CONNECT (exec, attach, portforward, proxy), which comes before anything is looked
// at.
[[nodiscard]] io::Task<Status> admit_connect(Call* call);

// "Success" with a code and nothing else.
[[nodiscard]] Value success_status(int code);

}  // namespace weft::server
