// server/internal/validate_batch.cc: Jobs and CronJobs.

#include <algorithm>
#include <array>
#include <set>

#include "object/names.h"
#include "schema/builtin.h"
#include "schema/schedule.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

void omit_value(Checker& check, const Place& at, std::string detail) {
    schema::FieldError error = schema::field_invalid(at.text(), Value(), std::move(detail));
    error.omit_value = true;
    check.add(std::move(error));
}

void check_exit_codes(Checker& check, const Value& codes, const Place& at,
                      const std::set<std::string_view>& containers) {
    check.required_one_of(codes, "operator", at, {"In", "NotIn"});
    const Value* container = given(codes, "containerName");
    if (container != nullptr && !containers.contains(container->as_string())) {
        check.invalid(at.member("containerName"), *container,
                      "must be one of the container or initContainer names in the pod template");
    }
    const Place place = at.member("values");
    const auto values = items_of(codes, "values");
    constexpr size_t codes_max = 255;
    if (values.empty()) {
        check.invalid(place, Value::list(), "at least one value is required");
    } else if (values.size() > codes_max) {
        check.too_many(place, values.size(), codes_max);
    }
    bool is_ordered = true;
    std::set<int64_t> seen;
    for (size_t i = 0; i < values.size(); ++i) {
        const int64_t code = values[i].is_int() ? values[i].as_int() : 0;
        if (codes.string_at("operator") == "In" && code == 0) {
            check.invalid(place.item(i), 0, "must not be 0 for the In operator");
        }
        if (!seen.insert(code).second) {
            check.duplicate(place.item(i), code);
        } else if (i > 0 && values[i - 1].as_int() > code) {
            is_ordered = false;
        }
    }
    if (!is_ordered) {
        check.invalid(place, value_at(codes, "values"), "must be ordered");
    }
}

