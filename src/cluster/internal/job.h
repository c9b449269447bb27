// cluster/internal/job.h: Jobs that complete and CronJobs that make them.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// Parallelism, completions, Indexed, suspend, backoffLimit, activeDeadlineSeconds,
// ttlSecondsAfterFinished. Not there: pod failure and success policies, the tracking finalizer on
// pods (nobody else counts them here).
[[nodiscard]] Outcome reconcile_job(const Object& job, const View& view, const Moment& moment);

// Schedules with time zones other than UTC are read as UTC.
[[nodiscard]] Outcome reconcile_cron_job(const Object& cron_job, const View& view,
                                         const Moment& moment);

}  // namespace weft::cluster
