// cluster/internal/pod.cc: what a kubelet would report.

#include "cluster/internal/pod.h"

#include <algorithm>

namespace weft::cluster {

namespace {

constexpr std::string_view node_address = "10.250.0.1";

// Steps of a pod in `delayed`: figures of a small cluster with warm images.
constexpr int64_t schedule_min = 5 * io::millisecond;
constexpr int64_t schedule_max = 100 * io::millisecond;
constexpr int64_t start_min = 300 * io::millisecond;
constexpr int64_t start_max = 2500 * io::millisecond;
constexpr int64_t ready_min = 200 * io::millisecond;
constexpr int64_t ready_max = 1500 * io::millisecond;
constexpr int64_t run_min = 500 * io::millisecond;
constexpr int64_t run_max = 3000 * io::millisecond;
constexpr int64_t stop_min = 100 * io::millisecond;
constexpr int64_t stop_max = 1500 * io::millisecond;

enum class Stage : uint8_t { creating, failing, running, ready, succeeded };

bool is_sidecar(const Value& container) {
    return container.string_at("restartPolicy") == "Always";
}

bool any_failing(const Value* containers) {
    return containers != nullptr &&
           std::ranges::any_of(containers->items(), [](const Value& container) {
               return is_image_failing(container.string_at("image"));
           });
}

// The tag's place without a registry's port and a digest.
std::string_view tag_of(std::string_view image) {
    image = image.substr(0, image.find('@'));
    const size_t slash = image.rfind('/');
    const size_t colon = image.rfind(':');
    const bool has_tag = colon != image.npos && (slash == image.npos || colon > slash);
    return has_tag ? image.substr(colon + 1) : std::string_view();
}

// As containerd resolves short names.
std::string full_image(std::string_view image) {
    const size_t slash = image.find('/');
    const std::string_view host = slash == image.npos ? std::string_view() : image.substr(0, slash);
    std::string full;
    if (host.find_first_of(".:") == host.npos && host != "localhost") {
        full = cat("docker.io/", slash == image.npos ? "library/" : "", image);
    } else {
        full = image;
    }
    if (tag_of(image).empty() && image.find('@') == image.npos) {
        full += ":latest";
    }
    return full;
}

Value waiting(std::string_view reason, std::string_view message) {
    Value state = Value::map_of({{"reason", reason}});
    if (!message.empty()) {
        state.set("message", message);
    }
    return Value::map_of({{"waiting", std::move(state)}});
}

std::string pull_message(std::string_view image) {
    const std::string full = full_image(image);
    return cat("Back-off pulling image ", quote(image),
               ": ErrImagePull: rpc error: code = NotFound",
               " desc = failed to pull and unpack image ", quote(full),
               ": failed to resolve reference ", quote(full), ": ", full, ": not found");
}

class Report {
public:
    Report(const Object& pod, const Moment& moment, Stage stage)
        : pod_(pod), moment_(moment), stage_(stage) {
        const Value* status = pod.value().find("status");
        before_ = status == nullptr ? Value::map() : *status;
        start_time_ = before_.string_at("startTime");
        if (start_time_.empty()) {
            start_time_ = moment.text();
        }
    }

    [[nodiscard]] Value status(const View& view) {
        Value status = Value::map();
        if (pod_.generation() != 0) {
            status.set("observedGeneration", pod_.generation());
        }
        status.set("phase", phase());
        status.set("conditions", conditions());
        status.set("hostIP", node_address);
        status.set("hostIPs", Value::list_of({Value::map_of({{"ip", node_address}})}));
        if (stage_ >= Stage::running) {
            const std::string address = pod_address(view);
            status.set("podIP", address);
            status.set("podIPs", Value::list_of({Value::map_of({{"ip", address}})}));
        }
        status.set("startTime", start_time_);
        if (const Value* init = pod_.value().find("spec", "initContainers");
            init != nullptr && !init->empty()) {
            status.set("initContainerStatuses", containers(*init, true));
        }
        if (const Value* main = pod_.value().find("spec", "containers")) {
            status.set("containerStatuses", containers(*main, false));
        }
        const std::string_view quality = before_.string_at("qosClass");
        status.set("qosClass", quality.empty() ? quality_of_service() : quality);
        return status;
    }

private:
    [[nodiscard]] std::string_view phase() const {
        switch (stage_) {
            case Stage::creating:
            case Stage::failing:
                return "Pending";
            case Stage::running:
            case Stage::ready:
                return "Running";
            case Stage::succeeded:
                return "Succeeded";
        }
        return "";
    }

