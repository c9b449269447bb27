// schema/internal/cells_core.cc: the cells of the core group's kinds and of events.

#include <algorithm>
#include <array>
#include <utility>

#include "schema/columns.h"
#include "schema/internal/cells.h"

namespace weft::schema::internal {

namespace {

using Form = CellForm;

constexpr Cell name_cell{Form::text, "metadata.name"};
constexpr Cell age_cell{Form::age, "metadata.creationTimestamp", "<unknown>"};

bool is_true_at(const Value& value, std::string_view name) {
    const Value* found = value.find(name);
    return found != nullptr && found->is_bool() && found->as_bool();
}

// --- Pod ---

// What the status and the restarts of a pod's containers add up to.
class PodPrinter {
public:
    explicit PodPrinter(const RowSource& source) : pod_(source.object), now_(source.now) {
        reason_ = pod_.string_at("status", "phase");
        if (const auto reason = pod_.string_at("status", "reason"); !reason.empty()) {
            reason_ = reason;
        }
        const Value* scheduled = find_condition(pod_, "PodScheduled");
        if (scheduled != nullptr && scheduled->string_at("reason") == "SchedulingGated") {
            reason_ = "SchedulingGated";
        }
        total_ = items("spec", "containers").size();
        for (const Value& container : items("spec", "initContainers")) {
            total_ += is_restartable(container) ? 1 : 0;
        }
        const bool is_initializing = read_init_containers();
        const Value* initialized = find_condition(pod_, "Initialized");
        if (!is_initializing ||
            (initialized != nullptr && initialized->string_at("status") == "True")) {
            read_containers();
        }
        if (!pod_.string_at("metadata", "deletionTimestamp").empty()) {
            const std::string_view phase = pod_.string_at("status", "phase");
            if (pod_.string_at("status", "reason") == "NodeLost") {
                reason_ = "Unknown";
            } else if (phase != "Succeeded" && phase != "Failed") {
                reason_ = "Terminating";
            }
        }
    }

    [[nodiscard]] std::string ready() const { return cat(ready_, "/", total_); }
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] std::string restarts() const {
        if (restarts_.count == 0 || restarts_.last.empty()) {
            return cat(restarts_.count);
        }
        const Value last(restarts_.last);
        return cat(restarts_.count, " (", age_text(&last, now_), " ago)");
    }

private:
    struct Restarts {
        int64_t count = 0;
        std::string last;  // RFC 3339 in UTC: texts compare as times

        void add(const Value& status) {
            count += status.int_at(0, "restartCount");
            last = std::max(last,
                            std::string(status.string_at("lastState", "terminated", "finishedAt")));
        }
    };

    std::span<const Value> items(std::string_view part, std::string_view list) const {
        const Value* found = pod_.find(part, list);
        return found == nullptr ? std::span<const Value>() : found->items();
    }

    static bool is_restartable(const Value& container) {
        return container.string_at("restartPolicy") == "Always";
    }
    bool is_restartable_status(const Value& status) const {
        for (const Value& container : items("spec", "initContainers")) {
            if (container.string_at("name") == status.string_at("name")) {
                return is_restartable(container);
            }
        }
        return false;
    }

    static std::string exit_text(const Value& terminated) {
        if (const auto reason = terminated.string_at("reason"); !reason.empty()) {
            return std::string(reason);
        }
        if (const int64_t signal = terminated.int_at(0, "signal"); signal != 0) {
            return cat("Signal:", signal);
        }
        return cat("ExitCode:", terminated.int_at(0, "exitCode"));
    }

