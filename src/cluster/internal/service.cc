// cluster/internal/service.cc: who answers for a name.

#include "cluster/internal/service.h"

#include <algorithm>

#include "cluster/limits.h"

namespace weft::cluster {

namespace {

constexpr int64_t address_min = 200 * io::millisecond;
constexpr int64_t address_max = 3000 * io::millisecond;

// Stable for an object; collisions are as likely as in any hash of 17 bits and harm nobody.
std::string outside_address(const Object& object) {
    const uint32_t hash = fnv32a(object.uid());
    return cat("198.", 18 + (hash >> 16 & 1), ".", hash >> 8 & 0xFF, ".", 1 + (hash & 0xFF) % 254);
}

std::string free_cluster_ip(const Object& service, const View& view) {
    const std::vector<const Object*> services = view.in(Kind::service, "");
    for (uint32_t hash = fnv32a(service.uid());; ++hash) {
        const std::string address = cat("10.", 96 + (hash >> 16 & 0xF), ".", hash >> 8 & 0xFF, ".",
                                        1 + (hash & 0xFF) % 254);
        const bool is_taken = std::ranges::any_of(services, [&](const Object* other) {
            return other->value().string_at("spec", "clusterIP") == address;
        });
        if (!is_taken) {
            return address;
        }
    }
}

// The number behind a service's port in a pod; 0 if the pod has no port of that name.
int64_t target_port(const Value& port, const Object& pod) {
    const Value* target = port.find("targetPort");
    if (target == nullptr) {
        return port.int_at(0, "port");
    }
    if (target->is_int()) {
        return target->as_int() == 0 ? port.int_at(0, "port") : target->as_int();
    }
    if (!target->is_string()) {
        return 0;
    }
    const Value* containers = pod.value().find("spec", "containers");
    for (const Value& container :
         containers == nullptr ? std::span<const Value>() : containers->items()) {
        const Value* ports = container.find("ports");
        for (const Value& named : ports == nullptr ? std::span<const Value>() : ports->items()) {
            if (named.string_at("name") == target->as_string()) {
                return named.int_at(0, "containerPort");
            }
        }
    }
    return 0;
}

std::string_view protocol_of(const Value& port) {
    const std::string_view protocol = port.string_at("protocol");
    return protocol.empty() ? "TCP" : protocol;
}

Value pod_reference(const Object& pod) {
    return Value::map_of({{"kind", "Pod"},
                          {"namespace", pod.namespace_()},
                          {"name", pod.name()},
                          {"uid", pod.uid()}});
}

// Pods that resolve the service's ports to the same numbers.
struct Group {
    Value ports;  // as EndpointSlice has them
    std::vector<const Object*> pods;
};

class Backends {
public:
    Backends(const Object& service, const View& view) : service_(service), view_(view) {
        publishes_unready_ = is_true(service.value().find("spec", "publishNotReadyAddresses"));
    }

    void run(Outcome* outcome) {
        find_groups();
        write_endpoints(outcome);
        write_slices(outcome);
    }

private:
    void find_groups() {
        const Value* selector = service_.value().find("spec", "selector");
        for (const Object* pod : view_.in(Kind::pod, service_.namespace_())) {
            const std::string_view phase = pod->value().string_at("status", "phase");
            if (!selects_plainly(selector, *pod) || phase == "Succeeded" || phase == "Failed" ||
                pod->value().string_at("status", "podIP").empty()) {
                continue;
            }
            add(*pod, ports_of(*pod));
        }
    }

    [[nodiscard]] Value ports_of(const Object& pod) const {
        Value ports = Value::list();
        const Value* wanted = service_.value().find("spec", "ports");
        for (const Value& port : wanted == nullptr ? std::span<const Value>() : wanted->items()) {
            const int64_t number = target_port(port, pod);
            if (number == 0) {
                continue;
            }
            Value out = Value::map_of({{"name", port.string_at("name")},
                                       {"port", number},
                                       {"protocol", protocol_of(port)}});
            if (const auto app = port.string_at("appProtocol"); !app.empty()) {
                out.set("appProtocol", app);
            }
            ports.push_back(std::move(out));
        }
        return ports;
    }

    void add(const Object& pod, Value ports) {
        const auto found =
            std::ranges::find_if(groups_, [&](const Group& group) { return group.ports == ports; });
        if (found != groups_.end()) {
            found->pods.push_back(&pod);
        } else {
            groups_.push_back({std::move(ports), {&pod}});
        }
    }

