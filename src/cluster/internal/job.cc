// cluster/internal/job.cc: counting pods until there are enough.

#include "cluster/internal/job.h"

#include <algorithm>
#include <set>

#include "cluster/limits.h"
#include "schema/schedule.h"

namespace weft::cluster {

namespace {

constexpr std::string_view index_annotation = "batch.kubernetes.io/job-completion-index";

// "0-2,5" for {0, 1, 2, 5}.
std::string ranges_of(const std::set<int64_t>& numbers) {
    std::string out;
    for (auto at = numbers.begin(); at != numbers.end();) {
        const int64_t first = *at;
        int64_t last = first;
        while (++at != numbers.end() && *at == last + 1) {
            ++last;
        }
        append(out, out.empty() ? "" : ",", first);
        if (last > first) {
            append(out, "-", last);
        }
    }
    return out;
}

std::set<int64_t> numbers_of(std::string_view ranges) {
    std::set<int64_t> out;
    for (const std::string_view part : split(ranges, ',')) {
        const auto ends = split(part, '-');
        const auto first = parse_int(ends.front());
        const auto last = parse_int(ends.back());
        if (first.has_value() && last.has_value() && *last - *first < pods_of_one_owner_max) {
            for (int64_t i = *first; i <= *last; ++i) {
                out.insert(i);
            }
        }
    }
    return out;
}

class Run {
public:
    Run(const Object& job, const View& view, const Moment& moment) : job_(job), moment_(moment) {
        const Value* status = job.value().find("status");
        before_ = status == nullptr ? Value::map() : *status;
        conditions_ =
            before_.find("conditions") == nullptr ? Value::list() : *before_.find("conditions");
        parallelism_ = std::clamp<int64_t>(job.value().int_at(1, "spec", "parallelism"), 0,
                                           pods_of_one_owner_max);
        completions_ = job.value().int_at(-1, "spec", "completions");
        is_indexed_ = job.value().string_at("spec", "completionMode") == "Indexed";
        for (const Object* pod : view.owned(Kind::pod, job.namespace_(), job.uid())) {
            const std::string_view phase = pod->value().string_at("status", "phase");
            if (phase == "Succeeded") {
                succeeded_pods_.push_back(pod);
            } else if (phase == "Failed") {
                ++failed_;
            } else if (pod->is_deleting()) {
                ++terminating_;
            } else {
                active_.push_back(pod);
            }
        }
    }

    Outcome run() {
        if (is_finished()) {
            expire();
            return std::move(outcome_);
        }
        if (job_.is_deleting()) {
            return std::move(outcome_);
        }
        count_successes();
        failed_ = std::max(failed_, before_.int_at(0, "failed"));
        if (const Value* suspend = job_.value().find("spec", "suspend"); is_true(suspend)) {
            set_condition("Suspended", "True", "JobSuspended", "Job suspended");
            remove_active();
            write_status("");
            return std::move(outcome_);
        }
        if (find_condition(before_, "Suspended") != nullptr) {
            set_condition("Suspended", "False", "JobResumed", "Job resumed");
        }
        start_time_ = before_.string_at("startTime");
        if (start_time_.empty()) {
            start_time_ = moment_.text();
        }
        if (!fail_if_due()) {
            go_on();
        }
        write_status(start_time_);
        return std::move(outcome_);
    }

private:
    [[nodiscard]] bool is_finished() const {
        return is_condition_true(job_, "Complete") || is_condition_true(job_, "Failed");
    }

    // A finished Job goes after its time to live.
    void expire() {
        const Value* ttl = job_.value().find("spec", "ttlSecondsAfterFinished");
        if (ttl == nullptr || !ttl->is_int() || job_.is_deleting()) {
            return;
        }
        const Value* end = find_condition(before_, "Complete");
        if (end == nullptr || end->string_at("status") != "True") {
            end = find_condition(before_, "Failed");
        }
        const int64_t wait =
            nanos_until(end->string_at("lastTransitionTime"), nanos_of(ttl->as_int()), moment_.now);
        if (wait > 0) {
            outcome_.look_again(wait);
        } else {
            outcome_.remove(Kind::job, job_);
        }
    }