    // True if one of them is not done.
    bool read_init_containers() {
        const auto statuses = items("status", "initContainerStatuses");
        for (size_t i = 0; i < statuses.size(); ++i) {
            const Value& status = statuses[i];
            const bool restartable = is_restartable_status(status);
            restarts_.add(status);
            if (restartable) {
                restartable_.add(status);
            }
            const Value* terminated = status.find("state", "terminated");
            if (terminated != nullptr && terminated->is_map() &&
                terminated->int_at(0, "exitCode") == 0) {
                continue;
            }
            if (restartable && is_true_at(status, "started")) {
                ready_ += is_true_at(status, "ready") ? 1 : 0;
                continue;
            }
            const std::string_view waiting = status.string_at("state", "waiting", "reason");
            if (terminated != nullptr && terminated->is_map()) {
                reason_ = cat("Init:", exit_text(*terminated));
            } else if (!waiting.empty() && waiting != "PodInitializing") {
                reason_ = cat("Init:", waiting);
            } else {
                reason_ = cat("Init:", i, "/", items("spec", "initContainers").size());
            }
            return true;
        }
        return false;
    }

    void read_containers() {
        restarts_ = restartable_;
        bool any_running = false;
        std::string failure;
        const auto statuses = items("status", "containerStatuses");
        for (size_t i = statuses.size(); i-- > 0;) {
            const Value& status = statuses[i];
            restarts_.add(status);
            const Value* terminated = status.find("state", "terminated");
            const Value* running = status.find("state", "running");
            if (const auto waiting = status.string_at("state", "waiting", "reason");
                !waiting.empty()) {
                reason_ = waiting;
            } else if (terminated != nullptr && terminated->is_map()) {
                reason_ = exit_text(*terminated);
                if (terminated->int_at(0, "exitCode") != 0) {
                    failure = reason_;
                }
            } else if (is_true_at(status, "ready") && running != nullptr && running->is_map()) {
                any_running = true;
                ++ready_;
            }
        }
        if (reason_ != "Completed") {
            return;
        }
        const Value* ready = find_condition(pod_, "Ready");
        if (any_running && ready != nullptr && ready->string_at("status") == "True") {
            reason_ = "Running";
        } else if (!failure.empty()) {
            reason_ = failure;
        } else if (any_running) {
            reason_ = "NotReady";
        }
    }

