// server/internal/services.cc: takes and gives back addresses and ports.

#include "server/internal/services.h"

#include <algorithm>
#include <array>
#include <map>

#include "object/ip_address.h"
#include "server/internal/kinds.h"
#include "server/internal/metadata.h"

namespace weft::server {

namespace {

std::optional<uint32_t> parse_ipv4(std::string_view text) {
    uint32_t address = 0;
    const auto parts = split(text, '.');
    if (parts.size() != 4) {
        return std::nullopt;
    }
    for (const std::string_view part : parts) {
        const auto number = parse_uint(part);
        if (!number || *number > 255 || (part.size() > 1 && part[0] == '0')) {
            return std::nullopt;
        }
        address = address << 8 | static_cast<uint32_t>(*number);
    }
    return address;
}

bool has_cluster_ip(const Value& spec) {
    return spec.string_at("type") != "ExternalName";
}

// Whether the kind of Service has node ports at all.
bool has_node_ports(const Value& spec) {
    const std::string_view type = spec.string_at("type");
    return type == "NodePort" || type == "LoadBalancer";
}

bool wants_node_ports(const Value& spec) {
    const Value* flag = spec.find("allocateLoadBalancerNodePorts");
    return has_node_ports(spec) && (spec.string_at("type") == "NodePort" || flag == nullptr ||
                                    !flag->is_bool() || flag->as_bool());
}

bool is_balancer(const Value& spec) {
    return spec.string_at("type") == "LoadBalancer";
}

bool needs_health_port(const Value& spec) {
    return is_balancer(spec) && spec.string_at("externalTrafficPolicy") == "Local";
}

bool is_reachable(const Value& spec) {
    const Value* external = spec.find("externalIPs");
    return has_node_ports(spec) ||
           (spec.string_at("type") == "ClusterIP" && external != nullptr && !external->empty());
}

// What depended on a type that the Service had goes, unless the client changed it in the same
// write: then validation says what it thinks of it.
struct Dependent {
    bool (*applies)(const Value& spec);
    std::string_view member;
};
constexpr std::array<Dependent, 9> dependents{{{has_cluster_ip, "clusterIP"},
                                               {has_cluster_ip, "clusterIPs"},
                                               {has_cluster_ip, "ipFamilies"},
                                               {has_cluster_ip, "ipFamilyPolicy"},
                                               {has_cluster_ip, "internalTrafficPolicy"},
                                               {needs_health_port, "healthCheckNodePort"},
                                               {is_balancer, "allocateLoadBalancerNodePorts"},
                                               {is_balancer, "loadBalancerClass"},
                                               {is_reachable, "externalTrafficPolicy"}}};

void drop_dependents(Value& spec, const Value& old_spec) {
    for (const Dependent& row : dependents) {
        const Value* now = spec.find(row.member);
        const Value* before = old_spec.find(row.member);
        if (row.applies(old_spec) && !row.applies(spec) && now != nullptr && before != nullptr &&
            *now == *before) {
            spec.erase(row.member);
        }
    }
}

// A Service that stops being reachable on nodes gives the ports back that it did not ask for anew.
void drop_node_ports(Value& spec, const Value& old_spec) {
    Value ports = spec.find("ports") != nullptr ? *spec.find("ports") : Value::list();
    const Value* old_ports = old_spec.find("ports");
    for (size_t i = 0; i < ports.size(); ++i) {
        const int64_t number = ports.at(i).int_at(0, "nodePort");
        const bool is_old = number != 0 && old_ports != nullptr &&
                            std::ranges::any_of(old_ports->items(), [&](const Value& port) {
                                return port.int_at(0, "nodePort") == number;
                            });
        if (is_old) {
            ports.mutable_item(i).erase("nodePort");
        }
    }
    if (!ports.empty()) {
        spec.set("ports", std::move(ports));
    }
}

// clusterIP and clusterIPs say the same: the one that the client changed leads.
void settle_addresses(Value& spec, const Value* old_spec) {
    const std::string address(spec.string_at("clusterIP"));
    const Value* list = spec.find("clusterIPs");
    if (old_spec == nullptr) {
        if (!address.empty() && (list == nullptr || list->empty())) {
            spec.set("clusterIPs", Value::list_of({address}));
        }
        return;
    }
    const Value* old_list = old_spec->find("clusterIPs");
    const bool same_list =
        list != nullptr && old_list != nullptr ? *list == *old_list : list == old_list;
    if (address != old_spec->string_at("clusterIP") && same_list) {
        if (address.empty()) {
            spec.erase("clusterIPs");
        } else {
            spec.set("clusterIPs", Value::list_of({address}));
        }
    }
}

Error invalid_service(std::string_view name, schema::FieldErrors errors) {
    return schema::invalid_error("", "Service", name, std::move(errors));
}
Error invalid_service(std::string_view name, schema::FieldError error) {
    return invalid_service(name, schema::FieldErrors{std::move(error)});
}

}  // namespace

ServiceAllocator::ServiceAllocator(io::Loop* loop, std::string_view cidr, int port_min,
                                   int port_max)
    : loop_(loop), cidr_(cidr), port_min_(port_min), port_max_(port_max) {
    const size_t slash = cidr.find('/');
    const auto address = parse_ipv4(cidr.substr(0, slash));
    const auto bits =
        slash == std::string_view::npos ? std::nullopt : parse_uint(cidr.substr(slash + 1));
    CHECK(address.has_value() && bits.has_value() && *bits <= 30 && *bits >= 8);
    size_ = uint32_t{1} << (32 - *bits);
    network_ = *address & ~(size_ - 1);
}

std::string ServiceAllocator::text_of(uint32_t address) const {
    return cat(address >> 24, ".", (address >> 16) & 255, ".", (address >> 8) & 255, ".",
               address & 255);
}

std::optional<uint32_t> ServiceAllocator::number_of(std::string_view address) const {
    const auto number = parse_ipv4(address);
    if (!number || (*number & ~(size_ - 1)) != network_) {
        return std::nullopt;
    }
    return number;
}

std::string ServiceAllocator::first_address() const {
    return text_of(network_ + 1);
}

Result<std::string> ServiceAllocator::take_address() {
    // The first 256 are left to those who ask for one, as real allocators do.
    const uint32_t reserved = std::min<uint32_t>(size_ / 16, 256);
    const uint32_t room = size_ - reserved - 1;
    const auto start = static_cast<uint32_t>(loop_->random() % room);
    for (uint32_t i = 0; i < room; ++i) {
        const uint32_t address = network_ + reserved + (start + i) % room;
        if (address != network_ && addresses_.insert(address).second) {
            return text_of(address);
        }
    }
    return internal_error("failed to allocate a serviceIP: range is full");
}

Status ServiceAllocator::take_address(std::string_view address) {
    const auto number = number_of(address);
    if (!number) {
        return make_error(Reason::invalid, "the provided network does not match the current range");
    }
    if (!addresses_.insert(*number).second) {
        return make_error(Reason::invalid, "provided IP is already allocated");
    }
    return {};
}

void ServiceAllocator::free_address(std::string_view address) {
    if (const auto number = number_of(address)) {
        addresses_.erase(*number);
    }
}

Result<int> ServiceAllocator::take_port() {
    const int room = port_max_ - port_min_ + 1;
    const int start = static_cast<int>(loop_->random() % static_cast<uint64_t>(room));
    for (int i = 0; i < room; ++i) {
        const int port = port_min_ + (start + i) % room;
        if (ports_.insert(port).second) {
            return port;
        }
    }
    return internal_error("failed to allocate a nodePort: range is full");
}

Status ServiceAllocator::take_port(int port) {
    if (port < port_min_ || port > port_max_) {
        return make_error(Reason::invalid,
                          "provided port is not in the valid range. The range of valid ports is ",
                          port_min_, "-", port_max_);
    }
    if (!ports_.insert(port).second) {
        return make_error(Reason::invalid, "provided port is already allocated");
    }
    return {};
}

void ServiceAllocator::free_port(int port) {
    ports_.erase(port);
}

void ServiceAllocator::adopt(const Value& service) {
    if (const auto number = number_of(service.string_at("spec", "clusterIP"))) {
        addresses_.insert(*number);
    }
    if (const Value* ports = service.find("spec", "ports")) {
        for (const Value& port : ports->items()) {
            if (const int64_t number = port.int_at(0, "nodePort"); number > 0) {
                ports_.insert(static_cast<int>(number));
            }
        }
    }
    if (const int64_t number = service.int_at(0, "spec", "healthCheckNodePort"); number > 0) {
        ports_.insert(static_cast<int>(number));
    }
}

void ServiceAllocator::release(const Value& service) {
    free_address(service.string_at("spec", "clusterIP"));
    if (const Value* ports = service.find("spec", "ports")) {
        for (const Value& port : ports->items()) {
            free_port(static_cast<int>(port.int_at(0, "nodePort")));
        }
    }
    free_port(static_cast<int>(service.int_at(0, "spec", "healthCheckNodePort")));
}

ServiceClaim::~ServiceClaim() {
    for (const std::string& address : addresses_) {
        allocator_->free_address(address);
    }
    for (const int port : ports_) {
        allocator_->free_port(port);
    }
}

void ServiceClaim::keep() {
    addresses_.clear();
    ports_.clear();
    for (const std::string& address : freed_addresses_) {
        allocator_->free_address(address);
    }
    for (const int port : freed_ports_) {
        allocator_->free_port(port);
    }
}

void ServiceClaim::release(const Value& service) {
    if (service.string_at("kind") == "Service") {
        allocator_->release(service);
    }
}

Status ServiceClaim::allocate(Value& service, const Value* old_service, bool dry_run) {
    dry_run_ = dry_run;
    const std::string name(service.string_at("metadata", "name"));
    Value spec = service.find("spec") != nullptr ? *service.find("spec") : Value::map();
    const Value* old_spec = old_service == nullptr ? nullptr : old_service->find("spec");
    settle_addresses(spec, old_spec);
    if (old_spec != nullptr) {
        drop_dependents(spec, *old_spec);
        if (has_node_ports(*old_spec) && !has_node_ports(spec)) {
            drop_node_ports(spec, *old_spec);
        }
    }
    if (has_cluster_ip(spec)) {
        TRY(allocate_address(name, spec, old_spec));
    } else if (old_spec != nullptr) {
        freed_addresses_.emplace_back(old_spec->string_at("clusterIP"));
    }
    TRY(allocate_ports(name, spec, old_spec));
    TRY(allocate_health_port(spec, old_spec));
    service.set("spec", std::move(spec));
    return {};
}

// Which families a service has, on a cluster that has IPv4 only. An update that names no policy
// keeps the old one; families that nobody names start anew.
Status ServiceClaim::choose_families(const std::string& name, Value& spec, const Value* old_spec,
                                     bool is_headless) {
    if (spec.string_at("ipFamilyPolicy").empty() && old_spec != nullptr &&
        !old_spec->string_at("ipFamilyPolicy").empty()) {
        spec.set("ipFamilyPolicy", old_spec->string_at("ipFamilyPolicy"));
    }
    Value families = spec.find("ipFamilies") == nullptr || spec.find("ipFamilies")->empty()
                         ? Value::list_of({"IPv4"})
                         : *spec.find("ipFamilies");
    const Value* selector = spec.find("selector");
    // Without a selector somebody else says where it leads, and may say so in both families.
    if (is_headless && (selector == nullptr || selector->empty())) {
        if (spec.string_at("ipFamilyPolicy").empty()) {
            spec.set("ipFamilyPolicy", "RequireDualStack");
        }
        if (spec.string_at("ipFamilyPolicy") != "SingleStack" && families.size() == 1) {
            families.push_back(Value(families.at(0) == Value("IPv4") ? "IPv6" : "IPv4"));
        }
        spec.set("ipFamilies", std::move(families));
        return {};
    }
    schema::FieldErrors errors;
    if (spec.string_at("ipFamilyPolicy") == "RequireDualStack") {
        errors.push_back(
            schema::field_invalid("spec.ipFamilyPolicy", "RequireDualStack",
                                  "this cluster is not configured for dual-stack services"));
    }
    for (size_t i = 0; i < families.size(); ++i) {
        if (families.at(i) != Value("IPv4")) {
            errors.push_back(schema::field_invalid(cat("spec.ipFamilies[", i, "]"), families.at(i),
                                                   "not configured on this cluster"));
        }
    }
    if (!errors.empty()) {
        return invalid_service(name, std::move(errors));
    }
    if (spec.string_at("ipFamilyPolicy").empty()) {
        spec.set("ipFamilyPolicy", "SingleStack");
    }
    spec.set("ipFamilies", std::move(families));
    return {};
}

Status ServiceClaim::allocate_address(const std::string& name, Value& spec, const Value* old_spec) {
    std::string address(spec.string_at("clusterIP"));
    const std::string old_address(old_spec == nullptr ? std::string_view()
                                                      : old_spec->string_at("clusterIP"));
    const bool is_headless = address == "None";
    TRY(choose_families(name, spec, old_spec, is_headless));
    if (address.empty() && !old_address.empty() && old_address != "None") {
        address = old_address;
    }
    const bool is_new = address != old_address;
    if (address.empty()) {
        address = TRY(allocator_->take_address());
        addresses_.push_back(address);
    } else if (!is_headless && is_new) {
        if (auto wrong = check_ip_address(address); !wrong.empty()) {
            return invalid_service(name, schema::field_invalid("spec.clusterIPs[0]", address,
                                                               std::move(wrong.front())));
        }
        // An address that must not change is for validation to refuse.
        const bool may_change = old_spec == nullptr || !has_cluster_ip(*old_spec) ||
                                old_address.empty() || old_address == "None";
        if (may_change && address.contains(':')) {
            return invalid_service(
                name, schema::field_invalid("spec.clusterIPs[0]", Value::list_of({address}),
                                            "IPv6 is not configured on this cluster"));
        }
        // A dry run takes nothing, so that what is taken is no matter to it.
        if (may_change && dry_run_ && !allocator_->is_in_range(address)) {
            return invalid_service(
                name, schema::field_invalid(
                          "spec.clusterIPs", Value::list_of({address}),
                          cat("failed to allocate IP ", address, ": the provided IP (", address,
                              ") is not in the valid range. The range of valid "
                              "IPs is ",
                              allocator_->cidr())));
        }
        if (may_change && !dry_run_) {
            if (auto taken = allocator_->take_address(address); !taken) {
                return invalid_service(
                    name, schema::field_invalid("spec.clusterIPs", Value::list_of({address}),
                                                cat("failed to allocate IP ", address, ": ",
                                                    taken.error().message())));
            }
            addresses_.push_back(address);
        }
    }
    spec.set("clusterIP", address);
    spec.set("clusterIPs", Value::list_of({address}));
    return {};
}

Status ServiceClaim::allocate_ports(const std::string& name, Value& spec, const Value* old_spec) {
    std::set<int> before;
    if (const Value* old_ports = old_spec == nullptr ? nullptr : old_spec->find("ports")) {
        for (const Value& port : old_ports->items()) {
            if (port.int_at(0, "nodePort") > 0) {
                before.insert(static_cast<int>(port.int_at(0, "nodePort")));
            }
        }
    }
    Value ports = spec.find("ports") != nullptr ? *spec.find("ports") : Value::list();
    const bool wanted = wants_node_ports(spec);
    const bool may_have = has_node_ports(spec);
    std::set<int> now;
    std::map<int64_t, int> by_port;  // entries of one port share their node port
    for (size_t i = 0; may_have && i < ports.size(); ++i) {
        const int64_t port = ports.at(i).int_at(0, "port");
        int number = static_cast<int>(ports.at(i).int_at(0, "nodePort"));
        if (number == 0 && !wanted) {
            continue;
        }
        const auto shared = by_port.find(port);
        if (number == 0 && shared != by_port.end()) {
            number = shared->second;
        } else if (number == 0) {
            // A later entry of this port may have asked for a number.
            for (size_t j = i + 1; j < ports.size() && number == 0; ++j) {
                if (ports.at(j).int_at(0, "port") == port) {
                    number = static_cast<int>(ports.at(j).int_at(0, "nodePort"));
                }
            }
        }
        if (number == 0) {
            number = TRY(allocator_->take_port());
            ports_.push_back(number);
        } else if (!before.contains(number) && !now.contains(number) && !dry_run_) {
            if (auto taken = allocator_->take_port(number); !taken) {
                return invalid_service(
                    name, schema::field_invalid(cat("spec.ports[", i, "].nodePort"), number,
                                                taken.error().message()));
            }
            ports_.push_back(number);
        }
        ports.mutable_item(i).set("nodePort", number);
        by_port.emplace(port, number);
        now.insert(number);
    }
    for (const int port : before) {
        if (!now.contains(port)) {
            freed_ports_.push_back(port);
        }
    }
    if (!ports.empty()) {
        spec.set("ports", std::move(ports));
    }
    return {};
}

Status ServiceClaim::allocate_health_port(Value& spec, const Value* old_spec) {
    const int old_port =
        old_spec == nullptr ? 0 : static_cast<int>(old_spec->int_at(0, "healthCheckNodePort"));
    if (!needs_health_port(spec)) {
        if (old_port != 0) {
            freed_ports_.push_back(old_port);
        }
        return {};
    }
    const int wanted = static_cast<int>(spec.int_at(0, "healthCheckNodePort"));
    if (wanted == 0 && old_port != 0) {
        spec.set("healthCheckNodePort", old_port);
        return {};
    }
    if (wanted == 0) {
        const int port = TRY(allocator_->take_port());
        ports_.push_back(port);
        spec.set("healthCheckNodePort", port);
        return {};
    }
    if (wanted != old_port && !dry_run_ && old_port == 0) {
        if (auto taken = allocator_->take_port(wanted); !taken) {
            return internal_error(cat("failed to allocate requested HealthCheck NodePort ", wanted,
                                      ": ", taken.error().message()));
        }
        ports_.push_back(wanted);
    }
    return {};
}

namespace {

Value address_object(const Core& core, const std::string& address, const Value& service) {
    const std::string now = format_rfc3339(core.loop->now());
    const Value labels =
        Value::map_of({{"ipaddress.kubernetes.io/ip-family", "IPv4"},
                       {"ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"}});
    const Value nothing = Value::map();
    const Value fields = Value::map_of(
        {{"f:metadata",
          Value::map_of(
              {{"f:labels", Value::map_of({{".", nothing},
                                           {"f:ipaddress.kubernetes.io/ip-family", nothing},
                                           {"f:ipaddress.kubernetes.io/managed-by", nothing}})}})},
         {"f:spec", Value::map_of({{"f:parentRef", Value::map_of({{".", nothing},
                                                                  {"f:name", nothing},
                                                                  {"f:namespace", nothing},
                                                                  {"f:resource", nothing}})}})}});
    const Value managed = Value::map_of({{"manager", "kube-apiserver"},
                                         {"operation", "Update"},
                                         {"apiVersion", "networking.k8s.io/v1"},
                                         {"time", now},
                                         {"fieldsType", "FieldsV1"},
                                         {"fieldsV1", fields}});
    const Value metadata = Value::map_of({{"name", address},
                                          {"uid", make_uid(core.loop)},
                                          {"creationTimestamp", now},
                                          {"labels", labels},
                                          {"managedFields", Value::list_of({managed})}});
    const Value parent = Value::map_of({{"resource", "services"},
                                        {"namespace", service.string_at("metadata", "namespace")},
                                        {"name", service.string_at("metadata", "name")}});
    return Value::map_of({{"kind", "IPAddress"},
                          {"apiVersion", "networking.k8s.io/v1"},
                          {"metadata", metadata},
                          {"spec", Value::map_of({{"parentRef", parent}})}});
}

}  // namespace

std::string service_address(const Value& service) {
    const std::string_view address = service.string_at("spec", "clusterIP");
    return address == "None" ? std::string() : std::string(address);
}

io::Task<Status> put_address_object(Core* core, Value service) {
    const std::string address = service_address(service);
    const ResourcePtr resource = core->registry.find("networking.k8s.io", "v1", "ipaddresses");
    if (address.empty() || resource == nullptr) {
        co_return Status{};
    }
    const std::string key = resource->key("", address);
    const auto existing = CO_TRY(co_await core->store->get(key, {}));
    std::vector<store::Write> writes;
    writes.push_back({key,
                      std::make_shared<const std::string>(
                          encode_kind(*resource, address_object(*core, address, service))),
                      existing ? existing->modified : 0});
    CO_TRY(co_await core->store->commit(std::move(writes)));
    co_return Status{};
}

io::Task<void> erase_address_object(Core* core, std::string address) {
    const ResourcePtr resource = core->registry.find("networking.k8s.io", "v1", "ipaddresses");
    if (address.empty() || resource == nullptr) {
        co_return;
    }
    const std::string key = resource->key("", address);
    const auto existing = co_await core->store->get(key, {});
    if (!existing || !*existing) {
        co_return;
    }
    std::vector<store::Write> writes;
    writes.push_back({key, nullptr, (*existing)->modified});
    // Somebody who writes to it meanwhile keeps it: it says nothing that anybody relies on.
    (void)co_await core->store->commit(std::move(writes));
}

}  // namespace weft::server
