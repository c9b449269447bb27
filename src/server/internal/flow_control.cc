// server/internal/flow_control.cc: the objects of every cluster, and one condition.

#include "server/internal/flow_control.h"

#include "server/internal/kinds.h"
#include "server/internal/manage_fields.h"
#include "server/internal/write.h"
#include "server/limits.h"

namespace weft::server {

namespace {

constexpr std::string_view flow_group = "flowcontrol.apiserver.k8s.io";

// A level: NAME SHARES LENDABLE QUEUES HAND; no queues: what does not fit is rejected.
struct Level {
    std::string_view name;
    int shares;
    int lendable_percent;
    int queues;
    int hand;
};
constexpr Level levels[] = {
    {"catch-all", 5, 0, 0, 0},          {"system", 30, 33, 64, 6},
    {"node-high", 40, 25, 64, 6},       {"leader-election", 10, 0, 16, 4},
    {"workload-high", 40, 50, 128, 6},  {"workload-low", 100, 90, 128, 6},
    {"global-default", 20, 50, 128, 6},
};

// Subjects: "g:GROUP", "u:USER", "a:NAMESPACE/ACCOUNT", separated by blanks. Rules, one a line:
// "VERBS | GROUPS | RESOURCES | NAMESPACES", in which a namespace "-" means cluster scope, or
// "VERBS | URLS".
struct Flow {
    std::string_view name;
    std::string_view level;
    int precedence;
    std::string_view by;  // "" does not tell flows apart
    std::string_view subjects;
    std::string_view rules;
};
constexpr std::string_view everything = "* | * | * | - *\n* | *";
constexpr std::string_view everybody = "g:system:unauthenticated g:system:authenticated";
constexpr Flow flows[] = {
    {"exempt", "exempt", 1, "", "g:system:masters", everything},
    {"catch-all", "catch-all", 10000, "ByUser", everybody, everything},
    {"probes", "exempt", 2, "", everybody, "get | /healthz /readyz /livez"},
    {"system-leader-election", "leader-election", 100, "ByUser",
     "u:system:kube-controller-manager u:system:kube-scheduler a:kube-system/*",
     "get create update | coordination.k8s.io | leases | *"},
    {"endpoint-controller", "workload-high", 150, "ByUser",
     "u:system:kube-controller-manager a:kube-system/endpoint-controller "
     "a:kube-system/endpointslicemirroring-controller",
     "get create update |  | endpoints | *"},
    {"workload-leader-election", "leader-election", 200, "ByUser", "a:kube-system/*",
     "get create update |  | endpoints configmaps | *\n"
     "get create update | coordination.k8s.io | leases | *"},
    {"system-node-high", "node-high", 400, "ByUser", "g:system:nodes",
     "* |  | nodes nodes/status | - *\n* | coordination.k8s.io | leases | *"},
    {"system-nodes", "system", 500, "ByUser", "g:system:nodes", everything},
    {"kube-controller-manager", "workload-high", 800, "ByNamespace",
     "u:system:kube-controller-manager", everything},
    {"kube-scheduler", "workload-high", 800, "ByNamespace", "u:system:kube-scheduler", everything},
    {"kube-system-service-accounts", "workload-high", 900, "ByNamespace", "a:kube-system/*",
     everything},
    {"service-accounts", "workload-low", 9000, "ByUser", "g:system:serviceaccounts", everything},
    {"global-default", "global-default", 9900, "ByUser", everybody, everything},
};

Value words_of(std::string_view text) {
    Value out = Value::list();
    const std::string_view trimmed = trim(text);
    if (trimmed.empty()) {
        out.push_back(Value(""));  // the core group
        return out;
    }
    for (const std::string_view word : split(trimmed, ' ')) {
        out.push_back(Value(word));
    }
    return out;
}

Value flow_object(std::string_view kind, std::string_view name, Value spec) {
    return Value::map_of(
        {{"kind", kind},
         {"metadata",
          Value::map_of(
              {{"name", name},
               {"annotations", Value::map_of({{"apf.kubernetes.io/autoupdate-spec", "true"}})}})},
         {"spec", std::move(spec)}});
}

Value level_object(const Level& level) {
    Value response = Value::map_of({{"type", level.queues == 0 ? "Reject" : "Queue"}});
    if (level.queues != 0) {
        response.set("queuing", Value::map_of({{"queues", level.queues},
                                               {"handSize", level.hand},
                                               {"queueLengthLimit", 50}}));
    }
    return flow_object(
        "PriorityLevelConfiguration", level.name,
        Value::map_of({{"type", "Limited"},
                       {"limited", Value::map_of({{"nominalConcurrencyShares", level.shares},
                                                  {"limitResponse", std::move(response)},
                                                  {"lendablePercent", level.lendable_percent}})}}));
}

Value subject_of(std::string_view word) {
    const std::string_view rest = word.substr(2);
    if (word.front() == 'a') {
        const size_t slash = rest.find('/');
        return Value::map_of(
            {{"kind", "ServiceAccount"},
             {"serviceAccount", Value::map_of({{"namespace", rest.substr(0, slash)},
                                               {"name", rest.substr(slash + 1)}})}});
    }
    return word.front() == 'g'
               ? Value::map_of({{"kind", "Group"}, {"group", Value::map_of({{"name", rest}})}})
               : Value::map_of({{"kind", "User"}, {"user", Value::map_of({{"name", rest}})}});
}

Value rules_of_flow(const Flow& flow) {
    Value subjects = Value::list();
    for (const std::string_view word : split(flow.subjects, ' ')) {
        subjects.push_back(subject_of(word));
    }
    Value resources = Value::list();
    Value urls = Value::list();
    for (const std::string_view line : split(flow.rules, '\n')) {
        const std::vector<std::string_view> parts = split(line, '|');
        Value rule = Value::map_of({{"verbs", words_of(parts[0])}});
        if (parts.size() == 2) {
            rule.set("nonResourceURLs", words_of(parts[1]));
            urls.push_back(std::move(rule));
            continue;
        }
        rule.set("apiGroups", words_of(parts[1]));
        rule.set("resources", words_of(parts[2]));
        const std::string_view places = trim(parts[3]);
        if (places.starts_with('-')) {
            rule.set("clusterScope", true);
        }
        rule.set("namespaces", words_of(places.starts_with('-') ? places.substr(1) : places));
        resources.push_back(std::move(rule));
    }
    Value out = Value::map_of({{"subjects", std::move(subjects)}});
    if (!resources.empty()) {
        out.set("resourceRules", std::move(resources));
    }
    if (!urls.empty()) {
        out.set("nonResourceRules", std::move(urls));
    }
    return Value::list_of({std::move(out)});
}

Value flow_schema_object(const Flow& flow) {
    Value spec =
        Value::map_of({{"priorityLevelConfiguration", Value::map_of({{"name", flow.level}})},
                       {"matchingPrecedence", flow.precedence}});
    if (!flow.by.empty()) {
        spec.set("distinguisherMethod", Value::map_of({{"type", flow.by}}));
    }
    spec.set("rules", rules_of_flow(flow));
    return flow_object("FlowSchema", flow.name, std::move(spec));
}

ResourcePtr flow_resource(const Core& core, std::string_view plural) {
    return core.registry.find(flow_group, "v1", plural);
}

std::string_view level_of(const Value& flow_schema) {
    return flow_schema.string_at("spec", "priorityLevelConfiguration", "name");
}

}  // namespace

std::vector<Value> bootstrap_flow_control() {
    std::vector<Value> out;
    out.push_back(
        flow_object("PriorityLevelConfiguration", "exempt",
                    Value::map_of({{"type", "Exempt"},
                                   {"exempt", Value::map_of({{"nominalConcurrencyShares", 0},
                                                             {"lendablePercent", 0}})}})));
    for (const Level& level : levels) {
        out.push_back(level_object(level));
    }
    for (const Flow& flow : flows) {
        out.push_back(flow_schema_object(flow));
    }
    return out;
}

Value dangling_condition(std::string_view level, bool is_there, Time now) {
    return Value::map_of(
        {{"type", "Dangling"},
         {"status", is_there ? "False" : "True"},
         {"lastTransitionTime", format_rfc3339(now)},
         {"reason", is_there ? "Found" : "NotFound"},
         {"message",
          cat("This FlowSchema references the PriorityLevelConfiguration object named ",
              quote(level), is_there ? " and it exists" : " but there is no such object")}});
}

void FlowControl::changed(const Resource& resource, const Value& object, const Value& old_object) {
    if (resource.gvr.group != flow_group || !resource.is_builtin()) {
        return;
    }
    const Value& shown = object.is_null() ? old_object : object;
    std::string name(shown.string_at("metadata", "name"));
    if (resource.kind == "PriorityLevelConfiguration") {
        if (object.is_null() || old_object.is_null()) {
            scope_.spawn(settle_those_of(std::move(name)));
        }
    } else if (!object.is_null() &&
               (old_object.is_null() || level_of(object) != level_of(old_object))) {
        scope_.spawn(settle(std::move(name)));
    }
}

io::Task<void> FlowControl::settle_those_of(std::string level) {
    const auto all = co_await load_objects(core_, flow_resource(*core_, "flowschemas"));
    if (!all) {
        co_return;
    }
    for (const Value& flow_schema : *all) {
        if (level_of(flow_schema) == level) {
            co_await settle(std::string(flow_schema.string_at("metadata", "name")));
        }
    }
}

io::Task<void> FlowControl::settle(std::string name) {
    for (int attempt = 0; attempt < limits::write_attempts; ++attempt) {
        const auto done = co_await try_settle(name);
        if (!done || *done) {
            co_return;
        }
    }
}

// False: somebody wrote in between.
io::Task<Result<bool>> FlowControl::try_settle(std::string name) {
    const ResourcePtr resource = flow_resource(*core_, "flowschemas");
    std::string key = resource->key("", name);
    const auto entry = CO_TRY(co_await core_->store->get(key, {}));
    if (!entry) {
        co_return true;
    }
    const Value live =
        CO_TRY(decode_stored(*core_, *resource, StoredView(*entry->value), entry->modified));
    const std::string level(level_of(live));
    const auto there = CO_TRY(co_await core_->store->get(
        flow_resource(*core_, "prioritylevelconfigurations")->key("", level), {}));
    const Value condition = dangling_condition(level, there.has_value(), core_->loop->now());
    const Value* had = live.find("status", "conditions");
    for (const Value& other : had == nullptr ? std::span<const Value>() : had->items()) {
        if (other.string_at("type") == "Dangling" &&
            other.string_at("message") == condition.string_at("message")) {
            co_return true;
        }
    }
    const Value config =
        Value::map_of({{"kind", resource->kind},
                       {"apiVersion", resource->api_version()},
                       {"metadata", Value::map_of({{"name", name}})},
                       {"status", Value::map_of({{"conditions", Value::list_of({condition})}})}});
    Value applied = CO_TRY(apply_controller_status(*core_, resource, live, config,
                                                   "api-priority-and-fairness-config-consumer-v1"));
    applied = reorder_kind(*core_, *resource, std::move(applied));
    std::vector<store::Write> writes;
    writes.push_back({std::move(key),
                      std::make_shared<const std::string>(encode_kind(*resource, applied)),
                      entry->modified});
    const auto done = co_await core_->store->commit(std::move(writes));
    if (!done && done.error().reason() != Reason::conflict) {
        co_return done.error();
    }
    co_return done.has_value();
}

}  // namespace weft::server
