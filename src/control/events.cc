// control/events.cc: Events from condition changes.

#include "control/events.h"

namespace weft::control {

Object plain_event(const Object& about, std::string_view crd_name, std::string_view reason,
                   std::string_view message, bool is_normal, Time now, uint64_t random) {
    const std::string namespace_(about.namespace_().empty() ? "default" : about.namespace_());
    char suffix[20];
    std::snprintf(suffix, sizeof suffix, "%016llx", static_cast<unsigned long long>(random));
    const std::string source = cat("kro/", crd_name, "-controller");
    const std::string time = format_rfc3339(now);
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "Event"},
         {"metadata",
          Value::map_of({{"name", cat(about.name(), ".", suffix)}, {"namespace", namespace_}})},
         {"involvedObject", Value::map_of({{"apiVersion", about.api_version()},
                                           {"kind", about.kind()},
                                           {"name", about.name()},
                                           {"namespace", about.namespace_()},
                                           {"uid", about.uid()},
                                           {"resourceVersion", about.resource_version()}})},
         {"reason", reason},
         {"message", message},
         {"type", is_normal ? "Normal" : "Warning"},
         {"source", Value::map_of({{"component", source}})},
         {"reportingComponent", source},
         {"firstTimestamp", time},
         {"lastTimestamp", time},
         {"count", 1}}));
}

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
            out.push_back(
                plain_event(instance, crd_name, condition.type,
                            cat(was, " -> ", condition.status, ": ", condition.reason.value_or("")),
                            condition.is_true(), now, random + out.size()));
        }
    }
    return out;
}

}  // namespace weft::control
