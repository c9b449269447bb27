// server/internal/table_cells.cc: the printers of builtin kinds and the columns of custom ones.

#include "server/internal/table_cells.h"

#include <algorithm>
#include <functional>
#include <map>

#include "schema/builtin.h"
#include "server/internal/custom_kind.h"
#include "server/internal/selectors.h"

namespace weft::server {

std::string age_text(const Value* timestamp, Time now) {
    if (timestamp == nullptr || !timestamp->is_string()) {
        return "<unknown>";
    }
    const auto then = parse_rfc3339(timestamp->as_string());
    if (!then) {
        return "<unknown>";
    }
    return human_duration((now.seconds - then->seconds) * 1'000'000'000 +
                          (now.nanos - then->nanos));
}

namespace {

const Value* printer_of(const Resource& resource) {
    const Value& all = schema::Builtin::get().printers();
    const Value* otherwise = nullptr;
    for (const Value& printer : all.items()) {
        const std::string_view kind = printer.string_at("kind");
        if (kind == "*") {
            otherwise = &printer;
        }
        if (kind == resource.kind && printer.string_at("group") == resource.gvr.group) {
            return &printer;
        }
    }
    return otherwise;
}

struct Printing {
    const Value& object;
    Time now;

    [[nodiscard]] std::string_view text(std::initializer_list<std::string_view> path) const {
        const Value* found = at(path);
        return found != nullptr && found->is_string() ? found->as_string() : std::string_view();
    }
    [[nodiscard]] int64_t number(std::initializer_list<std::string_view> path) const {
        const Value* found = at(path);
        return found != nullptr && found->is_int() ? found->as_int() : 0;
    }
    [[nodiscard]] const Value* at(std::initializer_list<std::string_view> path) const {
        const Value* found = &object;
        for (const std::string_view step : path) {
            found = found == nullptr ? nullptr : found->find(step);
        }
        return found;
    }
    [[nodiscard]] size_t count(std::initializer_list<std::string_view> path) const {
        const Value* found = at(path);
        return found == nullptr ? 0 : found->size();
    }
    [[nodiscard]] std::string age() const {
        return age_text(at({"metadata", "creationTimestamp"}), now);
    }
};

std::string or_none(std::string_view text) {
    return text.empty() ? "<none>" : std::string(text);
}

// Of a container list: names, or images.
std::string joined(const Value* containers, std::string_view member) {
    std::vector<std::string> parts;
    if (containers != nullptr) {
        for (const Value& container : containers->items()) {
            parts.emplace_back(container.string_at(member));
        }
    }
    return join(parts, ",");
}

std::string selector_text(const Value* selector) {
    if (selector == nullptr) {
        return "<none>";
    }
    const auto parsed = LabelSelector::of_object(*selector);
    return parsed ? or_none(parsed->text()) : "<error>";
}

// A plain map of labels, as Service and ReplicationController select.
std::string labels_text(const Value* labels) {
    if (labels == nullptr || labels->empty()) {
        return "<none>";
    }
    std::vector<std::string> parts;
    for (const Member& label : labels->members()) {
        parts.push_back(
            cat(label.name(), "=",
                label.value.is_string() ? label.value.as_string() : std::string_view()));
    }
    std::ranges::sort(parts);
    return join(parts, ",");
}

bool is_true(const Value* value) {
    return value != nullptr && value->is_bool() && value->as_bool();
}

const Value* find_condition(const Printing& p, std::string_view type) {
    if (const Value* conditions = p.at({"status", "conditions"})) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == type) {
                return &condition;
            }
        }
    }
    return nullptr;
}

// The status cell of a pod, and its restarts and ready containers.
struct PodCells {
    std::string status;
    int64_t restarts = 0;
    int64_t ready = 0;
    int64_t total = 0;
};

// What a terminated container says: its reason, else signal or exit code.
std::string ended_text(const Value& terminated, std::string_view prefix) {
    const std::string_view reason = terminated.string_at("reason");
    if (!reason.empty()) {
        return cat(prefix, reason);
    }
    const int64_t signal = terminated.int_at(0, "signal");
    return signal != 0 ? cat(prefix, "Signal:", signal)
                       : cat(prefix, "ExitCode:", terminated.int_at(0, "exitCode"));
}

