// server/internal/services.cc: takes and gives back addresses and ports.

#include "server/internal/services.h"

#include <algorithm>

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

bool wants_node_ports(const Value& spec) {
    const std::string_view type = spec.string_at("type");
    if (type == "NodePort") {
        return true;
    }
    const Value* flag = spec.find("allocateLoadBalancerNodePorts");
    return type == "LoadBalancer" && (flag == nullptr || !flag->is_bool() || flag->as_bool());
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

}  // namespace

ServiceAllocator::ServiceAllocator(io::Loop* loop, std::string_view cidr, int port_min,
                                   int port_max)
    : loop_(loop), port_min_(port_min), port_max_(port_max) {
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
        return make_error(Reason::invalid,
                          "provided IP is not in the valid range. The range of "
                          "valid IPs is ",
                          text_of(network_), "/", 32 - std::countr_zero(size_));
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

Result<int> ServiceAllocator::take_port(std::string_view protocol) {
    const int room = port_max_ - port_min_ + 1;
    const int start = static_cast<int>(loop_->random() % static_cast<uint64_t>(room));
    for (int i = 0; i < room; ++i) {
        const int port = port_min_ + (start + i) % room;
        if (ports_.emplace(port, protocol).second) {
            return port;
        }
    }
    return internal_error("failed to allocate a nodePort: range is full");
}

Status ServiceAllocator::take_port(int port, std::string_view protocol) {
    if (port < port_min_ || port > port_max_) {
        return make_error(Reason::invalid,
                          "provided port is not in the valid range. The range of valid ports is ",
                          port_min_, "-", port_max_);
    }
    if (!ports_.emplace(port, protocol).second) {
        return make_error(Reason::invalid, "provided port is already allocated");
    }
    return {};
}

void ServiceAllocator::free_port(int port, std::string_view protocol) {
    ports_.erase({port, std::string(protocol)});
}

void ServiceAllocator::adopt(const Value& service) {
    if (const auto number = number_of(service.string_at("spec", "clusterIP"))) {
        addresses_.insert(*number);
    }
    if (const Value* ports = service.find("spec", "ports")) {
        for (const Value& port : ports->items()) {
            if (const int64_t number = port.int_at(0, "nodePort"); number > 0) {
                ports_.emplace(static_cast<int>(number), std::string(port.string_at("protocol")));
            }
        }
    }
}

void ServiceAllocator::release(const Value& service) {
    free_address(service.string_at("spec", "clusterIP"));
    if (const Value* ports = service.find("spec", "ports")) {
        for (const Value& port : ports->items()) {
            free_port(static_cast<int>(port.int_at(0, "nodePort")), port.string_at("protocol"));
        }
    }
}

ServiceClaim::~ServiceClaim() {
    for (const std::string& address : addresses_) {
        allocator_->free_address(address);
    }
    for (const auto& [port, protocol] : ports_) {
        allocator_->free_port(port, protocol);
    }
}

void ServiceClaim::keep() {
    addresses_.clear();
    ports_.clear();
    for (const std::string& address : freed_addresses_) {
        allocator_->free_address(address);
    }
    for (const auto& [port, protocol] : freed_ports_) {
        allocator_->free_port(port, protocol);
    }
}

void ServiceClaim::release(const Value& service) {
    if (service.string_at("kind") == "Service") {
        allocator_->release(service);
    }
}

Status ServiceClaim::allocate(Value& service, const Value* old_service) {
    Value spec = service.find("spec") != nullptr ? *service.find("spec") : Value::map();
    const Value* old_spec = old_service == nullptr ? nullptr : old_service->find("spec");
    if (old_spec != nullptr && wants_node_ports(*old_spec) && !wants_node_ports(spec)) {
        drop_node_ports(spec, *old_spec);
        if (spec.find("externalTrafficPolicy") != nullptr &&
            spec.string_at("externalTrafficPolicy") ==
                old_spec->string_at("externalTrafficPolicy")) {
            spec.erase("externalTrafficPolicy");
        }
    }
    if (spec.string_at("type") == "ExternalName") {
        for (const std::string_view key :
             {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
            spec.erase(key);
        }
        if (old_spec != nullptr) {
            freed_addresses_.emplace_back(old_spec->string_at("clusterIP"));
        }
    } else {
        auto address = allocate_address(spec, old_spec);
        auto ports = address ? allocate_ports(spec, old_spec) : std::move(address);
        if (!ports) {
            if (ports.error().reason() != Reason::invalid) {
                return ports.error();
            }
            return schema::invalid_error(
                "", "Service", service.string_at("metadata", "name"),
                {schema::field_invalid(
                    ports.error().details().name,
                    spec.find("clusterIPs") != nullptr &&
                            ports.error().details().name == "spec.clusterIPs"
                        ? *spec.find("clusterIPs")
                        : Value(parse_int(ports.error().details().uid).value_or(0)),
                    ports.error().message())});
        }
    }
    service.set("spec", std::move(spec));
    return {};
}

Status ServiceClaim::allocate_address(Value& spec, const Value* old_spec) {
    std::string address(spec.string_at("clusterIP"));
    const std::string old_address(old_spec == nullptr ? std::string_view()
                                                      : old_spec->string_at("clusterIP"));
    if (address.empty() && !old_address.empty() && old_address != "None") {
        address = old_address;
    }
    if (address == "None") {
        const bool has_selector =
            spec.find("selector") != nullptr && !spec.find("selector")->empty();
        spec.set("clusterIP", "None");
        spec.set("clusterIPs", Value::list_of({"None"}));
        if (!spec.contains("ipFamilies")) {
            spec.set("ipFamilies",
                     has_selector ? Value::list_of({"IPv4"}) : Value::list_of({"IPv4", "IPv6"}));
        }
        if (!spec.contains("ipFamilyPolicy")) {
            spec.set("ipFamilyPolicy", has_selector ? "SingleStack" : "RequireDualStack");
        }
        return {};
    }
    if (address.empty()) {
        address = TRY(allocator_->take_address());
        addresses_.push_back(address);
    } else if (address != old_address) {
        auto taken = allocator_->take_address(address);
        if (!taken) {
            ErrorDetails details;
            details.name = "spec.clusterIPs";
            spec.set("clusterIPs", Value::list_of({address}));
            return Error(Reason::invalid,
                         cat("failed to allocate IP ", address, ": ", taken.error().message()),
                         std::move(details));
        }
        addresses_.push_back(address);
    }
    spec.set("clusterIP", address);
    spec.set("clusterIPs", Value::list_of({address}));
    if (!spec.contains("ipFamilies")) {
        spec.set("ipFamilies", Value::list_of({"IPv4"}));
    }
    if (!spec.contains("ipFamilyPolicy")) {
        spec.set("ipFamilyPolicy", "SingleStack");
    }
    return {};
}

Status ServiceClaim::allocate_ports(Value& spec, const Value* old_spec) {
    std::vector<std::pair<int, std::string>> before;
    if (const Value* old_ports = old_spec == nullptr ? nullptr : old_spec->find("ports")) {
        for (const Value& port : old_ports->items()) {
            if (port.int_at(0, "nodePort") > 0) {
                before.emplace_back(static_cast<int>(port.int_at(0, "nodePort")),
                                    std::string(port.string_at("protocol")));
            }
        }
    }
    std::vector<std::pair<int, std::string>> now;
    Value ports = spec.find("ports") != nullptr ? *spec.find("ports") : Value::list();
    const bool wanted = wants_node_ports(spec);
    for (size_t i = 0; i < ports.size(); ++i) {
        Value port = ports.at(i);
        const std::string protocol(port.string_at("protocol"));
        const int given = static_cast<int>(port.int_at(0, "nodePort"));
        if (given == 0 && !wanted) {
            continue;
        }
        int number = given;
        if (given == 0) {
            number = TRY(allocator_->take_port(protocol));
            ports_.emplace_back(number, protocol);
            port.set("nodePort", number);
            ports.mutable_item(i) = std::move(port);
        } else if (std::ranges::find(before, std::pair(given, protocol)) == before.end() &&
                   std::ranges::find(now, std::pair(given, protocol)) == now.end()) {
            auto taken = allocator_->take_port(given, protocol);
            if (!taken) {
                ErrorDetails details;
                details.name = cat("spec.ports[", i, "].nodePort");
                details.uid = cat(given);
                return Error(Reason::invalid, taken.error().message(), std::move(details));
            }
            ports_.emplace_back(given, protocol);
        }
        now.emplace_back(number, protocol);
    }
    for (const auto& port : before) {
        if (std::ranges::find(now, port) == now.end()) {
            freed_ports_.push_back(port);
        }
    }
    if (!ports.empty()) {
        spec.set("ports", std::move(ports));
    }
    return {};
}

}  // namespace weft::server
