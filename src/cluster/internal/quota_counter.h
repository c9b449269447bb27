// cluster/internal/quota_counter.h: what the objects of a namespace take of its quotas.

#pragma once

#include <vector>

#include "cluster/internal/view.h"

namespace weft::cluster {

// Counts everything that the quota names, by asking the server; the status to be written if it is
// not what it says. The write goes by the version of the quota that was seen before counting, so
// one that was charged meanwhile is counted again (conflict).
[[nodiscard]] io::Task<Result<Outcome>> count_quota(kube::Client* client, Object quota,
                                                    std::vector<kube::Resource> resources);

}  // namespace weft::cluster
