// server/internal/validate_service.cc: Services, Endpoints and EndpointSlices.

#include <algorithm>
#include <array>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

constexpr Checker::Names port_protocols = {"SCTP", "TCP", "UDP"};

bool is_headless(const Value& spec) {
    return spec.string_at("clusterIP") == "None";
}

void check_app_protocol(Checker& check, const Value& port, const Place& at) {
    if (const Value* protocol = given(port, "appProtocol")) {
        check_label_name(check, at.member("appProtocol"), protocol->as_string());
    }
}

void check_service_type(Checker& check, const Value& spec, const Place& at) {
    const std::string_view type = spec.string_at("type");
    const Place ips = at.member("clusterIPs");
    const Place ports = at.member("ports");
    if (type == "LoadBalancer") {
        constexpr int64_t kubelet_port = 10250;
        size_t index = 0;
        for (const Value& port : items_of(spec, "ports")) {
            const Place place = ports.item(index++);
            if (port.int_at(0, "port") == kubelet_port) {
                check.invalid(place, kubelet_port,
                              "may not expose port 10250 externally since it is used by kubelet");
            }
        }
    }
    if (is_one_of(type, {"LoadBalancer", "NodePort"}) && is_headless(spec)) {
        check.invalid(ips.item(0), "None", cat("may not be set to 'None' for ", type, " services"));
    }
    if (type != "ExternalName") {
        return;
    }
    for (const std::string_view member : {"clusterIPs", "ipFamilies"}) {
        if (!items_of(spec, member).empty()) {
            check.forbidden(at.member(member), "may not be set for ExternalName services");
        }
    }
    if (given(spec, "ipFamilyPolicy") != nullptr) {
        check.forbidden(at.member("ipFamilyPolicy"), "may not be set for ExternalName services");
    }
    std::string_view name = spec.string_at("externalName");
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    check.required_name(at.member("externalName"), name, check_dns1123_subdomain);
}

void check_service_ports(Checker& check, const Value& spec, const Place& at) {
    std::set<std::string_view> names;
    const auto ports = items_of(spec, "ports");
    const Place list = at.member("ports");
    for (size_t i = 0; i < ports.size(); ++i) {
        const Value& port = ports[i];
        const Place place = list.item(i);
        const std::string_view name = port.string_at("name");
        if (name.empty() && ports.size() > 1) {
            check.required(place.member("name"));
        } else if (!name.empty()) {
            check.name(place.member("name"), name, check_dns1123_label);
            if (!names.insert(name).second) {
                check.duplicate(place.member("name"), name);
            }
        }
        check_port_number(check, place.member("port"), port.int_at(0, "port"));
        check.required_one_of(port, "protocol", place, port_protocols);
        check_port_or_name(check, place.member("targetPort"), value_at(port, "targetPort"));
        check_app_protocol(check, port, place);
    }
}

void check_affinity_config(Checker& check, const Value& spec, const Place& at) {
    check.required_one_of(spec, "sessionAffinity", at, {"ClientIP", "None"});
    const std::string_view affinity = spec.string_at("sessionAffinity");
    const Value* config = given(spec, "sessionAffinityConfig");
    const Place place = at.member("sessionAffinityConfig");
    if (affinity == "None" && config != nullptr) {
        check.forbidden(place, "must not be set when session affinity is None");
    }
    if (affinity != "ClientIP") {
        return;
    }
    if (config == nullptr) {
        check.required(place, "when session affinity is ClientIP");
        return;
    }
    const Place client = place.member("clientIP");
    const Value* seconds = map_of(*config, "clientIP").find("timeoutSeconds");
    constexpr int64_t seconds_max = 86400;
    if (seconds == nullptr || !seconds->is_int()) {
        check.required(client.member("timeoutSeconds"), "when session affinity is ClientIP");
    } else if (seconds->as_int() <= 0 || seconds->as_int() > seconds_max) {
        check.invalid(client.member("timeoutSeconds"), *seconds,
                      "must be greater than 0 and less than 86400");
    }
}