    const Value& pod_;
    Time now_;
    std::string reason_;
    size_t total_ = 0;
    size_t ready_ = 0;
    Restarts restarts_;
    Restarts restartable_;
};

Value pod_ready(const RowSource& source) {
    return Value(PodPrinter(source).ready());
}
Value pod_status(const RowSource& source) {
    return Value(PodPrinter(source).reason());
}
Value pod_restarts(const RowSource& source) {
    return Value(PodPrinter(source).restarts());
}

Value pod_ip(const RowSource& source) {
    const Value* ips = source.find("status.podIPs");
    const bool any = ips != nullptr && !ips->empty() && !ips->at(0).string_at("ip").empty();
    return Value(any ? ips->at(0).string_at("ip") : "<none>");
}

Value pod_gates(const RowSource& source) {
    const Value* gates = source.find("spec.readinessGates");
    if (gates == nullptr || gates->empty()) {
        return Value("<none>");
    }
    size_t met = 0;
    for (const Value& gate : gates->items()) {
        const Value* condition = find_condition(source.object, gate.string_at("conditionType"));
        met += condition != nullptr && condition->string_at("status") == "True" ? 1 : 0;
    }
    return Value(cat(met, "/", gates->size()));
}

constexpr std::array pod_cells{name_cell,
                               Cell{Form::made, {}, {}, pod_ready},
                               Cell{Form::made, {}, {}, pod_status},
                               Cell{Form::made, {}, {}, pod_restarts},
                               age_cell,
                               Cell{Form::made, {}, {}, pod_ip},
                               Cell{Form::text, "spec.nodeName", "<none>"},
                               Cell{Form::text, "status.nominatedNodeName", "<none>"},
                               Cell{Form::made, {}, {}, pod_gates}};

// --- Service ---

std::vector<std::string> balancer_addresses(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* ingress = source.find("status.loadBalancer.ingress")) {
        for (const Value& entry : ingress->items()) {
            const std::string_view ip = entry.string_at("ip");
            out.emplace_back(ip.empty() ? entry.string_at("hostname") : ip);
        }
    }
    std::erase(out, std::string());
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

Value service_cluster_ip(const RowSource& source) {
    const Value* ips = source.find("spec.clusterIPs");
    if (ips != nullptr && !ips->empty() && ips->at(0).is_string()) {
        return ips->at(0);
    }
    return Value("<none>");
}

Value service_external_ip(const RowSource& source) {
    const std::string_view type = source.object.string_at("spec", "type");
    if (type == "ExternalName") {
        return Value(source.text("spec.externalName"));
    }
    std::vector<std::string> out;
    if (type == "LoadBalancer") {
        out = balancer_addresses(source);
    }
    if (const Value* ips = source.find("spec.externalIPs")) {
        for (const Value& ip : ips->items()) {
            out.emplace_back(ip.is_string() ? ip.as_string() : std::string_view());
        }
    }
    if (!out.empty()) {
        return Value(join(out, ","));
    }
    return Value(type == "LoadBalancer"                      ? "<pending>"
                 : type == "ClusterIP" || type == "NodePort" ? "<none>"
                                                             : "<unknown>");
}

Value service_ports(const RowSource& source) {
    std::vector<std::string> out;
    if (const Value* ports = source.find("spec.ports")) {
        for (const Value& port : ports->items()) {
            const int64_t node_port = port.int_at(0, "nodePort");
            out.push_back(cat(port.int_at(0, "port"),
                              node_port > 0 ? cat(":", node_port) : std::string(), "/",
                              port.string_at("protocol")));
        }
    }
    return Value(out.empty() ? "<none>" : join(out, ","));
}

constexpr std::array service_cells{name_cell,
                                   Cell{Form::text, "spec.type"},
                                   Cell{Form::made, {}, {}, service_cluster_ip},
                                   Cell{Form::made, {}, {}, service_external_ip},
                                   Cell{Form::made, {}, {}, service_ports},
                                   age_cell,
                                   Cell{Form::labels, "spec.selector", "<none>"}};

// --- Node ---

Value node_status(const RowSource& source) {
    const Value* ready = find_condition(source.object, "Ready");
    std::string out = ready == nullptr                       ? "Unknown"
                      : ready->string_at("status") == "True" ? "Ready"
                                                             : "NotReady";
    const Value* spec = source.find("spec");
    if (spec != nullptr && is_true_at(*spec, "unschedulable")) {
        out += ",SchedulingDisabled";
    }
    return Value(out);
}

Value node_roles(const RowSource& source) {
    constexpr std::string_view prefix = "node-role.kubernetes.io/";
    std::vector<std::string> roles;
    if (const Value* labels = source.find("metadata.labels")) {
        for (const Member& label : labels->members()) {
            if (label.name().starts_with(prefix) && label.name().size() > prefix.size()) {
                roles.emplace_back(label.name().substr(prefix.size()));
            } else if (label.name() == "kubernetes.io/role" && label.value.is_string() &&
                       !label.value.empty()) {
                roles.emplace_back(label.value.as_string());
            }
        }
    }
    std::ranges::sort(roles);
    roles.erase(std::ranges::unique(roles).begin(), roles.end());
    return Value(roles.empty() ? "<none>" : join(roles, ","));
}

Value node_address(const RowSource& source, std::string_view type) {
    if (const Value* addresses = source.find("status.addresses")) {
        for (const Value& address : addresses->items()) {
            if (address.string_at("type") == type) {
                return Value(address.string_at("address"));
            }
        }
    }
    return Value("<none>");
}
Value node_internal_ip(const RowSource& source) {
    return node_address(source, "InternalIP");
}
Value node_external_ip(const RowSource& source) {
    return node_address(source, "ExternalIP");
}

Value node_kernel(const RowSource& source) {
    std::string out = source.text("status.nodeInfo.kernelVersion");
    if (out.empty()) {
        out = "<unknown>";
    }
    if (const std::string machine = source.text("status.nodeInfo.architecture"); !machine.empty()) {
        append(out, " (", machine, ")");
    }
    return Value(out);
}

constexpr std::array node_cells{
    name_cell,
    Cell{Form::made, {}, {}, node_status},
    Cell{Form::made, {}, {}, node_roles},
    age_cell,
    Cell{Form::text, "status.nodeInfo.kubeletVersion"},
    Cell{Form::made, {}, {}, node_internal_ip},
    Cell{Form::made, {}, {}, node_external_ip},
    Cell{Form::text, "status.nodeInfo.osImage", "<unknown>"},
    Cell{Form::made, {}, {}, node_kernel},
    Cell{Form::text, "status.nodeInfo.containerRuntimeVersion", "<unknown>"}};

// --- Event ---

// The events of both groups; each name is looked for in both forms.
const Value* event_member(const RowSource& source, std::string_view core, std::string_view other) {
    const Value* found = source.find(core);
    return found == nullptr ? source.find(other) : found;
}
std::string event_text(const RowSource& source, std::string_view core, std::string_view other) {
    const std::string text = source.text(core);
    return text.empty() ? source.text(other) : text;
}

std::string event_first(const RowSource& source) {
    const Value* first = event_member(source, "firstTimestamp", "deprecatedFirstTimestamp");
    return age_text(first == nullptr ? source.find("eventTime") : first, source.now);
}
Value event_first_seen(const RowSource& source) {
    return Value(event_first(source));
}

Value event_last_seen(const RowSource& source) {
    if (source.find("series") != nullptr) {
        return Value(age_text(source.find("series.lastObservedTime"), source.now));
    }
    const Value* last = event_member(source, "lastTimestamp", "deprecatedLastTimestamp");
    return Value(last == nullptr ? event_first(source) : age_text(last, source.now));
}

Value event_object(const RowSource& source) {
    const std::string name = event_text(source, "involvedObject.name", "regarding.name");
    return Value(cat(to_lower(event_text(source, "involvedObject.kind", "regarding.kind")),
                     name.empty() ? "" : "/", name));
}
Value event_path(const RowSource& source) {
    return Value(event_text(source, "involvedObject.fieldPath", "regarding.fieldPath"));
}
Value event_source(const RowSource& source) {
    std::string component = event_text(source, "source.component", "deprecatedSource.component");
    if (component.empty()) {
        component = event_text(source, "reportingComponent", "reportingController");
    }
    std::string host = event_text(source, "source.host", "deprecatedSource.host");
    if (host.empty()) {
        host = source.text("reportingInstance");
    }
    return Value(cat(component, host.empty() ? "" : ", ", host));
}
Value event_message(const RowSource& source) {
    return Value(trim(event_text(source, "message", "note")));
}
Value event_count(const RowSource& source) {
    if (source.find("series") != nullptr) {
        return Value(source.object.int_at(0, "series", "count"));
    }
    const Value* count = event_member(source, "count", "deprecatedCount");
    const int64_t number = count != nullptr && count->is_int() ? count->as_int() : 0;
    return Value(number == 0 ? int64_t{1} : number);
}

constexpr std::array event_cells{Cell{Form::made, {}, {}, event_last_seen},
                                 Cell{Form::text, "type"},
                                 Cell{Form::text, "reason"},
                                 Cell{Form::made, {}, {}, event_object},
                                 Cell{Form::made, {}, {}, event_path},
                                 Cell{Form::made, {}, {}, event_source},
                                 Cell{Form::made, {}, {}, event_message},
                                 Cell{Form::made, {}, {}, event_first_seen},
                                 Cell{Form::made, {}, {}, event_count},
                                 name_cell};

// --- volumes ---

std::string access_modes(const Value* modes) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> codes{
        {{"ReadWriteOnce", "RWO"},
         {"ReadOnlyMany", "ROX"},
         {"ReadWriteMany", "RWX"},
         {"ReadWriteOncePod", "RWOP"}}};
    std::vector<std::string> out;
    for (const auto& [mode, code] : codes) {
        if (modes != nullptr && std::ranges::any_of(modes->items(), [&](const Value& item) {
                return item == Value(mode);
            })) {
            out.emplace_back(code);
        }
    }
    return join(out, ",");
}