// True while an init container holds the pod up; sets the status then.
bool read_init_containers(const Printing& p, PodCells& cells) {
    const Value* statuses = p.at({"status", "initContainerStatuses"});
    if (statuses == nullptr) {
        return false;
    }
    size_t index = 0;
    for (const Value& container : statuses->items()) {
        cells.restarts += container.int_at(0, "restartCount");
        const Value* terminated = container.find("state", "terminated");
        const Value* waiting = container.find("state", "waiting");
        if (terminated != nullptr && terminated->int_at(0, "exitCode") == 0) {
            ++index;
            continue;
        }
        if (is_true(container.find("started")) && container.find("state", "running") != nullptr) {
            ++index;
            continue;
        }
        if (terminated != nullptr) {
            cells.status = ended_text(*terminated, "Init:");
        } else if (waiting != nullptr && !waiting->string_at("reason").empty() &&
                   waiting->string_at("reason") != "PodInitializing") {
            cells.status = cat("Init:", waiting->string_at("reason"));
        } else {
            cells.status = cat("Init:", index, "/", p.count({"spec", "initContainers"}));
        }
        return true;
    }
    return false;
}

void read_containers(const Printing& p, PodCells& cells) {
    const Value* statuses = p.at({"status", "containerStatuses"});
    if (statuses == nullptr) {
        return;
    }
    bool has_running = false;
    cells.restarts = 0;
    for (size_t i = statuses->size(); i-- > 0;) {
        const Value& container = statuses->at(i);
        cells.restarts += container.int_at(0, "restartCount");
        const Value* terminated = container.find("state", "terminated");
        const Value* waiting = container.find("state", "waiting");
        if (waiting != nullptr && !waiting->string_at("reason").empty()) {
            cells.status = waiting->string_at("reason");
        } else if (terminated != nullptr) {
            cells.status = ended_text(*terminated, "");
        } else if (is_true(container.find("ready")) &&
                   container.find("state", "running") != nullptr) {
            has_running = true;
            ++cells.ready;
        }
    }
    if (cells.status == "Completed" && has_running) {
        const Value* ready = find_condition(p, "Ready");
        cells.status =
            ready != nullptr && ready->string_at("status") == "True" ? "Running" : "NotReady";
    }
}

PodCells pod_cells(const Printing& p) {
    PodCells cells;
    cells.total = static_cast<int64_t>(p.count({"spec", "containers"}));
    cells.status = p.text({"status", "phase"});
    if (const std::string_view reason = p.text({"status", "reason"}); !reason.empty()) {
        cells.status = reason;
    }
    if (const Value* scheduled = find_condition(p, "PodScheduled");
        scheduled != nullptr && scheduled->string_at("reason") == "SchedulingGated") {
        cells.status = "SchedulingGated";
    }
    const bool initializing = read_init_containers(p, cells);
    const Value* initialized = find_condition(p, "Initialized");
    if (!initializing || (initialized != nullptr && initialized->string_at("status") == "True")) {
        read_containers(p, cells);
    }
    if (p.at({"metadata", "deletionTimestamp"}) != nullptr) {
        const std::string_view phase = p.text({"status", "phase"});
        if (p.text({"status", "reason"}) == "NodeLost") {
            cells.status = "Unknown";
        } else if (phase != "Succeeded" && phase != "Failed") {
            cells.status = "Terminating";
        }
    }
    return cells;
}

Value pod_row(const Printing& p) {
    const PodCells cells = pod_cells(p);
    size_t gates = p.count({"spec", "readinessGates"});
    return Value::list_of(
        {p.text({"metadata", "name"}), cat(cells.ready, "/", cells.total), cells.status,
         cat(cells.restarts), p.age(), or_none(p.text({"status", "podIP"})),
         or_none(p.text({"spec", "nodeName"})), or_none(p.text({"status", "nominatedNodeName"})),
         gates == 0 ? "<none>" : cat("0/", gates)});
}

std::string ports_text(const Value* ports) {
    std::vector<std::string> parts;
    if (ports != nullptr) {
        for (const Value& port : ports->items()) {
            std::string text = cat(port.int_at(0, "port"));
            if (port.int_at(0, "nodePort") > 0) {
                append(text, ":", port.int_at(0, "nodePort"));
            }
            parts.push_back(cat(text, "/", port.string_at("protocol")));
        }
    }
    return parts.empty() ? "<none>" : join(parts, ",");
}

