// server/internal/convert.cc: conversions between versions of builtin kinds.

#include "server/internal/convert.h"

#include <array>

#include "schema/internal_form.h"
#include "server/internal/metadata.h"

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

// autoscaling/v1 knows one metric (CPU) and keeps the others in annotations: metrics in its own old
// form, the behaviour as the internal type prints itself.
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
    Value annotations =
        metadata.find("annotations") != nullptr ? *metadata.find("annotations") : Value::map();
    annotations.set(key, to_json(value));
    annotations.sort_members();
    set_metadata(metadata, "annotations", std::move(annotations));
}

// The value of an annotation, which goes; null if it is not there or no JSON.
Value take_annotation(Value& object, std::string_view key) {
    const Value* text = object.find("metadata", "annotations", key);
    if (text == nullptr || !text->is_string()) {
        return {};
    }
    auto parsed = parse_json(text->as_string());
    Value& metadata = object.mutable_member("metadata");
    metadata.mutable_member("annotations").erase(key);
    if (metadata.find("annotations")->empty()) {
        metadata.erase("annotations");
    }
    return parsed ? std::move(*parsed) : Value();
}

// Where a member of v1's form of a metric stands in v2's. "@" is "target" or "current".
struct MetricMember {
    std::string_view source;
    std::string_view old_name;
    std::string_view new_path;
    std::string_view if_absent;  // what v1 then has
};
constexpr std::array<MetricMember, 19> metric_members{
    {{"object", "target", "describedObject", ""},
     {"object", "metricName", "metric.name", ""},
     {"object", "@Value", "@.value", "0"},
     {"object", "selector", "metric.selector", ""},
     {"object", "averageValue", "@.averageValue", ""},
     {"pods", "metricName", "metric.name", ""},
     {"pods", "@AverageValue", "@.averageValue", "0"},
     {"pods", "selector", "metric.selector", ""},
     {"resource", "name", "name", ""},
     {"resource", "@AverageUtilization", "@.averageUtilization", ""},
     {"resource", "@AverageValue", "@.averageValue", "current"},
     {"containerResource", "name", "name", ""},
     {"containerResource", "@AverageUtilization", "@.averageUtilization", ""},
     {"containerResource", "@AverageValue", "@.averageValue", "current"},
     {"containerResource", "container", "container", ""},
     {"external", "metricName", "metric.name", ""},
     {"external", "metricSelector", "metric.selector", ""},
     {"external", "@Value", "@.value", "current"},
     {"external", "@AverageValue", "@.averageValue", ""}}};
constexpr std::array<std::string_view, 5> metric_sources{"object", "pods", "resource",
                                                         "containerResource", "external"};

std::string metric_name(const MetricMember& member, std::string_view side) {
    return replace_all(member.old_name, "@", side);
}

// `side` is "target" for what is wanted and "current" for what was measured.
Value metric_to_v1(const Value& metric, std::string_view side) {
    Value out = Value::map_of({{"type", metric.string_at("type")}});
    for (const std::string_view source : metric_sources) {
        const Value* from = metric.find(source);
        if (from == nullptr) {
            continue;
        }
        Value into = Value::map();
        for (const MetricMember& member : metric_members) {
            if (member.source != source) {
                continue;
            }
            const std::string path = replace_all(member.new_path, "@", side);
            const size_t dot = path.find('.');
            const Value* found = dot == std::string::npos
                                     ? from->find(path)
                                     : from->find(path.substr(0, dot), path.substr(dot + 1));
            if (found != nullptr && !found->is_null()) {
                into.append_new(metric_name(member, side), *found);
            } else if (member.if_absent == "0" || member.if_absent == side) {
                into.append_new(metric_name(member, side), "0");
            }
        }
        out.append_new(source, std::move(into));
    }
    return out;
}

Value metric_to_v2(const Value& metric, std::string_view side) {
    Value out = Value::map_of({{"type", metric.string_at("type")}});
    for (const std::string_view source : metric_sources) {
        const Value* from = metric.find(source);
        if (from == nullptr || !from->is_map()) {
            continue;
        }
        Value into = Value::map();
        for (const MetricMember& member : metric_members) {
            const Value* found =
                member.source == source ? from->find(metric_name(member, side)) : nullptr;
            if (found == nullptr) {
                continue;
            }
            const std::string path = replace_all(member.new_path, "@", side);
            const size_t dot = path.find('.');
            if (dot == std::string::npos) {
                into.set(path, *found);
                continue;
            }
            Value& part = into.mutable_member(path.substr(0, dot));
            if (part.is_null()) {
                part = Value::map();
            }
            part.set(path.substr(dot + 1), *found);
        }
        if (Value* target = side == "target" ? into.find_mutable("target") : nullptr) {
            target->set("type", target->contains("averageUtilization") ? "Utilization"
                                : target->contains("averageValue")     ? "AverageValue"
                                                                       : "Value");
        }
        out.append_new(source, std::move(into));
    }
    return out;
}