Value volume_status(const RowSource& source) {
    return Value(source.find("metadata.deletionTimestamp") != nullptr
                     ? std::string("Terminating")
                     : source.text("status.phase"));
}

Value volume_class(const RowSource& source) {
    const auto old =
        source.object.find("metadata", "annotations", "volume.beta.kubernetes.io/storage-class");
    return old != nullptr && old->is_string() ? *old : Value(source.text("spec.storageClassName"));
}

Value volume_modes(const RowSource& source) {
    return Value(access_modes(source.find("spec.accessModes")));
}

Value volume_claim(const RowSource& source) {
    if (source.find("spec.claimRef") == nullptr) {
        return Value("");
    }
    return Value(
        cat(source.text("spec.claimRef.namespace"), "/", source.text("spec.claimRef.name")));
}

constexpr std::array volume_cells{name_cell,
                                  Cell{Form::text, "spec.capacity.storage", "0"},
                                  Cell{Form::made, {}, {}, volume_modes},
                                  Cell{Form::text, "spec.persistentVolumeReclaimPolicy"},
                                  Cell{Form::made, {}, {}, volume_status},
                                  Cell{Form::made, {}, {}, volume_claim},
                                  Cell{Form::made, {}, {}, volume_class},
                                  Cell{Form::text, "spec.volumeAttributesClassName", "<unset>"},
                                  Cell{Form::text, "status.reason"},
                                  age_cell,
                                  Cell{Form::text, "spec.volumeMode", "<unset>"}};

