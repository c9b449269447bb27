// control/events.cc: Events from condition changes.

#include "control/events.h"

namespace weft::control {

namespace {

Object event_for(const Object& instance, const graph::Condition& condition, std::string_view was,
                 std::string_view crd_name, Time now, uint64_t random) {
    const std::string namespace_(instance.namespace_().empty() ? "default" : instance.namespace_());
    char suffix[20];
    std::snprintf(suffix, sizeof suffix, "%016llx", static_cast<unsigned long long>(random));
    const std::string source = cat("kro/", crd_name, "-controller");
    const std::string time = format_rfc3339(now);
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "Event"},
         {"metadata",
          Value::map_of({{"name", cat(instance.name(), ".", suffix)}, {"namespace", namespace_}})},
         {"involvedObject", Value::map_of({{"apiVersion", instance.api_version()},
                                           {"kind", instance.kind()},
                                           {"name", instance.name()},
                                           {"namespace", instance.namespace_()},
                                           {"uid", instance.uid()},
                                           {"resourceVersion", instance.resource_version()}})},
         {"reason", condition.type},
         {"message", cat(was, " -> ", condition.status, ": ", condition.reason.value_or(""))},
         {"type", condition.is_true() ? "Normal" : "Warning"},
         {"source", Value::map_of({{"component", source}})},
         {"reportingComponent", source},
         {"firstTimestamp", time},
         {"lastTimestamp", time},
         {"count", 1}}));
}

}  // namespace

std::vector<Object> condition_events(const Object& instance, std::string_view crd_name,
                                     const Value* before, const Value& after, Time now,
                                     uint64_t random) {
    const std::vector<graph::Condition> old =
        graph::conditions_from(before == nullptr ? nullptr : before->find("conditions"));
    std::vector<Object> out;
    for (const graph::Condition& condition : graph::conditions_from(after.find("conditions"))) {
        std::string_view was = "none";
        for (const graph::Condition& candidate : old) {
            if (candidate.type == condition.type) {
                was = candidate.status;
            }
        }
        if (was != condition.status) {
            out.push_back(event_for(instance, condition, was, crd_name, now, random + out.size()));
        }
    }
    return out;
}

}  // namespace weft::control