Value metrics_in(const Value& list, std::string_view side,
                 Value (*convert)(const Value&, std::string_view)) {
    Value out = Value::list();
    for (const Value& metric : list.items()) {
        out.push_back(convert(metric, side));
    }
    return out;
}

// {"ScaleUp":…} as {"scaleUp":…}, without what is unset.
Value with_small_names(const Value& value, int depth) {
    constexpr int depth_of_behavior = 8;
    if (depth >= depth_of_behavior) {
        return value;
    }
    if (value.is_map()) {
        Value out = Value::map();
        for (const Member& member : value.members()) {
            if (member.value.is_null()) {
                continue;
            }
            std::string name(member.name());
            if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') {
                name[0] = static_cast<char>(name[0] - 'A' + 'a');
            }
            out.set(name, with_small_names(member.value, depth + 1));
        }
        return out;
    }
    if (value.is_list()) {
        Value out = Value::list();
        for (const Value& item : value.items()) {
            out.push_back(with_small_names(item, depth + 1));
        }
        return out;
    }
    return value;
}

Value autoscaler_to_v1(Value object) {
    Value spec = object.find("spec") != nullptr ? *object.find("spec") : Value::map();
    if (const Value* metrics = spec.find("metrics")) {
        Value rest = Value::list();
        for (const Value& metric : metrics->items()) {
            if (is_cpu_utilization(metric, "target")) {
                spec.set("targetCPUUtilizationPercentage",
                         *metric.find("resource", "target", "averageUtilization"));
            } else {
                rest.push_back(metric_to_v1(metric, "target"));
            }
        }
        spec.erase("metrics");
        if (!rest.empty()) {
            set_annotation(object, metrics_annotation, rest);
        }
    }
    if (const Value* behavior = spec.find("behavior")) {
        set_annotation(object, behavior_annotation,
                       schema::internal_form(
                           schema::Builtin::get(),
                           "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior", *behavior));
        spec.erase("behavior");
    }
    object.set("spec", std::move(spec));
    Value status = object.find("status") != nullptr ? *object.find("status") : Value::map();
    if (const Value* metrics = status.find("currentMetrics"); metrics != nullptr) {
        for (const Value& metric : metrics->items()) {
            if (is_cpu_utilization(metric, "current")) {
                status.set("currentCPUUtilizationPercentage",
                           *metric.find("resource", "current", "averageUtilization"));
            }
        }
        if (!metrics->empty()) {
            set_annotation(object, current_annotation,
                           metrics_in(*metrics, "current", metric_to_v1));
        }
        status.erase("currentMetrics");
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
    const Value old_status =
        object.find("status") != nullptr ? *object.find("status") : Value::map();
    Value metrics = metrics_in(take_annotation(object, metrics_annotation), "target", metric_to_v2);
    if (const Value* percent = spec.find("targetCPUUtilizationPercentage")) {
        metrics.push_back(Value::map_of(
            {{"type", "Resource"},
             {"resource",
              Value::map_of({{"name", "cpu"},
                             {"target", Value::map_of({{"type", "Utilization"},
                                                       {"averageUtilization", *percent}})}})}}));
        spec.erase("targetCPUUtilizationPercentage");
    }
    if (!metrics.empty()) {
        spec.set("metrics", std::move(metrics));
    }
    if (const Value behavior = take_annotation(object, behavior_annotation); !behavior.is_null()) {
        spec.set("behavior", with_small_names(behavior, 0));
    }
    Value status = Value::map();
    for (const std::string_view member :
         {"observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"}) {
        const Value* found = old_status.find(member);
        if (found != nullptr && (member == "desiredReplicas" || *found != Value(0))) {
            status.append_new(member, *found);
        }
    }
    const Value current = take_annotation(object, current_annotation);
    if (!current.is_null()) {
        status.append_new("currentMetrics", metrics_in(current, "current", metric_to_v2));
    } else if (const Value* percent = old_status.find("currentCPUUtilizationPercentage")) {
        status.append_new(
            "currentMetrics",
            Value::list_of({Value::map_of(
                {{"type", "Resource"},
                 {"resource", Value::map_of({{"name", "cpu"},
                                             {"current", Value::map_of({{"averageValue", "0"},
                                                                        {"averageUtilization",
                                                                         *percent}})}})}})}));
    } else {
        status.append_new("currentMetrics", Value());
    }
    if (Value conditions = take_annotation(object, conditions_annotation); !conditions.is_null()) {
        status.append_new("conditions", std::move(conditions));
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