void check_failure_rule(Checker& check, const Value& rule, const Value& spec, const Place& at,
                        const std::set<std::string_view>& containers) {
    const std::string_view action = rule.string_at("action");
    const Place place = at.member("action");
    if (action.empty()) {
        check.required(place, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
    } else if (action == "FailIndex") {
        if (given(spec, "backoffLimitPerIndex") == nullptr) {
            check.invalid(place, action, "requires the backoffLimitPerIndex to be set");
        }
    } else {
        check.one_of(rule, "action", at, {"Count", "FailIndex", "FailJob", "Ignore"});
    }
    const Value* codes = given(rule, "onExitCodes");
    if (codes != nullptr) {
        check_exit_codes(check, *codes, at.member("onExitCodes"), containers);
    }
    const auto conditions = items_of(rule, "onPodConditions");
    const Place list = at.member("onPodConditions");
    constexpr size_t conditions_max = 20;
    if (conditions.size() > conditions_max) {
        check.too_many(list, conditions.size(), conditions_max);
    }
    for (size_t i = 0; i < conditions.size(); ++i) {
        const Place condition = list.item(i);
        check_label_name(check, condition.member("type"), conditions[i].string_at("type"));
        check.required_one_of(conditions[i], "status", condition, {"False", "True", "Unknown"});
    }
    if (codes != nullptr && !conditions.empty()) {
        omit_value(check, at, "specifying both OnExitCodes and OnPodConditions is not supported");
    }
    if (codes == nullptr && conditions.empty()) {
        omit_value(check, at, "specifying one of OnExitCodes and OnPodConditions is required");
    }
}

void check_failure_policy(Checker& check, const Value& spec, const Place& at) {
    const Value* policy = given(spec, "podFailurePolicy");
    if (policy == nullptr) {
        return;
    }
    std::set<std::string_view> containers;
    const Value& pod = map_of(map_of(spec, "template"), "spec");
    for (const std::string_view list : {"containers", "initContainers"}) {
        for (const Value& container : items_of(pod, list)) {
            containers.insert(container.string_at("name"));
        }
    }
    const Place place = at.member("podFailurePolicy");
    const Place list = place.member("rules");
    const auto rules = items_of(*policy, "rules");
    constexpr size_t rules_max = 20;
    if (rules.size() > rules_max) {
        check.too_many(list, rules.size(), rules_max);
    }
    for (size_t i = 0; i < rules.size(); ++i) {
        check_failure_rule(check, rules[i], spec, list.item(i), containers);
    }
}

// "0,2-4": every number below `completions`, rising.
std::string index_problem(std::string_view text, int64_t completions) {
    int64_t last = -1;
    for (const std::string_view part : split(text, ',')) {
        const std::vector<std::string_view> ends = split(part, '-');
        if (ends.size() > 2) {
            return cat("the fragment ", part,
                       " violates the requirement that an index interval "
                       "can have at most two parts separated by '-'");
        }
        for (size_t i = 0; i < ends.size(); ++i) {
            const auto number = parse_int(ends[i]);
            if (!number) {
                return cat("cannot convert string to integer for index: ", quote(ends[i]));
            }
            if (*number >= completions) {
                return cat("too large index: ", quote(ends[i]));
            }
            if (*number < last || (i == 0 && *number == last)) {
                return cat("non-increasing order, previous: ", last, ", current: ", *number);
            }
            if (i == 1 && *number == last) {
                return cat("non-increasing order, previous: ", last, ", current: ", *number);
            }
            last = *number;
        }
    }
    return {};
}

void check_success_policy(Checker& check, const Value& spec, const Place& at) {
    const Value* policy = given(spec, "successPolicy");
    if (policy == nullptr) {
        return;
    }
    const Place place = at.member("successPolicy");
    if (spec.string_at("completionMode") != "Indexed") {
        check.invalid(place, Checker::form("batch.v1.SuccessPolicy", *policy),
                      "requires indexed completion mode");
        return;
    }
    const Place list = place.member("rules");
    const auto rules = items_of(*policy, "rules");
    constexpr size_t rules_max = 20;
    if (rules.empty()) {
        check.required(list,
                       "at least one rules must be specified when the successPolicy is specified");
    }
    if (rules.size() > rules_max) {
        check.too_many(list, rules.size(), rules_max);
    }
    const int64_t completions = spec.int_at(0, "completions");
    for (size_t i = 0; i < rules.size(); ++i) {
        const Value& rule = rules[i];
        const Place at_rule = list.item(i);
        const Value* count = given(rule, "succeededCount");
        const Value* indexes = given(rule, "succeededIndexes");
        if (count == nullptr && indexes == nullptr) {
            check.required(at_rule,
                           "at least one of succeededCount or succeededIndexes must be specified");
        }
        if (indexes != nullptr) {
            if (std::string problem = index_problem(indexes->as_string(), completions);
                !problem.empty()) {
                check.invalid(at_rule.member("succeededIndexes"), *indexes,
                              cat("error parsing succeededIndexes: ", problem));
            }
        }
        if (count != nullptr) {
            check.not_negative(rule, "succeededCount", at_rule);
            if (count->as_int() > completions) {
                check.invalid(at_rule.member("succeededCount"), *count,
                              cat("must be less than or equal to ", completions,
                                  " (the number of specified completions)"));
            }
        }
    }
}

void check_completion_mode(Checker& check, const Value& spec, const Place& at) {
    const bool is_indexed = spec.string_at("completionMode") == "Indexed";
    check.optional_one_of(spec, "completionMode", at, {"NonIndexed", "Indexed"});
    if (is_indexed) {
        if (given(spec, "completions") == nullptr) {
            check.required(at.member("completions"), "when completion mode is Indexed");
        }
        constexpr int64_t parallelism_max = 100'000;
        if (spec.int_at(0, "parallelism") > parallelism_max) {
            check.invalid(at.member("parallelism"), value_at(spec, "parallelism"),
                          cat("must be less than or equal to ", parallelism_max,
                              " when completion mode is Indexed"));
        }
        return;
    }
    for (const std::string_view member : {"backoffLimitPerIndex", "maxFailedIndexes"}) {
        if (const Value* value = given(spec, member)) {
            check.invalid(at.member(member), *value, "requires indexed completion mode");
        }
    }
}

void check_restarts(Checker& check, const Value& spec, const Place& at) {
    const Place pod_template = at.member("template");
    const Place pod = pod_template.member("spec");
    const Place place = pod.member("restartPolicy");
    const std::string_view policy =
        map_of(map_of(spec, "template"), "spec").string_at("restartPolicy");
    if (policy.empty() || policy == "Always") {
        check.required(place, "valid values: \"OnFailure\", \"Never\"");
    } else if (!is_one_of(policy, {"OnFailure", "Never"})) {
        check.unsupported(place, policy, {"OnFailure", "Never"});
    } else if (given(spec, "podFailurePolicy") != nullptr && policy != "Never") {
        check.invalid(place, policy,
                      "only \"Never\" is supported when podFailurePolicy is specified");
    }
}

}  // namespace