    void count_successes() {
        succeeded_ =
            std::max(static_cast<int64_t>(succeeded_pods_.size()), before_.int_at(0, "succeeded"));
        if (is_indexed_) {
            indexes_ = numbers_of(before_.string_at("completedIndexes"));
            for (const Object* pod : succeeded_pods_) {
                if (const auto index = parse_int(pod->annotation(index_annotation))) {
                    indexes_.insert(*index);
                }
            }
            succeeded_ = static_cast<int64_t>(indexes_.size());
        }
    }

    bool fail_if_due() {
        const int64_t limit = job_.value().int_at(6, "spec", "backoffLimit");
        if (failed_ > limit) {
            end("Failed", "FailureTarget", "BackoffLimitExceeded",
                "Job has reached the specified backoff limit");
            return true;
        }
        const Value* deadline = job_.value().find("spec", "activeDeadlineSeconds");
        if (deadline != nullptr && deadline->is_int()) {
            const int64_t wait =
                nanos_until(start_time_, nanos_of(deadline->as_int()), moment_.now);
            if (wait == 0) {
                end("Failed", "FailureTarget", "DeadlineExceeded",
                    "Job was active longer than specified deadline");
                return true;
            }
            outcome_.look_again(wait);
        }
        return false;
    }

    void go_on() {
        const bool is_enough =
            completions_ < 0 ? succeeded_ > 0 && active_.empty() : succeeded_ >= completions_;
        if (is_enough) {
            end("Complete", "SuccessCriteriaMet", "CompletionsReached",
                "Reached expected number of succeeded pods");
            return;
        }
        const auto active = static_cast<int64_t>(active_.size());
        int64_t wanted = parallelism_;
        if (completions_ >= 0) {
            wanted = std::min(wanted, completions_ - succeeded_);
        } else if (succeeded_ > 0) {
            wanted = active;  // No new ones once one has succeeded.
        }
        if (active > wanted) {
            for (int64_t i = wanted; i < active; ++i) {
                outcome_.remove(Kind::pod, *active_[static_cast<size_t>(i)]);
            }
        }
        std::set<int64_t> used = indexes_;
        for (const Object* pod : active_) {
            if (const auto index = parse_int(pod->annotation(index_annotation))) {
                used.insert(*index);
            }
        }
        int64_t index = 0;
        for (int64_t i = active;
             i < wanted && i - active < static_cast<int64_t>(changes_at_once_max); ++i) {
            while (used.contains(index)) {
                ++index;
            }
            create_pod(index);
            used.insert(index);
        }
    }

    void create_pod(int64_t index) {
        static const Value nothing = Value::map();
        const Value* pod_template = job_.value().find("spec", "template");
        Object pod =
            from_template(pod_template == nullptr ? nothing : *pod_template, Kind::job, job_);
        for (const std::string_view prefix : {"batch.kubernetes.io/", ""}) {
            pod.set_label(cat(prefix, "controller-uid"), job_.uid());
            pod.set_label(cat(prefix, "job-name"), job_.name());
        }
        if (is_indexed_) {
            pod.set_annotation(index_annotation, cat(index));
            pod.set_label(index_annotation, cat(index));
            pod.metadata().set("generateName", cat(job_.name(), "-", index, "-"));
            pod.mutable_value().mutable_member("spec").set("hostname",
                                                           cat(job_.name(), "-", index));
        } else {
            pod.metadata().set("generateName", cat(job_.name(), "-"));
        }
        outcome_.create(Kind::pod, std::move(pod));
    }

    void remove_active() {
        for (const Object* pod : active_) {
            outcome_.remove(Kind::pod, *pod);
        }
        active_.clear();
    }

    void end(std::string_view type, std::string_view target, std::string_view reason,
             std::string_view message) {
        set_condition(target, "True", reason, message);
        set_condition(type, "True", reason, message);
        remove_active();
        if (type == "Complete") {
            completion_time_ = moment_.text();
        }
    }