    [[nodiscard]] bool init_fails() const {
        return any_failing(pod_.value().find("spec", "initContainers"));
    }

    [[nodiscard]] Value containers(const Value& specs, bool are_init) const {
        Value out = Value::list();
        for (const Value& spec : specs.items()) {
            out.push_back(container(spec, are_init));
        }
        return out;
    }

    // The state that the container had, if it is of the same sort: times stay.
    [[nodiscard]] Value keep(const Value& spec, bool is_init, std::string_view sort,
                             Value fresh) const {
        const Value* list = before_.find(is_init ? "initContainerStatuses" : "containerStatuses");
        if (list != nullptr) {
            for (const Value& status : list->items()) {
                const Value* had = status.find("state");
                if (status.string_at("name") == spec.string_at("name") && had != nullptr &&
                    had->contains(sort)) {
                    return *had;
                }
            }
        }
        return fresh;
    }

    [[nodiscard]] Value container(const Value& spec, bool is_init) const {
        const std::string_view image = spec.string_at("image");
        const std::string id =
            cat("containerd://", hex_encode(sha256(cat(pod_.uid(), "/", spec.string_at("name")))));
        Value state;
        bool ready = false;
        bool started = false;
        bool exists = false;
        const bool ends = is_init ? !is_sidecar(spec) : stage_ == Stage::succeeded;
        const bool waits_for_init = !is_init && init_fails();
        if (is_image_failing(image)) {
            state = waiting("ImagePullBackOff", pull_message(image));
        } else if (waits_for_init || (stage_ == Stage::creating)) {
            const Value* init = pod_.value().find("spec", "initContainers");
            const bool has_init = init != nullptr && !init->empty();
            state = waiting(has_init ? "PodInitializing" : "ContainerCreating", "");
        } else if (ends || (is_init && stage_ == Stage::succeeded)) {
            exists = true;
            ready = is_init;
            state =
                keep(spec, is_init, "terminated",
                     Value::map_of({{"terminated", Value::map_of({{"exitCode", 0},
                                                                  {"reason", "Completed"},
                                                                  {"startedAt", start_time_},
                                                                  {"finishedAt", moment_.text()},
                                                                  {"containerID", id}})}}));
        } else {
            exists = true;
            started = true;
            ready = stage_ == Stage::ready || stage_ == Stage::failing;
            state =
                keep(spec, is_init, "running",
                     Value::map_of({{"running", Value::map_of({{"startedAt", moment_.text()}})}}));
        }
        Value status = Value::map_of({{"name", spec.string_at("name")},
                                      {"state", std::move(state)},
                                      {"lastState", Value::map()},
                                      {"ready", ready},
                                      {"restartCount", 0},
                                      {"image", exists ? full_image(image) : std::string(image)},
                                      {"imageID", ""}});
        if (exists) {
            const std::string full = full_image(image);
            status.set("imageID",
                       cat(full.substr(0, full.rfind(':')), "@sha256:", hex_encode(sha256(full))));
            status.set("containerID", id);
        }
        status.set("started", started);
        return status;
    }

    [[nodiscard]] std::string names_of_unready() const {
        std::string names;
        if (const Value* main = pod_.value().find("spec", "containers")) {
            for (const Value& spec : main->items()) {
                if (stage_ != Stage::failing || is_image_failing(spec.string_at("image")) ||
                    init_fails()) {
                    append(names, names.empty() ? "" : " ", spec.string_at("name"));
                }
            }
        }
        return names;
    }