std::string external_address(const Printing& p) {
    const std::string_view type = p.text({"spec", "type"});
    if (type == "ExternalName") {
        return std::string(p.text({"spec", "externalName"}));
    }
    std::vector<std::string> parts;
    if (type == "LoadBalancer") {
        if (const Value* ingress = p.at({"status", "loadBalancer", "ingress"})) {
            for (const Value& entry : ingress->items()) {
                const std::string_view ip = entry.string_at("ip");
                parts.emplace_back(ip.empty() ? entry.string_at("hostname") : ip);
            }
            std::ranges::sort(parts);
        }
    }
    if (const Value* external = p.at({"spec", "externalIPs"})) {
        for (const Value& ip : external->items()) {
            if (ip.is_string()) {
                parts.emplace_back(ip.as_string());
            }
        }
    }
    if (!parts.empty()) {
        return join(parts, ",");
    }
    return type == "LoadBalancer" ? "<pending>" : "<none>";
}

Value service_row(const Printing& p) {
    const Value* ips = p.at({"spec", "clusterIPs"});
    std::string ip = "<none>";
    if (ips != nullptr && !ips->empty() && ips->at(0).is_string()) {
        ip = ips->at(0).as_string();
    } else if (!p.text({"spec", "clusterIP"}).empty()) {
        ip = p.text({"spec", "clusterIP"});
    }
    return Value::list_of({p.text({"metadata", "name"}), p.text({"spec", "type"}), ip,
                           external_address(p), ports_text(p.at({"spec", "ports"})), p.age(),
                           labels_text(p.at({"spec", "selector"}))});
}

Value deployment_row(const Printing& p) {
    const Value* containers = p.at({"spec", "template", "spec", "containers"});
    return Value::list_of(
        {p.text({"metadata", "name"}),
         cat(p.number({"status", "readyReplicas"}), "/", p.number({"spec", "replicas"})),
         p.number({"status", "updatedReplicas"}), p.number({"status", "availableReplicas"}),
         p.age(), joined(containers, "name"), joined(containers, "image"),
         selector_text(p.at({"spec", "selector"}))});
}

Value replica_set_row(const Printing& p) {
    const Value* containers = p.at({"spec", "template", "spec", "containers"});
    return Value::list_of({p.text({"metadata", "name"}), p.number({"spec", "replicas"}),
                           p.number({"status", "replicas"}), p.number({"status", "readyReplicas"}),
                           p.age(), joined(containers, "name"), joined(containers, "image"),
                           selector_text(p.at({"spec", "selector"}))});
}

Value stateful_set_row(const Printing& p) {
    const Value* containers = p.at({"spec", "template", "spec", "containers"});
    return Value::list_of(
        {p.text({"metadata", "name"}),
         cat(p.number({"status", "readyReplicas"}), "/", p.number({"spec", "replicas"})), p.age(),
         joined(containers, "name"), joined(containers, "image")});
}

Value daemon_set_row(const Printing& p) {
    const Value* containers = p.at({"spec", "template", "spec", "containers"});
    return Value::list_of(
        {p.text({"metadata", "name"}), p.number({"status", "desiredNumberScheduled"}),
         p.number({"status", "currentNumberScheduled"}), p.number({"status", "numberReady"}),
         p.number({"status", "updatedNumberScheduled"}), p.number({"status", "numberAvailable"}),
         labels_text(p.at({"spec", "template", "spec", "nodeSelector"})), p.age(),
         joined(containers, "name"), joined(containers, "image"),
         selector_text(p.at({"spec", "selector"}))});
}

std::string job_status(const Printing& p) {
    const auto holds = [&](std::string_view type) {
        const Value* condition = find_condition(p, type);
        return condition != nullptr && condition->string_at("status") == "True";
    };
    for (const std::string_view type : {"Complete", "Failed"}) {
        if (holds(type)) {
            return std::string(type);
        }
    }
    if (p.at({"metadata", "deletionTimestamp"}) != nullptr) {
        return "Terminating";
    }
    for (const std::string_view type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
        if (holds(type)) {
            return std::string(type);
        }
    }
    return "Running";
}