    void set_condition(std::string_view type, std::string_view status, std::string_view reason,
                       std::string_view message) {
        Value list = Value::list();
        for (const Value& condition : conditions_.items()) {
            if (condition.string_at("type") != type) {
                list.push_back(condition);
            } else if (condition.string_at("status") == status) {
                return;
            }
        }
        list.push_back(Value::map_of({{"type", type},
                                      {"status", status},
                                      {"lastProbeTime", moment_.text()},
                                      {"lastTransitionTime", moment_.text()},
                                      {"reason", reason},
                                      {"message", message}}));
        conditions_ = std::move(list);
    }

    void write_status(const std::string& start_time) {
        const auto ready =
            std::ranges::count_if(active_, [](const Object* pod) { return is_pod_ready(*pod); });
        Value status = Value::map();
        if (!conditions_.empty()) {
            status.set("conditions", conditions_);
        }
        if (!start_time.empty()) {
            status.set("startTime", start_time);
        }
        if (!completion_time_.empty()) {
            status.set("completionTime", completion_time_);
        }
        set_count(status, "active", static_cast<int64_t>(active_.size()));
        set_count(status, "succeeded", succeeded_);
        set_count(status, "failed", failed_);
        status.set("terminating", terminating_);
        if (is_indexed_ && !indexes_.empty()) {
            status.set("completedIndexes", ranges_of(indexes_));
        }
        status.set("uncountedTerminatedPods", Value::map());
        status.set("ready", static_cast<int64_t>(ready));
        outcome_.set_status(Kind::job, job_, std::move(status));
    }

