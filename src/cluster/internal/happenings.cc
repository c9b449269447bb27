// cluster/internal/happenings.cc: which write means what, in the words of Kubernetes.

#include <algorithm>

#include "cluster/internal/events.h"

namespace weft::cluster {

namespace {

Value reference_to(const Object& object) {
    Value out = Value::map();
    out.append_new("kind", object.kind());
    if (!object.namespace_().empty()) {
        out.append_new("namespace", object.namespace_());
    }
    out.append_new("name", object.name());
    out.append_new("uid", object.uid());
    out.append_new("apiVersion", object.api_version());
    out.append_new("resourceVersion", object.resource_version());
    return out;
}

std::string_view controller_name(Kind by) {
    switch (by) {
        case Kind::deployment:
            return "deployment-controller";
        case Kind::replica_set:
            return "replicaset-controller";
        case Kind::replication_controller:
            return "replication-controller";
        case Kind::stateful_set:
            return "statefulset-controller";
        case Kind::daemon_set:
            return "daemonset-controller";
        case Kind::job:
            return "job-controller";
        case Kind::cron_job:
            return "cronjob-controller";
        case Kind::volume_claim:
        case Kind::volume:
            return "persistentvolume-controller";
        case Kind::autoscaler:
            return "horizontal-pod-autoscaler";
        case Kind::service:
            return "service-controller";
        default:
            return "";
    }
}

int64_t replicas_of(const Object* object) {
    return object == nullptr ? 0 : object->value().int_at(0, "spec", "replicas");
}

// Tells of one object, as one component.
class Teller {
public:
    Teller(const Object& about, std::string_view component, std::string_view host = {})
        : about_(reference_to(about)), component_(component), host_(host) {}