Value job_row(const Printing& p) {
    const int64_t succeeded = p.number({"status", "succeeded"});
    const Value* completions = p.at({"spec", "completions"});
    const int64_t parallelism = p.number({"spec", "parallelism"});
    std::string done;
    if (completions != nullptr && completions->is_int()) {
        done = cat(succeeded, "/", completions->as_int());
    } else if (parallelism > 1) {
        done = cat(succeeded, "/1 of ", parallelism);
    } else {
        done = cat(succeeded, "/1");
    }
    std::string duration;
    if (const Value* start = p.at({"status", "startTime"})) {
        Time end = p.now;
        if (const Value* finish = p.at({"status", "completionTime"});
            finish != nullptr && finish->is_string()) {
            end = parse_rfc3339(finish->as_string()).value_or(end);
        }
        duration = age_text(start, end);
    }
    const Value* containers = p.at({"spec", "template", "spec", "containers"});
    return Value::list_of({p.text({"metadata", "name"}), job_status(p), done, duration, p.age(),
                           joined(containers, "name"), joined(containers, "image"),
                           selector_text(p.at({"spec", "selector"}))});
}

Value cron_job_row(const Printing& p) {
    const Value* containers =
        p.at({"spec", "jobTemplate", "spec", "template", "spec", "containers"});
    const Value* suspend = p.at({"spec", "suspend"});
    const Value* last = p.at({"status", "lastScheduleTime"});
    return Value::list_of({p.text({"metadata", "name"}), p.text({"spec", "schedule"}),
                           or_none(p.text({"spec", "timeZone"})),
                           suspend == nullptr ? "<unset>"
                           : is_true(suspend) ? "True"
                                              : "False",
                           p.count({"status", "active"}),
                           last == nullptr ? "<none>" : age_text(last, p.now), p.age(),
                           joined(containers, "name"), joined(containers, "image"),
                           selector_text(p.at({"spec", "jobTemplate", "spec", "selector"}))});
}

Value node_row(const Printing& p) {
    const Value* ready = find_condition(p, "Ready");
    std::string status = ready == nullptr                       ? "Unknown"
                         : ready->string_at("status") == "True" ? "Ready"
                                                                : "NotReady";
    if (is_true(p.at({"spec", "unschedulable"}))) {
        status += ",SchedulingDisabled";
    }
    std::vector<std::string> roles;
    if (const Value* labels = p.at({"metadata", "labels"})) {
        constexpr std::string_view prefix = "node-role.kubernetes.io/";
        for (const Member& label : labels->members()) {
            if (label.name().starts_with(prefix) && label.name().size() > prefix.size()) {
                roles.emplace_back(label.name().substr(prefix.size()));
            } else if (label.name() == "kubernetes.io/role" && label.value.size() > 0) {
                roles.emplace_back(label.value.as_string());
            }
        }
    }
    std::ranges::sort(roles);
    std::string internal;
    std::string external;
    if (const Value* addresses = p.at({"status", "addresses"})) {
        for (const Value& address : addresses->items()) {
            const std::string_view type = address.string_at("type");
            if (type == "InternalIP" && internal.empty()) {
                internal = address.string_at("address");
            } else if (type == "ExternalIP" && external.empty()) {
                external = address.string_at("address");
            }
        }
    }
    const auto info = [&](std::string_view key) {
        const std::string_view text = p.text({"status", "nodeInfo", key});
        return text.empty() ? std::string("<unknown>") : std::string(text);
    };
    return Value::list_of(
        {p.text({"metadata", "name"}), status, roles.empty() ? "<none>" : join(roles, ","), p.age(),
         p.text({"status", "nodeInfo", "kubeletVersion"}), or_none(internal), or_none(external),
         info("osImage"), info("kernelVersion"), info("containerRuntimeVersion")});
}

std::string access_modes(const Value* modes) {
    static constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"ReadWriteOnce", "RWO"},
        {"ReadOnlyMany", "ROX"},
        {"ReadWriteMany", "RWX"},
        {"ReadWriteOncePod", "RWOP"}};
    std::vector<std::string> parts;
    for (const auto& [mode, code] : names) {
        if (modes != nullptr &&
            std::ranges::find(modes->items(), Value(mode)) != modes->items().end()) {
            parts.emplace_back(code);
        }
    }
    return join(parts, ",");
}

