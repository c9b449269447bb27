// server/internal/convert.cc: conversions between versions of builtin kinds.

#include "server/internal/convert.h"

namespace weft::server {

bool changes_shape(const Resource& resource) {
    return resource.custom == nullptr &&
           (resource.gvr.resource == "events" || resource.gvr.group == "autoscaling");
}

namespace {

void move_member(Value& object, std::string_view from, std::string_view to) {
    if (const Value* found = object.find(from)) {
        Value value = *found;
        object.erase(from);
        object.set(to, std::move(value));
    }
}

// core/v1 and events.k8s.io/v1 are one stored kind with other names.
Value convert_event(Value event, bool to_core) {
    static constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"involvedObject", "regarding"},
        {"message", "note"},
        {"source", "deprecatedSource"},
        {"firstTimestamp", "deprecatedFirstTimestamp"},
        {"lastTimestamp", "deprecatedLastTimestamp"},
        {"count", "deprecatedCount"},
        {"reportingComponent", "reportingController"},
    };
    for (const auto& [core, events] : names) {
        if (to_core) {
            move_member(event, events, core);
        } else {
            move_member(event, core, events);
        }
    }
    return event;
}

// autoscaling/v1 knows one metric (CPU) and keeps the others in an annotation.
constexpr std::string_view metrics_annotation = "autoscaling.alpha.kubernetes.io/metrics";
constexpr std::string_view behavior_annotation = "autoscaling.alpha.kubernetes.io/behavior";
constexpr std::string_view conditions_annotation = "autoscaling.alpha.kubernetes.io/conditions";
constexpr std::string_view current_annotation = "autoscaling.alpha.kubernetes.io/current-metrics";

bool is_cpu_utilization(const Value& metric, std::string_view source) {
    return metric.string_at("type") == "Resource" &&
           metric.string_at("resource", "name") == "cpu" &&
           metric.find("resource", source, "averageUtilization") != nullptr;
}

void set_annotation(Value& object, std::string_view key, const Value& value) {
    Value& metadata = object.mutable_member("metadata");
    Value& annotations = metadata.mutable_member("annotations");
    annotations.set(key, to_json(value));
    annotations.sort_members();
}

void take_annotation(Value& object, std::string_view key, Value& into, std::string_view member) {
    const Value* text = object.find("metadata", "annotations", key);
    if (text == nullptr || !text->is_string()) {
        return;
    }
    if (auto parsed = parse_json(text->as_string())) {
        into.set(member, std::move(*parsed));
    }
    Value& metadata = object.mutable_member("metadata");
    metadata.mutable_member("annotations").erase(key);
    if (metadata.find("annotations")->empty()) {
        metadata.erase("annotations");
    }
}

Value autoscaler_to_v1(Value object) {
    Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    if (const Value* metrics = spec.find("metrics")) {
        Value rest = Value::list();
        for (const Value& metric : metrics->items()) {
            if (is_cpu_utilization(metric, "target") &&
                !spec.contains("targetCPUUtilizationPercentage")) {
                spec.set("targetCPUUtilizationPercentage",
                         *metric.find("resource", "target", "averageUtilization"));
            } else {
                rest.push_back(metric);
            }
        }
        spec.erase("metrics");
        if (!rest.empty()) {
            set_annotation(object, metrics_annotation, rest);
        }
    }
    if (const Value* behavior = spec.find("behavior")) {
        set_annotation(object, behavior_annotation, *behavior);
        spec.erase("behavior");
    }
    object.set("spec", std::move(spec));
    Value status = object.find("status") != nullptr ? *object.find("status") : Value::map();
    if (const Value* metrics = status.find("currentMetrics")) {
        Value rest = Value::list();
        for (const Value& metric : metrics->items()) {
            if (is_cpu_utilization(metric, "current") &&
                !status.contains("currentCPUUtilizationPercentage")) {
                status.set("currentCPUUtilizationPercentage",
                           *metric.find("resource", "current", "averageUtilization"));
            } else {
                rest.push_back(metric);
            }
        }
        status.erase("currentMetrics");
        if (!rest.empty()) {
            set_annotation(object, current_annotation, rest);
        }
    }
    if (const Value* conditions = status.find("conditions")) {
        if (!conditions->empty()) {
            set_annotation(object, conditions_annotation, *conditions);
        }
        status.erase("conditions");
    }
    object.set("status", std::move(status));
    return object;
}

Value autoscaler_to_v2(Value object) {
    Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    Value status = object.find("status") != nullptr ? *object.find("status") : Value::map();
    take_annotation(object, metrics_annotation, spec, "metrics");
    take_annotation(object, behavior_annotation, spec, "behavior");
    take_annotation(object, conditions_annotation, status, "conditions");
    take_annotation(object, current_annotation, status, "currentMetrics");
    if (const Value* percent = spec.find("targetCPUUtilizationPercentage")) {
        Value metric = Value::map_of(
            {{"type", "Resource"},
             {"resource",
              Value::map_of({{"name", "cpu"},
                             {"target", Value::map_of({{"type", "Utilization"},
                                                       {"averageUtilization", *percent}})}})}});
        Value metrics = Value::list_of({std::move(metric)});
        if (const Value* others = spec.find("metrics")) {
            for (const Value& other : others->items()) {
                metrics.push_back(other);
            }
        }
        spec.erase("targetCPUUtilizationPercentage");
        spec.set("metrics", std::move(metrics));
    }
    if (const Value* percent = status.find("currentCPUUtilizationPercentage")) {
        Value metric = Value::map_of(
            {{"type", "Resource"},
             {"resource",
              Value::map_of({{"name", "cpu"},
                             {"current", Value::map_of({{"averageValue", "0"},
                                                        {"averageUtilization", *percent}})}})}});
        Value metrics = Value::list_of({std::move(metric)});
        if (const Value* others = status.find("currentMetrics")) {
            for (const Value& other : others->items()) {
                metrics.push_back(other);
            }
        }
        status.erase("currentCPUUtilizationPercentage");
        status.set("currentMetrics", std::move(metrics));
    }
    object.set("spec", std::move(spec));
    object.set("status", std::move(status));
    return object;
}

}  // namespace

Value convert_object(const Resource& resource, const Value& object,
                     const std::string& api_version) {
    if (object.string_at("apiVersion") == api_version) {
        return object;
    }
    Value converted = object;
    if (changes_shape(resource)) {
        if (resource.gvr.resource == "events") {
            converted = convert_event(std::move(converted), api_version == "v1");
        } else if (api_version == "autoscaling/v1") {
            converted = autoscaler_to_v1(std::move(converted));
        } else {
            converted = autoscaler_to_v2(std::move(converted));
        }
    }
    converted.set("apiVersion", api_version);
    return converted;
}

}  // namespace weft::server