    // Of the readiness gates the first that is not True yet.
    [[nodiscard]] std::string missing_gates() const {
        std::string missing;
        size_t count = 0;
        if (const Value* gates = pod_.value().find("spec", "readinessGates")) {
            for (const Value& gate : gates->items()) {
                const std::string_view type = gate.string_at("conditionType");
                const Value* condition = find_condition(before_, type);
                if (condition == nullptr) {
                    append(missing, count++ == 0 ? "" : ", ", "corresponding condition of pod ",
                           "readiness gate ", quote(type), " does not exist.");
                } else if (condition->string_at("status") != "True") {
                    append(missing, count++ == 0 ? "" : ", ", "the status of pod readiness gate ",
                           quote(type), " is not \"True\", but ", condition->string_at("status"));
                }
            }
        }
        return missing;
    }

    void add_condition(Value& list, std::string_view type, bool is_true, std::string_view reason,
                       const std::string& message) const {
        const std::string_view status = is_true ? "True" : "False";
        Value condition = Value::map_of({{"type", type}});
        if (pod_.generation() != 0) {
            condition.set("observedGeneration", pod_.generation());
        }
        const Value* had = find_condition(before_, type);
        const bool is_same = had != nullptr && had->string_at("status") == status;
        condition.set("status", status);
        condition.set("lastProbeTime", Value());
        condition.set("lastTransitionTime",
                      is_same ? std::string(had->string_at("lastTransitionTime")) : moment_.text());
        if (!reason.empty()) {
            condition.set("reason", reason);
        }
        if (!message.empty()) {
            condition.set("message", message);
        }
        list.push_back(std::move(condition));
    }

    [[nodiscard]] Value conditions() const {
        Value list = Value::list();
        if (const Value* had = before_.find("conditions")) {  // Those of others stay.
            for (const Value& condition : had->items()) {
                constexpr std::string_view ours[] = {"PodReadyToStartContainers", "Initialized",
                                                     "Ready", "ContainersReady", "PodScheduled"};
                if (std::ranges::find(ours, condition.string_at("type")) == std::end(ours)) {
                    list.push_back(condition);
                }
            }
        }
        const bool is_done = stage_ == Stage::succeeded;
        const bool ready = stage_ == Stage::ready;
        const bool initialized = stage_ != Stage::creating && !init_fails();
        const std::string unready =
            cat("containers with unready status: [", names_of_unready(), "]");
        add_condition(list, "PodReadyToStartContainers", !is_done && stage_ != Stage::creating, "",
                      "");
        add_condition(list, "Initialized", initialized,
                      initialized ? (is_done ? "PodCompleted" : "") : "ContainersNotInitialized",
                      initialized ? "" : "containers with incomplete status");
        const std::string gates = ready ? missing_gates() : "";
        if (ready && !gates.empty()) {
            add_condition(list, "Ready", false, "ReadinessGatesNotReady", gates);
        } else {
            add_condition(list, "Ready", ready,
                          ready ? "" : (is_done ? "PodCompleted" : "ContainersNotReady"),
                          ready || is_done ? "" : unready);
        }
        add_condition(list, "ContainersReady", ready,
                      ready ? "" : (is_done ? "PodCompleted" : "ContainersNotReady"),
                      ready || is_done ? "" : unready);
        add_condition(list, "PodScheduled", true, "", "");
        return list;
    }

    // The address that it has, or one of 10.128.0.0/9 that nobody has.
    [[nodiscard]] std::string pod_address(const View& view) const {
        const std::string_view has = before_.string_at("podIP");
        if (!has.empty()) {
            return std::string(has);
        }
        if (const Value* host = pod_.value().find("spec", "hostNetwork");
            host != nullptr && host->is_bool() && host->as_bool()) {
            return std::string(node_address);
        }
        for (uint32_t hash = fnv32a(pod_.uid());; ++hash) {
            const uint32_t host = hash & 0x7FFFFF;
            const std::string address =
                cat("10.", 128 + (host >> 16), ".", (host >> 8) & 0xFF, ".", host & 0xFF);
            if ((host & 0xFF) != 0 && (host & 0xFF) != 0xFF && !view.has_pod_address(address)) {
                return address;
            }
        }
    }