void check_job_spec(Checker& check, const Value& spec, const Place& at) {
    for (const std::string_view member :
         {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
          "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"}) {
        check.not_negative(spec, member, at);
    }
    if (given(spec, "maxFailedIndexes") != nullptr &&
        given(spec, "backoffLimitPerIndex") == nullptr) {
        check.required(at.member("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if (const Value* manager = given(spec, "managedBy")) {
        const Place place = at.member("managedBy");
        for (NameMistake& mistake : check_domain_prefixed_path(manager->as_string())) {
            if (mistake.reason == "FieldValueRequired") {
                check.required(place, std::move(mistake.detail));
            } else {
                check.invalid(place, *manager, std::move(mistake.detail));
            }
        }
        constexpr size_t manager_max = 63;
        if (manager->size() > manager_max) {
            check.too_long(place, static_cast<int64_t>(manager_max));
        }
    }
    check_completion_mode(check, spec, at);
    check_failure_policy(check, spec, at);
    check_success_policy(check, spec, at);
    const std::string_view replacement = spec.string_at("podReplacementPolicy");
    if (given(spec, "podFailurePolicy") != nullptr) {
        check.optional_one_of(spec, "podReplacementPolicy", at, {"Failed"});
    } else if (!replacement.empty()) {
        check.optional_one_of(spec, "podReplacementPolicy", at, {"Failed", "TerminatingOrFailed"});
    }
    check_pod_template(check, map_of(spec, "template"), at.member("template"));
    check_restarts(check, spec, at);
}

namespace {

const Value* labels_of_template(const Value& spec) {
    const Value* labels = spec.find("template", "metadata", "labels");
    return labels == nullptr || labels->empty() ? nullptr : labels;
}

// The spec with its selector, which must match what it makes.
void check_selecting_spec(Checker& check, const Value& spec, const Place& at) {
    check_job_spec(check, spec, at);
    const Value* selector = given(spec, "selector");
    if (selector == nullptr) {
        check.required(at.member("selector"));
    } else {
        check_label_selector(check, selector, at.member("selector"));
    }
    const Value* labels = labels_of_template(spec);
    if (selector == nullptr || !selects(selector, labels)) {
        const Place pod_template = at.member("template");
        const Place metadata = pod_template.member("metadata");
        check.invalid(metadata.member("labels"), labels == nullptr ? Value() : *labels,
                      "`selector` does not match template `labels`");
    }
}

// A selector that the server makes, and the labels that go with it.
void check_generated(Checker& check, const Value& job, const Value& spec, const Place& at) {
    const Value* selector = given(spec, "selector");
    if (is_true(spec, "manualSelector") || selector == nullptr) {
        return;
    }
    const std::string_view uid = job.string_at("metadata", "uid");
    const std::string_view name = job.string_at("metadata", "name");
    const Place pod_template = at.member("template");
    const Place metadata = pod_template.member("metadata");
    const Place place = metadata.member("labels");
    const Value* labels = labels_of_template(spec);
    const std::array<std::pair<std::string_view, std::string_view>, 4> wanted{
        {{"controller-uid", uid},
         {"job-name", name},
         {"batch.kubernetes.io/controller-uid", uid},
         {"batch.kubernetes.io/job-name", name}}};
    for (const auto& [key, value] : wanted) {
        const Value* found = labels == nullptr ? nullptr : labels->find(key);
        if (found == nullptr) {
            check.required(place.key(key), cat("must be '", value, "'"));
        } else if (*found != Value(value)) {
            check.invalid(place.key(key), *labels, cat("must be '", value, "'"));
        }
    }
    const bool is_generated =
        items_of(*selector, "matchExpressions").empty() &&
        (map_of(*selector, "matchLabels") ==
             Value::map_of({{"batch.kubernetes.io/controller-uid", uid}}) ||
         map_of(*selector, "matchLabels") == Value::map_of({{"controller-uid", uid}}));
    if (!is_generated) {
        check.invalid(at.member("selector"), *selector, "`selector` not auto-generated");
    }
}

// The pods of an indexed Job are named after it, and their names are hostnames.
void check_names_of_pods(Checker& check, const Value& job, const Value& spec) {
    const int64_t completions = spec.int_at(0, "completions");
    if (spec.string_at("completionMode") != "Indexed" || completions <= 0) {
        return;
    }
    const std::string_view name = job.string_at("metadata", "name");
    const std::string last = cat(name, "-", completions - 1);
    if (!check_dns1123_label(last).empty()) {
        const Place root;
        const Place metadata = root.member("metadata");
        check.invalid(metadata.member("name"), name,
                      cat("will not able to create pod with invalid DNS label: ", last));
    }
}

void check_job(Checker& check, const Value& job, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(job, "spec");
    check_generated(check, job, spec, at);
    check_selecting_spec(check, spec, at);
    if (old == nullptr) {
        check_names_of_pods(check, job, spec);
    }
    if (old != nullptr) {
        check_selecting_spec(check, spec, at);  // the update's validation does all of it once more
    }
}

// weft carries no table of time zones: a name in a known area passes, whatever the city.
bool is_time_zone(std::string_view name) {
    static constexpr Checker::Names areas = {
        "Africa", "America", "Antarctica", "Arctic", "Asia",   "Atlantic", "Australia", "Brazil",
        "Canada", "Chile",   "Etc",        "Europe", "Indian", "Mexico",   "Pacific",   "US"};
    static constexpr Checker::Names singles = {
        "UTC",    "GMT",    "UCT",     "Zulu",     "Universal", "Greenwich", "CET",       "CST6CDT",
        "EET",    "EST",    "EST5EDT", "HST",      "MET",       "MST",       "MST7MDT",   "PST8PDT",
        "WET",    "Cuba",   "Egypt",   "Eire",     "GB",        "GB-Eire",   "Hongkong",  "Iceland",
        "Iran",   "Israel", "Jamaica", "Japan",    "Kwajalein", "Libya",     "NZ",        "NZ-CHAT",
        "Navajo", "PRC",    "Poland",  "Portugal", "ROC",       "ROK",       "Singapore", "Turkey",
        "W-SU",   "GMT+0",  "GMT-0",   "GMT0"};
    const size_t slash = name.find('/');
    if (slash == std::string_view::npos) {
        return is_one_of(name, singles);
    }
    return is_one_of(name.substr(0, slash), areas) && slash + 1 < name.size();
}

void check_time_zone(Checker& check, const Value& spec, const Place& at) {
    const Value* zone = given(spec, "timeZone");
    if (zone == nullptr) {
        return;
    }
    const Place place = at.member("timeZone");
    const std::string_view name = zone->as_string();
    if (name.empty()) {
        check.invalid(place, name, "timeZone must be nil or non-empty string");
    } else if (to_lower(name) == "local") {
        check.invalid(place, name,
                      "timeZone must be an explicit time zone as defined in "
                      "https://www.iana.org/time-zones");
    } else if (!is_time_zone(name)) {
        check.invalid(place, name, cat("unknown time zone ", name));
    }
}

void check_schedule(Checker& check, const Value& spec, const Place& at) {
    if (!check.required_text(spec, "schedule", at)) {
        return;
    }
    const std::string_view schedule = spec.string_at("schedule");
    const Place place = at.member("schedule");
    if (const auto parsed = schema::Schedule::parse(schedule);
        !parsed && !schedule.contains("TZ")) {
        check.invalid(place, schedule, parsed.error().message());
    }
    if (schedule.contains("TZ")) {
        check.invalid(place, schedule,
                      given(spec, "timeZone") != nullptr
                          ? "cannot use both timeZone field and TZ or CRON_TZ in schedule"
                          : "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    }
}

void check_cron_job(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_schedule(check, spec, at);
    check.not_negative(spec, "startingDeadlineSeconds", at);
    if (old == nullptr || differs(spec, map_of(*old, "spec"), "timeZone")) {
        check_time_zone(check, spec, at);
    }
    check.required_one_of(spec, "concurrencyPolicy", at, {"Allow", "Forbid", "Replace"});
    const Value& job = map_of(map_of(spec, "jobTemplate"), "spec");
    const Place job_template = at.member("jobTemplate");
    const Place job_place = job_template.member("spec");
    check_job_spec(check, job, job_place);
    if (const Value* selector = given(job, "selector")) {
        check.invalid(job_place.member("selector"), *selector, "`selector` will be auto-generated");
    }
    if (is_true(job, "manualSelector")) {
        check.unsupported(job_place.member("manualSelector"), true, {"nil", "false"});
    }
    check.not_negative(spec, "successfulJobsHistoryLimit", at);
    check.not_negative(spec, "failedJobsHistoryLimit", at);
    constexpr size_t name_max = 52;
    const std::string_view name = object.string_at("metadata", "name");
    if (old == nullptr && name.size() > name_max) {
        const Place metadata = root.member("metadata");
        check.invalid(metadata.member("name"), name,
                      cat("must be no more than ", name_max, " characters"));
    }
}

constexpr std::array<KindRules, 2> batch_table{
    {{"batch", "Job", "", check_job}, {"batch", "CronJob", "", check_cron_job}}};

}  // namespace

std::span<const KindRules> batch_rules() {
    return batch_table;
}

}  // namespace weft::server
