// cluster/internal/scaling.cc: bounds and budgets.

#include "cluster/internal/scaling.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

// Sets a condition; the time changes with the status only.
void put_condition(Value& conditions, const Value& before, std::string_view type, bool is_true,
                   std::string_view reason, std::string_view message, const Moment& moment) {
    const std::string_view status = is_true ? "True" : "False";
    const Value* had = find_condition(before, type);
    const bool is_same = had != nullptr && had->string_at("status") == status;
    conditions.push_back(Value::map_of(
        {{"type", type},
         {"status", status},
         {"lastTransitionTime",
          is_same ? std::string(had->string_at("lastTransitionTime")) : moment.text()},
         {"reason", reason},
         {"message", message}}));
}

Value status_before(const Object& object) {
    const Value* status = object.value().find("status");
    return status == nullptr ? Value::map() : *status;
}

// No pod uses anything here and no metrics API is served, so what a real controller says of a
// cluster without one is what is true.
void put_missing_metric(Value& conditions, const Value& before, const Object& autoscaler,
                        const Moment& moment) {
    const Value* metrics = autoscaler.value().find("spec", "metrics");
    const Value metric = metrics == nullptr || metrics->empty() ? Value::map() : metrics->at(0);
    const std::string_view type = metric.string_at("type");
    std::string reason = "FailedGetResourceMetric";
    std::string why;
    if (type == "Pods" || type == "Object") {
        const std::string_view member = type == "Pods" ? "pods" : "object";
        reason = cat("FailedGet", type, "Metric");
        why = cat("unable to get metric ", metric.string_at(member, "metric", "name"),
                  ": unable to fetch metrics from custom metrics API: no custom metrics API "
                  "(custom.metrics.k8s.io) registered");
    } else if (type == "External") {
        reason = "FailedGetExternalMetric";
        why = cat("unable to get external metric ", autoscaler.namespace_(), "/",
                  metric.string_at("external", "metric", "name"),
                  "/nil: unable to fetch metrics from external metrics API: no external metrics "
                  "API (external.metrics.k8s.io) registered");
    } else {
        const bool is_container = type == "ContainerResource";
        const std::string_view member = is_container ? "containerResource" : "resource";
        const std::string_view named = metric.string_at(member, "name");
        const std::string_view resource = named.empty() ? std::string_view("cpu") : named;
        const bool is_value = metric.string_at(member, "target", "type") == "AverageValue";
        if (is_container) {
            reason = "FailedGetContainerResourceMetric";
        }
        why = cat("failed to get ", resource, is_value ? " usage" : " utilization",
                  ": unable to get metrics for resource ", resource,
                  ": unable to fetch metrics from resource metrics API: the server could not find "
                  "the requested resource (get pods.metrics.k8s.io)");
    }
    put_condition(conditions, before, "ScalingActive", false, reason,
                  cat("the HPA was unable to compute the replica count: ", why), moment);
}

}  // namespace