bool is_claim_bound(const RowSource& source) {
    return !source.text("spec.volumeName").empty();
}

Value claim_capacity(const RowSource& source) {
    if (!is_claim_bound(source)) {
        return Value("");
    }
    const std::string capacity = source.text("status.capacity.storage");
    return Value(capacity.empty() ? "0" : capacity);
}
Value claim_modes(const RowSource& source) {
    return Value(is_claim_bound(source) ? access_modes(source.find("status.accessModes"))
                                        : std::string());
}

constexpr std::array claim_cells{name_cell,
                                 Cell{Form::made, {}, {}, volume_status},
                                 Cell{Form::text, "spec.volumeName"},
                                 Cell{Form::made, {}, {}, claim_capacity},
                                 Cell{Form::made, {}, {}, claim_modes},
                                 Cell{Form::made, {}, {}, volume_class},
                                 Cell{Form::text, "spec.volumeAttributesClassName", "<unset>"},
                                 age_cell,
                                 Cell{Form::text, "spec.volumeMode", "<unset>"}};

// --- the small ones ---

Value component_status(const RowSource& source) {
    std::string_view out = "Unknown";
    if (const Value* conditions = source.find("conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == "Healthy") {
                out = condition.string_at("status") == "True" ? "Healthy" : "Unhealthy";
            }
        }
    }
    return Value(out);
}
Value component_member(const RowSource& source, std::string_view member) {
    std::string_view out;
    if (const Value* conditions = source.find("conditions")) {
        for (const Value& condition : conditions->items()) {
            if (condition.string_at("type") == "Healthy") {
                out = condition.string_at(member);
            }
        }
    }
    return Value(out);
}
Value component_message(const RowSource& source) {
    return component_member(source, "message");
}
Value component_error(const RowSource& source) {
    return component_member(source, "error");
}

Value config_count(const RowSource& source) {
    const Value* data = source.find("data");
    const Value* binary = source.find("binaryData");
    return Value((data == nullptr ? 0 : data->size()) + (binary == nullptr ? 0 : binary->size()));
}

