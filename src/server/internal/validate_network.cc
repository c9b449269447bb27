// server/internal/validate_network.cc: Ingresses, NetworkPolicies, ServiceCIDRs, IPAddresses.

#include <array>
#include <set>

#include "object/ip_address.h"
#include "object/names.h"
#include "schema/builtin.h"
#include "server/internal/validate.h"

namespace weft::server {

namespace {

// --- Ingress ---

void check_host(Checker& check, const Place& at, std::string_view host) {
    check.name(at, host,
               host.contains('*') ? check_wildcard_dns1123_subdomain : check_dns1123_subdomain);
}

void check_path_segment(Checker& check, const Value& in, std::string_view member, const Place& at) {
    if (check.required_text(in, member, at)) {
        check.name(at.member(member), in.string_at(member), check_path_segment_name);
    }
}

void check_typed_ref(Checker& check, const Value& ref, const Place& at) {
    if (const std::string_view group = ref.string_at("apiGroup"); !group.empty()) {
        check.name(at.member("apiGroup"), group, check_dns1123_subdomain);
    }
    check_path_segment(check, ref, "kind", at);
    check_path_segment(check, ref, "name", at);
}

void check_backend(Checker& check, const Value& backend, const Place& at) {
    const Value* resource = given(backend, "resource");
    const Value* service = given(backend, "service");
    if (resource != nullptr && service != nullptr) {
        check.invalid(at, "", "cannot set both resource and service backends");
        return;
    }
    if (resource != nullptr) {
        check_typed_ref(check, *resource, at.member("resource"));
        return;
    }
    if (service == nullptr) {
        check.invalid(at, "", "resource or service backend is required");
        return;
    }
    const Place place = at.member("service");
    check.required_name(place.member("name"), service->string_at("name"), check_dns1123_label);
    const Value& port = map_of(*service, "port");
    const Place port_place = place.member("port");
    const std::string_view name = port.string_at("name");
    const int64_t number = port.int_at(0, "number");
    if (!name.empty() && number != 0) {
        check.invalid(at, "", "cannot set both port name & port number");
    } else if (!name.empty()) {
        check.name(port_place.member("name"), name, check_port_name);
    } else if (number != 0) {
        check_port_number(check, port_place.member("number"), number);
    } else {
        check.required(at, "port name or number is required");
    }
}

void check_ingress_path(Checker& check, const Value& path, const Place& at) {
    const Value* type = given(path, "pathType");
    const std::string_view text = path.string_at("path");
    const Place place = at.member("path");
    if (type == nullptr) {
        check.required(at.member("pathType"), "pathType must be specified");
        return;
    }
    const std::string_view kind = type->as_string();
    if (is_one_of(kind, {"Exact", "Prefix"})) {
        if (!text.starts_with('/')) {
            check.invalid(place, text, "must be an absolute path");
        }
        for (const std::string_view bad : {"//", "/./", "/../", "%2f", "%2F"}) {
            if (text.contains(bad)) {
                check.invalid(place, text, cat("must not contain '", bad, "'"));
            }
        }
        for (const std::string_view bad : {"/..", "/."}) {
            if (text.ends_with(bad)) {
                check.invalid(place, text, cat("cannot end with '", bad, "'"));
            }
        }
    } else if (kind == "ImplementationSpecific") {
        if (!text.empty() && !text.starts_with('/')) {
            check.invalid(place, text, "must be an absolute path");
        }
    } else {
        check.unsupported(at.member("pathType"), kind,
                          {"Exact", "ImplementationSpecific", "Prefix"});
    }
    check_backend(check, map_of(path, "backend"), at.member("backend"));
}

void check_ingress_rules(Checker& check, const Value& spec, const Place& at) {
    const Place list = at.member("rules");
    size_t index = 0;
    for (const Value& rule : items_of(spec, "rules")) {
        const Place place = list.item(index++);
        if (const std::string_view host = rule.string_at("host"); !host.empty()) {
            if (parse_ip_address(host)) {
                check.invalid(place.member("host"), host, "must be a DNS name, not an IP address");
            }
            check_host(check, place.member("host"), host);
        }
        const Value* http = given(rule, "http");
        if (http == nullptr) {
            continue;
        }
        const Place at_http = place.member("http");
        const Place paths = at_http.member("paths");
        if (items_of(*http, "paths").empty()) {
            check.required(paths);
        }
        size_t number = 0;
        for (const Value& path : items_of(*http, "paths")) {
            const Place at_path = paths.item(number++);
            check_ingress_path(check, path, at_path);
        }
    }
}

void check_ingress(Checker& check, const Value& ingress, const Value* old) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(ingress, "spec");
    const Value* backend = given(spec, "defaultBackend");
    if (items_of(spec, "rules").empty() && backend == nullptr) {
        check.invalid(at, Value(), "either `defaultBackend` or `rules` must be specified");
    }
    if (backend != nullptr) {
        check_backend(check, *backend, at.member("defaultBackend"));
    }
    check_ingress_rules(check, spec, at);
    for_items(spec, "tls", at, [&](const Value& one, const Place& place) {
        const Place hosts = place.member("hosts");
        size_t number = 0;
        for (const Value& host : items_of(one, "hosts")) {
            const Place at_host = hosts.item(number++);
            check_host(check, at_host, host.as_string());
        }
    });
    const Value* name = given(spec, "ingressClassName");
    if (name != nullptr) {
        check.name(at.member("ingressClassName"), name->as_string(), check_dns1123_subdomain);
    }
    constexpr std::string_view key = "kubernetes.io/ingress.class";
    const Value* annotation = ingress.find("metadata", "annotations", key);
    if (old == nullptr && annotation != nullptr && name != nullptr && *annotation != *name) {
        const Place annotations = root.member("annotations");
        check.invalid(annotations.member(key), *annotation,
                      "must match `ingressClassName` when both are specified");
    }
}

void check_mistakes(Checker& check, const Place& at, std::string_view text,
                    const std::vector<NameMistake>& mistakes) {
    for (const NameMistake& mistake : mistakes) {
        if (mistake.reason == "FieldValueRequired") {
            check.required(at, mistake.detail);
        } else {
            check.invalid(at, mistake.part.empty() ? text : std::string_view(mistake.part),
                          mistake.detail);
        }
    }
}

void check_ingress_class(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    constexpr size_t controller_max = 250;
    const std::string_view controller = spec.string_at("controller");
    if (controller.size() > controller_max) {
        check.too_long(at.member("controller"), static_cast<int64_t>(controller_max));
    }
    check_mistakes(check, at.member("controller"), controller,
                   check_domain_prefixed_path(controller));
    const Value* parameters = given(spec, "parameters");
    if (parameters == nullptr) {
        return;
    }
    const Place place = at.member("parameters");
    check_typed_ref(check, *parameters, place);
    const std::string_view scope = parameters->string_at("scope");
    check.required_one_of(*parameters, "scope", place, {"Cluster", "Namespace"});
    const bool has_namespace = given(*parameters, "namespace") != nullptr;
    if (scope == "Namespace" && !has_namespace) {
        check.required(place.member("namespace"), "`parameters.scope` is set to 'Namespace'");
    } else if (scope == "Cluster" && has_namespace) {
        check.forbidden(place.member("namespace"), "`parameters.scope` is set to 'Cluster'");
    }
}

// --- NetworkPolicy ---

void check_policy_port(Checker& check, const Value& port, const Place& at) {
    check.optional_one_of(port, "protocol", at, {"TCP", "UDP", "SCTP"});
    const Value* number = given(port, "port");
    const Value* end = given(port, "endPort");
    if (number == nullptr) {
        if (end != nullptr) {
            check.invalid(at.member("endPort"), *end,
                          "may not be specified when `port` is not specified");
        }
        return;
    }
    if (number->is_int()) {
        check_port_number(check, at.member("port"), number->as_int());
        if (end != nullptr) {
            if (end->as_int() < number->as_int()) {
                check.invalid(at.member("endPort"), *number,
                              "must be greater than or equal to `port`");
            }
            check_port_number(check, at.member("endPort"), end->as_int());
        }
        return;
    }
    if (end != nullptr) {
        check.invalid(at.member("endPort"), *end,
                      "may not be specified when `port` is non-numeric");
    }
    check.name(at.member("port"), number->as_string(), check_port_name);
}

struct Network {
    std::array<uint8_t, 16> bytes{};
    unsigned bits = 0;
};
std::optional<Network> parse_network(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto address = parse_ip_address(text.substr(0, slash));
    const auto bits = parse_uint(text.substr(slash + 1));
    if (!address || !bits || *bits > (address->is_v4 ? 32U : 128U)) {
        return std::nullopt;
    }
    return Network{address->bytes, static_cast<unsigned>(*bits) + (address->is_v4 ? 96U : 0U)};
}

bool is_strictly_inside(const Network& inner, const Network& outer) {
    if (inner.bits <= outer.bits) {
        return false;
    }
    for (unsigned bit = 0; bit < outer.bits; ++bit) {
        const auto mask = static_cast<uint8_t>(0x80U >> (bit % 8));
        if ((inner.bytes[bit / 8] & mask) != (outer.bytes[bit / 8] & mask)) {
            return false;
        }
    }
    return true;
}

void check_ip_block(Checker& check, const Value& block, const Place& at) {
    const std::string_view cidr = block.string_at("cidr");
    if (!check.required_text(block, "cidr", at)) {
        return;
    }
    check_cidr_text(check, at.member("cidr"), cidr);
    const auto network = parse_network(cidr);
    if (!network) {
        return;
    }
    for_items(block, "except", at, [&](const Value& except, const Place& place) {
        check_cidr_text(check, place, except.as_string());
        const auto inner = parse_network(except.as_string());
        if (inner && !is_strictly_inside(*inner, *network)) {
            check.invalid(place, except, "must be a strict subset of `cidr`");
        }
    });
}

void check_peer(Checker& check, const Value& peer, const Place& at) {
    int count = 0;
    for (const std::string_view member : {"podSelector", "namespaceSelector"}) {
        if (const Value* selector = given(peer, member)) {
            ++count;
            check_label_selector(check, selector, at.member(member));
        }
    }
    const Value* block = given(peer, "ipBlock");
    if (block != nullptr) {
        ++count;
        check_ip_block(check, *block, at.member("ipBlock"));
    }
    if (count == 0) {
        check.required(at, "must specify a peer");
    } else if (count > 1 && block != nullptr) {
        check.forbidden(at, "may not specify both ipBlock and another peer");
    }
}

void check_policy_rules(Checker& check, const Value& spec, std::string_view direction,
                        std::string_view peers, const Place& at) {
    const Place list = at.member(direction);
    size_t index = 0;
    for (const Value& rule : items_of(spec, direction)) {
        const Place place = list.item(index++);
        const Place ports = place.member("ports");
        size_t number = 0;
        for (const Value& port : items_of(rule, "ports")) {
            const Place at_port = ports.item(number++);
            check_policy_port(check, port, at_port);
        }
        const Place peer_list = place.member(peers);
        number = 0;
        for (const Value& peer : items_of(rule, peers)) {
            const Place at_peer = peer_list.item(number++);
            check_peer(check, peer, at_peer);
        }
    }
}

void check_network_policy(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place at = root.member("spec");
    const Value& spec = map_of(object, "spec");
    check_label_selector(check, given(spec, "podSelector"), at.member("podSelector"));
    check_policy_rules(check, spec, "ingress", "from", at);
    check_policy_rules(check, spec, "egress", "to", at);
    const auto types = items_of(spec, "policyTypes");
    const Place place = at.member("policyTypes");
    if (types.size() > 2) {
        check.invalid(place, value_at(spec, "policyTypes"),
                      "may not specify more than two policyTypes");
        return;
    }
    for (size_t i = 0; i < types.size(); ++i) {
        if (!is_one_of(types[i].as_string(), {"Ingress", "Egress"})) {
            check.unsupported(place.item(i), types[i], {"Ingress", "Egress"});
        }
    }
}

// --- Addresses of Services ---

void check_service_cidr(Checker& check, const Value& object, const Value* old) {
    const Place root;
    const Place spec = root.member("spec");
    const Place list = spec.member("cidrs");
    const auto cidrs = items_of(map_of(object, "spec"), "cidrs");
    if (old != nullptr) {
        if (cidrs.empty()) {
            check.invalid(list, Value::list(), std::string(immutable_text));
        }
        return;
    }
    if (cidrs.empty()) {
        check.required(list, "at least one CIDR required");
        return;
    }
    if (cidrs.size() > 2) {
        check.invalid(list, Checker::form("networking.v1.ServiceCIDRSpec", map_of(object, "spec")),
                      "may only hold up to 2 values");
        return;
    }
    for (size_t i = 0; i < cidrs.size(); ++i) {
        check_cidr_text(check, list.item(i), cidrs[i].as_string());
    }
    if (cidrs.size() == 2 &&
        cidrs[0].as_string().contains(':') == cidrs[1].as_string().contains(':')) {
        check.invalid(list, value_at(map_of(object, "spec"), "cidrs"),
                      "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 "
                      "and 2001:db8::/64");
    }
}

void check_ip_address_object(Checker& check, const Value& object, const Value* /*old*/) {
    const Place root;
    const Place spec = root.member("spec");
    const Place at = spec.member("parentRef");
    const Value* parent = object.find("spec", "parentRef");
    if (parent == nullptr || parent->is_null()) {
        check.required(at);
        return;
    }
    if (const std::string_view group = parent->string_at("group"); !group.empty()) {
        check.name(at.member("group"), group, check_dns1123_subdomain);
    }
    check_path_segment(check, *parent, "resource", at);
    check_path_segment(check, *parent, "name", at);
    if (const std::string_view space = parent->string_at("namespace"); !space.empty()) {
        check.name(at.member("namespace"), space, check_path_segment_name);
    }
}

constexpr std::array<KindRules, 5> network_table{
    {{"networking.k8s.io", "Ingress", "", check_ingress},
     {"networking.k8s.io", "IngressClass", "", check_ingress_class},
     {"networking.k8s.io", "NetworkPolicy", "", check_network_policy},
     {"networking.k8s.io", "ServiceCIDR", "", check_service_cidr},
     {"networking.k8s.io", "IPAddress", "", check_ip_address_object}}};

}  // namespace

std::span<const KindRules> network_rules() {
    return network_table;
}

}  // namespace weft::server