Value claim_row(const Printing& p) {
    std::string status(p.text({"status", "phase"}));
    if (p.at({"metadata", "deletionTimestamp"}) != nullptr) {
        status = "Terminating";
    }
    const bool bound = !p.text({"spec", "volumeName"}).empty();
    std::string storage_class(p.text({"spec", "storageClassName"}));
    const std::string_view mode = p.text({"spec", "volumeMode"});
    const std::string_view attributes = p.text({"spec", "volumeAttributesClassName"});
    return Value::list_of({p.text({"metadata", "name"}), status, p.text({"spec", "volumeName"}),
                           bound ? p.text({"status", "capacity", "storage"}) : std::string_view(),
                           bound ? access_modes(p.at({"status", "accessModes"})) : std::string(),
                           storage_class, attributes.empty() ? "<unset>" : std::string(attributes),
                           p.age(), mode.empty() ? "<unset>" : std::string(mode)});
}

std::string hosts_text(const Value* rules) {
    std::vector<std::string> hosts;
    size_t more = 0;
    if (rules != nullptr) {
        for (const Value& rule : rules->items()) {
            if (hosts.size() == 3) {
                ++more;
                continue;
            }
            if (!rule.string_at("host").empty()) {
                hosts.emplace_back(rule.string_at("host"));
            }
        }
    }
    if (hosts.empty()) {
        return "*";
    }
    return more > 0 ? cat(join(hosts, ","), " + ", more, " more...") : join(hosts, ",");
}

Value ingress_row(const Printing& p) {
    std::vector<std::string> addresses;
    if (const Value* ingress = p.at({"status", "loadBalancer", "ingress"})) {
        for (const Value& entry : ingress->items()) {
            const std::string_view ip = entry.string_at("ip");
            addresses.emplace_back(ip.empty() ? entry.string_at("hostname") : ip);
        }
    }
    return Value::list_of({p.text({"metadata", "name"}),
                           or_none(p.text({"spec", "ingressClassName"})),
                           hosts_text(p.at({"spec", "rules"})), join(addresses, ","),
                           p.count({"spec", "tls"}) > 0 ? "80, 443" : "80", p.age()});
}

std::string subjects_text(const Printing& p, std::string_view kind) {
    std::vector<std::string> parts;
    if (const Value* subjects = p.at({"subjects"})) {
        for (const Value& subject : subjects->items()) {
            if (subject.string_at("kind") != kind) {
                continue;
            }
            parts.push_back(kind == "ServiceAccount" ? cat(subject.string_at("namespace"), "/",
                                                           subject.string_at("name"))
                                                     : std::string(subject.string_at("name")));
        }
    }
    return join(parts, ", ");
}

Value binding_row(const Printing& p) {
    return Value::list_of({p.text({"metadata", "name"}),
                           cat(p.text({"roleRef", "kind"}), "/", p.text({"roleRef", "name"})),
                           p.age(), subjects_text(p, "User"), subjects_text(p, "Group"),
                           subjects_text(p, "ServiceAccount")});
}

Value event_row(const Printing& p) {
    const Value* last = p.at({"series", "lastObservedTime"});
    last = last != nullptr ? last : p.at({"lastTimestamp"});
    last = last != nullptr && !last->is_null() ? last : p.at({"firstTimestamp"});
    const Value* first = p.at({"firstTimestamp"});
    first = first != nullptr && !first->is_null() ? first : p.at({"eventTime"});
    last = last != nullptr && !last->is_null() ? last : first;
    std::string target = to_lower(p.text({"involvedObject", "kind"}));
    if (!p.text({"involvedObject", "name"}).empty()) {
        append(target, "/", p.text({"involvedObject", "name"}));
    }
    std::string source(p.text({"source", "component"}));
    if (source.empty()) {
        source = p.text({"reportingComponent"});
    }
    if (!p.text({"source", "host"}).empty()) {
        append(source, ", ", p.text({"source", "host"}));
    }
    int64_t count = p.number({"series", "count"});
    count = count != 0 ? count : p.number({"count"});
    return Value::list_of({age_text(last, p.now), p.text({"type"}), p.text({"reason"}), target,
                           p.text({"involvedObject", "fieldPath"}), source,
                           trim(p.text({"message"})), age_text(first, p.now),
                           count == 0 ? 1 : count, p.text({"metadata", "name"})});
}