Value endpoints_text(const RowSource& source) {
    const Value* subsets = source.find("subsets");
    if (subsets == nullptr || subsets->empty()) {
        return Value("<none>");
    }
    std::vector<std::string> out;
    for (const Value& subset : subsets->items()) {
        const Value* addresses = subset.find("addresses");
        const Value* ports = subset.find("ports");
        if (addresses == nullptr) {
            continue;
        }
        const size_t rounds = ports == nullptr || ports->empty() ? 1 : ports->size();
        for (size_t i = 0; i < rounds; ++i) {
            for (const Value& address : addresses->items()) {
                const std::string_view ip = address.string_at("ip");
                if (ports == nullptr || ports->empty()) {
                    out.emplace_back(ip);
                } else if (ip.find(':') != std::string_view::npos) {
                    out.push_back(cat("[", ip, "]:", ports->at(i).int_at(0, "port")));
                } else {
                    out.push_back(cat(ip, ":", ports->at(i).int_at(0, "port")));
                }
            }
        }
    }
    return Value(join_some(out, 3, ","));
}

Value quota_text(const RowSource& source, bool limits) {
    const Value* hard = source.find("status.hard");
    std::vector<std::string> out;
    if (hard != nullptr) {
        for (const Member& entry : hard->members()) {
            if (entry.name().starts_with("limits.") == limits) {
                const Value* used = source.object.find("status", "used", entry.name());
                out.push_back(cat(entry.name(), ": ",
                                  used != nullptr && used->is_string() ? used->as_string() : "0",
                                  "/", entry.value.is_string() ? entry.value.as_string() : "0"));
            }
        }
    }
    std::ranges::sort(out);
    return Value(join(out, ", "));
}
Value quota_requests(const RowSource& source) {
    return quota_text(source, false);
}
Value quota_limits(const RowSource& source) {
    return quota_text(source, true);
}

constexpr std::array component_cells{name_cell, Cell{Form::made, {}, {}, component_status},
                                     Cell{Form::made, {}, {}, component_message},
                                     Cell{Form::made, {}, {}, component_error}};
constexpr std::array config_cells{name_cell, Cell{Form::made, {}, {}, config_count}, age_cell};
constexpr std::array endpoints_cells{name_cell, Cell{Form::made, {}, {}, endpoints_text}, age_cell};
constexpr std::array namespace_cells{name_cell, Cell{Form::text, "status.phase"}, age_cell};
constexpr std::array template_cells{name_cell, Cell{Form::names, "template.spec.containers"},
                                    Cell{Form::images, "template.spec.containers"},
                                    Cell{Form::labels, "template.metadata.labels", "<none>"}};
constexpr std::array controller_cells{name_cell,
                                      Cell{Form::number, "spec.replicas"},
                                      Cell{Form::number, "status.replicas"},
                                      Cell{Form::number, "status.readyReplicas"},
                                      age_cell,
                                      Cell{Form::names, "spec.template.spec.containers"},
                                      Cell{Form::images, "spec.template.spec.containers"},
                                      Cell{Form::labels, "spec.selector", "<none>"}};
constexpr std::array quota_cells{name_cell, Cell{Form::made, {}, {}, quota_requests},
                                 Cell{Form::made, {}, {}, quota_limits}, age_cell};
constexpr std::array secret_cells{name_cell, Cell{Form::text, "type"}, Cell{Form::count, "data"},
                                  age_cell};
constexpr std::array account_cells{name_cell, age_cell};

constexpr std::array kinds{KindCells{"", "Pod", pod_cells},
                           KindCells{"", "Service", service_cells},
                           KindCells{"", "Node", node_cells},
                           KindCells{"", "Event", event_cells},
                           KindCells{"events.k8s.io", "Event", event_cells},
                           KindCells{"", "PersistentVolume", volume_cells},
                           KindCells{"", "PersistentVolumeClaim", claim_cells},
                           KindCells{"", "ComponentStatus", component_cells},
                           KindCells{"", "ConfigMap", config_cells},
                           KindCells{"", "Endpoints", endpoints_cells},
                           KindCells{"", "Namespace", namespace_cells},
                           KindCells{"", "PodTemplate", template_cells},
                           KindCells{"", "ReplicationController", controller_cells},
                           KindCells{"", "ResourceQuota", quota_cells},
                           KindCells{"", "Secret", secret_cells},
                           KindCells{"", "ServiceAccount", account_cells}};

}  // namespace

std::span<const KindCells> core_cells() {
    return kinds;
}

}  // namespace weft::schema::internal