Outcome reconcile_autoscaler(const Object& autoscaler, const View& view, const Moment& moment) {
    Outcome outcome;
    if (autoscaler.is_deleting()) {
        return outcome;
    }
    const Value before = status_before(autoscaler);
    const std::string_view api_version =
        autoscaler.value().string_at("spec", "scaleTargetRef", "apiVersion");
    const std::string_view kind_name =
        autoscaler.value().string_at("spec", "scaleTargetRef", "kind");
    const std::string_view name = autoscaler.value().string_at("spec", "scaleTargetRef", "name");
    const std::optional<Kind> kind = kind_of(api_version, kind_name);
    const Object* target =
        kind.has_value()
            ? view.find(*kind, {std::string(autoscaler.namespace_()), std::string(name)})
            : nullptr;
    Value status = Value::map();
    status.set("observedGeneration", autoscaler.generation());
    Value conditions = Value::list();
    if (target == nullptr) {
        put_condition(conditions, before, "AbleToScale", false, "FailedGetScale",
                      cat("the HPA controller was unable to get the target's current scale: ",
                          kind_name, " ", quote(name), " not found"),
                      moment);
        status.set("currentReplicas", before.int_at(0, "currentReplicas"));
        status.set("desiredReplicas", before.int_at(0, "desiredReplicas"));
        status.set("conditions", std::move(conditions));
        outcome.set_status(Kind::autoscaler, autoscaler, std::move(status));
        return outcome;
    }
    const int64_t current = target->value().int_at(1, "spec", "replicas");
    const int64_t least = autoscaler.value().int_at(1, "spec", "minReplicas");
    const int64_t most = std::max(autoscaler.value().int_at(least, "spec", "maxReplicas"), least);
    const int64_t desired = current == 0 ? 0 : std::clamp(current, least, most);
    std::string scaled_at(before.string_at("lastScaleTime"));
    if (desired != current) {
        Object resized(*target);
        resized.mutable_value().mutable_member("spec").set("replicas", desired);
        outcome.update(*kind, std::move(resized));
        scaled_at = moment.text();
    }
    if (!scaled_at.empty()) {
        status.set("lastScaleTime", scaled_at);
    }
    status.set("currentReplicas", current);
    if (desired != current) {
        status.set("desiredReplicas", desired);
        put_condition(conditions, before, "AbleToScale", true, "SucceededRescale",
                      cat("the HPA controller was able to update the target scale to ", desired),
                      moment);
    } else {
        // Without metrics nothing new is desired.
        status.set("desiredReplicas", current == 0 ? 0 : before.int_at(0, "desiredReplicas"));
        put_condition(conditions, before, "AbleToScale", true, "SucceededGetScale",
                      "the HPA controller was able to get the target's current scale", moment);
        if (current == 0) {
            put_condition(conditions, before, "ScalingActive", false, "ScalingDisabled",
                          "scaling is disabled since the replica count of the target is zero",
                          moment);
        } else {
            put_missing_metric(conditions, before, autoscaler, moment);
        }
    }
    status.set("conditions", std::move(conditions));
    outcome.set_status(Kind::autoscaler, autoscaler, std::move(status));
    return outcome;
}

Outcome reconcile_disruption_budget(const Object& budget, const View& view, const Moment& moment) {
    Outcome outcome;
    if (budget.is_deleting()) {
        return outcome;
    }
    const Value* selector = budget.value().find("spec", "selector");
    const Value* evicted = budget.value().find("status", "disruptedPods");
    Value disrupted = Value::map();
    int64_t expected = 0;
    int64_t healthy = 0;
    for (const Object* pod : view.in(Kind::pod, budget.namespace_())) {
        // In policy/v1 an empty selector takes every pod.
        const bool is_meant = selector != nullptr && (selector->empty() || selects(selector, *pod));
        if (!is_meant || !is_pod_active(*pod)) {
            continue;
        }
        ++expected;
        // One that was evicted a moment ago is as good as gone, until that proves wrong.
        const Value* since = evicted == nullptr ? nullptr : evicted->find(pod->name());
        const int64_t left =
            since == nullptr || !since->is_string()
                ? 0
                : nanos_until(since->as_string(), disrupted_pod_timeout, moment.now);
        if (left > 0) {
            disrupted.set(pod->name(), *since);
            outcome.look_again(left);
        } else {
            healthy += is_pod_ready(*pod) ? 1 : 0;
        }
    }
    int64_t desired = 0;
    if (const Value* most = budget.value().find("spec", "maxUnavailable")) {
        desired = std::max<int64_t>(expected - scaled(most, 0, expected, true), 0);
    } else {
        desired = scaled(budget.value().find("spec", "minAvailable"), 1, expected, true);
    }
    const int64_t allowed = expected == 0 ? 0 : std::max<int64_t>(healthy - desired, 0);
    const Value before = status_before(budget);
    const Value* had = find_condition(before, "DisruptionAllowed");
    const std::string_view is_allowed = allowed > 0 ? "True" : "False";
    Value condition = Value::map_of(
        {{"type", "DisruptionAllowed"},
         {"status", is_allowed},
         {"observedGeneration", budget.generation()},
         {"lastTransitionTime", had != nullptr && had->string_at("status") == is_allowed
                                    ? std::string(had->string_at("lastTransitionTime"))
                                    : moment.text()},
         {"reason", allowed > 0 ? "SufficientPods" : "InsufficientPods"},
         {"message", ""}});
    Value status = Value::map();
    status.set("observedGeneration", budget.generation());
    if (!disrupted.empty()) {
        status.set("disruptedPods", std::move(disrupted));
    }
    status.set("disruptionsAllowed", allowed);
    status.set("currentHealthy", healthy);
    status.set("desiredHealthy", desired);
    status.set("expectedPods", expected);
    status.set("conditions", Value::list_of({std::move(condition)}));
    outcome.set_status(Kind::disruption_budget, budget, std::move(status));
    return outcome;
}

}  // namespace weft::cluster