    [[nodiscard]] bool is_ready(const Object& pod) const {
        return publishes_unready_ || (is_pod_ready(pod) && !pod.is_deleting());
    }

    [[nodiscard]] bool is_headless() const {
        return service_.value().string_at("spec", "clusterIP") == "None";
    }

    void copy_labels(Object& object) const {
        if (const Value* labels = service_.value().find("metadata", "labels")) {
            for (const Member& label : labels->members()) {
                object.set_label(label.name(), label.value.as_string());
            }
        }
    }

    void write_endpoints(Outcome* outcome) const {
        Value subsets = Value::list();
        for (const Group& group : groups_) {
            Value ready = Value::list();
            Value unready = Value::list();
            for (const Object* pod : group.pods) {
                if (pod->is_deleting() && !publishes_unready_) {
                    continue;
                }
                Value address = Value::map_of({{"ip", pod->value().string_at("status", "podIP")}});
                if (const auto host = pod->value().string_at("spec", "hostname");
                    !host.empty() &&
                    pod->value().string_at("spec", "subdomain") == service_.name()) {
                    address.set("hostname", host);
                }
                address.set("nodeName", pod->value().string_at("spec", "nodeName"));
                address.set("targetRef", pod_reference(*pod));
                (is_ready(*pod) ? ready : unready).push_back(std::move(address));
            }
            Value ports = Value::list();
            for (const Value& port : group.ports.items()) {
                Value out = port;
                if (out.string_at("name").empty()) {
                    out.erase("name");
                }
                ports.push_back(std::move(out));
            }
            Value subset = Value::map();
            if (!ready.empty()) {
                subset.set("addresses", std::move(ready));
            }
            if (!unready.empty()) {
                subset.set("notReadyAddresses", std::move(unready));
            }
            if (subset.empty()) {
                continue;
            }
            if (!ports.empty()) {
                subset.set("ports", std::move(ports));
            }
            subsets.push_back(std::move(subset));
        }
        const Object* had = view_.find(Kind::endpoints, service_.key());
        Object endpoints =
            had != nullptr
                ? *had
                : Object(Value::map_of(
                      {{"apiVersion", "v1"},
                       {"kind", "Endpoints"},
                       {"metadata", Value::map_of({{"name", service_.name()},
                                                   {"namespace", service_.namespace_()}})}}));
        copy_labels(endpoints);
        endpoints.set_label("endpoints.kubernetes.io/managed-by", "endpoint-controller");
        if (is_headless()) {
            endpoints.set_label("service.kubernetes.io/headless", "");
        }
        if (subsets.empty()) {
            endpoints.mutable_value().erase("subsets");
        } else {
            endpoints.mutable_value().set("subsets", std::move(subsets));
        }
        if (had == nullptr) {
            outcome->create(Kind::endpoints, std::move(endpoints));
        } else if (!(endpoints == *had)) {
            outcome->update(Kind::endpoints, std::move(endpoints));
        }
    }

    [[nodiscard]] Value endpoint_of(const Object& pod) const {
        const bool serves = is_pod_ready(pod);
        Value endpoint = Value::map_of(
            {{"addresses", Value::list_of({pod.value().string_at("status", "podIP")})},
             {"conditions", Value::map_of({{"ready", is_ready(pod)},
                                           {"serving", publishes_unready_ || serves},
                                           {"terminating", pod.is_deleting()}})},
             {"targetRef", pod_reference(pod)},
             {"nodeName", pod.value().string_at("spec", "nodeName")}});
        if (const auto host = pod.value().string_at("spec", "hostname");
            !host.empty() && pod.value().string_at("spec", "subdomain") == service_.name()) {
            endpoint.set("hostname", host);
        }
        return endpoint;
    }

    // What the slices should hold, each list no longer than a slice may be.
    [[nodiscard]] std::vector<std::pair<Value, Value>> wanted_slices() const {
        std::vector<std::pair<Value, Value>> slices;
        for (const Group& group : groups_) {
            Value endpoints = Value::list();
            for (const Object* pod : group.pods) {
                if (endpoints.size() == endpoints_per_slice) {
                    slices.emplace_back(group.ports, std::exchange(endpoints, Value::list()));
                }
                endpoints.push_back(endpoint_of(*pod));
            }
            slices.emplace_back(group.ports, std::move(endpoints));
        }
        if (slices.empty()) {
            slices.emplace_back(Value::list(), Value::list());  // As the real one's placeholder.
        }
        return slices;
    }