Value role_row(const Printing& p) {
    return Value::list_of(
        {p.text({"metadata", "name"}), p.at({"metadata", "creationTimestamp"}) != nullptr
                                           ? *p.at({"metadata", "creationTimestamp"})
                                           : Value()});
}

using RowPrinter = Value (*)(const Printing&);

const std::map<std::string, RowPrinter, std::less<>>& row_printers() {
    static const std::map<std::string, RowPrinter, std::less<>> printers = {
        {"Pod", pod_row},
        {"Service", service_row},
        {"Deployment.apps", deployment_row},
        {"ReplicaSet.apps", replica_set_row},
        {"StatefulSet.apps", stateful_set_row},
        {"DaemonSet.apps", daemon_set_row},
        {"Job.batch", job_row},
        {"CronJob.batch", cron_job_row},
        {"Node", node_row},
        {"PersistentVolumeClaim", claim_row},
        {"Ingress.networking.k8s.io", ingress_row},
        {"RoleBinding.rbac.authorization.k8s.io", binding_row},
        {"ClusterRoleBinding.rbac.authorization.k8s.io", binding_row},
        {"Event", event_row},
        {"Namespace",
         [](const Printing& p) {
             return Value::list_of(
                 {p.text({"metadata", "name"}), p.text({"status", "phase"}), p.age()});
         }},
        {"ConfigMap",
         [](const Printing& p) {
             return Value::list_of({p.text({"metadata", "name"}),
                                    p.count({"data"}) + p.count({"binaryData"}), p.age()});
         }},
        {"Secret",
         [](const Printing& p) {
             return Value::list_of(
                 {p.text({"metadata", "name"}), p.text({"type"}), p.count({"data"}), p.age()});
         }},
        {"ServiceAccount",
         [](const Printing& p) { return Value::list_of({p.text({"metadata", "name"}), p.age()}); }},
        {"Lease.coordination.k8s.io",
         [](const Printing& p) {
             return Value::list_of(
                 {p.text({"metadata", "name"}), p.text({"spec", "holderIdentity"}), p.age()});
         }},
        {"NetworkPolicy.networking.k8s.io",
         [](const Printing& p) {
             return Value::list_of({p.text({"metadata", "name"}),
                                    selector_text(p.at({"spec", "podSelector"})), p.age()});
         }},
    };
    return printers;
}

}  // namespace

std::vector<Column> columns_of(const Resource& resource) {
    std::vector<Column> columns;
    if (resource.custom != nullptr) {
        for (const crd::Column& column : resource.custom->of(resource).columns()) {
            columns.push_back(
                {column.name, column.type, column.format, column.description, column.priority});
        }
        return columns;
    }
    const Value* printer = printer_of(resource);
    if (printer == nullptr || printer->find("columns") == nullptr) {
        return {{"Name", "string", "name", "", 0}, {"Created At", "date", "", "", 0}};
    }
    for (const Value& column : printer->find("columns")->items()) {
        columns.push_back(
            {std::string(column.string_at("name")), std::string(column.string_at("type")),
             std::string(column.string_at("format")), "", column.int_at(0, "priority")});
    }
    return columns;
}

Value cells_of(const Resource& resource, const Value& object, Time now) {
    if (resource.custom != nullptr) {
        return resource.custom->of(resource).cells(object, now);
    }
    const std::string name =
        resource.gvr.group.empty() ? resource.kind : cat(resource.kind, ".", resource.gvr.group);
    const Printing printing{object, now};
    const auto& printers = row_printers();
    if (const auto found = printers.find(name); found != printers.end()) {
        return found->second(printing);
    }
    const std::vector<Column> columns = columns_of(resource);
    if (columns.size() == 2 && columns[1].name == "Created At") {
        return role_row(printing);
    }
    // Kinds without a printer of ours: the name and the age where their columns have them.
    Value cells = Value::list();
    for (const Column& column : columns) {
        if (column.name == "Name") {
            cells.push_back(Value(printing.text({"metadata", "name"})));
        } else if (column.name == "Age") {
            cells.push_back(printing.age());
        } else {
            cells.push_back(Value("<none>"));
        }
    }
    return cells;
}

}  // namespace weft::server