    const Object& job_;
    const Moment& moment_;
    Outcome outcome_;
    Value before_;
    Value conditions_;
    int64_t parallelism_ = 1;
    int64_t completions_ = -1;  // -1: one success is enough
    bool is_indexed_ = false;
    std::vector<const Object*> active_;
    std::vector<const Object*> succeeded_pods_;
    int64_t succeeded_ = 0;
    int64_t failed_ = 0;
    int64_t terminating_ = 0;
    std::set<int64_t> indexes_;
    std::string start_time_;
    std::string completion_time_;
};

Value job_reference(const Object& job) {
    return Value::map_of({{"kind", "Job"},
                          {"namespace", job.namespace_()},
                          {"name", job.name()},
                          {"uid", job.uid()},
                          {"apiVersion", "batch/v1"},
                          {"resourceVersion", job.resource_version()}});
}

bool is_job_finished(const Object& job) {
    return is_condition_true(job, "Complete") || is_condition_true(job, "Failed");
}

Object job_of(const Object& cron_job, Time scheduled) {
    Object job;
    Value& value = job.mutable_value();
    value.set("apiVersion", "batch/v1");
    value.set("kind", "Job");
    Value metadata = Value::map_of({{"name", cat(cron_job.name(), "-", scheduled.seconds / 60)},
                                    {"namespace", cron_job.namespace_()}});
    for (const std::string_view member : {"labels", "annotations"}) {
        if (const Value* given = cron_job.value().find("spec", "jobTemplate", "metadata", member)) {
            metadata.set(member, *given);
        }
    }
    metadata.set("ownerReferences",
                 Value::list_of({controller_reference(Kind::cron_job, cron_job)}));
    value.set("metadata", std::move(metadata));
    const Value* spec = cron_job.value().find("spec", "jobTemplate", "spec");
    value.set("spec", spec == nullptr ? Value::map() : *spec);
    job.set_annotation("batch.kubernetes.io/cronjob-scheduled-timestamp",
                       format_rfc3339(scheduled));
    return job;
}

// The newest time that is due and when the next one is; what is older than the deadline is missed.
struct Due {
    std::optional<Time> now;
    std::optional<Time> next;
};
Due due_of(const Object& cron_job, const schema::Schedule& schedule, Time now) {
    std::string_view last = cron_job.value().string_at("status", "lastScheduleTime");
    if (last.empty()) {
        last = cron_job.value().string_at("metadata", "creationTimestamp");
    }
    Time from = parse_rfc3339(last).value_or(now);
    const Value* deadline = cron_job.value().find("spec", "startingDeadlineSeconds");
    if (deadline != nullptr && deadline->is_int()) {
        from.seconds = std::max(from.seconds, now.seconds - deadline->as_int());
    }
    Due due;
    due.next = schedule.next(from);
    for (int i = 0; due.next.has_value() && *due.next <= now; ++i) {
        due.now = due.next;
        if (i >= missed_runs_max) {
            due.next = schedule.next({now.seconds - 60, 0});  // Too many: only the newest counts.
            i = 0;
            continue;
        }
        due.next = schedule.next(*due.next);
    }
    return due;
}

void limit_history(std::vector<const Object*> jobs, int64_t limit, Outcome* outcome) {
    std::ranges::sort(jobs, {}, [](const Object* job) {
        return std::pair(job->value().string_at("status", "startTime"), job->name());
    });
    const auto keep = static_cast<size_t>(std::max<int64_t>(limit, 0));
    for (size_t i = 0; i + keep < jobs.size(); ++i) {
        if (!jobs[i]->is_deleting()) {
            outcome->remove(Kind::job, *jobs[i]);
        }
    }
}

}  // namespace

Outcome reconcile_job(const Object& job, const View& view, const Moment& moment) {
    return Run(job, view, moment).run();
}

Outcome reconcile_cron_job(const Object& cron_job, const View& view, const Moment& moment) {
    Outcome outcome;
    if (cron_job.is_deleting()) {
        return outcome;
    }
    Value status = cron_job.value().find("status") == nullptr ? Value::map()
                                                              : *cron_job.value().find("status");
    Value active = Value::list();
    std::vector<const Object*> succeeded;
    std::vector<const Object*> failed;
    std::vector<const Object*> running;
    for (const Object* job : view.owned(Kind::job, cron_job.namespace_(), cron_job.uid())) {
        if (!is_job_finished(*job)) {
            active.push_back(job_reference(*job));
            running.push_back(job);
        } else if (is_condition_true(*job, "Complete")) {
            succeeded.push_back(job);
            const std::string_view end = job->value().string_at("status", "completionTime");
            if (end > status.string_at("lastSuccessfulTime")) {
                status.set("lastSuccessfulTime", end);
            }
        } else {
            failed.push_back(job);
        }
    }
    limit_history(succeeded, cron_job.value().int_at(3, "spec", "successfulJobsHistoryLimit"),
                  &outcome);
    limit_history(failed, cron_job.value().int_at(1, "spec", "failedJobsHistoryLimit"), &outcome);
    const Result<schema::Schedule> schedule =
        schema::Schedule::parse(cron_job.value().string_at("spec", "schedule"));
    if (schedule && !is_true(cron_job.value().find("spec", "suspend"))) {
        const Due due = due_of(cron_job, *schedule, moment.now);
        const std::string_view policy = cron_job.value().string_at("spec", "concurrencyPolicy");
        const bool is_forbidden = policy == "Forbid" && !running.empty();
        if (due.now.has_value() && !is_forbidden) {
            if (policy == "Replace") {
                for (const Object* job : running) {
                    outcome.remove(Kind::job, *job);
                }
            }
            Object job = job_of(cron_job, *due.now);
            if (view.find(Kind::job, job.key()) == nullptr) {
                outcome.create(Kind::job, std::move(job));
            }
            status.set("lastScheduleTime", format_rfc3339(*due.now));
        }
        if (due.next.has_value()) {
            outcome.look_again((due.next->seconds - moment.now.seconds) * io::second -
                               moment.now.nanos);
        }
    }
    if (active.empty()) {
        status.erase("active");
    } else {
        status.set("active", std::move(active));
    }
    outcome.set_status(Kind::cron_job, cron_job, std::move(status));
    return outcome;
}

}  // namespace weft::cluster