    void tell(std::string_view reason, std::string message, std::string_view type = "Normal",
              std::string_view field = {}) {
        Value about = about_;
        if (!field.empty()) {
            about.append_new("fieldPath", field);
        }
        out_.push_back(
            {std::move(about), type, reason, std::move(message), component_, std::string(host_)});
    }
    std::vector<Happening> take() { return std::move(out_); }

private:
    Value about_;
    std::string_view component_;
    std::string_view host_;
    std::vector<Happening> out_;
};

// --- Pods: what the scheduler and the kubelet say ---

const Value* status_named(const Object* pod, std::string_view list, std::string_view name) {
    const Value* statuses = pod == nullptr ? nullptr : pod->value().find("status", list);
    for (const Value& status : statuses == nullptr ? std::span<const Value>() : statuses->items()) {
        if (status.string_at("name") == name) {
            return &status;
        }
    }
    return nullptr;
}

bool has_begun(const Value* status) {
    return status != nullptr && (status->find("state", "running") != nullptr ||
                                 status->find("state", "terminated") != nullptr);
}

void tell_of_containers(const Object* before, const Object& after, std::string_view statuses,
                        std::string_view specs, Teller& teller) {
    const Value* list = after.value().find("spec", specs);
    for (const Value& spec : list == nullptr ? std::span<const Value>() : list->items()) {
        const std::string_view name = spec.string_at("name");
        const Value* now = status_named(&after, statuses, name);
        const Value* then = status_named(before, statuses, name);
        if (now == nullptr) {
            continue;
        }
        const std::string field = cat("spec.", specs, "{", name, "}");
        const std::string image = quote(spec.string_at("image"));
        if (has_begun(now) && !has_begun(then)) {
            teller.tell("Pulled",
                        cat("Container image ", image,
                            " already present on machine and can be accessed by the pod"),
                        "Normal", field);
            teller.tell("Created", "Container created", "Normal", field);
            teller.tell("Started", "Container started", "Normal", field);
        }
        const std::string_view waits = now->string_at("state", "waiting", "reason");
        if (waits == "ImagePullBackOff" &&
            (then == nullptr || then->string_at("state", "waiting", "reason") != waits)) {
            teller.tell("Pulling", cat("Pulling image ", image), "Normal", field);
            teller.tell("Failed",
                        cat("Failed to pull image ", image,
                            ": rpc error: code = NotFound desc = failed to pull and unpack image ",
                            image, ": not found"),
                        "Warning", field);
            teller.tell("Failed", "Error: ErrImagePull", "Warning", field);
            teller.tell("BackOff", cat("Back-off pulling image ", image), "Normal", field);
            teller.tell("Failed", "Error: ImagePullBackOff", "Warning", field);
        }
    }
}

std::vector<Happening> of_pod(const Object& owner, Change::Verb verb, const Object* before,
                              const Object* after) {
    if (verb == Change::Verb::bind && after != nullptr) {
        Teller scheduler(*after, "default-scheduler");
        scheduler.tell("Scheduled",
                       cat("Successfully assigned ", after->namespace_(), "/", after->name(),
                           " to ", after->value().string_at("spec", "nodeName")));
        return scheduler.take();
    }
    Teller kubelet(owner, "kubelet", owner.value().string_at("spec", "nodeName"));
    if (verb == Change::Verb::update_status && after != nullptr) {
        tell_of_containers(before, *after, "initContainerStatuses", "initContainers", kubelet);
        tell_of_containers(before, *after, "containerStatuses", "containers", kubelet);
    } else if (verb == Change::Verb::remove) {
        const Value* specs = owner.value().find("spec", "containers");
        for (const Value& spec : specs == nullptr ? std::span<const Value>() : specs->items()) {
            const std::string_view name = spec.string_at("name");
            if (has_begun(status_named(&owner, "containerStatuses", name))) {
                kubelet.tell("Killing", cat("Stopping container ", name), "Normal",
                             cat("spec.containers{", name, "}"));
            }
        }
    }
    return kubelet.take();
}

// --- Controllers ---

void tell_of_dependent(Kind by, const Object& owner, Change::Verb verb, Kind kind,
                       const Object* before, const Object* after, Teller& teller) {
    const bool is_new = verb == Change::Verb::create && after != nullptr;
    const bool is_gone = verb == Change::Verb::remove && before != nullptr;
    if (!is_new && !is_gone) {
        return;
    }
    const std::string_view name = is_new ? after->name() : before->name();
    const std::string_view reason = is_new ? "SuccessfulCreate" : "SuccessfulDelete";
    if (by == Kind::stateful_set) {
        const std::string_view word = is_new ? "create" : "delete";
        if (kind == Kind::pod) {
            teller.tell(reason,
                        cat(word, " Pod ", name, " in StatefulSet ", owner.name(), " successful"));
        } else if (kind == Kind::volume_claim && is_new) {
            // NAME of the template, then the pod's.
            const size_t pod = name.rfind(cat("-", owner.name(), "-"));
            teller.tell(reason, cat("create Claim ", name, " Pod ",
                                    pod == std::string_view::npos ? name : name.substr(pod + 1),
                                    " in StatefulSet ", owner.name(), " success"));
        }
    } else if (kind == Kind::pod) {
        teller.tell(reason, cat(is_new ? "Created pod: " : "Deleted pod: ", name));
    } else if (kind == Kind::job) {
        teller.tell(reason, cat(is_new ? "Created job " : "Deleted job ", name));
    }
}

void tell_of_end(const Object* before, const Object* after, Teller& teller) {
    const auto is_set = [](const Object* job, std::string_view type) {
        return job != nullptr && is_condition_true(*job, type);
    };
    if (is_set(after, "Complete") && !is_set(before, "Complete")) {
        teller.tell("Completed", "Job completed");
    } else if (is_set(after, "Suspended") && !is_set(before, "Suspended")) {
        teller.tell("Suspended", "Job suspended");
    } else if (is_set(after, "Failed") && !is_set(before, "Failed")) {
        const Value* failed = find_condition(*after->value().find("status"), "Failed");
        // Reasons are few; the text must outlive the Happening.
        const bool is_late = failed->string_at("reason") == "DeadlineExceeded";
        teller.tell(is_late ? "DeadlineExceeded" : "BackoffLimitExceeded",
                    std::string(failed->string_at("message")), "Warning");
    }
}

void tell_of_finished_jobs(const View& view, const Object& before, const Object& after,
                           Teller& teller) {
    const auto active_of = [](const Object& cron_job) {
        const Value* active = cron_job.value().find("status", "active");
        return active == nullptr ? std::span<const Value>() : active->items();
    };
    for (const Value& job : active_of(before)) {
        const std::string_view name = job.string_at("name");
        const bool is_active = std::ranges::any_of(
            active_of(after), [&](const Value& other) { return other.string_at("name") == name; });
        const Object* found =
            view.find(Kind::job, {std::string(before.namespace_()), std::string(name)});
        if (!is_active && found != nullptr) {
            teller.tell("SawCompletedJob",
                        cat("Saw completed job: ", name, ", condition: ",
                            is_condition_true(*found, "Complete") ? "Complete" : "Failed"));
        }
    }
}

}  // namespace

std::vector<Happening> happenings(Kind by, const Object& owner, const View& view, Change::Verb verb,
                                  Kind kind, const Object* before, const Object* after) {
    if (by == Kind::pod) {
        return kind == Kind::pod ? of_pod(owner, verb, before, after) : std::vector<Happening>();
    }
    const std::string_view component = controller_name(by);
    if (component.empty()) {
        return {};
    }
    Teller teller(owner, component);
    const bool is_status = verb == Change::Verb::update_status;
    if (by == Kind::deployment) {
        const int64_t had = replicas_of(before);
        const int64_t has = replicas_of(after);
        if (kind == Kind::replica_set && after != nullptr && !is_status && had != has) {
            teller.tell("ScalingReplicaSet",
                        cat("Scaled ", has > had ? "up" : "down", " replica set ", after->name(),
                            " from ", had, " to ", has));
        }
    } else if (by == Kind::job && kind == Kind::job && is_status) {
        tell_of_end(before, after, teller);
    } else if (by == Kind::volume_claim) {
        if (kind == Kind::volume && verb == Change::Verb::create && after != nullptr) {
            teller.tell("ProvisioningSucceeded",
                        cat("Successfully provisioned volume ", after->name(), " using ",
                            after->value().string_at("metadata", "annotations",
                                                     "pv.kubernetes.io/provisioned-by")));
        } else if (kind == Kind::volume_claim && is_status && before != nullptr &&
                   after != nullptr && after->value().string_at("status", "phase") == "Pending" &&
                   before->value().string_at("status", "phase") != "Pending" &&
                   after->value().string_at("spec", "storageClassName").empty()) {
            teller.tell("FailedBinding",
                        "no persistent volumes available for this claim and no storage class is "
                        "set");
        }
    } else if (by == Kind::autoscaler) {
        if (kind != Kind::autoscaler && after != nullptr &&
            replicas_of(before) != replicas_of(after)) {
            const bool is_up = replicas_of(after) > replicas_of(before);
            teller.tell("SuccessfulRescale",
                        cat("New size: ", replicas_of(after), "; reason: ",
                            is_up ? "Current number of replicas below Spec.MinReplicas"
                                  : "Current number of replicas above Spec.MaxReplicas"));
        }
    } else if (by == Kind::service) {
        const auto has_address = [](const Object* service) {
            const Value* ingress = service == nullptr
                                       ? nullptr
                                       : service->value().find("status", "loadBalancer", "ingress");
            return ingress != nullptr && !ingress->empty();
        };
        if (kind == Kind::service && is_status && has_address(after) && !has_address(before)) {
            teller.tell("EnsuringLoadBalancer", "Ensuring load balancer");
            teller.tell("EnsuredLoadBalancer", "Ensured load balancer");
        }
    } else if (by == Kind::cron_job && kind == Kind::cron_job) {
        if (is_status && before != nullptr && after != nullptr) {
            tell_of_finished_jobs(view, *before, *after, teller);
        }
    } else {
        tell_of_dependent(by, owner, verb, kind, before, after, teller);
    }
    return teller.take();
}

}  // namespace weft::cluster