// The ranges that no endpoint may be in.
void check_special_ip(Checker& check, const Place& at, std::string_view text) {
    const auto address = parse_ip_address(text);
    if (!address) {
        return;
    }
    const auto& bytes = address->bytes;
    const bool v4 = address->is_v4 || address->is_mapped_v4();
    const auto v6_is = [&](std::array<uint8_t, 2> mask, std::array<uint8_t, 2> value) {
        return !v4 && (bytes[0] & mask[0]) == value[0] && (bytes[1] & mask[1]) == value[1];
    };
    const bool unspecified =
        v4 ? std::ranges::all_of(bytes.begin() + 12, bytes.end(), [](uint8_t b) { return b == 0; })
           : std::ranges::all_of(bytes, [](uint8_t b) { return b == 0; });
    const bool v6_loopback =
        !v4 && bytes[15] == 1 &&
        std::all_of(bytes.begin(), bytes.begin() + 15, [](uint8_t b) { return b == 0; });
    if (unspecified) {
        check.invalid(at, text, cat("may not be unspecified (", text, ")"));
    }
    if (v6_loopback || (v4 && bytes[12] == 127)) {
        check.invalid(at, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    if ((v4 && bytes[12] == 169 && bytes[13] == 254) || v6_is({0xFF, 0xC0}, {0xFE, 0x80})) {
        check.invalid(at, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if ((v4 && bytes[12] == 224 && bytes[13] == 0 && bytes[14] == 0) ||
        v6_is({0xFF, 0x0F}, {0xFF, 0x02})) {
        check.invalid(at, text,
                      "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

void check_external_ips(Checker& check, const Value& spec, const Place& at) {
    for_items(spec, "externalIPs", at, [&](const Value& address, const Place& place) {
        check_ip(check, place, address.as_string());
        check_special_ip(check, place, address.as_string());
    });
}

void check_duplicate_ports(Checker& check, const Value& spec, const Place& at) {
    const auto ports = items_of(spec, "ports");
    const Place list = at.member("ports");
    if (spec.string_at("type") == "ClusterIP") {
        for (size_t i = 0; i < ports.size(); ++i) {
            const Place place = list.item(i);
            if (ports[i].int_at(0, "nodePort") != 0) {
                check.forbidden(place.member("nodePort"),
                                "may not be used when `type` is 'ClusterIP'");
            }
        }
    }
    for (const std::string_view member : {"nodePort", "port"}) {
        std::set<std::pair<std::string_view, int64_t>> taken;
        for (size_t i = 0; i < ports.size(); ++i) {
            const Place place = list.item(i);
            const int64_t number = ports[i].int_at(0, member);
            if (number == 0 && member == "nodePort") {
                continue;
            }
            if (taken.emplace(ports[i].string_at("protocol"), number).second) {
                continue;
            }
            if (member == "nodePort") {
                check.duplicate(place.member(member), number);
            } else {
                check.duplicate(
                    place,
                    Checker::form("core.v1.ServicePort",
                                  Value::map_of({{"protocol", value_at(ports[i], "protocol")},
                                                 {"port", number}})));
            }
        }
    }
}

void check_balancer(Checker& check, const Value& spec, const Place& at) {
    const bool is_balancer = spec.string_at("type") == "LoadBalancer";
    constexpr std::string_view only = "may only be used when `type` is 'LoadBalancer'";
    const auto ranges = items_of(spec, "loadBalancerSourceRanges");
    const Place list = at.member("LoadBalancerSourceRanges");
    if (!ranges.empty() && !is_balancer) {
        check.forbidden(list, std::string(only));
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
        check_cidr_text(check, list.item(i), trim(ranges[i].as_string()));
    }
    const bool has_flag = given(spec, "allocateLoadBalancerNodePorts") != nullptr;
    if (has_flag && !is_balancer) {
        check.forbidden(at.member("allocateLoadBalancerNodePorts"), std::string(only));
    }
    if (const Value* name = given(spec, "loadBalancerClass")) {
        const Place place = at.member("loadBalancerClass");
        if (!is_balancer) {
            check.forbidden(place, std::string(only));
        } else {
            check_label_name(check, place, name->as_string());
        }
    }
}

void check_traffic(Checker& check, const Value& spec, const Place& at) {
    const std::string_view type = spec.string_at("type");
    const std::string_view external = spec.string_at("externalTrafficPolicy");
    const bool is_reachable = is_one_of(type, {"LoadBalancer", "NodePort"}) ||
                              (type == "ClusterIP" && !items_of(spec, "externalIPs").empty());
    if (!is_reachable) {
        if (!external.empty()) {
            check.invalid(at.member("externalTrafficPolicy"), external,
                          "may only be set for externally-accessible services");
        }
    } else {
        check.required_one_of(spec, "externalTrafficPolicy", at, {"Cluster", "Local"});
    }
    const Place health = at.member("healthCheckNodePort");
    const int64_t health_port = spec.int_at(0, "healthCheckNodePort");
    if (type != "LoadBalancer" || external != "Local") {
        if (health_port != 0) {
            check.invalid(health, health_port,
                          "may only be set when `type` is 'LoadBalancer' and "
                          "`externalTrafficPolicy` is 'Local'");
        }
    } else if (health_port == 0) {
        check.required(health);
    } else {
        check_port_number(check, health, health_port);
    }
    check.optional_one_of(spec, "internalTrafficPolicy", at, {"Cluster", "Local"});
    check.optional_one_of(spec, "trafficDistribution", at,
                          {"PreferClose", "PreferSameZone", "PreferSameNode"});
}

void check_service(Checker& check, const Value& service, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(service, "spec");
    const std::string_view type = spec.string_at("type");
    if (items_of(spec, "ports").empty() && !is_headless(spec) && type != "ExternalName") {
        check.required(at.member("ports"));
    }
    check_service_type(check, spec, at);
    check_service_ports(check, spec, at);
    check_labels(check, spec.find("selector"), at.member("selector"));
    check_affinity_config(check, spec, at);
    check_external_ips(check, spec, at);
    check.required_one_of(spec, "type", at,
                          {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
    check_duplicate_ports(check, spec, at);
    check_balancer(check, spec, at);
    check_traffic(check, spec, at);
}

void check_endpoint_address(Checker& check, const Value& address, const Place& at) {
    check_ip(check, at.member("ip"), address.string_at("ip"));
    if (const std::string_view name = address.string_at("hostname"); !name.empty()) {
        check.name(at.member("hostname"), name, check_dns1123_label);
    }
    if (const Value* node = given(address, "nodeName")) {
        check.name(at.member("nodeName"), node->as_string(), check_dns1123_subdomain);
    }
    if (!parse_ip_address(address.string_at("ip"))) {
        check.invalid(at.member("ip"), address.string_at("ip"), "must be a valid IP address");
    }
    check_special_ip(check, at.member("ip"), address.string_at("ip"));
}

void check_endpoints(Checker& check, const Value& endpoints, const Value* /*old*/) {
    const Place root;
    for_items(endpoints, "subsets", root, [&](const Value& subset, const Place& at) {
        if (items_of(subset, "addresses").empty() &&
            items_of(subset, "notReadyAddresses").empty()) {
            check.required(at, "must specify `addresses` or `notReadyAddresses`");
        }
        for (const std::string_view member : {"addresses", "notReadyAddresses"}) {
            const Place addresses = at.member(member);
            size_t number = 0;
            for (const Value& address : items_of(subset, member)) {
                const Place place = addresses.item(number++);
                check_endpoint_address(check, address, place);
            }
        }
        const auto ports = items_of(subset, "ports");
        const Place port_list = at.member("ports");
        for (size_t i = 0; i < ports.size(); ++i) {
            const Place place = port_list.item(i);
            const std::string_view name = ports[i].string_at("name");
            if (name.empty() && ports.size() > 1) {
                check.required(place.member("name"));
            } else if (!name.empty()) {
                check.name(place.member("name"), name, check_dns1123_label);
            }
            check_port_number(check, place.member("port"), ports[i].int_at(0, "port"));
            check.required_one_of(ports[i], "protocol", place, port_protocols);
            check_app_protocol(check, ports[i], place);
        }
    });
}

void check_slice_ports(Checker& check, const Value& slice, const Place& root) {
    std::set<std::string_view> names;
    for_items(slice, "ports", root, [&](const Value& port, const Place& place) {
        const std::string_view name = port.string_at("name");
        if (!name.empty()) {
            check.name(place.member("name"), name, check_dns1123_label);
        }
        if (!names.insert(name).second) {
            check.duplicate(place.member("name"), name);
        }
        check.required_one_of(port, "protocol", place, port_protocols);
        check_app_protocol(check, port, place);
    });
}

void check_slice_address(Checker& check, std::string_view type, std::string_view address,
                         const Place& list, const Place& at) {
    if (type == "FQDN") {
        check.name(at, address, check_dns1123_subdomain);
        return;
    }
    if (!is_one_of(type, {"IPv4", "IPv6"})) {
        return;  // nothing is known of the addresses of such a type
    }
    check_ip(check, at, address);
    const auto parsed = parse_ip_address(address);
    if (!parsed) {
        return;
    }
    if (type == "IPv4" && !parsed->is_v4) {
        check.invalid(list, address, "must be an IPv4 address");
    } else if (type == "IPv6" && parsed->is_v4) {
        check.invalid(list, address, "must be an IPv6 address");
    }
    check_special_ip(check, at, address);
}

void check_hints(Checker& check, const Value& hints, std::string_view member, const Place& place,
                 Checker::NameCheck name_check) {
    constexpr size_t hints_max = 8;
    const Place at = place.member(member);
    const auto items = items_of(hints, member);
    if (items.size() > hints_max) {
        check.too_many(at, items.size(), hints_max);
        return;
    }
    std::set<std::string_view> names;
    for (size_t i = 0; i < items.size(); ++i) {
        const Place item = at.item(i);
        const std::string_view name = items[i].string_at("name");
        if (!names.insert(name).second) {
            check.duplicate(item.member("name"), name);
        }
        check.name(item.member("name"), name, name_check);
    }
}

void check_slice(Checker& check, const Value& slice, const Value* old) {
    const Place root;
    const std::string_view type = slice.string_at("addressType");
    check.required_one_of(slice, "addressType", root, {"FQDN", "IPv4", "IPv6"});
    check_slice_ports(check, slice, root);
    if (old != nullptr && !differs(slice, *old, "endpoints")) {
        return;
    }
    constexpr size_t endpoints_max = 1000;
    constexpr size_t addresses_max = 100;
    const Place list = root.member("endpoints");
    const auto endpoints = items_of(slice, "endpoints");
    if (endpoints.size() > endpoints_max) {
        check.too_many(list, endpoints.size(), endpoints_max);
        return;
    }
    for (size_t i = 0; i < endpoints.size(); ++i) {
        const Value& endpoint = endpoints[i];
        const Place at = list.item(i);
        const Place address_list = at.member("addresses");
        const auto addresses = items_of(endpoint, "addresses");
        if (addresses.empty()) {
            check.required(address_list, "must contain at least 1 address");
        } else if (addresses.size() > addresses_max) {
            check.too_many(address_list, addresses.size(), addresses_max);
        }
        for (size_t j = 0; j < addresses.size(); ++j) {
            check_slice_address(check, type, addresses[j].as_string(), address_list,
                                address_list.item(j));
        }
        if (const Value* node = given(endpoint, "nodeName")) {
            check.name(at.member("nodeName"), node->as_string(), check_dns1123_subdomain);
        }
        if (const Value* name = given(endpoint, "hostname")) {
            check.name(at.member("hostname"), name->as_string(), check_dns1123_label);
        }
        if (const Value* hints = given(endpoint, "hints")) {
            const Place place = at.member("hints");
            check_hints(check, *hints, "forZones", place, check_label_value);
            check_hints(check, *hints, "forNodes", place, check_dns1123_subdomain);
        }
    }
}

constexpr std::array<KindRules, 3> service_table{
    {{"", "Service", "", check_service},
     {"", "Endpoints", "", check_endpoints},
     {"discovery.k8s.io", "EndpointSlice", "", check_slice}}};

}  // namespace

std::span<const KindRules> service_rules() {
    return service_table;
}

}  // namespace weft::server