    [[nodiscard]] std::string_view quality_of_service() const {
        bool any = false;
        bool all_guaranteed = true;
        for (const std::string_view list : {"initContainers", "containers"}) {
            const Value* specs = pod_.value().find("spec", list);
            for (const Value& spec : specs == nullptr ? std::span<const Value>() : specs->items()) {
                for (const std::string_view resource : {"cpu", "memory"}) {
                    const Value* request = spec.find("resources", "requests", resource);
                    const Value* limit = spec.find("resources", "limits", resource);
                    any |= request != nullptr || limit != nullptr;
                    all_guaranteed &=
                        limit != nullptr && (request == nullptr || *request == *limit);
                }
            }
        }
        return !any ? "BestEffort" : all_guaranteed ? "Guaranteed" : "Burstable";
    }

    const Object& pod_;
    const Moment& moment_;
    Stage stage_;
    Value before_;
    std::string start_time_;
};

bool runs_to_the_end(const Object& pod) {
    const std::string_view policy = pod.value().string_at("spec", "restartPolicy");
    return policy == "Never" || policy == "OnFailure";
}

// Where the pod stands now; `outcome` hears when it goes on.
Stage stage_of(const Object& pod, const Moment& moment, Outcome* outcome) {
    const std::string_view created = pod.value().string_at("metadata", "creationTimestamp");
    const Delays& delays = moment.delays;
    int64_t at = delays.of(pod.uid(), "schedule", schedule_min, schedule_max) +
                 delays.of(pod.uid(), "start", start_min, start_max);
    if (const int64_t wait = nanos_until(created, at, moment.now); wait > 0) {
        outcome->look_again(wait);
        return Stage::creating;
    }
    if (any_failing(pod.value().find("spec", "initContainers")) ||
        any_failing(pod.value().find("spec", "containers"))) {
        return Stage::failing;
    }
    const bool ends = runs_to_the_end(pod);
    at += ends ? delays.of(pod.uid(), "run", run_min, run_max)
               : delays.of(pod.uid(), "ready", ready_min, ready_max);
    if (const int64_t wait = nanos_until(created, at, moment.now); wait > 0) {
        outcome->look_again(wait);
        return ends ? Stage::ready : Stage::running;
    }
    return ends ? Stage::succeeded : Stage::ready;
}

Outcome end_pod(const Object& pod, const Moment& moment) {
    Outcome outcome;
    if (pod.value().int_at(1, "metadata", "deletionGracePeriodSeconds") == 0) {
        return outcome;  // Said already; finalizers hold it.
    }
    // deletionTimestamp lies at the end of the grace period.
    const int64_t grace = pod.value().int_at(0, "metadata", "deletionGracePeriodSeconds");
    const int64_t stop = moment.delays.of(pod.uid(), "stop", stop_min, stop_max);
    const int64_t wait = nanos_until(pod.value().string_at("metadata", "deletionTimestamp"),
                                     stop - nanos_of(grace), moment.now);
    if (stop > 0 && wait > 0) {
        outcome.look_again(wait);
        return outcome;
    }
    outcome.changes.push_back({Change::Verb::remove, Kind::pod, pod, 0});
    return outcome;
}

Outcome hold_at_gates(const Object& pod, const Moment& moment) {
    Outcome outcome;
    Value status =
        pod.value().find("status") == nullptr ? Value::map() : *pod.value().find("status");
    const Value* scheduled = find_condition(status, "PodScheduled");
    if (scheduled != nullptr && scheduled->string_at("reason") == "SchedulingGated") {
        return outcome;
    }
    status.set("phase", "Pending");
    status.set("conditions",
               Value::list_of({Value::map_of({{"type", "PodScheduled"},
                                              {"status", "False"},
                                              {"lastProbeTime", Value()},
                                              {"lastTransitionTime", moment.text()},
                                              {"reason", "SchedulingGated"},
                                              {"message",
                                               "Scheduling is blocked due to non-empty "
                                               "scheduling gates"}})}));
    outcome.set_status(Kind::pod, pod, std::move(status));
    return outcome;
}

}  // namespace

bool is_image_failing(std::string_view image) {
    const std::string_view tag = tag_of(image);
    return tag == "fail" || tag == "does-not-exist";
}

Outcome reconcile_pod(const Object& pod, const View& view, const Moment& moment) {
    if (pod.is_deleting()) {
        return end_pod(pod, moment);
    }
    Outcome outcome;
    const std::string_view phase = pod.value().string_at("status", "phase");
    if (phase == "Succeeded" || phase == "Failed") {
        return outcome;
    }
    if (pod.value().string_at("spec", "nodeName").empty()) {
        if (const Value* gates = pod.value().find("spec", "schedulingGates");
            gates != nullptr && !gates->empty()) {
            return hold_at_gates(pod, moment);
        }
        const int64_t wait = nanos_until(
            pod.value().string_at("metadata", "creationTimestamp"),
            moment.delays.of(pod.uid(), "schedule", schedule_min, schedule_max), moment.now);
        if (wait > 0) {
            outcome.look_again(wait);
            return outcome;
        }
        Object bound(pod);
        bound.mutable_value().mutable_member("spec").set("nodeName", node_name);
        outcome.changes.push_back({Change::Verb::bind, Kind::pod, std::move(bound)});
        return outcome;
    }
    const Stage stage = stage_of(pod, moment, &outcome);
    outcome.set_status(Kind::pod, pod, Report(pod, moment, stage).status(view));
    return outcome;
}

Object make_node(const Moment& moment) {
    const auto condition = [&](std::string_view type, std::string_view status,
                               std::string_view reason, std::string_view message) {
        return Value::map_of({{"type", type},
                              {"status", status},
                              {"lastHeartbeatTime", moment.text()},
                              {"lastTransitionTime", moment.text()},
                              {"reason", reason},
                              {"message", message}});
    };
    const Value capacity = Value::map_of({{"cpu", "64"},
                                          {"ephemeral-storage", "1000Gi"},
                                          {"hugepages-1Gi", "0"},
                                          {"hugepages-2Mi", "0"},
                                          {"memory", "256Gi"},
                                          {"pods", "10000"}});
    return Object(Value::map_of(
        {{"apiVersion", "v1"},
         {"kind", "Node"},
         {"metadata",
          Value::map_of({{"name", node_name},
                         {"labels", Value::map_of({{"beta.kubernetes.io/arch", "amd64"},
                                                   {"beta.kubernetes.io/os", "linux"},
                                                   {"kubernetes.io/arch", "amd64"},
                                                   {"kubernetes.io/hostname", node_name},
                                                   {"kubernetes.io/os", "linux"}})}})},
         {"spec", Value::map_of({{"podCIDR", "10.128.0.0/9"},
                                 {"podCIDRs", Value::list_of({"10.128.0.0/9"})}})},
         {"status",
          Value::map_of(
              {{"capacity", capacity},
               {"allocatable", capacity},
               {"conditions",
                Value::list_of({condition("MemoryPressure", "False", "KubeletHasSufficientMemory",
                                          "kubelet has sufficient memory available"),
                                condition("DiskPressure", "False", "KubeletHasNoDiskPressure",
                                          "kubelet has no disk pressure"),
                                condition("PIDPressure", "False", "KubeletHasSufficientPID",
                                          "kubelet has sufficient PID available"),
                                condition("Ready", "True", "KubeletReady",
                                          "kubelet is posting ready status")})},
               {"addresses",
                Value::list_of({Value::map_of({{"type", "InternalIP"}, {"address", node_address}}),
                                Value::map_of({{"type", "Hostname"}, {"address", node_name}})})},
               {"nodeInfo", Value::map_of({{"machineID", ""},
                                           {"systemUUID", ""},
                                           {"bootID", ""},
                                           {"kernelVersion", ""},
                                           {"osImage", "simulated"},
                                           {"containerRuntimeVersion", "containerd://simulated"},
                                           {"kubeletVersion", "v1.36.0"},
                                           {"kubeProxyVersion", ""},
                                           {"operatingSystem", "linux"},
                                           {"architecture", "amd64"}})}})}}));
}

}  // namespace weft::cluster