    // An empty list comes back from the server as null, and must not differ from what was written.
    static Value null_if_empty(const Value& list) { return list.empty() ? Value() : list; }

    // Slices are taken over in order of name; the number of writes is what differs.
    void write_slices(Outcome* outcome) const {
        std::vector<const Object*> had =
            view_.owned(Kind::endpoint_slice, service_.namespace_(), service_.uid());
        std::erase_if(had, [](const Object* slice) { return slice->is_deleting(); });
        const auto wanted = wanted_slices();
        for (size_t i = 0; i < wanted.size(); ++i) {
            Object slice = i < had.size() ? *had[i] : new_slice();
            copy_labels(slice);
            slice.set_label("endpointslice.kubernetes.io/managed-by",
                            "endpointslice-controller.k8s.io");
            slice.set_label("kubernetes.io/service-name", service_.name());
            if (is_headless()) {
                slice.set_label("service.kubernetes.io/headless", "");
            }
            slice.mutable_value().set("endpoints", null_if_empty(wanted[i].second));
            slice.mutable_value().set("ports", null_if_empty(wanted[i].first));
            if (i >= had.size()) {
                outcome->create(Kind::endpoint_slice, std::move(slice));
            } else if (!(slice == *had[i])) {
                outcome->update(Kind::endpoint_slice, std::move(slice));
            }
        }
        for (size_t i = wanted.size(); i < had.size(); ++i) {
            outcome->remove(Kind::endpoint_slice, *had[i]);
        }
    }

    [[nodiscard]] Object new_slice() const {
        return Object(Value::map_of(
            {{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata", Value::map_of({{"generateName", cat(service_.name(), "-")},
                                         {"namespace", service_.namespace_()},
                                         {"ownerReferences", Value::list_of({controller_reference(
                                                                 Kind::service, service_)})}})},
             {"addressType", "IPv4"}}));
    }

    const Object& service_;
    const View& view_;
    bool publishes_unready_ = false;
    std::vector<Group> groups_;
};

// The status with one address, once its time has come.
void give_address(Kind kind, const Object& object, std::string address, bool with_mode,
                  const Moment& moment, Outcome* outcome) {
    const Value* has = object.value().find("status", "loadBalancer", "ingress");
    if (has != nullptr && !has->empty()) {
        return;
    }
    const int64_t wait = nanos_until(
        object.value().string_at("metadata", "creationTimestamp"),
        moment.delays.of(object.uid(), "address", address_min, address_max), moment.now);
    if (wait > 0) {
        outcome->look_again(wait);
        return;
    }
    Value entry = Value::map_of({{"ip", address}});
    if (with_mode) {
        entry.set("ipMode", "VIP");
    }
    const Value* before = object.value().find("status");
    Value status = before == nullptr ? Value::map() : *before;
    status.set("loadBalancer", Value::map_of({{"ingress", Value::list_of({std::move(entry)})}}));
    outcome->set_status(kind, object, std::move(status));
}

}  // namespace

Outcome reconcile_service(const Object& service, const View& view, const Moment& moment) {
    Outcome outcome;
    if (service.is_deleting()) {
        return outcome;
    }
    const std::string_view type = service.value().string_at("spec", "type");
    const Value* selector = service.value().find("spec", "selector");
    if (type != "ExternalName" && service.value().string_at("spec", "clusterIP").empty()) {
        Object with(service);
        const std::string address = free_cluster_ip(service, view);
        Value& spec = with.mutable_value().mutable_member("spec");
        spec.set("clusterIP", address);
        spec.set("clusterIPs", Value::list_of({address}));
        outcome.update(Kind::service, std::move(with));
        return outcome;
    }
    if (type == "LoadBalancer") {
        const std::string_view asked = service.value().string_at("spec", "loadBalancerIP");
        give_address(Kind::service, service,
                     asked.empty() ? outside_address(service) : std::string(asked), true, moment,
                     &outcome);
    }
    if (type != "ExternalName" && selector != nullptr && !selector->empty()) {
        Backends(service, view).run(&outcome);
    }
    return outcome;
}

Outcome reconcile_ingress(const Object& ingress, const View& /*view*/, const Moment& moment) {
    Outcome outcome;
    if (!ingress.is_deleting()) {
        give_address(Kind::ingress, ingress, outside_address(ingress), false, moment, &outcome);
    }
    return outcome;
}

}  // namespace weft::cluster
